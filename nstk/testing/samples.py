"""Small pictures, and their activations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..api import IMAGE, Backbone, Loss, Pictures, References, Styles

if TYPE_CHECKING:
    import numpy as np


ODD = (37, 50)
"""A size that no layer of a VGG divides evenly."""


def pictures(size: tuple[int, int] = ODD, seed: int = 0) -> Pictures:
    """A content and a style picture of a size: blotches of colour with some grain, the same for the same seed.

    content = nstk.testing.pictures((37, 50), seed=1).content        # 37 x 50 x 3, float32, 0..255
    """
    import numpy as np

    from ..pictures import resize

    def blotches(rng: np.random.Generator) -> np.ndarray:
        coarse = resize(rng.uniform(0, 255, (5, 6, 3)), size[1], size[0])
        picture = np.clip(coarse + rng.normal(0, 12, coarse.shape), 0, 255).astype(np.float32)
        picture.setflags(write=False)
        return picture

    content, style = (blotches(rng) for rng in np.random.default_rng(seed).spawn(2))
    return Pictures(content, {"style": style})


def features(picture: np.ndarray, layers: Iterable[str] = (IMAGE,), backbone: Backbone | None = None) -> dict[str, Any]:
    """The activations of a picture (height x width x 3, 0..255) at `layers`, as a loss gets them.

        found = nstk.testing.features(nstk.testing.pictures().content, ["image", "block2_conv1"])
        found["block2_conv1"]        # a tensor [1, 18, 25, 8]

    `backbone` is `tiny` unless another one is given, `MyBackbone()` for example.
    """
    from ..objective.features import batch, layers_read, network

    layers = tuple(layers)
    backbone = backbone or tiny()
    found = network(backbone, layers_read(backbone, [_Reader(at=layers)]))(batch(picture))
    return {layer: found[layer] for layer in layers}


def references(made: Pictures | None = None, layers: Iterable[str] = (IMAGE,), backbone: Backbone | None = None) -> References:
    """What `Loss.target` gets: the activations of a content and of a style picture.

    refs = nstk.testing.references(layers=["image", "block2_conv1"])
    target = MyLoss().target(refs)
    """
    made = made or pictures()
    layers = tuple(layers)
    styles = Styles.of(made.styles).mapped(lambda picture: features(picture, layers, backbone))
    return References(features(made.content, layers, backbone), styles)


class _Reader(Loss):
    """A loss that only reads."""

    at: tuple[str, ...]

    def reads(self) -> tuple[str, ...]:
        return self.at


def tiny() -> Backbone:
    """The backbone that is used where no other one is given."""
    from ..registry.registry import Registry

    backbone: Backbone = Registry(installed=False).get("backbone", "tiny")()
    return backbone
