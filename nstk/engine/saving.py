"""What is written at the end of a run: the picture, its recipe and its record; wherever there is room for the picture."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from . import images, record
from .errors import CallbackError, NotFinite, OutputError, RunError
from .loading import check_sidecar

if TYPE_CHECKING:
    from .painting import Painting

log = logging.getLogger("nstk")


@contextmanager
def saved(run: Painting) -> Iterator[None]:
    """Whatever happens inside, the picture is saved, if a step was done; and the error says where, if that is in doubt."""
    try:
        yield
    except BaseException as error:
        run.fail(error)
        if run.steps == run.resumed and not (run.started and isinstance(error, NotFinite)):
            raise  # an earlier result is not replaced by nothing
        where = f"the picture so far is {_save_somewhere(run)}"
        if _is_of_writing(error):
            kind = type(error) if isinstance(error, RunError) else RunError
            raise kind(f"{error}; {where}") from error
        if not run.saved:
            log.error("%s", where)  # what went wrong first is what is raised
        raise
    try:
        write(run)
    except OutputError as error:  # not a mistake to mend before a run: this one has painted
        where = str(run.output) if run.saved else _rescued(run)
        raise RunError(f"the picture is painted, but not all can be saved: {error}; it is {where}") from error


@contextmanager
def recorded(run: Painting) -> Iterator[None]:
    """Once a picture is saved and the callbacks have ended, write how it was made and why the run stopped."""
    try:
        yield
    finally:
        if run.saved:
            try:
                images.write_whole(run.recipe.sidecar(".run.json"), record.to_json(run))
            except OutputError as error:
                if run.error is None:
                    raise RunError(f"{run.output} is painted, but not its record: {error}") from error
                log.error("%s", error)


def write(run: Painting) -> None:
    """The picture and the recipe that re-runs: each appears whole or not at all. Raises `OutputError`."""
    run.save(run.output)
    run.saved = True
    if check_sidecar(run.recipe):
        header = f"# The recipe of {run.output.name}, with every default written out.\n"
        path = run.recipe.sidecar(".recipe.yaml")
        images.write_whole(path, header + run.recipe.to_yaml(path.parent))
    log.info("%s: %s after %d steps, %.1f s", run.output, run.stopped, run.steps, run.seconds)


def _save_somewhere(run: Painting) -> str:
    """Write the picture so far where it ought to be, or else in the system's temporary folder. Returns where it is."""
    try:
        write(run)
    except Exception as error:  # it must not hide what went wrong first
        log.error("the picture so far could not be saved: %s", error)
    return str(run.output) if run.saved else _rescued(run)


def _rescued(run: Painting) -> str:
    """Write the picture to a new file in the system's temporary folder. Returns where it is."""
    folder = None
    try:
        folder = Path(tempfile.mkdtemp(prefix="nstk-"))
        run.save(folder / run.output.name)
    except Exception as error:
        if folder:
            with suppress(OSError):
                os.rmdir(folder)
        return f"lost, for the system's temporary folder cannot take it either: {error}"
    return str(folder / run.output.name)


def _is_of_writing(error: BaseException) -> bool:
    """Whether something could not be written: the disk is full, a folder is gone, a permission is lost."""
    cause = error.__cause__ if isinstance(error, CallbackError) else error
    return isinstance(cause, (OutputError, OSError))
