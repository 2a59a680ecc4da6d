#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Builds the model test as a libFuzzer target and runs it for a while, from the programs in fuzz/corpus/ on.
# What it finds stays in ./fuzz-found/, to go on from; a program that fails is in ./fuzz-failed-*. Run by
# `make fuzz`, in the build folder.
#
#     fuzz/run.sh [SECONDS]    60 if not given
#     fuzz/run.sh --record     packs the found programs that reach something of their own into fuzz/corpus/
#
# Needs clang and its runtime (Debian: clang, libclang-rt-14-dev); without them it says so and ends with 77.
#
# Copyright (c) 2026 the libvow authors
set -u
here=$(cd "$(dirname "$0")/../tools/deep" && pwd)
# shellcheck source=../tools/deep/common.sh
. "$here/common.sh"

packed=$top_srcdir/fuzz/corpus/model.hex
found=$PWD/fuzz-found
compiler="${CLANG:-clang} -std=c11 -g -O1 -DVOW_DEBUG -fno-omit-frame-pointer"

# One program a line, in hexadecimal digits.
unpack() # unpack FOLDER
{
    mkdir -p "$1" && FOLDER=$1 perl -ne '
        chomp;
        open my $file, ">:raw", sprintf("%s/corpus-%04d", $ENV{FOLDER}, $.) or die "$!\n";
        print $file pack "H*", $_' "$packed"
}

pack_up() # pack_up FOLDER
{
    for program in "$1"/*; do
        od -An -v -tx1 "$program" | tr -d ' \n' && echo
    done | awk '{ print length($0), $0 }' | sort -n -k1,1 -k2,2 | cut -d' ' -f2
}

# The library's sources and the driver's, but for the program of `make check`.
driver_sources()
{
    variable tests/local.mk tests_test_model_SOURCES | c_files | grep '^fuzz/' && echo fuzz/target.c
}

# shellcheck disable=SC2046,SC2086
build()
{
    flags="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all"
    compile "$scratch/library" "$compiler $flags -I$top_srcdir/lib $LIBEV_CFLAGS" $(library_sources) &&
        compile "$scratch/driver" "$compiler $flags $LIBEV_CFLAGS" $(driver_sources) &&
        $compiler -fsanitize=fuzzer,address,undefined "$scratch"/library/*.o "$scratch"/driver/*.o \
            $LIBEV_LIBS -lm -o "$scratch/target"
}

can_link()
{
    printf '%s\n' 'int LLVMFuzzerTestOneInput(const char *data, unsigned long size);' \
        'int LLVMFuzzerTestOneInput(const char *data, unsigned long size) { return !data && size; }' \
        >"$scratch/try.c"
    $compiler -fsanitize=fuzzer,address,undefined "$scratch/try.c" -o "$scratch/try" 2>"$scratch/try.log"
}

record()
{
    mkdir "$scratch/least" &&
        "$scratch/target" -merge=1 -use_counters=0 "$scratch/least" "$found" >"$scratch/merge.log" 2>&1 ||
        { cat "$scratch/merge.log"; exit 1; }
    pack_up "$scratch/least" >"$packed"
    echo "$(wc -l <"$packed") programs in fuzz/corpus/model.hex"
}

run_for() # run_for SECONDS
{
    "$scratch/target" -max_total_time="$1" -max_len=192 -print_final_stats=1 \
        -artifact_prefix="$PWD/fuzz-failed-" "$found" >"$scratch/fuzz.log" 2>&1
    status=$?
    grep -E '^stat::|Test unit written' "$scratch/fuzz.log"
    [ $status = 0 ] && return 0
    tail -n 60 "$scratch/fuzz.log"
    echo "replay it with: tests/test-model --file fuzz-failed-...; make it smaller with --shrink"
    return 1
}

has "${CLANG:-clang}" || skip_all "clang is not installed"
can_link || skip_all "clang's libFuzzer runtime is not installed (Debian: libclang-rt-14-dev)"
build || exit 1
unpack "$found" || exit 1
case ${1:-} in
--record) record ;;
*) run_for "${1:-60}" ;;
esac
