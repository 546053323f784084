// SPDX-License-Identifier: GPL-2.0-only
/* Loaders on images made here; ACPI tables by their checksums. */
#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <asm/bootparam.h>

#include "../loader.h"
#include "tap.h"

static struct guest_ram ram;
static struct boot_state boot;

/* The loaders' one line goes to a pipe, so that it can be counted */
static int err_fd[2], real_stderr;
static char line[1024];

static void capture(void)
{
	if (pipe(err_fd))
		exit(1);
	fcntl(err_fd[0], F_SETFL, O_NONBLOCK);
	real_stderr = dup(2);
	dup2(err_fd[1], 2);
}

static unsigned int lines(void)
{
	ssize_t n = read(err_fd[0], line, sizeof(line) - 1);
	unsigned int count = 0;
	char *p;

	line[n > 0 ? n : 0] = 0;
	for (p = line; *p; p++)
		count += *p == '\n';
	return count;
}

static int load(struct image *img)
{
	memset(&boot, 0, sizeof(boot));
	if (!img->cmdline)
		img->cmdline = "";
	if (!img->kernel.path)
		img->kernel.path = "image";
	return image_load(img, &ram, &boot);
}

static void *guest(u64 gpa)
{
	return ram_ptr(&ram, gpa, 1);
}

/* ---- bzImage ---- */

#define KERNEL_AT	0x1000000
#define SETUP_SECTS	4
#define SETUP_SIZE	((SETUP_SECTS + 1) * 512)

static u8 bz[SETUP_SIZE + 0x2000];

static struct setup_header *make_bzimage(void)
{
	struct setup_header *h = (struct setup_header *)(bz + 0x1f1);
	unsigned int i;

	memset(bz, 0, sizeof(bz));
	for (i = SETUP_SIZE; i < sizeof(bz); i++)
		bz[i] = i;
	h->setup_sects = SETUP_SECTS;
	h->boot_flag = 0xaa55;
	bz[0x201] = 0x6a;
	memcpy(&h->header, "HdrS", 4);
	h->version = 0x20f;
	h->loadflags = LOADED_HIGH;
	h->xloadflags = XLF_KERNEL_64;
	h->cmdline_size = 2047;
	h->kernel_alignment = 0x200000;
	h->pref_address = KERNEL_AT;
	h->init_size = 0x100000;
	h->initrd_addr_max = 0x7fffffff;
	h->relocatable_kernel = 1;
	return h;
}

static void test_bzimage(void)
{
	struct image img = { .kernel = { .data = bz, .size = sizeof(bz) }, .rsdp = 0xe0000 };
	u8 initrd[5000];
	struct setup_header *h = make_bzimage();
	struct boot_params *bp = guest(BOOT_INFO);
	u64 *pml4 = guest(BOOT_TABLES);

	memset(initrd, 0x5a, sizeof(initrd));
	img.cmdline = "console=ttyS0";
	img.modules[0] = (struct module){
		.path = "initrd", .data = initrd, .size = sizeof(initrd),
	};
	img.nr_modules = 1;
	img.has_initrd = true;
	ok(!load(&img) && !lines(), "bzImage loads");
	ok(boot.long_mode && boot.entry == KERNEL_AT + 0x200 && boot.rsi == BOOT_INFO,
	   "64-bit entry and RSI");
	ok(!memcmp(guest(KERNEL_AT), bz + SETUP_SIZE, sizeof(bz) - SETUP_SIZE),
	   "kernel at its preferred address");
	ok(!strcmp(guest(bp->hdr.cmd_line_ptr), "console=ttyS0"), "command line");
	ok(bp->hdr.type_of_loader == 0xff && bp->acpi_rsdp_addr == 0xe0000, "loader and RSDP");
	ok(bp->hdr.ramdisk_size == sizeof(initrd) && !(bp->hdr.ramdisk_image & 0xfff) &&
	   !memcmp(guest(bp->hdr.ramdisk_image), initrd, sizeof(initrd)) &&
	   bp->hdr.ramdisk_image + sizeof(initrd) <= ram.low, "initrd");
	ok(bp->e820_entries == 3 && bp->e820_table[2].addr == MiB &&
	   bp->e820_table[2].addr + bp->e820_table[2].size == ram.low, "e820");
	ok(pml4[0] == (BOOT_TABLES + 0x1003) && pml4[512 + 3] == BOOT_TABLES + 0x5003 &&
	   pml4[5 * 512 + 511] + 0x200000 == (4 * GiB | 0x83), "page tables map 4 GiB");

	h->pref_address = 0x40000000;
	ok(!load(&img) && boot.entry == 0x200200,
	   "moves down when the preferred address is not RAM");
	h->relocatable_kernel = 0;
	ok(load(&img) == ST_USAGE && lines() == 1, "unless it cannot move");
	h = make_bzimage();
	h->init_size = 0x40000000;
	ok(load(&img) == ST_USAGE && lines() == 1, "memory too small for init_size");
	h = make_bzimage();
	h->version = 0x20b;
	ok(load(&img) == ST_USAGE && lines() == 1, "old boot protocol");
	h = make_bzimage();
	h->xloadflags = 0;
	ok(load(&img) == ST_USAGE && lines() == 1, "32-bit kernel");
	make_bzimage();
	img.kernel.size = SETUP_SIZE + 0x100;
	ok(load(&img) == ST_USAGE && lines() == 1, "truncated image");
	img.kernel.size = sizeof(bz);
	h = make_bzimage();
	h->cmdline_size = 5;
	ok(load(&img) == ST_USAGE && lines() == 1, "command line too long");
	make_bzimage();
	img.modules[0].size = 1ULL << 40;
	ok(load(&img) == ST_USAGE && lines() == 1, "initrd too large");
}

/* ---- ELF with PVH note, multiboot ---- */

static u8 elf[0x3000];

static Elf64_Phdr *make_elf64(bool note)
{
	Elf64_Ehdr *eh = (Elf64_Ehdr *)elf;
	Elf64_Phdr *ph = (Elf64_Phdr *)(eh + 1);
	struct {
		Elf64_Nhdr h;
		char name[4];
		u64 desc;
	} __packed *n = (void *)(elf + 0x800);

	memset(elf, 0, sizeof(elf));
	memcpy(eh->e_ident, ELFMAG, SELFMAG);
	eh->e_ident[EI_CLASS] = ELFCLASS64;
	eh->e_ident[EI_DATA] = ELFDATA2LSB;
	eh->e_ident[EI_VERSION] = EV_CURRENT;
	eh->e_type = ET_EXEC;
	eh->e_machine = EM_X86_64;
	eh->e_version = EV_CURRENT;
	eh->e_entry = 0xffffffff81000000ULL;
	eh->e_phoff = sizeof(*eh);
	eh->e_ehsize = sizeof(*eh);
	eh->e_phentsize = sizeof(*ph);
	eh->e_phnum = 2;
	ph[0] = (Elf64_Phdr){
		.p_type = PT_LOAD, .p_offset = 0x1000, .p_vaddr = 0xffffffff81000000ULL,
		.p_paddr = 0x200000, .p_filesz = 0x100, .p_memsz = 0x3000, .p_align = 0x1000,
	};
	ph[1] = (Elf64_Phdr){
		.p_type = note ? PT_NOTE : PT_NULL, .p_offset = 0x800, .p_filesz = sizeof(*n),
		.p_memsz = sizeof(*n), .p_align = 4,
	};
	n->h.n_namesz = 4;
	n->h.n_descsz = 8;
	n->h.n_type = 18;
	memcpy(n->name, "Xen", 4);
	n->desc = 0x200040;
	memset(elf + 0x1000, 0xc3, 0x100);
	return ph;
}

static void test_pvh(void)
{
	struct image img = { .kernel = { .data = elf, .size = sizeof(elf) }, .rsdp = 0xe0000 };
	Elf64_Phdr *ph = make_elf64(true);
	u8 initrd[16] = { 1 };
	u32 *si = guest(BOOT_INFO);
	u64 *si64 = guest(BOOT_INFO + 16);
	u64 *mod;

	img.cmdline = "quiet";
	img.modules[0] = (struct module){
		.path = "initrd", .data = initrd, .size = sizeof(initrd),
	};
	img.nr_modules = 1;
	img.has_initrd = true;
	memset(guest(0x200000), 0xee, 0x3000);
	ok(!load(&img) && !lines(), "PVH image loads");
	ok(!boot.long_mode && boot.entry == 0x200040 && boot.rbx == BOOT_INFO,
	   "entry from the note, 32-bit, EBX at start_info");
	ok(*(u8 *)guest(0x2000ff) == 0xc3 && !*(u8 *)guest(0x200100) && !*(u8 *)guest(0x202fff),
	   "segment loaded and its rest zeroed");
	ok(si[0] == 0x336ec578 && si[1] == 1 && si[3] == 1 && !strcmp(guest(si64[1]), "quiet") &&
	   si64[2] == 0xe0000, "start_info");
	mod = guest(si64[0]);
	ok(mod[1] == sizeof(initrd) && *(u8 *)guest(mod[0]) == 1, "module list");
	ok(si[12] == 3, "memory map");
	ph->p_filesz = 0x10000;
	ok(load(&img) == ST_USAGE && lines() == 1, "segment past the end of the file");
	ph = make_elf64(true);
	ph->p_paddr = 0x80000000;
	ok(load(&img) == ST_USAGE && lines() == 1, "segment outside memory");
	ph->p_paddr = BOOT_INFO;
	ok(load(&img) == ST_USAGE && lines() == 1, "segment over the boot data");
	make_elf64(false);
	ok(load(&img) == ST_USAGE && lines() == 1, "ELF without note or header");
}

static void make_header(u8 *at, u32 flags)
{
	u32 *h = (u32 *)at;

	h[0] = 0x1badb002;
	h[1] = flags;
	h[2] = -(h[0] + h[1]);
}

static void test_multiboot(void)
{
	struct image img = { .kernel = { .data = elf, .size = sizeof(elf), .path = "k" } };
	u8 data[10] = "module";
	u32 *info = guest(BOOT_INFO), *h, *mod;

	img.cmdline = "a b";
	img.modules[0] = (struct module){
		.path = "m", .args = "x y", .data = data, .size = sizeof(data),
	};
	img.nr_modules = 1;

	memset(elf, 0, sizeof(elf));
	make_header(elf + 0x40, 1 << 16 | 3);
	h = (u32 *)(elf + 0x40);
	h[3] = 0x100040;	/* header */
	h[4] = 0x100000;	/* load */
	h[5] = 0x102000;	/* load end */
	h[6] = 0x104000;	/* bss end */
	h[7] = 0x100100;	/* entry */
	elf[0x1fff] = 0x77;
	ok(!load(&img) && !lines(), "multiboot image with addresses loads");
	ok(boot.rax == 0x2badb002 && boot.rbx == BOOT_INFO && boot.entry == 0x100100 &&
	   !boot.long_mode, "entry, EAX and EBX");
	ok(*(u8 *)guest(0x101fff) == 0x77 && !*(u8 *)guest(0x102000), "contents, bss cleared");
	ok((info[0] & 0x24d) == 0x24d, "information flags");
	ok(info[1] == EBDA / KiB && info[2] == (ram.low - MiB) / KiB, "memory sizes");
	ok(!strcmp(guest(info[4]), "k a b"), "command line with the image's name");
	mod = guest(info[6]);
	ok(info[5] == 1 && mod[1] - mod[0] == sizeof(data) && !(mod[0] & 0xfff) &&
	   !strcmp(guest(mod[0]), "module") && !strcmp(guest(mod[2]), "m x y"), "module");
	ok(info[11] == 3 * 24 && *(u32 *)guest(info[12]) == 20, "memory map");

	h[5] = 0;
	ok(!load(&img) && *(u8 *)guest(0x101fff) == 0x77, "load end 0 means the whole file");
	h[4] = 0x200000;
	ok(load(&img) == ST_USAGE && lines() == 1, "load address above the header");
	h[4] = 0x100000;
	h[5] = 0x200000;
	ok(load(&img) == ST_USAGE && lines() == 1, "load end past the file");
	make_header(elf + 0x40, 1 << 16 | 7);
	ok(load(&img) == ST_USAGE && lines() == 1, "asks for a video mode");
	memset(elf, 0, sizeof(elf));
	make_header(elf + 8192, 0);
	ok(load(&img) == ST_USAGE && lines() == 1, "header outside the first 8 KiB");

	make_elf64(false);
	make_header(elf + 0x400, 0);
	((Elf64_Ehdr *)elf)->e_entry = 0x200010;
	ok(!load(&img) && boot.entry == 0x200010 && *(u8 *)guest(0x200000) == 0xc3,
	   "multiboot ELF by its segments");
}

static void test_files(void)
{
	struct module m = { 0 };
	u8 junk[64] = "no kernel at all";
	struct image img = { .kernel = { .data = junk, .size = sizeof(junk) } };

	ok(load_file(&m, "/nonexistent/kernel") == ST_USAGE && lines() == 1, "missing file");
	ok(load_file(&m, "/") == ST_USAGE && lines() == 1, "directory");
	ok(load_file(&m, "/dev/null") == ST_USAGE && lines() == 1, "device");
	ok(load(&img) == ST_USAGE && lines() == 1, "not a kernel");
}

/* ---- ACPI ---- */

static bool sums_to_zero(u64 gpa, u32 len)
{
	const u8 *p = guest(gpa);
	u8 sum = 0;

	while (len--)
		sum += *p++;
	return !sum;
}

static unsigned int count_madt(u64 gpa, u8 type)
{
	const u8 *p = guest(gpa), *end = p + *(u32 *)(p + 4);
	unsigned int n = 0;

	for (p += 44; p < end && p[1]; p += p[1])
		n += *p == type;
	return p == end ? n : ~0U;
}

static void test_acpi(void)
{
	u64 rsdp = acpi_build(&ram, 256), xsdt, fadt, madt, dsdt;

	ok(rsdp == ACPI_AREA && !memcmp(guest(rsdp), "RSD PTR ", 8) && sums_to_zero(rsdp, 20) &&
	   sums_to_zero(rsdp, 36), "RSDP and its two checksums");
	memcpy(&xsdt, guest(rsdp + 24), 8);
	memcpy(&fadt, guest(xsdt + 36), 8);
	memcpy(&madt, guest(xsdt + 44), 8);
	memcpy(&dsdt, guest(fadt + 140), 8);
	ok(sums_to_zero(xsdt, *(u32 *)guest(xsdt + 4)) && !memcmp(guest(xsdt), "XSDT", 4), "XSDT");
	ok(sums_to_zero(fadt, *(u32 *)guest(fadt + 4)) && !memcmp(guest(fadt), "FACP", 4), "FADT");
	ok(sums_to_zero(madt, *(u32 *)guest(madt + 4)) && !memcmp(guest(madt), "APIC", 4), "MADT");
	ok(sums_to_zero(dsdt, *(u32 *)guest(dsdt + 4)) && !memcmp(guest(dsdt), "DSDT", 4), "DSDT");
	ok(count_madt(madt, 0) == 255 && count_madt(madt, 9) == 1 && count_madt(madt, 1) == 1 &&
	   count_madt(madt, 2) == 2, "MADT of 256 processors");
	acpi_build(&ram, 3);
	memcpy(&madt, guest(xsdt + 44), 8);
	ok(count_madt(madt, 0) == 3 && !count_madt(madt, 9), "MADT of 3");
}

/* Tables as files, for iasl to look at: test_loader DIR */
static int dump_tables(const char *dir)
{
	u64 rsdp = acpi_build(&ram, 256), xsdt, at[3];
	static const char * const names[] = { "facp", "apic", "dsdt" };
	char path[256];
	FILE *fp;
	int i;

	memcpy(&xsdt, guest(rsdp + 24), 8);
	memcpy(at, guest(xsdt + 36), 16);
	memcpy(&at[2], guest(at[0] + 140), 8);
	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s.dat", dir, names[i]);
		fp = fopen(path, "w");
		if (!fp || fwrite(guest(at[i]), *(u32 *)guest(at[i] + 4), 1, fp) != 1 || fclose(fp))
			return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (ram_alloc(&ram, 64 * MiB))
		return 1;
	if (argc > 1)
		return dump_tables(argv[1]);
	capture();
	test_files();
	test_bzimage();
	test_pvh();
	test_multiboot();
	test_acpi();
	return done_testing();
}
