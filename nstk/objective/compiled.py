"""Functions of tensors as compiled graphs, with or without XLA, that leave nothing behind once they are dropped."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import tensorflow as tf

from ..errors import RunError
from ..registry.blame import SCOPE

log = logging.getLogger("nstk")

DRAWS = re.compile(r"(Random|Multinomial|TruncatedNormal|ParameterizedTruncatedNormal|.*PyFunc|.*CandidateSampler)")
"""The operations that may give another value when they run again: they draw from a state of their own, or call Python."""


class Compiled:
    """A function of structures of tensors as one graph. It takes no other shapes than those that it was traced with.

    A `ragged` one takes vectors of whole numbers of any length. XLA would compile it anew for each length.

    The first call traces the function, unless `trace` was called before, and has XLA compile the graph. Where XLA cannot
    compile it, that call raises a `RunError` that says what to do; unless XLA is `required`, it goes on without XLA instead.
    """

    def __init__(self, function: Callable[..., Any], *, xla: bool, required: bool = True, ragged: bool = False):
        self._function, self._xla, self._required, self._ragged = function, xla, required, ragged
        self._graph: Any = None
        self._ready = not xla
        self.repeatable = False
        """Whether the graph may run for another picture: no operation in it draws from a state that nobody sets back."""

    def trace(self, *structures: Any) -> None:
        """Make the graph, for structures of these shapes."""
        function = tf.function(self._function, autograph=False, jit_compile=self._xla)
        given = tf.nest.map_structure(_of_any_length, structures) if self._ragged else structures
        self._graph = function.get_concrete_function(*given)
        operations = [(node.op, node) for node in _nodes(self._graph)]
        self.repeatable = not any(DRAWS.match(operation) for operation, _ in operations)
        _forget_gradients(node for operation, node in operations if operation == "IdentityN")

    @property
    def variables(self) -> list[tf.Variable]:
        """The variables that the graph reads or writes."""
        return list(self._graph.variables)

    @property
    def constants(self) -> list[tf.Tensor]:
        """The tensors from outside that the graph holds, besides variables."""
        return [tensor for tensor in self._graph.captured_inputs if tensor.dtype != tf.resource]

    def __call__(self, *structures: Any) -> Any:
        if self._graph is None:
            self.trace(*structures)
        if self._ready:
            return self._graph(*structures)
        try:
            made = self._graph(*structures)
        except tf.errors.OpError as error:
            if isinstance(error, tf.errors.ResourceExhaustedError):
                raise
            if self._required:
                raise RunError(f"XLA cannot compile the step{_why(error)}: set `jit: false`") from error
            log.warning("XLA cannot compile the step%s: it is painted without XLA, as with `jit: false`", _why(error))
            self._xla = False
            self.trace(*structures)
            made = self._graph(*structures)
        self._ready = True
        return made


def _of_any_length(value: Any) -> Any:
    """A vector of whole numbers as a tensor of any length. Any other value stays as it is."""
    is_vector = isinstance(value, tf.Tensor) and value.shape.rank == 1 and value.dtype.is_integer
    return tf.TensorSpec([None], value.dtype) if is_vector else value


def _nodes(graph: Any) -> Iterator[Any]:
    """The operations of a graph and of the functions in it."""
    definition = graph.graph.as_graph_def()
    yield from definition.node
    for function in definition.library.function:
        yield from function.node_def


def _forget_gradients(nodes: Iterator[Any]) -> None:
    """Drop what TensorFlow keeps of `tf.custom_gradient` once a graph is traced.

    Each use of `tf.custom_gradient` in a graph registers a gradient under a name of its own for the whole life of the process.
    That gradient holds the graph, and the graph holds a network's kernels or a picture. The tape of the same graph never asks
    for the gradient. TensorFlow has no public way to take it back; where a version keeps it elsewhere, nothing is done.
    """
    with suppress(ImportError, AttributeError):
        from tensorflow.python.framework.ops import gradient_registry

        registered = gradient_registry._registry
        for node in nodes:
            registered.pop(node.attr["_gradient_op_type"].s.decode(), None)


def _why(error: tf.errors.OpError) -> str:
    """What TensorFlow says of an error, without its names of nodes, and the loss in which the error happened."""
    said = re.sub(
        r" graph \w+\[_XlaMustCompile.*?\]|( compatible with node)? ?\{\{.*?\}\}", "", error.message.partition("\n")[0]
    )
    label = re.search(SCOPE.format(r"([\w-]+)") + "/", error.message)
    return (f", in loss `{label[1]}`" if label else "") + (f" ({' '.join(said.split())})" if said else "")
