"""Tell the callbacks of one run what happens, in the recipe's order, and say whose fault it is when one fails.

    with callbacks.around(run):          # on_start, in order
        for scale in run.scales:         # on_scale
            for step in scale:           # on_step, where `step.index` is a multiple of `every`
                ...
                                         # on_end: always, in reverse order, for every callback that started
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from .api import Callback, Run, Scale, Step
from .errors import CallbackError


class Callbacks:
    """The callbacks of one run, by label. Each is a copy of its own, so that a recipe can run twice."""

    def __init__(self, callbacks: Mapping[str, Callback]):
        self.by_label = {label: callback.model_copy() for label, callback in callbacks.items()}
        self._started: list[str] = []

    def _call(self, label: str, event: str, *args: Any) -> None:
        callback = self.by_label[label]
        try:
            getattr(callback, event)(*args)
        except Exception as error:
            message = f"callback `{label}` ({type(callback).__name__}) failed in {event}: {type(error).__name__}: {error}"
            raise CallbackError(message) from error

    @contextmanager
    def around(self, run: Any) -> Iterator[None]:
        """`on_start` in order; whatever happens inside, `on_end` in reverse order for every callback that was started."""
        try:
            for label in self.by_label:
                self._started.append(label)
                self._call(label, "on_start", run)
            yield
        except BaseException as error:
            run.error = run.error or error
            raise
        finally:
            self._end(run)

    def _end(self, run: Any) -> None:
        failed = None
        for label in reversed(self._started):
            try:
                self._call(label, "on_end", run)
            except CallbackError as error:
                failed = failed or error  # the others still get to close their files
        if failed and run.error is None:
            run.error = failed
            raise failed

    def scale(self, run: Run, scale: Scale) -> None:
        """A scale begins."""
        for label in self.by_label:
            self._call(label, "on_scale", run, scale)

    def step(self, run: Run, step: Step) -> None:
        """A step is done. The last one is told to every callback, whatever its `every`."""
        for label, callback in self.by_label.items():
            if step.index % callback.every == 0 or step.index == run.total_steps or run.stopped:
                self._call(label, "on_step", run, step)
