"""Checks everything that a callback must do, on small real runs that are watched from inside."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ValidationError

from ..api import Callback, Run, Step
from ..errors import CallbackError
from ..hints import closest
from ..registry.blame import blame
from .common import Broken, called, check_dump, require
from .runs import resume_recipe, run_recipe

if TYPE_CHECKING:
    from ..engine.result import Result

EVENTS = ("on_start", "on_scale", "on_step", "on_end", "state", "restore")

SECONDS = 0.25
"""How long `on_step` may take at a picture of 48 pixels, which a step of the run takes less time for."""

LOSSES = {
    "content": {"layers": ["image"]},
    "wasserstein": {"use": "gram", "layers": ["image"]},
    "colour": {"use": "gram", "layers": ["image"]},
    "tv": {},
}
"""The losses of the runs: they have the labels of nstk's default losses, and are quick, because they see pixels only."""


@dataclass
class _Log:
    """What was seen of a callback in one run, or in two of which the second resumes the first."""

    events: list[str] = field(default_factory=list)
    failed: tuple[str, Exception] | None = None
    """The event in which the callback failed first, and the error."""
    printed: str = ""
    open: list[str] = field(default_factory=list)
    """The attributes that held an open file after `on_end`."""
    seconds: list[float] = field(default_factory=list)
    """How long each call of `on_step` took."""
    restored: tuple[Any, Any] | None = None
    """What `restore` was given, and what `state` returned after it."""


class _Fails(Callback):
    """Fails at an event of its own, as another callback or a full disk may."""

    name = "nstk_testing_fails"
    event: Literal["on_start", "on_step"] = "on_step"

    def on_start(self, run: Run) -> None:
        if self.event == "on_start":
            raise RuntimeError("this is how the check ends a run")

    def on_step(self, run: Run, step: Step) -> None:
        raise RuntimeError("this is how the check ends a run")


def check_callback(callback: Callback, **settings: Any) -> None:
    """Raise an `AssertionError` that says what is broken, unless a callback does all that a run relies on.

        nstk.testing.check_callback(MyCallback(every=2))
        nstk.testing.check_callback(Enough(label="tv"), losses={"tv": {}})         # `settings` are a recipe's keys

    It survives being written to a recipe and read again; its methods are events that there are; it goes through a run of two
    scales, through one that is told of every second step only, through one that is interrupted and resumed, and through two
    that fail, one of them before the first scale; where it has a `state`, `restore` takes it back; it closes its files in
    `on_end`, whatever happened; the picture is the same with it as without; a call of `on_step` takes less than a quarter of a
    second; it prints nothing, unless it says `shows = True`.

    The runs paint 48 pixels on the backbone `tiny`, without compilation, in folders that are removed.
    """
    check_dump(callback)
    _check_class(callback)
    with TemporaryDirectory(prefix="nstk-") as folder:
        check = _Check(callback, Path(folder), settings)
        check.whole()
        check.resumed()
        check.failing()


def _check_class(callback: Callback) -> None:
    """What can be told without a run: misspelt events, and an `every` that a run cannot use."""
    who, cls = called(callback), type(callback)
    own = [name for base in cls.__mro__[: cls.__mro__.index(Callback)] for name in vars(base)]
    known = [event for event in EVENTS if event.startswith("on_")]
    for name in (name for name in own if name.startswith("on_") and name not in known):
        like = closest(name, known)
        hint = f"did you mean `{like}`?" if like else f"the events are {', '.join(known)}"
        raise Broken(f"{who} has `{name}`, which is no event and is never called: {hint}")
    try:
        cls.model_validate({**callback.model_dump(), "every": 0})
    except ValidationError:
        return
    raise Broken(f"{who} takes `every: 0`: keep `ge=1` in its field")


class _Check:
    """The runs of one check."""

    def __init__(self, callback: Callback, folder: Path, settings: dict[str, Any]):
        self.callback, self.folder, self.who = callback, folder, called(callback)
        self.keys = callback.model_dump(mode="json")
        small = {"size": 48, "steps": [3, 2], "pyramid": {"levels": 2}, "run_eagerly": True, "losses": LOSSES}
        self.settings = {**small, **settings}

    def whole(self) -> None:
        """A run to its end, beside the same one without the callback."""
        log, plain = _Log(), run_recipe(self._folder("plain"), **self.settings)
        result = self._paint(log, "in a run", "whole", run_recipe)
        assert result is not None
        require(
            log.printed == "" or self.callback.shows,
            f"{self.who} prints to the terminal ({log.printed.strip()[:40]!r}): say `shows = True` in its class, so that a "
            "quiet run leaves it out",
        )
        if log.seconds:
            what = f"{self.who} takes {min(log.seconds):.2f} seconds in on_step at a picture of 48 pixels"
            require(min(log.seconds) < SECONDS, f"{what}: no run should wait for a callback; do less, or do it in on_end")
        before, after = ([row["loss"] for row in it.history] for it in (plain, result))
        alike = after == before[: len(after)] and (len(after) < len(before) or bool((plain.picture == result.picture).all()))
        require(
            alike,
            f"{self.who} changes the picture: with it, the losses of the steps are {_shown(after)}, and without it "
            f"{_shown(before)}; draw random numbers from a generator of its own, and change no array",
        )

    def resumed(self) -> None:
        """A run that is interrupted after its first scale and resumed, with every second step told."""
        try:
            type(self.callback).model_validate({**self.keys, "every": 2})
        except ValidationError as error:
            why = " ".join(error.errors(include_url=False)[0]["msg"].split())
            raise Broken(f"{self.who} does not take `every: 2`, which is a key of every callback: {why}") from error
        self.keys = {**self.keys, "every": 2}
        log = _Log()
        self._paint(log, "in a run that is interrupted and resumed, with `every: 2`", "resumed", resume_recipe)
        if log.restored:
            given, after = log.restored
            require(
                given == after,
                f"{self.who} does not take back its state: restore() was given {given!r}, and state() then returned {after!r}",
            )

    def failing(self) -> None:
        """Runs that another callback ends by an error: at a step, and before the first scale."""
        for event, when in (("on_step", "at its first step"), ("on_start", "before its first scale")):
            log, name = _Log(), _Fails.name
            fails = {name: {"use": f"python:{name}", "event": event}}
            self._paint(log, f"in a run that fails {when}", f"fails-{event}", run_recipe, [_Fails], fails)

    def _paint(
        self,
        log: _Log,
        when: str,
        folder: str,
        paint: Callable[..., Result],
        others: list[type[Callback]] | None = None,
        beside: dict[str, Any] | None = None,
    ) -> Result | None:
        """Paint with the callback, and tell what it did wrong by itself. Returns nothing where the check let the run fail."""
        watched = _watched(type(self.callback), log)
        callbacks = {watched.name: {"use": f"python:{watched.name}", **self.keys}, **(beside or {})}
        given = {**self.settings, "plugins": [*self.settings.get("plugins", []), watched, *(others or [])]}
        result = None
        try:
            result = paint(self._folder(folder), callbacks=callbacks, **given)
        except CallbackError as error:
            if log.failed is None and not others:
                raise Broken(str(error)) from error
        if log.failed:
            event, why = log.failed
            raise Broken(f"{self.who} failed in {event} {when}: {blame(why, self.callback)}") from why
        if log.open:
            raise Broken(f"{self.who} leaves the file in `{log.open[0]}` open {when}: close it in on_end")
        return result

    def _folder(self, name: str) -> Path:
        path = self.folder / name
        path.mkdir()
        return path


def _shown(losses: list[float]) -> str:
    return ", ".join(f"{loss:.6g}" for loss in losses)


def _watched(cls: type[Callback], log: _Log) -> type[Callback]:
    """The callback's class, whose events are noted in the log."""

    def event(name: str) -> Callable[..., Any]:
        def told(self: Callback, *args: Any) -> Any:
            log.events.append(name)
            began = perf_counter()
            try:
                with _quiet(cls, log):
                    returned = getattr(cls, name)(self, *args)
            except Exception as error:
                log.failed = log.failed or (name, error)
                raise
            if name == "on_step":
                log.seconds.append(perf_counter() - began)
            if name == "restore":
                log.restored = _plain(args[1]), _plain(cls.state(self))
            if name == "on_end":
                for key, value in vars(self).items():
                    if _is_open(value):
                        log.open.append(key)
                        value.close()
            return returned

        return told

    members = {"__module__": cls.__module__, "__doc__": cls.__doc__, **{name: event(name) for name in EVENTS}}
    return type(cls.__name__, (cls,), members)


@contextmanager
def _quiet(cls: type[Callback], log: _Log) -> Iterator[None]:
    """Inside, what is printed goes to the log, unless the callback says that it shows something."""
    if cls.shows:
        yield
        return
    said = io.StringIO()
    try:
        with redirect_stdout(said), redirect_stderr(said):
            yield
    finally:
        log.printed += said.getvalue()


def _plain(state: Any) -> Any:
    """A state as it comes back from a checkpoint."""
    return json.loads(json.dumps(state))


def _is_open(value: Any) -> bool:
    """Whether a value is a file that is open, and not one of the process."""
    files = (io.TextIOWrapper, io.BufferedIOBase, io.RawIOBase)
    return (
        isinstance(value, files) and not value.closed and value not in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)
    )
