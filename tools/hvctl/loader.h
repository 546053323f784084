/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel loaders: fill guest memory and say how the boot processor starts. */
#ifndef HVCTL_LOADER_H
#define HVCTL_LOADER_H

#include "machine.h"

/* Low memory used at boot, all below the kernel and gone once it runs */
#define BOOT_GDT	0x1000ULL
#define BOOT_INFO	0x2000ULL	/* boot_params, start_info or multiboot information */
#define BOOT_MODS	0x4000ULL	/* module lists */
#define BOOT_TABLES	0x8000ULL	/* page tables: 6 pages */
#define BOOT_CMDLINE	0x20000ULL
#define BOOT_CMDLINE_MAX 0x10000ULL
#define BOOT_STRINGS	0x30000ULL	/* module strings */
#define BOOT_STRINGS_MAX 0x10000ULL
#define BOOT_LOW_END	0x40000ULL

/**
 * struct module - file handed to the kernel
 * @path:	for messages
 * @args:	string after the comma or NULL
 * @data:	contents
 * @size:	bytes
 */
struct module {
	const char *path;
	const char *args;
	u8 *data;
	u64 size;
};

#define MAX_MODULES	64

/**
 * struct image - what the user gave
 * @kernel:	the kernel file
 * @modules:	initrd first if there is one
 * @cmdline:	never NULL
 * @rsdp:	guest address of the ACPI root pointer
 */
struct image {
	struct module kernel;
	struct module modules[MAX_MODULES];
	unsigned int nr_modules;
	bool has_initrd;
	const char *cmdline;
	u64 rsdp;
};

/**
 * struct boot_state - registers of the boot processor
 * @long_mode:	64-bit with paging by BOOT_TABLES, else 32-bit protected without
 * @entry:	RIP
 * @rax:	...
 */
struct boot_state {
	bool long_mode;
	u64 entry;
	u64 rax, rbx, rsi, rsp;
};

enum image_kind { IMAGE_UNKNOWN, IMAGE_BZIMAGE, IMAGE_PVH, IMAGE_MULTIBOOT };

enum image_kind image_identify(const struct module *kernel);

/* Each returns 0 or ST_USAGE with the line printed */
int load_file(struct module *mod, const char *path);
int image_load(const struct image *img, struct guest_ram *ram, struct boot_state *boot);
int load_bzimage(const struct image *img, struct guest_ram *ram, struct boot_state *boot);
int load_pvh(const struct image *img, struct guest_ram *ram, struct boot_state *boot);
int load_multiboot(const struct image *img, struct guest_ram *ram, struct boot_state *boot);

/* The usable and reserved ranges every loader tells its kernel of */
struct mem_range {
	u64 base, size;
	bool ram;
};

#define MEM_RANGES	4

unsigned int mem_map(const struct guest_ram *ram, struct mem_range *map);

/* Host address for a piece of a kernel; NULL where there is no RAM or something else of ours */
void *load_target(const struct guest_ram *ram, u64 addr, u64 len);
/* Place the modules at page boundaries below @limit, above @floor, highest first */
int place_modules(const struct image *img, struct guest_ram *ram, u64 floor, u64 limit,
		  u64 *addrs);
/* Copy the command line to BOOT_CMDLINE if it has at most @max bytes */
int place_cmdline(const struct image *img, struct guest_ram *ram, u64 max);

/* elf.c: load the segments of an ELF image by physical address */
struct elf_image {
	u64 entry;
	u64 end;		/* first address above all segments */
	bool pvh;
	u32 pvh_entry;
	u16 machine;
};

int elf_load(const struct module *kernel, struct guest_ram *ram, struct elf_image *elf);
bool elf_probe(const struct module *kernel, struct elf_image *elf);

/* acpi.c: tables into ACPI_AREA; address of the RSDP */
u64 acpi_build(struct guest_ram *ram, unsigned int cpus);

#endif
