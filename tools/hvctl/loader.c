// SPDX-License-Identifier: GPL-2.0-only
/* What the loaders share: files, memory map, command line, modules, choice of the loader. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loader.h"

int load_file(struct module *mod, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	void *p;

	mod->path = path;
	if (fd < 0)
		return usage_error("%s: %s", path, strerror(errno));
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return usage_error("%s: not a regular file", path);
	}
	if (!st.st_size) {
		close(fd);
		return usage_error("%s: empty file", path);
	}
	p = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED) {
		int err = errno;

		close(fd);
		return usage_error("%s: %s", path, strerror(err));
	}
	close(fd);
	mod->data = p;
	mod->size = st.st_size;
	return 0;
}

unsigned int mem_map(const struct guest_ram *ram, struct mem_range *map)
{
	unsigned int n = 0;

	map[n++] = (struct mem_range){ 0, EBDA, true };
	map[n++] = (struct mem_range){ ACPI_AREA, MiB - ACPI_AREA, false };
	map[n++] = (struct mem_range){ MiB, ram->low - MiB, true };
	if (ram->high)
		map[n++] = (struct mem_range){ HIGH_RAM, ram->high, true };
	return n;
}

void *load_target(const struct guest_ram *ram, u64 addr, u64 len)
{
	if (addr < BOOT_LOW_END || (addr < ACPI_AREA_END && addr + len > ACPI_AREA))
		return NULL;
	return ram_ptr(ram, addr, len);
}

int place_cmdline(const struct image *img, struct guest_ram *ram, u64 max)
{
	size_t len = strlen(img->cmdline);

	if (len > max)
		return usage_error("--append: %zu characters, the kernel takes %llu", len,
				   max);
	memcpy(ram_ptr(ram, BOOT_CMDLINE, len + 1), img->cmdline, len + 1);
	return 0;
}

int place_modules(const struct image *img, struct guest_ram *ram, u64 floor, u64 limit,
		  u64 *addrs)
{
	unsigned int i;
	u64 top = MIN(ram->low, limit);

	floor = ALIGN_UP(floor, HV_PAGE_SIZE);
	top = ALIGN_DOWN(top, HV_PAGE_SIZE);
	for (i = 0; i < img->nr_modules; i++) {
		const struct module *mod = &img->modules[i];
		u64 need = ALIGN_UP(mod->size, HV_PAGE_SIZE);

		if (top < floor || need > top - floor)
			return usage_error("%s: no room beside the kernel; raise --memory",
					   mod->path);
		top -= need;
		addrs[i] = top;
		memcpy(ram_ptr(ram, top, mod->size), mod->data, mod->size);
	}
	return 0;
}

static bool is_bzimage(const struct module *k)
{
	return k->size >= 0x264 && k->data[0x1fe] == 0x55 && k->data[0x1ff] == 0xaa &&
	       !memcmp(k->data + 0x202, "HdrS", 4);
}

/* Magic, flags and checksum that sum to zero, in the first 8 KiB */
static bool is_multiboot(const struct module *k)
{
	u64 off, end = MIN(k->size, 8192ULL);
	u32 h[3];

	for (off = 0; off + sizeof(h) <= end; off += 4) {
		memcpy(h, k->data + off, sizeof(h));
		if (h[0] == 0x1badb002 && !(u32)(h[0] + h[1] + h[2]))
			return true;
	}
	return false;
}

enum image_kind image_identify(const struct module *k)
{
	struct elf_image elf;

	if (is_bzimage(k))
		return IMAGE_BZIMAGE;
	if (elf_probe(k, &elf) && elf.pvh)
		return IMAGE_PVH;
	if (is_multiboot(k))
		return IMAGE_MULTIBOOT;
	return IMAGE_UNKNOWN;
}

int image_load(const struct image *img, struct guest_ram *ram, struct boot_state *boot)
{
	struct elf_image elf;

	switch (image_identify(&img->kernel)) {
	case IMAGE_BZIMAGE:
		return load_bzimage(img, ram, boot);
	case IMAGE_PVH:
		return load_pvh(img, ram, boot);
	case IMAGE_MULTIBOOT:
		return load_multiboot(img, ram, boot);
	case IMAGE_UNKNOWN:
		break;
	}
	if (elf_probe(&img->kernel, &elf))
		return usage_error("%s: ELF file without a PVH note or multiboot header",
				   img->kernel.path);
	return usage_error("%s: not a kernel (bzImage, ELF with PVH note, multiboot)",
			   img->kernel.path);
}
