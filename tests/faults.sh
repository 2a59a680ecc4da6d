#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Each system call that the library makes can be made to fail by tests/fault-*.c, or is in tests/faults.txt with
# the reason why not, as NAME: REASON. What is no system call is known by its name.
#
# Copyright (c) 2026 the libvow authors
set -u
. "$top_srcdir/tests/tap.sh"
LC_ALL=C && export LC_ALL # for comm, which wants what sort sorted

no_calls='^(_[A-Z_].*|ev_.*|mem.*|str.*|pthread_.*|sig(add|empty|fill|is)[a-z]*|[a-z]*printf|fputs|stderr|environ|abort'
no_calls="$no_calls|malloc|free|posix_memalign|ceil|fmod|freeaddrinfo|gai_strerror)\$"

# What the shared library takes from others.
imported()
{
    $NM -D "$1" | $AWK '$(NF - 1) == "U" || $(NF - 1) == "w" { sub(/@.*/, "", $NF); print $NF }' |
        grep -Ev "$no_calls"
    echo pthread_create
}

# The functions of files that stand in for the C library's.
stood_in()
{
    sed -nE 's/^(STANDS_IN )?(ssize_t|int|pid_t|long|char) \*?([a-z0-9_]+)\(.*[,)]$/\3/p' "$top_srcdir"/tests/fault-*.c
}

library=$top_builddir/.libs/libvow.so
text="each system call can fail in the tests, or tests/faults.txt says why not"
if [ ! -f "$library" ]; then
    skip "$text" "no ELF shared library was built"
    finish
fi
imported "$library" | sed 's/64$//' | sort -u >"$scratch/imported"
sed 's/: .*//' "$top_srcdir/tests/faults.txt" | sort -u >"$scratch/left-out"
stood_in | sort -u >"$scratch/stood-in"
sort -u "$scratch/left-out" "$scratch/stood-in" >"$scratch/known"
comm -23 "$scratch/imported" "$scratch/known" >"$scratch/new"
check_empty "$text" "$scratch/new"
comm -12 "$scratch/left-out" "$scratch/stood-in" >"$scratch/both"
check_empty "none is in both" "$scratch/both"
finish
