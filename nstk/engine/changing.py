"""A recipe that changes while it is painted: what is asked for on the way, and when it takes effect."""

from __future__ import annotations

from collections.abc import Mapping
from queue import Empty, SimpleQueue

from ..recipe.changes import applied, changeable, changed, values_of
from ..recipe.model import Recipe
from ..recipe.settings import Change
from .plan import Plan


class Changing:
    """The recipe of one run, as it is now. It may be asked to change from any thread."""

    def __init__(self, recipe: Recipe, plan: Plan, steps: int):
        """`steps` are those that were done before: what changes after them takes effect when the run goes on."""
        self.written, self.now, self.plan = recipe, recipe, plan
        self.known = changeable(recipe)
        """The keys that may change."""
        self._heeded = 0
        """How many changes have taken effect."""
        self._asked: SimpleQueue[Mapping[str, float]] = SimpleQueue()
        if steps:
            self.heed(steps - 1)

    def ask(self, values: Mapping[str, float]) -> None:
        """Have keys take other values from the next step on. Raises `UserError` for what may not change."""
        applied(self.now, values, self.known)
        self._asked.put(dict(values))

    def take(self, steps: int) -> bool:
        """Write down what was asked for since the last step, of which there were so many. Returns whether that was anything."""
        values: dict[str, float] = {}
        while True:
            try:
                values |= self._asked.get_nowait()
            except Empty:
                break
        if not values:  # as after nearly every step
            return False
        known = values_of(changed(self.written, steps), self.known)
        values = {key: float(value) for key, value in values.items() if known.get(key) != value}
        if not values:
            return False
        at = self._before(steps)
        changes = [*self.written.changes[:at], Change(after=steps, set=values), *self.written.changes[at:]]
        self.written = self.written.model_copy(update={"changes": changes})
        return True

    def due(self, steps: int) -> bool:
        """Whether changes take effect after so many steps that are not yet heeded."""
        return self._before(steps) > self._heeded

    def heed(self, steps: int) -> None:
        """Have all changes take effect that come after so many steps, or earlier."""
        now = changed(self.written, steps)
        self.plan, self.now, self._heeded = self.plan.changed(self.now, now), now, self._before(steps)

    def _before(self, steps: int) -> int:
        return sum(it.after <= steps for it in self.written.changes)
