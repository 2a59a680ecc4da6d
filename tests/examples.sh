#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The small example programs print what they should, and the demonstration runs.
#
# Copyright (c) 2026 the libvow authors
if [ -z "${BASH_VERSION:-}" ]; then # its /dev/tcp is the client here
    command -v bash >/dev/null && exec bash "$0" "$@"
    echo "1..0 # SKIP bash is not installed"
    exit 0
fi
. "$top_srcdir/tests/examples-tap.sh"

small_programs()
{
    # Three timers that end at the same moment do so in any order.
    run greet && head -n 3 "$scratch/out" >"$scratch/greeted" && tail -n +4 "$scratch/out" | sort >>"$scratch/greeted"
    printf '%s\n' 'Hello, Alice' 'Hello, Bob' 'Hello, Carol' 'Goodbye, Alice' 'Goodbye, Bob' 'Goodbye, Carol' \
        >"$scratch/expected"
    check "greet greets three people at once" diff "$scratch/expected" "$scratch/greeted"

    for program in chain_vow chain_libev; do
        prints "$program prices three orders" $program <<'END'
tea: 428 cents
cake: no tax for it
gold: no price for it
END
    done
    prints "own_watcher runs three commands, and stops the one that is too slow" own_watcher <<'END'
exit status 3
failed: ended by signal 9
stopping the command
failed: too slow
END
    prints "timeout cleans up before anybody is told" timeout <<'END'
late: begins
late: cleans up
late: it took too long
watched: begins
watched: cleans up
watched: it was cancelled
forgotten: begins
forgotten: cleans up
forgotten: nobody is told
END
    prints "kitchen serves in order, and nobody is passed" kitchen <<'END'
the kitchen opens
soup: on 1 of the stoves
soup: ready
roast: on 2 of the stoves
roast: ready
salad: on 1 of the stoves
tea: on 1 of the stoves
salad: ready
tea: ready
the kitchen closes
END
    prints "offload computes while the loop ticks, and stops what nobody wants" offload <<'END'
148933 primes below 2000000
tick 1
tick 2
tick 3
we do not want to know any more
the search has ended
END
    prints "retry succeeds the third time, and gives up on what never succeeds" retry <<'END'
attempt 1: the service is busy
again in 50 ms
attempt 2: the service is busy
again in 100 ms
the answer is 42
attempt 1: the service is busy
again in 50 ms
attempt 2: the service is busy
again in 100 ms
attempt 3: the service is busy
gave up after 3 attempts: the service is busy
END
    prints "pipeline takes what it reads through three stages" pipeline <<'END'
1000000007: 1000000007
1000000008: 2
1000000009: 1000000009
1000000010: 2
1000000011: 3
1000000012: 2
1000000013: 7699
1000000014: 2
1000000015: 5
1000000016: 2
END
    prints "sensor asks its thread, and waits no longer than it wants to" sensor <<'END'
20.5 degrees
21.0 degrees
21.5 degrees
the sensor has lost contact
the sensor does not answer
END
}

looking_up()
{
    prints "resolve prints the addresses of numeric hosts" resolve 80 127.0.0.1 ::1 <<'END'
127.0.0.1 127.0.0.1:80
::1 [::1]:80
END
    ends 1 resolve 80 127.0.0.1 'no name' ::1
    says "resolve goes on after a host without an address" '^::1 \[::1\]:80$'
    says "and says which it is" "^resolve: .*'no name'"
    text="resolve looks names up"
    if [ -n "$(getent ahosts localhost)" ]; then
        run resolve 80 localhost
        says "$text" '^localhost .*(127\.0\.0\.1|\[::1\]):80'
    else
        skip "$text" "this machine does not know localhost"
    fi
    ends 2 resolve
    ends 2 resolve 80
}

replacing()
{
    printf 'one two one\0one' >"$scratch/a"
    printf 'nothing of it' >"$scratch/b"
    ln "$scratch/b" "$scratch/same"
    prints "replace says how often" replace one three "$scratch/a" "$scratch/b" <<END
$scratch/a: 3
$scratch/b: 0
END
    printf 'three two three\0three' >"$scratch/expected"
    check "and replaces" cmp "$scratch/a" "$scratch/expected"
    check "but leaves alone what does not change" [ "$scratch/b" -ef "$scratch/same" ]
    ends 1 replace three 3 "$scratch/none" "$scratch" "$scratch/a"
    says "replace names a file that is not there" '^replace: .*none: No such file'
    says "and goes on" '/a: 3$'
    check "it leaves no file of its own" [ -z "$(find "$scratch" -name '.vow-*')" ]
    ends 2 replace a b
    ends 2 replace '' b "$scratch/a"
}

copying()
{
    seq 1 100000 >"$scratch/numbers"
    ends 0 copy "$scratch/numbers" "$scratch/copied"
    says "copy says how much it was" '^588895 bytes$'
    check "and copies it" cmp "$scratch/numbers" "$scratch/copied"
    ends 1 copy "$scratch/numbers" "$scratch/copied"
    says "copy leaves alone what is there" '^copy: .*copied: File exists'
    check "as it is" cmp "$scratch/numbers" "$scratch/copied"
    ends 1 copy "$scratch" "$scratch/folder"
    check "what could not be copied leaves nothing" [ ! -e "$scratch/folder" ]
    ends 2 copy "$scratch/numbers"
}

demonstration()
{
    timeout 120 sh "$top_srcdir/examples/demo.sh" "$EXAMPLES_DIR" >"$scratch/out" 2>&1
    check "the demonstration ends with 0" [ $? = 0 ]
    check "it fetches 60 URLs" [ "$(grep -c '^http://127' "$scratch/out")" = 60 ]
    check "it draws 60 rows" [ "$(grep -c '|$' "$scratch/out")" = 60 ]
    says "one of them never answers" '^/sleep/3600000 +timed out'
}

small_programs
looking_up
replacing
copying
demonstration
finish
