"""VGG-19, the network that most style transfer papers look through.

Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", 2014 (arXiv:1409.1556).
The network differs from the paper in that the classifier at its end is left off, so that a picture may have any size. Gatys et
al. (2015) replace max pooling by average pooling (`pooling: average`), and rescale the kernels to mean activations of 1, which
nstk does not do.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, ClassVar

import nstk
from nstk.plugins.backbones._vgg.vgg import Vgg, vgg_layers
from nstk.plugins.backbones._vgg.weights import Network, Weights, read_weights


class Vgg19(Vgg):
    """VGG-19 as trained on ImageNet; it comes with its weights, so nothing has to be downloaded."""

    name = "vgg19"
    network: ClassVar[Network] = Network("VGG-19", "VGG19", (2, 2, 4, 4, 4), (64, 128, 256, 512, 512))
    layers: ClassVar[tuple[nstk.Layer, ...]] = vgg_layers(network.convs, network.channels)

    weights: Annotated[str, nstk.File(words=("builtin", "imagenet"))] = nstk.Field(
        "builtin",
        description="`builtin` (8 bits a weight, comes with nstk), `imagenet` (Keras downloads 80 MB once), or a file: "
        "a Keras model or its weights (.keras, .h5; VGG's layers are found by name, nested ones too), .npz, "
        "torchvision's .safetensors, MatConvNet's .mat.",
    )

    def load(self) -> Weights:
        return read_weights(self.weights, self.network)


@nstk.hookimpl
def nstk_backbones() -> Iterable[type[nstk.Backbone]]:
    return [Vgg19]
