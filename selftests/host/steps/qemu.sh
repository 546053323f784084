#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Stock guests under QEMU's accelerator mshv.
insmod "$TLFS_MODULE" mshv=1 || exit 1

n=0
bad=0

qemu()
{
	/qemu/lib/ld-linux-x86-64.so.2 --library-path /qemu/lib /qemu/bin/qemu-system-x86_64 \
		-L /qemu/share -nodefaults -no-user-config -display none -no-reboot -accel mshv "$@"
}

# boots WHAT CPUS ARGUMENTS...: a stock guest comes up with all its processors, works, and powers off
boots()
{
	n=$((n + 1))
	what=$1
	cpus=$2
	shift 2
	if qemu -smp "$cpus" -m 512 -kernel "$TLFS_KERNEL" -initrd "$TLFS_INITRD" -serial stdio \
		-append "console=ttyS0 guest.run=demo" "$@" < /dev/null > /tmp/log 2>&1 &&
	   grep -q "guest: userspace after .* on $cpus processors" /tmp/log &&
	   grep -q "guest: power off" /tmp/log; then
		echo "ok $n - $what with $cpus VPs: $(grep -o 'userspace after [^ ]* s' /tmp/log)"
	else
		tail -n 60 /tmp/log | sed 's/^/# /'
		echo "not ok $n - $what with $cpus VPs"
		bad=1
	fi
	for count in partitions vps pages; do
		[ "$(cat /sys/class/misc/tlfs/$count)" = 0 ] || echo "# $count are left"
	done
}

boots "microvm" 1 -M microvm,pit=off,pic=off,rtc=off
boots "q35" 1 -M q35
boots "q35" 2 -M q35
boots "q35" 4 -M q35
echo "1..$n"
exit $bad
