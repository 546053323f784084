#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The guest of demo.sh under the peer, QEMU with stock KVM and all its hv-* flags.
if grep -qw svm /proc/cpuinfo; then
	modprobe kvm_amd || exit 1
else
	modprobe kvm_intel || exit 1
fi
exec qemu-system-x86_64 -L /usr/share/qemu -nodefaults -no-user-config -display none -no-reboot \
	-machine q35 -accel kvm -smp 2 -m 512 -serial stdio \
	-cpu host,kvm=off,hv-relaxed,hv-vpindex,hv-runtime,hv-time,hv-synic,hv-stimer,hv-stimer-direct,hv-frequencies,hv-reenlightenment,hv-tlbflush,hv-ipi,hv-reset,hv-crash,hv-vapic \
	-kernel "$TLFS_KERNEL" -initrd "$TLFS_INITRD" \
	-append "console=ttyS0 guest.run=${HOST_ARGS:-demo}"
