"""Tell the callbacks of one run what happens, in the recipe's order.

A callback that only shows something (`shows`) never ends a run: if it fails, it is muted.

with callbacks.around(run):          # on_start, in order
    for scale in run.scales:         # on_scale; once, in a run that is resumed, restore
        for step in scale:           # on_step, where `step.index` is a multiple of `every`
            ...
                                     # on_end: always, in reverse order, for every callback that started
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..api import Callback, Run, Scale, Step
from ..errors import CallbackError, NstkError, UserError
from ..recipe.validate import made_of
from ..registry.blame import blame, blaming

log = logging.getLogger("nstk")


def check_machine(callbacks: Mapping[str, Callback]) -> None:
    """Raise `UserError` where this machine lacks what one of the callbacks needs."""
    for label, callback in callbacks.items():
        try:
            with blaming(f"callback `{label}`", callback):
                callback.check_machine()
        except UserError as error:
            raise UserError(f"callback `{label}` {error}") from error


class Callbacks:
    """The callbacks of one run, by label. Each is a fresh copy without any state, so that a recipe can run twice."""

    def __init__(self, callbacks: Mapping[str, Callback]):
        self.by_label = {label: made_of(type(callback), callback.model_dump()) for label, callback in callbacks.items()}
        self._started: list[str] = []
        self._muted: set[str] = set()
        """The callbacks that only show something and failed: they are told no more but the end, if they started."""

    def _call(self, label: str, event: str, *args: Any) -> Any:
        callback = self.by_label[label]
        if label in self._muted and event != "on_end":
            return None
        try:
            return getattr(type(callback), event)(callback, *args)  # an attribute of the instance may be called `state`
        except (Exception, SystemExit) as error:
            if not callback.shows:
                if isinstance(error, SystemExit):
                    raise
                raise CallbackError(self._failed(label, event, error)) from error
            if label not in self._muted:
                self._muted.add(label)
                log.warning("%s; the run goes on without it", self._failed(label, event, error))
            return None

    def _failed(self, label: str, event: str, error: BaseException) -> str:
        callback = self.by_label[label]
        why = str(error) if isinstance(error, NstkError) else blame(error, callback)
        return f"callback `{label}` ({type(callback).__name__}) failed in {event}: {why}"

    @contextmanager
    def around(self, run: Any) -> Iterator[None]:
        """Call `on_start` in order and, whatever happens inside, `on_end` in reverse order for each callback that started."""
        try:
            for label in self.by_label:
                self._call(label, "on_start", run)
                if label not in self._muted:
                    self._started.append(label)
            yield
        except BaseException as error:
            run.fail(error)
            raise
        finally:
            self._end(run)

    def _end(self, run: Any) -> None:
        failed: BaseException | None = None
        while self._started:
            label = self._started.pop()
            try:
                self._call(label, "on_end", run)
            except BaseException as error:  # also Ctrl-C: the other callbacks still get to close their files
                if run.error is None:
                    failed = error
                    run.fail(error)
                else:
                    log.warning("%s", error)  # what ended the run is the error to raise
        if failed:
            raise failed

    def scale(self, run: Run, scale: Scale) -> None:
        """Tell every callback that a scale begins."""
        for label in self.by_label:
            self._call(label, "on_scale", run, scale)

    def states(self) -> dict[str, Any]:
        """What each callback wants to find again when the run is resumed, by label."""
        states = {label: self._call(label, "state") for label in self.by_label}
        for label, state in states.items():
            try:
                json.dumps(state)
            except (TypeError, ValueError) as error:
                if self.by_label[label].shows:
                    states[label] = None  # what it shows after `nstk resume` may begin anew
                    continue
                who = f"callback `{label}` ({type(self.by_label[label]).__name__})"
                raise CallbackError(f"{who} returned from state what JSON cannot hold: {error}") from error
        return states

    def restore(self, run: Run, states: Mapping[str, Any]) -> None:
        """Give each callback what it kept, when a run is resumed."""
        for label, state in states.items():
            if state is not None and label in self.by_label:
                self._call(label, "restore", run, state)

    def step(self, run: Run, step: Step, *, ends: bool) -> bool:
        """Tell the callbacks that a step is done, which `ends` its scale or does not. Returns whether the run ends with it.

        Every callback is told of the last step, and of the last one of each scale, whatever its `every`.
        """
        waiting = []
        for label, callback in self.by_label.items():
            if step.index % callback.every == 0 or ends or run.stopped:
                self._call(label, "on_step", run, step)
            else:
                waiting.append(label)
        stopping = bool(run.stopped)  # asked once: a signal may come at any time
        if stopping:  # a callback that came after the waiting ones may have stopped the run
            for label in waiting:
                self._call(label, "on_step", run, step)
        return stopping
