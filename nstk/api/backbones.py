"""Backbones: the network whose activations the losses look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from .definition import Definition

if TYPE_CHECKING:
    import tensorflow as tf


@dataclass(frozen=True)
class Layer:
    """A layer of a backbone, as `nstk layers` shows it."""

    name: str
    channels: int
    stride: int
    receptive_field: int
    """Width in pixels of the part of the picture that one activation sees."""
    paper: str = ""
    """The name in the papers, such as `relu4_2`."""


class Backbone(Definition):
    """A network whose activations the losses look at."""

    layers: ClassVar[tuple[Layer, ...]]

    local: ClassVar[bool] = True
    """Whether an activation depends only on the pixels that its layer's `receptive_field` tells, which tiles rest on."""

    taps: ClassVar[bool] = False
    """Whether what `build` returns takes `tap` too, and goes on with `x = tap(layer, x)` after each layer: in tiles, that cuts
    off what the layers above do not need, and saves memory. It works without, too."""

    def build(self, layers: Sequence[str], dtype: str = "float32") -> Callable[..., dict[str, tf.Tensor]]:
        """A function from a picture (`[1, height, width, 3]`, 0..255 RGB, float32) to its activations at `layers`.

        It is differentiable in the picture and holds nothing trainable. `dtype` is the activations' number type: `float32`,
        `bfloat16` or `float16`. A `build` that takes `layers` only always computes in float32.
        """
        raise NotImplementedError

    def provenance(self) -> dict[str, Any]:
        """Where the weights came from (`weights`, `sha256`), for the record of the run."""
        return {}
