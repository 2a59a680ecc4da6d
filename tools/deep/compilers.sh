#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Builds the library and its test programs with each compiler at each level of optimisation, and runs them;
# then once more with ThreadSanitizer, which must be silent. All programs but test-depth. Then those that have most
# in common with the library, through its macros and structs: optimised together with it, each with flags of its
# own (tests/mixes.txt), and as one translation unit. Prints TAP: one result for each build, one for each program
# in it.
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
together=
for program in test-task test-task-finally test-task-frame test-nothing-outlives test-value test-stream-read; do
    case " $(echo $programs) " in *" $program "*) together="$together $program" ;; esac
done

# The programs that are built into a folder, one result for each.
run_programs() # run_programs NAME FOLDER PROGRAM...
{
    run_name=$1
    run_folder=$2
    shift 2
    ok "$run_name: built"
    for program in "$@"; do
        run_program "$run_name: $program" "$run_folder/$program"
    done
    builds=$((builds + 1))
}

# shellcheck disable=SC2086
run_build() # run_build NAME LIBRARY_COMMAND PROGRAM_COMMAND PROGRAM...
{
    build=$1
    folder=$scratch/build
    library_command=$2
    program_command=$3
    shift 3
    mkdir -p "$folder" || exit 99
    if {
        compile_library "$folder/library" "$library_command $LIBEV_CFLAGS" &&
            link_library "$folder/library" "$library_command" "$LIBEV_LIBS" &&
            build_programs "$folder" "$program_command -std=c11 $glib_flags $LIBEV_CFLAGS" "$folder/library" \
                "$LIBEV_LIBS $glib_libs -lm" "$@"
    } >"$scratch/build.log" 2>&1; then
        run_programs "$build" "$folder" "$@"
    else
        not_ok "$build: built" "$scratch/build.log"
    fi
    rm -rf "$folder"
}

# Library, support and a program in one file.
# shellcheck disable=SC2046,SC2086
build_unit() # build_unit FOLDER COMMAND PROGRAM
{
    perl "$here/one-unit.pl" "$top_srcdir" $(library_sources) $(support_sources) $(program_sources "$3") \
        >"$1/$3.c" &&
        $2 $include_flags -I"$top_srcdir/lib" -I"$top_srcdir/tests" "$1/$3.c" -o "$1/$3" \
            $LIBEV_LIBS $glib_libs -lm -lpthread
}

run_unit() # run_unit NAME COMMAND PROGRAM...
{
    unit=$1
    unit_command=$2
    folder=$scratch/build
    shift 2
    mkdir -p "$folder" || exit 99
    for program in "$@"; do
        if ! build_unit "$folder" "$unit_command -std=gnu11 $glib_flags $LIBEV_CFLAGS" "$program"; then
            echo "$program"
        fi
    done >"$scratch/build.log" 2>&1
    if [ -s "$scratch/build.log" ]; then
        not_ok "$unit: built" "$scratch/build.log"
    else
        run_programs "$unit" "$folder" "$@"
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
        # shellcheck disable=SC2086
        run_build "$1 $2" "$1 $2 -g" "$1 $2 -g" $programs
    else
        skip "$1 $2" "no program can be made with these flags here"
        skipped=$((skipped + 1))
    fi
}

# shellcheck disable=SC2086
run_together() # run_together COMPILER
{
    if ! can "$1 -O2 -flto"; then
        skip "$1 -flto" "no program can be made with these flags here"
        skipped=$((skipped + 1))
        return
    fi
    grep '^-' "$top_srcdir/tests/mixes.txt" >"$scratch/mixes"
    while read -r mix; do
        run_build "$1 -flto, library and program of $mix" "$1 ${mix% | *} -flto -g" "$1 ${mix#* | } -flto -g" $together
    done <"$scratch/mixes"
    for flags in -O2 -O3; do
        run_unit "$1 $flags, one unit" "$1 $flags -g" $together
    done
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
    run_together "$compiler"
done
echo "# compilers: $total tests passed in $builds builds"
echo "1..$tap_number"
[ $builds -gt 0 ] || [ $tap_number -gt "$skipped" ] || exit 77
