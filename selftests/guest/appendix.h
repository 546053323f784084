/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * appendix.h - Appendix D of TLFS 2.0, for the payloads that read CPUID
 *
 * What is passed through is compared with the host's CPUID on the command line, if it is there.
 */
#ifndef APPENDIX_H
#define APPENDIX_H

enum { EAX = 1, EBX = 2, ECX = 4, EDX = 8 };

/* ---- the host's leaves ---- */

struct leaf {
	u32 leaf, sub, r[4];
};

static struct leaf host[32];
static unsigned int nr_host;

static u32 parse_hex(const char **s)
{
	u32 v = 0;

	for (;; (*s)++) {
		char c = **s;

		if (c >= '0' && c <= '9')
			v = v << 4 | (c - '0');
		else if (c >= 'a' && c <= 'f')
			v = v << 4 | (c - 'a' + 10);
		else
			break;
	}
	if (**s == ',')
		(*s)++;
	return v;
}

/* "cpuid=leaf,sub,eax,ebx,ecx,edx ..." */
static void parse_host(void)
{
	const char *s = cmdline();

	while (nr_host < ARRAY_SIZE(host) && !memcmp(s, "cpuid=", 6)) {
		struct leaf *l = &host[nr_host++];

		s += 6;
		l->leaf = parse_hex(&s);
		l->sub = parse_hex(&s);
		for (int i = 0; i < 4; i++)
			l->r[i] = parse_hex(&s);
		while (*s == ' ')
			s++;
	}
}

static const struct leaf *host_leaf(u32 leaf, u32 sub)
{
	for (unsigned int i = 0; i < nr_host; i++)
		if (host[i].leaf == leaf && host[i].sub == sub)
			return &host[i];
	return NULL;
}

/* ---- Appendix D ---- */

/*
 * Registers of leaves first to last, and their fields: z reads zero, o reads one, h as the host's,
 * i as the host's on Intel and zero on AMD, - what later editions answer differently (processor
 * features of their time, the topology of the partition) and, behind it, what 2.0 does.
 */
static const struct {
	u32 first, last;
	u8 regs;
	const char *fields;
} appendix_d[] = {
	{ 0x0, 0x0, EBX | ECX | EDX, "31:0h" },
	{ 0x1, 0x1, EAX, "3:0h 7:4h 11:8h 13:12h 15:14z 19:16h 27:20h 31:28z" },
	{ 0x1, 0x1, EBX, "7:0h 15:8h" },
	{ 0x1, 0x1, ECX,
	  "0h 2:1-z 3z 4z 5z 6z 7z 8z 9h 10z 12:11-z 13h 14z 15z 17:16-z 18z 19h 20h 22:21-z "
	  "23h 30:24-z 31o" },
	{ 0x1, 0x1, EDX,
	  "0o 1o 2o 3o 4o 5o 6o 7o 8o 9o 10z 11o 12o 13o 14o 15o 16o 17o 18z 19o 20z 21z "
	  "22z 23o 24o 25o 26o 27h 28-z 29z 30z 31z" },
	{ 0x2, 0x2, EAX | EBX | ECX | EDX, "31:0i" },
	{ 0x3, 0x3, EAX | EBX | ECX | EDX, "31:0z" },
	{ 0x4, 0x4, EAX, "4:0h 7:5h 8h 9h 10h 11h 13:12z 25:14-h 31:26-h" },
	{ 0x4, 0x4, EBX, "11:0h 21:12h 31:22h" },
	{ 0x4, 0x4, ECX, "31:0h" },
	{ 0x4, 0x4, EDX, "31:0-z" },
	{ 0x5, 0x5, EAX | EBX, "15:0z 31:16z" },
	{ 0x5, 0x5, ECX, "0z 1z 31:2z" },
	{ 0x5, 0x5, EDX, "3:0z 7:4z 11:8z 15:12z 19:16z 31:20z" },
	{ 0x6, 0x6, EAX, "0z 1z 2z 31:3z" },
	{ 0x6, 0x6, EBX, "3:0z 31:4z" },
	{ 0x6, 0x6, ECX, "0z 31:1z" },
	{ 0x6, 0x6, EDX, "31:0z" },
	{ 0x7, 0x7, EAX | EBX | ECX | EDX, "31:0-z" },
	{ 0x8, 0xa, EAX | EBX | ECX | EDX, "31:0z" },
	{ 0x80000000, 0x80000000, EBX | ECX | EDX, "31:0h" },
	{ 0x80000001, 0x80000001, EAX, "3:0h 7:4h 11:8h 13:12h 15:14z 19:16h 27:20h 31:28z" },
	{ 0x80000001, 0x80000001, EBX, "15:0h 27:16z 31:28h" },
	{ 0x80000001, 0x80000001, ECX, "0h 1-h 2z 3z 4h 5h 6h 7h 8h 9-h 10z 11h 12z 13z 31:14-z" },
	{ 0x80000001, 0x80000001, EDX,
	  "0o 1h 2o 3o 4o 5o 6o 7o 8o 9o 10z 11o 12o 13o 14o 15o 16o 17h 18z 19z 20o 21z "
	  "22h 23o 24o 25h 26-z 27-z 28z 29o 30h 31h" },
	{ 0x80000002, 0x80000004, EAX | EBX | ECX | EDX, "31:0h" },
	{ 0x80000005, 0x80000005, EAX | EBX | ECX | EDX, "7:0h 15:8h 23:16h 31:24h" },
	{ 0x80000006, 0x80000006, EAX | EBX, "11:0h 15:12h 27:16h 31:28h" },
	{ 0x80000006, 0x80000006, ECX, "7:0h 11:8h 15:12h 31:16h" },
	{ 0x80000006, 0x80000006, EDX, "7:0h 11:8h 15:12h 17:16h 31:18h" },
	{ 0x80000007, 0x80000007, EAX | EBX | ECX, "31:0z" },
	{ 0x80000007, 0x80000007, EDX, "0z 1z 2z 3z 4z 5z 6z 7z 8-z 31:9z" },
	{ 0x80000008, 0x80000008, EAX, "31:16z" },
	{ 0x80000008, 0x80000008, EBX, "31:0-z" },
	{ 0x80000008, 0x80000008, ECX, "7:0-h 11:8z 15:12-h 31:16z" },
	{ 0x80000008, 0x80000008, EDX, "31:0z" },
	{ 0x80000009, 0x80000009, EAX | EBX | ECX | EDX, "31:0z" },
	{ 0x8000000a, 0x8000000a, EAX, "7:0z 31:8z" },
	{ 0x8000000a, 0x8000000a, EBX | ECX, "31:0z" },
	{ 0x8000000a, 0x8000000a, EDX, "0z 1z 2z 3z 31:4z" },
	{ 0x8000000b, 0x80000018, EAX | EBX | ECX | EDX, "31:0z" },
	{ 0x80000019, 0x80000019, EAX | EBX, "11:0z 15:12z 27:16z 31:28z" },
	{ 0x80000019, 0x80000019, ECX | EDX, "31:0z" },
	{ 0x8000001a, 0x8000001a, EAX, "0h 1h 31:2-z" },
	{ 0x8000001a, 0x8000001a, EBX | ECX | EDX, "31:0z" },
};

struct field {
	u8 hi, lo;
	char rule;
	bool ok;
	u32 want;
};

static bool intel;
static bool v2;			/* the partition is one of 2.0 */

static const char *parse_field(const char *s, struct field *f)
{
	f->hi = 0;
	while (*s >= '0' && *s <= '9')
		f->hi = f->hi * 10 + *s++ - '0';
	f->lo = f->hi;
	if (*s == ':') {
		f->lo = 0;
		for (s++; *s >= '0' && *s <= '9'; s++)
			f->lo = f->lo * 10 + *s - '0';
	}
	f->rule = *s++;
	if (f->rule == '-' && *s && *s != ' ') {
		if (v2)
			f->rule = *s;
		s++;
	}
	while (*s == ' ')
		s++;
	return s;
}

static u32 field_of(u32 v, const struct field *f)
{
	return v >> f->lo & (0xffffffffU >> (31 - f->hi + f->lo));
}

static void print_id(u32 leaf, int reg, const struct field *f)
{
	printf("ACPUID-%08X-E%cX-%u", leaf, "ABCD"[reg], f->hi);
	if (f->hi != f->lo)
		printf("_%u", f->lo);
}

/* false: nothing to compare with */
static bool field_check(u32 leaf, int reg, u32 got, struct field *f)
{
	const struct leaf *h = host_leaf(leaf, 0);
	u32 want = 0;

	f->ok = true;

	switch (f->rule) {
	case 'z':
		break;
	case 'o':
		/* a processor that lacks it is not one to run on (Appendix E); emulators are */
		if (h && !field_of(h->r[reg], f))
			return false;
		want = 1;
		break;
	case 'i':
		if (!intel)
			break;
		__attribute__((fallthrough));
	case 'h':
		if (!h)
			return false;
		want = field_of(h->r[reg], f);
		break;
	default:
		return false;
	}
	f->want = want;
	f->ok = field_of(got, f) == want;
	return true;
}

static void field_failed(u32 leaf, int reg, u32 got, const struct field *f)
{
	check_open(false, "CPUID 0x%x E%cX is 0x%x, field wants 0x%x [", leaf, "ABCD"[reg], got,
		   f->want);
	print_id(leaf, reg, f);
	printf("]\n");
}

/* the good fields of a register, a few ids a line */
static void register_check(u32 leaf, int reg, u32 got, const char *fields)
{
	struct field f;
	unsigned int on_line = 0;

	while (*fields) {
		fields = parse_field(fields, &f);
		if (!field_check(leaf, reg, got, &f))
			continue;
		if (!f.ok) {
			if (on_line)
				printf("]\n");
			on_line = 0;
			field_failed(leaf, reg, got, &f);
			continue;
		}
		if (!on_line)
			check_open(true, "CPUID 0x%x E%cX [", leaf, "ABCD"[reg]);
		else
			printf(" ");
		print_id(leaf, reg, &f);
		if (++on_line == 14) {
			printf("]\n");
			on_line = 0;
		}
	}
	if (on_line)
		printf("]\n");
}

static void test_appendix_d(void)
{
	u32 r[4];

	for (unsigned int i = 0; i < ARRAY_SIZE(appendix_d); i++)
		for (u32 leaf = appendix_d[i].first; leaf <= appendix_d[i].last; leaf++) {
			/* beyond the last leaf Intel answers with the last basic one */
			if (intel && !v2 && leaf > 0x80000008)
				continue;
			cpuid(leaf, 0, r);
			for (int reg = 0; reg < 4; reg++)
				if (appendix_d[i].regs & 1 << reg)
					register_check(leaf, reg, r[reg], appendix_d[i].fields);
		}
	cpuid(0x80000008, 0, r);
	check((r[0] & 0xff) >= 32 && (r[0] & 0xff) <= 52,
	      "a GPA space of %u bits [ACPUID-80000008-EAX-7_0]", r[0] & 0xff);
	check_eq(r[0] >> 8 & 0xff, 48, "a GVA space of 48 bits [ACPUID-80000008-EAX-15_8]");
}

#endif /* APPENDIX_H */
