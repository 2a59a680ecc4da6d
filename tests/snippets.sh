#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What the documentation shows as code works: each snippet of a public header is compiled and run by
# tests/snippets.c, and tests/snippets.txt says what each one of README.md and vow(7) is: a program and what
# it prints, commands for a shell, or nothing to run, and why. None is left out, and nothing is listed that is
# not there any more.
#
# Copyright (c) 2026 the libvow authors
set -u
. "$top_srcdir/tests/tap.sh"

flags='-std=c11 -pedantic -Wall -Wextra -Werror'
folders="-I$top_srcdir/include -I$top_builddir/include $LIBEV_CFLAGS"
list=$top_srcdir/tests/snippets.txt
snippets=$scratch/snippets

if ! command -v perl >/dev/null 2>&1; then
    skip "the snippets of the documentation" "no perl"
    finish
fi

# ---- All of them are accounted for -------------------------------------------------------------------------

sources=$(echo "$VOW_HEADERS" | sed 's,version[.]h,version.h.in,')
mkdir "$snippets"
take_out()
{
    (cd "$top_srcdir" && perl tools/snippets.pl --out "$snippets" $sources README.md docs/vow.7) \
        >"$scratch/taken"
}
check "every snippet can be taken out" take_out
sort "$scratch/taken" >"$scratch/present"
sed -n 's,^#include "snippets/\(.*\)"$,\1,p' "$top_srcdir/tests/snippets.c" >"$scratch/included"
{
    cat "$scratch/included"
    sed -e 's/ .*//' "$list"
    sed -n 's/.* runs //p' "$list"
} | sort >"$scratch/known"

comm -23 "$scratch/present" "$scratch/known" >"$scratch/wrong"
check_empty "every snippet is in tests/snippets.c, or in tests/snippets.txt" "$scratch/wrong"
comm -13 "$scratch/present" "$scratch/known" >"$scratch/wrong"
check_empty "they list no snippet that is not there any more, and none twice" "$scratch/wrong"
grep -vE '^[^ ]+ (runs [^ ]+|shell|excused: .+)$' "$list" >"$scratch/wrong"
check_empty "every line of tests/snippets.txt says what it is" "$scratch/wrong"

# ---- C -----------------------------------------------------------------------------------------------------

builds() # builds NAME SOURCE : against this library
{
    $LIBTOOL --silent --tag=CC --mode=link $CC $flags $SANITIZER_FLAGS "-I$scratch" $folders -no-install \
        -o "$scratch/$1.program" "$2" "$top_builddir/libvow-testing.la" "$top_builddir/libvow.la" $LIBEV_LIBS
}

# A snippet that never ends is ended by SIGALRM.
runs() # runs NAME
{
    perl -e 'alarm 60; exec @ARGV; die "$ARGV[0]: $!\n"' "$scratch/$1.program"
}

prints() # prints NAME FILE : what is in the file, as far as its #line, and ends with 0
{
    runs "$1" >"$scratch/printed" 2>&1 || { cat "$scratch/printed"; return 1; }
    sed 1d "$2" | diff - "$scratch/printed"
}

check "the snippets of the headers compile" builds headers "$top_srcdir/tests/snippets.c"
check "the snippets of the headers run" runs headers

sed -n 's/ runs / /p' "$list" >"$scratch/programs"
while read -r name output; do
    cp "$snippets/$name" "$scratch/$name.c"
    check "the program $name compiles" builds "$name" "$scratch/$name.c"
    check "the program $name prints $output" prints "$name" "$snippets/$output"
done <"$scratch/programs"

# ---- Commands ----------------------------------------------------------------------------------------------

# The makefile has them all; make would want to bring it up to date first.
is_target() # is_target NAME
{
    grep -q "^$1:" "$top_builddir/Makefile"
}

commands=$(sed -n 's/.*usage: [.]\/run \(.*\)" >&2/\1/p' "$top_srcdir/run" | tr -d '|')

known() # known WORD... : a command, as the documentation has it
{
    case $1 in
    ./run) case " $commands " in *" $2 "*) ;; *) return 1 ;; esac ;;
    ./configure) [ -e "$top_srcdir/configure.ac" ] ;;
    ./*) [ -x "$top_srcdir/$1" ] ;;
    make) is_target "${2:-all}" ;;
    *) return 1 ;;
    esac
}

for name in $(sed -n 's/ shell$//p' "$list"); do
    sed -e 1d -e 's/#.*//' "$snippets/$name" | while read -r line; do
        known $line || echo "$name: $line"
    done
done >"$scratch/wrong"
check_empty "every command of the documentation is there" "$scratch/wrong"

for command in $commands; do
    grep -q "^[.]/run $command " "$snippets"/README.md* || echo "./run $command"
done >"$scratch/wrong"
check "./run says what it can do" test -n "$commands"
check_empty "the README has every command of ./run" "$scratch/wrong"

{
    grep -ohE '[`]make [a-z][a-z-]*' "$top_srcdir/README.md" "$top_srcdir"/*/README.md | tr -d '`'
    grep -oE '^    make [a-z][a-z-]*|[`(]make [a-z][a-z-]*' "$top_srcdir/HACKING" | sed 's/.*make/make/'
} | sort -u | while read -r line; do
    known $line || echo "$line"
done >"$scratch/wrong"
check_empty "every target that the README and HACKING name is there" "$scratch/wrong"

# With $(...) in the one, and backquotes in the other.
compile_line() # compile_line FILE
{
    sed -n 's/^cc .*/&/p' "$1" | sed -e 's/\$(\(.*\))/`\1`/'
}
compile_line "$snippets/README.md-5" >"$scratch/readme-line"
compile_line "$snippets/vow.7" | diff "$scratch/readme-line" - >"$scratch/wrong" 2>&1
[ -s "$scratch/readme-line" ] || echo "README.md-5 has no line that begins with cc" >>"$scratch/wrong"
check_empty "vow(7) and the README compile a program alike" "$scratch/wrong"

finish
