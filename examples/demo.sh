#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 the libvow authors
#
# demo.sh FOLDER : starts the http_server of that folder on a free port, and lets fetch_all fetch 60 of its
# URLs, 20 at a time. Some are slow, some fail, and one never answers: it is given up after two seconds.
set -u

folder=${1:?usage: demo.sh FOLDER-OF-THE-BUILT-EXAMPLES}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/vow-demo.XXXXXX") || exit 1
server=

end_server()
{
    [ -z "$server" ] || kill "$server" 2>/dev/null
    [ -z "$server" ] || wait "$server"
    status=$?
    server=
    return $status
}

trap 'end_server; rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

# Sets url. The line comes when the server listens; without one, the server has ended.
start_server()
{
    mkfifo "$scratch/says" || exit 1
    "$folder/http_server" 0 >"$scratch/says" &
    server=$!
    exec 3<"$scratch/says"
    read -r line <&3 || exit 1
    echo "http_server: $line"
    url=${line#listening on }
    url=${url%/}
}

urls()
{
    number=0
    while [ $number -lt 60 ]; do
        case $number in
        4) path=/sleep/3600000 ;;
        *0) path=/concurrent ;;
        *7) path=/status/404 ;;
        *3) path=/status/503 ;;
        *5) path=/ ;;
        59) path=/no/such/page ;;
        *) path=/sleep/$((100 + number * 370 % 1301)) ;;
        esac
        echo "$url$path"
        number=$((number + 1))
    done
}

start_server
"$folder/fetch_all" -c 60 -t 2 $(urls) || exit 1
end_server
