# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 the libvow authors
"""The text: a table for each workload, and one over all of them."""

from suite import FLOODERS, FLOOR, VOW

WIDTH = 110


def time_text(ns):
    return f"{ns:.2f} ns" if ns < 10 else f"{ns:.1f} ns" if ns < 1000 else f"{ns / 1000:.2f} us" if ns < 10**6 \
        else f"{ns / 10**6:.2f} ms"


def verdict(target, results):
    try:
        met = target.met(results)
    except (KeyError, ZeroDivisionError):
        met = None
    return {True: "met", False: "NOT met", None: "cannot be told here"}[met]


def is_rate(results):
    return hasattr(results, "rate")


def row(results, contender):
    ratio = results.time(contender) / results.time(FLOOR) if results.has(FLOOR) else float("nan")
    text = f"  {contender:<16}{time_text(results.time(contender)):>12}  +-{results.spread(contender) * 100:3.0f} %" \
           f"{ratio:>9.2f} x"
    if is_rate(results):
        rate_ratio = results.rate(contender) / results.rate(FLOOR) if results.has(FLOOR) else float("nan")
        return text + f"{results.rate(contender):>12.0f}/s {rate_ratio:>6.2f} x"
    memory = results.bytes(contender)
    return text + (f"{memory:>9.0f} B" if memory else " " * 11) + f"{results.sizes[contender]:>12,}"


def table(results):
    """One workload: every contender, then what is to be reached."""
    workload = results.workload
    last = "       rate   x floor" if is_rate(results) else "     memory           n"
    lines = [f"{workload.name}: {workload.title}", f"  {'':<16}{'median':>12}  {'spread':>7}{'x floor':>9}{last}"]
    lines += [row(results, contender) for contender in results.figures]
    lines += [f"  {name:<16}{why if why.startswith('hung') else 'failed: ' + why}"
              for name, why in results.errors.items()]
    lines += [f"  to reach: {target.text}: {verdict(target, results)}" for target in workload.targets]
    return "\n".join(lines) + "\n"


def best_peer(results):
    if not results.peers():
        return "-"
    best = min(results.peers(), key=results.time)
    return f"{best} {time_text(results.time(best))}"


def summary(every):
    """One line a target."""
    lines = [f"{'':<10}{'floor':>11}{'libvow':>11}{'x floor':>9}{'memory':>9}  {'best peer':<19}{'to reach':<38}"]
    for results in every:
        if not (results.has(FLOOR) and results.has(VOW)):
            continue
        memory = "" if is_rate(results) or not results.bytes(VOW) else f"{results.bytes(VOW):.0f} B"
        start = f"{results.workload.name:<10}{time_text(results.time(FLOOR)):>11}{time_text(results.time(VOW)):>11}" \
                f"{results.time(VOW) / results.time(FLOOR):>9.2f}{memory:>9}  {best_peer(results):<19}"
        for target in results.workload.targets or [None]:
            end = f"{target.text:<38}{verdict(target, results)}" if target else ""
            lines.append((start + end).rstrip())
            start = " " * 71
    return "\n".join(lines) + "\n"


def fairness_text(among, alone, count):
    return f"W12: a line and its answer, among {FLOODERS} peers that flood\n" \
           f"  median wait {time_text(among)} ({count:,} times), alone {time_text(alone)}: {among / alone:.1f} x\n"


def flat_text(flat):
    """Time for each operation against n."""
    lines = ["Time for each operation against n (libvow, and the floor in brackets)"]
    for name, points in flat.items():
        cells = [f"{n:,}: {vow:.1f} ({floor:.1f})" for (n, vow), (_, floor) in zip(points[VOW], points[FLOOR])]
        times = [time for _, time in points[VOW]]
        lines.append(f"  {name:<4}" + "  ".join(cells))
        lines.append(f"      slowest / fastest: {max(times) / min(times):.2f}")
    return "\n".join(lines) + "\n"
