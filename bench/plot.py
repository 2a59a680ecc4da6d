# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 the libvow authors
"""Plots as SVG, written by hand: the ratios to the floor, and time against n."""

import math
from html import escape

from suite import FLOOR, STATIC, VOW

COLOURS = {VOW: "#c2185b", FLOOR: "#555555", "node": "#2e7d32", "asyncio": "#1565c0", "uvloop": "#00838f",
           "GTask": "#ef6c00", "tevent": "#6a1b9a", "KJ": "#9e9d24", "Asio": "#5d4037"}
STYLE = "font-family: sans-serif; font-size: 12px"


def colour(name):
    return COLOURS.get(name, "#888888")


class Canvas:
    def __init__(self, width, height, title):
        self.lines = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
                      f'viewBox="0 0 {width} {height}" style="{STYLE}">', f"<title>{escape(title)}</title>",
                      f'<rect width="{width}" height="{height}" fill="white"/>']
        self.text(width / 2, 20, title, anchor="middle", weight="bold")

    def text(self, x, y, text, anchor="start", fill="#222222", weight="normal"):
        self.lines.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{fill}" '
                          f'font-weight="{weight}">{escape(text)}</text>')

    def line(self, x1, y1, x2, y2, stroke="#dddddd", width=1.0, dash=""):
        extra = f' stroke-dasharray="{dash}"' if dash else ""
        self.lines.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{stroke}" '
                          f'stroke-width="{width}"{extra}/>')

    def dot(self, x, y, fill, radius=4.0, title=""):
        self.lines.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{fill}">'
                          f"<title>{escape(title)}</title></circle>")

    def save(self, path):
        with open(path, "w") as file:
            file.write("\n".join(self.lines + ["</svg>"]) + "\n")


def decades(low, high):
    return [10.0 ** power for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]


def shown(results):
    return [name for name in results.figures if name != STATIC]


def ratios(every, path):
    """One line a workload, one dot a contender, on a logarithmic axis of time relative to the floor."""
    every = [results for results in every if results.has(FLOOR)]
    if not every:
        return
    top, left, right, step = 60, 150, 60, 30
    width, height = 900, top + step * len(every) + 60
    canvas = Canvas(width, height, "Time for each operation, relative to hand-written libev callbacks")
    largest = max(results.time(name) / results.time(FLOOR) for results in every for name in shown(results))
    axis = decades(0.5, largest)

    def x_of(ratio):
        return left + (width - left - right) * math.log(ratio / axis[0]) / math.log(axis[-1] / axis[0])

    for tick in axis:
        canvas.line(x_of(tick), top - 10, x_of(tick), height - 50, stroke="#999999" if tick == 1 else "#e0e0e0")
        canvas.text(x_of(tick), height - 35, f"{tick:g} x", anchor="middle")
    for index, results in enumerate(every):
        y = top + step * index + 8
        canvas.line(left, y, width - right, y)
        canvas.text(left - 10, y + 4, results.workload.name, anchor="end")
        for name in sorted(shown(results), key=lambda contender: contender == VOW):
            ratio = results.time(name) / results.time(FLOOR)
            canvas.dot(x_of(ratio), y, colour(name), 6 if name == VOW else 4,
                       f"{results.workload.name} {name}: {ratio:.2f} x, {results.time(name):.1f} ns")
    x = left
    for name in dict.fromkeys(name for results in every for name in shown(results)):
        canvas.dot(x, height - 12, colour(name), 5)
        canvas.text(x + 8, height - 8, name)
        x += 24 + 7 * len(name)
    canvas.save(path)


def flat(points_of, path):
    """Time against n, both logarithmic: libvow solid, the floor dashed."""
    names = list(points_of)
    if not names:
        return
    every = [time for points in points_of.values() for line in points.values() for _, time in line]
    sizes = [n for n, _ in points_of[names[0]][VOW]]
    width, height, left, right, top, bottom = 900, 480, 70, 130, 50, 50
    canvas = Canvas(width, height, "Time for each operation against n: libvow, and the floor (dashed)")
    axis = decades(min(every), max(every))
    palette = ["#c2185b", "#1565c0", "#2e7d32", "#ef6c00", "#6a1b9a", "#00838f"]

    def x_of(n):
        return left + (width - left - right) * math.log(n / sizes[0]) / max(math.log(sizes[-1] / sizes[0]), 1e-9)

    def y_of(time):
        return height - bottom - (height - top - bottom) * math.log(time / axis[0]) / math.log(axis[-1] / axis[0])

    for tick in axis:
        canvas.line(left, y_of(tick), width - right, y_of(tick))
        canvas.text(left - 8, y_of(tick) + 4, f"{tick:g} ns", anchor="end")
    for n in sizes:
        canvas.line(x_of(n), top, x_of(n), height - bottom)
        canvas.text(x_of(n), height - bottom + 18, f"{n:,}", anchor="middle")
    for index, name in enumerate(names):
        stroke = palette[index % len(palette)]
        for contender, dash, weight in ((FLOOR, "5 4", 1.2), (VOW, "", 2.4)):
            line = points_of[name][contender]
            for (n1, t1), (n2, t2) in zip(line, line[1:]):
                canvas.line(x_of(n1), y_of(t1), x_of(n2), y_of(t2), stroke, weight, dash)
            for n, time in line:
                canvas.dot(x_of(n), y_of(time), stroke, 3, f"{name} {contender}, n = {n:,}: {time:.1f} ns")
        canvas.text(width - right + 10, y_of(points_of[name][VOW][-1][1]) + 4, f"{name} libvow", fill=stroke)
        canvas.text(width - right + 10, y_of(points_of[name][FLOOR][-1][1]) + 4, f"{name} floor", fill=stroke)
    canvas.save(path)
