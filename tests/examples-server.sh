#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What the example HTTP server answers: to what is well-formed, malformed, too much, and sent ahead.
#
# Copyright (c) 2026 the libvow authors
if [ -z "${BASH_VERSION:-}" ]; then # its /dev/tcp is the client here
    command -v bash >/dev/null && exec bash "$0" "$@"
    echo "1..0 # SKIP bash is not installed"
    exit 0
fi
. "$top_srcdir/tests/examples-tap.sh"

well_formed()
{
    answers 200 "a page" "GET / HTTP/1.1\r\n$host$end"
    contains "its body is there" '^/concurrent'
    contains "it says that the connection ends" '^Connection: close'
    answers 200 "HTTP/1.0, without a Host; the connection ends" 'GET / HTTP/1.0\r\n\r\n'
    answers '200 404' "HTTP/1.0 with keep-alive" \
        'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /x HTTP/1.0\r\n\r\n'
    answers 200 "HTTP/1.2 is answered as 1.1" "GET / HTTP/1.2\r\n$host$end"
    answers 200 "HEAD" "HEAD / HTTP/1.1\r\n$host$end"
    contains "it has a length" '^Content-Length: [1-9]'
    contains_not "it has no body" '^/concurrent'
    answers 404 "HEAD of nothing" "HEAD /x HTTP/1.1\r\n$host$end"
    contains_not "it has no body either" '^404'
    answers 200 "a target with a host" "GET http://x/status/200 HTTP/1.1\r\n$host$end"
    answers 200 "a target with a host and no path" "GET http://x HTTP/1.1\r\n$host$end"
    answers 200 "a query" "GET /status/200?a=b HTTP/1.1\r\n$host$end"
    answers 200 "an empty Host, odd case and odd space" "GET / HTTP/1.1\r\nhOsT:\r\nX:\t a \t\r\nconnection:x,CLOSE\r\n\r\n"
    answers 200 "one stray line end before the request" "\r\nGET / HTTP/1.1\r\n$host$end"
    answers 200 "a body" "POST / HTTP/1.1\r\n${host}Content-Length: 5\r\n${end}hello"
    answers 200 "the largest body" "POST / HTTP/1.1\r\n${host}Content-Length: 1048576\r\n$end%1048576s" ''
    answers '200 200' "a body before the next request" \
        "POST / HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\n$host$end"
    open
    send "POST / HTTP/1.1\r\n${host}Content-Length: 5\r\nExpect: 100-continue\r\n$end"
    read -r -t 60 line <&3
    send hello
    receive
    check "a body that waits to be asked for" [ "${line%?} $(statuses)" = 'HTTP/1.1 100 Continue 200' ]
    answers 404 "a path that is not there" "GET /nowhere HTTP/1.1\r\n$host$end"
    for path in /status/199 /status/600 /status/ /status/abc /sleep/ /sleep/-1 /sleep/99999999999 /concurrent/x; do
        answers 404 "$path" "GET $path HTTP/1.1\r\n$host$end"
    done
    for status in 200 404 418 500 599; do
        answers $status "/status/$status" "GET /status/$status HTTP/1.1\r\n$host$end"
    done
    for status in 204 304; do
        answers "$status 200" "/status/$status has no body" \
            "GET /status/$status HTTP/1.1\r\n$host\r\nGET / HTTP/1.1\r\n$host$end"
    done
    answers 200 "/sleep" "GET /sleep/20 HTTP/1.1\r\n$host$end"
    contains "it slept" '^slept for 20 ms'
    answers 200 "/concurrent" "GET /concurrent HTTP/1.1\r\n$host$end"
    contains "it did three jobs" '^3 jobs, 600 ms of work, done in [0-9]* ms'
    check "it took as long as the longest one at least" \
        [ "$(sed -n 's/.*done in \([0-9]*\) ms.*/\1/p' "$scratch/answer")" -ge 290 ]
}

malformed()
{
    while IFS='|' read -r expected text bytes; do
        answers "$expected" "$text" "$bytes"
    done <<'END'
400|nothing but line ends|\r\n\r\n
400|nothing but a line end of one byte|\n
400|no version|GET /\r\nHost: x\r\n\r\n
400|no target|GET HTTP/1.1\r\nHost: x\r\n\r\n
400|no method| / HTTP/1.1\r\nHost: x\r\n\r\n
400|two spaces before the target|GET  / HTTP/1.1\r\nHost: x\r\n\r\n
400|two spaces before the version|GET /  HTTP/1.1\r\nHost: x\r\n\r\n
400|a space after the version|GET / HTTP/1.1 \r\nHost: x\r\n\r\n
400|a tab as separator|GET\t/\tHTTP/1.1\r\nHost: x\r\n\r\n
400|a space before the method| GET / HTTP/1.1\r\nHost: x\r\n\r\n
400|a space in the target|GET /a b HTTP/1.1\r\nHost: x\r\n\r\n
400|a method that is no token|GE(T / HTTP/1.1\r\nHost: x\r\n\r\n
400|a control character in the target|GET /\001 HTTP/1.1\r\nHost: x\r\n\r\n
400|a byte above 127 in the target|GET /\377 HTTP/1.1\r\nHost: x\r\n\r\n
400|a zero byte in the target|GET /\000 HTTP/1.1\r\nHost: x\r\n\r\n
400|the version in lower case|GET / http/1.1\r\nHost: x\r\n\r\n
400|a version of two digits|GET / HTTP/1.10\r\nHost: x\r\n\r\n
400|a version of one number|GET / HTTP/1\r\nHost: x\r\n\r\n
400|another protocol|GET / HTPP/1.1\r\nHost: x\r\n\r\n
400|the beginning of TLS|\026\003\001\002\000\001\000\001\374\003\003\n
400|lines that end in LF alone|GET / HTTP/1.1\nHost: x\n\n
400|lines that end in CR alone|GET / HTTP/1.1\rHost: x\r\r\n
400|a header line that ends in LF alone|GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n
400|an empty line that ends in LF alone|GET / HTTP/1.1\r\nHost: x\r\n\n
400|a CR within a value|GET / HTTP/1.1\r\nHost: x\r\nA: b\rC: d\r\n\r\n
400|two CR before the LF|GET / HTTP/1.1\r\nHost: x\r\r\n\r\n
400|a zero byte within a value|GET / HTTP/1.1\r\nHost: x\r\nA: b\000c\r\n\r\n
400|a control character within a value|GET / HTTP/1.1\r\nHost: x\r\nA: b\177c\r\n\r\n
400|a header line without a colon|GET / HTTP/1.1\r\nHost: x\r\nabc\r\n\r\n
400|a header line without a name|GET / HTTP/1.1\r\nHost: x\r\n: abc\r\n\r\n
400|a space before the colon|GET / HTTP/1.1\r\nHost : x\r\n\r\n
400|a name that is no token|GET / HTTP/1.1\r\nHost: x\r\nA@b: c\r\n\r\n
400|a name above 127|GET / HTTP/1.1\r\nHost: x\r\n\303\244: c\r\n\r\n
400|a folded line|GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n
400|a folded line after a tab|GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n\tc\r\n\r\n
400|a space before the first header line|GET / HTTP/1.1\r\n Host: x\r\n\r\n
400|no Host|GET / HTTP/1.1\r\n\r\n
400|two Hosts|GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n
400|two Hosts in HTTP/1.0|GET / HTTP/1.0\r\nHost: x\r\nhost: y\r\n\r\n
400|a Host with a path|GET / HTTP/1.1\r\nHost: x/y\r\n\r\n
400|a Host with a space|GET / HTTP/1.1\r\nHost: x y\r\n\r\n
400|two equal Content-Lengths|POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na
400|two different Content-Lengths|POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\ncontent-length: 2\r\n\r\nab
400|a list as Content-Length|POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1\r\n\r\na
400|a negative Content-Length|POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n
400|a Content-Length with a plus|POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\na
400|a hexadecimal Content-Length|POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x1\r\n\r\na
400|an empty Content-Length|POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\na
400|Content-Length, then Transfer-Encoding|POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n
400|Transfer-Encoding, then Content-Length|POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n
400|a Transfer-Encoding in HTTP/1.0|POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n
400|a target that is no path|GET * HTTP/1.1\r\nHost: x\r\n\r\n
400|a target without its slash|GET status/200 HTTP/1.1\r\nHost: x\r\n\r\n
200 400|an error after a good request|GET / HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n
400|an error before a good request|nonsense\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n
413|a body over the limit|POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n
413|a body over 64 bits|POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551617\r\n\r\n
501|a chunked body|POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n
501|an unknown Transfer-Encoding|POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n
501|an unknown method|BREW / HTTP/1.1\r\nHost: x\r\n\r\n
501|a very long method|ABCDEFGHIJKLMNOPQRSTUVWXYZ / HTTP/1.1\r\nHost: x\r\n\r\n
501|a method in lower case|get / HTTP/1.1\r\nHost: x\r\n\r\n
505|the preface of HTTP/2|PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n
505|HTTP/0.9|GET / HTTP/0.9\r\n\r\n
505|HTTP/9.9|GET / HTTP/9.9\r\nHost: x\r\n\r\n
END
}

too_much()
{
    long=$(printf '%09000d' 0)
    answers 414 "a request line that is too long" "GET /$long HTTP/1.1\r\n$host$end"
    answers 414 "a request line without an end" "GET /%050000d" 0
    answers 414 "a path that is too long" "GET /%02000d HTTP/1.1\r\n$host$end" 0
    answers 431 "a header line that is too long" "GET / HTTP/1.1\r\n${host}A: $long\r\n$end"
    answers 431 "a header line without an end" "GET / HTTP/1.1\r\n${host}A: %050000d" 0
    answers 431 "too many header lines" "GET / HTTP/1.1\r\n$(printf 'A: b\\r\\n%.0s' {1..101})$host$end"
    answers 431 "too many bytes of header lines" \
        "GET / HTTP/1.1\r\n$(printf 'A: %04000d\\r\\n%.0s' 0 0 0 0 0 0 0 0 0 0)$host$end"
    answers 200 "as many header lines as there may be" \
        "GET / HTTP/1.1\r\n$(printf 'A: b\\r\\n%.0s' {1..98})$host$end"
    answers 413 "a body over the limit, that comes nevertheless" \
        "POST / HTTP/1.1\r\n${host}Content-Length: 3000000\r\n$end%3000000s" ''
    answers 413 "a body over the limit, that waits to be asked for" \
        "POST / HTTP/1.1\r\n${host}Content-Length: 3000000\r\nExpect: 100-continue\r\n$end"
}

pipelined()
{
    requests=
    expected=
    for status in 200 404 503 201 410 418; do
        requests="${requests}GET /status/$status HTTP/1.1\r\n$host\r\n"
        expected="$expected $status"
    done
    answers "${expected# } 200" "seven requests in one piece are answered in their order" \
        "${requests}GET / HTTP/1.1\r\n$host$end"
    answers '200 200 200' "slow ones too" \
        "GET /sleep/50 HTTP/1.1\r\n$host\r\nGET /concurrent HTTP/1.1\r\n$host\r\nGET /sleep/1 HTTP/1.1\r\n$host$end"
    many=$(printf 'GET /status/204 HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n%.0s' {1..500})
    ask "${many}GET / HTTP/1.1\r\n$host$end"
    check "five hundred of them" [ "$(statuses | tr ' ' '\n' | sort | uniq -c | tr -s ' \n' ' ')" = ' 1 200 500 204 ' ]
    open
    for byte in G E T ' ' / ' ' H T T P / 1 . 1 '\r' '\n' H o s t : x '\r' '\n' '\r' '\n'; do
        send "$byte"
    done
    send "GET /status/404 HTTP/1.1\r\n$host$end"
    receive
    check "a request in pieces of one byte, then another" [ "$(statuses)" = '200 404' ]
}

curl_says() # curl_says TEXT EXPECTED CURL_ARGUMENT...
{
    text=$1
    expected=$2
    shift 2
    got=$(curl -sS --max-time 60 --noproxy '*' "$@" 2>&1)
    if [ "$got" = "$expected" ]; then
        ok "$text"
    else
        echo "$got" >"$scratch/got"
        not_ok "$text" "$scratch/got"
    fi
}

with_curl()
{
    if ! command -v curl >/dev/null; then
        skip "curl understands the server" "curl is not installed"
        return
    fi
    url=http://127.0.0.1:$port
    curl_says "curl gets a page" "418 I'm a teapot" "$url/status/418"
    curl_says "curl keeps the connection" '1 0 0 ' -o /dev/null -o /dev/null -o /dev/null \
        -w '%{num_connects} ' "$url/" "$url/concurrent" "$url/status/500"
    curl_says "curl asks for the head alone" '200' -I -o /dev/null -w '%{http_code}' "$url/"
    head -c 200000 /dev/zero >"$scratch/body"
    curl_says "curl sends a body, after asking" '200' -H 'Expect: 100-continue' --data-binary "@$scratch/body" \
        -o /dev/null -w '%{http_code}' "$url/"
    head -c 2000000 /dev/zero >"$scratch/body"
    curl_says "curl sends too large a body" '413' -H 'Expect:' --data-binary "@$scratch/body" \
        -o /dev/null -w '%{http_code}' "$url/"
    curl_says "curl sends a chunked body" '501' -H 'Transfer-Encoding: chunked' --data-binary "@$scratch/body" \
        -o /dev/null -w '%{http_code}' "$url/"
}

# It has all the time there is for what is under way, and does not take it for connections that ask for nothing.
stopped_while_some_are_idle()
{
    start http_server -g 100000 0
    open
    send "GET /status/418 HTTP/1.1\r\n$host\r\n"
    read -r -t 60 line <&3 # so that it is served, and idle thereafter
    exec 4<>"/dev/tcp/127.0.0.1/$port" 5<>"/dev/tcp/127.0.0.1/$port"
    send_to 5 "GET /sleep/700 HTTP/1.1\r\n${host}Expect: 100-continue\r\nContent-Length: 1\r\n\r\n"
    read -r -t 60 line <&5 # so that it is under way
    send_to 5 x
    kill -TERM "$server"
    receive
    check "an idle connection ends when the server is stopped" [ "$(tail -n 1 "$scratch/answer")" = "418 I'm a teapot" ]
    exec 3<&4 4<&-
    receive
    check "one that has not asked yet, too" [ ! -s "$scratch/answer" ]
    exec 3<&5 5<&-
    receive
    check "a request that is under way is answered" [ "$(statuses)" = 200 ]
    contains "it says that it is the last" '^Connection: close'
    stops_cleanly "the server ends with them" 0 # was told to already
}

descriptors()
{
    ls "/proc/$server/fd" | wc -l
}

# Whoever is gone is gone, even when he has sent the beginning of his next request.
gone_while_it_sleeps()
{
    start http_server 0
    if [ ! -d "/proc/$server/fd" ]; then
        skip "a client that is gone costs no descriptor" "there is no /proc"
    else
        before=$(descriptors)
        exec 4<>"/dev/tcp/127.0.0.1/$port"
        send_to 4 "GET /sleep/999999999 HTTP/1.1\r\n${host}\r\nG"
        until [ "$(descriptors)" -gt "$before" ]; do :; done
        exec 4<&-
        tries=0
        while [ "$(descriptors)" -gt "$before" ] && [ "$tries" -lt 600 ]; do
            sleep 0.1
            tries=$((tries + 1))
        done
        check "a client that is gone costs no descriptor" [ "$(descriptors)" -le "$before" ]
    fi
    stops_cleanly "the server ends then" TERM
}

start http_server 0
check "the server says where it listens" [ -n "$port" ]
well_formed
malformed
too_much
pipelined
with_curl
stops_cleanly "the server ends with status 0" TERM
stopped_while_some_are_idle
gone_while_it_sleeps
finish
