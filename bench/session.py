# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 the libvow authors
"""Runs programs in turn, A B A B ..., each run a process of its own, and keeps their figures."""

import os
import signal
import statistics
import subprocess
import sys

from suite import FLOOR, STATIC, VOW, W8_ROUNDS

TIMEOUT = 120  # seconds, for a program that hangs
WARM_BYTES = 256  # for each object, and for no fewer than a million: more than any contender but a peer takes


def say(text):
    print(text, file=sys.stderr, flush=True)


class Failure(Exception):
    pass


class Hung(Failure):
    """A program that did not end in time; it and all that it started were ended."""

    def __init__(self, seconds):
        super().__init__(f"hung: no end after {seconds:g} s")


def end_group(process):
    """Ends a program that was started as the leader of a group, and what it started, and waits for it."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def complete(command, seconds=TIMEOUT):
    """What a program prints on its two streams. It has a group of its own, so that nothing of it is left behind."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          start_new_session=True) as process:
        try:
            out, complaint = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise Hung(seconds) from None
        finally:
            if process.returncode is None:
                end_group(process)
    if process.returncode:
        raise Failure(f"{' '.join(command)}: status {process.returncode} {complaint.strip()}")
    return out, complaint


def run(command, seconds=TIMEOUT):
    """What the program prints, in words."""
    return complete(command, seconds)[0].split()


class Results:
    """The figures of one workload: for each contender a list of (time, bytes), and its medians."""

    def __init__(self, workload):
        self.workload, self.figures, self.sizes, self.errors = workload, {}, {}, {}

    def add(self, contender, size, time, memory):
        self.figures.setdefault(contender, []).append((time, memory))
        self.sizes[contender] = size

    def has(self, contender):
        return contender in self.figures

    def times(self, contender):
        return [time for time, _ in self.figures[contender]]

    def time(self, contender):
        return statistics.median(self.times(contender))

    def bytes(self, contender):
        return statistics.median(memory for _, memory in self.figures[contender])

    def spread(self, contender):
        times = self.times(contender)
        return (max(times) - min(times)) / 2 / self.time(contender)

    def peers(self):
        return [name for name in self.figures if name not in (FLOOR, VOW, STATIC)]


class Session:
    def __init__(self, options, peers):
        self.options, self.peers = options, peers
        self.bin = os.path.join(options.build, "bench")
        self.static = {}
        self.failed = False  # a part that has no row of its own

    def program(self, name):
        return os.path.join(self.bin, name)

    def warm(self, size):
        mib = max(size, 10**6) * WARM_BYTES >> 20
        subprocess.run([self.program("warm"), str(mib)], check=False)

    def link_static(self, program):
        """The libvow program with the static library, from the objects that make has built; None if there is none."""
        library = os.path.join(self.options.build, ".libs", "libvow.a")
        target = self.program(f"static-{program}")
        objects = [self.program(f"{program}.o"), self.program("bench.o")]
        if not all(os.path.exists(path) for path in [library, *objects]):
            return None
        command = [*self.options.cc.split(), "-O2", "-o", target, *objects, library,
                   *self.options.libev.split(), "-lm", "-lpthread"]
        return target if subprocess.run(command, capture_output=True).returncode == 0 else None

    def commands(self, workload):
        """Contender -> (command, n, what the checksum must be)."""
        divisor = self.options.divisor
        n = workload.size(VOW, divisor)
        rounds = [str(max(workload.rounds // divisor, 2))] if workload.rounds > 1 else []
        programs = {FLOOR: self.program(workload.floor + "_floor"), VOW: self.program(workload.program + "_vow")}
        static = self.link_static(workload.program + "_vow")
        if static:
            programs[STATIC] = static
        every = {name: ([path, str(n), *rounds], n) for name, path in programs.items()}
        for peer in self.peers:
            if workload.name not in peer.workloads:
                continue
            size = workload.size(peer.name, divisor)
            if workload.rounds == 1:
                every[peer.name] = ([*peer.command, workload.name.lower(), str(size)], size)
            elif os.path.basename(peer.command[0]) in ("node", "python3"):  # theirs are rounds of the same size
                times = max(W8_ROUNDS[peer.name] // divisor, 1)
                every[peer.name] = ([*peer.command, "w8", str(size * times)], size)
            else:
                times = max(W8_ROUNDS[peer.name] // divisor, 1)
                every[peer.name] = ([*peer.command, "w8", str(size), str(times)], size)
        return {name: (command, size, workload.check(size)) for name, (command, size) in every.items()}

    def once(self, command, checksum):
        """One run, which must add up."""
        time, memory, sum_ = run(command)
        if float(sum_) != checksum:
            raise Failure(f"the checksum is {sum_}, not {checksum}")
        return float(time), float(memory)

    def check(self, workload):
        """Every contender once; Results without figures worth reading."""
        results = Results(workload)
        for contender, (command, size, checksum) in self.commands(workload).items():
            try:
                results.add(contender, size, *self.once(command, checksum))
            except (Failure, ValueError) as error:
                results.errors[contender] = str(error)
        return results

    def measure(self, workload):
        results = Results(workload)
        commands = self.commands(workload)
        for turn in range(self.options.runs + 1):  # the first is the warm-up
            for contender, (command, size, checksum) in commands.items():
                if contender in results.errors:
                    continue
                try:
                    if workload.memory:
                        self.warm(size)
                    time, memory = self.once(command, checksum)
                except (Failure, ValueError) as error:
                    results.errors[contender] = str(error)
                    say(f"{workload.name}: {contender}: {error}")
                    continue
                if turn:
                    results.add(contender, size, time, memory)
        return results

    def flat(self, workload, sizes, operations):
        """Contender -> [(n, median time)]."""
        points = {FLOOR: [], VOW: []}
        programs = {FLOOR: workload.floor + "_floor", VOW: workload.program + "_vow"}
        for n in sizes:
            times = {FLOOR: [], VOW: []}
            is_long = workload.name == "W6" and n > operations  # as many microseconds as there are sleepers
            for turn in range(2 if is_long else 4):
                for contender, program in programs.items():
                    if workload.memory:
                        self.warm(n)
                    time = float(run([self.program(program), str(n), str(max(operations // n, 1))])[0])
                    if turn:
                        times[contender].append(time)
            for contender in points:
                points[contender].append((n, statistics.median(times[contender])))
        return points
