"""What of a recipe changes while its picture is painted: weights, balance and learning rate, after so many steps.

Whoever moves a slider while a run is at work changes its recipe. So the change stands in the recipe, with the number of steps
after which it was made, and the recipe paints the same picture again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from ..api.losses import weights
from ..errors import UserError
from ..hints import suggest
from .validate import validated

if TYPE_CHECKING:
    from .checks import Findings
    from .model import Recipe

BALANCE, RATE = "balance", "optimizer.learning_rate"


def changeable(recipe: Recipe) -> list[str]:
    """The keys that may change while a recipe is painted. A loss that does not count at the beginning never does."""
    rate = [RATE] if "learning_rate" in type(recipe.optimizer).model_fields else []
    return [*(f"losses.{label}.weight" for label in recipe.active_losses), BALANCE, *rate]


def values_of(recipe: Recipe, keys: Iterable[str]) -> dict[str, float | None]:
    """The values of such keys at the last scale.

    A learning rate that follows a curve is None, and so is a balance that the recipe leaves to its weights.
    """
    last = recipe.at(-1)

    def value(key: str) -> float | None:
        if key == BALANCE:
            return recipe.balance
        if key == RATE:
            rate = recipe.optimizer.learning_rate  # type: ignore[attr-defined]
            return rate if isinstance(rate, float) else None
        return weights(last.losses[key.split(".")[1]], 1)[0]

    return {key: value(key) for key in keys}


def applied(recipe: Recipe, values: Mapping[str, float], known: Sequence[str]) -> Recipe:
    """The recipe with other values at some of the `known` keys. Raises `UserError` for another key, and for a refused value."""
    losses, updates = dict(recipe.losses), dict[str, Any]()
    for key, value in values.items():
        if key not in known:
            hint = suggest(key, known) or f"those that may are {', '.join(known)}"
            raise UserError(f"`{key}` may not change while the picture is painted: {hint}")
        if key == BALANCE:
            if not 0 <= value <= 100:
                raise UserError(f"`balance` must be 0 to 100, not {value:g}")
            updates[BALANCE] = float(value)
        elif key == RATE:
            updates["optimizer"] = _with(key, recipe.optimizer, learning_rate=float(value))
        else:
            label = key.split(".")[1]
            losses[label] = _with(key, losses[label], weight=float(value))
    if not any(any(weights(it, recipe.levels)) for it in losses.values()):
        raise UserError("every loss would have the weight 0, so nothing would be painted: give one of them a weight above 0")
    return recipe.model_copy(update={**updates, "losses": losses})


def changed(recipe: Recipe, steps: int) -> Recipe:
    """The recipe as it is after so many steps."""
    known, now = changeable(recipe), recipe
    for change in recipe.changes:
        if change.after <= steps:
            now = applied(now, change.set, known)
    return now


def check_changes(found: Findings, recipe: Recipe) -> bool:
    """Refuse changes of what may not change, in a wrong order, or to refused values. Returns whether all are good."""
    before, good, known = 0, True, changeable(recipe)
    for index, change in enumerate(recipe.changes):
        node = found.tree.at(("changes", index))
        if change.after < before:
            message = f"this change comes after {change.after} steps, and the one above it after {before}"
            found.mistake(message, node.mark, "write changes in the order of their steps")
            good = False
        before = change.after
        try:
            recipe = applied(recipe, change.set, known)
        except UserError as error:
            wrong = next((key for key in change.set if f"`{key}`" in str(error)), "")
            place = found.tree.at(("changes", index, "set", wrong))
            found.mistake(str(error), place.key or place.mark)
            good = False
    return good


def _with(key: str, definition: Any, **values: float) -> Any:
    """A definition with other values, which are checked. What is not changed stays the object that it is."""
    try:
        validated(type(definition), {**definition.model_dump(mode="json"), **values})
    except ValidationError as error:
        raise UserError(f"`{key}`: {error.errors()[0]['msg'].lower()}, not {next(iter(values.values())):g}") from None
    return definition.model_copy(update=values)
