"""Run by the peer's Python, to write nstk's VGG-19 as the `.pth` file that the peer reads: both look through one network.

python write_pth.py vgg19_imagenet_q8.npz vgg19.pth
"""

from __future__ import annotations

import sys

import numpy as np
import torch

FEATURES = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34)
"""The places of block1_conv1 to block5_conv4 among the peer's convolutions, ReLUs and poolings."""

if __name__ == "__main__":
    source, target = sys.argv[1:]
    file = np.load(source, allow_pickle=False)
    state = {}
    for layer, index in zip(sorted({key.split("/")[0] for key in file.files}), FEATURES, strict=True):
        kernel = file[f"{layer}/kernel_table"][file[f"{layer}/kernel_index"]]
        turned = np.ascontiguousarray(kernel.transpose(3, 2, 0, 1))  # from height, width, in, out to out, in, height, width
        state[f"features.{index}.weight"] = torch.from_numpy(turned)
        state[f"features.{index}.bias"] = torch.from_numpy(file[f"{layer}/bias"])
    torch.save(state, target)
