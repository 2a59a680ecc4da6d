#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The table in tests/conformance/test262.md: each test of test262 that tests/conformance/test262.txt lists belongs
# to one of its rows, the numbers in it are right, and each test in C that it names is there.
#
# Copyright (c) 2026 the libvow authors
set -u
. "$top_srcdir/tests/tap.sh"
table=$top_srcdir/tests/conformance/test262.md
list=$top_srcdir/tests/conformance/test262.txt
sed -n 's/.*test_add("\([^"]*\)".*/\1/p' "$top_srcdir"/tests/test-*.c >"$scratch/tests"
set -f # the patterns of the table are not for files

# NUMBER PATTERN... of each row, in order.
rows()
{
    sed -n 's/^| \(`.*`\) | \([0-9]*\) | .*/\2 \1/p' "$table" | tr -d '`'
}

# The number of the first row that has a name; nothing if none does. Patterns are the words of $scratch/rows.
row_of() # row_of NAME
{
    row=0
    while read -r _ patterns; do
        row=$((row + 1))
        for pattern in $patterns; do
            # A pattern, not a string.
            # shellcheck disable=SC2254
            case $1 in $pattern) echo "$row" && return ;; esac
        done
    done <"$scratch/rows"
}

in_table()
{
    while read -r name; do
        row=$(row_of "$name")
        echo "${row:-none} $name"
    done <"$list"
}

# Rows whose number is not how many belong to them.
wrong_numbers()
{
    row=0
    while read -r number patterns; do
        row=$((row + 1))
        found=$(grep -c "^$row " "$scratch/where")
        [ "$number" = "$found" ] || echo "$number, and $found belong there: $patterns"
    done <"$scratch/rows"
}

# Paths in the last column that no test program adds.
missing_tests()
{
    sed -n 's/^| `.*` | [0-9]* | \(.*\) |$/\1/p' "$table" | grep -Eo '`/[a-z0-9/-]+`' | tr -d '`' | sort -u |
        while read -r path; do
            grep -qxF "$path" "$scratch/tests" || echo "$path"
        done
}

rows >"$scratch/rows"
in_table >"$scratch/where"
grep '^none ' "$scratch/where" >"$scratch/lost"
check_empty "each of $(wc -l <"$list") tests belongs to one of $(wc -l <"$scratch/rows") rows" "$scratch/lost"
wrong_numbers >"$scratch/wrong"
check_empty "the numbers in the table are right" "$scratch/wrong"
missing_tests >"$scratch/missing"
check_empty "each test in C that the table names is there" "$scratch/missing"
finish
