#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The example HTTP server and clients that are slow, hang up, come by the thousand, or more than it has descriptors
# for; and how it ends.
#
# Copyright (c) 2026 the libvow authors
if [ -z "${BASH_VERSION:-}" ]; then # its /dev/tcp is the client here
    command -v bash >/dev/null && exec bash "$0" "$@"
    echo "1..0 # SKIP bash is not installed"
    exit 0
fi
. "$top_srcdir/tests/examples-tap.sh"

lives() # lives TEXT : the server still answers
{
    answers 200 "$1" "GET / HTTP/1.1\r\n$host$end"
}

hang_ups()
{
    for bytes in '' 'G' 'GET / HTTP/1.1\r\nHo' "GET / HTTP/1.1\r\n$host" "GET /sleep/3600000 HTTP/1.1\r\n$host\r\n" \
        "POST / HTTP/1.1\r\n${host}Content-Length: 9\r\n\r\nhalf" "GET /concurrent HTTP/1.1\r\n$host\r\n"; do
        for i in 1 2 3 4 5; do
            open && send "$bytes"
            exec 3<&-
        done
        lives "after clients that hang up after '$(printf "$bytes" | tail -n 1 | tr -d '\r')'"
    done
    for i in {1..20}; do # a connection with answers unread is reset
        open && send "GET / HTTP/1.1\r\n$host\r\nGET / HTTP/1.1\r\n$host\r\n"
        exec 3<&-
    done
    lives "after clients that do not read their answers"
}

# The server comes back to so many descriptors. It notes a while after a client has gone.
settles_at() # settles_at COUNT
{
    for i in {1..100}; do
        set -- "$1" "$(ls "/proc/$server/fd" | wc -l)"
        [ "$2" -gt "$1" ] || return 0
        ask "GET /sleep/100 HTTP/1.1\r\n$host$end"
    done
    echo "it has $2 descriptors open, and had $1"
    return 1
}

idle_connections()
{
    text="1000 idle connections at once"
    if [ "$(ulimit -Hn)" != unlimited ] && [ "$(ulimit -Hn)" -lt 1100 ]; then
        skip "$text" "only $(ulimit -Hn) descriptors are allowed"
        return
    fi
    ( # its end closes them all
        ulimit -Sn 1100
        connections=
        for i in {1..1000}; do
            exec {connection}<>"/dev/tcp/127.0.0.1/$port" || exit 1
            connections="$connections $connection"
        done
        ask "GET / HTTP/1.1\r\n$host$end"
        [ "$(statuses)" = 200 ] || exit 1
        for connection in $connections; do
            send_to "$connection" "GET /status/404 HTTP/1.1\r\n$host\r\n"
        done
        for connection in $connections; do
            read -r -t 60 line <&"$connection" && [ "$line" = $'HTTP/1.1 404 Not Found\r' ] || exit 1
        done
    ) >"$scratch/idle" 2>&1
    if [ $? = 0 ]; then ok "$text, and an answer for each"; else not_ok "$text" "$scratch/idle"; fi
}

bad_clients()
{
    descriptors_before=$(ls "/proc/$server/fd" 2>/dev/null | wc -l)
    hang_ups
    idle_connections
    lives "after a thousand connections"
    if [ "$descriptors_before" -gt 0 ]; then
        check "no connection of theirs is left" settles_at "$descriptors_before"
    else
        skip "no connection of theirs is left" "there is no /proc"
    fi
}

slow_clients()
{
    start http_server -t 1 0
    answers 408 "one byte and no more" 'G'
    answers 408 "no second header line" "GET / HTTP/1.1\r\n$host"
    answers 408 "half a body" "POST / HTTP/1.1\r\n${host}Content-Length: 9\r\n\r\nhalf"
    answers '200 408' "half of a second request" "GET / HTTP/1.1\r\n$host\r\nGET /"
    open
    (
        for i in {1..100}; do # a byte now and then does not move the deadline
            printf 'x' >&3
            sleep 0.05
        done
    ) 2>/dev/null &
    loris=$!
    pids="$pids $loris"
    receive
    kill "$loris" 2>/dev/null
    wait "$loris" 2>/dev/null
    pids=$(echo "$pids" | sed "s/ $loris\$//")
    check "408: a byte now and then" [ "$(statuses)" = 408 ]
    stops_cleanly "the impatient server ends with status 0" TERM

    start http_server -i 2 0
    answers '' "an idle connection is closed" ''
    answers 200 "also after an answer" "GET / HTTP/1.1\r\n$host\r\n"
    stop TERM
}

cpu_ticks() # of the server
{
    sed 's/.*) //' "/proc/$server/stat" | cut -d ' ' -f 12,13 | tr ' ' '+'
}

# A server that may have 20 descriptors gets 40 connections.
few_descriptors()
{
    text="a server without descriptors"
    if [ -n "$wrapper" ]; then
        skip "$text" "$wrapper needs its own"
        return
    fi
    descriptors=20
    start http_server 0
    descriptors=
    connection=0
    idle=
    for i in {1..40}; do
        exec {connection}<>"/dev/tcp/127.0.0.1/$port"
        send_to "$connection" "GET /sleep/1 HTTP/1.1\r\n$host\r\n"
        idle="$idle $connection"
    done
    last=$connection
    first=${idle# }
    first=${first%% *}
    read -r -t 60 line <&"$first"
    check "$text answers those that it has" [ "$line" = $'HTTP/1.1 200 OK\r' ]
    if [ -r "/proc/$server/stat" ]; then
        before=$(cpu_ticks)
        send_to "$first" "GET /sleep/1000 HTTP/1.1\r\n$host\r\n"
        while read -r -t 60 line <&"$first" && [ "$line" != 'slept for 1000 ms' ]; do
            :
        done
        check "$text waits, it does not spin" [ $(($(cpu_ticks) - ($before))) -lt $(($(getconf CLK_TCK) / 4)) ]
    else
        skip "$text waits, it does not spin" "there is no /proc"
    fi
    for connection in $idle; do
        [ "$connection" = "$last" ] || exec {connection}<&-
    done
    read -r -t 60 line <&"$last"
    check "$text answers the last one when others have gone" [ "$line" = $'HTTP/1.1 200 OK\r' ]
    exec {last}<&-
    stops_cleanly "$text ends with status 0" TERM
}

# Ends a server that has all kinds of things under way.
ends_with() # ends_with SIGNAL
{
    start http_server 0
    connections=
    for bytes in '' 'GET /' "POST / HTTP/1.1\r\n${host}Content-Length: 9\r\n\r\nhalf" \
        "GET /sleep/3600000 HTTP/1.1\r\n$host\r\n" "GET /concurrent HTTP/1.1\r\n$host\r\n" \
        "GET / HTTP/1.1\r\n$host\r\n"; do
        exec {connection}<>"/dev/tcp/127.0.0.1/$port"
        send_to "$connection" "$bytes"
        connections="$connections $connection"
    done
    read -r -t 60 line <&"$connection" # it has come to the last one
    stops_cleanly "SIG$1 ends the server, whatever is under way, with status 0" "$1"
    for connection in $connections; do
        exec {connection}<&-
    done
}

wrong_calls()
{
    for arguments in '-x' '-t' '-t 0' '-t -1' '-t x' '-t 1x' '-i nan' '1 2'; do
        ends 2 http_server $arguments
    done
    for port in 70000 x '' ' 1'; do
        ends 1 http_server "$port"
    done
    start http_server 0
    ends 1 http_server "$port"
    says "a port that is taken is called so" "^http_server: .*$port"
    stop TERM
}

start http_server 0
bad_clients
stops_cleanly "the server ends with status 0" TERM
slow_clients
few_descriptors
ends_with INT
ends_with TERM
wrong_calls
finish
