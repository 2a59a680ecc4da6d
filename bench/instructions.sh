#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Instructions that four core paths take, under callgrind, beside what bench/instructions.txt says of the same
# compiler. More than 2 % above that is a failure; another compiler, other flags, or no Valgrind is a skip.
#
#   make bench-instructions             in the build folder; prints TAP, and fails if a path does
#   sh bench/instructions.sh --record   there, after it: prints the lines for instructions.txt instead
#
# Counts do not depend on how fast or how busy the machine is. What libev and the C library run is counted too.
#
# Copyright (c) 2026 the libvow authors
set -u

top_srcdir=${top_srcdir:-$(cd "$(dirname "$0")/.." && pwd)}
top_builddir=${top_builddir:-.}
CC=${CC:-cc}
record=$top_srcdir/bench/instructions.txt
program=$top_builddir/bench/instructions
paths='cycle await gather deadline'
log=$(mktemp "${TMPDIR:-/tmp}/vow-instructions.XXXXXX") || exit 99
trap 'rm -f "$log"' EXIT
trap 'exit 99' HUP INT TERM

# A name for the compiler, its version and the processor: gcc-12.2.0-x86_64.
compiler()
{
    echo '__clang__ __clang_major__ __clang_minor__ __clang_patchlevel__ __GNUC__ __GNUC_MINOR__ __GNUC_PATCHLEVEL__' |
        $CC -E -P - 2>/dev/null | awk -v machine="$(uname -m)" '
            NF == 7 && $1 == "__clang__" { print "gcc-" $5 "." $6 "." $7 "-" machine }
            NF == 7 && $1 != "__clang__" { print "clang-" $2 "." $3 "." $4 "-" machine }'
}

# Why this build cannot be compared; nothing if it can.
obstacle()
{
    if ! command -v valgrind >/dev/null; then
        echo "Valgrind is not installed"
    elif [ ! -x "$program" ]; then
        echo "$program is not built: make bench/instructions"
    elif grep -q '^DEFS *=.*VOW_DEBUG\|^SANITIZER_FLAGS *= *-' "$top_builddir/Makefile"; then
        echo "this build has debug checks or sanitizers"
    elif ! grep -q '^CFLAGS *= *-g -O2 *$' "$top_builddir/Makefile"; then
        echo "this build has other CFLAGS than configure's own, -g -O2"
    fi
}

# count PATH: instructions for each time round.
count()
{
    rounds=$(LD_BIND_NOW=1 valgrind --tool=callgrind --collect-atstart=no "--toggle-collect=count_$1" \
        --callgrind-out-file=/dev/null "$program" "$1" 2>"$log") || return 1
    awk -v rounds="$rounds" '/Collected/ { printf "%.0f\n", $4 / rounds }' "$log"
}

recorded() # recorded COMPILER PATH
{
    awk -v compiler="$1" -v path="$2" '$1 == compiler && $2 == path { print $3 }' "$record"
}

compare() # compare PATH COUNT RECORDED
{
    if [ $((50 * $2)) -gt $((51 * $3)) ]; then
        echo "not ok $number - $1: $2 instructions, more than 2 % above the $3 recorded"
        status=1
    else
        echo "ok $number - $1: $2 instructions, $3 recorded"
    fi
}

name=$(compiler)
why=$(obstacle)
if [ "${1-}" = --record ]; then
    [ -z "$why" ] || { echo "instructions.sh: $why" >&2; exit 1; }
    for path in $paths; do
        echo "$name $path $(count "$path")"
    done
    exit 0
fi

number=0
status=0
for path in $paths; do
    number=$((number + 1))
    reference=$(recorded "$name" "$path")
    if [ -n "$why" ]; then
        echo "ok $number - $path # SKIP $why"
    elif [ -z "$reference" ]; then
        echo "ok $number - $path # SKIP nothing is recorded for $name"
    elif result=$(count "$path") && [ -n "$result" ]; then
        compare "$path" "$result" "$reference"
    else
        echo "not ok $number - $path: callgrind gave no count"
        status=1
        sed 's/^/# /' "$log"
    fi
done
echo "1..$number"
exit $status
