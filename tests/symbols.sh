#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The library exports what the public headers declare with VOW_API, which is what lib/vow.map names, each with
# a page in the manual. The static library keeps to its name space, and the shared one needs libev and the C
# library alone.
#
# Copyright (c) 2026 the libvow authors
set -u
. "$top_srcdir/tests/tap.sh"

# Without comments and preprocessor lines, declarations end in a semicolon; a function's name is the first
# vow_ name before a parenthesis, a variable's the last word.
declared()
{
    for header in $VOW_HEADERS; do
        cat "$top_srcdir/$header" 2>/dev/null || cat "$top_builddir/$header"
    done | $AWK '
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
                if ((start = index(statement[i], "VOW_API")) > 0)
                    print name(substr(statement[i], start + 7))
        }
        function name(s) {
            if (match(s, /vow_[a-z0-9_]+[ \t]*\(/))
                s = substr(s, RSTART, RLENGTH - 1)
            gsub(/[ \t]+$/, "", s)
            sub(/.*[ \t*]/, "", s)
            return s
        }' | sort
}

in_map()
{
    sed -n '/global:/,/local:/p' "$top_srcdir/lib/vow.map" |
        sed -n 's/^[[:space:]]*\(vow_[a-z0-9_]*\);.*/\1/p' | sort
}

# Names of global symbols, without versions; the version itself is an absolute symbol.
defined() # defined OPTION LIBRARY
{
    $NM "$1" -g --defined-only "$2" 2>/dev/null |
        $AWK 'NF >= 3 && $2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort
}

declared >"$scratch/declared"
in_map >"$scratch/map"
if [ -s "$scratch/declared" ]; then
    ok "the headers declare something"
else
    not_ok "the headers declare something"
fi
sort -u "$scratch/declared" | diff "$scratch/declared" - >"$scratch/twice"
check_empty "nothing is declared twice" "$scratch/twice"
check "lib/vow.map names what the headers declare" diff "$scratch/declared" "$scratch/map"
grep -Ev '^vow_[a-z0-9_]+$' "$scratch/declared" >"$scratch/odd"
check_empty "every declared name begins with vow_" "$scratch/odd"

shared=$top_builddir/.libs/libvow.so
text="the shared library exports what the headers declare"
if [ -e "$shared" ]; then
    defined -D "$shared" >"$scratch/exported"
    check "$text" diff "$scratch/declared" "$scratch/exported"
else
    skip "$text" "no ELF shared library was built"
fi

text="the shared library needs libev and the C library alone"
if [ -e "$shared" ] && command -v readelf >/dev/null 2>&1; then
    readelf -d "$shared" | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p' |
        grep -Ev '^(libev|libc|libm|libpthread|librt|ld-linux.*|libasan|libubsan|libgcc_s)(\.|$)' \
            >"$scratch/needed"
    check_empty "$text" "$scratch/needed"
else
    skip "$text" "no ELF shared library, or no readelf"
fi

static=$top_builddir/.libs/libvow.a
text="global names of the static library begin with vow_"
if [ -e "$static" ]; then
    $NM -g --defined-only "$static" 2>/dev/null | $AWK 'NF >= 3 { print $3 }' |
        grep -Ev '^_?vow_|^__odr_asan|^_GLOBAL__' >"$scratch/foreign"
    check_empty "$text" "$scratch/foreign"
else
    skip "$text" "no static library was built"
fi

# A page, or a link to one. vow__ names are not for programs.
text="every exported name has a page in the manual"
pages=
for folder in "$top_builddir/docs/man" "$top_srcdir/docs/man"; do
    [ -z "$pages" ] && [ -n "$(ls "$folder" 2>/dev/null)" ] && pages=$folder
done
if [ -n "$pages" ]; then
    grep -v '^vow__' "$scratch/declared" | while read -r name; do
        [ -e "$pages/$name.3" ] || echo "$name has none"
    done >"$scratch/undocumented"
    check_empty "$text" "$scratch/undocumented"
else
    skip "$text" "the manual was not made"
fi

finish
