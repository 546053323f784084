// SPDX-License-Identifier: GPL-2.0-only
/* tlfsctl run: check everything, load the guest, then create the partition and run it. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "debugger.h"
#include "feature_names.h"
#include "loader.h"
#include "opts.h"

#define DEFAULT_MEMORY		(512 * MiB)
#define DEFAULT_DEBUG_EXIT	0xf4

static const struct opt run_opts[] = {
	{ "kernel", 'k', ARG_REQUIRED, "FILE",
	  "Linux bzImage, ELF with a PVH note, or multiboot image (required)" },
	{ "initrd", 'i', ARG_REQUIRED, "FILE", "initial ramdisk; first module for multiboot" },
	{ "append", 'a', ARG_REQUIRED, "STRING", "kernel command line" },
	{ "module", 'm', ARG_REQUIRED, "FILE[,ARGS]", "multiboot module; may be repeated" },
	{ "cpus", 'c', ARG_REQUIRED, "N", "virtual processors, 1 to 256 (default 1)" },
	{ "memory", 'M', ARG_REQUIRED, "SIZE", "guest memory with K, M or G (default 512M)" },
	{ "console", 'C', ARG_REQUIRED, "WHERE",
	  "serial port: stdio (default), pty, or a file to write" },
	{ "features", 'f', ARG_REQUIRED, "LIST",
	  "synthetic features: all, none, NAME, !NAME, by commas (default all offered)" },
	{ "compat", 'v', ARG_REQUIRED, "VERSION",
	  "edition of the specification the guest sees: 2.0 or current (the default)" },
	{ "privileges", 'p', ARG_REQUIRED, "MASK",
	  "further privileges (TLFS 5.2.3), such as 0xff00000000 for a parent (default none)" },
	{ "name", 'n', ARG_REQUIRED, "NAME", "name of the guest in messages (default guest)" },
	{ "debugger", 'D', ARG_REQUIRED, "unix:PATH",
	  "socket for the far end of the guest's debug session (TLFS 20)" },
	{ "debug-exit", 'd', ARG_OPTIONAL, "PORT",
	  "port that ends the run with status VALUE*2+1 (default port 0xf4)" },
	{ "no-reboot", 'r', ARG_NONE, NULL, "end when the guest resets: always so" },
	OPT_HELP_ROW,
	OPT_LAST_ROW,
};

struct run_args {
	const char *kernel, *initrd, *append, *console, *name, *debugger;
	char *modules[MAX_MODULES];
	unsigned int nr_modules;
	u64 cpus, memory, privileges;
	int debug_exit;
	struct feature_choice features;
	u64 compat;
};

static int parse_number(const char *opt, const char *val, u64 min, u64 max, u64 *out)
{
	if (!parse_uint(val, out))
		return usage_error("--%s: '%s' is not a number", opt, val);
	if (*out < min || *out > max)
		return usage_error("--%s: %s is not between %llu and %llu", opt, val, min, max);
	return 0;
}

static int parse_one(struct run_args *a, int key, const char *val)
{
	u64 port = DEFAULT_DEBUG_EXIT, mask = 0;
	int rc = 0;

	switch (key) {
	case 'k':
		a->kernel = val;
		break;
	case 'i':
		a->initrd = val;
		break;
	case 'a':
		a->append = val;
		break;
	case 'm':
		/* one place is the initrd's */
		if (a->nr_modules == MAX_MODULES - 1)
			return usage_error("--module: at most %u", MAX_MODULES - 1);
		a->modules[a->nr_modules++] = (char *)val;
		break;
	case 'c':
		rc = parse_number("cpus", val, 1, TLFS_MAX_VPS, &a->cpus);
		break;
	case 'M':
		if (!parse_size(val, &a->memory))
			rc = usage_error("--memory: '%s' is not a size", val);
		break;
	case 'C':
		a->console = val;
		break;
	case 'f':
		rc = features_parse(val, &a->features);
		break;
	case 'v':
		if (strcmp(val, "2.0") && strcmp(val, "current"))
			return usage_error("--compat: '%s' is neither 2.0 nor current", val);
		a->compat = *val == '2' ? HV_COMPATIBILITY_VERSION_2_0 : 0;
		break;
	case 'p':
		rc = parse_number("privileges", val, 0, ~0ULL, &mask);
		a->privileges |= mask;
		break;
	case 'n':
		a->name = val;
		break;
	case 'D':
		a->debugger = val;
		a->privileges |= HV_PRIV_DEBUGGING;
		break;
	case 'd':
		if (val)
			rc = parse_number("debug-exit", val, 0, 0xfffc, &port);
		a->debug_exit = port;
		break;
	}
	return rc;
}

/* "FILE,ARGS": the comma ends the name, in place: main()'s arguments are the program's own */
static int load_module(struct module *mod, char *spec)
{
	char *comma = strchr(spec, ',');

	if (comma) {
		*comma = 0;
		mod->args = comma + 1;
	}
	return load_file(mod, spec);
}

static int load_files(const struct run_args *a, struct image *img)
{
	unsigned int i;
	int rc;

	rc = load_file(&img->kernel, a->kernel);
	if (!rc && a->initrd) {
		rc = load_file(&img->modules[img->nr_modules++], a->initrd);
		img->has_initrd = true;
	}
	for (i = 0; !rc && i < a->nr_modules; i++)
		rc = load_module(&img->modules[img->nr_modules++], a->modules[i]);
	return rc;
}

/* Everything the user may have got wrong, before anything exists */
static int prepare(const struct run_args *a, struct machine *m, struct boot_state *boot)
{
	struct image img = { .cmdline = a->append };
	int rc;

	rc = load_files(a, &img);
	if (!rc)
		rc = ram_alloc(&m->ram, a->memory);
	if (rc)
		return rc;
	img.rsdp = acpi_build(&m->ram, a->cpus);
	return image_load(&img, &m->ram, boot);
}

static int open_device(struct machine *m)
{
	m->dev = tlfs_open();
	if (m->dev >= 0)
		return 0;
	if (m->dev == -ENOENT || m->dev == -ENODEV || m->dev == -ENXIO)
		return host_error("%s is not there: is tlfs.ko loaded? (tlfsctl check)",
				  TLFS_DEVICE);
	return host_error("%s: %s (tlfsctl check)", TLFS_DEVICE, tlfs_strerror(m->dev));
}

static int start(const struct run_args *a, struct machine *m, const struct boot_state *boot)
{
	u64 offered, features;
	int rc;

	rc = open_device(m);
	if (rc)
		return rc;
	rc = tlfs_offered_features(m->dev, &offered);
	if (rc)
		return host_error("cannot read the features offered: %s", tlfs_strerror(rc));
	rc = features_resolve(&a->features, offered, &features);
	if (!rc)
		rc = console_open(&m->console, a->console);
	if (!rc)
		rc = machine_init_devices(m);
	if (!rc && a->debugger)
		rc = debugger_listen(m, a->debugger);
	m->features = features;
	m->compat = a->compat;
	if (!rc)
		rc = partition_create(m, features, a->compat, boot);
	return rc ? rc : machine_run(m);
}

static int run_machine(const struct run_args *a, bool *again)
{
	struct boot_state boot = { 0 };
	struct machine *m;
	unsigned int i;
	int rc;

	m = calloc(1, sizeof(*m));
	if (!m)
		return host_error("out of memory");
	m->name = a->name;
	m->dev = -1;
	m->part = -1;
	m->debug_exit = a->debug_exit;
	m->privileges = a->privileges;
	m->nr_vps = a->cpus;
	m->vps = calloc(m->nr_vps, sizeof(*m->vps));
	if (!m->vps) {
		free(m);
		return host_error("out of memory");
	}
	for (i = 0; i < m->nr_vps; i++)
		m->vps[i].fd = -1;
	rc = prepare(a, m, &boot);
	if (!rc)
		rc = start(a, m, &boot);
	/* if the run did not get that far */
	debugger_close(m);
	*again = m->again;
	partition_destroy(m);
	ram_free(&m->ram);
	free(m->vps);
	free(m);
	return rc;
}

/* the arguments as they were: parsing cuts them up */
static char **copy_args(int argc, char **argv)
{
	char **copy = calloc(argc + 2, sizeof(*copy));
	int i;

	if (!copy)
		return NULL;
	copy[0] = strdup("tlfsctl");
	for (i = 0; i < argc; i++)
		copy[1 + i] = strdup(argv[i]);
	return copy;
}

/* tlfsctl reset: the same command once more, in the same process, with the same terminal */
static int begin_again(char **args)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	execv("/proc/self/exe", args);
	return host_error("cannot begin again: %s", strerror(errno));
}

static int run(const struct command *cmd, int argc, char **argv)
{
	struct opt_state st = { .cmd = cmd, .argc = argc, .argv = argv, .at = 1 };
	struct run_args a = {
		.append = "",
		.console = "stdio",
		.name = "guest",
		.cpus = 1,
		.memory = DEFAULT_MEMORY,
		.debug_exit = -1,
		.features.all = true,
	};
	char **copy = copy_args(argc, argv);
	bool again = false;
	const char *val;
	int key, rc;

	while ((key = opt_next(&st, &val)) != OPT_END) {
		if (key == OPT_BAD)
			return ST_USAGE;
		if (key == OPT_HELP)
			return opt_help(cmd);
		rc = parse_one(&a, key, val);
		if (rc)
			return rc;
	}
	if (!a.kernel)
		return usage_error("run: --kernel is missing (see tlfsctl run --help)");
	rc = run_machine(&a, &again);
	return again && copy ? begin_again(copy) : rc;
}

const struct command cmd_run = {
	.name = "run",
	.summary = "Run a kernel in a new partition with its serial port as console.",
	.opts = run_opts,
	.notes =
		"On a terminal Ctrl-A x ends the run and Ctrl-A Ctrl-A sends one Ctrl-A.\n\n"
		"Exit status:\n"
		"  0      guest powered itself off, or Ctrl-A x\n"
		"  1      the host or the module failed\n"
		"  2      bad input; nothing was created\n"
		"  3      guest reported a crash by the crash MSRs\n"
		"  4      triple fault\n"
		"  5      guest asked for a reset (port 0xcf9, 0x64 or 0x92, or the reset MSR)\n"
		"  128+N  ended by signal N\n"
		"  odd    VALUE*2+1 from the debug-exit port\n",
	.run = run,
};
