"""The network that all VGG backbones share: a chain of 3 x 3 convolutions, cut after the deepest layer that is looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import nstk
from nstk.plugins.backbones._vgg.convolution import Algorithm, convolution
from nstk.plugins.backbones._vgg.weights import Network, Weights

if TYPE_CHECKING:
    import tensorflow as tf


def vgg_layers(convs: Sequence[int], channels: Sequence[int]) -> tuple[nstk.Layer, ...]:
    """The layers of a VGG whose blocks have `convs` convolutions that make `channels` channels each."""
    layers, stride, field = [], 1, 1
    for block, (count, width) in enumerate(zip(convs, channels, strict=True), start=1):
        for index in range(1, count + 1):
            field += 2 * stride
            layers.append(nstk.Layer(f"block{block}_conv{index}", width, stride, field, f"relu{block}_{index}"))
        field += stride
        stride *= 2
        layers.append(nstk.Layer(f"block{block}_pool", width, stride, field, f"pool{block}"))
    return tuple(layers)


class Vgg(nstk.Backbone):
    """What the VGG backbones have in common: everything but where the kernels come from."""

    network: ClassVar[Network]
    taps = True

    pooling: Literal["max", "average"] = nstk.Field(
        "max",
        description="How 2 x 2 activations become one: `max` is what the network was trained with, `average` is smoother.",
    )
    pool_padding: Literal["valid", "same"] = nstk.Field(
        "valid", description="What pooling does with an odd last row or column: `valid` drops it, `same` keeps it."
    )
    padding: Literal["zero", "reflect", "replicate"] = nstk.Field(
        "zero", description="What convolutions see beyond the border: `zero` is the network's own, the others darken no edges."
    )
    convolution: Algorithm = nstk.Field(
        "auto",
        description="How convolutions are computed: `auto` takes Winograd's algorithm for wide layers on a processor, up to "
        "twice as fast; `direct` never does. They differ by rounding only.",
    )

    def load(self) -> Weights:
        """The kernels and biases of all convolutions."""
        raise NotImplementedError

    def provenance(self) -> dict[str, Any]:
        weights = self.load()
        return {"weights": weights.source, "sha256": weights.sha256}

    def build(self, layers: Sequence[str], dtype: str = "float32") -> Callable[..., dict[str, tf.Tensor]]:
        preprocess_input = _keras().applications.imagenet_utils.preprocess_input
        chain = self._chain(layers)
        weights = self.load()
        steps = [(name, self._step(name, is_conv, weights, dtype)) for name, is_conv in chain]

        def activations(image: tf.Tensor, tap: Any = None) -> dict[str, tf.Tensor]:
            self._check_size(image, chain)
            x = preprocess_input(image, data_format="channels_last", mode=weights.mode)
            found = {}
            for name, step in steps:
                x = step(x) if tap is None else tap(name, step(x))
                if name in layers:
                    found[name] = x
            return found

        return activations

    def _chain(self, layers: Sequence[str]) -> list[tuple[str, bool]]:
        """The Keras model's layers up to the deepest of `layers`: the name of each, and whether it is a convolution."""
        chain = _keras_chain(self.network.application)
        names = [name for name, _ in chain]
        unknown = [layer for layer in layers if layer not in names]
        if unknown:
            raise nstk.UserError(f"{self.name} has no layer `{unknown[0]}`; it has {', '.join(names)}")
        return list(chain[: 1 + max((names.index(layer) for layer in layers), default=-1)])

    def _step(self, name: str, is_conv: bool, weights: Weights, dtype: str) -> Callable[[tf.Tensor], tf.Tensor]:
        import tensorflow as tf

        if is_conv:
            kernel, bias = weights.kernels[name]
            return convolution(kernel, bias, self.padding, dtype, self.convolution)
        # What multiplies in bfloat16 also has TensorFlow's fast gradient of max pooling: a third of the time of nstk's own.
        if self.pooling == "max" and self.pool_padding == "valid" and dtype != "bfloat16":
            return _max_pool()
        pool = tf.nn.max_pool2d if self.pooling == "max" else tf.nn.avg_pool2d
        return lambda x: pool(x, ksize=2, strides=2, padding=self.pool_padding.upper())

    def _check_size(self, image: tf.Tensor, chain: Sequence[tuple[str, bool]]) -> None:
        """Raise an error in a sentence when a pooling would leave nothing of the picture."""
        height, width = image.shape[1:3]
        if self.pool_padding == "same" or height is None or width is None:
            return
        least = 2 ** sum(not is_conv for _, is_conv in chain)
        if min(height, width) < least:
            raise nstk.UserError(
                f"a picture of {width} x {height} pixels is too small for {self.name}'s `{chain[-1][0]}`, which needs "
                f"{least} x {least}; use a larger size, a shallower layer or `pool_padding: same`"
            )


def _keras() -> Any:
    """Keras, if it runs on TensorFlow."""
    try:
        import keras

        backend = keras.backend.backend()
    except ImportError as error:  # Keras is set to a framework that is not installed
        backend = f"one that cannot be imported ({error})"
    if backend != "tensorflow":
        raise nstk.UserError(
            f"nstk needs Keras's TensorFlow backend, but it is {backend}; "
            "set the environment variable KERAS_BACKEND=tensorflow before Python starts"
        )
    return keras


@lru_cache
def _keras_chain(application: str) -> tuple[tuple[str, bool], ...]:
    """The layers of the Keras application, the first one first: the name, and whether it is a convolution or else a pooling.

    Only the structure is kept. The application's random weights are never used.
    """
    keras = _keras()
    model = getattr(keras.applications, application)(include_top=False, weights=None)
    return tuple((layer.name, isinstance(layer, keras.layers.Conv2D)) for layer in model.layers[1:])


def _max_pool() -> Callable[[tf.Tensor], tf.Tensor]:
    """The largest of each 2 x 2 activations. An odd last row or column is dropped.

    The gradient goes to the first of the largest activations, as TensorFlow's gradient does. It takes a third of the time,
    because whole maps are compared and not one window after the other.
    """
    import tensorflow as tf

    @tf.custom_gradient
    def pool(x: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        y = tf.nn.max_pool2d(x, ksize=2, strides=2, padding="VALID")

        def gradient(upstream: tf.Tensor) -> tf.Tensor:
            count, height, width, channels = tf.unstack(tf.shape(x))
            rows, columns = height // 2, width // 2
            windows = tf.reshape(x[:, : 2 * rows, : 2 * columns], [count, rows, 2, columns, 2, channels])
            left = upstream  # the part that no activation of the window has taken yet
            takes = []
            for i, j in ((0, 0), (0, 1), (1, 0)):
                largest = tf.cast(tf.equal(windows[:, :, i, :, j], y), upstream.dtype)
                takes.append(largest * left)
                left -= takes[-1]
            lines = [tf.stack(takes[:2], axis=3), tf.stack([takes[2], left], axis=3)]
            made = tf.reshape(tf.stack(lines, axis=2), [count, 2 * rows, 2 * columns, channels])
            return tf.pad(made, [[0, 0], [0, height % 2], [0, width % 2], [0, 0]])

        return y, gradient

    return pool
