#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Does stock KVM run a guest here?
if grep -qw svm /proc/cpuinfo; then
	modprobe kvm_amd || exit 1
elif grep -qw vmx /proc/cpuinfo; then
	modprobe kvm_intel || exit 1
else
	echo "The processor has neither SVM nor VMX."
	exit 1
fi
"$HOST_DIR/kvm-probe" || exit 1
echo "KVM runs a guest here."
