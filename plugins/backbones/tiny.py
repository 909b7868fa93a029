"""VGG-19 at a sixteenth of its width with random kernels, to try a recipe's shape in a second and to test plugins.

Its layers are those of Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", 2014
(arXiv:1409.1556). The network differs from the paper in its width (4, 8, 16, 32, 32 channels), and in that it was never
trained: its kernels are drawn as He et al. (2015, arXiv:1502.01852) start theirs, so a picture made with it has little style.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import ClassVar

import nstk
from nstk.plugins.backbones._vgg.vgg import Vgg, vgg_layers
from nstk.plugins.backbones._vgg.weights import Network, Weights


class Tiny(Vgg):
    """A random network with VGG-19's layer names, hundreds of times faster: for trying out and for tests."""

    name = "tiny"
    network: ClassVar[Network] = Network("tiny", "VGG19", (2, 2, 4, 4, 4), (4, 8, 16, 32, 32))
    layers: ClassVar[tuple[nstk.Layer, ...]] = vgg_layers(network.convs, network.channels)

    seed: int = nstk.Field(0, ge=0, description="Which random kernels: the same seed gives the same network.")

    def load(self) -> Weights:
        import numpy as np

        rng = np.random.default_rng(self.seed)
        kernels = {}
        for layer, (height, width, depth, channels) in self.network.shapes.items():
            spread = np.float32(np.sqrt(2 / (height * width * depth)))  # activations keep the scale of the picture
            kernel = spread * rng.standard_normal((height, width, depth, channels), np.float32)
            kernels[layer] = (kernel, np.zeros(channels, np.float32))
        digest = hashlib.sha256(b"".join(kernel.tobytes() for kernel, _ in kernels.values()))
        return Weights(kernels, "caffe", f"random, seed {self.seed}", digest.hexdigest())


@nstk.hookimpl
def nstk_backbones() -> Iterable[type[nstk.Backbone]]:
    return [Tiny]
