"""Scores of stylized pictures: how much of the photograph is left in them, and how much of the painting has come."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from .. import pictures
from ..engine.surroundings import prepared
from ..errors import UserError
from ..objective.features import Network, batch, network
from ..recipe.crop import CENTRE, box, part
from ..recipe.enlarged import TRIFLE
from ..registry.registry import Registry
from .measures import DIRECTIONS, Floats, Gaussian, Marks, content_fidelity, effectiveness, global_effect, local_patterns

if TYPE_CHECKING:
    from ..pictures import PictureLike

log = logging.getLogger("nstk")

SIZE = 400
"""The long edge in pixels at which pictures are judged. Figures of other sizes are other figures."""

LEAST, MOST = 128, 2048
"""The bounds of that edge: below, the deepest layer has hardly a patch; above, patches are compared for hours."""

LAYERS = [f"block{block}_conv1" for block in range(1, 6)]
"""relu1_1 to relu5_1."""

PHOTOGRAPH, PAINTING = "the photograph itself", "the painting itself"
"""The names of the two copy rows: a measure that prefers one of them says nothing alone."""


@dataclass(frozen=True)
class Score:
    """What the measures say of one picture; more is better."""

    picture: str
    """The picture's file, or which of the two copies it is."""
    cf: float
    """Content fidelity, at most 1: how much of the photograph is there."""
    ge: float
    """Global effect, at most 1: whether colours and textures are the painting's on the whole."""
    lp: float
    """Local patterns, at most 1: whether the painter's marks are there, and how many of them."""
    e: float
    """Effectiveness: how close the painting's statistics are, in the logarithm of a divergence."""
    ssim: float
    """Structure, at most 1: SSIM of the luminance with the photograph's."""

    def to_json(self) -> dict[str, Any]:
        """The score as JSON can hold it."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class _Seen:
    """A picture at the size at which it is judged, and its activations from `LAYERS`."""

    pixels: Floats
    activations: list[Floats]


class _Manner:
    """The painting at that size, and what of its activations every picture is compared with."""

    def __init__(self, seen: _Seen):
        self.seen = seen
        self.marks = [Marks.of(activations) for activations in seen.activations[2:4]]
        self.gaussians = [Gaussian.of(*pair) for pair in zip(seen.activations, DIRECTIONS, strict=True)]


def score(
    content: PictureLike, style: PictureLike, given: Sequence[PictureLike], *, size: int = SIZE, copies: bool = True
) -> list[Score]:
    """Judge pictures that were painted from a photograph in the manner of a painting.

    All are brought to a long edge of `size` pixels and looked at through VGG-19 with average pooling. A picture is a file, or
    in memory what `load_recipe` takes. With `copies`, the last two scores are those of the photograph and of the painting as
    they are, which show what each measure is blind for. Raises `UserError` for a picture of another aspect than the
    photograph's, and for a `size` that is not from 128 to 2048.
    """
    if not LEAST <= size <= MOST:
        raise UserError(f"pictures cannot be judged at {size} pixels: choose a long edge from {LEAST} to {MOST}")
    photograph, painting = _read(content, "the photograph"), _read(style, "the painting")
    if line := _too_small(painting, size):
        log.warning("%s", line)
    width, height = pictures.fit(photograph.shape[1], photograph.shape[0], size)
    judged = []
    for number, picture in enumerate(given, start=1):
        name = os.fspath(picture) if isinstance(picture, (str, os.PathLike)) else f"picture {number}"
        pixels = _read(picture, name)
        _check_aspect(pixels, photograph, name)
        judged.append((name, pixels))
    if copies:
        middle = box(painting.shape[1], painting.shape[0], (width, height), CENTRE)
        judged += [(PHOTOGRAPH, photograph), (PAINTING, part(painting, middle))]
    with prepared():
        look = network(Registry.of([]).get("backbone", "vgg19")(pooling="average"), LAYERS)
        original = _see(look, pictures.resize(photograph, width, height))
        manner = _Manner(_see(look, pictures.resize(painting, *pictures.fit(painting.shape[1], painting.shape[0], size))))
        return [_judge(name, _see(look, pictures.resize(pixels, width, height)), original, manner) for name, pixels in judged]


def _judge(name: str, seen: _Seen, original: _Seen, manner: _Manner) -> Score:
    return Score(
        name,
        cf=content_fidelity(seen.activations[3:], original.activations[3:]),
        ge=global_effect(seen.activations[1:], manner.seen.activations[1:], seen.pixels, manner.seen.pixels),
        lp=local_patterns(seen.activations[2:4], manner.marks),
        e=effectiveness(seen.activations, manner.gaussians),
        ssim=_ssim(seen.pixels, original.pixels),
    )


def _ssim(picture: Floats, photograph: Floats) -> float:
    """The structural similarity (Wang et al., IEEE TIP 2004) of two pictures' luminance (ITU-R BT.601)."""
    grey = [tf.image.rgb_to_grayscale(batch(pixels)) for pixels in (picture, photograph)]
    return float(tf.image.ssim(*grey, max_val=255.0)[0])


def _see(look: Network, pixels: Floats) -> _Seen:
    features = look(batch(pixels))
    return _Seen(pixels, [np.asarray(features[layer])[0] for layer in LAYERS])


def _read(picture: PictureLike, words: str) -> Floats:
    """The picture on white: height x width x 3, 0..255."""
    if isinstance(picture, (str, os.PathLike)):
        return pictures.read_picture(picture)
    seen = pictures.given(picture, words).read()
    return pictures.over_white(seen.colours, seen.alpha)


def _too_small(painting: Floats, size: int) -> str:
    """What to say of a painting that is enlarged by more than a trifle to be looked at; nothing for a larger one."""
    height, width = painting.shape[:2]
    if size <= TRIFLE * max(width, height):
        return ""
    least = f"`--size {max(LEAST, width, height)}`, or " if size > LEAST else ""
    what = f"the painting has {width} x {height} pixels, and is enlarged to {size}: LP says little of its marks"
    return f"{what}; take {least}a larger file"


def _check_aspect(pixels: Floats, photograph: Floats, name: str) -> None:
    """Refuse a picture of another aspect than the photograph's."""
    (height, width), (rows, columns) = pixels.shape[:2], photograph.shape[:2]
    if not pictures.fits((width, height), (columns, rows)):
        fitted = pictures.fit(columns, rows, max(width, height))
        raise UserError(
            f"{name} is {width} x {height} pixels, which is another aspect than the photograph's "
            f"({fitted[0]} x {fitted[1]} at that size): it cannot be judged beside it"
        )
