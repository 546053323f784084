// SPDX-License-Identifier: GPL-2.0-only
/* ELF images through libelf: segments by physical address, and the note with the PVH entry. */
#include <gelf.h>
#include <string.h>

#include "loader.h"

#define NOTE_XEN_PHYS32_ENTRY	18

static Elf *open_elf(const struct module *k)
{
	Elf *e;

	if (k->size < SELFMAG || memcmp(k->data, ELFMAG, SELFMAG))
		return NULL;
	if (elf_version(EV_CURRENT) == EV_NONE)
		return NULL;
	/* read only: libelf takes the image without const */
	e = elf_memory((char *)k->data, k->size);
	if (e && elf_kind(e) != ELF_K_ELF) {
		elf_end(e);
		return NULL;
	}
	return e;
}

static void find_note(Elf *e, const GElf_Phdr *ph, struct elf_image *elf)
{
	Elf_Data *d = elf_getdata_rawchunk(e, ph->p_offset, ph->p_filesz,
					   ph->p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
	size_t off = 0, name, desc;
	GElf_Nhdr nh;

	while (d && (off = gelf_getnote(d, off, &nh, &name, &desc)) > 0) {
		const u8 *p = d->d_buf;

		if (nh.n_type != NOTE_XEN_PHYS32_ENTRY || nh.n_namesz != 4 ||
		    memcmp(p + name, "Xen", 4) || nh.n_descsz < 4)
			continue;
		/* 4 or 8 bytes, the address is below 4 GiB either way */
		memcpy(&elf->pvh_entry, p + desc, 4);
		elf->pvh = true;
	}
}

bool elf_probe(const struct module *k, struct elf_image *elf)
{
	GElf_Ehdr eh;
	GElf_Phdr ph;
	size_t i, n;
	Elf *e;

	memset(elf, 0, sizeof(*elf));
	e = open_elf(k);
	if (!e)
		return false;
	if (!gelf_getehdr(e, &eh) || elf_getphdrnum(e, &n)) {
		elf_end(e);
		return false;
	}
	elf->entry = eh.e_entry;
	elf->machine = eh.e_machine;
	for (i = 0; i < n; i++) {
		if (gelf_getphdr(e, i, &ph) && ph.p_type == PT_NOTE)
			find_note(e, &ph, elf);
	}
	elf_end(e);
	return true;
}

static int load_segment(const struct module *k, struct guest_ram *ram, const GElf_Phdr *ph)
{
	u8 *to;

	if (ph->p_offset > k->size || ph->p_filesz > k->size - ph->p_offset ||
	    ph->p_filesz > ph->p_memsz)
		return usage_error("%s: truncated or damaged ELF image", k->path);
	to = load_target(ram, ph->p_paddr, ph->p_memsz);
	if (!to)
		return usage_error("%s: no room for the segment at 0x%llx of 0x%llx bytes",
				   k->path, (u64)ph->p_paddr, (u64)ph->p_memsz);
	memcpy(to, k->data + ph->p_offset, ph->p_filesz);
	memset(to + ph->p_filesz, 0, ph->p_memsz - ph->p_filesz);
	return 0;
}

int elf_load(const struct module *k, struct guest_ram *ram, struct elf_image *elf)
{
	GElf_Phdr ph;
	size_t i, n;
	int rc = 0;
	Elf *e;

	if (!elf_probe(k, elf))
		return usage_error("%s: not an ELF image", k->path);
	if (elf->machine != EM_386 && elf->machine != EM_X86_64)
		return usage_error("%s: not an x86 image", k->path);
	e = open_elf(k);
	if (!e || elf_getphdrnum(e, &n)) {
		elf_end(e);
		return usage_error("%s: damaged ELF image", k->path);
	}
	for (i = 0; i < n && !rc; i++) {
		if (!gelf_getphdr(e, i, &ph) || ph.p_type != PT_LOAD || !ph.p_memsz)
			continue;
		rc = load_segment(k, ram, &ph);
		elf->end = MAX(elf->end, ph.p_paddr + ph.p_memsz);
	}
	elf_end(e);
	if (!rc && !elf->end)
		rc = usage_error("%s: ELF image with nothing to load", k->path);
	return rc;
}
