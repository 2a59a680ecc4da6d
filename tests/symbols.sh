#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Each library exports what its public headers declare with VOW_API, which is what its map names, each with a page
# in the manual; libvow exports besides that what private headers declare with VOW__SHARED, for the other libraries.
# The static libraries keep to their name space, and the shared libvow needs libev and the C library alone.
#
# Copyright (c) 2026 the libvow authors
set -u
. "$top_srcdir/tests/tap.sh"

# What files declare with a word. Without comments and preprocessor lines, declarations end in a semicolon; a
# function's name is the first vow_ name before a parenthesis, a variable's the last word.
declared() # declared WORD FILE...
{
    word=$1
    shift
    for file; do
        cat "$top_srcdir/$file" 2>/dev/null || cat "$top_builddir/$file"
    done | $AWK -v word="$word " '
        { text = text $0 "\n" }
        END {
            while ((start = index(text, "/*")) > 0) {
                end = index(substr(text, start + 2), "*/")
                text = substr(text, 1, start - 1) " " substr(text, start + 2 + end + 1)
            }
            gsub(/\\\n/, " ", text)
            lines = split(text, line, "\n")
            text = ""
            for (i = 1; i <= lines; i++)
                if (line[i] !~ /^[ \t]*#/)
                    text = text " " line[i]
            statements = split(text, statement, ";")
            for (i = 1; i <= statements; i++)
                if ((start = index(statement[i], word)) > 0)
                    print name(substr(statement[i], start + length(word)))
        }
        function name(s) {
            if (match(s, /vow_[a-z0-9_]+[ \t]*\(/))
                s = substr(s, RSTART, RLENGTH - 1)
            gsub(/[ \t]+$/, "", s)
            sub(/.*[ \t*]/, "", s)
            return s
        }' | sort
}

in_map() # in_map MAP NODE
{
    sed -n "/^$2 {/,/^}/p" "$top_srcdir/lib/$1" | sed -n 's/^[[:space:]]*\(vow_[a-z0-9_]*\);.*/\1/p' | sort
}

# Names of global symbols, without versions; the version itself is an absolute symbol.
defined() # defined OPTION LIBRARY
{
    $NM "$1" -g --defined-only "$2" 2>/dev/null |
        $AWK 'NF >= 3 && $2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort
}

exports() # exports LIBRARY DECLARED
{
    text="lib$1 exports what its headers declare"
    if [ -e "$top_builddir/.libs/lib$1.so" ]; then
        defined -D "$top_builddir/.libs/lib$1.so" >"$scratch/exported"
        check "$text" diff "$2" "$scratch/exported"
    else
        skip "$text" "no ELF shared library was built"
    fi
}

headers=$(echo "$VOW_HEADERS" | tr ' ' '\n' | grep -v '/testing\.h$')
# shellcheck disable=SC2086
declared VOW_API $headers >"$scratch/declared"
declared VOW_API include/vow/testing.h >"$scratch/testing"
(cd "$top_srcdir" && ls lib/*/*-private.h | grep -v 'base/compiler-private') >"$scratch/headers"
# shellcheck disable=SC2046
declared VOW__SHARED $(cat "$scratch/headers") >"$scratch/shared"
for list in declared testing shared; do
    if [ -s "$scratch/$list" ]; then
        ok "the headers declare something: $list"
    else
        not_ok "the headers declare something: $list"
    fi
    sort -u "$scratch/$list" | diff "$scratch/$list" - >"$scratch/twice"
    check_empty "nothing is declared twice: $list" "$scratch/twice"
done
in_map vow.map VOW_0.1 >"$scratch/map"
check "lib/vow.map names what the headers declare" diff "$scratch/declared" "$scratch/map"
in_map vow.map VOW_PRIVATE_0.1 >"$scratch/map"
check "lib/vow.map names what the other libraries share" diff "$scratch/shared" "$scratch/map"
in_map vow-testing.map VOW_TESTING_0.1 >"$scratch/map"
check "lib/vow-testing.map names what <vow/testing.h> declares" diff "$scratch/testing" "$scratch/map"
cat "$scratch/declared" "$scratch/testing" | grep -Ev '^vow_[a-z0-9_]+$' >"$scratch/odd"
check_empty "every declared name begins with vow_" "$scratch/odd"

sort "$scratch/declared" "$scratch/shared" >"$scratch/all"
exports vow "$scratch/all"
exports vow-testing "$scratch/testing"

shared=$top_builddir/.libs/libvow.so
text="the shared library needs libev and the C library alone"
if [ -e "$shared" ] && command -v readelf >/dev/null 2>&1; then
    readelf -d "$shared" | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p' |
        grep -Ev '^(libev|libc|libm|libpthread|librt|ld-linux.*|libasan|libubsan|libgcc_s)(\.|$)' \
            >"$scratch/needed"
    check_empty "$text" "$scratch/needed"
else
    skip "$text" "no ELF shared library, or no readelf"
fi

for library in vow vow-testing; do
    static=$top_builddir/.libs/lib$library.a
    text="global names of the static lib$library begin with vow_"
    if [ -e "$static" ]; then
        $NM -g --defined-only "$static" 2>/dev/null | $AWK 'NF >= 3 { print $3 }' |
            grep -Ev '^_?vow_|^__odr_asan|^_GLOBAL__' >"$scratch/foreign"
        check_empty "$text" "$scratch/foreign"
    else
        skip "$text" "no static library was built"
    fi
done

# A page, or a link to one. vow__ names are not for programs.
text="every exported name has a page in the manual"
pages=
for folder in "$top_builddir/docs/man" "$top_srcdir/docs/man"; do
    [ -z "$pages" ] && [ -n "$(ls "$folder" 2>/dev/null)" ] && pages=$folder
done
if [ -n "$pages" ]; then
    cat "$scratch/declared" "$scratch/testing" | grep -v '^vow__' | while read -r name; do
        [ -e "$pages/$name.3" ] || echo "$name has none"
    done >"$scratch/undocumented"
    check_empty "$text" "$scratch/undocumented"
else
    skip "$text" "the manual was not made"
fi

finish
