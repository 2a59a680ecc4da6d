#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Builds the library and its test programs with each compiler at each level of optimisation, and runs them;
# then once more with ThreadSanitizer, which must be silent. All programs but test-depth. Prints TAP: one
# result for each build, one for each program in it.
#
# From the environment: what common.sh reads; COMPILERS, by default "gcc clang".
#
# Copyright (c) 2026 the libvow authors
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 99
# shellcheck source=common.sh
. "$here/common.sh"

: "${COMPILERS:=gcc clang}"
programs=$(test_programs)

# shellcheck disable=SC2086
run_build() # run_build NAME COMPILER_AND_FLAGS
{
    build=$1
    folder=$scratch/build
    mkdir -p "$folder" || exit 99
    if {
        compile_library "$folder/library" "$2 $LIBEV_CFLAGS" &&
            link_library "$folder/library" "$2" "$LIBEV_LIBS" &&
            build_programs "$folder" "$2 -std=c11 $glib_flags $LIBEV_CFLAGS" "$folder/library" \
                "$LIBEV_LIBS $glib_libs -lm" $programs
    } >"$scratch/build.log" 2>&1; then
        ok "$build: built"
        for program in $programs; do
            run_program "$build: $program" "$folder/$program"
        done
        builds=$((builds + 1))
    else
        not_ok "$build: built" "$scratch/build.log"
    fi
    rm -rf "$folder"
}

# Whether the compiler makes programs with these flags that run here.
can() # can COMPILER_AND_FLAGS
{
    echo 'int main(void) { return 0; }' >"$scratch/probe.c"
    # shellcheck disable=SC2086
    $1 "$scratch/probe.c" -o "$scratch/probe" >/dev/null 2>&1 && "$scratch/probe" >/dev/null 2>&1
}

run_or_skip() # run_or_skip COMPILER FLAGS
{
    if can "$1 $2"; then
        run_build "$1 $2" "$1 $2 -g"
    else
        skip "$1 $2" "no program can be made with these flags here"
        skipped=$((skipped + 1))
    fi
}

pkg-config --exists glib-2.0 2>/dev/null || skip_all "GLib is missing (Debian: libglib2.0-dev pkg-config)"
glib_flags=$(pkg-config --cflags glib-2.0)
glib_libs=$(pkg-config --libs glib-2.0)
builds=0
skipped=0
for compiler in $COMPILERS; do
    if ! has "$compiler"; then
        skip "$compiler" "it is not installed"
        skipped=$((skipped + 1))
        continue
    fi
    for flags in -O0 -O2 "-O3 -flto" "-O1 -fsanitize=thread"; do
        run_or_skip "$compiler" "$flags"
    done
done
echo "# compilers: $total tests passed in $builds builds"
echo "1..$tap_number"
[ $builds -gt 0 ] || [ $tap_number -gt "$skipped" ] || exit 77
