"""Painting one recipe after another: what one picture leaves is there for the next, and whatever happens, nothing is lost."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ..checkpoints.archive import Saved
from ..checkpoints.folder import RunFolder
from ..checkpoints.repeat import Course, repeat
from ..checkpoints.unfinished import Unfinished, unfinished
from ..errors import UserError
from ..files import check_writable
from ..machine import memory
from ..recipe.checks import written
from ..recipe.enlarged import enlarged
from ..recipe.load import RecipeLike, loaded
from ..recipe.model import Recipe
from ..registry.registry import PluginLike
from .callbacks import Callbacks
from .earlier import check_place, placed
from .faces import with_faces
from .interrupts import interruptible
from .keeper import Keeper
from .kept import Kept
from .loop import paint
from .painting import Painting
from .plan import Plan
from .result import Result
from .saving import check_sidecar, recorded, saved
from .spread import Spread
from .surroundings import prepared
from .unheeded import unheeded
from .watch import watching

if TYPE_CHECKING:
    from ..api import Callback, Run, Step
    from ..pictures import PictureLike

log = logging.getLogger("nstk")

WATCH, COURSE = "the one beside the recipe's", "the end of the picture"
"""The labels of callbacks that a recipe does not name: a caller's own, and what ends a picture that is painted again."""


class Session:
    """Paints one picture after another, and keeps what the next one can use.

        with nstk.Session() as session:
            for photo in photos:
                session.run({"content": photo, "style": "painting.jpg"})

    The network with its weights, what the losses know of a painting, and the compiled steps stay where sizes and settings
    agree. Every picture has the same bytes as one that is painted in a process of its own. What is kept is dropped at the end
    of the `with` block, or by `close`. A session is used by one thread at a time.

    `spread` gives tiles of large pictures to other processes (see `engine/spread.py`).
    """

    def __init__(self, *, spread: Spread | None = None) -> None:
        self._spread = spread
        self._ground: int | None = None
        self.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Drop what is kept. The session can be used again, and then begins anew."""
        self._kept = Kept()
        self._kept.spread = self._spread

    def run(
        self,
        recipe: RecipeLike,
        *,
        force: bool = False,
        quiet: bool = False,
        watch: Callback | None = None,
        course: Course | None = None,
    ) -> Result:
        """Paint a recipe's picture and write it, as `nstk.run` does. `watch` is told beside the recipe's own callbacks.

        `course` is that of a picture which was painted before (see `checkpoints/repeat.py`).
        """
        with prepared():
            recipe, folder = placed(with_faces(loaded(recipe)), force=force), None
            if recipe.path:
                check_sidecar(recipe)
                check_writable(recipe.path, written(recipe.path), force=force)
                folder = RunFolder.of(recipe.path)
            return self._run(recipe, folder, None, force=force, quiet=quiet, watch=watch, course=course)

    def resume(
        self,
        path: str | PathLike[str] | Unfinished,
        *,
        plugins: Sequence[PluginLike] = (),
        content: PictureLike | None = None,
        style: PictureLike | Sequence[PictureLike] | Mapping[str, PictureLike] | None = None,
        force: bool = False,
        trust: bool = False,
        quiet: bool = False,
        watch: Callback | None = None,
    ) -> Result:
        """Go on with a run that was broken off, as `nstk.resume` does."""
        it = path
        if not isinstance(it, Unfinished):
            it = unfinished(it, plugins=plugins, content=content, style=style, force=force, trust=trust)
        with prepared():
            if it.recipe.path:
                check_writable(it.recipe.path, written(it.recipe.path), force=force)
            return self._run(it.recipe, it.folder, it.saved, force=force, quiet=quiet, watch=watch)

    def _run(
        self,
        recipe: Recipe,
        folder: RunFolder | None,
        begun: Saved | None,
        *,
        force: bool,
        quiet: bool,
        watch: Callback | None = None,
        course: Course | None = None,
    ) -> Result:
        """Paint, from the beginning or from a checkpoint."""
        if self._ground is None:
            self._ground = memory.resident()
        plan, kept = Plan.of(recipe, self._ground), self._kept
        run = Painting(recipe, plan, begun, force=force, course=course)
        run.displaced = bool(begun and folder and recipe.path and folder.path != RunFolder.of(recipe.path).path)
        into = folder if begun is not None or recipe.checkpoint.every is not False else None
        keeper = Keeper(run, into, begun, kept)
        if begun is None and folder and (line := folder.set_aside()):
            log.warning("%s", line)
        for line in (*unheeded(recipe, plan.choice), *enlarged(recipe)):
            log.warning("%s", line)
        log.info("%s, precision %s", plan.device, plan.choice)
        beside = {WATCH: watch, COURSE: _up_to(course.done) if course and not course.whole else None}
        told = {label: it for label, it in recipe.callbacks.items() if not (quiet and it.shows)}
        callbacks = Callbacks(told | {label: it for label, it in beside.items() if it})
        with interruptible(run), folder.locked() if folder else nullcontext():
            check_place(recipe, force=force)
            kept.network(recipe, plan)  # its weights may not fit: said before a callback opens a file
            with keeper.around(force), recorded(run), callbacks.around(run), saved(run):
                paint(run, kept, callbacks, keeper)
        result = Result.of(run)
        if run.work:
            kept.keep_rig(run.work.rig, recipe, plan, run.work.scale, run.work.layout)
        return result


def run(
    recipe: RecipeLike, *, force: bool = False, quiet: bool = False, live: bool = False, watch: Callback | None = None
) -> Result:
    """Paint a recipe's picture and write it, with the resolved recipe and a record of the run beside it.

    A recipe that says `output: false` writes nothing, and keeps no checkpoint: the result is all there is.

    Where nobody has said where the picture goes, it goes to out/NAME.png, or beside that if it holds a picture of other
    settings or inputs. `force` paints to out/NAME.png all the same, and over files that are read-only.

    `quiet` leaves out the callbacks that write to the terminal, such as `progress`; the saved recipe keeps them. `live` shows
    picture and losses below a notebook's cell in their place. `watch` is a callback of the caller's own, and is no part of the
    recipe.

    Ctrl-C and SIGTERM end the run after the step at hand, with the picture saved; a second one at once. Raises `UserError` for
    what can be known before the first step, `RunError` afterwards: then the last good picture is saved. A run that does not
    come to its end leaves a folder beside the picture, from which `resume` goes on.
    """
    if live:
        if watch:
            raise UserError("`live=True` is a callback to watch with itself: leave `watch` out")
        recipe = loaded(recipe)
        watch, quiet = _in_notebook(recipe), True
    with _for_one() as session:
        return session.run(recipe, force=force, quiet=quiet, watch=watch)


def _in_notebook(recipe: Recipe) -> Callback:
    """The callback that shows a run in a notebook. Raises `UserError` where there is none."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if not hasattr(shell, "kernel"):
        raise UserError("`live=True` shows the run in a notebook, and this is none: `nstk run --live` shows it on a page")
    made: Callback = recipe.registry.get("callback", "notebook")()
    return made


def resume(
    path: str | PathLike[str] | Unfinished,
    *,
    plugins: Sequence[PluginLike] = (),
    content: PictureLike | None = None,
    style: PictureLike | Sequence[PictureLike] | Mapping[str, PictureLike] | None = None,
    force: bool = False,
    trust: bool = False,
    quiet: bool = False,
    watch: Callback | None = None,
) -> Result:
    """Go on with a run that was interrupted, killed or broken off, from its latest checkpoint.

    `path` is the run's picture (`out/louvre.png`) or its folder (`out/louvre.run`). On the same machine the result is that of a
    run which was never interrupted, bit for bit. Raises `UserError` where there is nothing to go on with, and where the recipe
    or what it reads has changed since, unless `force` is given, which paints over read-only files too; otherwise as `run`.

    Classes and pictures that the run was given in Python are to be given again, as to `load_recipe`, and have to be the same:
    `plugins`, `content`, `style`. `trust` is that of `load_recipe` too.
    """
    with _for_one() as session:
        given: dict[str, Any] = {"plugins": plugins, "content": content, "style": style, "watch": watch}
        return session.resume(path, force=force, trust=trust, quiet=quiet, **given)


def rerun(
    picture: str | PathLike[str],
    overrides: Sequence[str] = (),
    *,
    output: str | PathLike[str] | None = None,
    inputs: str | PathLike[str] | None = None,
    plugins: Sequence[str] = (),
    force: bool = False,
    trust: bool = False,
    quiet: bool = False,
) -> Result:
    """Paint a picture of nstk's again, from what its own file says; on the same machine, to the same bytes.

    What was painted in fewer steps than planned, because the run was interrupted or had to end in time, is painted in as many
    again. `overrides` are changes, `key=value` as on the command line. The photograph and the painting are looked for where
    they were, then beside the picture, then by their hashes in the folder `inputs`. A plugin that the picture names is loaded
    only with `trust`. Raises `UserError` where the file carries no recipe, and as `run` does.
    """
    again = repeat(
        Path(picture), overrides, output=output, inputs=Path(inputs) if inputs else None, plugins=plugins, trust=trust
    )
    with _for_one() as session:
        return session.run(again.recipe, force=force, quiet=quiet, course=again.course)


def _up_to(steps: int) -> Callback:
    """A callback that ends a run where the picture ended that it repeats."""

    def told(run: Run, step: Step) -> None:
        if step.index >= steps:
            run.stop(f"after {step.index} steps, as before")

    return watching(told)


def _for_one() -> Session:
    """A session for one picture: it need not keep a compiled step for the next."""
    session = Session()
    session._kept = Kept(rigs=0)
    return session
