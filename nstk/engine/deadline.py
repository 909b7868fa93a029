"""A run that ends in time: how many steps each scale gets, planned before each scale and corrected after each step.

All scales keep the same share of the steps that the recipe gives them. To set up a scale takes seconds in which no step is
done, and a step of the last scale is worth more than many coarser ones where time is short: 12 steps at 256 pixels brought the
default losses to 1.49, while 10 and 8 steps at 128 and 256 pixels brought them to 1.55. So where scales would have less than
half of their steps, the coarsest of those that have not begun are left out.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ..api import Scale
from ..objective.features import Network
from ..recipe.durations import in_words, seconds_in
from .pace import Pace
from .painting import Painting
from .steps import Work

log = logging.getLogger("nstk")

RESERVE = 0.03
"""The share of the time that is not planned with."""

ENOUGH = 0.5
"""The share of its steps with which a scale is worth being set up."""

SPARE = 1.3
"""How many times the seconds that one step at the last scale takes, with all that belongs to it, are said to be enough."""

HALVINGS = 20
"""How often the interval is halved in which the share of the steps is looked for."""


@dataclass(frozen=True)
class Cost:
    """What a scale takes, in seconds."""

    set_up: float
    """From the last step of the scale before to the end of the first step."""
    step: float
    closing: float
    """From the last step to the end of the run, if it is the last scale."""
    most: int
    """How many steps the recipe gives to the scale."""
    done: int = 0
    """How many of them are done. A scale that has begun is set up already."""

    def part(self, share: float) -> int:
        """How many steps the scale has with this share of them: at least those that are done, and at least one."""
        return max(1, self.done, int(share * self.most))

    def seconds(self, share: float) -> float:
        """How many seconds the scale still takes with this share of its steps."""
        part = self.part(share)
        return (part - self.done) * self.step if self.done else self.set_up + (part - 1) * self.step


def planned(left: float, costs: Sequence[Cost]) -> list[int]:
    """The steps of each scale, coarse to fine, so that all are done in the seconds that are left; 0 for a scale left out.

    Only the first scale may have begun. The finest scales are left out only where not even one step of them can be done.
    """
    begun = [0] if costs[0].done else []
    for end in range(len(costs), len(begun) - 1, -1):
        ways = [[*begun, *range(first, end)] for first in range(len(begun), max(end, len(begun) + 1))]
        shares = [(share, way) for way in ways if (share := _share(left, [costs[index] for index in way])) is not None]
        if shares:
            share, way = next((it for it in shares if it[0] >= ENOUGH), max(shares, key=lambda it: it[0]))
            return [cost.part(share) if index in way else 0 for index, cost in enumerate(costs)]
    return [cost.done for cost in costs]


def _share(left: float, costs: Sequence[Cost]) -> float | None:
    """The largest share of its steps that each scale can have; None where not all can have one step."""

    def fits(share: float) -> bool:
        return sum(cost.seconds(share) for cost in costs) + costs[-1].closing <= left

    if not costs or not fits(0.0):
        return None
    if fits(1.0):
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


class Deadline:
    """Has a run end in the time that its recipe gives it. Where the recipe has no `time`, the steps stay what they are."""

    def __init__(self, run: Painting):
        self.run, self.pace = run, Pace()
        self.time = None if run.course and not run.course.whole else run.recipe.time
        self._asked = run.plan.scales
        self._begun = -1
        """The scale of which a step was measured."""
        self._then = 0.0
        """When the last step was done, in seconds of the run."""

    def scales(self, scales: Iterable[Scale], network: Network) -> Iterator[Scale]:
        """The scales to paint at, each with the steps that are planned when it begins."""
        if self.time is None:
            yield from (scale for scale in scales if scale.steps)
            return
        indices = [scale.index for scale in scales]
        self.pace.probe(network, self._asked[0], lambda: self.run.seconds)
        self._then = self.run.seconds
        self._plan(indices[0] + any(move.scale.index == indices[0] for move in self.run.moves))  # what has begun has its steps
        for index in indices:
            if self.run.scales[index].steps:
                yield self.run.scales[index]

    def step(self, work: Work) -> None:
        """Note a step that is done, and correct the plan."""
        if self.time is None:
            return
        now, scale = self.run.seconds, work.scale
        if scale.index == self._begun:
            self.pace.moved(now - self._then)
        else:
            self.pace.begun(scale, now - self._then)
        self._begun, self._then = scale.index, now
        self._plan(scale.index, work.done)

    def conclude(self) -> None:
        """Say what was left out, once all steps are done."""
        if self.time is None:
            return
        self._warn(self.time)
        pairs = [(asked, asked.steps - scale.steps) for asked, scale in zip(self._asked, self.run.scales, strict=True)]
        missing = [f"{_part(count, asked.steps)} at {_size(asked)}" for asked, count in pairs if count]
        if missing:
            *more, other = missing
            self.run.stop(f"time: {self.time}: {', '.join(more)}{' and ' * bool(more)}{other} were left out")

    def _warn(self, time: str) -> None:
        """Warn of a time in which not one step at the last scale could be done."""
        assert self.run.work is not None
        painted, last = self.run.work.scale, self._asked[-1]
        if painted.index < last.index:
            needed = SPARE * (self.pace.set_up(last) + self.pace.closing(last))
            what = f"`time: {time}` is too short for a step at {_size(last)}: the picture is {_size(painted)} pixels"
            log.warning("%s, and about %s would be enough", what, in_words(10 * math.ceil(needed / 10)))
        elif self._then > seconds_in(time) and self.run.steps == 1:
            what = f"`time: {time}` is too short: the first step was done after {self._then:.1f} s"
            log.warning("%s, and the picture is that of this step", what)

    def _plan(self, index: int, done: int = 0) -> None:
        """Plan the steps of a scale, of which some may be done, and of those after it."""
        if self.time is None or index == len(self._asked):
            return
        left = (1 - RESERVE) * seconds_in(self.time) - self.run.seconds
        pace = self.pace
        costs = [Cost(pace.set_up(it), pace.step(it), pace.closing(it), it.steps) for it in self._asked[index:]]
        steps = planned(left, [replace(costs[0], done=done), *costs[1:]])
        if any(steps) or self.run.steps:  # before the first step nothing is sure: then the run begins with the coarsest scale
            self.run.replan(index, steps)


def _part(count: int, steps: int) -> str:
    return f"{count} of {steps} steps" if count < steps else f"all {steps} steps"


def _size(scale: Scale) -> str:
    return f"{scale.width} x {scale.height}"
