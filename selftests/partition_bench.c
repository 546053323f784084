// SPDX-License-Identifier: GPL-2.0-only
/*
 * partition_bench.c - kernel memory of a partition with one VP that has run, under tlfs.ko and KVM
 *
 * Many of them with the same memory of this process as their RAM; what the machine has less,
 * without this process's own pages and page tables of any kind, is divided by their number:
 *
 *	bench HYPERVISOR partition_1vp_bytes BYTES
 *
 * A partition may cost 512 KiB.  KVM's VM has its in-kernel interrupt controller and its VCPU's
 * mapping.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tlfs.h>

#include "bench_kvm.h"
#include "kselftest.h"

#define PARTITIONS	64
#define RAM		0x200000
#define LIMIT		(512L << 10)

struct guest {
	int fd, vp;
	void *run;
};

static void *ram;
static struct guest guests[PARTITIONS];

/* kernel memory in use, page tables aside */
static long used_bytes(void)
{
	static const struct {
		const char *name;
		int sign;
	} parts[] = {
		{ "MemTotal", 1 }, { "MemFree", -1 }, { "Buffers", -1 }, { "Cached", -1 },
		{ "AnonPages", -1 }, { "PageTables", -1 }, { "SecPageTables", -1 },
		{ "SReclaimable", -1 },
	};
	char line[128], name[64];
	long kb, sum = 0;
	size_t i;
	FILE *f;

	sync();
	f = fopen("/proc/sys/vm/drop_caches", "we");
	if (f) {
		fputs("3\n", f);
		fclose(f);
	}
	f = fopen("/proc/meminfo", "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%63[^:]: %ld", name, &kb) != 2)
			continue;
		for (i = 0; i < ARRAY_SIZE(parts); i++)
			if (!strcmp(name, parts[i].name))
				sum += parts[i].sign * kb;
	}
	if (f)
		fclose(f);
	return sum << 10;
}

/* no memory is at the reset vector: it comes back at once */
static int run_once(int vp, unsigned long cmd, void *arg)
{
	int ret;

	do {
		ret = ioctl(vp, cmd, arg);
	} while (ret && errno == EINTR);
	return ret;
}

static bool create_tlfs(int dev, struct guest *g)
{
	struct tlfs_create_partition pt = {
		.flags = TLFS_PT_LAPIC | TLFS_PT_X2APIC | TLFS_PT_GPA_LARGE_PAGES,
	};
	struct tlfs_user_mem_region mem = {
		.size = RAM, .userspace_addr = (unsigned long)ram,
		.flags = TLFS_MEM_WRITABLE | TLFS_MEM_EXECUTABLE,
	};
	struct tlfs_create_vp vp = {};
	struct tlfs_run_vp run = {};

	g->fd = ioctl(dev, TLFS_CREATE_PARTITION, &pt);
	if (g->fd < 0 || ioctl(g->fd, TLFS_INITIALIZE_PARTITION) ||
	    ioctl(g->fd, TLFS_SET_GUEST_MEMORY, &mem))
		return false;
	g->vp = ioctl(g->fd, TLFS_CREATE_VP, &vp);
	return g->vp >= 0 && !run_once(g->vp, TLFS_RUN_VP, &run);
}

static bool create_kvm(int dev, struct guest *g)
{
	struct kvm_userspace_memory_region mem = {
		.memory_size = RAM, .userspace_addr = (unsigned long)ram,
	};
	size_t size = ioctl(dev, KVM_GET_VCPU_MMAP_SIZE, 0);

	g->fd = ioctl(dev, KVM_CREATE_VM, 0);
	if (g->fd < 0 || ioctl(g->fd, KVM_SET_TSS_ADDR, 0xfffbd000) ||
	    ioctl(g->fd, KVM_CREATE_IRQCHIP, 0) ||
	    ioctl(g->fd, KVM_SET_USER_MEMORY_REGION, &mem))
		return false;
	g->vp = ioctl(g->fd, KVM_CREATE_VCPU, 0);
	if (g->vp < 0)
		return false;
	g->run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, g->vp, 0);
	return g->run != MAP_FAILED && !run_once(g->vp, KVM_RUN, NULL);
}

static const struct {
	const char *name, *device, *load, *unload;
	bool (*create)(int dev, struct guest *g);
} hypervisors[] = {
	{ "tlfs", "/dev/tlfs", "[ -c /dev/tlfs ] || insmod \"$TLFS_MODULE\"", "rmmod tlfs",
	  create_tlfs },
	{ "kvm", "/dev/kvm", BENCH_LOAD_KVM, BENCH_UNLOAD_KVM, create_kvm },
};

static bool measure(unsigned int n)
{
	int dev = open(hypervisors[n].device, O_RDWR | O_CLOEXEC);
	struct guest first;
	unsigned int i;
	long bytes;

	ram = mmap(NULL, RAM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (dev < 0 || ram == MAP_FAILED)
		return false;
	memset(ram, 0, RAM);
	/* what the first one allocates for all */
	if (!hypervisors[n].create(dev, &first))
		return false;
	bytes = used_bytes();
	for (i = 0; i < PARTITIONS; i++)
		if (!hypervisors[n].create(dev, &guests[i]))
			return false;
	bytes = (used_bytes() - bytes) / PARTITIONS;
	printf("bench %s partition_1vp_bytes %ld\n", hypervisors[n].name, bytes);
	fflush(stdout);
	return bytes > 0 && (n || bytes <= LIMIT);
}

/* in a process of its own, which takes all with it */
static bool measure_apart(unsigned int n)
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(!measure(n));
	return pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

static bool run_command(const char *command)
{
	fflush(stdout);
	return !system(command);
}

int main(void)
{
	unsigned int i;
	bool ok;

	ksft_print_header();
	ksft_set_plan(ARRAY_SIZE(hypervisors));
	for (i = 0; i < ARRAY_SIZE(hypervisors); i++) {
		ok = run_command(hypervisors[i].load) && measure_apart(i);
		ksft_test_result(run_command(hypervisors[i].unload) && ok,
				 "memory of %s measured\n", hypervisors[i].name);
	}
	ksft_finished();
}
