"""What the checks of all slots have in common: how a part is called, what it must survive, what an array must be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..api import Definition
from ..api.hookspecs import KINDS
from ..errors import NstkError
from ..registry.blame import blame

if TYPE_CHECKING:
    import numpy as np

ROUNDING = 1e-3
"""By how much, of its largest value, an array may leave its range: resampling rounds, and a run clips what is left."""


class Broken(AssertionError):
    """A rule of a contract that a part does not keep."""


def require(good: bool, sentence: str) -> None:
    """Raise an `AssertionError` with this sentence, unless all is good."""
    if not good:
        raise Broken(sentence)


def called(definition: Definition) -> str:
    """A part as a message names it, such as "loss `gram`"."""
    kind = next(kind for kind, base in KINDS.values() if isinstance(definition, base))
    return f"{kind} `{getattr(type(definition), 'name', type(definition).__name__)}`"


@contextmanager
def checking(who: str, definition: Definition) -> Iterator[None]:
    """What a part raises inside becomes an `AssertionError` that names the part and the line that failed."""
    from ..engine.surroundings import prepared

    try:
        with prepared():
            yield
    except Broken:
        raise
    except NstkError as error:
        raise Broken(str(error)) from error
    except Exception as error:
        raise Broken(f"{who} failed: {blame(error, definition)}") from error


def check_dump(definition: Definition) -> None:
    """A part must come back from a recipe as it was: the recipe that is saved beside a picture has to run."""
    from ..syntax.parse import dump, parse

    who = called(definition)
    try:
        text = dump(definition.model_dump(mode="json"))
        again = type(definition).model_validate(parse(text, "the dump", Path.cwd()).plain())
    except Exception as error:
        what = f"{who} does not survive a dump, so a saved recipe would not run"
        raise Broken(f"{what}: {' '.join(str(error).split())}") from error
    require(again == definition, f"{who} does not survive a dump: it came back as {again!r}, not {definition!r}")


def check_array(what: str, made: Any, shape: tuple[int, ...], high: float | None = None) -> None:
    """An array that a part made must have this shape and finite numbers, and where `high` is given, from 0 to `high`."""
    import numpy as np

    require(made is not None, f"{what} returned nothing: is a `return` missing?")
    require(isinstance(made, np.ndarray), f"{what} returned a value of the type {type(made).__name__}: return a numpy array")
    require(made.shape == shape, f"{what} made an array of shape {made.shape}, not {shape}")
    require(made.dtype.kind in "fiu", f"{what} made an array of the number type {made.dtype}: return float32")
    require(bool(np.isfinite(made).all()), f"{what} made an array with NaN or infinity in it")
    if high is not None:
        low, top = float(made.min()), float(made.max())
        slack = ROUNDING * high
        require(-slack <= low and top <= high + slack, f"{what} made {low:.4g} to {top:.4g}: clip that to 0..{high:g}")


def same(one: np.ndarray, other: np.ndarray, tolerance: float = 1e-4) -> bool:
    """Whether two arrays are the same but for rounding, measured by the largest value."""
    import numpy as np

    one, other = np.asarray(one, np.float64), np.asarray(other, np.float64)
    most = max(float(np.abs(one).max(initial=0)), float(np.abs(other).max(initial=0)))
    return one.shape == other.shape and bool(np.abs(one - other).max(initial=0) <= tolerance * most)
