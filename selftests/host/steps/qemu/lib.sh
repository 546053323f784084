# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-only
# What the steps with QEMU share. tlfs.ko is loaded with mshv=1, and the current directory is empty.

n=0
bad=0
# a QEMU that has died does not take the step along
trap '' PIPE
# of disks that are not to change
export TMPDIR="$PWD"

qemu_program()
{
	program=$1
	shift
	/qemu/lib/ld-linux-x86-64.so.2 --library-path /qemu/lib "/qemu/bin/$program" "$@"
}

# QEMU becomes the process that runs this: start it in a subshell, and $! is its process.
exec_qemu()
{
	exec /qemu/lib/ld-linux-x86-64.so.2 --library-path /qemu/lib /qemu/bin/qemu-system-x86_64 \
		-L /qemu/share -nodefaults -no-user-config -display none -no-reboot "$@"
}

# start_qemu LOG ARGUMENTS...: in the background; $qemu is its process, fd 4 what it reads from stdin
start_qemu()
{
	log=$1
	shift
	rm -f input "$log"
	mkfifo input
	(exec_qemu "$@") < input >> "$log" 2>&1 &
	qemu=$!
	exec 4> input
}

alive()
{
	kill -0 "$1" 2>/dev/null
}

# until_log LOG PATTERN SECONDS: it appears, while process $qemu lives
until_log()
{
	i=0
	while ! grep -qs -- "$2" "$1"; do
		i=$((i + 1))
		[ $i -le $(($3 * 5)) ] || return 1
		alive "$qemu" || { grep -qs -- "$2" "$1"; return; }
		usleep 200000
	done
}

# until_count LOG PATTERN TIMES SECONDS: that many lines have it
until_count()
{
	i=0
	while [ "$(grep -cs -- "$2" "$1")" -lt "$3" ]; do
		i=$((i + 1))
		[ $i -le $(($4 * 5)) ] && alive "$qemu" || return 1
		usleep 200000
	done
}

# ends SECONDS: $qemu ends by itself with status 0
ends()
{
	i=0
	while alive "$qemu"; do
		i=$((i + 1))
		[ $i -le $(($1 * 5)) ] || { kill -9 "$qemu"; wait "$qemu"; return 1; }
		usleep 200000
	done
	wait "$qemu"
}

# verdict STATUS WHAT [LOG]: one line of TAP; of a failure the end of LOG before it
verdict()
{
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		[ -z "${3:-}" ] || tail -n 60 "$3" | sed 's/^/# /'
		echo "not ok $n - $2"
		bad=1
	fi
}

# nothing_left WHAT: of no partition anything is left, and the module has no user
nothing_left()
{
	left=
	for count in partitions vps pages; do
		i=0
		while [ "$(cat /sys/class/misc/tlfs/$count)" != 0 ] && [ $i -lt 100 ]; do
			i=$((i + 1))
			usleep 100000
		done
		[ $i -lt 100 ] || left="$left $(cat /sys/class/misc/tlfs/$count) $count"
	done
	[ "$(cat /sys/module/tlfs/refcnt)" = 0 ] || left="$left $(cat /sys/module/tlfs/refcnt) references"
	[ -z "$left" ] || echo "# left:$left"
	[ -z "$left" ]
	verdict $? "$1"
}

# of all VPs there are
vp_counters()
{
	"$TLFSCTL" list | awk '$1 ~ /^[0-9]+$/ { print $1 }' | while read -r id; do
		"$TLFSCTL" stats "$id" | grep '^vp'
	done
}

# counter NAME: the sum of it in a list of vp_counters on stdin
counter()
{
	awk -v name="$1" '$1 ~ /^vp/ && index($0, name) { n += $NF } END { printf "%d\n", n }'
}

# boots WHAT CPUS ARGUMENTS...: a stock guest comes up with all processors, works, and powers off
boots()
{
	what=$1
	cpus=$2
	shift 2
	start_qemu log -accel mshv -smp "$cpus" -m 512 -kernel "$TLFS_KERNEL" -initrd "$TLFS_INITRD" \
		-serial stdio -append "console=ttyS0 guest.run=demo" "$@"
	ends 280 && grep -q "guest: userspace after .* on $cpus processors" log &&
		grep -q "guest: power off" log && ! grep -q "guest: warnings" log
	verdict $? "$what, $cpus VPs: $(grep -o 'userspace after [^ ]* s' log)" log
}

finish()
{
	echo "1..$n"
	exit $bad
}
