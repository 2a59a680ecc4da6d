#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The library's binary interface is the one recorded in abi/: a program that was linked with that one runs with
# this one. After a change that is meant, `make abi` records it anew (see HACKING).
#
# Copyright (c) 2026 the libvow authors
set -u
. "$top_srcdir/tests/tap.sh"

library=$top_builddir/.libs/libvow.so
recorded=$top_srcdir/abi/libvow-$(uname -m).abi
text="the binary interface is the recorded one"

if ! command -v abidiff >/dev/null 2>&1; then
    skip "$text" "no abidiff (Debian: abigail-tools)"
elif [ ! -f "$recorded" ]; then
    skip "$text" "none is recorded for $(uname -m)"
elif [ ! -f "$library" ]; then
    skip "$text" "no shared library was built"
elif [ -n "$SANITIZER_FLAGS" ]; then
    skip "$text" "a build with sanitizers is not for release"
else
    check "$text" abidiff --suppressions "$top_srcdir/abi/private.suppr" --headers-dir2 "$top_srcdir/include" \
        --drop-private-types "$recorded" "$library"

    # A library without one of the functions must be told from this one.
    sed "s/name='vow_then_at'/name='vow_then_that_was_renamed'/" "$recorded" >"$scratch/other.abi"
    if abidiff --suppressions "$top_srcdir/abi/private.suppr" --headers-dir2 "$top_srcdir/include" \
        --drop-private-types "$scratch/other.abi" "$library" \
        >"$scratch/difference" 2>&1; then
        not_ok "a difference would be seen" "$scratch/difference"
    else
        ok "a difference would be seen"
    fi
fi
finish
