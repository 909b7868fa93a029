"""What runs on a worker: one picture at a time, painted in a folder of its own from which only whole files go back."""

from __future__ import annotations

import json
import logging
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..api import Run, Step
from ..checkpoints.folder import RECIPE, RunFolder
from ..checkpoints.provenance import versions
from ..checkpoints.unfinished import unfinished
from ..errors import NstkError
from ..files import write_whole
from ..machine import memory
from ..machine.quietly import import_tensorflow
from ..recipe.model import RECIPE as RECIPE_BESIDE, RECORD, Recipe
from ..registry.registry import Registry
from ..syntax.nodes import map_plain
from .parcel import Parcel

if TYPE_CHECKING:
    from ..engine.session import Session

EVERY = 0.5
"""How many seconds lie between two tellings of a picture's steps."""

log = logging.getLogger("nstk")

_turn = threading.Lock()
"""Held by the picture at work, for a worker may have several threads."""

_session: Session | None = None
"""What one picture leaves for the next one of this process."""

_stopped: set[str] = set()
"""The series that were interrupted, by their tokens."""


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint on its way: the name of its file, which holds the hash, and its content."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Returned:
    """What comes back of a picture."""

    outcome: Literal["painted", "failed", "interrupted"]
    error: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """The picture, its record and what callbacks have written, by their names in the picture's folder."""
    checkpoint: Checkpoint | None = None
    """The latest one, where the picture was interrupted."""
    notes: list[str] = field(default_factory=list)
    """Warnings that were logged."""


def about() -> dict[str, Any]:
    """What has to be known of a worker before the first picture."""
    registry = Registry.of([])
    return {"versions": versions(), "plugins": {it.name: it.version for it in registry.plugins}}


def stop(token: str) -> None:
    """Have the pictures of a series end after the step at hand."""
    _stopped.add(token)


def fetched(path: str) -> bytes | None:
    """A file of the worker; None if it is there no more."""
    try:
        return Path(path).read_bytes()
    except OSError:
        return None


def paint(
    parcel: Parcel,
    contents: Mapping[str, bytes],
    begun: Checkpoint | None,
    *,
    topic: str,
    token: str,
    attempt: str,
    sharers: int,
) -> Returned:
    """Paint the picture of a parcel, or go on with it from a checkpoint. A task of Dask's runs this.

    Every `EVERY` seconds it tells the `topic` how far it is and where its latest checkpoint lies. `sharers` is how many
    workers share the memory of the machine.
    """
    from distributed import get_worker

    worker = get_worker()
    home = Path(worker.local_directory) / "nstk"
    key = worker.get_current_task()

    def wanted() -> bool:
        task = worker.state.tasks.get(key)
        return task is not None and task.state != "cancelled" and token not in _stopped

    def tell(**what: Any) -> None:
        worker.log_event(topic, {"attempt": attempt, "worker": worker.address, **what})

    with _turn:
        if "tensorflow" not in sys.modules:
            import_tensorflow()
        memory.share(sharers)
        home.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=home))
        tell()
        try:
            return _painted(parcel, contents, begun, home / "files", scratch, _teller(wanted, tell))
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _teller(wanted: Callable[[], bool], tell: Callable[..., None]) -> Callable[[Run, Step], None]:
    """A function that is told of each step, and tells it on, at most every `EVERY` seconds; it ends an unwanted run."""
    from ..engine.interrupts import INTERRUPTED

    last = 0.0
    known = ""

    def step(run: Run, step: Step) -> None:
        nonlocal last, known
        if not wanted():
            run.stop(INTERRUPTED)
        assert run.output
        folder = RunFolder.of(run.output)
        latest = next(iter(folder.checkpoints()), None)
        now = time.monotonic()
        new = latest is not None and latest.name != known
        if new or now - last >= EVERY:
            tell(done=step.index, total=run.total_steps, checkpoint=str(latest) if new else "")
            last, known = now, latest.name if latest else ""

    return step


def _painted(
    parcel: Parcel,
    contents: Mapping[str, bytes],
    begun: Checkpoint | None,
    store: Path,
    scratch: Path,
    step: Callable[[Run, Step], None],
) -> Returned:
    """Paint a parcel in the folder `scratch`, and read what lies there afterwards."""
    global _session
    from ..engine.interrupts import INTERRUPTED
    from ..engine.session import Session
    from ..engine.watch import watching

    _session = _session or Session()
    output = scratch / Path(parcel.output).name
    back: Callable[[str], str] = str
    with _noted() as notes:
        try:
            recipe, back = parcel.unpacked(contents, store, output)
            if begun:
                _begin(RunFolder.of(output), recipe, begun)
                result = _session.resume(unfinished(output, trust=True), quiet=True, watch=watching(step))
            else:
                result = _session.run(recipe, quiet=True, watch=watching(step))
        except NstkError as error:
            log.debug("%s", error, exc_info=True)
            return Returned("failed", back(str(error)), notes=[*map(back, notes)])
    if result.stopped == INTERRUPTED:
        latest = next(iter(RunFolder.of(output).checkpoints()), None)
        return Returned("interrupted", checkpoint=Checkpoint(latest.name, latest.read_bytes()) if latest else None)
    return Returned("painted", files=dict(_files(scratch, recipe, back)), notes=[*map(back, notes)])


def _begin(folder: RunFolder, recipe: Recipe, begun: Checkpoint) -> None:
    """Put a checkpoint where a run goes on from."""
    write_whole(folder.path / begun.name, begun.data)
    write_whole(folder.path / RECIPE, recipe.to_yaml(folder.path))


def _files(scratch: Path, recipe: Recipe, back: Callable[[str], str]) -> Iterator[tuple[str, bytes]]:
    """What lies in the folder of a finished picture, but the recipe, whose paths are the worker's."""
    record, beside = recipe.sidecar(RECORD), recipe.sidecar(RECIPE_BESIDE)
    for path in sorted(scratch.rglob("*")):
        if path == record:
            yield path.name, json.dumps(map_plain(json.loads(path.read_bytes()), back), indent=2).encode() + b"\n"
        elif path.is_file() and path != beside:
            yield path.relative_to(scratch).as_posix(), path.read_bytes()


class _Notes(logging.Handler):
    """Keeps what is logged as a warning or worse."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@contextmanager
def _noted() -> Iterator[list[str]]:
    """Inside, warnings of nstk are kept in a list and are shown by nobody else."""
    notes, before = _Notes(), log.propagate
    log.addHandler(notes)
    log.propagate = False
    try:
        yield notes.lines
    finally:
        log.removeHandler(notes)
        log.propagate = before
