// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench_vmm.c - memory, payload and devices of the benchmark's machine
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench_vmm.h"

#define PAGE		4096UL
#define LARGE_PAGE	(2UL << 20)
#define PVH_ENTRY_NOTE	18	/* XEN_ELFNOTE_PHYS32_ENTRY */

static const struct {
	uint64_t gpa, size;
	bool large;
	bool resident;
} layout[BENCH_REGIONS] = {
	{ 0, BENCH_RAM_SIZE, false, true },
	{ BENCH_4K_RESIDENT, BENCH_4K_SIZE, false, true },
	{ BENCH_4K_FRESH, BENCH_4K_SIZE, false, false },
	{ BENCH_2M_RESIDENT, BENCH_2M_SIZE, true, true },
	{ BENCH_2M_FRESH, BENCH_2M_SIZE, true, false },
};

int bench_error(const char *what)
{
	fprintf(stderr, "# %s: %s\n", what, strerror(errno));
	return -1;
}

/* at a multiple of 2 MiB, so that large pages can be had; what is around it is never touched */
static void *map_aligned(uint64_t size)
{
	uint8_t *p = mmap(NULL, size + LARGE_PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	return (void *)(((uintptr_t)p + LARGE_PAGE - 1) & ~(LARGE_PAGE - 1));
}

static int map_region(struct bench_region *r, unsigned int i)
{
	uint64_t at;

	r->gpa = layout[i].gpa;
	r->size = layout[i].size;
	r->hva = map_aligned(r->size);
	if (!r->hva)
		return bench_error("guest memory");
	if (madvise(r->hva, r->size, layout[i].large ? MADV_HUGEPAGE : MADV_NOHUGEPAGE))
		return bench_error("madvise");
	for (at = 0; layout[i].resident && at < r->size; at += PAGE)
		((volatile uint8_t *)r->hva)[at] = 0;
	return 0;
}

static int find_entry(struct bench_vm *vm, const uint8_t *file, size_t size, const Elf64_Phdr *ph)
{
	const uint8_t *note = file + ph->p_offset, *end = note + ph->p_filesz;

	while (note + sizeof(Elf64_Nhdr) < end) {
		const Elf64_Nhdr *n = (const void *)note;

		note += sizeof(*n) + ((n->n_namesz + 3) & ~3U);
		if (n->n_type == PVH_ENTRY_NOTE && n->n_descsz >= sizeof(vm->entry)) {
			memcpy(&vm->entry, note, sizeof(vm->entry));
			return 0;
		}
		note += (n->n_descsz + 3) & ~3U;
	}
	return 0;
}

static int load_elf(struct bench_vm *vm, const uint8_t *file, size_t size)
{
	const Elf64_Ehdr *eh = (const void *)file;
	const Elf64_Phdr *ph = (const void *)(file + eh->e_phoff);
	unsigned int i;

	errno = ENOEXEC;
	if (size < sizeof(*eh) || memcmp(eh->e_ident, ELFMAG, SELFMAG) ||
	    eh->e_ident[EI_CLASS] != ELFCLASS64 ||
	    eh->e_phoff + eh->e_phnum * sizeof(*ph) > size)
		return bench_error("payload");
	for (i = 0; i < eh->e_phnum; i++, ph++) {
		if (ph->p_offset + ph->p_filesz > size)
			return bench_error("payload");
		if (ph->p_type == PT_NOTE) {
			find_entry(vm, file, size, ph);
		} else if (ph->p_type == PT_LOAD) {
			if (ph->p_paddr + ph->p_memsz > vm->mem[0].size)
				return bench_error("payload");
			memcpy((uint8_t *)vm->mem[0].hva + ph->p_paddr, file + ph->p_offset,
			       ph->p_filesz);
		}
	}
	return vm->entry ? 0 : bench_error("payload has no PVH entry");
}

static int load_payload(struct bench_vm *vm, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc = -1;
	struct stat st;
	void *file;

	if (fd < 0 || fstat(fd, &st)) {
		bench_error(path);
		goto out;
	}
	file = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (file == MAP_FAILED) {
		bench_error(path);
		goto out;
	}
	rc = load_elf(vm, file, st.st_size);
	munmap(file, st.st_size);
out:
	if (fd >= 0)
		close(fd);
	return rc;
}

int bench_vm_create(struct bench_vm *vm, const char *payload)
{
	unsigned int i;

	vm->fill = 0;
	vm->status = -1;
	vm->doorbell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (vm->doorbell < 0)
		return bench_error("eventfd");
	for (i = 0; i < BENCH_REGIONS; i++)
		if (map_region(&vm->mem[i], i))
			goto err_doorbell;
	if (load_payload(vm, payload))
		goto err_doorbell;
	return 0;

err_doorbell:
	close(vm->doorbell);
	return -1;
}

void bench_vm_destroy(struct bench_vm *vm)
{
	unsigned int i;

	for (i = 0; i < BENCH_REGIONS; i++)
		munmap(vm->mem[i].hva, vm->mem[i].size);
	close(vm->doorbell);
}

void bench_port_write(struct bench_vm *vm, uint16_t port, uint8_t val)
{
	switch (port) {
	case BENCH_PORT_COM1:
		if (val == '\r')
			break;
		if (val != '\n' && vm->fill < sizeof(vm->line) - 1) {
			vm->line[vm->fill++] = val;
			break;
		}
		vm->line[vm->fill] = '\0';
		vm->fill = 0;
		vm->put_line(vm->line);
		break;
	case BENCH_PORT_COUNT:
		if (vm->mark)
			vm->mark(val);
		break;
	case BENCH_PORT_EXIT:
		vm->status = val;
		break;
	}
}
