#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The examples without memory: each program runs once for every allocation that libvow makes in it, with that
# one failing, and once with all from that one on. None may crash or hang: it comes to its end, well or with a
# message.
#
# Many promises are cut from one allocation, so there are few of them to fail; with --enable-debug, each promise
# is one.
#
# Copyright (c) 2026 the libvow authors
if [ -z "${BASH_VERSION:-}" ]; then # it needs arrays
    command -v bash >/dev/null && exec bash "$0" "$@"
    echo "1..0 # SKIP bash is not installed"
    exit 0
fi
. "$top_srcdir/tests/examples-tap.sh"

most=400       # runs of one program in one manner: more are a fault of the count
at_once=8      # they wait for timers most of the time
seconds=30     # far more than any of them takes

skip_all() # skip_all REASON
{
    echo "1..0 # SKIP $1"
    exit 0
}

# One run, with the n-th allocation failing: its status is in $scratch/status.N, its words in $scratch/said.N, and
# the count of allocations, and of those that failed, in $scratch/count.N.
run_failing() # run_failing N AFTER PROGRAM ARGUMENT...
{
    n=$1
    after=$2
    shift 2
    rm -f "$scratch/status.$n" "$scratch/count.$n"
    FAILING_MALLOC=$n FAILING_MALLOC_REPORT=$scratch/count.$n LD_PRELOAD=$scratch/failing-malloc.so \
        timeout -s KILL "$seconds" env ${after:+FAILING_MALLOC_AFTER=1} "$EXAMPLES_DIR/$@" \
        </dev/null >"$scratch/said.$n" 2>&1
    echo $? >"$scratch/status.$n"
}

# What is wrong with a run that has ended, if anything. Only a program that cannot even have a loop, which is two
# allocations, may be silent.
judge() # judge N
{
    status=$(cat "$scratch/status.$1")
    if [ "$status" = 137 ]; then
        echo "allocation $1: it did not end within $seconds seconds, or was killed"
    elif [ "$status" -ge 124 ]; then
        echo "allocation $1: it ended with status $status"
    elif [ "$status" != 0 ] && [ "$1" -gt 2 ] && [ ! -s "$scratch/said.$1" ]; then
        echo "allocation $1: it ended with status $status and without a word"
    elif grep -q 'never released' "$scratch/said.$1"; then
        echo "allocation $1: it lost a promise"
    elif [ ! -s "$scratch/count.$1" ]; then
        echo "allocation $1: no allocation was counted"
    else
        return
    fi
    head -n 20 "$scratch/said.$1" | sed 's/^/    /'
}

# Whether the n-th allocation came about and failed. What did not end well may have had more of them.
has_failed() # has_failed N
{
    [ ! -s "$scratch/count.$1" ] || [ "$(cut -d ' ' -f 2 "$scratch/count.$1")" != 0 ]
}

all_that() # all_that PROGRAM AFTER COUNT : the result of so many runs
{
    check_empty "$1 bears that any one of $3 allocations fails${2:+, and all later ones}" "$scratch/wrong"
    check "there was one" [ "$3" -gt 0 ]
}

every() # every AFTER PROGRAM ARGUMENT... : a run for each of its allocations, a few at once
{
    after=$1
    shift
    : >"$scratch/wrong"
    first=1
    while :; do
        for ((n = first; n < first + at_once; n++)); do
            run_failing "$n" "$after" "$@" 2>/dev/null &
            jobs[n]=$!
        done
        for ((n = first; n < first + at_once; n++)); do
            wait "${jobs[n]}"
            judge "$n" >>"$scratch/wrong"
        done
        last=$((first + at_once - 1))
        has_failed "$last" && [ ! -s "$scratch/wrong" ] || break
        first=$((last + 1))
        [ "$first" -le "$most" ] || { echo "more than $most allocations" >>"$scratch/wrong"; break; }
    done
    for ((count = last; count > 0; count--)); do
        has_failed "$count" && break
    done
    all_that "$1" "$after" "$count"
}

both() # both PROGRAM ARGUMENT...
{
    every '' "$@"
    every yes "$@"
}

# ---- The server --------------------------------------------------------------------------------------------

fetch() # fetch PATH... : one request after the other, with memory enough
{
    timeout -s KILL "$seconds" "$EXAMPLES_DIR/fetch_all" -c 1 -t 10 "${@/#/http://127.0.0.1:$port}" \
        </dev/null >"$scratch/fetched" 2>&1
}

is_served() # is_served : the simplest request there is
{
    fetch / && grep -q '/: 200, ' "$scratch/fetched"
}

# A request may fail for want of memory, and be answered so; but once the server has answered one, it goes on when
# just one allocation fails: of two more requests, one is answered.
serve_failing() # serve_failing N AFTER
{
    started=
    goes_on=yes
    rm -f "$scratch/count.$1"
    wrapper="env ${2:+FAILING_MALLOC_AFTER=1} FAILING_MALLOC=$1 FAILING_MALLOC_REPORT=$scratch/count.$1"
    wrapper="$wrapper LD_PRELOAD=$scratch/failing-malloc.so"
    if start http_server 0; then
        is_served && started=yes
        fetch / /sleep/1 /status/404
        [ -n "$2" ] || is_served || is_served || goes_on=
    fi
    stop TERM
    status=$?
    wrapper=
    [ $status != 143 ] || status=0 # the signal came when it was about to end by itself
    if [ -z "$goes_on" ] && [ $status = 0 -o -n "$started" ]; then
        echo "allocation $1: no request is answered afterwards"
    fi
    echo $status >"$scratch/status.$1"
    cp "$scratch/errors" "$scratch/said.$1"
    [ $status = 0 ] && [ ! -e "$scratch/count.$1" ] && echo "0 1" >"$scratch/count.$1"
    judge "$1"
}

every_serving() # every_serving AFTER
{
    : >"$scratch/wrong"
    for ((count = 1; count <= most; count++)); do
        serve_failing "$count" "$1" >>"$scratch/wrong"
        has_failed "$count" && [ ! -s "$scratch/wrong" ] || break
    done
    all_that http_server "$1" $((count - 1))
    [ "$count" -le "$most" ] || not_ok "there are more than $most allocations"
}

# ---- All of them -------------------------------------------------------------------------------------------

[ -z "${SANITIZER_FLAGS:-}" ] || skip_all "a sanitizer wants to be the first to see an allocation"
[ -n "$(find "$top_builddir/.libs" -name 'libvow.so.*' 2>/dev/null)" ] ||
    skip_all "libvow is not a shared library here"
${CC:-cc} -std=c11 -O1 -shared -fPIC -o "$scratch/failing-malloc.so" "$top_srcdir/tests/failing-malloc.c" -ldl \
    2>"$scratch/cc" || skip_all "$(head -n 1 "$scratch/cc")"

for program in greet chain_vow kitchen offload own_watcher timeout retry sensor; do
    both $program
done
echo old >"$scratch/file"
both copy "$scratch/file" "$scratch/folder/file"
both filter cat
both replace old old "$scratch/file"
both handover take "$scratch/nowhere"
both resolve 80 127.0.0.1 localhost 'no name' ::1
if start udp_echo 0; then
    both ask 127.0.0.1 "$port" hello
    stops_cleanly "the server that was asked ends with status 0" TERM
else
    not_ok "udp_echo starts" "$scratch/errors"
fi
if start http_server 0; then
    url=http://127.0.0.1:$port
    both first "$port" 'no name' 127.0.0.1
    both fetch_all -c 2 -t 20 "$url/" "$url/sleep/20" "$url/status/404"
    stops_cleanly "the server that answered ends with status 0" TERM
    every_serving ''
    every_serving yes
else
    not_ok "http_server starts" "$scratch/errors"
fi
finish
