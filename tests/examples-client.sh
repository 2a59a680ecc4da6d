#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The example HTTP client: what it prints, how many requests it has under way, and what it says of bad URLs and of
# servers that answer badly.
#
# Copyright (c) 2026 the libvow authors
if [ -z "${BASH_VERSION:-}" ]; then # its /dev/tcp is the client here
    command -v bash >/dev/null && exec bash "$0" "$@"
    echo "1..0 # SKIP bash is not installed"
    exit 0
fi
. "$top_srcdir/tests/examples-tap.sh"

# The order in which the requests of the last run came to their end.
order()
{
    sed -n 's,^http://[^/]*\(/[^ ]*\): .*,\1,p' "$scratch/out" | tr '\n' ' ' | sed 's/ $//'
}

fetching()
{
    url=http://127.0.0.1:$port
    export LC_ALL=C
    ends 0 fetch_all -c 1 "$url/sleep/50" "$url/" "$url/status/404" "http://localhost:$port/status/204#x" "$url?q"
    check "one at a time comes to its end in the order of the list" \
        [ "$(order)" = '/sleep/50 / /status/404 /status/204 /?q' ]
    says "it prints status, bytes and time" '/sleep/50: 200, 16 bytes, [0-9]+ ms$'
    says "a failure is a result" '/status/404: 404, 14 bytes, '
    says "no body is no failure" '/status/204: 204, 0 bytes, '
    says "it prints the totals" '^total [0-9.]+ s, longest single request [0-9.]+ s, sum of all [0-9.]+ s$'
    check "it prints a row for each request" [ "$(grep -c '|.*[#x].*|$' "$scratch/out")" = 5 ]
    check "it prints no colours where there is no terminal" [ "$(tr -dc '\033' <"$scratch/out" | wc -c)" = 0 ]

    ends 0 fetch_all -t 2 -c 2 "$url/sleep/3600000" "$url/sleep/20" "$url/sleep/10" "$url/"
    check "and holds up nobody" [ "$(order)" = '/sleep/20 /sleep/10 / /sleep/3600000' ]
    says "the timeline shows it" '^/sleep/3600000 +timed out \| *x+ *\|$'

    ends 0 fetch_all -q "$url/" "$url/status/500"
    check "quietly, it prints one line" [ "$(wc -l <"$scratch/out")" = 1 ]
    says "that of the totals" '^total '
    if [ "$(LC_ALL=C.UTF-8 locale charmap 2>/dev/null)" = UTF-8 ]; then
        COLUMNS=200 LC_ALL=C.UTF-8 run fetch_all "$url/sleep/300"
        says "a wide UTF-8 terminal gets wide bars of blocks" '^/sleep/300 +200 +\| *(█){100,} *\|$'
        check "as wide as the terminal" [ "$(grep '|$' "$scratch/out" | LC_ALL=C.UTF-8 wc -m)" = 201 ]
    else
        skip "a wide UTF-8 terminal gets wide bars of blocks" "there is no locale C.UTF-8"
    fi
}

fetching_badly()
{
    for arguments in '' '-c' '-c 0 http://127.0.0.1/' '-c x http://127.0.0.1/' '-t 0 http://127.0.0.1/' '-x' \
        'ftp://127.0.0.1/' 'http://' 'http:///' 'http://na_me/' 'http://127.0.0.1:/' 'http://127.0.0.1:0/' \
        'http://127.0.0.1:65536/' 'http://127.0.0.1:1x/' 'http://127.0.0.1x/' 'http://[::1/' 'http://[::1]x/' \
        'http://u@127.0.0.1/' 'http://1.2.3/' "http://127.0.0.1/$(printf '%02000d' 0)" 'http://127.0.0.1/ä'; do
        ends 2 fetch_all $arguments
    done
    ends 2 fetch_all "http://127.0.0.1/"$'\r\n'"X: y"
    start say </dev/null
    stop TERM 2>/dev/null # nobody listens on this port now
    ends 0 fetch_all "http://127.0.0.1:$port/"
    says "a refused connection is called by its name" '/: .*(refused|ECONNREFUSED)'
}

# What fetch_all says of a server that sends these bytes to everybody.
fetches() # fetches PATTERN TEXT FORMAT
{
    printf "$3" >"$scratch/bytes"
    start say <"$scratch/bytes"
    ends 0 fetch_all -t 20 "http://127.0.0.1:$port/"
    says "$2: $1" "/: $1"
    stop TERM 2>/dev/null
}

bad_answers()
{
    if [ ! -x "$EXAMPLES_DIR/say" ]; then
        skip "fetch_all and servers that answer badly" "the example 'say' is not built"
        return
    fi
    fetches '200, 5 bytes' "a body of that length" 'HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello'
    fetches '200, 5 bytes' "a body until the end" 'HTTP/1.1 200\r\n\r\nhello'
    fetches '200, 5 bytes' "more than was announced" 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, world'
    fetches 'the body ends in the middle' "less than was announced" \
        'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell'
    fetches '.+' "no answer" ''
    fetches 'malformed answer: it ends in the middle' "half a head" 'HTTP/1.1 200 OK\r\nA: b\r\n'
    fetches 'malformed answer' "no HTTP" '220 mail.example ESMTP\r\n'
    fetches 'malformed answer' "another version" 'HTTP/2.0 200 OK\r\n\r\n'
    fetches 'malformed answer' "no status" 'HTTP/1.1 OK\r\n\r\n'
    fetches 'malformed answer' "a status of four digits" 'HTTP/1.1 2000 OK\r\n\r\n'
    fetches 'malformed answer.*interim' "an interim answer" 'HTTP/1.1 100 Continue\r\n\r\n'
    fetches 'malformed answer.*Transfer-Encoding' "chunks" \
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
    fetches 'malformed answer' "two lengths" 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello'
    fetches 'malformed answer.*too long' "a line without an end" "HTTP/1.1 200 OK\r\nA: $(printf '%020000d' 0)"
    fetches 'malformed answer' "a zero byte" 'HTTP/1.1 200 OK\r\nA: \000\r\n\r\n'
}

start http_server 0
fetching
stops_cleanly "the server ends with status 0" TERM
fetching_badly
bad_answers
finish
