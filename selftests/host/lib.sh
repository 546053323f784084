# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Shared by the scripts of this directory: where things are, and how to speak.
#
# KERNEL=RELEASE (as in /lib/modules) chooses the kernel that hosts the module and runs as the
# guest; by default the newest one whose headers are installed.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=$TOP/build
CACHE=$BUILD/cache

say()
{
	printf '==> %s\n' "$*"
}

warn()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

die()
{
	warn "$@"
	exit 1
}

# The newest kernel release whose headers can build a module.
newest_kernel()
{
	local dir

	for dir in /lib/modules/*/build; do
		[ -e "$dir/Makefile" ] && basename "${dir%/build}"
	done | sort -V | tail -n 1
}

kernel_release()
{
	local release=${KERNEL:-$(newest_kernel)}

	[ -n "$release" ] || die "no kernel headers under /lib/modules; run selftests/host/packages"
	printf '%s\n' "$release"
}

# The directory that holds boot/ and lib/modules/ of release $1: the machine itself, or the
# unpacked package where the kernel is not installed.
kernel_root()
{
	local root

	for root in "" "$CACHE/linux-image-$1"; do
		if [ -r "$root/boot/vmlinuz-$1" ] && [ -d "$root/lib/modules/$1/kernel" ]; then
			printf '%s/\n' "$root"
			return 0
		fi
	done
	return 1
}

# What files of host $1 with $2 processors are called.
host_label()
{
	printf '%s%s\n' "$1" "$([ "$2" = 1 ] || echo "-$2cpu")"
}

# The programs that "settings" leaves out on host $1, with commas between them.
skipped_programs()
{
	sed -n 's/^\([^#.=]*\)\.skip=/\1 /p' "$TOP/selftests/settings" |
		awk -v host="$1" '{
			for (i = 2; i <= NF; i++)
				if ($i == host) {
					printf "%s%s", comma, $1
					comma = ","
				}
		}'
}

# Whether program $1 would be run at all: it is there, and TESTS does not leave it out.
program_matches()
{
	[ -e "$BUILD/selftests/$1" ] || return 1
	local pattern IFS=,

	set -f
	for pattern in ${TESTS:-*}; do
		# shellcheck disable=SC2053 # a pattern
		[[ $1 != $pattern ]] || { set +f; return 0; }
	done
	set +f
	return 1
}

# "PASSED FAILED SKIPPED" of TAP files. A test of a SKIP or TODO directive is skipped; a plan that
# was not kept and a bail-out are failures too: run writes a "not ok" line for each.
tap_count()
{
	awk '
	/^ok( |$)/     { if (toupper($0) ~ /# *(SKIP|TODO)/) skipped++; else passed++ }
	/^not ok( |$)/ { if (toupper($0) ~ /# *TODO/) skipped++; else failed++ }
	/^1\.\.0/      { skipped++ }
	END { printf "%d %d %d\n", passed, failed, skipped }' "$@"
}

# What the plan of TAP file $1 promised and did not keep, in words; nothing when all is well.
tap_broken()
{
	awk '
	/^(not )?ok( |$)/ { seen++ }
	/^1\.\.[0-9]+/ { plan = substr($1, 4) + 0; planned = 1 }
	/^Bail out!/ { print; told = 1; exit }
	END {
		if (told)
			exit
		if (!planned)
			print "no plan"
		else if (seen != plan)
			printf "planned %d tests, ran %d\n", plan, seen
	}' "$1"
}
