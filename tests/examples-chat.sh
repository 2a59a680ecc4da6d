#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The example chat server: who speaks is heard by all others; one who does not read holds up nobody and costs a
# bounded amount of memory; and it ends with a goodbye.
#
# Copyright (c) 2026 the libvow authors
if [ -z "${BASH_VERSION:-}" ]; then # its /dev/tcp is the client here
    command -v bash >/dev/null && exec bash "$0" "$@"
    echo "1..0 # SKIP bash is not installed"
    exit 0
fi
. "$top_srcdir/tests/examples-tap.sh"

blocks=200 lines=100 # what is said: more than the system holds for a slow reader
speech=$(printf '%0490d' 0)

# Sets `said` to the next line that comes on a descriptor.
hear() # hear DESCRIPTOR
{
    said=
    read -r -t 60 said <&"$1"
}

hears() # hears TEXT DESCRIPTOR EXPECTED
{
    hear "$2"
    check "$1" [ "$said" = "$3" ]
}

# Connects under a name; welcome once it has that name, whichever of two descriptors the server looks at first.
come() # come DESCRIPTOR NAME
{
    eval "exec $1<>/dev/tcp/127.0.0.1/$port"
    hears "$2 is asked for a name" "$1" '* what is your name?'
    echo "$2" >&"$1"
    hears "$2 is welcome" "$1" "* welcome, $2"
}

memory() # memory : of the server, in KiB
{
    sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$server/status"
}

conversation()
{
    come 4 slow
    come 5 talker
    hears "slow sees who comes" 4 '* talker has come'
    come 6 quick
    hears "the talker sees who comes" 5 '* quick has come'
    echo 'hello, all' >&5
    hears "what is said is heard" 6 'talker: hello, all'
    echo 'hello, talker' >&6
    hears "and answered" 5 'quick: hello, talker'
}

# A block at a time, and the next only when the quick reader has heard all of it; the slow one reads nothing.
speaking()
{
    block=$(for ((i = 0; i < lines; i++)); do echo "$speech"; done)
    before=$(memory)
    : >"$scratch/late"
    for ((i = 0; i < blocks; i++)); do
        echo "$block" >&5
        heard=$(timeout 60 head -c $(((8 + 491) * lines)) <&6 | wc -c)
        [ "$heard" = $(((8 + 491) * lines)) ] || { echo "block $i: $heard bytes" >"$scratch/late"; break; }
    done
    check_empty "the quick one hears all of $((blocks * lines)) lines, whatever the slow one does" "$scratch/late"
    text="the slow one costs a bounded amount of memory"
    if [ -n "${SANITIZER_FLAGS:-}" ] || [ -n "$wrapper" ]; then
        skip "$text" "there is a sanitizer between"
    else
        echo "# $(($(memory) - before)) KiB more after $((blocks * lines * 499 / 1024)) KiB were said"
        check "$text" [ $(($(memory) - before)) -lt 2048 ]
    fi
}

# The slow one begins to read. Once it has caught up it is told what it has missed, before the next line.
catching_up()
{
    timeout 120 cat <&4 5<&- 6<&- >"$scratch/slow" &
    reader=$!
    for ((i = 0; i < 300; i++)); do
        echo "are you there?" >&5
        hear 6
        grep -q '^\* you have missed [1-9][0-9]* lines$' "$scratch/slow" && break
        sleep 0.1
    done
    check "the slow one is told what it has missed" grep -q '^\* you have missed [1-9]' "$scratch/slow"
    check "what it got is whole lines" \
        [ "$(tail -n +3 "$scratch/slow" | grep -Ecv "^talker: (0{490}|are you there\?|hello, all)\$|^\* you have|^quick: ")" = 0 ]
}

goodbye()
{
    exec 5<&- 5>&-
    hears "the others see who goes" 6 '* talker has gone'
    kill -TERM "$server"
    hears "the end is said" 6 '* goodbye'
    hear 6
    check "and comes" [ -z "$said" ]
    wait $reader
    check "the slow one reads to the last line" [ "$(tail -n 1 "$scratch/slow")" = '* goodbye' ]
    exec 4<&- 4>&- 6<&- 6>&-
    stops_cleanly "the chat server ends with status 0" 0 # it was told to already
}

if start chat 0; then
    conversation
    speaking
    catching_up
    goodbye
else
    not_ok "chat starts" "$scratch/errors"
fi
finish
