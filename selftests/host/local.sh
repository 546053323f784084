# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Host "local": this machine itself, as root, where it has SVM. See svm.sh for what is defined here.

# shellcheck disable=SC2034 # used by run
host_stall=120

host_prepare()
{
	[ "$(id -u)" = 0 ] || die "HOST=local loads a module into this machine: run as root"
	grep -qw svm /proc/cpuinfo || die "this machine has no SVM; leave HOST=local out"
	[ "$RELEASE" = "$(uname -r)" ] ||
		die "this machine runs $(uname -r), the module is for $RELEASE"
	[ ! -d /sys/module/tlfs ] || die "tlfs is loaded already; unload it first"
	say "host local: this machine, kernel $RELEASE"
}

host_start()
{
	local mode=$1 words=$2 word after='' only=''

	for word in $words; do
		case $word in
		host.after=*) after=${word#*=} ;;
		host.only=*) only=${word#*=} ;;
		esac
	done
	export HOST_ARGS
	if [ -n "${SHOW:-}" ]; then
		"$BUILD/host/init" "$IMAGE/root/host" "$CONTROL" "$mode" "$after" "$only" <&3 9>&- \
			> >(tee -a "$CONSOLE") 2>&1 &
	else
		"$BUILD/host/init" "$IMAGE/root/host" "$CONTROL" "$mode" "$after" "$only" <&3 9>&- \
			>> "$CONSOLE" 2>&1 &
	fi
	host_pid=$!
}
