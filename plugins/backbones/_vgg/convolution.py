"""The convolution of a VGG with its bias and ReLU. It is differentiable in its input only, and as fast as the device allows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import nstk
from nstk.plugins.backbones._vgg import winograd

if TYPE_CHECKING:
    import numpy as np
    import tensorflow as tf

PIXEL_CHANNELS = 3

AMX = "amx_bf16"
"""Linux's name for the instructions that multiply squares of bfloat16."""

Algorithm = Literal["auto", "direct"]


class Kernel:
    """A 3 x 3 kernel `[3, 3, inputs, outputs]` to convolve with."""

    def __init__(self, array: np.ndarray, dtype: str, algorithm: Algorithm):
        self._array, self._dtype = array, dtype
        self.winograd = algorithm == "auto" and winograd.is_wide(array.shape) and _saves_time(dtype)
        """Whether Winograd's algorithm convolves with this kernel where the algorithm is faster."""

    def convolve(self, x: tf.Tensor, border: int) -> tf.Tensor:
        """The convolution that sees `border` (0, 1 or 2) rows and columns of zeros beyond each edge of `x`."""
        import tensorflow as tf

        if self.winograd and winograd.pays(x, self._array.shape):
            return winograd.convolve(x, self._transformed, border)
        if border == 2:
            x = tf.pad(x, [[0, 0], [2, 2], [2, 2], [0, 0]])
        return tf.nn.conv2d(x, self.filters, strides=1, padding="SAME" if border == 1 else "VALID")

    # `filters` and `transform` are made when they are first needed: most layers need one of the two. A compiled step has them
    # as inputs of its graph. Constants, which oneDNN can bring into its own order once, were tried: a step of VGG-19 took as
    # long (256 x 192 pixels, AVX2), the first step took two seconds more, and the process 700 MB more.

    @cached_property
    def filters(self) -> tf.Tensor:
        """The kernel as a tensor."""
        import tensorflow as tf

        with tf.init_scope():
            return tf.cast(tf.constant(self._array), self._dtype)

    @cached_property
    def _transformed(self) -> tf.Tensor:
        import tensorflow as tf

        with tf.init_scope():
            return winograd.transformed(self._array, self._dtype)


def _saves_time(dtype: str) -> bool:
    """Whether fewer multiplications save time on this machine.

    A GPU's library chooses its algorithm itself. A processor with `amx_bf16` multiplies squares of bfloat16, by its maker's
    figures many times as fast, while moving the activations about takes as long as elsewhere. Nothing was measured on one.
    """
    import tensorflow as tf

    if tf.config.get_visible_devices("GPU"):
        return False
    return dtype == "float32" or (dtype == "bfloat16" and AMX not in nstk.processor().flags)


FEW = 2
"""How often a function runs operation by operation before a graph is made of it. Most shapes of targets come once or twice."""


def overlapping(function: Callable[..., tf.Tensor]) -> Callable[..., tf.Tensor]:
    """`function` of tensors, which becomes a graph of its own once it has run eagerly with the same shapes a few times.

    The operations of a graph run beside each other as far as they can. Run one by one, each waits for the one before, and some
    of Winograd's algorithm keep only one core busy: an eager step took 1.4 times as long as a compiled one, and 1.25 times with
    these graphs (400 x 300). The result has the same bits.
    """
    import tensorflow as tf

    uses: Counter[tuple[tf.TensorShape, ...]] = Counter()
    graphs: dict[tuple[tf.TensorShape, ...], Callable[..., tf.Tensor]] = {}

    def call(*tensors: tf.Tensor) -> tf.Tensor:
        if not tf.executing_eagerly():
            return function(*tensors)
        shapes = tuple(tensor.shape for tensor in tensors)
        uses[shapes] += 1
        if uses[shapes] <= FEW:
            return function(*tensors)
        if shapes not in graphs:  # to call a `tf.function` would warn of many traces, one for each layer
            graphs[shapes] = tf.function(function, autograph=False).get_concrete_function(*tensors)
        return graphs[shapes](*tensors)

    return call


def convolution(
    kernel: np.ndarray, bias: np.ndarray, padding: str, dtype: str, algorithm: Algorithm = "auto"
) -> Callable[[tf.Tensor], tf.Tensor]:
    """Convolution, bias and ReLU as one operation that is differentiable in its input only. The output is of `dtype`.

    TensorFlow's own gradient of a convolution also computes the gradient of the kernel, which is a third of the work. A
    compiled graph leaves that out, but an eager tape cannot.
    """
    import tensorflow as tf

    forward, backward = _both_ways(kernel, bias, 1 if padding == "zero" else 0, dtype, algorithm)

    @tf.custom_gradient
    def convolve(x: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        y = forward(x)
        return y, lambda upstream: backward(x, y, upstream)

    if padding == "zero":
        return convolve

    def padded(x: tf.Tensor) -> tf.Tensor:
        # For one row beyond the edge, SYMMETRIC repeats the edge. REFLECT takes the second row, which a map may not have.
        mode = "REFLECT" if padding == "reflect" and 1 not in x.shape[1:3] else "SYMMETRIC"
        return convolve(tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], mode))

    return padded


def _both_ways(
    kernel: np.ndarray, bias: np.ndarray, border: int, dtype: str, algorithm: Algorithm
) -> tuple[Callable[..., tf.Tensor], Callable[..., tf.Tensor]]:
    """The operation, and its gradient as a function of the input, the output and the output's gradient.

    `border` is the border of `Kernel.convolve`.
    """
    import tensorflow as tf

    # Pixels stay float32. bfloat16 has 8 bits, so 128 levels from the mean colour its steps are a whole level, and a picture
    # that moves by less would not move at all. float32 costs little here: the first convolution is 1/200 of the work, and its
    # output, which is held for the gradient, has the low precision.
    sees_pixels = kernel.shape[2] == PIXEL_CHANNELS
    inner = "float32" if sees_pixels else dtype
    offsets = tf.cast(tf.constant(bias), inner)
    there = Kernel(kernel, inner, algorithm)
    # The gradient of a convolution is a convolution with the kernel turned around, and is much faster when computed so:
    # TensorFlow's operation for the gradient took 1.6 times as long (AVX2, all layers of VGG-19). Three channels of output fill
    # no register, so there it is not faster.
    back = None if sees_pixels else Kernel(kernel[::-1, ::-1].swapaxes(2, 3), inner, algorithm)

    def forward(x: tf.Tensor) -> tf.Tensor:
        return tf.cast(tf.nn.relu(tf.nn.bias_add(there.convolve(x, border), offsets)), dtype)

    def backward(x: tf.Tensor, y: tf.Tensor, upstream: tf.Tensor) -> tf.Tensor:
        through = tf.raw_ops.ReluGrad(gradients=upstream, features=y)
        if back is not None:
            return back.convolve(through, 2 - border)
        # The gradient to the pixels is rounded to bfloat16 like any other, which takes less than half of the time. A large one
        # would be infinite in float16.
        rounded = dtype if dtype == "bfloat16" else inner
        made = tf.raw_ops.Conv2DBackpropInput(
            input_sizes=tf.shape(x),
            filter=tf.cast(there.filters, rounded),
            out_backprop=tf.cast(through, rounded),
            strides=[1, 1, 1, 1],
            padding="SAME" if border else "VALID",
        )
        return tf.cast(made, inner)

    # In bfloat16, TensorFlow's products round otherwise in a graph than one by one, and a target must not depend on how often
    # its shape has come.
    return (overlapping(forward), overlapping(backward)) if there.winograd and dtype == "float32" else (forward, backward)
