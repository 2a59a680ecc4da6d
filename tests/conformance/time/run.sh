#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Builds the player and compares libvow's virtual clock with Python's asyncio; the arguments are those of compare.py,
# by default `--programs 5000 --seed 1`. Ends with 0 if nothing differs, 77 where there is no Python.
#
# From the environment, each with a default for a build in build/ of the source tree:
#   top_srcdir, top_builddir      the source tree, and where it was built
#   LIBVOW_CFLAGS, LIBVOW_LIBS    how to compile and link with libvow and libvow-testing, instead of what was built
#   LIBEV_CFLAGS, LIBEV_LIBS      where libev is
#   CC, CFLAGS, LDFLAGS, SANITIZER_FLAGS
#   PYTHON                        Python 3.8 or later
#
# Copyright (c) 2026 the libvow authors

here=$(cd "$(dirname "$0")" && pwd) || exit 1
top_srcdir=${top_srcdir:-$here/../../..}
top_builddir=${top_builddir:-$top_srcdir/build}
PYTHON=${PYTHON:-python3}

die()
{
    echo "time of asyncio: $*" >&2
    exit 1
}

skip()
{
    echo "time of asyncio: not run: $*" >&2
    exit 77
}

"$PYTHON" -c 'import asyncio, sys; sys.exit(sys.version_info < (3, 8))' >/dev/null 2>&1 ||
    skip "there is no $PYTHON, or not version 3.8 of it (Debian: python3)"
folder=$(mktemp -d) || die "no temporary folder"
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
if [ -z "${LIBVOW_LIBS:-}" ]; then
    LIBVOW_LIBS="$top_builddir/.libs/libvow-testing.a $top_builddir/.libs/libvow.a"
    for library in $LIBVOW_LIBS; do
        [ -f "$library" ] || die "there is no $library: build the library, or set LIBVOW_LIBS"
    done
fi
# The lists of flags are to be split.
# shellcheck disable=SC2086
${CC:-cc} -std=c11 ${CFLAGS:--O2} ${SANITIZER_FLAGS:-} \
    ${LIBVOW_CFLAGS:--I"$top_srcdir/include" -I"$top_builddir/include"} ${LIBEV_CFLAGS:-} \
    "$here"/player.c ${LDFLAGS:-} $LIBVOW_LIBS ${LIBEV_LIBS:--lev} -lm -o "$folder/player" ||
    die "the player cannot be built"
"$PYTHON" "$here/compare.py" --player "$folder/player" "$@"
