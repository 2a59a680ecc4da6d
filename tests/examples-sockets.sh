#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The example servers end in order; datagrams go to and fro; clients connect by name; an open file changes hands.
#
# Copyright (c) 2026 the libvow authors
if [ -z "${BASH_VERSION:-}" ]; then # its /dev/tcp and /dev/udp are the client here
    command -v bash >/dev/null && exec bash "$0" "$@"
    echo "1..0 # SKIP bash is not installed"
    exit 0
fi
. "$top_srcdir/tests/examples-tap.sh"

# What is under way when the signal comes is answered, and then the server ends.
http_server_in_order()
{
    start http_server 0
    open
    send "GET / HTTP/1.1\r\n$host\r\nGET /sleep/100 HTTP/1.1\r\n$host$end"
    read -r -t 60 line <&3 # both requests have come
    kill -TERM "$server"
    receive
    check "http_server answers what is under way" [ "$(statuses)" = 200 ]
    contains "to its end" '^slept for 100 ms'
    wait "$server"
    check "http_server ends with status 0" [ $? = 0 ]
    pids=$(echo "$pids" | sed "s/ $server\$//")
}

say_in_order()
{
    echo hello >"$scratch/text"
    start say <"$scratch/text"
    open
    read -r -t 60 line <&3
    check "say says it" [ "$line" = hello ]
    kill -TERM "$server"
    exec 3<&-
    wait "$server"
    check "say ends with status 0 when its client has gone" [ $? = 0 ]
    pids=$(echo "$pids" | sed "s/ $server\$//")
    start say <"$scratch/text"
    open
    read -r -t 60 line <&3
    stops_cleanly "say ends with status 0 though its client stays" INT
    exec 3<&-
}

datagrams()
{
    start udp_echo 0
    exec 3<>"/dev/udp/127.0.0.1/$port"
    printf hello >&3
    check "udp_echo sends a datagram back" [ "$(timeout 60 head -c 5 <&3)" = hello ]
    head -c 2000 /dev/zero | dd bs=2000 count=1 status=none >&3
    check "udp_echo sends back what it has of one that is too long" \
        [ "$(timeout 60 dd bs=4000 count=1 status=none <&3 | wc -c)" = 1024 ]
    exec 3<&-
    if command -v socat >/dev/null; then
        check "udp_echo and socat" [ "$(echo socat | timeout 60 socat -t 5 - "UDP:127.0.0.1:$port" | head -c 5)" = socat ]
    else
        skip "udp_echo and socat" "socat is not installed"
    fi
    ends 0 ask 127.0.0.1 "$port" 'hello, you'
    says "ask prints the answer" '^hello, you$'
    kill -STOP "$server"
    ends 1 ask 127.0.0.1 "$port" hello
    says "ask asks three times" '^ask: no answer from 127.0.0.1 port [0-9]+: .*timed out'
    kill -CONT "$server"
    stops_cleanly "udp_echo ends with status 0" TERM
    ends 1 ask 127.0.0.1 "$port" hello
    says "where nobody is, there is no answer" '^ask: no answer .*refused'
    ends 2 ask 127.0.0.1 "$port"
}

# The server listens on 127.0.0.1 alone: where localhost is ::1, too, that is refused first.
by_name()
{
    text="fetch_all connects to localhost"
    start http_server 0
    run fetch_all -t 30 "http://localhost:$port/status/418"
    if [ -n "$(getent ahosts localhost)" ]; then
        says "$text" '/status/418: 418'
    else
        skip "$text" "this machine does not know localhost"
    fi
    stops_cleanly "the server ends with status 0" TERM
}

any_of_them()
{
    start http_server 0
    ends 0 first "$port" 'no name' 127.0.0.1
    says "first names who has taken the connection" '^127\.0\.0\.1$'
    stops_cleanly "the server ends with status 0" TERM
    ends 1 first "$port" 'no name' 127.0.0.1
    says "first says of each why it failed" "^first: .*'no name'"
    says "by name" '^first: .*127\.0\.0\.1.*refused'
    ends 2 first 80
}

hand_over()
{
    seq 1 2000 >"$scratch/text"
    start handover give "$scratch/socket" <"$scratch/text"
    run handover take "$scratch/socket"
    if grep -q 'not known to be' "$scratch/out"; then
        wait "$server" # it says the same, and ends
        pids=$(echo "$pids" | sed "s/ $server\$//")
        skip "handover" "built without what says who a peer is"
        return
    fi
    check "handover take gets what is given" cmp "$scratch/out" "$scratch/text"
    wait "$server"
    check "handover give ends with status 0" [ $? = 0 ]
    pids=$(echo "$pids" | sed "s/ $server\$//")
    ends 1 handover take "$scratch/socket"
    says "there is nobody who gives any more" '^handover: .*No such file'
    start handover give "$scratch/socket" </dev/null
    stop INT
    check "handover give ends on SIGINT" [ $? = 130 ]
    check "and leaves no socket" [ ! -e "$scratch/socket" ]
    ends 2 handover give
    ends 2 handover lend "$scratch/socket"
}

# The process that answers, in `said`.
greeted()
{
    open
    said=
    read -r -t 60 said <&3
    exec 3<&-
}

several_processes()
{
    start prefork 0
    : >"$scratch/who"
    for ((i = 0; i < 20; i++)); do
        greeted
        echo "$said" >>"$scratch/who"
    done
    check "prefork answers everybody" [ "$(grep -Ec '^process [0-9]+$' "$scratch/who")" = 20 ]
    check "by children of its own" [ "$(sort -u "$scratch/who" | grep -cv "^process $server\$")" -ge 1 ]
    stops_cleanly "prefork ends with status 0" TERM
    while read -r said; do
        kill -0 "${said#process }" 2>/dev/null && echo "$said"
    done <"$scratch/who" >"$scratch/left"
    check_empty "when all of them have" "$scratch/left"
    start prefork 0
    greeted
    kill -KILL "${said#process }"
    wait "$server"
    check "prefork ends with status 1 when one of them has failed" [ $? = 1 ]
    check "and says which" grep -q "${said#process } has failed" "$scratch/errors"
    pids=$(echo "$pids" | sed "s/ $server\$//")
    ends 2 prefork -n
    ends 2 prefork 0 0
}

reversing()
{
    start rev 0
    open
    send 'hello\nworld\nrest'
    read -r -t 60 line <&3
    check "rev sends a line back in reverse" [ "$line" = olleh ]
    read -r -t 60 line <&3
    check "and one that came with it" [ "$line" = dlrow ]
    exec 3<&-
    stops_cleanly "a line that does not end is no failure" TERM
    start rev 0
    open
    send '%05000d' 0
    receive
    stop TERM
    check "one that is too long is" [ $? = 0 ]
    check "and only for who sends it" grep -q '^rev: .*no delimiter' "$scratch/errors"
    start rev "$scratch/socket"
    if command -v socat >/dev/null; then
        check "rev listens on a path" \
            [ "$(echo socket | timeout 60 socat -t 5 - "UNIX:$scratch/socket")" = tekcos ]
    else
        skip "rev listens on a path" "socat is not installed"
    fi
    stops_cleanly "rev ends with status 0" INT
    check "and leaves no socket" [ ! -e "$scratch/socket" ]
    ends 2 rev 0 0
}

http_server_in_order
say_in_order
datagrams
by_name
reversing
any_of_them
hand_over
several_processes
finish
