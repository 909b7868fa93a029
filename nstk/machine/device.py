"""The device that TensorFlow computes on, and the memory that it may take."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import tensorflow as tf

from . import memory
from .precision import FLOAT32, Machine, processor

SHARE = 0.85
"""The share of the free memory that is planned with. The model is not exact, and other programs take memory too."""


BELOW = 0.95
"""The share of a limit that the user sets which is planned with."""


MB = 10**6


VARIABLES = "TF_CPU_ALLOCATOR_USE_BFC", "TF_CPU_BFC_MEM_LIMIT_IN_MB"
"""The environment variables that TensorFlow reads when it begins to take memory."""


REWRITING_OFF = "disable_meta_optimizer"
"""The option that has TensorFlow run a graph as it is written."""


def set_up_memory() -> None:
    """Choose how TensorFlow takes memory. The choice counts only before the first tensor is made, and does nothing afterwards.

    On the processor, TensorFlow then keeps the memory that it has taken and hands it out again. By default each map of more
    than 32 MB comes from the system and goes back to it, and the system wipes the memory page by page: this took 1.5 of the
    10.0 seconds of a step at 1024 x 768.

    On a GPU, TensorFlow then takes as much memory as it needs, not all at once: the screen and other programs use the GPU too.
    A program that has used or divided the GPU before has decided already.
    """
    os.environ.setdefault(VARIABLES[0], "true")
    if hasattr(os, "sysconf"):  # TensorFlow's own limit is 64 GB
        installed = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        os.environ.setdefault(VARIABLES[1], str(installed // 2**20))
    for gpu in tf.config.get_visible_devices("GPU"):
        with suppress(RuntimeError, ValueError):
            tf.config.experimental.set_memory_growth(gpu, True)


@contextmanager
def graphs_as_written() -> Iterator[None]:
    """Inside, TensorFlow does not rewrite graphs on a processor.

    It takes one to two seconds at each scale for it, and the step is no faster: nstk's convolutions are written out already.
    On a GPU, rewriting chooses the layout of activations.
    """
    if has_gpu():
        yield
        return
    before = tf.config.optimizer.get_experimental_options().get(REWRITING_OFF, False)
    tf.config.optimizer.set_experimental_options({REWRITING_OFF: True})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({REWRITING_OFF: before})


def reserve(count: int) -> None:
    """Have TensorFlow ask the system for so many bytes at once, before scales in tiles take them piece by piece.

    On the processor, TensorFlow keeps the pieces of memory apart, and a picture does not fit into what is free in two of them:
    three steps at 50 megapixels, with the tiny network, held 7.1 GB in place of 6.2. Of the bytes that are asked for, the
    process holds only those that are used, and 4 % for TensorFlow's lists. Where the system has not so many, nothing is done.
    """
    if count and not has_gpu():
        with suppress(tf.errors.ResourceExhaustedError):
            tf.raw_ops.Empty(shape=[1 + count // MB, MB], dtype=tf.uint8)


def has_gpu() -> bool:
    """Whether TensorFlow computes on a GPU."""
    return bool(tf.config.get_visible_devices("GPU"))


def room(limit: str | None, ground: int) -> int:
    """How many bytes a run may take beside the `ground`, which the process held before it painted anything.

    A run may take most of what is free, and no more than brings the process to `limit` (`4GB`). Memory that earlier pictures
    took counts as free, because TensorFlow keeps it and hands it out again. How much memory a GPU has is not known before the
    memory is used up, so on a GPU the answer is the largest possible number.
    """
    if has_gpu():
        return sys.maxsize
    free = round(SHARE * (memory.available() + max(0, memory.resident() - ground)))
    return free if limit is None else min(free, round(BELOW * memory.read(limit)) - ground)


def gpus() -> list[str]:
    """The GPUs of this process, by the names that `CUDA_VISIBLE_DEVICES` has for them."""
    named = [it for it in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if it]
    return [named[index] if index < len(named) else str(index) for index in range(len(tf.config.get_visible_devices("GPU")))]


def machine() -> Machine:
    """What decides which precisions are fast on this machine."""
    if not has_gpu():
        return processor()
    return Machine(gpu=True, capability=_details().get("compute_capability"))


def name() -> str:
    """The device in words."""
    return f"GPU {_details().get('device_name', 0)}" if has_gpu() else f"CPU ({cores()} cores)"


def products(dtype: str) -> str:
    """The precision in words, which say so where a GPU may round the factors of float32 products to TF32's 10 bits."""
    rounds = has_gpu() and tf.config.experimental.tensor_float_32_execution_enabled()
    return f"{dtype} (TF32 products)" if rounds and dtype == FLOAT32 else dtype


def _details() -> dict[str, Any]:
    """What TensorFlow tells of the first GPU, which it computes on."""
    details: dict[str, Any] = tf.config.experimental.get_device_details(tf.config.get_visible_devices("GPU")[0])
    return details


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
