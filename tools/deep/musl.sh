#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The library against musl: every file compiles without a warning, with musl's headers alone, and what it
# calls is in musl, by linking a program against a libev that does nothing. A compile and link check only:
# nothing runs, since Debian has no libev for musl. Prints TAP.
#
# From the environment: top_srcdir; MUSL_CC, by default musl-gcc (Debian: musl-tools); LIBEV_HEADER, by
# default /usr/include/ev.h. That header alone is copied, so that nothing of glibc's can be seen beside it.
#
# Copyright (c) 2026 the libvow authors
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 99
# shellcheck source=common.sh
. "$here/common.sh"

: "${MUSL_CC:=musl-gcc}" "${LIBEV_HEADER:=/usr/include/ev.h}"
warnings="-Wconversion -Wsign-conversion -Werror"

has "$MUSL_CC" || skip_all "there is no $MUSL_CC (Debian: musl-tools)"
[ -f "$LIBEV_HEADER" ] || skip_all "there is no $LIBEV_HEADER (Debian: libev-dev)"
mkdir -p "$scratch/ev" && cp "$LIBEV_HEADER" "$scratch/ev/ev.h" || exit 99

# Each name of libev that the library leaves open, as a function of no meaning.
write_stubs()
{
    nm -u "$scratch"/library/*.o "$scratch/smoke.o" |
        awk '$1 == "U" && $2 ~ /^ev_/ { names[$2] }
            END { for (name in names) printf "void %s(void);\nvoid %s(void) {}\n", name, name }' \
            >"$scratch/stubs.c"
    [ -s "$scratch/stubs.c" ]
}

archive()
{
    ar rcs "$scratch/libvow.a" "$scratch"/library/*.o
}

link_program()
{
    # shellcheck disable=SC2086
    $MUSL_CC -std=c11 $include_flags -isystem "$scratch/ev" -c "$here/smoke.c" -o "$scratch/smoke.o" &&
        write_stubs &&
        $MUSL_CC -fno-builtin -c "$scratch/stubs.c" -o "$scratch/stubs.o" &&
        $MUSL_CC -static "$scratch/smoke.o" "$scratch/libvow.a" "$scratch/stubs.o" -o "$scratch/smoke"
}

for flags in "-O2" "-O2 -DVOW_DEBUG"; do
    rm -rf "$scratch/library"
    check "musl: every file compiles with $flags, no warnings" \
        compile_library "$scratch/library" "$MUSL_CC $flags -isystem $scratch/ev $warnings"
done
check "musl: an archive is made of them" archive
check "musl: a program links with it and musl alone (it is not run: there is no libev for musl)" link_program
finish
