"""What is written at the end of a run: the picture, its recipe and its record; wherever there is room for the picture."""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..checkpoints.provenance import settings_of
from ..errors import CallbackError, NotFinite, OutputError, RunError, UserError
from ..files import in_line, same_file, shown, write_whole
from ..recipe.model import RECIPE, RECORD, Recipe
from .earlier import drop, keep_finished

if TYPE_CHECKING:
    from .painting import Painting


log = logging.getLogger("nstk")


@contextmanager
def saved(run: Painting) -> Iterator[None]:
    """Whatever happens inside, the picture is saved, if a step was done; and the error says where, if that is in doubt.

    Where the recipe says `output: false`, nothing is saved.
    """
    output = run.output
    try:
        yield
    except BaseException as error:
        run.fail(error)
        if output is None:
            raise
        if run.steps == run.resumed and not (run.work is not None and isinstance(error, NotFinite)):
            raise  # an earlier result is not replaced by nothing
        where = f"the picture so far is {_save_somewhere(run, output)}"
        if _is_of_writing(error):
            kind = type(error) if isinstance(error, RunError) else RunError
            raise kind(f"{error}; {where}") from error
        if not run.saved:
            log.error("%s", where)  # what went wrong first is what is raised
        raise
    if output is None:
        return
    try:
        write(run, output)
    except OutputError as error:  # not a mistake to mend before a run: this one has painted
        where = str(output) if run.saved else _rescued(run, output)
        raise RunError(f"the picture is painted, but not all can be saved: {error}; it is {where}") from error


@contextmanager
def recorded(run: Painting) -> Iterator[None]:
    """Once a picture is saved and the callbacks have ended, write how it was made and why the run stopped."""
    try:
        yield
    finally:
        if run.saved:
            try:
                write_whole(run.recipe.sidecar(RECORD), to_json(run), force=run.force)
            except OutputError as error:
                if run.error is None:
                    raise RunError(f"{run.output} is painted, but not its record: {error}") from error
                log.error("%s", error)


def write(run: Painting, output: Path) -> None:
    """The picture and the recipe that re-runs: each appears whole or not at all. Raises `OutputError`."""
    kept = keep_finished(output) if run.early or run.displaced else []
    try:
        run.save(output)
    except BaseException:
        drop(kept)
        raise
    run.saved, run.finished = True, not run.early
    if kept:
        log.warning("%s was a finished picture of another run: it is kept as %s", shown(output), shown(kept[0]))
    write_recipe(run.recipe, force=run.force)
    log.info("%s: %s after %d steps, %.1f s", output, run.stopped, run.steps, run.seconds)


def write_recipe(recipe: Recipe, *, force: bool = False) -> None:
    """The resolved recipe beside its picture, unless it is the recipe that is run. Raises `OutputError`."""
    if recipe.path and check_sidecar(recipe):
        header = f"# The recipe of {in_line(recipe.path.name)}, with every default written out.\n"
        path = recipe.sidecar(RECIPE)
        write_whole(path, header + recipe.to_yaml(path.parent), force=force)


def _save_somewhere(run: Painting, output: Path) -> str:
    """Write the picture so far where it ought to be, or else in the system's temporary folder. Returns where it is."""
    try:
        write(run, output)
    except Exception as error:  # it must not hide what went wrong first
        log.error("the picture so far could not be saved: %s", error)
    return str(output) if run.saved else _rescued(run, output)


def _rescued(run: Painting, output: Path) -> str:
    """Write the picture to a new file in the system's temporary folder. Returns where it is."""
    folder = None
    try:
        folder = Path(tempfile.mkdtemp(prefix="nstk-"))
        run.save(folder / output.name)
    except Exception as error:
        if folder:
            with suppress(OSError):
                os.rmdir(folder)
        return f"lost, for the system's temporary folder cannot take it either: {error}"
    return str(folder / output.name)


def _is_of_writing(error: BaseException) -> bool:
    """Whether something could not be written: the disk is full, a folder is gone, a permission is lost."""
    cause = error.__cause__ if isinstance(error, CallbackError) else error
    return isinstance(cause, (OutputError, OSError))


def to_json(run: Painting) -> str:
    """The record as JSON text."""
    recipe, done = run.recipe, Counter(move.scale.index for move in run.moves)
    data = {
        "output": str(run.output),
        "recipe": recipe.name,
        "stopped": run.stopped,
        "finished": run.finished,
        "steps": run.steps,
        "seconds": round(run.seconds, 3),
        "losses": run.losses,
        "seed": recipe.seed,
        "scales": [
            {"width": it.width, "height": it.height, "steps": it.steps, "done": done[it.index], "tiles": layout.edge or "off"}
            for it, layout in zip(run.plan.scales, run.plan.layouts, strict=True)
        ],
        "device": run.device,
        "precision": run.precision,
        "precision_reason": run.plan.choice.reason,
        "run_eagerly": recipe.run_eagerly,
        "jit": run.plan.jit and not recipe.run_eagerly,
        "versions": run.origins["versions"],
        "backbone": {"use": recipe.backbone.name, **recipe.backbone.provenance()},
        **{key: run.origins[key] for key in ("inputs", "plugins")},
        "settings": settings_of(recipe),
    }
    return json.dumps(data, indent=2, default=str) + "\n"


def check_sidecar(recipe: Recipe) -> bool:
    """Whether the resolved recipe may be written beside the picture: not over a recipe that it was read from.

    A saved recipe that is run as it is stays as it is. With changes it would be lost, so that is refused.
    """
    target = recipe.sidecar(RECIPE)
    if not any(same_file(path, target) for path in recipe.files):
        return True
    if recipe.overridden:
        raise UserError(
            f"the changed recipe would be written over {shown(target)}, which is being run: choose another output (`-o`)"
        )
    return False
