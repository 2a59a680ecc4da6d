#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Plays random programs of sleeps, deadlines and intervals twice: on libvow's virtual clock, by the player, and on
Python's asyncio, whose loop gets a clock that jumps. The traces must be the same, times included, bit by bit.

    compare.py --player PROGRAM [--programs N] [--seed N]

Prints how many programs there were and how many differed, and the first that did. Ends with 1 if one did.

Copyright (c) 2026 the libvow authors
"""
import argparse
import asyncio
import math
import random
import selectors
import subprocess
import sys


# ---- Programs: lists of (kind, name, seconds, number, operations) ------------------------------------------

class Writer:
    """Makes one program. No two moments of it are the same, but for those that follow from one another."""

    def __init__(self, rng):
        self.rng = rng
        self.names = 0
        self.forks = 0
        self.left = rng.randint(3, 40)

    def name(self):
        self.names += 1
        return f"n{self.names}"

    def seconds(self):
        return 10 ** self.rng.uniform(-5, 5) * self.rng.uniform(1, 2)

    def sleep(self):
        return ("S", self.name(), self.seconds(), 0, [])

    def body(self, depth, kinds="SSSTTIFC"):
        ops = [self.sleep()]
        for _ in range(self.rng.randint(0, 4)):
            self.left -= 1
            ops += self.some(depth, kinds)
        return ops

    def some(self, depth, kinds):
        """What is cancelled ends before whoever cancels it goes on in one of the two, and after that in the other:
        so a sleep follows. Nor does anything cancel what it is a part of."""
        kind = self.rng.choice(kinds) if depth < 4 and self.left > 0 else "S"
        if kind == "S":
            return [self.sleep()]
        if kind == "C":
            return [("C", self.name(), 0, self.rng.randint(0, 4), []), self.sleep()]
        if kind == "F":
            if self.forks == 32:
                return [self.sleep()]
            self.forks += 1
            kinds = kinds.replace("C", "")
        return [(kind, self.name(), self.seconds(), self.rng.randint(1, 4), self.body(depth + 1, kinds))]


def text_of(ops):
    words = ["["]
    for kind, name, seconds, number, inner in ops:
        words += [kind, name]
        words += [repr(seconds)] if kind in "STI" else []
        words += [str(number)] if kind in "IC" else []
        words += [text_of(inner)] if kind in "TIF" else []
    return " ".join(words + ["]"])


# ---- asyncio on a clock that jumps -------------------------------------------------------------------------

class JumpingSelector(selectors.DefaultSelector):
    """Never waits: the time is that of the first timer instead."""
    loop = None

    def select(self, timeout=None):
        if timeout is None or timeout > 0:
            self.loop.jump()
        return super().select(0)


class JumpingLoop(asyncio.SelectorEventLoop):
    def __init__(self):
        self.now = 0.0
        selector = JumpingSelector()
        super().__init__(selector)
        selector.loop = self

    def time(self):
        return self.now

    def jump(self):
        self.now = self._scheduled[0]._when
        self._clock_resolution = math.ulp(self.now)  # what is due now is what is due exactly now


class Player:
    def __init__(self, loop):
        self.loop = loop
        self.lines = []
        self.forks = []

    def tell(self, name, what):
        self.lines.append(f"{name} {what} {self.loop.time():.17g}")

    async def body(self, name, ops):
        over = False
        try:
            for kind, own, seconds, number, inner in ops:
                if kind == "S":
                    await asyncio.sleep(seconds)
                    self.tell(own, "slept")
                elif kind == "T":
                    await self.deadline(own, seconds, inner)
                elif kind == "I":
                    await self.ticks(own, seconds, number, inner)
                elif kind == "F":
                    self.forks.append(asyncio.ensure_future(self.body(own, inner)))
                    await asyncio.sleep(0)  # a task of asyncio's begins in the next turn, one of libvow's at once
                elif number < len(self.forks):
                    self.forks[number].cancel()
            over = True
        finally:
            if not over:
                self.tell(name, "cancelled")

    async def deadline(self, name, seconds, inner):
        try:
            await asyncio.wait_for(self.body(name, inner), seconds)
        except asyncio.TimeoutError:
            self.tell(name, "late")
        else:
            self.tell(name, "in-time")

    async def until(self, when):
        future = self.loop.create_future()
        handle = self.loop.call_at(when, future.set_result, None)
        try:
            await future
        finally:
            handle.cancel()

    async def ticks(self, name, seconds, number, inner):
        base = self.loop.time()
        told = 0
        for _ in range(number):
            due = self.last_due(base, seconds)
            if due <= told:
                await self.until(base + (told + 1) * seconds)
                due = self.last_due(base, seconds)
            missed = due - told - 1
            told = due
            self.tell(name, f"missed-{missed}")
            await self.body(name, inner)

    def last_due(self, base, seconds):
        """A quotient alone may be off by one."""
        now = self.loop.time()
        tick = math.floor((now - base) / seconds)
        if base + (tick + 1) * seconds <= now:
            return tick + 1
        return tick - 1 if base + tick * seconds > now else tick

    async def main(self, ops):
        await self.body("main", ops)
        for fork in self.forks:
            try:
                await fork
            except asyncio.CancelledError:
                pass
            self.tell("fork", "joined")


def play_here(ops):
    loop = JumpingLoop()
    player = Player(loop)
    try:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(player.main(ops))
    finally:
        loop.close()
    return player.lines + ["end"]


# ---- Comparing ---------------------------------------------------------------------------------------------

def play_there(path, programs):
    """The traces that the player printed: fewer, if it broke off."""
    text = "".join(text_of(ops) + "\n" for ops in programs)
    run = subprocess.run([path], input=text, capture_output=True, text=True, timeout=600)
    if run.returncode:
        print(run.stderr, end="", file=sys.stderr)
    traces, lines = [], []
    for line in run.stdout.splitlines():
        lines.append(line)
        if line == "end":
            traces.append(lines)
            lines = []
    return traces + [lines + [f"the player ended with {run.returncode}"]] if run.returncode else traces


def show(ops, here, there):
    print(f"the program: {text_of(ops)}")
    for i in range(max(len(here), len(there))):
        a = here[i] if i < len(here) else "-"
        b = there[i] if i < len(there) else "-"
        print(f"  {'  ' if a == b else '! '}{a:40} {b}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--player", required=True)
    parser.add_argument("--programs", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    programs = [Writer(random.Random(f"{options.seed} {i}")).body(0) for i in range(options.programs)]
    there = play_there(options.player, programs)
    there += [[]] * (len(programs) - len(there))
    different = events = 0
    for ops, theirs in zip(programs, there):
        ours = play_here(ops)
        events += len(ours)
        if ours != theirs:
            different += 1
            if different == 1:
                show(ops, ours, theirs)
    print(f"{len(programs)} programs with {events} events, {different} different")
    return 1 if different or not events else 0


if __name__ == "__main__":
    sys.exit(main())
