"""Gram matrices of low activations."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from nstk.plugins.losses._products import gram_matrix
from tests.machine.samples import LOW, off


@pytest.mark.parametrize("size", [(50, 100), (201, 190)])  # the second is multiplied part by part in bfloat16
@pytest.mark.parametrize("dtype", ["float32", *LOW])
def test_gram_matrices_sum_in_float32(dtype, size):
    rng = np.random.default_rng(0)
    low = tf.cast(rng.uniform(0, 4000, (1, *size, 16)), dtype)  # squares are too much for float16
    exact = np.asarray(tf.cast(low, tf.float64)).reshape(-1, 16)
    upstream = rng.normal(0, 1e-6, (16, 16)).astype(np.float32)
    with tf.GradientTape() as tape:
        tape.watch(low)
        gram = gram_matrix(low)
    assert gram.dtype == tf.float32
    assert off(gram, exact.T @ exact) < (2e-4 if dtype == "bfloat16" and size[0] == 201 else 1e-6)
    gradient = tape.gradient(gram, low, upstream)
    assert gradient.dtype == low.dtype
    tolerance = {"float32": 1e-5, "bfloat16": 1e-2, "float16": 2e-3}[dtype]
    assert off(np.asarray(tf.cast(gradient, tf.float64)).reshape(-1, 16), exact @ (upstream + upstream.T)) < tolerance
