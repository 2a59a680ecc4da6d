#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Every message of vow__misuse() and its kin in lib/ is in tests/misuse.txt, as FUNCTION | MESSAGE | TEST, with a
# test that commits that misuse and compares what is said. FUNCTION is the word `function` where several share a
# check; of a check for NULL the message is NULL and what is NULL.
#
# Copyright (c) 2026 the libvow authors
set -u
. "$top_srcdir/tests/tap.sh"
LC_ALL=C && export LC_ALL # for comm, which wants what sort sorted

# FUNCTION | MESSAGE of each call in the library. None of the messages has a semicolon.
calls()
{
    cat "$top_srcdir"/lib/*/*.[ch] | tr '\n' ' ' | grep -Eo 'vow__(misuse(_at|_null|_loops|_handle)?|check_handle)\([^;]*;' | sed 's/  */ /g; s/( /(/g' |
        grep -Ev '^vow__(misuse|check)[a-z_]*\(const ' | sed \
            -e 's/^vow__misuse[_at]*(\([^,]*\), .*, "\([^"]*\)".*/\1 | \2/' \
            -e 's/^vow__misuse_null(\([^,]*\), \([^,]*\), .*/\1 | NULL \2/' \
            -e 's/^vow__[a-z]*_handle([^,]*, \([^,]*\), .*/function | NULL \1/' \
            -e 's/^vow__misuse_loops(\([^,]*\), .*/\1 | another loop/' | tr -d '"' |
        grep -Ev '^function \| (the %s is NULL|a promise of one loop)' | sort -u # in those two themselves
}

missing_tests()
{
    sed 's/.* | //' "$top_srcdir/tests/misuse.txt" | while read -r path; do
        cat "$top_srcdir"/tests/test-*.c | grep -qF "test_add(\"$path\"" || echo "$path"
    done
}

# What is NULL where a public function takes a pointer is in the tables of tests/test-nulls*.c; these take none,
# or stand where a macro is all there is.
no_pointers='vow_bool vow_double vow_fd vow_int vow_nil vow_offload_is_cancelled vow_offload_set_limits
    vow_offload_shutdown vow_ptr vow_socket_port vow_socket_set_peer_timeout vow_value_drop vow_version'

functions()
{
    cat "$top_srcdir"/lib/*.map | sed -n 's/^ *\(vow_[a-z0-9_]*\);.*/\1/p' | grep -Ev '^vow__|^vow_(type|domain)_'
    sed -n 's/^static inline .*[ *]\(vow_[a-z0-9_]*\)(.*/\1/p' "$top_srcdir"/include/vow/*.h | grep -v '^vow__'
}

played()
{
    printf '%s\n' $no_pointers
    cat "$top_srcdir"/tests/test-nulls*.c | sed -n 's/^ *\(MISUSE_HERE\|MISUSE_OF\|NOTHING\)(\(vow_[a-z0-9_]*\),.*/\2/p'
}

calls >"$scratch/calls"
sed 's/ | [^|]*$//' "$top_srcdir/tests/misuse.txt" | sort -u >"$scratch/known"
comm -23 "$scratch/calls" "$scratch/known" >"$scratch/new"
check_empty "each of $(wc -l <"$scratch/calls") kinds of misuse is in tests/misuse.txt" "$scratch/new"
comm -13 "$scratch/calls" "$scratch/known" >"$scratch/gone"
check_empty "tests/misuse.txt names no other" "$scratch/gone"
missing_tests >"$scratch/missing"
check_empty "their tests are there" "$scratch/missing"
functions | sed 's/_at$//' | sort -u >"$scratch/functions"
played | sort -u >"$scratch/played"
comm -23 "$scratch/functions" "$scratch/played" >"$scratch/unplayed"
check_empty "each of $(wc -l <"$scratch/functions") functions was given NULL in tests/test-nulls*.c" "$scratch/unplayed"
finish
