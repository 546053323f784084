# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Shared by the scripts of this directory: where things are, and how to speak.
#
# KERNEL=NAME chooses the kernel that hosts the module and runs as the guest: a release as in
# /lib/modules, or its beginning (6.1, 6.12, 7).  By default it is the newest whose headers are
# installed.  "debug" is the one that debug-kernel builds; the guest is the default one then.

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

# The kernel releases whose headers are here: installed, or fetched by fetch-kernel.
known_kernels()
{
	local dir

	for dir in /lib/modules/*/build; do
		[ ! -e "$dir/Makefile" ] || basename "${dir%/build}"
	done
	[ "${1:-}" != all ] || for dir in "$CACHE"/linux-image-*/.headers; do
		dir=${dir%/.headers}
		[ ! -e "$dir/.headers" ] || printf '%s\n' "${dir##*/linux-image-}"
	done
}

# The newest kernel release whose headers are installed.
newest_kernel()
{
	known_kernels | sort -V | tail -n 1
}

# The newest of the releases on stdin that $1 names: itself, or what it is the beginning of.
match_kernel()
{
	awk -v name="$1" '
	name == "debug" {
		if (/[+]debug$/)
			print
		next
	}
	$0 == name { exact = name }
	index($0, name) == 1 && substr($0, length(name) + 1) ~ /^[.+-]/ &&
		!/-(rt|cloud)-|[+]debug$/ { print }
	END { if (exact) print exact "~" }' | sort -V | tail -n 1 | sed 's/~$//'
}

# The release that $KERNEL means, among those that are here; what it says itself if none is.
kernel_release()
{
	local release

	if [ -n "${KERNEL:-}" ]; then
		release=$(known_kernels all | match_kernel "$KERNEL")
		release=${release:-$KERNEL}
	else
		release=$(newest_kernel)
	fi
	[ -n "$release" ] || die "no kernel headers under /lib/modules; run selftests/host/packages"
	printf '%s\n' "$release"
}

# Where modules for release $1 are built against; nothing if its headers are not here.
kernel_dir()
{
	local dir=$CACHE/linux-image-$1

	if [ -e "/lib/modules/$1/build/Makefile" ]; then
		printf '%s\n' "/lib/modules/$1/build"
	elif [ "$(cat "$dir/.headers" 2>/dev/null)" = "$dir" ]; then
		printf '%s\n' "$dir/usr/src/linux-headers-$1"
	fi
}

# The module for release $1: for a kernel that is not installed it has a folder of its own.
module_file()
{
	if [ -e "/lib/modules/$1/build/Makefile" ]; then
		printf '%s\n' "$TOP/tlfs.ko"
	else
		printf '%s\n' "$BUILD/module/$1/tlfs.ko"
	fi
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

# Modules of the stock kernel $2, whose tree is $1, and what they depend on: uncompressed below $3.
copy_modules()
{
	local from=$1 release=$2 root=$3 module file to

	shift 3
	for module in "$@"; do
		modprobe -d "$from" -S "$release" --show-depends "$module" 2>/dev/null || true
	done | awk '$1 == "insmod" { print $2 }' | sort -u | while read -r file; do
		to=$root/lib/modules/$release/kernel/${file#*/kernel/}
		mkdir -p "$(dirname "$to")"
		case $file in
		*.xz)  xz -dc "$file" > "${to%.xz}" ;;
		*.zst) zstd -dcq "$file" > "${to%.zst}" ;;
		*)     cp "$file" "$to" ;;
		esac
	done
}

# What Linux has for guests of Hyper-V.
hyperv_drivers="pci-hyperv-intf hv_vmbus hv_utils hv_balloon hv_storvsc hv_netvsc hv_sock hyperv-keyboard
		hid-hyperv hyperv_drm hyperv_fb pci-hyperv uio_hv_generic"

# An archive $3 of these, of kernel $2 in tree $1, for the initramfs of a guest; their names are in
# its file /drivers.
driver_archive()
{
	local tree=${3%.cpio} name

	rm -rf "$tree"
	mkdir -p "$tree/lib/modules/$2"
	cp "${1%/}/lib/modules/$2"/modules.{order,builtin,builtin.modinfo} "$tree/lib/modules/$2/"
	# shellcheck disable=SC2086 # a list
	copy_modules "$1" "$2" "$tree" $hyperv_drivers
	depmod -b "$tree" "$2"
	for name in $hyperv_drivers; do
		[ -z "$(find "$tree" -name "$name.ko")" ] || echo "$name"
	done > "$tree/drivers"
	pack "$tree" "$3"
	rm -rf "$tree"
}

# The same files make the same archive: the benchmark counts every instruction.
pack()
{
	(cd "$1" && find . -mindepth 1 -exec touch -h -d @0 {} + &&
		find . -mindepth 1 | LC_ALL=C sort |
		cpio -o -H newc -R 0:0 --reproducible --quiet) > "$2.tmp"
	mv "$2.tmp" "$2"
}

# What files of host $1 with $2 processors are called.
host_label()
{
	printf '%s%s%s\n' "$1" "$([ "$2" = 1 ] || echo "-$2cpu")" "${KERNEL:+-$KERNEL}"
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

# The only programs that "settings" has host $1 run, as a list of patterns; empty for all.
host_programs()
{
	sed -n "s/^$1\.programs=//p" "$TOP/selftests/settings" | tr -s ' ' ','
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

# apt for the suites $1 (with commas), and for nobody else.
apt_configure()
{
	local dir=$CACHE/apt/${1%%,*} mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian} suite

	mkdir -p "$dir"/{lists,archives}/partial
	for suite in ${1//,/ }; do
		echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main"
	done > "$dir/sources.list"
	: > "$dir/status"
	cat > "$dir/apt.conf" <<-EOF
	Dir::Etc::sourcelist "$dir/sources.list";
	Dir::Etc::sourceparts "-";
	Dir::State::lists "$dir/lists";
	Dir::State::status "$dir/status";
	Dir::Cache::archives "$dir/archives";
	Dir::Cache::pkgcache "";
	Dir::Cache::srcpkgcache "";
	Acquire::Languages "none";
	APT::Architecture "amd64";
	APT::Architectures { "amd64"; };
	APT::Sandbox::User "root";
	EOF
	export APT_CONFIG=$dir/apt.conf
}
