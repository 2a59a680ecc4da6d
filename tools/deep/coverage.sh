#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Which lines and branches of the library run in the tests: all test programs but test-depth, and random
# promise programs. Built without optimisation and with the checks of a debug build. Prints a table of all
# files as TAP comments. A line of lib/core that never ran must be explained in uncovered.md, or that fails.
#
# From the environment: what common.sh reads; CC, a gcc; GCOV, that belongs to it; PROGRAMS,
# how many random programs, by default 5000; COVERAGE_INFO, a file that lcov's data are left in.
#
# Copyright (c) 2026 the libvow authors
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 99
# shellcheck source=common.sh
. "$here/common.sh"

: "${CC:=gcc}" "${GCOV:=gcov}" "${PROGRAMS:=5000}" "${COVERAGE_INFO:=$scratch/coverage.info}"
command="$CC -std=c11 -O0 -g -DVOW_DEBUG $LIBEV_CFLAGS"

# ---- Counting ----------------------------------------------------------------------------------------------

build_library()
{
    compile_library "$scratch/library" "$command --coverage" &&
        $CC -fPIC -c "$here/coverage-dump.c" -o "$scratch/library/coverage-dump.o" &&
        link_library "$scratch/library" "$command --coverage" "$LIBEV_LIBS"
}

run_programs()
{
    for program in $(test_programs); do
        if build_programs "$scratch/programs" "$command $(pkg-config --cflags glib-2.0)" \
            "$scratch/library" "$LIBEV_LIBS $(pkg-config --libs glib-2.0) -lm --coverage" "$program" \
            >"$scratch/build.log" 2>&1; then
            run_program "coverage: $program" "$scratch/programs/$program"
        else
            not_ok "coverage: $program compiles" "$scratch/build.log"
        fi
    done
}

# The runner, of the library's objects.
check_order()
{
    text="coverage: the order of ECMAScript in $PROGRAMS programs"
    # shellcheck disable=SC2086
    if $command $include_flags "$top_srcdir"/tests/conformance/order/*.c "$scratch/library"/*.o \
        $LIBEV_LIBS -lm --coverage -o "$scratch/runner" >"$scratch/build.log" 2>&1; then
        run_order "$text" "$scratch/runner" "$PROGRAMS"
    else
        not_ok "$text" "$scratch/build.log"
    fi
}

collect()
{
    lcov --quiet --capture --gcov-tool "$GCOV" --rc lcov_branch_coverage=1 --directory "$scratch/library" \
        --base-directory "$top_srcdir" --output-file "$scratch/all.info" &&
        lcov --quiet --rc lcov_branch_coverage=1 --extract "$scratch/all.info" "$top_srcdir/lib/*" \
            --output-file "$COVERAGE_INFO"
}

# ---- Showing -----------------------------------------------------------------------------------------------

# One row a file, one for each folder, and one for all.
show_table()
{
    awk -F '[:,]' -v root="$top_srcdir/" '
        /^SF:/ { file = substr($0, 4 + length(root)); n = split(file, part, "/")
                 folder = n > 2 ? part[1] "/" part[2] "/" : ""; split(file " all " folder, keys, " ") }
        /^DA:/ { for (i in keys) { lines[keys[i]]++; ran[keys[i]] += $3 > 0 } }
        /^BRDA:/ { for (i in keys) { ways[keys[i]]++; taken[keys[i]] += $5 != "-" && $5 > 0 } }
        END { for (key in lines)
                  printf "# %-32s %4d of %4d lines, %5.1f %%   %4d of %4d branches, %5.1f %%\n", key,
                      ran[key], lines[key], 100 * ran[key] / lines[key], taken[key], ways[key],
                      ways[key] ? 100 * taken[key] / ways[key] : 100 }' "$COVERAGE_INFO" |
        LC_ALL=C sort
}

# FILE LINE of each line that never ran.
list_uncovered() # list_uncovered FOLDER
{
    awk -F '[:,]' -v root="$top_srcdir/" '
        /^SF:/ { file = substr($0, 4 + length(root)) }
        /^DA:/ && $3 == 0 { print file, $2 }' "$COVERAGE_INFO" | grep "^$1/" | LC_ALL=C sort -k 1,1 -k 2n
}

# A line is known by its file and its text, since numbers move: FILE TEXT for each line that never ran, and
# for each that uncovered.md lists below a heading with the file's name.
list_texts()
{
    while read -r file line; do
        printf '%s %s\n' "$file" "$(sed -n "${line}s/^[[:space:]]*//p" "$top_srcdir/$file")"
    done <"$scratch/uncovered" | LC_ALL=C sort >"$scratch/never"
    sed -n -e '/^## /{s/^## //;h;}' -e '/^- `/{s/^- `\(.*\)`$/\1/;G;s/\(.*\)\n\(.*\)/\2 \1/p;}' \
        "$here/uncovered.md" | LC_ALL=C sort >"$scratch/said"
}

check_uncovered()
{
    list_uncovered lib/core >"$scratch/uncovered"
    list_texts
    LC_ALL=C comm -23 "$scratch/never" "$scratch/said" >"$scratch/unsaid"
    check_empty "coverage: each line of lib/core ran, or uncovered.md says why not" "$scratch/unsaid"
    LC_ALL=C comm -13 "$scratch/never" "$scratch/said" | sed 's/^/# uncovered.md lists a line that ran this time: /'
}

has lcov && has "$GCOV" || skip_all "lcov or $GCOV is missing (Debian: lcov, gcc)"
pkg-config --exists glib-2.0 2>/dev/null || skip_all "GLib is missing (Debian: libglib2.0-dev pkg-config)"
check "coverage: the library is built" build_library
run_programs
check_order
check "coverage: the counts are collected" collect
check "coverage: lib/core was measured" grep -q "^SF:$top_srcdir/lib/core/" "$COVERAGE_INFO"
show_table
check_uncovered
echo "# coverage: $total tests; $(grep -c . "$scratch/uncovered") lines of lib/core never ran"
finish
