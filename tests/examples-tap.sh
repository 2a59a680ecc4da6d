# SPDX-License-Identifier: BSD-2-Clause
# What the tests of the examples share: running a program, a server, and a client made of bash's /dev/tcp. To be
# sourced by bash; end with `finish`.
#
# EXAMPLES_DIR is the folder of the built programs. EXAMPLES_WRAPPER, if set, is a command to run each one with,
# such as "valgrind -q --leak-check=full --error-exitcode=99".
#
# Copyright (c) 2026 the libvow authors
set +o posix
set -u
. "$top_srcdir/tests/tap.sh"
: "${EXAMPLES_DIR:=$top_builddir/examples}"
wrapper=${EXAMPLES_WRAPPER:-}
descriptors= # how many the next server may have; empty for as many as usual
pids=
port=

# Ends what this script started and has not ended itself.
clean_up()
{
    [ -z "$pids" ] || kill -KILL $pids 2>/dev/null
    rm -rf "$scratch"
}
trap clean_up EXIT

# ---- A program that ends by itself -------------------------------------------------------------------------

# Runs a program to its end: what it prints on both streams is in $scratch/out. Returns its status.
run() # run PROGRAM ARGUMENT...
{
    program=$1
    shift
    timeout 120 $wrapper "$EXAMPLES_DIR/$program" "$@" >"$scratch/out" 2>&1
}

ends() # ends STATUS PROGRAM ARGUMENT... : with this status, and not by a sanitizer's doing
{
    expected=$1
    shift
    run "$@"
    status=$?
    text=$(echo "$*" | tr -c '[:print:]\n' '?' | tr '\n' ' ' | cut -c -60)
    if [ $status = "$expected" ] && ! grep -q Sanitizer "$scratch/out"; then
        ok "$text: ends with status $expected"
    else
        not_ok "$text: ends with status $status, not $expected" "$scratch/out"
    fi
}

prints() # prints TEXT PROGRAM ARGUMENT... : it ends with 0 and prints exactly what is on the standard input
{
    text=$1
    shift
    cat >"$scratch/expected"
    run "$@"
    status=$?
    diff "$scratch/expected" "$scratch/out" >"$scratch/diff"
    if [ $status = 0 ] && [ ! -s "$scratch/diff" ]; then
        ok "$text"
    else
        echo "it ended with status $status" >>"$scratch/diff"
        not_ok "$text" "$scratch/diff"
    fi
}

says() # says TEXT PATTERN : what the last run must have printed
{
    if grep -Eq -- "$2" "$scratch/out"; then ok "$1"; else not_ok "$1" "$scratch/out"; fi
}

# ---- A server ----------------------------------------------------------------------------------------------

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
    kill "-$1" "$server" 2>/dev/null
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

# ---- A client made of bash ---------------------------------------------------------------------------------

open() # open : a connection as descriptor 3
{
    exec 3<>"/dev/tcp/127.0.0.1/$port"
}

send_to() # send_to DESCRIPTOR FORMAT ARGUMENT... : as printf. In a shell of its own, which SIGPIPE may end.
{
    to=$1
    shift
    (printf "$@" >&"$to") 2>/dev/null
}

send() # send FORMAT ARGUMENT...
{
    send_to 3 "$@"
}

# Reads until the server closes. Its answers are in $scratch/answer.
receive()
{
    timeout 60 cat <&3 >"$scratch/answer" 2>"$scratch/reset"
    exec 3<&-
}

ask() # ask FORMAT ARGUMENT... : one connection from its beginning to its end
{
    : >"$scratch/answer"
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

end='Connection: close\r\n\r\n'
host='Host: x\r\n'
