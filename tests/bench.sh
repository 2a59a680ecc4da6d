#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The runner of the benchmarks goes on when a program hangs: as a workload, as a server that prints no port, as
# one that accepts nothing, and when what hangs is a child of the program. Prints TAP.
#
# Copyright (c) 2026 the libvow authors
set -u
: "${top_srcdir:=.}"
# shellcheck source=tap.sh
. "$top_srcdir/tests/tap.sh"

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null; then
    echo "1..0 # SKIP Python 3.8 or later is missing (Debian: python3)"
    exit 77
fi
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$top_srcdir/bench" python3 - >"$scratch/log" 2>&1 <<'END'
import os, types
import report, servers, session, suite

SILENT = ["sh", "-c", "sleep 1000 & echo $! >&2; wait"]  # what hangs is its child, which holds its pipes
MUTE = ["sh", "-c", "echo 1; exec sleep 1000"]  # a server with a port that is nobody's to ask
ASKS = ["sh", "-c", "exec sleep 1000"]

try:
    session.run(SILENT, 0.1)
    raise SystemExit("it ended")
except session.Hung as hung:
    assert str(hung).startswith("hung"), hung
try:
    with servers.Server(SILENT, 0.1):
        raise SystemExit("it has a port")
except session.Hung:
    pass
assert session.run(["echo", "1 2 3"], 60) == ["1", "2", "3"]

# A row of its own says so, and the contenders after it are measured.
servers.LIMIT = 0.1
options = types.SimpleNamespace(runs=1, check=False)
peer = types.SimpleNamespace(name="sleeper", echo=MUTE, workloads={"W9"})
fake = types.SimpleNamespace(options=options, peers=[peer], program=lambda name: name)
servers.run = lambda command, seconds: session.run(ASKS if command[1] == "1" else ["echo", "10 20 0"],
                                                   seconds if command[1] == "1" else 60)
real = servers.Server
servers.Server = lambda command: real(command if command is MUTE else ["sh", "-c", "echo 2; exec sleep 1000"])
results = servers.echo(fake, 64)
assert set(results.figures) == {suite.FLOOR, suite.VOW}, results.figures
text = report.table(results)
assert "sleeper         hung: no end after 0.1 s" in text, text
END
status=$?
if [ $status = 0 ]; then
    ok "a program that hangs is ended with its group, its row says so, and the rest goes on"
else
    not_ok "a program that hangs is ended with its group, its row says so, and the rest goes on" "$scratch/log"
fi
finish
