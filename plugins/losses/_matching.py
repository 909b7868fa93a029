"""What losses that compare positions with one another have in common: they draw positions of the picture and the paintings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import nstk
from nstk.plugins.losses._positions import divided, drawn, places, rows_of


class Sampled(nstk.Loss):
    """A loss that compares some positions of the picture with some of the paintings, and no sum over positions."""

    takes_low_precision: ClassVar[bool] = True

    redraw: bool = nstk.Field(
        False,
        description="Draw the picture's positions anew at each step, and not once a scale. It does not go with lbfgs.",
    )

    def reads(self) -> Sequence[str]:
        return tuple(self.layers)  # type: ignore[attr-defined]


class Layerwise(Sampled):
    """A loss that compares the rows of each layer by themselves. A row is a position, or a patch of positions."""

    samples: int = nstk.Field(
        4096,
        ge=16,
        le=65536,
        description="How many positions of a layer are compared at most, of the picture and of all paintings. They are drawn.",
    )

    edge: ClassVar[int] = 1
    """How many rows and columns of positions a patch has."""

    def target(self, refs: nstk.References) -> Any:
        """By layer, the edge of a patch, the picture's positions that were drawn, and what `goal` says."""
        return {layer: self._of_layer(layer, refs) for layer in self.layers}  # type: ignore[attr-defined]

    def _of_layer(self, layer: str, refs: nstk.References) -> dict[str, Any]:
        import tensorflow as tf

        content, styles = refs.content[layer], nstk.Styles.of(refs.styles).mapped(lambda style: style[layer])
        edge = min([self.edge, *(side for map_ in (content, *styles.values()) for side in map_.shape[1:3])])
        rows = [
            rows_of(styles[label], drawn(places(styles[label], edge), count), edge)
            for label, count in divided(self.samples, styles)
        ]
        at = drawn(places(content, edge), self.samples)
        return {"edge": edge, "at": at, "goal": self.goal(tf.concat(rows, axis=0), rows_of(content, at, edge))}

    def __call__(self, features: nstk.Features, target: Mapping[str, Any]) -> Any:
        def distance(layer: str) -> Any:
            of, edge = target[layer], target[layer]["edge"]
            at = drawn(places(features[layer], edge), self.samples) if self.redraw else of["at"]
            return self.distance(rows_of(features[layer], at, edge), of["goal"])

        return nstk.total(weight * distance(layer) for layer, weight in self.layers.items())  # type: ignore[attr-defined]

    def goal(self, painting: Any, content: Any) -> Any:
        """What `distance` compares with, from the rows of one layer: of all paintings, and of the content."""
        raise NotImplementedError

    def distance(self, rows: Any, goal: Any) -> Any:
        """How far the rows of the picture are from what `goal` returned, a scalar."""
        raise NotImplementedError
