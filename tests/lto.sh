#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The library and a program that are optimised together, each with flags of its own, or as one translation unit: what
# the macros and the library share must not be taken for different objects. tools/deep/compilers.sh has more of it.
#
# Copyright (c) 2026 the libvow authors
set -u
. "$top_srcdir/tests/tap.sh"

folders="-I$top_srcdir/lib -I$top_srcdir/include -I$top_builddir/include -I$top_builddir $LIBEV_CFLAGS"
program=$top_srcdir/tests/compile-mixed.c

sources()
{
    sed -n 's/^[[:space:]]*\(lib\/[^[:space:]]*\.c\).*/\1/p' "$top_srcdir/lib/local.mk"
}

can()
{
    echo 'int main(void) { return 0; }' >"$scratch/probe.c"
    $CC -O2 -flto "$scratch/probe.c" -o "$scratch/probe" >/dev/null 2>&1 && "$scratch/probe"
}

compile_library()
{
    for file in $(sources); do
        $CC -std=gnu11 -O2 -flto -DHAVE_CONFIG_H $folders -c "$top_srcdir/$file" \
            -o "$scratch/$(echo "${file%.c}" | tr / -).o" || return 1
    done
}

mixed() # mixed FLAGS
{
    check "a library of -O2 -flto, a program of $1, link" $CC $1 -flto $folders "$program" "$scratch"/lib-*.o \
        -o "$scratch/mixed" $LIBEV_LIBS -lpthread -lm
    check "a library of -O2 -flto, a program of $1, run" "$scratch/mixed"
}

one_unit()
{
    # shellcheck disable=SC2046
    perl "$top_srcdir/tools/deep/one-unit.pl" "$top_srcdir" $(sources) tests/compile-mixed.c >"$scratch/unit.c" &&
        $CC -std=gnu11 -O2 -DHAVE_CONFIG_H $folders "$scratch/unit.c" -o "$scratch/unit" $LIBEV_LIBS -lpthread -lm
}

if [ -n "${SANITIZER_FLAGS:-}" ]; then
    skip "optimised together" "a sanitizer's build is not what this is about"
elif ! can; then
    skip "optimised together" "$CC cannot do that here"
else
    check "the library compiles with -flto" compile_library
    sed -n 's/^-O2 | //p' "$top_srcdir/tests/mixes.txt" >"$scratch/mixes"
    while read -r flags; do
        mixed "$flags"
    done <"$scratch/mixes"
fi
if [ -z "${SANITIZER_FLAGS:-}" ]; then
    check "the library and a program as one unit" one_unit
    check "that runs" "$scratch/unit"
fi
finish
