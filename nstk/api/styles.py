"""Several paintings: something of each by its label, and by how much each of them counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from .additions import total

T = TypeVar("T")
U = TypeVar("U")


class Styles(dict[str, T]):
    """Something of each painting, by the painting's label: its pixels, its activations, or what a loss sums over them.

    `shares` says by how much each painting counts, by label. Shares sum to 1. Without weights, all paintings count alike.
    """

    def __init__(self, of: Mapping[str, T], weights: Mapping[str, float] | None = None):
        super().__init__(of)
        weights = weights or dict.fromkeys(of, 1.0)
        whole = sum(weights[label] for label in of)
        self.shares = {label: weights[label] / whole for label in of}

    @classmethod
    def of(cls, styles: Mapping[str, T]) -> Styles[T]:
        """The styles as they are, or those of a plain mapping, which count alike."""
        return styles if isinstance(styles, Styles) else cls(styles)

    def mapped(self, function: Callable[[T], U]) -> Styles[U]:
        """What a function makes of each, with the same shares."""
        return Styles({label: function(it) for label, it in self.items()}, self.shares)


def blend(styles: Mapping[str, T], of: Callable[[T], Any] = lambda style: style) -> Any:
    """The mean, by the paintings' shares, of what `of` makes of each: tensors, or a structure (dict, list) of them.

    So `StatisticLoss.goal` blends several paintings, each of which may have a weight in the recipe.
    """
    import tensorflow as tf

    known = Styles.of(styles)
    made = [
        tf.nest.map_structure(lambda part, share=share: share * part, of(known[label])) for label, share in known.shares.items()
    ]
    return tf.nest.map_structure(lambda *parts: total(parts), *made)
