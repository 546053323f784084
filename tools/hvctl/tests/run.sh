#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Run the unit tests and check tlfsctl's answers to bad input: one TAP stream.
# usage: run.sh TLFSCTL TEST...

ctl=$1
shift
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
n=0
failed=0

result() { # STATUS NAME
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		failed=$((failed + 1))
	fi
}

# a program's TAP lines, numbered on from here
for t in "$@"; do
	"$t" > "$dir/tap"
	rc=$?
	while read -r line; do
		name=$(basename "$t"): 
		case $line in
		ok*) result 0 "$name ${line#*- }" ;;
		not*) result 1 "$name ${line#*- }" ;;
		esac
	done < "$dir/tap"
	if [ $rc -gt 1 ] || ! grep -q '^1\.\.' "$dir/tap"; then
		result 1 "$(basename "$t"): ran to its end (status $rc)"
	fi
done

# status 2 and exactly one line on stderr, nothing on stdout
bad() { # NAME ARGS...
	name=$1
	shift
	"$ctl" "$@" > "$dir/out" 2> "$dir/err" < /dev/null
	rc=$?
	[ $rc -eq 2 ] && [ "$(wc -l < "$dir/err")" -eq 1 ] && [ ! -s "$dir/out" ]
	result $? "bad input: $name"
}

# an image good enough to get past the loader: multiboot with addresses
perl -e 'print pack("V8", 0x1badb002, 1 << 16, -(0x1badb002 + (1 << 16)) & 0xffffffff,
	0x100000, 0x100000, 0, 0, 0x100020) . "\xf4" x 64' > "$dir/good"
echo "not a kernel" > "$dir/text"
: > "$dir/empty"

bad "no command"
bad "unknown command" frobnicate
bad "no kernel" run
bad "missing kernel" run --kernel /nonexistent
bad "directory as kernel" run --kernel /
bad "not a kernel" run --kernel "$dir/text"
bad "empty kernel" run --kernel "$dir/empty"
bad "missing initrd" run --kernel "$dir/good" --initrd /nonexistent
bad "missing module" run --kernel "$dir/good" --module /nonexistent,args
bad "0 CPUs" run --kernel "$dir/good" --cpus 0
bad "257 CPUs" run --kernel "$dir/good" --cpus 257
bad "CPUs not a number" run --kernel "$dir/good" --cpus two
bad "negative CPUs" run --kernel "$dir/good" --cpus -1
bad "memory not a size" run --kernel "$dir/good" --memory lots
bad "no memory" run --kernel "$dir/good" --memory 0
bad "too little memory" run --kernel "$dir/good" --memory 64K
bad "odd memory" run --kernel "$dir/good" --memory 4194305
bad "memory that does not fit" run --kernel "$dir/good" --memory 60T
bad "memory beyond any address" run --kernel "$dir/good" --memory 16777215T
bad "memory overflow" run --kernel "$dir/good" --memory 99999999999999999999
bad "unknown feature" run --kernel "$dir/good" --features all,warp
bad "empty feature" run --kernel "$dir/good" --features hv1,,synic
bad "bad debug-exit port" run --kernel "$dir/good" --debug-exit=70000
bad "unknown option" run --kernel "$dir/good" --frob
bad "unknown short option" run -z
bad "argument to a flag" run --no-reboot=1
bad "stray argument" run --kernel "$dir/good" now
bad "option without its argument" run --kernel
bad "unknown option of features" features --xml
bad "unknown option of check" check -x
bad "help for nothing" help frobnicate

"$ctl" --version > "$dir/out" 2> "$dir/err"
result $? "--version"
"$ctl" help > "$dir/out" 2> "$dir/err"
result $? "help"
for c in run list show monitor hypercalls features stats check; do
	"$ctl" $c --help > "$dir/out" 2> "$dir/err" && grep -q '^usage: ' "$dir/out"
	result $? "$c --help"
done
"$ctl" check --json > "$dir/out"
[ $? -le 1 ] && perl -MJSON::PP -0777 -ne 'exit !@{decode_json($_)->{checks}}' "$dir/out"
result $? "check --json is JSON"

# iasl reads the tables back without a complaint
if command -v iasl > /dev/null; then
	for t in "$@"; do
		case $t in
		*test_loader) "$t" "$dir" ;;
		esac
	done
	for t in facp apic dsdt; do
		iasl -d "$dir/$t.dat" > "$dir/log" 2>&1 && [ -s "$dir/$t.dsl" ] &&
			! grep -qiE 'error|warning|invalid|incorrect' "$dir/log" "$dir/$t.dsl"
		result $? "iasl disassembles $t"
	done
fi

echo "1..$n"
echo "$((n - failed)) passed, $failed failed"
[ $failed -eq 0 ]
