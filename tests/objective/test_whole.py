"""The objective of a picture that is evaluated as a whole."""

from __future__ import annotations

from tensorflow.python.framework import op_callbacks

from nstk import testing


def test_no_gradient_of_a_kernel_is_computed(tmp_path):
    ops = []
    op_callbacks.add_op_callback(callback := lambda op_type, *args, **kwargs: ops.append(str(op_type)))
    try:
        testing.run_recipe(tmp_path, run_eagerly=True, steps=1)
    finally:
        op_callbacks.remove_op_callback(callback)
    kinds = " ".join(ops)
    assert "Conv2DBackpropInput" in kinds
    assert "Conv2DBackpropFilter" not in kinds
