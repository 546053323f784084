// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "feature_names.h"
#include "libtlfs.h"
#include "../../kmod/feature_table.h"

#define SYNTHETIC(name, bit, priv, edx, recommend, section, what) \
	{ bit, name, section, what },
#define BANK0(bit, name)	{ HV_PROCESSOR_FEATURE0_##bit, name, "5.2.8", "" }
#define BANK1(bit, name)	{ HV_PROCESSOR_FEATURE1_##bit, name, "online", "" }
#define XSAVE(bit, name)	{ HV_XSAVE_FEATURE_##bit, name, "5.2.9", "" }
#define LAST			{ 0, NULL, NULL, NULL }

const struct feature synthetic_features[] = {
	TLFS_FEATURES(SYNTHETIC)
	LAST,
};

const struct feature processor_features0[] = {
	BANK0(SSE3, "sse3"), BANK0(LAHF_SAHF, "lahf"), BANK0(SSSE3, "ssse3"),
	BANK0(SSE4_1, "sse4.1"), BANK0(SSE4_2, "sse4.2"), BANK0(SSE4A, "sse4a"),
	BANK0(XOP, "xop"), BANK0(POPCNT, "popcnt"), BANK0(CMPXCHG16B, "cx16"),
	BANK0(ALTMOVCR8, "altmovcr8"), BANK0(LZCNT, "lzcnt"),
	BANK0(MISALIGN_SSE, "misalignsse"), BANK0(MMX_EXT, "mmxext"), BANK0(3DNOW, "3dnow"),
	BANK0(EXTENDED_3DNOW, "3dnowext"), BANK0(PAGE_1GB, "pdpe1gb"), BANK0(AES, "aes"),
	BANK0(PCLMULQDQ, "pclmulqdq"), BANK0(PCID, "pcid"), BANK0(FMA4, "fma4"),
	BANK0(F16C, "f16c"), BANK0(RDRAND, "rdrand"), BANK0(RDWRFSGS, "fsgsbase"),
	BANK0(SMEP, "smep"), BANK0(ENHANCED_FAST_STRING, "erms"), BANK0(BMI1, "bmi1"),
	BANK0(BMI2, "bmi2"), BANK0(MOVBE, "movbe"), BANK0(NPIEP1, "npiep"),
	BANK0(DEP_X87_FPU_SAVE, "x87-dep"), BANK0(RDSEED, "rdseed"), BANK0(ADX, "adx"),
	BANK0(INTEL_PREFETCH, "prefetchw"), BANK0(SMAP, "smap"), BANK0(HLE, "hle"),
	BANK0(RTM, "rtm"), BANK0(RDTSCP, "rdtscp"), BANK0(CLFLUSHOPT, "clflushopt"),
	BANK0(CLWB, "clwb"), BANK0(SHA, "sha"), BANK0(X87_POINTERS_SAVED, "x87-pointers"),
	BANK0(INVPCID, "invpcid"), BANK0(IBRS, "ibrs"), BANK0(STIBP, "stibp"),
	BANK0(IBPB, "ibpb"), BANK0(UNRESTRICTED_GUEST, "unrestricted-guest"),
	BANK0(MDD, "md-clear"), BANK0(FAST_SHORT_REP_MOV, "fsrm"),
	BANK0(L1D_FLUSH, "l1d-flush"),
	LAST,
};

const struct feature processor_features1[] = {
	BANK1(ACOUNT_MCOUNT, "aperfmperf"), BANK1(TSC_INVARIANT, "invariant-tsc"),
	BANK1(CLZERO, "clzero"), BANK1(RDPRU, "rdpru"), BANK1(LA57, "la57"),
	BANK1(MBEC, "mbec"), BANK1(NESTED_VIRT, "nested-virt"), BANK1(PSFD, "psfd"),
	BANK1(CET_SS, "cet-ss"), BANK1(CET_IBT, "cet-ibt"), BANK1(ENQCMD, "enqcmd"),
	BANK1(UMWAIT, "umwait"), BANK1(MOVDIRI, "movdiri"), BANK1(MOVDIR64B, "movdir64b"),
	BANK1(CLDEMOTE, "cldemote"), BANK1(SERIALIZE, "serialize"),
	BANK1(TSC_DEADLINE, "tsc-deadline"), BANK1(TSC_ADJUST, "tsc-adjust"),
	BANK1(FZRM, "fzrm"), BANK1(FSRS, "fsrs"), BANK1(FSRC, "fsrc"),
	LAST,
};

const struct feature xsave_features[] = {
	XSAVE(XSAVE, "xsave"), XSAVE(XSAVEOPT, "xsaveopt"), XSAVE(AVX, "avx"),
	XSAVE(AVX2, "avx2"), XSAVE(FMA, "fma"), XSAVE(XSAVE_COMP, "xsavec"),
	XSAVE(XSAVE_SUPERVISOR, "xsaves"),
	LAST,
};

static const struct feature *find(const char *name, size_t len)
{
	const struct feature *f;

	for (f = synthetic_features; f->name; f++) {
		if (strlen(f->name) == len && !memcmp(f->name, name, len))
			return f;
	}
	return NULL;
}

/* One word of the list */
static int parse_word(const char *word, size_t len, struct feature_choice *choice)
{
	const struct feature *f;
	bool off = len && *word == '!';

	if (off) {
		word++;
		len--;
	}
	if (!off && len == 3 && !memcmp(word, "all", 3)) {
		choice->all = true;
		return 0;
	}
	if (!off && len == 4 && !memcmp(word, "none", 4)) {
		memset(choice, 0, sizeof(*choice));
		return 0;
	}
	f = find(word, len);
	if (!f)
		return usage_error("--features: unknown feature '%.*s' (see tlfsctl features)",
				   (int)len, word);
	/* the last word about a feature counts */
	choice->set = off ? choice->set & ~f->mask : choice->set | f->mask;
	choice->clear = off ? choice->clear | f->mask : choice->clear & ~f->mask;
	return 0;
}

int features_parse(const char *list, struct feature_choice *choice)
{
	size_t len;
	int rc;

	memset(choice, 0, sizeof(*choice));
	/* a list that only takes away takes away from everything */
	choice->all = *list == '!';
	for (;;) {
		len = strcspn(list, ",");
		rc = parse_word(list, len, choice);
		if (rc || !list[len])
			return rc;
		list += len + 1;
	}
}

int features_resolve(const struct feature_choice *choice, u64 offered, u64 *mask)
{
	const struct feature *f;

	for (f = synthetic_features; f->name; f++) {
		if (choice->set & f->mask & ~offered)
			return usage_error("--features: '%s' is not offered by the module",
					   f->name);
	}
	*mask = ((choice->all ? offered : 0) | choice->set) & ~choice->clear;
	return 0;
}
