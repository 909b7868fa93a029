"""The shapes of the VGG networks, and what a weights file says that it holds of one."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import nstk

if TYPE_CHECKING:
    import numpy as np

LAYER = re.compile(r"block\d+_conv\d+")
"""The names of a VGG's convolutions."""


@dataclass(frozen=True)
class Network:
    """One of the VGG networks: how many 3 x 3 convolutions each block has, and how many channels they make."""

    title: str
    application: str
    """The network's name in `keras.applications`."""
    convs: tuple[int, ...]
    channels: tuple[int, ...]

    @property
    def shapes(self) -> dict[str, tuple[int, int, int, int]]:
        """The shape of each kernel (height, width, channels in, channels out), from the picture upwards."""
        shapes, depth = {}, 3
        for block, (count, channels) in enumerate(zip(self.convs, self.channels, strict=True), start=1):
            for index in range(1, count + 1):
                shapes[f"block{block}_conv{index}"] = (3, 3, depth, channels)
                depth = channels
        return shapes


class Stored(NamedTuple):
    """An array as a file announces it. The array is read only if it fits, because any file can announce a terabyte."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    read: Callable[[], Any]


Pair = tuple[Stored, Stored]
"""The kernel and the bias of a convolution."""


def require(path: Path, network: Network, present: Collection[str]) -> None:
    """Refuse a file that lacks a convolution or has one too many: the kernels of VGG-19's file would fit VGG-16, too."""
    needed = network.shapes
    missing = [layer for layer in needed if layer not in present]
    foreign = sorted(layer for layer in present if LAYER.fullmatch(layer) and layer not in needed)
    if missing:
        raise nstk.WeightsError(
            f"{path}: layer `{missing[0]}` is missing ({len(needed) - len(missing)} of {network.title}'s {len(needed)} "
            f"convolutions are there); give a file of {network.title}'s weights"
        )
    if foreign:
        raise nstk.WeightsError(
            f"{path}: has a layer `{foreign[0]}`, which {network.title} has not; give a file of {network.title}'s weights"
        )
