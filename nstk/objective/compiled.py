"""The step as one compiled function, with or without XLA."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from ..errors import RunError
from ..registry.blame import SCOPE


def compiled(function: Callable[[], Any], *, xla: bool) -> Callable[[], Any]:
    """A function of tensors as one graph, traced at once.

    XLA compiles it when it is first called. Where it cannot, that call raises a `RunError` that says what to do.
    """
    graph: Any = tf.function(function, autograph=False, jit_compile=xla)
    graph.get_concrete_function()  # traced here: its first call would warn of frequent tracing after some short runs
    if not xla:
        return graph  # type: ignore[no-any-return]
    ready = False

    def call() -> Any:
        nonlocal ready
        try:
            made = graph()
        except tf.errors.OpError as error:
            if ready or isinstance(error, tf.errors.ResourceExhaustedError):
                raise
            raise RunError(f"XLA cannot compile the step{_why(error)}: set `jit: false`") from error
        ready = True
        return made

    return call


def compiled_once_called(function: Callable[..., Any], *, xla: bool) -> Callable[..., Any]:
    """A function of structures of tensors as one graph, traced for the shapes of its first call, the only ones it takes."""
    graph: Any = None

    def call(*structures: Any) -> Any:
        nonlocal graph
        if graph is None:
            graph = tf.function(function, autograph=False, jit_compile=xla).get_concrete_function(*structures)
        return graph(*structures)

    return call


def _why(error: tf.errors.OpError) -> str:
    """What TensorFlow says of it, without its names of nodes, and the loss where it happened."""
    said = re.sub(
        r" graph \w+\[_XlaMustCompile.*?\]|( compatible with node)? ?\{\{.*?\}\}", "", error.message.partition("\n")[0]
    )
    label = re.search(SCOPE.format(r"([\w-]+)") + "/", error.message)
    return (f", in loss `{label[1]}`" if label else "") + (f" ({' '.join(said.split())})" if said else "")
