#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Builds the add-on against a built libvow, installs promises-aplus-tests, and runs all of it. Prints TAP,
# then the line `promises-aplus-tests: N passing, N failing`. Exits with 77 when this machine cannot run it.
#
#   tests/conformance/aplus/run.sh [BUILD TREE]
#
# The build tree is that of ./run check, unless it is given, or top_builddir is set. Other variables:
#
#   APLUS_CFLAGS, APLUS_LIBS    where libvow is, instead of a build tree, such as pkg-config prints for vow
#   APLUS_BUILD                 the folder to build and install into; by default, one in the build tree
#   SANITIZER_FLAGS             what the library was built with, in a build with sanitizers
#   NODE, NPM, CC               the programs
#   NODE_INCLUDE                where node_api.h is
#
# Copyright (c) 2026 the libvow authors
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 99
: "${top_srcdir:=$(cd "$here/../../.." && pwd)}"
: "${NODE:=node}" "${NPM:=npm}" "${CC:=cc}" "${SANITIZER_FLAGS:=}" "${LIBEV_CFLAGS:=}" "${LIBEV_LIBS:=-lev}"

skip()
{
    echo "1..0 # SKIP $*"
    exit 77
}

die() # die TEXT [FILE that says why]
{
    [ $# -lt 2 ] || sed 's/^/# /' "$2"
    echo "Bail out! $1"
    exit 1
}

# ---- What must be there ------------------------------------------------------------------------------------

find_library()
{
    top_builddir=${1:-${top_builddir:-$top_srcdir/build}}
    : "${APLUS_BUILD:=$top_builddir/tests/conformance/aplus-build}"
    [ -z "${APLUS_LIBS:-}" ] || return 0
    top_builddir=$(cd "$top_builddir" 2>/dev/null && pwd) || die "there is no build tree; run ./run check"
    [ -e "$top_builddir/.libs/libvow.so" ] || die "there is no shared libvow in $top_builddir; run make there"
    APLUS_CFLAGS="-I$top_srcdir/include -I$top_builddir/include"
    APLUS_LIBS="-L$top_builddir/.libs -Wl,-rpath,$top_builddir/.libs -lvow"
}

find_node()
{
    command -v "$NODE" >/dev/null 2>&1 || skip "Node is missing (Debian: nodejs)"
    command -v "$NPM" >/dev/null 2>&1 || skip "npm is missing (Debian: npm)"
    [ "$("$NODE" -p 'process.versions.napi >= 8')" = true ] || skip "Node is too old: it has no Node-API 8"
    npm_version=$("$NPM" --version 2>/dev/null)
    [ "${npm_version%%.*}" -ge 9 ] 2>/dev/null || skip "npm is too old: ${npm_version:-unknown}, before 9"
}

# Beside Node, as its own releases have them, or where Debian's libnode-dev puts them.
find_headers()
{
    prefix=$("$NODE" -p 'require("path").resolve(process.execPath, "../..")')
    for folder in "${NODE_INCLUDE:-}" "$prefix/include/node" /usr/include/node /usr/include/nodejs/src; do
        [ -n "$folder" ] && [ -f "$folder/node_api.h" ] && NODE_INCLUDE=$folder && return 0
    done
    skip "Node's headers are missing: node_api.h (Debian: libnode-dev; or set NODE_INCLUDE)"
}

# ---- What is made of it ------------------------------------------------------------------------------------

build()
{
    # shellcheck disable=SC2086
    $CC -std=c11 -O2 -g -Wall -Wextra -fPIC -fvisibility=hidden -shared $SANITIZER_FLAGS \
        $APLUS_CFLAGS $LIBEV_CFLAGS -I"$NODE_INCLUDE" -o "$APLUS_BUILD/aplus.node" \
        "$here/aplus.c" "$here/carry.c" "$here/follow.c" "$here/promise.c" \
        $APLUS_LIBS $LIBEV_LIBS >"$APLUS_BUILD/cc.log" 2>&1 ||
        die "the add-on could not be built" "$APLUS_BUILD/cc.log"
}

# npm checks what it gets against the lock file. That the registry is out of reach is no fault of ours.
install()
{
    cmp -s "$here/package-lock.json" "$APLUS_BUILD/installed" && return 0
    rm -f "$APLUS_BUILD/installed"
    cp -f "$here/package.json" "$here/package-lock.json" "$APLUS_BUILD" || exit 99
    if ! (cd "$APLUS_BUILD" && "$NPM" ci --ignore-scripts --no-audit --no-fund) \
        >"$APLUS_BUILD/npm.log" 2>&1; then
        unreachable='ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH'
        untrusted='SELF_SIGNED_CERT|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|CERT_HAS_EXPIRED'
        ! grep -Eq "$unreachable|$untrusted|ERR_SOCKET_TIMEOUT|ENOTCACHED|code E5" "$APLUS_BUILD/npm.log" ||
            skip "promises-aplus-tests is not installed, and npm cannot reach the registry"
        die "npm could not install promises-aplus-tests" "$APLUS_BUILD/npm.log"
    fi
    cp -f "$here/package-lock.json" "$APLUS_BUILD/installed"
}

# AddressSanitizer must come first in a program, and Node has none. It also looks for leaks at exit; set
# ASAN_OPTIONS=detect_leaks=0 for a Node that has some of its own.
preload_sanitizer()
{
    runtime=$(ldd "$APLUS_BUILD/aplus.node" 2>/dev/null |
        sed -n 's/^[[:space:]]*lib[a-z_.]*asan[^ ]* => \(\/[^ ]*\).*/\1/p' | head -n 1)
    [ -n "$runtime" ] || return 0
    echo "# with $(basename "$runtime")"
    LD_PRELOAD=$runtime${LD_PRELOAD:+ $LD_PRELOAD}
    export LD_PRELOAD
}

find_library "$@"
find_node
find_headers
mkdir -p "$APLUS_BUILD" || exit 99
APLUS_BUILD=$(cd "$APLUS_BUILD" && pwd) || exit 99
export APLUS_BUILD
build
install
preload_sanitizer
exec "$NODE" "$here/suite.js"
