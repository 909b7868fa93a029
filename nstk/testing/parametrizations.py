"""Checks everything that a parametrization must do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..api import Parametrization
from .common import called, check_array, check_dump, checking, require, same
from .samples import ODD

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    Operator = Callable[[np.ndarray], np.ndarray]


def check_parametrization(parametrization: Parametrization, size: tuple[int, int] = ODD) -> None:
    """Raise an `AssertionError` that says what is broken, unless a parametrization does all that a run relies on.

        nstk.testing.check_parametrization(MyParametrization(power=1))

    It survives being written to a recipe and read again. Its operator takes `[1, height, width, 3]` to the same shape in
    float32, with finite numbers, at any size; it is linear, symmetric and positive, so that what it makes of a gradient is one
    with respect to the unknowns, and a step against it leads downhill; it is the same when it is asked again, and compiled.
    """
    import numpy as np
    import tensorflow as tf

    check_dump(parametrization)
    who = called(parametrization)
    with checking(who, parametrization):
        for height, width in ((size[0] + 1, size[1] + 1), size):
            operator = parametrization.operator(height, width)
            require(callable(operator), f"{who}: operator() returned {operator!r}: return a function")
            one, other = np.random.default_rng(0).normal(0, 1, (2, 1, height, width, 3)).astype(np.float32)
            _check_operator(who, lambda change, of=operator: _applied(who, of, change), one, other)  # type: ignore[misc]
        compiled = np.asarray(tf.function(operator, autograph=False)(tf.constant(one)))
        require(same(_applied(who, operator, one), compiled), f"{who} makes something else compiled: use tensors only")


def _applied(who: str, operator: Callable[..., object], change: np.ndarray) -> np.ndarray:
    """What an operator makes of a change of the unknowns."""
    import numpy as np
    import tensorflow as tf

    made = operator(tf.constant(change))
    require(tf.is_tensor(made), f"{who}: its operator returned a value of the type {type(made).__name__}: return a tensor")
    array = np.asarray(made)
    check_array(f"{who}: its operator", array, change.shape)
    require(array.dtype == np.float32, f"{who}: its operator made numbers of the type {array.dtype}, not float32")
    return array


def _check_operator(who: str, operator: Operator, one: np.ndarray, other: np.ndarray) -> None:
    """An operator must be linear, symmetric and positive, and a function of its argument alone."""
    import numpy as np

    def times(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.sum(a.astype(np.float64) * b))

    made, second = operator(one), operator(other)
    require(same(made, operator(one)), f"{who} makes something else of the same change when it is asked again")
    require(
        same(operator(2 * one - 3 * other), 2 * made - 3 * second, 1e-3) and same(operator(0 * one), 0 * one),
        f"{who}: its operator is not linear: what it makes of 2 a - 3 b must be twice what it makes of a less three times b's",
    )
    size = np.linalg.norm(made) * np.linalg.norm(other) + np.linalg.norm(one) * np.linalg.norm(second)
    require(
        abs(times(made, other) - times(one, second)) <= 1e-4 * size,
        f"{who}: its operator is not symmetric, so a gradient would be taken to a wrong one: for changes a and b, the sum of "
        "A(a) b must be that of a A(b)",
    )
    grey = np.broadcast_to(one.mean(axis=3, keepdims=True), one.shape)
    colours = [channel * one for channel in np.eye(3, dtype=np.float32)]
    require(
        all(times(it, operator(it)) > 0 for it in (one, grey, one - grey, *colours, np.ones_like(one))),
        f"{who}: its operator is not positive, so a step against the gradient could lead uphill: for any change a, the sum of "
        "a A(a) must be above 0",
    )
