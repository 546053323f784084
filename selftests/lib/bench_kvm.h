/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench_kvm.h - commands that bring and take stock KVM, whoever made the processor
 */
#ifndef BENCH_KVM_H
#define BENCH_KVM_H

#define BENCH_LOAD_KVM		"modprobe kvm_intel 2>/dev/null || modprobe kvm_amd"
#define BENCH_UNLOAD_KVM	"{ rmmod kvm_intel 2>/dev/null || rmmod kvm_amd; } && rmmod kvm"

#endif /* BENCH_KVM_H */
