# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 the libvow authors
"""The workloads: what runs, how often, what it must add up to, and what libvow is to reach."""

FLOOR, VOW, STATIC = "floor", "libvow", "libvow, static"


def plain_sum(n):
    return n * (n - 1) // 2


class Workload:
    """One workload in its C programs; `sizes` gives each slow peer an n of its own, so that no run takes long."""

    def __init__(self, name, title, program, n, check, sizes=None, rounds=1, floor=None, memory=False):
        self.name, self.title, self.program, self.n = name, title, program, n
        self.check, self.rounds, self.memory = check, rounds, memory
        self.sizes = sizes or {}
        self.floor = floor or program
        self.targets = []

    def size(self, contender, divisor=1):
        if self.rounds > 1:
            return self.n
        return max(self.sizes.get(contender, self.n) // divisor, 1000)


WORKLOADS = [
    Workload("W1", "chain, per link", "w1_chain", 1000000, lambda n: n, memory=True,
             sizes={"asyncio": 100000, "uvloop": 100000, "GTask": 100000, "tevent": 200000, "KJ": 100000}),
    Workload("W2", "new + then + resolve + run + free", "w2_cycle", 5000000, lambda n: n * (n + 1) // 2,
             sizes={"asyncio": 300000, "uvloop": 300000, "GTask": 500000}),
    Workload("W2 run", "the same, a vow_run() for each", "w2_run", 5000000, lambda n: n * (n + 1) // 2),
    Workload("W3", "all, per promise", "w3_all", 1000000, plain_sum, memory=True,
             sizes={"asyncio": 200000, "uvloop": 200000, "GTask": 500000, "tevent": 500000, "KJ": 500000}),
    Workload("W4", "await", "w4_await", 10000000, lambda n: 3 * n,
             sizes={"asyncio": 500000, "uvloop": 500000, "GTask": 1000000, "KJ": 5000000}),
    Workload("W5", "spawn, await once, gather", "w5_spawn", 1000000, plain_sum, memory=True,
             sizes={"node": 500000, "asyncio": 50000, "uvloop": 50000, "GTask": 500000, "tevent": 500000,
                    "Asio": 500000}),
    Workload("W6", "sleepers, CPU time each", "w6_sleep", 1000000, lambda n: n, memory=True,
             sizes={"node": 300000, "asyncio": 50000, "uvloop": 50000, "tevent": 50000, "KJ": 500000,
                    "Asio": 300000}),
    Workload("W7", "skynet, per leaf", "w7_skynet", 1000000, plain_sum, memory=True,
             sizes={"asyncio": 100000, "uvloop": 100000, "tevent": 100000}),
    Workload("W7 tasks", "the same, every node a task", "w7_tasks", 1000000, plain_sum, memory=True,
             floor="w7_skynet"),
    Workload("W8", "doxbee, per request, 10,000 at once", "w8_doxbee", 10000, lambda n: n * (n - 1) + 7 * n,
             rounds=50, sizes={}),
    Workload("W11", "a deadline cancelled and another set, one pending", "w11_deadline", 5000000, lambda n: n),
    Workload("W11 1k", "the same, a thousand others", "w11_deadline_1k", 5000000, lambda n: n),
    Workload("W11 1m", "the same, a million others", "w11_deadline_1m", 5000000, lambda n: n),
]
BY_NAME = {workload.name: workload for workload in WORKLOADS}

# How many times a peer makes W8's 10,000 requests; it prints the checksum of one time.
W8_ROUNDS = {"node": 10, "GTask": 10, "tevent": 20, "asyncio": 2, "uvloop": 2, "KJ": 20, "Asio": 20, "tokio": 50}


class Target:
    """A figure to reach: its text, and whether the medians of one session meet it (None: cannot be told)."""

    def __init__(self, text, met):
        self.text, self.met = text, met


def ratio(limit):
    return Target(f"at most {limit:g} x the floor", lambda r: r.time(VOW) <= limit * r.time(FLOOR))


def memory(limit):
    # 2 %: what a slab and the last page keep for themselves.
    return Target(f"at most {limit} B", lambda r: r.bytes(VOW) <= limit * 1.02)


def at_most(ns):
    return Target(f"at most {ns:g} ns", lambda r: r.time(VOW) <= ns)


def faster_than(peer, factor):
    def met(r):
        return r.time(VOW) * factor <= r.time(peer) if r.has(peer) else None
    return Target(f"{factor:g} x faster than {peer}", met)


def ahead_of_all():
    def met(r):
        return all(r.time(VOW) < r.time(peer) for peer in r.peers()) if r.peers() else None
    return Target("ahead of every peer", met)


BY_NAME["W1"].targets = [ratio(1.3), memory(80)]
BY_NAME["W2"].targets = [ratio(3), faster_than("node", 3)]
BY_NAME["W3"].targets = [ratio(1.5), memory(112)]
BY_NAME["W4"].targets = [at_most(6), ahead_of_all()]
BY_NAME["W5"].targets = [ratio(3), memory(192)]
BY_NAME["W6"].targets = [ratio(0.6), memory(112)]
BY_NAME["W7"].targets = [ratio(2.5), ahead_of_all()]
BY_NAME["W8"].targets = [ratio(4)]
BY_NAME["W11"].targets = [ratio(1)]
BY_NAME["W11 1m"].targets = [ratio(0.4)]

# Time against n: the workloads, and n.
FLAT = ["W1", "W2", "W3", "W5", "W6"]
FLAT_SIZES = [1000, 10000, 100000, 1000000, 10000000]
FLAT_OPERATIONS = 1000000  # so many in each run, at least

# W12: so many peers flood the server of lines.
FLOODERS = 100
