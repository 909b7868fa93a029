"""A run on one page: pictures, curves, recipe and record in one HTML file that needs nothing else, to be kept or sent.

The page asks for nothing from anywhere: the pictures are in it as JPEG, and so is its script. Large pictures are made smaller
for it, so that it has at most some 6 MB.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import nstk
from nstk.plugins.callbacks._frames import Frames, jpeg
from nstk.plugins.callbacks._page import Contents, Curve, page
from nstk.plugins.callbacks._template import check_suffix, check_template
from nstk.plugins.callbacks._thinned import Thinned

SNAPSHOTS, POINTS = 29, 2000
"""How many pictures of the way are shown before the result, and how many points a curve has, at most."""

LARGE, SMALL = 1600, 400
"""The longest edges of pictures in the page, in pixels: of the two that are compared, and of all others."""

MOST, MOST_SMALL, MOST_SNAPSHOTS = 1_100_000, 300_000, 1_400_000
"""The most bytes: of each of the two pictures that are compared, of all others that the run is made from, of all snapshots."""


class Report(nstk.Callback):
    """Write a page about the run at its end: the pictures before and after, the way there, losses, recipe and record."""

    name = "report"

    path: Annotated[str, check_template(), check_suffix("page", ".html", ".htm")] = nstk.Field(
        "{name}.html", description="The page, in the output's folder; {name} is the output's."
    )
    pulls: bool = nstk.Field(
        True, description="Whether it is measured at the end how hard each loss pulls, which takes about a step for each."
    )

    def on_start(self, run: nstk.Run) -> None:
        self.file = run.beside(self.path)
        self.photograph = jpeg(run.photograph(LARGE), LARGE, MOST)
        made_from = {"photograph": run.photograph(SMALL), **run.paintings(SMALL)}
        self.made_from = {label: jpeg(it, SMALL, MOST_SMALL // len(made_from)) for label, it in made_from.items()}
        self.snapshots = Frames(SNAPSHOTS, run.total_steps, SMALL, MOST_SNAPSHOTS)
        self.points: Thinned[_Point] = Thinned(POINTS, run.total_steps)
        self.begins: dict[int, int] = {}
        self.last: nstk.Step | None = None
        for step in self.earlier_steps(run):
            self.note(step)

    def on_step(self, run: nstk.Run, step: nstk.Step) -> None:
        self.note(step)
        self.snapshots.see(step)

    def note(self, step: nstk.Step) -> None:
        """Keep the losses of a step, if it is one of those whose losses are drawn."""
        self.begins.setdefault(step.scale.index, step.index)
        if self.points.wants(step.index):
            self.points.add(step.index, _Point.of(step))
        self.last = step

    def state(self) -> Any:
        return self.snapshots.state()

    def restore(self, run: nstk.Run, state: Any) -> None:
        self.snapshots.restore(state)

    def on_end(self, run: nstk.Run) -> None:
        record = run.record()
        if sum(scale["done"] for scale in record["scales"]) <= run.resumed:
            return  # there is no picture to report of, and a page about an earlier one is not replaced by nothing
        nstk.write_whole(self.file, page(self.contents(run, record)))

    def contents(self, run: nstk.Run, record: Any) -> Contents:
        """All that the page tells."""
        points = self.points.kept
        if self.last and points[-1][0] != self.last.index:
            points = [*points, (self.last.index, _Point.of(self.last))]  # what the run ended with is always drawn
        all_together = [Curve("all together", [(step, it.loss) for step, it in points])] if len(run.labels) > 1 else []
        curves = [Curve(label, [(step, it.losses[label]) for step, it in points]) for label in run.labels]
        pulls, unmeasured = self.measured(run)
        picture, done = run.image(), sum(scale["done"] for scale in record["scales"])
        way = [(step, it) for step, it in self.snapshots.kept if step < done]
        return Contents(
            name=run.recipe.name,
            ended=_ended(run),
            failed=run.error is not None and not isinstance(run.error, KeyboardInterrupt),
            photograph=self.photograph,
            result=jpeg(picture, LARGE, MOST),
            made_from=self.made_from,
            snapshots=[*way, (done, jpeg(picture, SMALL, MOST_SMALL))],
            begins={self.begins[it.index]: (it.width, it.height) for it in run.scales if it.index in self.begins},
            total=all_together,
            curves=curves,
            pulls=pulls,
            unmeasured=unmeasured,
            record=record,
            seed=run.recipe.seed,
            seconds=run.seconds,
        )

    def measured(self, run: nstk.Run) -> tuple[dict[str, float], str]:
        """How hard each loss pulls at the end, and, where this is not known, why."""
        if not self.pulls:
            return {}, "It was not measured how hard each loss pulls, because the recipe says `pulls: false`."
        if run.error is not None or run.stopped == "interrupted":
            return {}, "It was not measured how hard each loss pulls, because the run was broken off."
        try:
            return dict(run.pulls()), ""
        except nstk.RunError as error:  # the picture is painted: this is no reason to end in an error
            return {}, f"It could not be measured how hard each loss pulls: {error}."


class _Point(NamedTuple):
    """The losses of a step."""

    loss: float
    losses: dict[str, float]

    @classmethod
    def of(cls, step: nstk.Step) -> _Point:
        return cls(step.loss, dict(step.losses))


def _ended(run: nstk.Run) -> str:
    """Why the run ended, in a sentence; empty where it came to its end."""
    if run.stopped == "interrupted":
        return "The run was interrupted: nstk resume goes on with it."
    if run.error is not None:
        return f"The run failed: {str(run.error) or type(run.error).__name__}"
    return "" if run.stopped == "done" else f"The run was stopped: {run.stopped}."


@nstk.hookimpl
def nstk_callbacks() -> list[type[nstk.Callback]]:
    return [Report]
