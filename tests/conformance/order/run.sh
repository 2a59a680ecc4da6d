#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Builds the runner and compares libvow with Node's promises; the arguments are those of compare.js, by
# default `--programs 100000 --seed 1`. Ends with 0 if nothing differs, 77 where there is no Node.
#
# From the environment, each with a default for a build in build/ of the source tree:
#   top_srcdir, top_builddir      the source tree, and where it was built
#   LIBVOW_CFLAGS, LIBVOW_LIBS    how to compile and link with libvow, instead of what was built there
#   LIBEV_CFLAGS, LIBEV_LIBS      where libev is
#   CC, CFLAGS, LDFLAGS, SANITIZER_FLAGS
#   NODE                          the JavaScript engine
#   RUNNER                        a runner that is built already
#
# Copyright (c) 2026 the libvow authors

here=$(cd "$(dirname "$0")" && pwd) || exit 1
top_srcdir=${top_srcdir:-$here/../../..}
top_builddir=${top_builddir:-$top_srcdir/build}
NODE=${NODE:-node}

die()
{
    echo "ecmascript order: $*" >&2
    exit 1
}

skip()
{
    echo "ecmascript order: not run: $*" >&2
    exit 77
}

build()
{
    folder=$(mktemp -d) || die "no temporary folder"
    trap 'rm -rf "$folder"' EXIT
    trap 'exit 130' INT TERM
    RUNNER=$folder/runner
    if [ -z "${LIBVOW_LIBS:-}" ]; then
        LIBVOW_LIBS=$top_builddir/.libs/libvow.a
        [ -f "$LIBVOW_LIBS" ] || die "there is no $LIBVOW_LIBS: build the library, or set LIBVOW_LIBS"
    fi
    # The lists of flags are to be split.
    # shellcheck disable=SC2086
    ${CC:-cc} -std=c11 ${CFLAGS:--O2} ${SANITIZER_FLAGS:-} \
        ${LIBVOW_CFLAGS:--I"$top_srcdir/include" -I"$top_builddir/include"} ${LIBEV_CFLAGS:-} \
        "$here"/*.c ${LDFLAGS:-} $LIBVOW_LIBS ${LIBEV_LIBS:--lev} -lm -o "$RUNNER" ||
        die "the runner cannot be built"
}

command -v "$NODE" >/dev/null 2>&1 || skip "there is no $NODE (Debian: nodejs)"
"$NODE" -e 'process.exit(typeof Promise.any === "function" ? 0 : 1)' ||
    skip "$NODE $("$NODE" --version) has no Promise.any; 15 or later is needed"
[ -n "${RUNNER:-}" ] || build
# The runner makes a loop for each program: glibc is to keep the memory of the last one.
MALLOC_MMAP_THRESHOLD_=1048576 MALLOC_TRIM_THRESHOLD_=67108864
export MALLOC_MMAP_THRESHOLD_ MALLOC_TRIM_THRESHOLD_
"$NODE" "$here/compare.js" --runner "$RUNNER" "$@"
