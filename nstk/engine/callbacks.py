"""Tell the callbacks of one run what happens, in the recipe's order, and say whose fault it is when a plugin fails.

with callbacks.around(run):          # on_start, in order
    for scale in run.scales:         # on_scale; once, in a run that is resumed, restore
        for step in scale:           # on_step, where `step.index` is a multiple of `every`
            ...
                                     # on_end: always, in reverse order, for every callback that started
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .api import Callback, Definition, Run, Scale, Step
from .blame import blame
from .errors import CallbackError, NstkError, OutOfMemory, RunError

log = logging.getLogger("nstk")

OUT_OF_MEMORY = ("ResourceExhaustedError", "MemoryError")
"""By name: TensorFlow is not imported here."""
SCOPE = "loss.{}"
"""What the operations of a loss are called in a compiled step, before a slash."""
NODE = re.compile(r"\{\{.*?\}\} ?")
"""TensorFlow's names of nodes, which begin many of its messages."""


class Callbacks:
    """The callbacks of one run, by label. Each is a copy of its own without any state, so that a recipe can run twice."""

    def __init__(self, callbacks: Mapping[str, Callback]):
        self.by_label = {label: type(callback).model_validate(callback.model_dump()) for label, callback in callbacks.items()}
        self._started: list[str] = []

    def _call(self, label: str, event: str, *args: Any) -> Any:
        callback = self.by_label[label]
        try:
            return getattr(type(callback), event)(callback, *args)  # its own state may be called `state`
        except Exception as error:
            why = str(error) if isinstance(error, NstkError) else fault(error, callback)
            raise CallbackError(f"callback `{label}` ({type(callback).__name__}) failed in {event}: {why}") from error

    @contextmanager
    def around(self, run: Any) -> Iterator[None]:
        """`on_start` in order; whatever happens inside, `on_end` in reverse order for every callback that was started."""
        try:
            for label in self.by_label:
                self._call(label, "on_start", run)
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
            except BaseException as error:  # also Ctrl-C: the others still get to close their files
                if run.error is None:
                    failed = error
                    run.fail(error)
                else:
                    log.warning("%s", error)  # what ended the run is the error to raise
        if failed:
            raise failed

    def scale(self, run: Run, scale: Scale) -> None:
        """A scale begins."""
        for label in self.by_label:
            self._call(label, "on_scale", run, scale)

    def states(self) -> dict[str, Any]:
        """What each callback wants to find again when the run is resumed, by label."""
        states = {label: self._call(label, "state") for label in self.by_label}
        for label, state in states.items():
            try:
                json.dumps(state)
            except (TypeError, ValueError) as error:
                who = f"callback `{label}` ({type(self.by_label[label]).__name__})"
                raise CallbackError(f"{who} returned from state what JSON cannot hold: {error}") from error
        return states

    def restore(self, run: Run, states: Mapping[str, Any]) -> None:
        """A run is resumed: each callback finds again what it kept."""
        for label, state in states.items():
            if state is not None and label in self.by_label:
                self._call(label, "restore", run, state)

    def step(self, run: Run, step: Step) -> bool:
        """A step is done. Whether it is the last one; that one is told to every callback, whatever its `every`."""
        waiting = []
        for label, callback in self.by_label.items():
            if step.index % callback.every == 0 or step.index == run.total_steps or run.stopped:
                self._call(label, "on_step", run, step)
            else:
                waiting.append(label)
        stopping = bool(run.stopped)  # asked once: a signal may come at any time
        if stopping:  # by a callback that came after those
            for label in waiting:
                self._call(label, "on_step", run, step)
        return stopping


@contextmanager
def blaming(who: str, definition: Definition) -> Iterator[None]:
    """What a plugin's code raises inside becomes a `RunError` that begins with `who` and ends with the plugin's line."""
    try:
        yield
    except NstkError:
        raise
    except Exception as error:
        if type(error).__name__ in OUT_OF_MEMORY:
            raise OutOfMemory(f"{who} ran out of memory: choose a smaller `size`") from error
        raise RunError(f"{who} failed: {fault(error, definition)}") from error


def fault(error: BaseException, definition: Definition) -> str:
    """`ValueError: no such thing (my_loss.py:12)`: the error, and the deepest line that is the definition's own.

    The deepest line of all is often TensorFlow's.
    """
    said = NODE.sub("", str(error)).strip()
    if said.startswith("Graph execution error"):
        return f"{type(error).__name__}: {_in_graph(said)}"
    homes = {Path(file).parent for file, _ in code(definition)}
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if Path(frame.filename).parent in homes:
            return f"{type(error).__name__}: {said.partition(chr(10))[0]} ({Path(frame.filename).name}:{frame.lineno})"
    if isinstance(error, TypeError) and (own := code(definition, "__call__", "step", "start")):  # called with other arguments
        return f"TypeError: {said.partition(chr(10))[0]} ({Path(own[0][0]).name}:{own[0][1]})"
    return blame(error)


def _in_graph(said: str) -> str:
    """What TensorFlow says of an error in a compiled step: `assertion failed: [too dark] in loss `mine` (my_loss.py:12)`.

    It lists the node, the lines that made it, and after an empty line what is wrong.
    """
    what = said.split("\n\n")[-1].strip().partition("\n")[0]
    label = re.search(r"Detected at node \S*" + SCOPE.format(r"([\w-]+)"), said)
    lines = re.findall(r'File "(.+)", line (\d+)', said)
    where = f" ({Path(lines[-1][0]).name}:{lines[-1][1]})" if lines else ""
    return what + (f" in loss `{label[1]}`" if label else "") + where


def code(definition: Definition, *methods: str) -> list[tuple[str, int]]:
    """File and line of the methods that the definition's own classes define: of all, or of `methods`."""
    owned = [cls for cls in type(definition).__mro__ if issubclass(cls, Definition) and cls.__module__ != Definition.__module__]
    found = [getattr(cls.__dict__.get(name), "__code__", None) for cls in owned for name in methods or cls.__dict__]
    return [(code.co_filename, code.co_firstlineno) for code in found if code]
