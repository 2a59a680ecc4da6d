#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 the libvow authors
"""Runs the benchmarks and writes their report. Called by `make bench`, which builds the programs first."""

import argparse
import os
import platform
import subprocess
import sys

import peers
import plot
import report
import servers
import suite
from session import Failure, Session, complete, say
from suite import FLOOR, VOW

GIB = 1 << 30


def parse():
    parser = argparse.ArgumentParser(prog="bench.py", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the work, and libvow and the floor alone")
    parser.add_argument("--check", action="store_true",
                        help="no figures: each program of each peer once, with a thousandth of the work")
    parser.add_argument("--only", default="", metavar="W4[,W9]", help="these workloads alone; also flat, memory")
    parser.add_argument("--runs", type=int, default=0, help="counted runs of each program (5; 3 with --quick)")
    parser.add_argument("--no-peers", action="store_true", help="libvow and the floor alone")
    parser.add_argument("--out", default="", help="folder of the report and the plots (bench/results)")
    for name, default in (("build", "."), ("src", "."), ("cc", "cc"), ("cxx", ""), ("cflags", ""), ("defs", ""),
                          ("libev", "-lev"), ("pkg-config", "pkg-config")):
        parser.add_argument("--" + name, default=default, help="of this build; make fills it in")
    options = parser.parse_args()
    options.runs = 0 if options.check else options.runs or (3 if options.quick else 5)
    options.divisor = 1000 if options.check else 10 if options.quick else 1
    options.out = options.out or os.path.join(options.build, "bench", "results")
    options.pkg_config = options.pkg_config or "pkg-config"
    return options


def processor():
    try:
        with open("/proc/cpuinfo") as file:
            return next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def heading(options, found, skipped):
    version = subprocess.run([*options.cc.split(), "--version"], capture_output=True, text=True).stdout
    lines = ["libvow beside hand-written libev callbacks (the floor) and beside its peers",
             f"{processor()}, {os.cpu_count()} cores; {platform.system()} {platform.release()}",
             f"{version.splitlines()[0] if version else options.cc}; CFLAGS: {options.cflags}",
             f"medians of {options.runs} runs in turn after a warm-up; CPU time; n and memory as shown"
             if options.runs else "no figures: whether every program runs and adds up"]
    if "VOW_DEBUG" in options.defs or "sanitize" in options.cflags or "-O0" in options.cflags \
            or "-O" not in options.cflags:
        lines.append("WARNING: this build is not optimised, or has debug checks: its figures say little")
    lines += [f"peer: {peer.name} {peer.version}" for peer in found]
    lines += [f"skipped: {text}" for text in skipped]
    return "\n".join(lines) + "\n"


class Report:
    """Prints what comes, and keeps it for the file."""

    def __init__(self):
        self.parts = []

    def add(self, text):
        self.parts.append(text)
        print(text, flush=True)

    def save(self, path):
        with open(path, "w") as file:
            file.write("\n".join(self.parts))


def is_wanted(options, name):
    wanted = [item.strip().lower() for item in options.only.split(",") if item.strip()]
    return not wanted or any(name.lower().split(",")[0].split()[0] == item for item in wanted)


def workloads(options, session, text):
    every = []
    for workload in suite.WORKLOADS:
        if is_wanted(options, workload.name):
            say(f"{workload.name} ...")
            every.append(session.measure(workload))
            text.add(report.table(every[-1]))
    if is_wanted(options, "W9"):
        for connections in (64, 1000):
            say(f"W9, {connections} connections ...")
            every.append(servers.echo(session, connections))
            text.add(report.table(every[-1]))
    if is_wanted(options, "W10"):
        say("W10 ...")
        results, why = servers.http(session)
        if results:
            every.append(results)
        text.add(report.table(results) if results else f"skipped: {why}\n")
    if is_wanted(options, "W12"):
        say("W12 ...")
        attempt(session, text, "W12", lambda: text.add(report.fairness_text(*servers.fairness(session))))
    return every


def attempt(session, text, name, part):
    """A part that fails, or hangs, has a line that says so; the parts after it go on."""
    try:
        part()
    except Failure as failure:
        text.add(f"{name}: {failure}\n")
        session.failed = True


def check(options, session, text):
    """Whether all programs run and add up; W9 and W10 run for a second each."""
    every = [session.check(workload) for workload in suite.WORKLOADS if is_wanted(options, workload.name)]
    if is_wanted(options, "W9"):
        every.append(servers.echo(session, 64))
    if is_wanted(options, "W10"):
        every += [results for results in servers.http(session)[:1] if results]
    if is_wanted(options, "W12"):
        attempt(session, text, "W12", lambda: text.add(report.fairness_text(*servers.fairness(session))))
    for results in every:
        print(f"{results.workload.name}: right: {'; '.join(results.figures)}")
        for contender, why in results.errors.items():
            print(f"{results.workload.name}: WRONG: {contender}: {why}")
    return 1 if session.failed or any(results.errors for results in every) else 0


def flatness(options, session, text):
    sizes = suite.FLAT_SIZES[:-2] if options.quick else suite.FLAT_SIZES
    operations = suite.FLAT_OPERATIONS // (10 if options.quick else 1)
    flat = {}
    for name in suite.FLAT:
        say(f"{name} against n ...")

        def measure(name=name):
            flat[name] = session.flat(suite.BY_NAME[name], sizes, operations)

        attempt(session, text, f"{name} against n", measure)
    text.add(report.flat_text(flat))
    return flat


def memory(options, session, text):
    say("memory ...")
    n = 1000000 if options.quick else 10000000
    out, more = complete([session.program("memory_vow"), str(n)])
    each = float(out.split()[1])
    ordered, random, half, _, end = (float(word) for word in more.split())
    idle = servers.idle(session)
    text.add("\n".join([
        "Memory",
        f"  {n:,} pending promises: {each:.1f} B each, {each * n / GIB:.2f} GiB",
        f"  of which the program keeps when they are freed: {100 * ordered / each:.1f} %; "
        f"in a random order: {100 * random / each:.1f} %",
        f"  with every second one freed: {100 * half / each:.1f} % (the room is used again); "
        f"then all: {100 * end / each:.1f} %",
        f"  an idle connection of examples/http_server: {idle[VOW]:.0f} B (the floor: {idle[FLOOR]:.0f} B); "
        f"to reach: at most 1024 B: {'met' if idle[VOW] <= 1024 else 'NOT met'}"]) + "\n")


def main():
    options = parse()
    os.nice(5)
    servers.raise_limit()
    os.makedirs(options.out, exist_ok=True)
    if options.quick or options.no_peers:
        found, skipped = [], ["all peers"]
    else:
        found, skipped = peers.find(options)
    text = Report()
    text.add(heading(options, found, skipped))
    session = Session(options, found)
    if options.check:
        return check(options, session, text)
    every = workloads(options, session, text)
    flat = flatness(options, session, text) if is_wanted(options, "flat") else {}
    if is_wanted(options, "memory"):
        attempt(session, text, "memory", lambda: memory(options, session, text))
    if every:
        text.add(report.summary(every))
    text.save(os.path.join(options.out, "report.txt"))
    plot.ratios(every, os.path.join(options.out, "ratios.svg"))
    plot.flat(flat, os.path.join(options.out, "flat.svg"))
    say(f"written: {options.out}/report.txt" + (", ratios.svg" if every else "") + (", flat.svg" if flat else ""))
    return 1 if session.failed or any(results.errors for results in every) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        sys.exit(f"bench: {failure}")
