// SPDX-License-Identifier: GPL-2.0-only
/*
 * Multiboot 1 images: loaded by the header's addresses or by their ELF segments, entered in
 * 32-bit protected mode with the boot magic in EAX and the information at EBX.
 */
#include <string.h>

#include "loader.h"

#define HEADER_MAGIC	0x1badb002
#define BOOT_MAGIC	0x2badb002
#define SEARCH		8192

#define REQ_ALIGN	BIT(0)	/* modules on page boundaries: always */
#define REQ_MEMORY	BIT(1)	/* memory information: always */
#define REQ_MASK	0xffffU		/* what must be understood to boot */
#define HAS_ADDRESSES	BIT(16)

#define INFO_MEM	BIT(0)
#define INFO_CMDLINE	BIT(2)
#define INFO_MODS	BIT(3)
#define INFO_MMAP	BIT(6)
#define INFO_LOADER	BIT(9)

struct mb_header {
	u32 magic, flags, checksum;
	u32 header_addr, load_addr, load_end_addr, bss_end_addr, entry_addr;
};

struct mb_info {
	u32 flags;
	u32 mem_lower, mem_upper;
	u32 boot_device;
	u32 cmdline;
	u32 mods_count, mods_addr;
	u32 syms[4];
	u32 mmap_length, mmap_addr;
	u32 drives_length, drives_addr;
	u32 config_table;
	u32 boot_loader_name;
	u32 apm_table;
};

struct mb_module {
	u32 start, end, string, reserved;
};

struct mb_mmap {
	u32 size;		/* of the rest of the entry */
	u64 addr, len;
	u32 type;
} __packed;

static int find_header(const struct module *k, struct mb_header *h, u64 *at)
{
	u64 end = MIN(k->size, (u64)SEARCH), off;
	size_t n;

	for (off = 0; off + 12 <= end; off += 4) {
		n = MIN(sizeof(*h), k->size - off);
		memset(h, 0, sizeof(*h));
		memcpy(h, k->data + off, n);
		if (h->magic == HEADER_MAGIC && !(u32)(h->magic + h->flags + h->checksum)) {
			*at = off;
			if (h->flags & HAS_ADDRESSES && n < sizeof(*h))
				break;
			return 0;
		}
	}
	return usage_error("%s: no multiboot header", k->path);
}

/* The "a.out kludge": one piece of the file at load_addr, zeroes up to bss_end_addr */
static int load_by_address(const struct module *k, struct guest_ram *ram,
			   const struct mb_header *h, u64 at, u64 *end)
{
	u64 off, len, total;
	u8 *to;

	if (h->load_addr > h->header_addr || h->header_addr - h->load_addr > at)
		return usage_error("%s: bad addresses in the multiboot header", k->path);
	off = at - (h->header_addr - h->load_addr);
	len = h->load_end_addr ? h->load_end_addr - (u64)h->load_addr : k->size - off;
	if (len > k->size - off)
		return usage_error("%s: truncated multiboot image", k->path);
	total = h->bss_end_addr ? h->bss_end_addr - (u64)h->load_addr : len;
	if (total < len || total > UINT32_MAX)
		return usage_error("%s: bad addresses in the multiboot header", k->path);
	to = load_target(ram, h->load_addr, total);
	if (!to)
		return usage_error("%s: no room for the image at 0x%x of 0x%llx bytes",
				   k->path, h->load_addr, total);
	memcpy(to, k->data + off, len);
	memset(to + len, 0, total - len);
	*end = h->load_addr + total;
	return 0;
}

/* Strings one after the other; guest address, 0 if there is no room */
static u32 put_string(struct guest_ram *ram, u64 *at, const char *s, const char *more)
{
	size_t len = strlen(s) + (more ? strlen(more) + 1 : 0) + 1;
	u64 addr = *at;
	char *to;

	if (addr + len > BOOT_STRINGS + BOOT_STRINGS_MAX)
		return 0;
	to = ram_ptr(ram, addr, len);
	strcpy(to, s);
	if (more) {
		strcat(to, " ");
		strcat(to, more);
	}
	*at += len;
	return addr;
}

static int fill_modules(const struct image *img, struct guest_ram *ram, struct mb_info *info,
			const u64 *addrs, u64 *strings)
{
	struct mb_module *mods = ram_ptr(ram, BOOT_MODS, MAX_MODULES * sizeof(*mods));
	unsigned int i;

	for (i = 0; i < img->nr_modules; i++) {
		mods[i].start = addrs[i];
		mods[i].end = addrs[i] + img->modules[i].size;
		mods[i].reserved = 0;
		mods[i].string = put_string(ram, strings, img->modules[i].path,
					    img->modules[i].args);
		if (!mods[i].string)
			return usage_error("--module: file names and arguments are too long");
	}
	info->mods_count = img->nr_modules;
	info->mods_addr = BOOT_MODS;
	info->flags |= INFO_MODS;
	return 0;
}

static void fill_memory(struct guest_ram *ram, struct mb_info *info)
{
	struct mb_mmap *mm = (struct mb_mmap *)(info + 1);
	struct mem_range map[MEM_RANGES];
	unsigned int i, n = mem_map(ram, map);

	for (i = 0; i < n; i++) {
		mm[i].size = sizeof(*mm) - sizeof(mm->size);
		mm[i].addr = map[i].base;
		mm[i].len = map[i].size;
		mm[i].type = map[i].ram ? 1 : 2;
	}
	info->mmap_addr = BOOT_INFO + sizeof(*info);
	info->mmap_length = n * sizeof(*mm);
	info->mem_lower = EBDA / KiB;
	info->mem_upper = (ram->low - MiB) / KiB;
	info->flags |= INFO_MEM | INFO_MMAP;
}

int load_multiboot(const struct image *img, struct guest_ram *ram, struct boot_state *boot)
{
	struct mb_info *info = ram_ptr(ram, BOOT_INFO, HV_PAGE_SIZE);
	const struct module *k = &img->kernel;
	u64 at = 0, end = 0, strings = BOOT_STRINGS, addrs[MAX_MODULES];
	struct elf_image elf;
	struct mb_header h;
	int rc;

	rc = find_header(k, &h, &at);
	if (rc)
		return rc;
	if (h.flags & REQ_MASK & ~(REQ_ALIGN | REQ_MEMORY))
		return usage_error("%s: asks for multiboot features 0x%x that are not there",
				   k->path, h.flags & REQ_MASK & ~(REQ_ALIGN | REQ_MEMORY));
	if (h.flags & HAS_ADDRESSES) {
		rc = load_by_address(k, ram, &h, at, &end);
		boot->entry = h.entry_addr;
	} else {
		rc = elf_load(k, ram, &elf);
		boot->entry = elf.entry;
		end = elf.end;
	}
	if (rc)
		return rc;
	/* boot loaders put the image's name before the arguments */
	memset(info, 0, sizeof(*info));
	info->cmdline = put_string(ram, &strings, k->path, *img->cmdline ? img->cmdline : NULL);
	if (!info->cmdline)
		return usage_error("--append: too long");
	info->boot_loader_name = put_string(ram, &strings, "tlfsctl", NULL);
	info->flags = INFO_CMDLINE | INFO_LOADER;
	rc = place_modules(img, ram, end, LOW_RAM_MAX, addrs);
	if (rc)
		return rc;
	rc = fill_modules(img, ram, info, addrs, &strings);
	if (rc)
		return rc;
	fill_memory(ram, info);

	boot->long_mode = false;
	boot->rax = BOOT_MAGIC;
	boot->rbx = BOOT_INFO;
	boot->rsp = BOOT_TABLES;
	return 0;
}
