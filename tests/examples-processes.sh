#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The example programs that go on until they are told to end, and those that run others: what they print, how
# they end, and that nothing of what they started is left. Whatever has to have happened first is read from a pipe.
#
# Copyright (c) 2026 the libvow authors
if [ -z "${BASH_VERSION:-}" ]; then
    command -v bash >/dev/null && exec bash "$0" "$@"
    echo "1..0 # SKIP bash is not installed"
    exit 0
fi
. "$top_srcdir/tests/examples-tap.sh"

# Starts a program in the folder $scratch; what it says on both streams comes out of descriptor 8.
begin() # begin PROGRAM ARGUMENT...
{
    program=$1
    shift
    rm -f "$scratch/says"
    mkfifo "$scratch/says"
    (cd "$scratch" && exec $wrapper "$EXAMPLES_DIR/$program" "$@") >"$scratch/says" 2>&1 &
    server=$!
    pids="$pids $server"
    exec 8<"$scratch/says"
}

# The next lines must be these.
reads() # reads TEXT LINE...
{
    text=$1
    shift
    for expected; do
        line=
        read -r -t 60 line <&8
        if [ "$line" != "$expected" ]; then
            echo "'$line', not '$expected'" >"$scratch/why"
            not_ok "$text" "$scratch/why"
            return
        fi
    done
    ok "$text"
}

# Ends the program with a signal. It must end with this status, and have no more to say.
ends_with() # ends_with STATUS SIGNAL
{
    kill "-$2" "$server"
    cat <&8 >"$scratch/rest"
    exec 8<&-
    wait "$server"
    status=$?
    if [ $status = "$1" ] && [ ! -s "$scratch/rest" ]; then
        ok "$program ends with status $1 on SIG$2"
    else
        echo "it ended with status $status" >>"$scratch/rest"
        not_ok "$program ends with status $1 on SIG$2" "$scratch/rest"
    fi
}

tick()
{
    ends 0 clock 2
    check "clock prints the time twice" \
        [ "$(grep -Ec '^[0-9]{2}:[0-9]{2}:[0-9]{2}, [0-9]+ primes' "$scratch/out")" = 2 ]
    ends 2 clock 0
    ends 2 clock -1
    ends 2 clock x
    ends 2 clock 1 2
    begin clock
    read -r -t 60 line <&8
    check "clock ticks" [ -n "$line" ]
    kill -INT "$server"
    wait "$server"
    check "clock ends with status 0 on SIGINT" [ $? = 0 ]
    exec 8<&-
}

follow_files()
{
    cd "$scratch" || exit 99
    printf 'old\n' >a
    begin follow a b
    reads "follow waits for a file that is not there" 'follow: b: No such file or directory'
    echo one >>a
    reads "what is appended is printed" '==> a <==' one
    echo two >b
    reads "and so is a file that appears" '' '==> b <==' two
    echo three >>b
    reads "two changes of one file have one headline" three
    echo 1 >a
    reads "a file that was truncated is begun again" 'follow: a: truncated' '' '==> a <==' 1
    echo 2 >>a
    reads "and goes on" 2
    echo fresh >a.new
    mv a a.old
    reads "a file that is moved away" 'follow: a: replaced or removed'
    mv a.new a
    reads "and replaced is followed by its name" fresh
    echo 'not this' >>a.old
    echo next >a.new
    mv a.new a
    reads "also when it is replaced at once" 'follow: a: replaced or removed' next
    rm a
    reads "removed" 'follow: a: replaced or removed'
    echo again >a
    reads "and made again" again
    seq 1 20000 >>a
    i=0
    while [ $i -lt 20000 ] && read -r -t 60 line <&8; do i=$((i + 1)); done
    check "much at once comes completely" [ "$i $line" = "20000 20000" ]
    ends_with 0 TERM
    begin follow -b b
    reads "from the beginning, and without headlines" two three
    ends_with 0 INT
    cd "$top_builddir" || exit 99
}

run_commands()
{
    ends 0 run_all true 'echo fine'
    says "run_all shows what a command prints" '^fine$'
    says "and how it ended" '^\[echo fine: exit code 0 after [0-9.]+ s\]$'
    ends 1 run_all -j 2 true 'echo bad >&2; exit 3' 'kill -KILL $$' true
    says "and of one that fails" '^bad$'
    says "its exit code" ': exit code 3 after'
    says "or its signal" ': signal 9 after'
    ends 1 run_all -t 0.2 "echo \$\$ >'$scratch/pid'; exec sleep 100" 'nothing-of-that-name'
    says "one that is late" 'timed out'
    says "and one that is not there" ': exit code 127 after'
    # It may have been too late for that, too.
    check "what was late is gone" eval '[ ! -s "$scratch/pid" ] || ! kill -0 "$(cat "$scratch/pid")" 2>/dev/null'
    ends 2 run_all
    ends 2 run_all -j
    ends 2 run_all -t x true
}

# What comes out of the filter, and what it says, are two streams.
filters() # filters TEXT STATUS OUTPUT SAYING ARGUMENT... [< its input]
{
    text=$1 expected=$2 output=$3 saying=$4
    shift 4
    timeout 120 $wrapper "$EXAMPLES_DIR/filter" "$@" >"$scratch/output" 2>"$scratch/out"
    status=$?
    echo "status $status, not $expected; output: $(head -c 100 "$scratch/output")" >>"$scratch/out"
    if [ $status = "$expected" ] && [ "$(cat "$scratch/output")" = "$output" ] &&
        grep -Eq "^filter: $saying\$" "$scratch/out"; then
        ok "$text"
    else
        not_ok "$text" "$scratch/out"
    fi
}

filter()
{
    printf '%s\n' c a b >"$scratch/in"
    filters "filter puts a program between" 0 "$(printf 'a\nb\nc')" 'sort: 6 bytes, exit code 0' sort <"$scratch/in"
    seq 1 200000 >"$scratch/in"
    filters "a program need not read all" 0 1 'head: 2 bytes, exit code 0' head -n 1 <"$scratch/in"
    mkfifo "$scratch/endless"
    exec 7<>"$scratch/endless"
    filters "nor anything" 3 '' 'sh: 0 bytes, exit code 3' sh -c 'exit 3' <&7
    exec 7<&-
    filters "filter tells of a signal" 137 '' 'sh: 0 bytes, signal 9' sh -c 'kill -KILL $$' </dev/null
    filters "and of a program that is not there" 1 '' '.*No such file.*' "$scratch/nothing" </dev/null
    filters "and of input that cannot be read" 1 '' '.*Is a directory' cat <"$scratch"
    timeout 120 $wrapper "$EXAMPLES_DIR/filter" cat <"$scratch/in" 2>"$scratch/out" | cmp -s "$scratch/in" -
    check "much goes through it as it is" [ $? = 0 ]
    ends 2 filter
}

# The commands tell on a pipe of their own that they run; so do the children of one of them.
stop_commands()
{
    mkfifo "$scratch/ready"
    begin run_all -j 3 "echo ready >'$scratch/ready'; exec sleep 100" \
        "(echo ready >'$scratch/ready'; exec sleep 100) & wait" \
        "trap 'exit 0' TERM; echo ready >'$scratch/ready'; while :; do sleep 0.05; done" \
        "echo never >'$scratch/never'"
    exec 7<>"$scratch/ready"
    for i in 1 2 3; do
        read -r -t 60 line <&7
    done
    check "three commands run at once" [ "$line" = ready ]
    kill -TERM "$server"
    reads "a signal ends what runs" 'run_all: signal 15: ending what runs'
    cat <&8 >"$scratch/rest" # until none of them is left that could write
    exec 7<&- 8<&-
    wait "$server"
    check "and run_all after it" [ $? = 143 ]
    check "and nothing else is started" [ ! -e "$scratch/never" ]
}

tick
follow_files
run_commands
filter
stop_commands
finish
