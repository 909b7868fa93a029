"""Losses by step as a drawing in SVG, on a logarithmic scale, with a mark where a scale begins."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT = 760, 330
LEFT, RIGHT, TOP, BOTTOM = 62, 748, 52, 296
"""The edges of what is drawn in, in the units of the drawing."""

DECADES = 8
"""How many powers of ten are drawn at most: what lies below is hardly of interest, and would press the rest together."""

COLOURS = 8
"""How many colours there are. The page's style names them, one set on light ground and one on dark."""


class Curve(NamedTuple):
    """The values of a loss by step. Where a value is not above 0 or not finite, nothing can be drawn."""

    label: str
    points: Sequence[tuple[int, float]]

    def drawn(self) -> list[tuple[int, float]]:
        """The points that can be drawn."""
        return [(step, value) for step, value in self.points if 0 < value < math.inf]


class _Paper:
    """Where steps and values lie in the drawing."""

    def __init__(self, points: Sequence[tuple[int, float]]):
        self.first, self.last = min(step for step, _ in points), max(step for step, _ in points)
        logs = [math.log10(value) for _, value in points]
        self.high = max(logs)
        self.low = max(min(logs), self.high - DECADES)
        room = max(0.1, 0.04 * (self.high - self.low))
        self.low, self.high = self.low - room, self.high + room

    def x(self, step: int) -> float:
        return LEFT + (RIGHT - LEFT) * (step - self.first) / max(1, self.last - self.first)

    def y(self, value: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * (max(math.log10(value), self.low) - self.low) / (self.high - self.low)

    def levels(self) -> Iterator[float]:
        """The values that get a line across: powers of ten, and some between them where these are few."""
        between = (1, 2, 5) if self.high - self.low < 2.5 else (1,)
        for power in range(math.floor(self.low), math.ceil(self.high) + 1):
            yield from (it * 10.0**power for it in between if self.low <= math.log10(it * 10.0**power) <= self.high)


def drawing(total: Sequence[Curve], curves: Sequence[Curve], begins: Mapping[int, tuple[int, int]]) -> str:
    """The drawing, or nothing where there is nothing to draw.

    `total` is drawn thicker. `begins` has the width and height of each scale, by its first step.
    """
    points = [point for curve in (*total, *curves) for point in curve.drawn()]
    if not points:
        return ""
    paper = _Paper(points)
    parts = [*_levels(paper), *_scales(paper, begins), *_steps(paper)]
    parts += [_line(paper, curve, "all") for curve in total]
    parts += [_line(paper, curve, f"c{index % COLOURS}") for index, curve in enumerate(curves)]
    words = f"The losses from step {paper.first} to step {paper.last}, on a logarithmic scale: {_told([*total, *curves])}"
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="curves-title">'
        f'<title id="curves-title">{escape(words)}</title>{"".join(parts)}</svg>'
    )


def _told(curves: Sequence[Curve]) -> str:
    ends = [(curve.label, curve.drawn()) for curve in curves]
    return "; ".join(f"{label} from {points[0][1]:.3g} to {points[-1][1]:.3g}" for label, points in ends if points)


def _levels(paper: _Paper) -> Iterator[str]:
    for value in paper.levels():
        y = paper.y(value)
        yield f'<line class="level" x1="{LEFT}" x2="{RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>'


def _scales(paper: _Paper, begins: Mapping[int, tuple[int, int]]) -> Iterator[str]:
    """A mark where each scale begins, with its size; the sizes stand on two lines in turn, for they may be near each other."""
    for index, (step, (width, height)) in enumerate(sorted(begins.items())):
        x = paper.x(step)
        far = x > RIGHT - 180
        place = f'x="{x - 4:.1f}" text-anchor="end"' if far else f'x="{x + 4:.1f}"'
        yield f'<line class="scale" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 46}" y2="{BOTTOM}"/>'
        yield f'<text {place} y="{TOP - 32 + 22 * (index % 2)}">{width} x {height}</text>'


def _steps(paper: _Paper) -> Iterator[str]:
    yield f'<text x="{LEFT}" y="{HEIGHT - 12}">step {paper.first}</text>'
    if paper.last > paper.first:
        yield f'<text x="{RIGHT}" y="{HEIGHT - 12}" text-anchor="end">step {paper.last}</text>'


def _line(paper: _Paper, curve: Curve, kind: str) -> str:
    places = [f"{paper.x(step):.1f},{paper.y(value):.1f}" for step, value in curve.drawn()]
    if len(places) == 1:
        x, y = places[0].split(",")
        return f'<circle class="curve {kind}" cx="{x}" cy="{y}" r="3"/>'
    return f'<polyline class="curve {kind}" points="{" ".join(places)}"/>' if places else ""
