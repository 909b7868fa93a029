"""How a loss is called: what it raises is told with its line, and a loss that keeps state is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..api import Loss
from ..errors import RunError
from ..registry.blame import blaming, spot


@contextmanager
def calling(loss: Loss, label: str, method: str = "") -> Iterator[None]:
    """Inside, a loss is called. Raises `RunError` for what the loss raises, and where the call changed one of its attributes.

    A compiled step calls the loss while the step is traced, and never again: what the loss kept would belong to no step.
    """
    who = f"loss `{label}`" + (f", in {method}," if method else "")
    before = _state(loss)
    with blaming(who, loss):
        yield
    if (after := _state(loss)) != before:
        changed = ", ".join(f"`{key}`" for key in sorted({*before, *after}) if before.get(key) != after.get(key))
        hint = "what it needs later, it returns from `target`"
        raise RunError(f"{who} keeps state: calling it changed {changed} ({spot(type(loss))}): {hint}")


def _state(loss: Loss) -> dict[str, str]:
    """Everything that an instance holds, in a form that can be compared."""
    held: Mapping[str, Any] = {**vars(loss), **(loss.__pydantic_private__ or {})}
    return {key: repr(value) for key, value in held.items()}
