# SPDX-License-Identifier: GPL-2.0-only
#
# "make help" lists what there is. The module's own objects are listed in Kbuild.

KERNEL ?=
ifeq ($(origin KDIR),undefined)
KDIR := $(shell KERNEL='$(KERNEL)' selftests/host/kernel dir)
endif
W ?= 1

PREFIX ?= /usr/local
DESTDIR ?=
INSTALL_MOD_PATH ?= $(DESTDIR)
UDEVDIR ?= /usr/lib/udev/rules.d
MODPROBEDIR ?= /usr/lib/modprobe.d

ifeq ($(V),)
Q := @
MAKEFLAGS += --no-print-directory
endif
JOBS := $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))
# For a kernel that is not installed the module has a folder of its own, with links to the sources.
fetched := $(filter $(CURDIR)/build/cache/%,$(KDIR))
MDIR := $(CURDIR)$(fetched:%=/build/module/$(patsubst linux-headers-%,%,$(notdir $(KDIR))))
# Without the kernel's vmlinux there can be no BTF; say so quietly.
kbuild = $(MAKE) -C $(KDIR) M=$(MDIR) \
	 $(if $(fetched)$(if $(wildcard $(KDIR)/vmlinux),,1),CONFIG_DEBUG_INFO_BTF_MODULES=)

# Without HOST=, svm.
HOST ?=
export HOST KERNEL TESTS SOAK_ARGS INTERACTIVE ACCEL QEMU HOST_MEMORY MODE_TIMEOUT

all: module tools

module: kernel-headers
	$(if $(fetched),$(Q)selftests/host/link-sources $(MDIR))
	+$(Q)$(kbuild) $(W:%=W=%) modules

tools:
	$(Q)$(MAKE) -C tools/hvctl

selftests:
	$(Q)$(MAKE) -C selftests

kernel-headers:
	@[ -n "$(KDIR)" ] && [ -e "$(KDIR)/Makefile" ] || { \
		echo "No kernel headers$(KDIR:%= in %)$(KERNEL:%= for %)." \
		     "\"make packages$(KERNEL:%= KERNEL=%)\" gets what is needed."; \
		exit 1; }

# Everything the build and the test hosts need, from Debian's archive.
packages:
	$(Q)selftests/host/packages check

# A finding in our own files is an error; those in the kernel's headers are not ours.
sparse: kernel-headers
	@mkdir -p build
	+$(Q)$(kbuild) C=2 modules > build/sparse.log 2>&1 || { cat build/sparse.log; exit 1; }
	@! grep -E '(kmod|uapi)/[^ ]*: (warning|error):' build/sparse.log
	@echo "sparse: clean"

# BIT() and the kernel's names for attributes are not there for headers and programs of user space.
checkpatch = perl build/kselftest/scripts/checkpatch.pl --no-tree --strict --terse --show-types \
	     --max-line-length=100 --no-summary --file
# What cannot be otherwise: tables are X macros; names from the kernel's and libraries' headers stay; a
# module for many kernels asks for the version; TRACE_EVENT has its own layout; spinlocks and mutexes have
# their words in the struct's kernel-doc.
all_ignore := COMPLEX_MACRO,MACRO_ARG_REUSE,MACRO_ARG_PRECEDENCE,MULTISTATEMENT_MACRO_USE_DO_WHILE
all_ignore := $(all_ignore),TRAILING_SEMICOLON,BRACKET_SPACE,BIT_MACRO,CAMELCASE,UNCOMMENTED_DEFINITION
all_ignore := $(all_ignore),ASSIGN_IN_IF,PRINTK_RATELIMITED
compat_ignore := $(all_ignore),LINUX_VERSION_CODE,CONSTANT_COMPARISON,SPACING,LEADING_SPACE
trace_ignore := $(all_ignore),OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT
# Outside of the kernel: its own types and macros are not there; a struct of the specification is followed by
# the assertion of its size; tests name requirements in long strings, guests poll what the hypervisor writes.
user_ignore := $(all_ignore),PREFER_DEFINED_ATTRIBUTE_MACRO,PREFER_KERNEL_TYPES,LINE_SPACING,SPLIT_STRING
user_ignore := $(user_ignore),VOLATILE,AVOID_EXTERNS,EMBEDDED_FUNCTION_NAME,FUNCTION_ARGUMENTS,NEW_TYPEDEFS
user_ignore := $(user_ignore),MACRO_WITH_FLOW_CONTROL,LONG_LINE_STRING,LEADING_SPACE,UNSPECIFIED_INT
user_ignore := $(user_ignore),STATIC_CONST_CHAR_ARRAY,SPACING
# checkpatch takes the asm operands "%l[...]" and a macro's parameter list for spacing
compat_files := kmod/compat.h kmod/ops.h kmod/vmx/setup.c
kmod_files = $(filter-out $(compat_files) kmod/trace.h,$(shell find kmod -name '*.[chS]' | sort))

checkpatch:
	$(Q)selftests/host/packages check
	$(Q)bad=0; \
	$(checkpatch) --ignore $(all_ignore) $(kmod_files) || bad=1; \
	$(checkpatch) --ignore $(compat_ignore) $(compat_files) || bad=1; \
	$(checkpatch) --ignore $(trace_ignore) kmod/trace.h || bad=1; \
	$(checkpatch) --ignore $(user_ignore) \
		$$(find uapi tools selftests -name '*.[chS]' | sort) || bad=1; \
	[ $$bad = 0 ] && echo "checkpatch: clean"

# The packages come first, then a make of its own that sees them.
demo:
	$(Q)selftests/host/packages demo
	$(Q)$(MAKE) $(JOBS) all
	$(Q)$(MAKE) -C selftests $(JOBS) host
	$(Q)selftests/host/demo

programs:
	$(Q)selftests/host/packages check
	$(Q)$(MAKE) $(JOBS) all
	$(Q)$(MAKE) -C selftests $(JOBS)

check: programs
	@selftests/host/check

# Of the results that are in build/tap.
conformance:
	$(Q)selftests/conformance/conformance --rst Documentation/conformance.rst $(CONFORMANCE)

# The module for the kernels people have; without a network, for those that are here.
kernels:
	@selftests/host/kernels

# A kernel that looks for faults, for KERNEL=debug.
debug-kernel:
	$(Q)selftests/host/debug-kernel

# The module with its accesses to the VMCS counted.
count: kernel-headers
	$(Q)selftests/host/link-sources $(CURDIR)/build/count
	+$(Q)$(subst M=$(MDIR),M=$(CURDIR)/build/count,$(kbuild)) TLFS_VMX_COUNT=y modules

bench: programs $(if $(filter vmx,$(HOST)),count)
	$(Q)$(if $(wildcard build/cache/qemu/.complete),QEMU_ROOT=$(CURDIR)/build/cache/qemu) selftests/host/bench

soak: programs
	$(Q)selftests/host/run soak

# The module broken on purpose: each line of the table has to turn a test red.
mutations: programs
	$(Q)selftests/mutations/run

# Debian's kernels of several versions as guests.
GUEST_KERNELS ?= 6.12 7
guest-kernels: programs
	$(Q)selftests/host/guest-kernels $(GUEST_KERNELS)
	$(Q)TESTS=guest_kernel_soak selftests/host/run soak; status=$$?; \
	cd build/selftests/data && rm -f vmlinuz-* initrd-* drivers-*; exit $$status

shell peer: programs
	$(Q)selftests/host/run $@

check-qemu: programs
	$(Q)selftests/host/fetch-qemu
	$(Q)QEMU_ROOT=$(CURDIR)/build/cache/qemu selftests/host/run qemu

install:
	+$(Q)$(kbuild) INSTALL_MOD_PATH=$(INSTALL_MOD_PATH) modules_install
	install -D -m 755 build/tlfsctl $(DESTDIR)$(PREFIX)/sbin/tlfsctl
	install -d $(DESTDIR)$(PREFIX)/include/tlfs/hv
	install -m 644 uapi/*.h $(DESTDIR)$(PREFIX)/include/tlfs/
	install -m 644 uapi/hv/*.h $(DESTDIR)$(PREFIX)/include/tlfs/hv/
	install -D -m 644 tools/etc/tlfs.conf $(DESTDIR)$(MODPROBEDIR)/tlfs.conf
	install -D -m 644 tools/etc/60-tlfs.rules $(DESTDIR)$(UDEVDIR)/60-tlfs.rules
	$(if $(wildcard Documentation/man/*.8),install -D -m 644 -t \
		$(DESTDIR)$(PREFIX)/share/man/man8 $(wildcard Documentation/man/*.8))

# build/cache and build/kselftest come out of packages and stay.
clean:
	+$(Q)[ ! -e "$(KDIR)/Makefile" ] || [ ! -e "$(MDIR)/Kbuild" ] || $(kbuild) clean
	$(Q)rm -rf build/module build/count build/obj build/selftests build/host build/tap \
		build/tlfsctl build/*.log build/bench.tsv
	$(Q)[ ! -e tools/hvctl/Makefile ] || $(MAKE) -C tools/hvctl clean

distclean: clean
	$(Q)rm -rf build

help:
	@echo "  make              the module (tlfs.ko) and the tools (build/tlfsctl)"
	@echo "  make demo         boot a stock Linux guest under tlfs.ko in an emulated host"
	@echo "  make check        all tests in the test host; TAP in build/tap/HOST.tap"
	@echo
	@echo "  make packages     install what Debian packages are missing (as root)"
	@echo "  make module, tools, selftests, install, clean, distclean"
	@echo "  make sparse, checkpatch"
	@echo "  make conformance  requirements proven by the results in build/tap; Documentation/conformance.rst"
	@echo "  make kernels      build for the kernels of KERNELS=\"6.1 6.12 7\"; build/tap/kernels.tap"
	@echo "  make bench        instructions per exit, tlfs and KVM; build/bench.tsv (after check-qemu also"
	@echo "                    what QEMU takes with either)"
	@echo "  make soak         the long runs"
	@echo "  make mutations    break the module, one thing at a time: which test notices"
	@echo "  make debug-kernel  build the kernel of KERNEL=debug: lockdep, KASAN, kmemleak and others"
	@echo "  make guest-kernels  the kernels of GUEST_KERNELS=\"6.12 7\" as guests, 1 and 4 VPs"
	@echo "  make shell        a shell in the test host"
	@echo "  make check-qemu   stock guests under Debian's newest QEMU with -accel mshv, in the test host"
	@echo "  make peer         the guest of demo in the same host, under QEMU and stock KVM"
	@echo
	@echo "  KDIR=DIR          kernel build directory (now $(KDIR))"
	@echo "  KERNEL=NAME       the kernel to build for and to boot: a release or its beginning, 6.1, 6.12, 7;"
	@echo "                    (\"debug\": one that looks for faults, built here);"
	@echo "                    what is not installed is fetched to build/cache by packages, demo, check ..."
	@echo "  HOST=NAME         test host: svm (QEMU), svm-bochs, vmx (both Bochs), local (this machine);"
	@echo "                    svm by default; for check a list, and all by default"
	@echo "  HOST_CPUS=N       its processors (Bochs)"
	@echo "  INTERACTIVE=1     demo: stay in the guest's shell"
	@echo "  TESTS=PATTERN,... check: only these programs"
	@echo "  ACCEL=tcg|kvm     QEMU's accelerator (probed by default)"
	@echo "  W=, V=1           warning level (1), show commands"
	@echo "  PREFIX, DESTDIR, INSTALL_MOD_PATH, UDEVDIR, MODPROBEDIR   install"

.PHONY: all module tools selftests kernel-headers packages sparse checkpatch demo programs check \
	kernels conformance count bench soak mutations debug-kernel guest-kernels shell peer check-qemu install clean distclean help
