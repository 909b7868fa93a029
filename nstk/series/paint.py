"""A series is painted: one picture after the other in one session, none twice, and what fails holds up no other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..checkpoints.folder import RunFolder
from ..checkpoints.provenance import is_of, record_of
from ..checkpoints.unfinished import goes_on, unfinished
from ..cluster.connection import Cluster, check_workers, connected
from ..cluster.crew import Crew, Job
from ..cluster.worker import Returned
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
    cluster: Cluster | None = None,
) -> list[Painted]:
    """Paint what is not there yet, in one session, or by the workers of a `cluster`.

    `tell` is told how far it is; `before` is what `states` found, if known. A picture that fails does not hold up the others.
    After an interrupt, what was not begun is left out of the list. Raises `RunError` where a cluster's scheduler is gone.
    """
    before = states(series, force=force) if before is None else before
    left = [it for it in series if before[it.name] != "there"]
    done = [Painted(it.name, it.path, _values(it), "there") for it in series if before[it.name] == "there"]
    note(series)
    if cluster and left:
        done += _by_crew(cluster, left, before, force, tell)
    elif left:
        done += _in_session(left, before, plugins, trust, force, tell)
    order = {it.name: place for place, it in enumerate(series)}
    return sorted(done, key=lambda it: order[it.name])


def _in_session(
    left: Sequence[Planned],
    before: Mapping[str, State],
    plugins: Sequence[PluginLike],
    trust: bool,
    force: bool,
    tell: Tell,
) -> list[Painted]:
    """Paint one picture after the other, here."""
    from ..engine.session import Session

    done = []
    with Session() as session:
        for index, it in enumerate(left, start=1):
            progress = Progress(it.name, index, len(left), 0.0)
            tell(progress)
            painted = _one(session, it, before[it.name], plugins, trust, force, progress, tell)
            done.append(painted)
            tell(replace(progress, share=1.0, done=painted))
            if painted.outcome == "interrupted":
                break
    return done


def _by_crew(cluster: Cluster, left: Sequence[Planned], before: Mapping[str, State], force: bool, tell: Tell) -> list[Painted]:
    """Have the workers of a cluster paint."""
    from ..engine.faces import with_faces
    from ..engine.surroundings import prepared

    order = {it.name: index for index, it in enumerate(left, start=1)}
    named = {it.name: it for it in left}
    done: list[Painted] = []

    def progress(job: Job, share: float) -> Progress:
        return Progress(job.name, order[job.name], len(left), share)

    def ended(job: Job, returned: Returned) -> None:
        it = named[job.name]
        done.append(Painted(it.name, it.path, _values(it), returned.outcome, returned.error))
        tell(replace(progress(job, 1.0), done=done[-1]))

    with prepared():
        jobs = [Job(it.name, with_faces(it.recipe), before[it.name] == "begun") for it in left]
    with connected(cluster) as client:
        check_workers(client, [it.recipe for it in jobs])
        crew = Crew(client, lambda job, share: tell(progress(job, share)), ended)
        crew.paint(jobs, force=force)
    if crew.stopping and not any(it.outcome == "interrupted" for it in done):  # what was at work had ended by then
        done += [Painted(it.name, it.path, _values(it), "interrupted") for it in left[len(done) :][:1]]
    return done


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
    from ..engine.watch import watching

    watch = watching(lambda run, step: tell(replace(progress, share=step.index / run.total_steps)))
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
    workers: int = 0,
    scheduler: str = "",
    tell: Tell = lambda progress: None,
) -> list[Painted]:
    """Paint a recipe once for each combination of values, into the folder `output`, and skip what is there already.

        nstk.sweep("louvre", {"losses.gram.weight": [1, 3, 10], "style": ["starry.jpg", "wheat.jpg"]}, "out/")

    The values are what the recipe takes at each key, or files. `zipped` takes the first values together, then the second ones;
    `sample` so many of all combinations, at random. With `workers`, so many processes of this machine paint, and with
    `scheduler` the workers of the Dask scheduler at that address: then plugins and pictures have to be in files. Raises
    `RecipeError` with the mistakes of all recipes before the first picture; a picture that fails later is in the list, with its
    `error`, and the others are painted.
    """
    made = combined([given(key, values) for key, values in vary.items()], zipped=zipped, sample=sample)
    series = planned(recipe, overrides, made, Path(output), plugins=plugins, trust=trust)
    cluster = Cluster(workers, scheduler) if workers or scheduler else None
    return paint(series, plugins=plugins, trust=trust, force=force, tell=tell, cluster=cluster)


def failures(done: Iterable[Painted]) -> Iterator[str]:
    """A line for each picture that failed."""
    for it in done:
        if it.outcome == "failed":
            yield f"{shown(it.path)}: {it.error}"
