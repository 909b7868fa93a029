"""What a run returns."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .. import pictures
from .painting import Painting


@dataclass(frozen=True, eq=False)
class Result:
    """What `run` returns. A notebook shows its picture."""

    picture: np.ndarray = field(repr=False)
    """The picture: height x width x 3, uint8. Of a transparent content, it shows what is painted under the transparency."""
    losses: dict[str, float]
    """The weighted losses, by label, of what was painted, before `colours` changed it."""
    history: list[dict[str, float]] = field(repr=False)
    """A row for each step: `step`, `scale`, `loss`, and the weighted losses by label. They are those before the step's move."""
    path: Path | None
    """The picture's file; None if nothing was written."""
    stopped: str
    """Why the run ended: `done`, `interrupted`, or what a callback said."""
    alpha: np.ndarray | None = field(default=None, repr=False)
    """The content's transparency at the picture's size: height x width, uint8; None where it is opaque."""

    @classmethod
    def of(cls, run: Painting) -> Result:
        """The result of a run that has ended."""
        picture, alpha = pictures.to_uint8(run.shown), None
        if run.alpha is not None:
            alpha = pictures.to_uint8(255 * pictures.resize_alpha(run.alpha, picture.shape[1], picture.shape[0]))
        return cls(picture, run.losses, run.history, run.output, run.stopped, alpha)

    def _repr_png_(self) -> bytes:
        from PIL import Image

        buffer = io.BytesIO()
        layers = self.picture if self.alpha is None else np.dstack([self.picture, self.alpha])
        Image.fromarray(layers).save(buffer, "PNG")
        return buffer.getvalue()
