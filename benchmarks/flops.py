"""How much a step has to compute: the convolutions of VGG-19, counted as direct convolutions."""

from __future__ import annotations

from dataclasses import dataclass

BLOCKS = ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512))
"""How many convolutions each block has, and how many channels they make."""


@dataclass(frozen=True)
class Convolution:
    """A 3 x 3 convolution with stride 1 that keeps the size."""

    name: str
    height: int
    width: int
    inputs: int
    outputs: int

    @property
    def flops(self) -> int:
        """A multiplication and an addition for each weight at each position, where zeros beyond the border count too.

        The gradient to the input is a convolution with inputs and outputs exchanged, which costs as much.
        """
        return 2 * 9 * self.inputs * self.outputs * self.height * self.width


def convolutions(height: int, width: int, deepest: str = "block5_conv1") -> list[Convolution]:
    """VGG-19's convolutions up to `deepest`, for a picture of this size. Poolings drop an odd last row or column."""
    found, depth = [], 3
    for block, (count, channels) in enumerate(BLOCKS, start=1):
        for index in range(1, count + 1):
            found.append(Convolution(f"block{block}_conv{index}", height, width, depth, channels))
            depth = channels
            if found[-1].name == deepest:
                return found
        height, width = height // 2, width // 2
    raise ValueError(f"VGG-19 has no convolution {deepest}")


def step_flops(height: int, width: int, deepest: str = "block5_conv1") -> int:
    """The operations of a step, forward and back to the picture. The gradient of block1_conv1 to its input is counted too.

    The gradients to the kernels are not counted, for the network is fixed. Gram matrices, poolings and the optimizer are left
    out, because the result is a floor.
    """
    return 2 * sum(convolution.flops for convolution in convolutions(height, width, deepest))
