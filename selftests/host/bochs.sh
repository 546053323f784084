# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the hosts in Bochs share; see svm.sh for what a host file defines. It sources this one and
# sets model, one of "bochs --help cpu".
# shellcheck disable=SC2154 # model
#
#	BOCHS=FILE	another Bochs than Debian's; build/cache/bochs/bin/bochs, made by bochs-build,
#			is taken when it is there (Debian's has the debugger in it and takes thrice the
#			time)
#	BOCHS_BIOS=FILE		another firmware
#	BOCHS_DISPLAY=NAME	its display_library, nogui by default
#	HOST_CPUS=N	processors of the host
#	BOCHS_IPS=N	instructions in a second of the host's own time
#
# The host's clock counts instructions: a second of it is BOCHS_IPS instructions, so time limits
# inside the host do not depend on the machine that runs Bochs. Only the limits of run are real
# time.

HOST_MEMORY=${HOST_MEMORY:-2048}
HOST_CPUS=${HOST_CPUS:-1}
BOCHS_IPS=${BOCHS_IPS:-100000000}
# shellcheck disable=SC2034 # used by run
host_stall=240
# shellcheck disable=SC2034 # used by run
host_factor=4

bochs_dir=$BUILD/host/$LABEL.bochs

bochs_prepare()
{
	local own=$CACHE/bochs/bin/bochs

	if [ -z "${BOCHS:-}" ]; then
		BOCHS=bochs
		[ ! -x "$own" ] || BOCHS=$own
	fi
	command -v "$BOCHS" >/dev/null || die "no $BOCHS; run selftests/host/packages"
	mkdir -p "$bochs_dir"
	rm -f "$bochs_dir"/log*
	{
		"$BOCHS" --help cpu
		"$BOCHS" --help
	} < /dev/null > "$bochs_dir/help" 2>&1 || true
	grep -qx "$model" "$bochs_dir/help" || die "$BOCHS has no processor $model"
	bochs_version=$(sed -n 's/.*Bochs x86 Emulator \([0-9.]*\).*/\1/p' "$bochs_dir/help" | head -n 1)
	# Of an interrupt that comes while neither host nor guest want any (see kmod/vmx/setup.c), and with
	# several processors of more than is known.
	# shellcheck disable=SC2034 # used by run
	[[ $bochs_version != 2.* ]] || host_hangs="Bochs before 3.0 is known to hang by itself"
	say "host $HOST: Bochs $bochs_version, $HOST_CPUS x $model, ${HOST_MEMORY} MiB, kernel $RELEASE"
}

# Processor time of Bochs, which others who want the machine do not make longer, and a quarter of the
# wall's in case it gets none at all.
host_clock()
{
	local pid stat ticks=0

	if read -r pid < "$bochs_dir/pid" && read -r -a stat < "/proc/$pid/stat"; then
		ticks=$((stat[13] + stat[14]))
	fi 2> /dev/null
	# shellcheck disable=SC2034 # used by run
	clock=$((ticks / 100 + SECONDS / 4))
}

# The first line that exists.
first_file()
{
	local file

	for file in "$@"; do
		if [ -e "$file" ]; then
			printf '%s\n' "$file"
			return 0
		fi
	done
	die "none of $* is there; run selftests/host/packages"
}

# The uncompressed kernel and, for the guests, an initramfs with it to go behind the host's own: half
# a minute less for each guest. Several hosts may want it at once.
bochs_kernel()
{
	local out=$IMAGE/trimmed

	[ ! "$out/vmlinux.cpio" -nt "$IMAGE/vmlinux" ] || return 0
	mkdir -p "$out/host/guest"
	"$TOP/selftests/host/trim-kernel" "$IMAGE/vmlinux" "$out/host/guest/vmlinux" || return 1
	(cd "$out" && echo host/guest/vmlinux | cpio -o -H newc -R 0:0 --quiet) > "$out/tmp" || return 1
	mv "$out/tmp" "$out/vmlinux.cpio"
}

# $1: where the console goes, as Bochs's com1 wants it.
bochs_config()
{
	local display=term sound="sound: waveoutdrv=dummy, waveindrv=dummy, midioutdrv=dummy"

	# Debian's has no display that does without a terminal and wants its sound to be silenced; one
	# built for speed has neither a terminal nor sound.
	if [ "$BOCHS" != bochs ]; then
		display=${BOCHS_DISPLAY:-nogui}
		sound=
	fi
	cat <<-EOF
	config_interface: textconfig
	display_library: $display
	romimage: file=${BOCHS_BIOS:-$(first_file /usr/share/bochs/BIOS-bochs-latest)}
	vgaromimage: file=$(first_file /usr/share/vgabios/vgabios.stdvga.bin \
		/usr/share/vgabios/vgabios-stdvga.bin /usr/share/bochs/VGABIOS-lgpl-latest)
	memory: guest=$HOST_MEMORY, host=$HOST_MEMORY
	cpu: model=$model, count=$HOST_CPUS, ips=$BOCHS_IPS, reset_on_triple_fault=0
	clock: sync=none, time0=1767225600
	pci: enabled=1, chipset=i440fx
	ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
	ata0-master: type=disk, path="$bochs_dir/disk", mode=flat, cylinders=0, heads=16, spt=63
	boot: disk
	com1: enabled=1, $1
	com2: enabled=1, mode=file, dev="$CONTROL"
	$sound
	mouse: enabled=0
	log: $bochs_log
	debugger_log: -
	panic: action=fatal
	error: action=report
	info: action=report
	debug: action=ignore
	EOF
}

# The console's other end: what comes in on stdin.
bochs_console()
{
	if [ -n "${SHOW:-}" ]; then
		exec tee -a "$CONSOLE"
	fi
	exec cat >> "$CONSOLE"
}

# Runs one Bochs to its end, as a process that takes it along when it is killed.
bochs_run()
{
	local sink child status=0 args=()

	exec 9>&-
	exec 5> >(bochs_console)
	sink=$!
	if grep -q -- '-rc ' "$bochs_dir/help"; then
		echo continue > "$bochs_dir/commands"
		args=(-rc "$bochs_dir/commands")
	fi
	cat > "$bochs_dir/start" <<-EOF
	echo \$\$ > "$bochs_dir/pid"
	export LD_PRELOAD="$BUILD/host/bochs-fixes.so"
	exec "$BOCHS" -q -f "$bochs_dir/config" ${args[*]@Q}
	EOF
	# A Bochs that was killed left the disk locked.
	rm -f "$bochs_dir/pid" "$bochs_dir/disk.lock"
	trap 'kill -9 "$(cat "$bochs_dir/pid")" 2>/dev/null || true' TERM EXIT
	SHELL=/bin/sh TERM=vt100 script -qec ". '$bochs_dir/start'" /dev/null \
		< /dev/null > "$bochs_dir/screen" 2>&1 &
	child=$!
	# Its status says nothing: every power-off is 1. What it died of is in its log, but for a signal.
	wait $child || status=$?
	[ $status -le 128 ] || echo "bochs: killed by signal $((status - 128))" >&5
	grep -a '>>PANIC<<' "$bochs_log" | grep -v 'soft power off' | sed 's/^/bochs: /' >&5 || true
	trap - TERM EXIT
	exec 5>&-
	wait $sink || true
}

bochs_start()
{
	local words=$2 kernel_args com1="mode=file, dev=/dev/fd/5"

	# A triple fault, which is also how the kernel restarts, ends Bochs.
	kernel_args="console=ttyS0 loglevel=5 log_buf_len=4M oops=panic panic=-1 reboot=t"
	kernel_args+=" softlockup_panic=1 watchdog_thresh=15"
	# The kernel would believe the frequency that the processor's model has on the box.
	kernel_args+=" tsc_early_khz=$((BOCHS_IPS / 1000))"
	# Half of the boot is spent in these.
	kernel_args+=" nokaslr mitigations=off cryptomgr.notests=1 initcall_blacklist="
	kernel_args+="load_system_certificate_list,trace_eval_init,cubictcp_register,init_kprobe_trace"
	# 2.7 says of the compacted format (XSAVEC, XSAVES) that it takes as much as the other one; the
	# kernel would do without XSAVE altogether.
	[[ $bochs_version != 2.* ]] || kernel_args+=" clearcpuid=321,323"
	# MONITOR makes other processors forget a translation by the physical address it was given: they
	# write on, unseen, and whom they wanted to wake sleeps until its next interrupt.
	kernel_args+=" idle=nomwait"
	kernel_args+=" $words"
	if [ -t 3 ]; then
		com1="mode=term, dev=$(readlink /proc/self/fd/3)"
	fi
	(flock 8 && bochs_kernel) 8> "$BUILD/host/image.lock" || die "no kernel for Bochs"
	"$TOP/selftests/host/bochs-disk" "$BUILD/host/bochs-boot.bin" "$KERNEL_IMAGE" \
		"$IMAGE/trimmed/host/guest/vmlinux" "$kernel_args" "$bochs_dir/disk" \
		"$IMAGE/host.cpio" "$IMAGE/trimmed/vmlinux.cpio" || die "no disk for Bochs"
	bochs_log=$bochs_dir/log.${boots:-1}
	bochs_config "$com1" > "$bochs_dir/config"
	bochs_run &
	# shellcheck disable=SC2034
	host_pid=$!
}
