#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs one stock guest with its console on the host's; HOST_ARGS is what the guest does.
insmod "$TLFS_MODULE" || exit 1
# Where the invariant TSC may be asked for, Linux takes that in the place of the reference TSC page.
"$TLFSCTL" run --features 'all,!tscinvariant' --kernel "$TLFS_KERNEL" --initrd "$TLFS_INITRD" \
	--append "console=ttyS0 guest.run=${HOST_ARGS:-demo}" --cpus 2 --memory 512M
status=$?
rmmod tlfs || exit 1
exit $status
