"""A series is painted: one picture after the other in one session, none twice, and what fails holds up no other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ..api import Callback, Run, Step
from ..checkpoints.folder import RunFolder
from ..checkpoints.provenance import is_of, record_of
from ..checkpoints.unfinished import goes_on, unfinished
from ..engine.interrupts import INTERRUPTED
from ..errors import NstkError, UserError
from ..files import exists, shown
from ..registry.registry import PluginLike
from .axes import given
from .combinations import combined
from .planned import Planned, planned
from .table import note

if TYPE_CHECKING:
    from ..engine.session import Session

log = logging.getLogger("nstk")

State = Literal["new", "begun", "changed", "there"]
"""What is known of a picture before it is painted: nothing, an unfinished run, a picture of other settings or inputs, or the
picture itself."""

WORDS: Mapping[State, str] = {"begun": "to go on with", "changed": "to paint anew", "new": "to paint", "there": "there already"}


@dataclass(frozen=True)
class Painted:
    """What became of one picture of a series."""

    name: str
    path: Path
    values: Mapping[str, str]
    """The value of each key that varies, as an override has it."""
    outcome: Literal["painted", "there", "failed", "interrupted"]
    error: str = ""
    """Why it failed."""


@dataclass(frozen=True)
class Progress:
    """How far a series is."""

    name: str
    """The picture at work."""
    index: int
    """Its number, from 1 on, among `count` pictures that were not there yet."""
    count: int
    share: float
    """The share of its steps that are done."""
    done: Painted | None = None
    """What became of it, once it has ended."""


Tell = Callable[[Progress], None]


def states(series: Iterable[Planned], *, force: bool = False) -> dict[str, State]:
    """What is known of each picture, by its name.

    Raises `UserError` where a file that no run of nstk has painted is in a picture's place, unless `force` says to replace it.
    """
    from ..engine.surroundings import prepared

    found: dict[str, State] = {}
    with prepared():
        for it in series:
            found[it.name] = _state(it, force)
    return found


def _state(it: Planned, force: bool) -> State:
    from ..engine.faces import with_faces

    folder, record = RunFolder.of(it.path), record_of(it.path)
    if not exists(it.path) and not folder.unfinished:
        return "new"
    recipe = with_faces(it.recipe)
    if folder.unfinished and goes_on(folder, recipe):
        return "begun"
    if not exists(it.path):
        return "new"
    if is_of(record, recipe) and record.get("finished"):
        return "there"
    if "settings" not in record and not force:
        raise UserError(
            f"{shown(it.path)} is no picture of this series: choose another folder (`-o`), or replace it (`--force`)"
        )
    return "changed"


def paint(
    series: Sequence[Planned],
    *,
    plugins: Sequence[PluginLike] = (),
    trust: bool = False,
    force: bool = False,
    tell: Tell = lambda progress: None,
    before: Mapping[str, State] | None = None,
) -> list[Painted]:
    """Paint what is not there yet, in one session. `tell` is told how far it is; `before` is what `states` found, if known.

    A picture that fails does not hold up the others. After an interrupt, what was not begun is left out of the list.
    """
    from ..engine.session import Session

    before = states(series, force=force) if before is None else before
    left = [it for it in series if before[it.name] != "there"]
    done = [Painted(it.name, it.path, _values(it), "there") for it in series if before[it.name] == "there"]
    note(series)
    with Session() as session:
        for index, it in enumerate(left, start=1):
            progress = Progress(it.name, index, len(left), 0.0)
            tell(progress)
            painted = _one(session, it, before[it.name], plugins, trust, force, progress, tell)
            done.append(painted)
            tell(replace(progress, share=1.0, done=painted))
            if painted.outcome == "interrupted":
                break
    order = {it.name: place for place, it in enumerate(series)}
    return sorted(done, key=lambda it: order[it.name])


def _one(
    session: Session,
    it: Planned,
    state: State,
    plugins: Sequence[PluginLike],
    trust: bool,
    force: bool,
    progress: Progress,
    tell: Tell,
) -> Painted:
    watch = _watching(lambda share: tell(replace(progress, share=share)))
    try:
        if state == "begun":
            begun = unfinished(it.path, plugins=plugins, trust=trust)
            result = session.resume(begun, force=force, quiet=True, watch=watch)
        else:
            result = session.run(it.recipe, force=force, quiet=True, watch=watch)
    except NstkError as error:
        log.debug("%s", error, exc_info=True)
        return Painted(it.name, it.path, _values(it), "failed", str(error))
    return Painted(it.name, it.path, _values(it), "interrupted" if result.stopped == INTERRUPTED else "painted")


def _values(it: Planned) -> dict[str, str]:
    return {key: value.text for key, value in it.combination.values}


class Watch(Callback):
    """Tells how many of a picture's steps are done."""

    name: ClassVar[str] = "series"
    shows: ClassVar[bool] = True
    tell: ClassVar[Callable[[float], None]]

    def on_step(self, run: Run, step: Step) -> None:
        type(self).tell(step.index / run.total_steps)


def _watching(tell: Callable[[float], None]) -> Callback:
    """A callback that tells the share of the steps. A run makes its own copy of it, so what it tells belongs to the class."""
    made: type[Watch] = type("Watch", (Watch,), {"tell": staticmethod(tell)})
    return made()


def sweep(
    recipe: str | PathLike[str] | Mapping[str, Any],
    vary: Mapping[str, Sequence[Any]],
    output: str | PathLike[str],
    *,
    overrides: Sequence[str] = (),
    zipped: bool = False,
    sample: int | None = None,
    plugins: Sequence[PluginLike] = (),
    trust: bool = False,
    force: bool = False,
    tell: Tell = lambda progress: None,
) -> list[Painted]:
    """Paint a recipe once for each combination of values, into the folder `output`, and skip what is there already.

        nstk.sweep("louvre", {"losses.gram.weight": [1, 3, 10], "style": ["starry.jpg", "wheat.jpg"]}, "out/")

    The values are what the recipe takes at each key, or files. `zipped` takes the first values together, then the second ones;
    `sample` so many of all combinations, at random. Raises `RecipeError` with the mistakes of all recipes before the first
    picture; a picture that fails later is in the list, with its `error`, and the others are painted.
    """
    made = combined([given(key, values) for key, values in vary.items()], zipped=zipped, sample=sample)
    series = planned(recipe, overrides, made, Path(output), plugins=plugins, trust=trust)
    return paint(series, plugins=plugins, trust=trust, force=force, tell=tell)


def failures(done: Iterable[Painted]) -> Iterator[str]:
    """A line for each picture that failed."""
    for it in done:
        if it.outcome == "failed":
            yield f"{shown(it.path)}: {it.error}"
