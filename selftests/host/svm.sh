# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Host "svm": an AMD machine in QEMU. TCG emulates SVM anywhere; KVM takes its place where a guest of
# this machine really can run guests (ACCEL=tcg|kvm overrides). Debian 12's QEMU 7.2 is enough;
# QEMU= names another.
#
# A host file defines:
#	host_prepare		say why this host cannot be had, and exit; or return
#	host_start MODE WORDS	start MODE in the background, with WORDS on the kernel's command
#				line: stdin is fd 3, console to $CONSOLE (and to stdout when
#				$SHOW is set), reports to $CONTROL; sets host_pid
#	host_stall		seconds without a sign of life after which it counts as hung
#	host_clock		optional: what these are counted in, see run
#	host_factor		how much longer than this one it may take for a demo or a benchmark

QEMU=${QEMU:-qemu-system-x86_64}
HOST_MEMORY=${HOST_MEMORY:-5120}
# shellcheck disable=SC2034 # used by run
host_stall=120

# Whether nesting works is asked once per boot and QEMU: by running the host under KVM and letting
# it run a guest.
nested_kvm()
{
	local cache=$BUILD/host/nested-kvm key answer=no

	[ -r /dev/kvm ] && [ -w /dev/kvm ] || return 1
	grep -qw svm /proc/cpuinfo || return 1
	grep -qsE '^[1Yy]' /sys/module/kvm_amd/parameters/nested || return 1
	key=$(cat /proc/sys/kernel/random/boot_id)-$("$QEMU" --version | head -n 1)
	if [ "$(head -n 1 "$cache" 2>/dev/null)" != "$key" ]; then
		say "probing whether a guest of this machine's KVM can run guests"
		if (ACCEL=kvm MODE_TIMEOUT=60 "$TOP/selftests/host/run" probe) >/dev/null 2>&1; then
			answer=yes
		fi
		printf '%s\n%s\n' "$key" "$answer" > "$cache"
	fi
	[ "$(tail -n 1 "$cache")" = yes ]
}

host_prepare()
{
	command -v "$QEMU" >/dev/null || die "no $QEMU; run selftests/host/packages"
	if [ -z "${ACCEL:-}" ]; then
		ACCEL=tcg
		! nested_kvm || ACCEL=kvm
	fi
	case $ACCEL in
	tcg|kvm) ;;
	*) die "ACCEL=$ACCEL: neither tcg nor kvm" ;;
	esac
	say "host svm: QEMU with $ACCEL, ${HOST_MEMORY} MiB, kernel $RELEASE"
	# QEMU 7.2's TCG stops for good now and then, with stock KVM in the host as well
	if [ "$ACCEL" = tcg ] && "$QEMU" --version | grep -q 'version [1-9]\.'; then
		host_hangs="QEMU before 10 is known to hang by itself"
	fi
}

host_start()
{
	local mode=$1 words=$2 cpu=max kernel_args
	local args=()

	# An oops or a lockup ends the run instead of leaving a half-dead host behind.
	kernel_args="console=ttyS0 loglevel=5 log_buf_len=4M oops=panic panic=-1"
	if [[ $RELEASE == *+debug ]]; then
		kernel_args+=" watchdog_thresh=60 hung_task_panic=1 page_poison=1 kasan_multi_shot"
	else
		kernel_args+=" watchdog_thresh=15"
	fi
	kernel_args+=" softlockup_panic=1"
	# A starved emulator fails the check of the timer pin, and the kernel then does without it.
	kernel_args+=" no_timer_check $words"
	case $ACCEL in
	kvm)
		cpu=host
		;;
	tcg)
		# Two and more processors with SVM are unreliable in TCG, with stock KVM as well.
		if [ "$mode" = bench ]; then
			# One instruction is one tick of the TSC, and every run is the same.
			# shellcheck disable=SC2054
			args+=(-accel tcg,thread=single -icount shift=0,sleep=off -seed 1
			       -rtc base=2026-01-01T00:00:00,clock=vm)
			kernel_args+=" nokaslr"
		else
			# Its TSC is this machine's. Calibration goes wrong when others want the processor.
			kernel_args+=" tsc_early_khz=$("$BUILD/host/tsc-khz") tsc=reliable"
			[ -z "${host_hangs:-}" ] || kernel_args+=" host.pulse=1"
		fi
		;;
	esac
	[ ${#args[@]} -gt 0 ] || args=(-accel "$ACCEL")
	[ -z "${HOST_DISK:-}" ] || args+=(-drive "file=$HOST_DISK,format=raw,if=virtio")
	if [ -n "${SHOW:-}" ]; then
		args+=(-chardev "stdio,id=console,signal=off,logfile=$CONSOLE,logappend=on")
	else
		args+=(-chardev "file,id=console,path=$CONSOLE,append=on")
	fi
	"$QEMU" -nodefaults -no-user-config -display none -no-reboot \
		-machine q35 -cpu "$cpu" -smp 1 -m "$HOST_MEMORY" "${args[@]}" \
		-kernel "$IMAGE/vmlinux" -initrd "$IMAGE/host.cpio" -append "$kernel_args" \
		-serial chardev:console \
		-chardev "file,id=control,path=$CONTROL" -serial chardev:control \
		-device isa-debug-exit,iobase=0xf4,iosize=0x04 <&3 9>&- &
	# shellcheck disable=SC2034
	host_pid=$!
}
