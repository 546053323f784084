// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <json-c/json.h>
#include <libsmartcols/libsmartcols.h>

#include "report.h"

struct report {
	const char *name;
	const char * const *columns;
	struct libscols_table *table;
	struct json_object *array;
};

struct report *report_new(const char *name, const char * const *columns, bool json)
{
	struct report *r = calloc(1, sizeof(*r));
	size_t i;

	if (!r)
		return NULL;
	r->name = name;
	r->columns = columns;
	if (json) {
		r->array = json_object_new_array();
		return r;
	}
	scols_init_debug(0);
	r->table = scols_new_table();
	if (!r->table) {
		free(r);
		return NULL;
	}
	for (i = 0; columns[i]; i++)
		scols_table_new_column(r->table, columns[i], 0, 0);
	return r;
}

static struct json_object *cell_value(const char *s)
{
	if (!strcmp(s, "yes") || !strcmp(s, "no"))
		return json_object_new_boolean(*s == 'y');
	return json_object_new_string(s);
}

static void lower_key(const char *from, char *to, size_t len)
{
	size_t i;

	for (i = 0; from[i] && i < len - 1; i++)
		to[i] = from[i] >= 'A' && from[i] <= 'Z' ? from[i] - 'A' + 'a' : from[i];
	to[i] = 0;
}

int report_row(struct report *r, const char * const *cells)
{
	struct libscols_line *line;
	struct json_object *obj;
	char key[32];
	size_t i;

	if (r->array) {
		obj = json_object_new_object();
		for (i = 0; r->columns[i]; i++) {
			lower_key(r->columns[i], key, sizeof(key));
			json_object_object_add(obj, key, cell_value(cells[i]));
		}
		return json_object_array_add(r->array, obj) ? ST_HOST : ST_OK;
	}
	line = scols_table_new_line(r->table, NULL);
	if (!line)
		return ST_HOST;
	for (i = 0; r->columns[i]; i++) {
		if (scols_line_set_data(line, i, cells[i]))
			return ST_HOST;
	}
	return ST_OK;
}

int report_print(struct report *r)
{
	struct json_object *top;
	int rc;

	if (r->array) {
		top = json_object_new_object();
		json_object_object_add(top, r->name, r->array);
		puts(json_object_to_json_string_ext(top, JSON_C_TO_STRING_PRETTY |
						    JSON_C_TO_STRING_NOSLASHESCAPE));
		json_object_put(top);
	} else {
		scols_print_table(r->table);
		scols_unref_table(r->table);
	}
	free(r);
	rc = fflush(stdout);
	return rc ? host_error("cannot write the report") : ST_OK;
}
