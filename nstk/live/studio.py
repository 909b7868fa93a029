"""The page without a run: recipes that a page puts together, their estimates, and the queue that paints them one by one."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..checkpoints.folder import RunFolder
from ..checkpoints.repeat import Repeat, repeat
from ..checkpoints.unfinished import unfinished
from ..errors import NstkError, UserError
from ..files import quoted
from ..recipe.load import load_recipe
from ..recipe.shipped import find_recipe, grouped
from ..syntax.parse import parse
from .board import Board
from .drops import Drops
from .history import History
from .jobs import DONE, FAILED, PAINTING, STOPPED, WAITING, Job, Jobs
from .onlooker import onlooker

if TYPE_CHECKING:
    from ..engine.session import Session

INPUTS = "inputs"
"""The folder, within that of the results, of the pictures that were dropped onto the page."""

LOOK = 0.5
"""How many seconds lie between two looks whether the page is to end."""

KEYS = ("size", "balance", "faces", "seed", "steps", "time", "style_scale", "colours")
"""The keys of a recipe for which the page has a field of its own."""

log = logging.getLogger("nstk")


class Studio:
    """Puts recipes together, and paints them in the thread that calls `work`: TensorFlow is used by one thread alone."""

    def __init__(self, folder: Path, *, plugins: Sequence[str] = (), quiet: bool = False):
        """`plugins` are those that the user has named, as `-p` does; no page may name one."""
        self.folder, self.plugins, self.quiet = folder, plugins, quiet
        self.board, self.jobs = Board(), Jobs(folder)
        self.drops, self.history = Drops(folder / INPUTS), History(folder)
        self._closing = threading.Event()
        self._asked: list[tuple[Mapping[str, Any], Future[dict[str, Any]]]] = []
        self._lock = threading.Lock()

    # what a page asks for

    def looks(self) -> list[dict[str, str]]:
        """The recipes to choose from, with what they say of themselves."""
        return [{"name": name, "about": about} for recipes in grouped().values() for name, about in recipes.items()]

    def add(self, settings: Mapping[str, Any]) -> Job:
        """Have a picture painted. Raises `UserError` with every mistake."""
        made = self.recipe(settings).recipe
        return self.jobs.add(made.name, settings)

    def estimate(self, settings: Mapping[str, Any]) -> Future[dict[str, Any]]:
        """What a picture will take: `fits` and `lines`. A small step is timed, once nothing is being painted."""
        self.recipe(settings)
        future: Future[dict[str, Any]] = Future()
        with self._lock:
            self._asked.append((settings, future))
        return future

    def recipe(self, settings: Mapping[str, Any]) -> Repeat:
        """The recipe that a page means. Raises `UserError` with every mistake.

        `settings` has `content` and `styles`, the names of dropped pictures; `look`, a recipe that comes with nstk, or `again`,
        a dropped picture of nstk's; `keys`, with values by the recipe's keys; `region`, the name of a region or of a dropped
        mask; and `more`, lines of YAML.
        """
        keys = {key: value for key, value in _mapping(settings, "keys").items() if key in KEYS and value not in (None, "")}
        keys |= self._more(str(settings.get("more") or ""))
        content, styles = settings.get("content"), settings.get("styles") or []
        if not isinstance(styles, list):
            raise UserError("`styles` is a list of pictures")
        paintings = [str(self.drops.named(str(name)).absolute()) for name in styles]
        if content:
            keys["content"] = str(self.drops.named(str(content)).absolute())
        if paintings:
            keys["style"] = paintings[0] if len(paintings) == 1 else paintings
        if region := str(settings.get("region") or ""):
            named = region in ("person", "background", "face")
            keys["paint"] = region if named else {"use": "map", "map": str(self.drops.named(region).absolute()), "feather": 6}
        output = f"{self.folder.absolute()}/"
        if again := settings.get("again"):
            overrides = [f"{key}={_written(value)}" for key, value in keys.items()]
            return repeat(
                self.drops.named(str(again)), overrides, output=output, inputs=self.drops.folder, plugins=self.plugins
            )
        missing = [word for key, word in (("content", "photograph"), ("style", "painting")) if key not in keys]
        if missing:
            raise UserError(f"there is no {' and no '.join(missing)} yet: drop one")
        look = str(settings.get("look") or "default")
        find_recipe(look)
        made = load_recipe({"extends": look, **keys}, output=output, plugins=self.plugins)
        name = "-".join(Path(str(it)).stem for it in (made.content, *(painting.picture for painting in made.style.values())))
        assert made.path
        return Repeat(made.model_copy(update={"name": name}).painting_to(made.path.with_name(f"{name}.png")), None)

    def _more(self, text: str) -> dict[str, Any]:
        """Lines of YAML beside the fields. Plugins are code, and no page may name one."""
        more = parse(text, "the further settings", Path.cwd()).plain() if text.strip() else {}
        if not isinstance(more, dict):
            raise UserError("the further settings are lines such as `balance: 60`")
        if wrong := {"plugins", "extends", "output"} & {str(key).partition(".")[0] for key in more}:
            raise UserError(f"`{wrong.pop()}` cannot be set on the page: write a recipe file, and run it with `nstk run`")
        return more

    # what the thread does that paints

    def close(self) -> None:
        """Have `work` end."""
        self._closing.set()

    def work(self, session: Session) -> None:
        """Paint what waits, and answer for estimates, until the page is closed."""
        from ..engine.interrupts import INTERRUPTED

        while not self._closing.is_set():
            self._answer()
            job = self.jobs.next(LOOK)
            if job is None:
                continue
            self.jobs.note(job.number, status=PAINTING)
            try:
                stopped = self._paint(session, job)
            except NstkError as error:
                log.debug("%s", error, exc_info=True)
                self.jobs.note(job.number, status=FAILED, message=str(error))
                self.board.failed(str(error))
            else:
                if stopped == INTERRUPTED and not self.board.stopped:  # by a signal, which ends the page too
                    self.jobs.note(job.number, status=WAITING)
                    return
                self.jobs.note(job.number, status=STOPPED if stopped == INTERRUPTED else DONE)

    def _paint(self, session: Session, job: Job) -> str:
        """Paint the picture of a job, or go on with it. Returns why it ended."""
        watch = onlooker(self.board)
        if job.output and RunFolder.of(Path(job.output)).unfinished:
            return session.resume(unfinished(job.output, plugins=self.plugins), quiet=self.quiet, watch=watch).stopped
        from ..engine.earlier import placed
        from ..engine.faces import with_faces

        made = self.recipe(job.settings)
        recipe = placed(with_faces(made.recipe))
        self.jobs.note(job.number, output=str(recipe.path))
        return session.run(recipe, quiet=self.quiet, watch=watch, course=made.course).stopped

    def _answer(self) -> None:
        """Give the estimates that were asked for; of several, the newest."""
        with self._lock:
            asked, self._asked = self._asked, []
        for _, future in asked[:-1]:
            future.cancel()
        if not asked:
            return
        settings, future = asked[-1]
        try:
            from ..engine.estimate import estimate_in_words

            fits, lines = estimate_in_words(self.recipe(settings).recipe)
            future.set_result({"fits": fits, "lines": lines})
        except NstkError as error:
            future.set_exception(error)


def _mapping(settings: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = settings.get(key) or {}
    if not isinstance(value, dict):
        raise UserError(f"`{key}` is a mapping")
    return value


def _written(value: Any) -> str:
    """A value as an override has it."""
    import json

    return quoted(value) if isinstance(value, str) else json.dumps(value)
