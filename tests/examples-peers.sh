#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The examples against programs that others wrote: echo against socat and nc, redis against a Redis server, the
# HTTP server against wrk; and 10,000 idle connections to it, with the memory that each takes. (curl is in
# examples-server.sh.) What is not installed is skipped by name.
#
# Copyright (c) 2026 the libvow authors
if [ -z "${BASH_VERSION:-}" ]; then # its /dev/tcp is a client here
    command -v bash >/dev/null && exec bash "$0" "$@"
    echo "1..0 # SKIP bash is not installed"
    exit 0
fi
. "$top_srcdir/tests/examples-tap.sh"

has()
{
    command -v "$1" >/dev/null 2>&1
}

# ---- Echo --------------------------------------------------------------------------------------------------

# The bytes come back in one piece, and then the end, because the client ends its half first.
echoes() # echoes TEXT COMMAND...
{
    text=$1
    shift
    timeout 60 "$@" <"$scratch/sent" >"$scratch/got" 2>"$scratch/why"
    status=$?
    if [ $status = 0 ] && cmp "$scratch/sent" "$scratch/got" >>"$scratch/why" 2>&1; then
        ok "$text"
    else
        echo "it ended with status $status" >>"$scratch/why"
        not_ok "$text" "$scratch/why"
    fi
}

echo_server()
{
    head -c 5000000 /dev/urandom >"$scratch/sent"
    start echo 0 || { not_ok "echo starts" "$scratch/errors"; return; }
    text="5 MB go through echo and socat"
    if has socat; then
        echoes "$text" socat -t 60 - "TCP:127.0.0.1:$port"
    else
        skip "$text" "socat is not installed"
    fi
    text="5 MB go through echo and nc"
    if has nc && nc -h 2>&1 | grep -q -e '-N'; then
        echoes "$text" nc -N 127.0.0.1 "$port"
    else
        skip "$text" "nc with the option -N is not installed"
    fi
    stops_cleanly "echo ends with status 0" TERM
}

# ---- Redis -------------------------------------------------------------------------------------------------

conversation()
{
    "$EXAMPLES_DIR/redis" -s "$scratch/redis.socket" <<'END'
PING
SET greeting hello
GET greeting
GET nothing
RPUSH list one two three
LRANGE list 0 -1
INCR count
INCRBY count 41
EVAL return{1,{"two",{}},3} 0
LRANGE empty 0 -1
NOSUCH
END
}

expected_conversation()
{
    cat <<'END'
PONG
OK
"hello"
(nil)
(integer) 3
  "one"
  "two"
  "three"
(integer) 1
(integer) 42
  (integer) 1
    "two"
    (empty array)
  (integer) 3
(empty array)
(error) ERR unknown command 'NOSUCH', with args beginning with: 
END
}

# Waits until the server answers; it says nothing that could be waited for.
answers_ping()
{
    for i in {1..100}; do
        [ "$(echo PING | "$EXAMPLES_DIR/redis" -s "$scratch/redis.socket" 2>/dev/null)" = PONG ] && return 0
        kill -0 "$redis" 2>/dev/null || return 1
        sleep 0.1
    done
    return 1
}

large_values()
{
    value=$(head -c 200000 /dev/zero | tr '\0' v)
    { for i in {1..50}; do echo "SET large$i $value"; done; for i in {1..50}; do echo "GET large$i"; done; } |
        "$EXAMPLES_DIR/redis" -s "$scratch/redis.socket" >"$scratch/got" 2>&1
    for i in {1..50}; do echo OK; done >"$scratch/expected"
    for i in {1..50}; do echo "\"$value\""; done >>"$scratch/expected"
    check "20 MB to and from Redis at the same time" cmp "$scratch/expected" "$scratch/got"
}

redis_client()
{
    text="redis speaks with a Redis server"
    if ! has redis-server; then
        skip "$text" "redis-server is not installed"
        return
    fi
    redis-server --port 0 --unixsocket "$scratch/redis.socket" --save '' --appendonly no --dir "$scratch" \
        >"$scratch/redis.log" 2>&1 &
    redis=$!
    pids="$pids $redis"
    if answers_ping; then
        conversation >"$scratch/got" 2>&1
        expected_conversation >"$scratch/expected"
        check "$text" diff "$scratch/expected" "$scratch/got"
        large_values
    else
        not_ok "$text" "$scratch/redis.log"
    fi
    kill "$redis" 2>/dev/null
    wait "$redis" 2>/dev/null
    pids=$(echo "$pids" | sed "s/ $redis\$//")
    run redis -s "$scratch/redis.socket" </dev/null
    check "and says why when there is none" grep -q '^redis: vow_connect_unix: ' "$scratch/out"
}

# A server that ends in the middle of an answer, and one that speaks something else.
broken_servers()
{
    text="redis says what is wrong with its server"
    if ! has socat; then
        skip "$text" "socat is not installed"
        return
    fi
    for answer in '$10\r\nhalf' '*2\r\n:1\r\n' 'HTTP/1.1 400 Bad Request\r\n' '$99999999999\r\n' '$x\r\n'; do
        rm -f "$scratch/broken.socket"
        socat -t 1 "UNIX-LISTEN:$scratch/broken.socket" SYSTEM:"printf '$answer'" 2>/dev/null &
        broken=$!
        pids="$pids $broken"
        for i in {1..100}; do
            [ -S "$scratch/broken.socket" ] && break
            sleep 0.05
        done
        echo PING | timeout 60 "$EXAMPLES_DIR/redis" -s "$scratch/broken.socket" >"$scratch/out" 2>&1
        status=$?
        wait "$broken" 2>/dev/null
        pids=$(echo "$pids" | sed "s/ $broken\$//")
        check "$text: $answer" eval '[ $status = 1 ] && grep -q "^redis: " "$scratch/out"'
    done
}

# ---- The HTTP server ---------------------------------------------------------------------------------------

under_wrk()
{
    text="wrk gets an answer to each request"
    if ! has wrk; then
        skip "$text" "wrk is not installed"
        return
    fi
    timeout 60 wrk -t 1 -c 50 -d 2s "http://127.0.0.1:$port/" >"$scratch/wrk" 2>&1
    requests=$(sed -n 's/^ *\([0-9]*\) requests in .*/\1/p' "$scratch/wrk")
    grep -E 'Socket errors|Non-2xx' "$scratch/wrk" >"$scratch/wrong"
    [ "${requests:-0}" -gt 0 ] || cat "$scratch/wrk" >>"$scratch/wrong"
    check_empty "$text" "$scratch/wrong"
}

memory() # memory : of the server, in bytes
{
    echo $(($(sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$server/status") * 1024))
}

# In a shell of its own, whose end closes the connections. One request each, so that the server has seen them all.
idle_connections()
{
    count=10000
    text="$count idle connections at once"
    if [ "$(ulimit -Hn)" != unlimited ] && [ "$(ulimit -Hn)" -lt $((count + 100)) ]; then
        skip "$text" "only $(ulimit -Hn) descriptors are allowed"
        return
    fi
    before=$(memory)
    (
        ulimit -Sn $((count + 100)) || exit 1
        for ((i = 0; i < count; i++)); do
            exec {connection}<>"/dev/tcp/127.0.0.1/$port" || exit 1
        done
        ask "GET / HTTP/1.1\r\n$host$end"
        [ "$(statuses)" = 200 ] || exit 1
        echo $(($(memory) - before)) >"$scratch/memory"
    ) >"$scratch/idle" 2>&1
    if [ $? != 0 ]; then
        not_ok "$text" "$scratch/idle"
        return
    fi
    ok "$text"
    each=$(($(cat "$scratch/memory") / count))
    echo "# $each bytes each"
    text="an idle connection takes less than 1 KiB"
    if [ -n "${SANITIZER_FLAGS:-}" ] || [ -n "$wrapper" ]; then
        skip "$text" "there is a sanitizer between"
    else
        check "$text" [ "$each" -lt 1024 ]
    fi
}

http_peers()
{
    start http_server 0 || { not_ok "http_server starts" "$scratch/errors"; return; }
    under_wrk
    idle_connections
    stops_cleanly "http_server ends with status 0" TERM
}

echo_server
redis_client
broken_servers
http_peers
finish
