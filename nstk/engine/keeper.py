"""Writes checkpoints while a run is at work. They hold everything that a step changes, so that a resumed run takes the very
same steps."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property

import numpy as np
import tensorflow as tf

from .. import pictures
from ..api import Scale
from ..checkpoints.archive import Saved
from ..checkpoints.folder import RunFolder
from ..checkpoints.provenance import differences
from ..checkpoints.state import RunState, ScaleState
from ..errors import NotFinite, OutputError, UserError
from ..files import shown
from .callbacks import Callbacks
from .health import STALLED, Health
from .interrupts import INTERRUPTED
from .kept import Kept
from .painting import Painting
from .steps import Work

log = logging.getLogger("nstk")

AGAIN = "the run cannot go on, `nstk run` starts anew"
STEPPER = "optimizer."
"""What the names of an optimizer's variables begin with."""


class Keeper:
    """Writes the checkpoints of one run into its folder. Without a folder, it does nothing."""

    def __init__(self, run: Painting, folder: RunFolder | None, saved: Saved | None, kept: Kept):
        self.run, self.folder, self.saved = run, folder, saved
        self._session, self._numbers = kept, kept.numbers
        self._kept = run.steps
        """How many steps the last checkpoint holds."""
        self._when = time.perf_counter()
        """When the last checkpoint was written."""
        self._drawn: np.ndarray | None = None
        """The state of the random numbers when the scale began. The scale's targets may have drawn some since."""

    @contextmanager
    def around(self, force: bool) -> Iterator[None]:
        """Begin the folder, run what is inside, and remove the folder unless it holds steps to go on with."""
        if self.folder is None:
            yield
            return
        if self.saved:
            self._compare(self.saved.state, force)
        else:
            self.folder.begin(self.run.recipe.to_yaml(self.folder.path), self._state())
        try:
            yield
        except BaseException as error:
            if not self._kept:
                self.folder.remove()
            elif not isinstance(error, NotFinite):  # after NaN or infinity a resumed run would only fail again
                self._tell()
            raise
        if self.run.stopped == INTERRUPTED:
            self._tell()
        else:
            self.folder.remove()

    def _tell(self) -> None:
        assert self.folder is not None
        if not self.folder.unfinished:  # it was removed
            return
        output = self.run.output
        which = output if output and self.folder.path == RunFolder.of(output).path else self.folder.path
        log.warning("`nstk resume %s` goes on after step %d of %d", shown(which), self._kept, self.run.total_steps)

    def scales(self) -> Sequence[Scale]:
        """The scales that are not yet done. The scale that goes on keeps its layout, for another would give other bits."""
        begun = self.saved.state.scale if self.saved else None
        if begun is None:
            return self.run.scales
        layouts = self.run.plan.layouts
        layout = layouts[begun.index]
        layouts[begun.index] = layout.as_before(begun.tiles, begun.optimizer, self.run.now.optimizer)
        return self.run.scales[begun.index :]

    def seed(self) -> None:
        """Seed TensorFlow's random numbers before a scale, or put them back as the checkpoint has them.

        The random numbers of numpy are seeded where they are drawn.
        """
        self._session.seed(self.run.recipe)  # the scale's targets shall not depend on earlier draws
        if self.saved and self.saved.state.scale:
            self._numbers.reset(self.saved["random.scale"])
        elif not self.run.steps:
            self._numbers.reset_from_seed(self.run.recipe.seed)
        self._drawn = self._numbers.state.numpy()

    def resume(self, work: Work, callbacks: Callbacks) -> None:
        """Put a scale that is ready for its first step into the state of the checkpoint, if there is one."""
        saved, self.saved = self.saved, None
        state = saved.state.scale if saved else None
        if saved is None or state is None:
            return
        work.done, work.stalled, work.sound, work.recovered = state.done, state.stalled, state.sound, state.recovered
        self._put_back(saved, self._variables(work))
        if work.ended and not state.ended:  # the recipe may have fewer steps now
            work.stepper.finish()
        if work.stalled and work.scale is self.run.scales[-1]:
            self.run.stop(STALLED)
        callbacks.restore(self.run, state.callbacks)

    def _put_back(self, saved: Saved, variables: dict[str, tf.Variable]) -> None:
        """Give the variables the values of a checkpoint. Raises `UserError` if the checkpoint is another optimizer's."""
        optimizer = self.run.recipe.optimizer.name
        had, has = (sum(name.startswith(STEPPER) for name in names) for names in (saved.names, variables))
        if had != has:
            what = f"{had} variables of optimizer `{optimizer}`, but it has {has} when it starts"
            raise UserError(f"{shown(saved.path)} holds {what}: {AGAIN}")
        for name, variable in variables.items():
            if name not in saved.names:  # the recipe was changed: an average, or a precision, begins here
                continue
            value = saved[name]
            if not variable.shape.is_compatible_with(value.shape) or value.dtype.itemsize != variable.dtype.size:
                is_ = f"{variable.dtype.name} of shape {variable.shape}"
                raise UserError(f"`{name}` is {is_}, but {value.dtype} of shape {value.shape} in {shown(saved.path)}: {AGAIN}")
            variable.assign(value.view(variable.dtype.as_numpy_dtype))  # numpy's files know no bfloat16 and hold its bits

    def show(self) -> None:
        """Leave the picture of a scale that is done in the run's folder, to be looked at while the next one is painted."""
        if self.folder is None:
            return
        try:
            pictures.write_picture(self.run.shown, self.folder.preview)
        except OutputError as error:  # the picture itself may have its place elsewhere, and is not lost
            log.warning("%s", error)
        else:
            self.run.preview = self.folder.preview

    def step(self, work: Work, callbacks: Callbacks, stopping: bool, health: Health) -> None:
        """Write a checkpoint after a step, if it is time for one or if the run is interrupted."""
        run = self.run
        if self.folder is None or run.steps == self._kept:
            return
        due = run.recipe.checkpoint.due(run.steps - self._kept, time.perf_counter() - self._when)
        last = work.ended and work.scale is run.scales[-1]  # then only the picture is left to save
        if not (run.stopped == INTERRUPTED if stopping else due and not last):
            return
        health.check(work)
        scale = ScaleState(
            index=work.scale.index,
            width=work.scale.width,
            height=work.scale.height,
            tiles=work.layout.edge,
            optimizer=work.layout.changed(run.now.optimizer),
            ended=work.ended,
            done=work.done,
            steps=work.scale.steps,
            stalled=work.stalled,
            sound=work.sound,
            recovered=work.recovered,
            callbacks=callbacks.states(),
        )
        self.folder.write(run.steps, self._state(scale), self._arrays(work))
        self._kept, self._when = run.steps, time.perf_counter()

    def _state(self, scale: ScaleState | None = None) -> RunState:
        run = self.run
        return RunState(
            seconds=run.seconds,
            spared=run.spared,
            labels=list(run.labels),
            machine=self._machine(),
            weights=self._weights,
            origins=run.origins,
            scale=scale,
        )

    def _machine(self) -> dict[str, str]:
        return {"device": self.run.device, "precision": self.run.precision}

    @cached_property
    def _weights(self) -> str:
        return str(self.run.recipe.backbone.provenance().get("sha256", ""))

    def _compare(self, state: RunState, force: bool) -> None:
        """Refuse other weights than those that the run began with, and warn of another machine."""
        if self._weights != state.weights:
            what = f"the weights of backbone `{self.run.recipe.backbone.name}` are others than those that the run began with"
            if not force:
                raise UserError(f"{what}: `--force` goes on all the same, `nstk run` starts anew")
            log.warning("%s", what)
        if differ := differences(state.machine, self._machine()):
            log.warning("the picture may differ in its rounding: %s", differ)

    def _arrays(self, work: Work) -> Iterator[tuple[str, np.ndarray]]:
        """The arrays of a checkpoint, each made when it is asked for: all of them at once may be larger than the memory."""
        assert self._drawn is not None
        yield "history", self.run.rows()
        yield "random.scale", self._drawn
        for name, variable in self._variables(work).items():
            yield name, np.asarray(variable.read_value())

    def _variables(self, work: Work) -> dict[str, tf.Variable]:
        """The variables that a step changes, by their names in a checkpoint."""
        scaling = {"loss_scale": work.objective.loss_scale.power} if work.objective.loss_scale else {}
        stepper = {f"{STEPPER}{index}": variable for index, variable in enumerate(work.stepper.variables)}
        return {"random": self._numbers.state, **work.canvas.variables(), **scaling, **stepper}
