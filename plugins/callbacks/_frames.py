"""The picture at a few of a run's steps, as small JPEGs: in memory while the run goes on, and in its checkpoints.

They are kept in a callback's state and not in files beside the run, because a checkpoint is whole or not there at all: what a
resumed run finds is what was seen up to the step it goes on from, wherever the run's folder was taken in the meantime, and no
file is left behind by a run that was killed. The state stays small, because there are few of them and their bytes are counted.
"""

from __future__ import annotations

import io
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any, NamedTuple

import nstk
from nstk.plugins.callbacks._thinned import Thinned

if TYPE_CHECKING:
    from PIL import Image

QUALITIES = (92, 88, 82, 75, 65, 50, 35)
"""The qualities that are tried one after the other, where a JPEG may have so many bytes only."""


class Jpeg(NamedTuple):
    """A picture as the bytes of a JPEG file, with its width and height in pixels."""

    data: bytes
    width: int
    height: int

    def image(self) -> Image.Image:
        """The picture, decoded."""
        from PIL import Image

        return Image.open(io.BytesIO(self.data)).convert("RGB")


def image_of(pixels: Any, width: int, height: int) -> Image.Image:
    """Pixels (height x width x 3, 0..255) as an image of Pillow's, in a size in pixels."""
    import numpy as np
    from PIL import Image

    return Image.fromarray(np.rint(nstk.resize(pixels, width, height)).astype(np.uint8))


def jpeg(pixels: Any, edge: int, most: int) -> Jpeg:
    """Pixels (height x width x 3, 0..255) as a JPEG with a long edge of at most `edge` pixels, and at most `most` bytes.

    If the lowest of the `QUALITIES` needs more bytes, the picture becomes smaller.
    """
    height, width = pixels.shape[:2]
    part = min(1.0, edge / max(width, height))
    image = image_of(pixels, max(1, round(part * width)), max(1, round(part * height)))
    for quality in QUALITIES:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality, subsampling=0 if quality > 80 else 2)
        if file.tell() <= most:
            return Jpeg(file.getvalue(), *image.size)
    return jpeg(pixels, max(1, max(image.size) // 2), most) if max(image.size) > 1 else Jpeg(file.getvalue(), *image.size)


class Frames:
    """The picture at a few steps: at most `most` of them, and at most `total` bytes in all."""

    def __init__(self, most: int, steps: int, edge: int, total: int):
        self.edge, self.total, self.single = edge, total, total // 4
        self.thinned: Thinned[Jpeg] = Thinned(most, steps)

    @property
    def kept(self) -> list[tuple[int, Jpeg]]:
        """The pictures with their steps."""
        return self.thinned.kept

    def see(self, step: nstk.Step) -> None:
        """Keep the picture after a step, if it is one of those that are kept."""
        if not self.thinned.wants(step.index):
            return
        self.thinned.add(step.index, jpeg(step.image(), self.edge, self.single))
        while sum(len(it.data) for _, it in self.kept) > self.total:
            self.thinned.halve()

    def state(self) -> Any:
        """What is kept, as JSON can hold it."""
        kept = [[step, it.width, it.height, b64encode(it.data).decode()] for step, it in self.kept]
        return {"each": self.thinned.each, "kept": kept}

    def restore(self, state: Any) -> None:
        """Take back what `state` returned."""
        self.thinned.each = state["each"]
        self.thinned.kept = [(step, Jpeg(b64decode(data), width, height)) for step, width, height, data in state["kept"]]
