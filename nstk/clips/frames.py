"""One frame of a clip: painted like a picture, or from the frame before, carried along the motion and held to it.

Ruder, Dosovitskiy and Brox, "Artistic Style Transfer for Videos", GCPR 2016: the frame before is where the next one begins, and
a temporal loss holds what was to be seen in it. Where nothing is known, the frame begins as the photograph.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import pictures
from ..api import Loss, Run, Step
from ..api.losses import weights
from ..engine.watch import watching
from ..recipe.model import Recipe
from ..recipe.settings import Output
from ..recipe.validate import made_of
from .folder import ClipFolder
from .motion import Motion, filled

if TYPE_CHECKING:
    from ..engine.session import Session

COARSER = 1.1
"""How many times as many steps each coarser scale has."""

KEPT = 1.1
"""How many times as much what holds the photograph weighs after the first frame: a frame that goes on from a painted one would
show less of it than one that begins as the photograph."""

LABEL = "temporal"
"""The label of the loss that holds a frame to those before."""


@dataclass(frozen=True)
class Choices:
    """How frames after the first one are painted."""

    steps: int
    weight: float
    """The weight of the temporal loss."""
    long_term: Sequence[int] = ()
    """To which earlier frames a frame is held where the one before tells nothing: 2 is the one before that."""

    def at(self, scales: int) -> int | list[int]:
        """The steps of each scale, coarse to fine."""
        return [round(self.steps * COARSER ** (scales - 1 - index)) for index in range(scales)] if scales > 1 else self.steps

    @property
    def latest(self) -> int:
        """How many frames have to be kept."""
        return max([1, *self.long_term])


@dataclass(frozen=True)
class Frame:
    """A painted frame."""

    shown: np.ndarray
    """Height x width x 3, uint8."""
    raw: np.ndarray
    """As it was painted, before `colours` changed it: float32, 0..255."""
    stopped: str
    """Why its run ended."""


class Painter:
    """Paints the frames of a clip in one session."""

    def __init__(self, recipe: Recipe, choices: Choices, folder: ClipFolder, told: Callable[[float], None]):
        self._alone = recipe.model_copy(update={"output": Output(path=False), "callbacks": {}})
        self._choices, self._folder, self._told = choices, folder, told
        self._session: Session | None = None
        self._balanced()

    def paint(self, number: int, source: np.ndarray) -> tuple[Frame, bool]:
        """Paint a frame, and say whether a scene begins with it. `source` is height x width x 3, uint8."""
        content = self._folder.file("content", number)
        pictures.write_picture(source, content)
        try:
            before = self._before(number, source)
            if before is None:
                return self._run(self._alone.model_copy(update={"content": str(content)})), True
            return self._run(self._later(str(content), source, *before)), False
        finally:
            content.unlink(missing_ok=True)

    def _before(self, number: int, source: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        """What is known from earlier frames: a picture and where it can be trusted; None at the beginning of a scene."""
        if not number:
            return None
        made, trusted = None, np.zeros(source.shape[:2], np.float32)
        for distance in sorted({1, *self._choices.long_term}):
            files = [self._folder.file(kind, number - distance) for kind in ("source", "raw")]
            if not all(file.exists() for file in files):
                continue
            was, painted = (pictures.read_picture(file) for file in files)
            motion = Motion.between(was.astype(np.uint8), source)
            if motion.cut and distance == 1:
                return None
            if motion.cut:
                continue
            carried = motion.carried(painted)
            new = np.clip(motion.trusted - trusted, 0, 1)
            made = carried if made is None else made * (1 - new[..., None]) + carried * new[..., None]
            trusted = np.maximum(trusted, motion.trusted)
        return None if made is None else (made, trusted)

    def _later(self, content: str, source: np.ndarray, made: np.ndarray, trusted: np.ndarray) -> Recipe:
        """The recipe of a frame that begins from earlier ones."""
        recipe, folder = self._alone, self._folder.path
        warped, mask = folder / "warped.png", folder / "mask.png"
        pictures.write_picture(filled(made, trusted, source), warped, depth=16)
        pictures.write_picture(np.repeat(255 * trusted[..., None], 3, axis=2), mask)
        temporal, image = recipe.registry.get("loss", LABEL), recipe.registry.get("initializer", "image")
        held = made_of(temporal, {"picture": str(warped), "mask": str(mask), "weight": self._choices.weight})
        return recipe.model_copy(
            update={
                "content": content,
                "init": made_of(image, {"file": str(warped), "detail": True}),
                "losses": {**_kept(recipe), LABEL: held},
                "steps": self._choices.at(recipe.levels),
                "balance": None,
                "time": None,
            }
        )

    def _run(self, recipe: Recipe) -> Frame:
        from ..engine.session import Session

        raw: list[np.ndarray] = []

        def step(run: Run, step: Step) -> None:
            self._told(step.index / run.total_steps)

        def ended(run: Any) -> None:
            if run.work is not None and not run.error:
                raw.append(np.array(run.pixels))
                if recipe.balance is not None:
                    self._folder.weights = {label: loss.weight for label, loss in run.work.objective.losses.items()}

        self._session = self._session or Session()
        result = self._session.run(recipe, quiet=True, watch=watching(step, ended))
        self._balanced()
        return Frame(result.picture, raw[0], result.stopped)

    def _balanced(self) -> None:
        """Give all frames the weights that `balance` has given to the first one, once that is painted."""
        if weights := self._folder.weights:
            losses = {
                label: loss.model_copy(update={"weight": weights.get(label, loss.weight)})
                for label, loss in self._alone.at(-1).losses.items()
            }
            self._alone = self._alone.model_copy(update={"losses": losses, "balance": None})


def _kept(recipe: Recipe) -> dict[str, Loss]:
    """The losses of frames after the first one."""

    def heavier(loss: Loss) -> Loss:
        return loss.model_copy(update={"weight": [KEPT * weight for weight in weights(loss, recipe.levels)]})

    return {label: heavier(loss) if loss.holds_content else loss for label, loss in recipe.losses.items()}
