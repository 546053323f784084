// SPDX-License-Identifier: GPL-2.0-only
/* Guest RAM: up to 3 GiB below the device hole, the rest from 4 GiB. */
#include <cpuid.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>

#include "machine.h"

/* Memory is touched lazily, so more than the host has may be asked for, but not without bound */
#define OVERCOMMIT	4

static unsigned int physical_bits(void)
{
	unsigned int a, b, c, d;

	if (!__get_cpuid(0x80000008, &a, &b, &c, &d) || !(a & 0xff))
		return 36;
	return MIN(a & 0xff, 52U);
}

static int check_size(u64 size)
{
	struct sysinfo si;
	u64 top, host;

	if (size < MIN_MEMORY || size % HV_PAGE_SIZE)
		return usage_error("--memory: at least %lluM and whole pages, please",
				   MIN_MEMORY / MiB);
	top = size <= LOW_RAM_MAX ? size : HIGH_RAM + (size - LOW_RAM_MAX);
	if (top < size || top > 1ULL << physical_bits())
		return usage_error("--memory: %llu MiB exceed this machine's %u-bit addresses",
				   size / MiB, physical_bits());
	if (sysinfo(&si))
		return 0;
	host = ((u64)si.totalram + si.totalswap) * si.mem_unit;
	if (size / OVERCOMMIT > host)
		return usage_error("--memory: %llu MiB do not fit, this machine has %llu MiB",
				   size / MiB, host / MiB);
	return 0;
}

int ram_alloc(struct guest_ram *ram, u64 size)
{
	u64 align = 2 * MiB, span = size + align;
	u8 *p, *start;
	int rc;

	rc = check_size(size);
	if (rc)
		return rc;
	p = mmap(NULL, span, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return usage_error("--memory: %llu MiB: %s", size / MiB,
				   strerror(errno));
	/* guest and host addresses equal modulo 2 MiB, or no large page could map the other */
	start = (u8 *)ALIGN_UP((uintptr_t)p, align);
	if (start > p)
		munmap(p, start - p);
	if (p + span > start + size)
		munmap(start + size, p + span - (start + size));
	/* both are wishes: a kernel without huge pages or dump control is fine too */
	madvise(start, size, MADV_HUGEPAGE);
	madvise(start, size, MADV_DONTDUMP);
	ram->host = start;
	ram->low = MIN(size, LOW_RAM_MAX);
	ram->high = size - ram->low;
	return 0;
}

void ram_free(struct guest_ram *ram)
{
	if (ram->host)
		munmap(ram->host, ram->low + ram->high);
	ram->host = NULL;
}

void *ram_ptr(const struct guest_ram *ram, u64 gpa, u64 len)
{
	if (gpa >= HIGH_RAM) {
		gpa -= HIGH_RAM;
		return gpa <= ram->high && len <= ram->high - gpa ?
		       ram->host + ram->low + gpa : NULL;
	}
	if (gpa > ram->low || len > ram->low - gpa)
		return NULL;
	if (gpa < VGA_HOLE_END && gpa + len > VGA_HOLE)
		return NULL;
	return ram->host + gpa;
}
