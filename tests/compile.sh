#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The await macros as a user compiles them: ISO C11 with all warnings as errors, gcc and clang, -O0 to -O3,
# and the program does what it should. Two awaits on one line and an await inside a switch do not compile. Then
# calls with arguments of every shape, in C and in C++.
#
# Copyright (c) 2026 the libvow authors
set -u
. "$top_srcdir/tests/tap.sh"

warnings='-pedantic -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Werror'
folders="-I$top_srcdir/include -I$top_builddir/include $LIBEV_CFLAGS"
source=$top_srcdir/tests/compile-task.c
object=$scratch/task.o

links() # links TEXT COMPILER FLAGS : the object, with the library of this build, and runs it
{
    check "$1, links" $LIBTOOL --quiet --tag=CC --mode=link $2 $3 $SANITIZER_FLAGS -no-install \
        -o "$scratch/program" "$object" "$top_builddir/libvow.la" $LIBEV_LIBS
    check "$1, runs" "$scratch/program"
}

compiles() # compiles COMPILER FLAGS
{
    text="$1 $2"
    check "$text" $1 $2 $warnings -Wstrict-prototypes $folders $SANITIZER_FLAGS -c -o "$object" "$source"
    links "$text" "$1" "$2"
}

calls_with() # calls_with COMPILER STANDARD
{
    check "$1 $2, calls" $1 $2 $warnings $folders $SANITIZER_FLAGS -c -o "$object" \
        "$top_srcdir/tests/compile-calls.c"
    links "$1 $2, calls" "$1" ""
}

# It must fail for the reason it should, which both compilers call a duplicate case.
refuses() # refuses TEXT COMPILER DEFINE
{
    if $2 -std=c11 $folders -D"$3" -c -o "$object" "$source" >"$scratch/refused" 2>&1; then
        not_ok "$2: $1 does not compile"
    elif grep -q 'duplicate case' "$scratch/refused"; then
        ok "$2: $1 does not compile"
    else
        not_ok "$2: $1 does not compile, for another reason" "$scratch/refused"
    fi
}

all_with() # all_with COMPILER
{
    for level in 0 1 2 3 s; do
        compiles "$1" "-std=c11 -O$level -fstrict-aliasing"
    done
    compiles "$1" "-std=c11 -O2 -DVOW_NO_SITES"
    compiles "$1" "-std=gnu11 -O2"
    compiles "$1" "-std=c17 -O2"
    calls_with "$1" "-std=c11"
    refuses "two awaits on one line" "$1" TWO_AWAITS
    refuses "an await inside a switch" "$1" NESTED_SWITCH
}

works() # works COMPILER : with the flags of this build
{
    echo 'int main(void) { return 0; }' >"$scratch/works.c"
    $1 $SANITIZER_FLAGS -c -o "$object" "$scratch/works.c" >/dev/null 2>&1 &&
        $LIBTOOL --quiet --tag=CC --mode=link ${1%% -x *} $SANITIZER_FLAGS -no-install -o "$scratch/works" "$object" \
            "$top_builddir/libvow.la" >/dev/null 2>&1 && "$scratch/works"
}

is_clang()
{
    $1 --version 2>/dev/null | grep -q clang
}

all_with "$CC"
gcc=$(command -v gcc 2>/dev/null)
if is_clang "$CC"; then
    other=$gcc
    name=gcc
else
    other=$CLANG
    name=clang
fi
if [ -z "$other" ]; then
    skip "the same with $name" "$name is not installed"
elif ! works "$other"; then
    skip "the same with $name" "$name cannot link with the library of this build"
else
    all_with "$other"
fi
for standard in c++11 c++17 c++20; do
    if [ -z "$CXX" ] || ! works "$CXX -x c++ -std=$standard"; then
        skip "calls in $standard" "no C++ compiler for it"
    else
        calls_with "$CXX" "-x c++ -std=$standard"
    fi
done
finish
