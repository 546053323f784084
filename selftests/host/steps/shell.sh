#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A shell in the test host.
insmod "$TLFS_MODULE"
echo "The test host's shell. The module is loaded; tlfsctl, the tests and a guest are in /host."
echo "  tlfsctl run --kernel \$TLFS_KERNEL --initrd \$TLFS_INITRD --append console=ttyS0"
exec sh
