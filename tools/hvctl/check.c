// SPDX-License-Identifier: GPL-2.0-only
/* tlfsctl check: can this machine run guests, and if not, what would help. */
#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "info.h"
#include "libtlfs.h"
#include "report.h"

static const char * const columns[] = { "CHECK", "OK", "FOUND", "REMEDY", NULL };

#define MSR_FEAT_CTL	0x3a
#define FEAT_CTL_LOCKED	BIT_ULL(0)
#define FEAT_CTL_VMXON	BIT_ULL(2)
#define MSR_VM_CR	0xc0010114
#define VM_CR_SVMDIS	BIT_ULL(4)
#define SVM_NPT		BIT(0)

/* struct finding - outcome of one check */
struct finding {
	bool ok;
	char found[96];
	const char *remedy;
};

enum vendor { VENDOR_OTHER, VENDOR_AMD, VENDOR_INTEL };

static enum vendor cpu_vendor(char name[13])
{
	unsigned int a, b, c, d;

	memset(name, 0, 13);
	__cpuid(0, a, b, c, d);
	memcpy(name, &b, 4);
	memcpy(name + 4, &d, 4);
	memcpy(name + 8, &c, 4);
	if (!strcmp(name, "AuthenticAMD") || !strcmp(name, "HygonGenuine"))
		return VENDOR_AMD;
	return strcmp(name, "GenuineIntel") ? VENDOR_OTHER : VENDOR_INTEL;
}

static void check_vendor(struct finding *f)
{
	char name[13];

	f->ok = cpu_vendor(name) != VENDOR_OTHER;
	snprintf(f->found, sizeof(f->found), "%s", name);
	f->remedy = "use a machine with an AMD, Hygon or Intel processor";
}

/* Whether a line of /proc/cpuinfo, "flags" or "vmx flags", has the word */
static bool cpu_flag(const char *line, const char *flag)
{
	FILE *fp = fopen("/proc/cpuinfo", "re");
	size_t len = strlen(line), room = 0;
	char *text = NULL, *word, *save;
	bool found = false;

	while (fp && !found && getline(&text, &room, fp) > 0) {
		if (strncmp(text, line, len) || text[len] != '\t')
			continue;
		for (word = strtok_r(text + len, " \t:\n", &save); word && !found;
		     word = strtok_r(NULL, " \t:\n", &save))
			found = !strcmp(word, flag);
		break;
	}
	free(text);
	if (fp)
		fclose(fp);
	return found;
}

static bool have_svm(void)
{
	unsigned int a, b, c, d;

	return __get_cpuid(0x80000001, &a, &b, &c, &d) && c & 1U << 2;
}

static void check_extension(struct finding *f)
{
	unsigned int a, b, c, d;
	char name[13];

	if (cpu_vendor(name) == VENDOR_INTEL) {
		f->ok = __get_cpuid(1, &a, &b, &c, &d) && c & 1U << 5;
		snprintf(f->found, sizeof(f->found), "VMX %s", f->ok ? "present" : "absent");
	} else {
		f->ok = have_svm();
		snprintf(f->found, sizeof(f->found), "SVM %s", f->ok ? "present" : "absent");
	}
	f->remedy = "switch it on in the firmware, or let the outer hypervisor pass it on";
}

static void check_ept(struct finding *f)
{
	bool ept = cpu_flag("vmx flags", "ept");

	f->ok = ept && cpu_flag("vmx flags", "unrestricted_guest");
	snprintf(f->found, sizeof(f->found), "%s", !ept ? "no EPT" : f->ok ?
		 "EPT, unrestricted guest" : "EPT, but no unrestricted guest");
	f->remedy = "both are needed: use a newer processor or an outer hypervisor that has them";
}

static void check_nested_paging(struct finding *f)
{
	unsigned int a = 0, b = 0, c = 0, d = 0;
	char name[13];

	if (cpu_vendor(name) == VENDOR_INTEL) {
		check_ept(f);
		return;
	}
	f->ok = have_svm() && __get_cpuid(0x8000000a, &a, &b, &c, &d) && d & SVM_NPT;
	if (f->ok)
		snprintf(f->found, sizeof(f->found), "present, revision %u, %u ASIDs", a & 0xff, b);
	else
		snprintf(f->found, sizeof(f->found), "absent");
	f->remedy = "it is needed: use a newer processor or an outer hypervisor that has it";
}

/* The lock is in an MSR: known only where the msr driver lets us look */
static void check_lock(struct finding *f)
{
	int fd = open("/dev/cpu/0/msr", O_RDONLY | O_CLOEXEC);
	char name[13];
	bool intel = cpu_vendor(name) == VENDOR_INTEL;
	const char *reg = intel ? "IA32_FEATURE_CONTROL" : "VM_CR";
	u64 val;

	f->ok = true;
	f->remedy = "switch virtualization on in the firmware";
	if (fd < 0) {
		snprintf(f->found, sizeof(f->found), "not readable here; the module tells");
		return;
	}
	if (pread(fd, &val, sizeof(val), intel ? MSR_FEAT_CTL : MSR_VM_CR) == sizeof(val)) {
		/* unlocked is well: the module locks it open */
		f->ok = intel ? !(val & FEAT_CTL_LOCKED) || val & FEAT_CTL_VMXON :
				!(val & VM_CR_SVMDIS);
		snprintf(f->found, sizeof(f->found), "%s by %s",
			 f->ok ? "not disabled" : "disabled", reg);
	} else {
		snprintf(f->found, sizeof(f->found), "%s not readable; the module tells", reg);
	}
	close(fd);
}

/* An NMI that ends a guest's run could not be handed on to FRED's entry; see kernels.rst */
static void check_fred(struct finding *f)
{
	char name[13];
	bool fred = cpu_flag("flags", "fred");

	f->ok = !fred || cpu_vendor(name) != VENDOR_INTEL;
	snprintf(f->found, sizeof(f->found), "%s", fred ? "FRED" : "IDT");
	f->remedy = "boot with \"fred=off\"";
}

/* Use count of a module from /proc/modules, -1 if not loaded */
static int module_users(const char *name)
{
	FILE *fp = fopen("/proc/modules", "re");
	char line[512], mod[64];
	int users, found = -1;

	while (fp && fgets(line, sizeof(line), fp)) {
		if (sscanf(line, "%63s %*u %d", mod, &users) == 2 && !strcmp(mod, name))
			found = users;
	}
	if (fp)
		fclose(fp);
	return found;
}

static bool kvm_takes_at_load(void)
{
	FILE *fp = fopen("/sys/module/kvm/parameters/enable_virt_at_load", "re");
	bool yes = fp && fgetc(fp) == 'Y';

	if (fp)
		fclose(fp);
	return yes && (module_users("kvm_amd") >= 0 || module_users("kvm_intel") >= 0);
}

static void check_kvm(struct finding *f)
{
	static const char * const modules[] = { "kvm_amd", "kvm_intel" };
	int users, i;

	f->ok = true;
	snprintf(f->found, sizeof(f->found), "no other hypervisor module in use");
	for (i = 0; i < 2; i++) {
		users = module_users(modules[i]);
		if (users < 0)
			continue;
		snprintf(f->found, sizeof(f->found), "%s loaded with %d users", modules[i], users);
		if (users > 0)
			f->ok = false;
	}
	/* from Linux 6.12 on; while tlfs has the processors they are KVM's no more */
	if (f->ok && kvm_takes_at_load() && module_users("tlfs") < 0) {
		f->ok = false;
		snprintf(f->found, sizeof(f->found), "kvm holds the processors from its load on");
		f->remedy = "\"options kvm enable_virt_at_load=0\" in /etc/modprobe.d, reload kvm";
		return;
	}
	f->remedy = "stop the KVM guests (and if that is not enough: rmmod kvm_amd kvm_intel)";
}

static void check_module(struct finding *f)
{
	int users = module_users("tlfs");

	f->ok = users >= 0;
	if (f->ok)
		snprintf(f->found, sizeof(f->found), "loaded with %d users", users);
	else
		snprintf(f->found, sizeof(f->found), "not loaded");
	f->remedy = "modprobe tlfs (dmesg tells why if that fails)";
}

static void check_device(struct finding *f)
{
	int fd = tlfs_open();

	f->ok = fd >= 0;
	f->remedy = "";
	if (f->ok) {
		snprintf(f->found, sizeof(f->found), "%s opens", TLFS_DEVICE);
		close(fd);
		return;
	}
	snprintf(f->found, sizeof(f->found), "%s: %s", TLFS_DEVICE, strerror(-fd));
	f->remedy = fd == -EACCES || fd == -EPERM ?
		    "run as root, or give yourself permission on the node" : "load the module";
}

static const struct {
	const char *name;
	void (*fn)(struct finding *f);
} checks[] = {
	{ "processor", check_vendor },
	{ "virtualization", check_extension },
	{ "nested paging", check_nested_paging },
	{ "firmware lock", check_lock },
	{ "event delivery", check_fred },
	{ "other hypervisor", check_kvm },
	{ "module", check_module },
	{ "device", check_device },
};

static int check(const struct command *cmd, int argc, char **argv)
{
	bool json, ok = true;
	const char *cells[4];
	struct report *r;
	int rc = 0;
	size_t i;

	if (!info_options(cmd, 1, argc, argv, &json, &rc))
		return rc;
	r = report_new("checks", columns, json);
	if (!r)
		return host_error("out of memory");
	for (i = 0; i < ARRAY_SIZE(checks) && !rc; i++) {
		struct finding f = { .remedy = "" };

		checks[i].fn(&f);
		ok = ok && f.ok;
		cells[0] = checks[i].name;
		cells[1] = f.ok ? "yes" : "no";
		cells[2] = f.found;
		cells[3] = f.ok ? "" : f.remedy;
		rc = report_row(r, cells);
	}
	if (!rc)
		rc = report_print(r);
	return rc ? rc : ok ? ST_OK : ST_HOST;
}

const struct command cmd_check = {
	.name = "check",
	.summary = "Say whether this machine can run guests and what to fix if not.",
	.opts = info_opts,
	.run = check,
};
