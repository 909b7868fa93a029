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
    """The width in pixels of the part of the picture that one activation sees."""
    paper: str = ""
    """The layer's name in the papers, such as `relu4_2`."""


class Backbone(Definition):
    """A network whose activations the losses look at."""

    layers: ClassVar[tuple[Layer, ...]]

    local: ClassVar[bool] = True
    """Whether an activation depends only on the pixels that its layer's `receptive_field` tells. Tiles need this."""

    taps: ClassVar[bool] = False
    """Whether the function that `build` returns also takes `tap`, and goes on with `x = tap(layer, x)` after each layer.

    In tiles, `tap` cuts off what the layers above do not need, which saves memory. A network without `tap` works, too.
    """

    def build(self, layers: Sequence[str], dtype: str = "float32") -> Callable[..., dict[str, tf.Tensor]]:
        """A function from a picture (`[1, height, width, 3]`, RGB, 0..255, float32) to its activations at `layers`.

        The function is differentiable in the picture and holds nothing trainable. `dtype` is the number type of the
        activations: `float32`, `bfloat16` or `float16`. A `build` that takes `layers` only always computes in float32.
        """
        raise NotImplementedError

    def provenance(self) -> dict[str, Any]:
        """Where the weights came from (`weights`, `sha256`), for the record of the run."""
        return {}
