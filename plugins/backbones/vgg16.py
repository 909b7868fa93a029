"""VGG-16, VGG-19's smaller sister: three convolutions instead of four in each of the last three blocks.

Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", 2014 (arXiv:1409.1556).
The network differs from the paper in that the classifier at its end is left off, so that a picture may have any size.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, ClassVar

import nstk
from nstk.plugins.backbones._vgg.vgg import Vgg, vgg_layers
from nstk.plugins.backbones._vgg.weights import Network, Weights, read_weights


class Vgg16(Vgg):
    """VGG-16 as trained on ImageNet; the fast feed-forward methods were trained against it. Its weights are downloaded."""

    name = "vgg16"
    network: ClassVar[Network] = Network("VGG-16", "VGG16", (2, 2, 3, 3, 3), (64, 128, 256, 512, 512))
    layers: ClassVar[tuple[nstk.Layer, ...]] = vgg_layers(network.convs, network.channels)

    weights: Annotated[str, nstk.File(words=("imagenet",))] = nstk.Field(
        "imagenet",
        description="`imagenet` (Keras downloads 59 MB once), or a file: "
        "a Keras model or its weights (.keras, .h5; VGG's layers are found by name, nested ones too), .npz, "
        "torchvision's .safetensors, MatConvNet's .mat.",
    )

    def load(self) -> Weights:
        return read_weights(self.weights, self.network)


@nstk.hookimpl
def nstk_backbones() -> Iterable[type[nstk.Backbone]]:
    return [Vgg16]
