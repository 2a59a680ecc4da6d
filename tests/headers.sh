#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Every public header compiles alone, and twice, as C11 and as C++11, without a warning, with and without
# sites. All of them are installed, and they define no macro outside their name space.
#
# Copyright (c) 2026 the libvow authors
set -u
. "$top_srcdir/tests/tap.sh"

warnings='-pedantic -Wall -Wextra -Wconversion -Wshadow -Wundef -Werror'
folders="-I$top_srcdir/include -I$top_builddir/include $LIBEV_CFLAGS"

# The names as a program writes them: include/vow/io.h is <vow/io.h>.
names()
{
    for header in $VOW_HEADERS; do
        echo "${header#include/}"
    done
}

compiles() # compiles TEXT FILE COMPILER...
{
    text=$1
    file=$2
    shift 2
    check "$text" "$@" $warnings $folders -fsyntax-only "$file"
}

works() # works COMPILER... : whether it compiles anything at all
{
    "$@" -fsyntax-only "$scratch/empty.c" >/dev/null 2>&1
}

echo '#include <stdint.h>' >"$scratch/empty.c"
cpp=no
if [ -n "$CXX" ] && works $CXX -x c++ -std=c++11; then
    cpp=yes
fi

for name in $(names); do
    file=$scratch/header.c
    printf '#include <%s>\n#include <%s>\ntypedef int some_declaration;\n' "$name" "$name" >"$file"
    compiles "<$name> alone, C11" "$file" $CC -std=c11 -Wstrict-prototypes
    compiles "<$name> alone, C11 without sites" "$file" $CC -std=c11 -Wstrict-prototypes -DVOW_NO_SITES
    if [ $cpp = yes ]; then
        compiles "<$name> alone, C++11" "$file" $CXX -x c++ -std=c++11
    else
        skip "<$name> alone, C++11" "no C++ compiler"
    fi
done

names | sort >"$scratch/listed"
(cd "$top_srcdir/include" && find . -name '*.h' -o -name '*.h.in') |
    sed -e 's,^\./,,' -e 's,\.in$,,' | sort -u >"$scratch/present"
check "include/local.mk lists the headers that there are" diff "$scratch/listed" "$scratch/present"

# A macro over the function that takes the site passes its arguments on as they are: with names for them, the
# commas of a compound literal would part them.
for name in $(names); do
    cat "$top_srcdir/include/$name" "$top_builddir/include/$name" 2>/dev/null
done >"$scratch/all"
sed -n -e '/^#define vow_.*\\$/N' -e 's/\\\n *//' -e '/^#define \(vow_[a-z0-9_]*\)([a-z].*\b\1_at(/p' "$scratch/all" \
    >"$scratch/named"
check_empty "every macro over a function is variadic: #define foo(...) foo_at(__VA_ARGS__, VOW_HERE)" "$scratch/named"

cat "$scratch/all" | grep -E '^[[:space:]]*#[[:space:]]*define' | grep -Ev 'define[[:space:]]+(VOW|vow)_' >"$scratch/macros"
check_empty "every macro begins with VOW_ or vow_" "$scratch/macros"

finish
