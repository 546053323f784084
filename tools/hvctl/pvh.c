// SPDX-License-Identifier: GPL-2.0-only
/*
 * ELF kernels with a PVH entry (the x86/HVM direct boot ABI): 32-bit protected mode without
 * paging, EBX at a start_info.
 */
#include <string.h>

#include "loader.h"

#define START_MAGIC	0x336ec578
#define MEMMAP_RAM	1
#define MEMMAP_RESERVED	2

/* Layouts of the ABI, version 1 */
struct start_info {
	u32 magic;
	u32 version;
	u32 flags;
	u32 nr_modules;
	u64 modlist;
	u64 cmdline;
	u64 rsdp;
	u64 memmap;
	u32 memmap_entries;
	u32 reserved;
};

_Static_assert(sizeof(struct start_info) == 56, "start_info");

struct mod_entry {
	u64 addr;
	u64 size;
	u64 cmdline;
	u64 reserved;
};

struct memmap_entry {
	u64 addr;
	u64 size;
	u32 type;
	u32 reserved;
};

static u32 fill_memmap(struct guest_ram *ram, struct memmap_entry *to)
{
	struct mem_range map[MEM_RANGES];
	unsigned int i, n = mem_map(ram, map);

	for (i = 0; i < n; i++) {
		to[i].addr = map[i].base;
		to[i].size = map[i].size;
		to[i].type = map[i].ram ? MEMMAP_RAM : MEMMAP_RESERVED;
	}
	return n;
}

int load_pvh(const struct image *img, struct guest_ram *ram, struct boot_state *boot)
{
	struct start_info *si = ram_ptr(ram, BOOT_INFO, HV_PAGE_SIZE);
	struct mod_entry *mods = ram_ptr(ram, BOOT_MODS, MAX_MODULES * sizeof(*mods));
	u64 addrs[MAX_MODULES];
	struct elf_image elf;
	unsigned int i;
	int rc;

	if (img->nr_modules > img->has_initrd)
		return usage_error("%s: a PVH kernel takes --initrd, not --module",
				   img->kernel.path);
	rc = elf_load(&img->kernel, ram, &elf);
	if (rc)
		return rc;
	rc = place_cmdline(img, ram, BOOT_CMDLINE_MAX - 1);
	if (rc)
		return rc;
	rc = place_modules(img, ram, elf.end, LOW_RAM_MAX, addrs);
	if (rc)
		return rc;
	for (i = 0; i < img->nr_modules; i++) {
		mods[i].addr = addrs[i];
		mods[i].size = img->modules[i].size;
	}
	si->magic = START_MAGIC;
	si->version = 1;
	si->nr_modules = img->nr_modules;
	si->modlist = img->nr_modules ? BOOT_MODS : 0;
	si->cmdline = BOOT_CMDLINE;
	si->rsdp = img->rsdp;
	si->memmap = BOOT_INFO + sizeof(*si);
	si->memmap_entries = fill_memmap(ram, (struct memmap_entry *)(si + 1));

	boot->long_mode = false;
	boot->entry = elf.pvh_entry;
	boot->rbx = BOOT_INFO;
	boot->rsp = BOOT_TABLES;
	return 0;
}
