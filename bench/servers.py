# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 the libvow authors
"""W9 and W10, and the memory of idle connections: servers as processes of their own, and who asks them."""

import os
import re
import resource
import select
import shutil
import socket
import subprocess
import time

from session import Failure, Hung, Results, end_group, run, say
from suite import FLOODERS, FLOOR, VOW, Target

SECONDS = 1.0  # of each run of W9 and W10, and of each half of W12
START = 20  # seconds for a server to print its port
LIMIT = 30  # seconds for one run of W9, W10 or W12, with its warm-up: then it hangs
IDLE = 10000  # connections: a region of 2 MiB that the server has just begun is a fifth of their memory at most


def raise_limit():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


class Server:
    """A server that prints a line with its port; used in a `with`. It leads a group of processes, which is ended."""

    def __init__(self, command, seconds=START):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
        try:
            self.port = self.read_port(command, seconds)
        except Failure:
            self.__exit__()
            raise

    def read_port(self, command, seconds):
        is_there, _, _ = select.select([self.process.stdout], [], [], seconds)
        if not is_there:
            raise Hung(seconds)
        found = re.search(rb"(\d+)/?\s*$", self.process.stdout.readline())
        if not found:
            raise Failure(f"{command[0]}: printed no port")
        return int(found.group(1))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end_group(self.process)
        self.process.stdout.close()

    def cpu(self):
        """CPU time so far in ns."""
        with open(f"/proc/{self.process.pid}/schedstat") as file:
            return int(file.read().split()[0])

    def rss(self):
        with open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


class EchoWorkload:
    def __init__(self, connections):
        self.name, self.connections = f"W9, {connections}", connections
        self.title = f"echo, {connections} connections"
        self.targets = [
            Target("at least 0.97 x the floor's rate", lambda r: r.rate(VOW) >= 0.97 * r.rate(FLOOR)),
            Target("at most 1.05 x its CPU time a request", lambda r: r.time(VOW) <= 1.05 * r.time(FLOOR))]


class HttpWorkload:
    name, title = "W10", "HTTP under wrk, 64 connections"
    targets = [Target("at least 0.95 x the floor's rate", lambda r: r.rate(VOW) >= 0.95 * r.rate(FLOOR))]


class RateResults(Results):
    """`time` is the server's CPU time for a request in ns; the second figure is requests a second."""

    rate = Results.bytes


def echo(session, connections):
    results = RateResults(EchoWorkload(connections))
    commands = {FLOOR: [session.program("w9_echo_floor")], VOW: [session.program("w9_echo_vow")]}
    commands.update({peer.name: peer.echo for peer in session.peers if peer.echo and "W9" in peer.workloads})
    for turn in range(session.options.runs + 1):
        for contender, command in commands.items():
            if contender in results.errors:
                continue
            try:
                with Server(command) as server:
                    rate, cpu, wrong = run([session.program("w9_client"), str(server.port), str(connections),
                                            str(SECONDS), str(server.process.pid)], LIMIT)
                if wrong != "0":
                    raise Failure(f"{wrong} answers were not what had been sent")
                if turn or session.options.check:
                    results.add(contender, connections, float(cpu), float(rate))
            except Failure as error:
                results.errors[contender] = str(error)
                say(f"W9: {contender}: {error}")
    return results


def wrk(server):
    before = server.cpu()
    text = " ".join(run(["wrk", "-t1", "-c64", f"-d{SECONDS:.0f}s", f"http://127.0.0.1:{server.port}/"], LIMIT))
    count = int(re.search(r"(\d+) requests in", text).group(1))
    rate = float(re.search(r"Requests/sec:\s*([\d.]+)", text).group(1))
    if "Non-2xx" in text or "Socket errors" in text:
        raise Failure("wrk saw errors: " + text)
    return rate, (server.cpu() - before) / count


def http(session):
    """None, and why, if wrk is not there."""
    if not shutil.which("wrk"):
        return None, "W10: needs wrk (Debian: wrk)"
    results = RateResults(HttpWorkload())
    commands = {FLOOR: [session.program("w10_http_floor"), "0"],
                VOW: [os.path.join(session.options.build, "examples", "http_server"), "0"]}
    for turn in range(session.options.runs + 1):
        for contender, command in commands.items():
            if contender in results.errors:
                continue
            try:
                with Server(command) as server:
                    rate, cpu = wrk(server)
                if turn or session.options.check:
                    results.add(contender, 64, cpu, rate)
            except Failure as error:
                results.errors[contender] = str(error)
                say(f"W10: {contender}: {error}")
    return results, None


def fairness(session):
    """W12: how long an honest client waits (median, ns) among those that flood, and alone; how often it did."""
    with Server([session.program("w12_lines_vow")]) as server:
        words = run([session.program("w12_lines_client"), str(server.port), str(FLOODERS), str(SECONDS)], LIMIT)
    return [int(word) for word in words]


def ask(connection):
    connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    answer = b""
    while b"/status/<code>" not in answer or not answer.endswith(b"\n"):
        answer += connection.recv(4096)


def idle_bytes(session, command):
    """Memory of a server for each connection that has asked once and then waits."""
    count = min(IDLE, raise_limit() - 100)
    with Server(command) as server:
        def connect():
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=LIMIT)
            ask(connection)
            return connection

        first = [connect() for _ in range(20)]  # what a server needs only once
        time.sleep(0.2)
        before = server.rss()
        every = [connect() for _ in range(count)]
        time.sleep(0.2)
        after = server.rss()
        for connection in first + every:
            connection.close()
    return (after - before) / count


def idle(session):
    try:
        return idle_of_both(session)
    except socket.timeout:
        raise Hung(LIMIT) from None


def idle_of_both(session):
    return {FLOOR: idle_bytes(session, [session.program("w10_http_floor"), "0"]),
            VOW: idle_bytes(session, [os.path.join(session.options.build, "examples", "http_server"), "0"])}
