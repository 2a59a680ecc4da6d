#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The example programs do what they say. The HTTP server is asked well-formed and malformed things, slowly, in
# pieces, by a thousand at once, and by clients that hang up; the client is given servers that answer badly.
#
# EXAMPLES_DIR is the folder of the built programs. EXAMPLES_WRAPPER, if set, is a command to run each one with,
# such as "valgrind -q --leak-check=full --error-exitcode=99".
#
# Copyright (c) 2026 the libvow authors
if [ -z "${BASH_VERSION:-}" ]; then # its /dev/tcp is the client here
    command -v bash >/dev/null && exec bash "$0" "$@"
    echo "1..0 # SKIP bash is not installed"
    exit 0
fi
set +o posix
set -u
. "$top_srcdir/tests/tap.sh"
: "${EXAMPLES_DIR:=$top_builddir/examples}"
wrapper=${EXAMPLES_WRAPPER:-}
descriptors= # how many the next server may have; empty for as many as usual
pids=

# Ends what this script started and has not ended itself.
clean_up()
{
    [ -z "$pids" ] || kill -KILL $pids 2>/dev/null
    rm -rf "$scratch"
}
trap clean_up EXIT

# ---- The small programs ------------------------------------------------------------------------------------

# Runs a program to its end: what it prints on both streams is in $scratch/out. Returns its status.
run() # run PROGRAM ARGUMENT...
{
    program=$1
    shift
    timeout 120 $wrapper "$EXAMPLES_DIR/$program" "$@" >"$scratch/out" 2>&1
}

prints() # prints TEXT PROGRAM : it ends with 0 and prints exactly what is on the standard input
{
    cat >"$scratch/expected"
    run "$2"
    status=$?
    diff "$scratch/expected" "$scratch/out" >"$scratch/diff"
    if [ $status = 0 ] && [ ! -s "$scratch/diff" ]; then
        ok "$1"
    else
        echo "it ended with status $status" >>"$scratch/diff"
        not_ok "$1" "$scratch/diff"
    fi
}

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
}

# ---- Servers, and a client made of bash --------------------------------------------------------------------

# Starts a server and waits for the line in which it says its port. Sets port and server, its process id.
start() # start PROGRAM ARGUMENT... [< what it reads]
{
    program=$1
    shift
    rm -f "$scratch/says"
    mkfifo "$scratch/says"
    {
        [ -z "$descriptors" ] || ulimit -n "$descriptors"
        exec $wrapper "$EXAMPLES_DIR/$program" "$@"
    } <&0 >"$scratch/says" 2>"$scratch/errors" &
    server=$!
    pids="$pids $server"
    exec 9<"$scratch/says"
    line=
    read -r -t 60 line <&9
    exec 9<&-
    port=${line##*127.0.0.1:}
    port=${port%/}
    [ -n "$port" ]
}

# Ends the server with a signal. Returns its status; what it printed as errors is in $scratch/errors.
stop() # stop SIGNAL
{
    kill "-$1" "$server"
    wait "$server"
    status=$?
    pids=$(echo "$pids" | sed "s/ $server\$//")
    return $status
}

# The server must end well, and with nothing to say: no leak, no unhandled rejection.
stops_cleanly() # stops_cleanly TEXT SIGNAL
{
    stop "$2"
    status=$?
    if [ $status = 0 ] && [ ! -s "$scratch/errors" ]; then
        ok "$1"
    else
        echo "it ended with status $status" >>"$scratch/errors"
        not_ok "$1" "$scratch/errors"
    fi
}

open() # open : a connection as descriptor 3
{
    exec 3<>"/dev/tcp/127.0.0.1/$port"
}

send() # send FORMAT ARGUMENT... : as printf. In a shell of its own, for the server may have closed already.
{
    (printf "$@" >&3) 2>/dev/null
}

# Reads until the server closes. Its answers are in $scratch/answer.
receive()
{
    timeout 60 cat <&3 >"$scratch/answer" 2>"$scratch/reset"
    exec 3<&-
}

ask() # ask FORMAT ARGUMENT... : one connection from its beginning to its end
{
    open && send "$@" && receive
}

# The statuses of all answers that came, in one line.
statuses()
{
    tr -d '\0' <"$scratch/answer" | sed -n 's,.*HTTP/1\.1 \([0-9][0-9][0-9]\) .*,\1,p' | tr '\n' ' ' | sed 's/ $//'
}

# The bytes sent are answered by these statuses and by the end of the connection.
answers() # answers "STATUS..." TEXT FORMAT ARGUMENT...
{
    expected=$1
    text=$2
    shift 2
    ask "$@"
    got=$(statuses)
    if [ "$got" = "$expected" ]; then
        ok "$expected: $text"
    else
        { echo "sent: $(printf "$@" | head -c 300 | cat -v)"; head -c 1000 "$scratch/answer"; } >"$scratch/why"
        not_ok "$expected, but got '$got': $text" "$scratch/why"
    fi
}

contains() # contains TEXT PATTERN : what the last answer must contain
{
    if grep -q -- "$2" "$scratch/answer"; then ok "$1"; else not_ok "$1" "$scratch/answer"; fi
}

contains_not() # contains_not TEXT PATTERN
{
    if grep -q -- "$2" "$scratch/answer"; then not_ok "$1" "$scratch/answer"; else ok "$1"; fi
}

# ---- What the server answers -------------------------------------------------------------------------------

end='Connection: close\r\n\r\n'
host='Host: x\r\n'

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

# ---- Clients that behave badly -----------------------------------------------------------------------------

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

# The lowest number of descriptors in /proc that it comes to within a bounded time, for those may close a bit later.
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

slow_clients()
{
    start http_server -t 0.5 -i 0.3 0
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
    answers '' "an idle connection is closed" ''
    answers 200 "also after an answer" "GET / HTTP/1.1\r\n$host\r\n"
    stops_cleanly "the impatient server ends with status 0" TERM
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
            printf "GET /status/404 HTTP/1.1\r\n$host\r\n" >&"$connection"
        done
        for connection in $connections; do
            read -r -t 60 line <&"$connection" && [ "$line" = $'HTTP/1.1 404 Not Found\r' ] || exit 1
        done
    ) >"$scratch/idle" 2>&1
    if [ $? = 0 ]; then ok "$text, and an answer for each"; else not_ok "$text" "$scratch/idle"; fi
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
    idle=
    for i in {1..40}; do
        exec {connection}<>"/dev/tcp/127.0.0.1/$port"
        printf "GET /sleep/1 HTTP/1.1\r\n$host\r\n" >&"$connection"
        idle="$idle $connection"
    done
    last=$connection
    first=${idle# }
    first=${first%% *}
    read -r -t 60 line <&"$first"
    check "$text answers those that it has" [ "$line" = $'HTTP/1.1 200 OK\r' ]
    if [ -r "/proc/$server/stat" ]; then
        before=$(cpu_ticks)
        printf "GET /sleep/1000 HTTP/1.1\r\n$host\r\n" >&"$first"
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

# Ends a server that has all kinds of things under way.
ends_with() # ends_with SIGNAL
{
    start http_server 0
    connections=
    for bytes in '' 'GET /' "POST / HTTP/1.1\r\n${host}Content-Length: 9\r\n\r\nhalf" \
        "GET /sleep/3600000 HTTP/1.1\r\n$host\r\n" "GET /concurrent HTTP/1.1\r\n$host\r\n" \
        "GET / HTTP/1.1\r\n$host\r\n"; do
        exec {connection}<>"/dev/tcp/127.0.0.1/$port"
        printf "$bytes" >&"$connection"
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
        run http_server $arguments
        check "http_server $arguments ends with status 2" [ $? = 2 ]
    done
    for arguments in '70000' 'x' '-1x'; do
        run http_server -- $arguments
        check "http_server -- $arguments ends with a failure" [ $? = 1 ]
    done
    start http_server 0
    run http_server "$port"
    check "a port that is taken ends with a failure" [ $? = 1 ]
    check "and says so" grep -q "^http_server: .*$port" "$scratch/out"
    stop TERM
}

# ---- curl, as a client that somebody else wrote ------------------------------------------------------------

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
    curl_says "curl gets a page" '418 Unknown' "$url/status/418"
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

# ---- The client --------------------------------------------------------------------------------------------

# The order in which the requests of the last run came to their end.
order()
{
    sed -n 's,^http://[^/]*\(/[^ ]*\): .*,\1,p' "$scratch/out" | tr '\n' ' ' | sed 's/ $//'
}

says() # says TEXT PATTERN : what the last run must have printed
{
    if grep -Eq -- "$2" "$scratch/out"; then ok "$1"; else not_ok "$1" "$scratch/out"; fi
}

fetching()
{
    url=http://127.0.0.1:$port
    run fetch_all -c 1 "$url/sleep/50" "$url/" "$url/status/404" "http://localhost:$port/status/204#x" "$url?q"
    check "fetch_all ends with 0, whatever the answers are" [ $? = 0 ]
    check "one at a time comes to its end in the order of the list" \
        [ "$(order)" = '/sleep/50 / /status/404 /status/204 /?q' ]
    says "it prints status, bytes and time" '/sleep/50: 200, 16 bytes, [0-9]+ ms$'
    says "a failure is a result" '/status/404: 404, 12 bytes, '
    says "no body is no failure" '/status/204: 204, 0 bytes, '
    says "it prints the totals" '^total [0-9.]+ s, longest single request [0-9.]+ s, sum of all [0-9.]+ s$'
    check "it prints a row for each request" [ "$(grep -c '|.*[#x].*|$' "$scratch/out")" = 5 ]
    check "it prints no colours where there is no terminal" [ "$(tr -dc '\033' <"$scratch/out" | wc -c)" = 0 ]

    run fetch_all -t 2 -c 2 "$url/sleep/3600000" "$url/sleep/20" "$url/sleep/10" "$url/"
    check "one that never answers is given up" [ $? = 0 ]
    check "and holds up nobody" [ "$(order)" = '/sleep/20 /sleep/10 / /sleep/3600000' ]
    says "the timeline shows it" '^/sleep/3600000 +timed out \|x+\|$'

    run fetch_all -q "$url/" "$url/status/500"
    check "quietly" [ "$(wc -l <"$scratch/out")" = 1 ]
    says "there are the totals alone" '^total '
    COLUMNS=200 LC_ALL=C.UTF-8 run fetch_all "$url/"
    says "a wide UTF-8 terminal gets wide bars of blocks" '^/ +200 +\|(█){165}\|$'
}

fetching_badly()
{
    for arguments in '' '-c' '-c 0 http://127.0.0.1/' '-c x http://127.0.0.1/' '-t 0 http://127.0.0.1/' '-x' \
        'ftp://127.0.0.1/' 'http://' 'http:///' 'http://name/' 'http://127.0.0.1:/' 'http://127.0.0.1:0/' \
        'http://127.0.0.1:65536/' 'http://127.0.0.1:1x/' 'http://127.0.0.1x/' 'http://[::1/' 'http://[::1]x/' \
        'http://u@127.0.0.1/' 'http://1.2.3/' "http://127.0.0.1/$(printf '%02000d' 0)" 'http://127.0.0.1/ä'; do
        run fetch_all $arguments
        check "fetch_all $(echo "$arguments" | cut -c -50) ends with 2" [ $? = 2 ]
    done
    run fetch_all "http://127.0.0.1/"$'\r\n'"X: y"
    check "a URL with line ends in it ends with 2" [ $? = 2 ]
    start say </dev/null
    stop TERM 2>/dev/null # nobody listens on this port now
    run fetch_all "http://127.0.0.1:$port/"
    check "a refused connection is a result" [ $? = 0 ]
    says "and is called by its name" '/: .*(refused|ECONNREFUSED)'
}

# What fetch_all says of a server that sends these bytes to everybody.
fetches() # fetches PATTERN TEXT FORMAT
{
    printf "$3" >"$scratch/bytes"
    start say <"$scratch/bytes"
    run fetch_all -t 20 "http://127.0.0.1:$port/"
    status=$?
    stop TERM 2>/dev/null
    check "$2: a result" [ $status = 0 ]
    says "it says why, or what" "/: $1"
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

demonstration()
{
    timeout 120 sh "$top_srcdir/examples/demo.sh" "$EXAMPLES_DIR" >"$scratch/out" 2>&1
    check "the demonstration ends with 0" [ $? = 0 ]
    check "it fetches 60 URLs" [ "$(grep -c '^http://127' "$scratch/out")" = 60 ]
    check "it draws 60 rows" [ "$(grep -c '|$' "$scratch/out")" = 60 ]
    says "one of them never answers" '^/sleep/3600000 +timed out'
}

small_programs
start http_server 0
check "the server says where it listens" [ -n "$port" ]
well_formed
malformed
too_much
pipelined
with_curl
bad_clients
fetching
stops_cleanly "the server ends with status 0" TERM
slow_clients
few_descriptors
ends_with INT
ends_with TERM
wrong_calls
fetching_badly
bad_answers
demonstration
finish
