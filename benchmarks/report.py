"""Figures, the table that shows them, and the JSON file that keeps everything."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table

from nstk.files import write_whole


@dataclass(frozen=True)
class Figure:
    """One number that was measured, and the number to reach."""

    what: str
    value: float
    unit: str = ""
    """The unit; empty for a ratio."""
    most: float | None = None
    """The value must not be larger than this."""
    aim: float | None = None
    """A smaller value that would be better still."""
    above: bool = False
    """Whether the measurement was broken off, so that the true value is more than `value`."""

    @property
    def holds(self) -> bool | None:
        """Whether the value is as small as it has to be; None where nothing is asked for, or where this is not known."""
        if self.most is None or (self.above and self.value < self.most):
            return None
        return not self.above and self.value <= self.most

    @property
    def measured(self) -> str:
        return "> " * self.above + _number(self.value, self.unit)

    @property
    def to_reach(self) -> str:
        if self.most is None:
            return ""
        return f"at most {_number(self.most, self.unit)}" + (f", aim {_number(self.aim, self.unit)}" if self.aim else "")


def _number(value: float, unit: str) -> str:
    return f"{value:.3g} {unit}".strip()


def table(figures: Sequence[Figure], title: str, markdown: bool = False) -> Table:
    """The figures as a table. Ratios come first, because they can be compared between machines."""
    made = Table(title=None if markdown else title, box=box.MARKDOWN if markdown else box.SIMPLE, title_justify="left")
    made.add_column("what")
    for column in ("measured", "to reach", "holds"):
        made.add_column(column, justify="right", no_wrap=True)
    words = {True: "yes", False: "no", None: ""}
    for figure in sorted(figures, key=lambda it: bool(it.unit)):  # a stable sort keeps the order of the parts
        made.add_row(figure.what, figure.measured, figure.to_reach, words[figure.holds])
    return made


@dataclass
class Record:
    """The findings of one part: its figures, and the raw numbers that they come from."""

    report: Report
    raw: dict[str, Any] = field(default_factory=dict)
    figures: list[Figure] = field(default_factory=list)

    def figure(self, what: str, value: float, unit: str = "", **more: Any) -> None:
        """Note a figure."""
        self.figures.append(Figure(what, value, unit, **more))

    def keep(self) -> None:
        """Write all that is known so far, so that a run that is killed keeps it."""
        self.report.write()


class Report:
    """Everything that one run of the benchmark finds."""

    def __init__(self, path: Path, head: dict[str, Any]):
        self.path, self.head = path, head
        self.parts: dict[str, Record] = {}

    def part(self, name: str) -> Record:
        """A new record for a part's findings."""
        self.parts[name] = Record(self)
        return self.parts[name]

    @property
    def figures(self) -> list[Figure]:
        return [figure for record in self.parts.values() for figure in record.figures]

    @property
    def failed(self) -> bool:
        return any("failed" in record.raw for record in self.parts.values())

    def write(self) -> None:
        figures = [
            {"part": name, **asdict(figure), "holds": figure.holds}
            for name, record in self.parts.items()
            for figure in record.figures
        ]
        data = {**self.head, "figures": figures, "raw": {name: record.raw for name, record in self.parts.items()}}
        write_whole(self.path, json.dumps(data, indent=1) + "\n")
