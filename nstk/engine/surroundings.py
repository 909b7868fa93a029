"""What the caller has set up in TensorFlow: where nstk cannot work it says so, and what it changes it puts back."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
import tensorflow as tf

from ..errors import UserError
from ..machine import device


@contextmanager
def prepared() -> Iterator[None]:
    """Inside, TensorFlow computes for nstk. Afterwards the caller draws the random numbers it would have drawn without nstk.

    Raises `UserError` where TensorFlow does not compute at once, or would spread variables over devices.
    """
    _check()
    environment = {name: os.environ.get(name) for name in device.VARIABLES}
    drawn = np.random.get_state(), random.getstate()
    generator, seeds = _generator(), _seeds()
    try:
        device.set_up_memory()
        with device.graphs_as_written():
            yield
    finally:
        np.random.set_state(drawn[0])
        random.setstate(drawn[1])
        tf.random.set_global_generator(generator)
        _set_seeds(seeds)
        for name, value in environment.items():
            if value is None:
                os.environ.pop(name, None)


def _check() -> None:
    if not tf.executing_eagerly():
        raise UserError(
            "TensorFlow does not compute at once here: call nstk outside of every `tf.Graph` and `tf.function`, and without "
            "`tf.compat.v1.disable_eager_execution()`"
        )
    if tf.distribute.has_strategy():
        name = type(tf.distribute.get_strategy()).__name__
        raise UserError(f"nstk paints on one device: call it outside of the scope of the `tf.distribute.{name}`")


def _generator() -> Any:
    """The caller's global generator of random numbers; None if none was asked for yet."""
    with suppress(ImportError, AttributeError):  # to ask TensorFlow for it would make one
        from tensorflow.python.ops import stateful_random_ops

        return stateful_random_ops.global_generator
    return tf.random.get_global_generator()


def _context() -> Any:
    """What holds the seeds of TensorFlow's random operations, or None: TensorFlow has no public way to ask for them."""
    with suppress(ImportError):
        from tensorflow.python.eager import context

        return context.context()
    return None


def _seeds() -> tuple[Any, Any] | None:
    """The global seed, and the state from which each operation's seed is drawn; None where they cannot be known."""
    with suppress(AttributeError):
        here = _context()
        return here._seed, here._rng and here._rng.getstate()
    return None


def _set_seeds(seeds: tuple[Any, Any] | None) -> None:
    if seeds is None:
        return
    here = _context()
    here._seed, state = seeds
    if state is None:
        here._rng = None
    else:
        here._rng = random.Random()
        here._rng.setstate(state)
