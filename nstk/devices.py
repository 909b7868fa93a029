"""The device that TensorFlow computes on."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import tensorflow as tf

from . import record
from .precision import FLOAT32, Machine, cpu_flags


def grow_memory() -> None:
    """Let TensorFlow take a GPU's memory as it needs it, not all of it at once: the screen and other programs live there too.

    This can be said before TensorFlow first uses the GPU only; who did, or has divided the GPU, has decided already.
    """
    for gpu in tf.config.get_visible_devices("GPU"):
        with suppress(RuntimeError, ValueError):
            tf.config.experimental.set_memory_growth(gpu, True)


def has_gpu() -> bool:
    """Whether TensorFlow computes on a GPU."""
    return bool(tf.config.get_visible_devices("GPU"))


def machine() -> Machine:
    """What decides which precisions are fast here."""
    if not has_gpu():
        return Machine(flags=cpu_flags())
    return Machine(gpu=True, capability=_details().get("compute_capability"))


def device() -> str:
    """The device in words."""
    return f"GPU {_details().get('device_name', 0)}" if has_gpu() else f"CPU ({record.cores()} cores)"


def products(dtype: str) -> str:
    """The precision in words: a GPU may round the factors of float32 products to TF32's 10 bits."""
    rounds = has_gpu() and tf.config.experimental.tensor_float_32_execution_enabled()
    return f"{dtype} (TF32 products)" if rounds and dtype == FLOAT32 else dtype


def _details() -> dict[str, Any]:
    """What TensorFlow tells of the GPU that it computes on, the first."""
    details: dict[str, Any] = tf.config.experimental.get_device_details(tf.config.get_visible_devices("GPU")[0])
    return details
