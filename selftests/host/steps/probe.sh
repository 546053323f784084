#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Does stock KVM run a guest here?
case $(grep -m 1 -wo -e svm -e vmx /proc/cpuinfo) in
svm) modprobe kvm_amd || exit 1 ;;
vmx) modprobe kvm_intel || exit 1 ;;
*) echo "neither SVM nor VMX"; exit 1 ;;
esac
"$HOST_DIR/kvm-probe" || exit 1
echo "KVM runs a guest here."
