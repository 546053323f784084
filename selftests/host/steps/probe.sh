#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Can a guest of this machine's KVM run guests of its own?
grep -qw svm /proc/cpuinfo || exit 1
modprobe kvm_amd || exit 1
exec "$HOST_DIR/kvm-probe"
