// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linux bzImage by the 64-bit boot protocol (Documentation/arch/x86/boot.rst): the protected-mode
 * part at the address it prefers, entry 0x200 into it with paging on and the first 4 GiB mapped
 * one to one.
 */
#include <string.h>
#include <asm/bootparam.h>

#include "loader.h"

#define PROTO_MIN	0x020c		/* first with the 64-bit entry described by xloadflags */
#define ENTRY_64	0x200
#define TYPE_LOADER	0xff		/* no assigned number */
#define E820_USABLE	1
#define E820_RSVD	2
#define SECTOR		512

#define PTE_PRESENT	0x01
#define PTE_WRITE	0x02
#define PTE_LARGE	0x80

static void build_tables(struct guest_ram *ram)
{
	u64 *pml4 = ram_ptr(ram, BOOT_TABLES, 6 * HV_PAGE_SIZE);
	u64 *pdpt = pml4 + 512, *pd = pdpt + 512;
	unsigned int i;

	memset(pml4, 0, 6 * HV_PAGE_SIZE);
	pml4[0] = (BOOT_TABLES + HV_PAGE_SIZE) | PTE_WRITE | PTE_PRESENT;
	for (i = 0; i < 4; i++)
		pdpt[i] = (BOOT_TABLES + (2 + i) * HV_PAGE_SIZE) | PTE_WRITE | PTE_PRESENT;
	for (i = 0; i < 4 * 512; i++)
		pd[i] = i * 2 * MiB | PTE_LARGE | PTE_WRITE | PTE_PRESENT;
}

static void fill_e820(const struct guest_ram *ram, struct boot_params *bp)
{
	struct mem_range map[MEM_RANGES];
	unsigned int i, n = mem_map(ram, map);

	for (i = 0; i < n; i++) {
		bp->e820_table[i].addr = map[i].base;
		bp->e820_table[i].size = map[i].size;
		bp->e820_table[i].type = map[i].ram ? E820_USABLE : E820_RSVD;
	}
	bp->e820_entries = n;
}

/* Where the kernel goes: the preferred address, or the lowest aligned one if it may move */
static int choose_address(const struct image *img, const struct guest_ram *ram,
			  const struct setup_header *hdr, u64 image_size, u64 *addr)
{
	u64 need = MAX((u64)hdr->init_size, image_size);
	u64 align = hdr->kernel_alignment;

	*addr = hdr->pref_address;
	if (*addr >= MiB && *addr <= ram->low && need <= ram->low - *addr)
		return 0;
	if (hdr->relocatable_kernel && align && !(align & (align - 1))) {
		*addr = ALIGN_UP(MiB, align);
		if (*addr <= ram->low && need <= ram->low - *addr)
			return 0;
	}
	return usage_error("%s: the kernel needs %llu MiB, --memory gives too little",
			   img->kernel.path, ((*addr + need) / MiB + 1));
}

static int check_header(const struct image *img, const struct setup_header *hdr, u64 setup_size)
{
	const char *path = img->kernel.path;

	if (hdr->version < PROTO_MIN)
		return usage_error("%s: boot protocol %x.%02x is too old, 2.12 is needed", path,
				   hdr->version >> 8, hdr->version & 0xff);
	if (!(hdr->loadflags & LOADED_HIGH) || !(hdr->xloadflags & XLF_KERNEL_64))
		return usage_error("%s: not a 64-bit kernel", path);
	if (setup_size + ENTRY_64 >= img->kernel.size)
		return usage_error("%s: truncated kernel image", path);
	return 0;
}

int load_bzimage(const struct image *img, struct guest_ram *ram, struct boot_state *boot)
{
	const struct module *k = &img->kernel;
	struct boot_params *bp = ram_ptr(ram, BOOT_INFO, sizeof(*bp));
	u64 setup_size, image_size, addr, initrd[MAX_MODULES];
	struct setup_header hdr;
	size_t hdr_len;
	int rc;

	/* the header ends where the jump at its start leads to */
	hdr_len = 0x202 + k->data[0x201] - 0x1f1;
	memset(&hdr, 0, sizeof(hdr));
	memcpy(&hdr, k->data + 0x1f1, MIN(hdr_len, sizeof(hdr)));

	setup_size = ((hdr.setup_sects ? hdr.setup_sects : 4) + 1) * SECTOR;
	rc = check_header(img, &hdr, setup_size);
	if (rc)
		return rc;
	image_size = k->size - setup_size;
	rc = choose_address(img, ram, &hdr, image_size, &addr);
	if (rc)
		return rc;
	if (img->nr_modules > img->has_initrd)
		return usage_error("%s: a Linux bzImage takes --initrd, not --module", k->path);

	memset(bp, 0, sizeof(*bp));
	bp->hdr = hdr;
	rc = place_cmdline(img, ram, MIN((u64)hdr.cmdline_size, BOOT_CMDLINE_MAX - 1));
	if (rc)
		return rc;
	if (img->nr_modules) {
		rc = place_modules(img, ram, addr + MAX((u64)hdr.init_size, image_size),
				   (u64)hdr.initrd_addr_max + 1, initrd);
		if (rc)
			return rc;
		bp->hdr.ramdisk_image = initrd[0];
		bp->hdr.ramdisk_size = img->modules[0].size;
	}
	memcpy(ram_ptr(ram, addr, image_size), k->data + setup_size, image_size);

	bp->hdr.type_of_loader = TYPE_LOADER;
	bp->hdr.cmd_line_ptr = BOOT_CMDLINE;
	bp->hdr.code32_start = addr;
	bp->acpi_rsdp_addr = img->rsdp;
	fill_e820(ram, bp);
	build_tables(ram);

	boot->long_mode = true;
	boot->entry = addr + ENTRY_64;
	boot->rsi = BOOT_INFO;
	boot->rsp = BOOT_TABLES;
	return 0;
}
