#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The guest of demo.sh under QEMU's accelerator mshv.
insmod "$TLFS_MODULE" mshv=1 || exit 1
exec /qemu/lib/ld-linux-x86-64.so.2 --library-path /qemu/lib /qemu/bin/qemu-system-x86_64 \
	-L /qemu/share -nodefaults -no-user-config -display none -no-reboot \
	-M "${QEMU_MACHINE:-microvm,pit=off,pic=off,rtc=off}" -accel mshv -smp "${QEMU_CPUS:-1}" -m 512 -serial stdio \
	-kernel "$TLFS_KERNEL" -initrd "$TLFS_INITRD" \
	-append "console=ttyS0 guest.run=${HOST_ARGS:-demo}"
