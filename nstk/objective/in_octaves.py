"""The objective at several octaves: its terms are summed over the picture as it is and made smaller.

Galerne, Wang, Raad and Morel, "SGSST: Scaling Gaussian Splatting Style Transfer", CVPR 2025, call the sum over sizes
"simultaneously optimized scales" (SOS):

    L(x) = sum over octaves d of L_d(x averaged over squares of d x d pixels)

The content and the paintings are made smaller in the same way. nstk differs from the paper in three things. Pixels are averaged
where the paper interpolates, so that none is left out: a pixel that is left out has no gradient, and stays what it was. Each
layer may have octaves of its own: deep layers, which cost most, can be read where the picture is small. And how many octaves
there are is said, not worked out.

The gradient of an average goes in equal shares to the pixels that were averaged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import tensorflow as tf

from ..api import Evaluation, Loss, Pictures, Styles, total
from ..machine.precision import FLOAT32
from .base import Objective
from .features import batch
from .whole import WholeObjective


class OctaveObjective(Objective):
    """What one scale of a run makes small, at several octaves (see `Objective`).

    `parts` holds the objective of each octave, for pictures of its size. None of them scales its losses: this one does.
    """

    def __init__(self, losses: Mapping[str, Loss], parts: Mapping[int, Objective], dtype: str = FLOAT32):
        super().__init__(losses, dtype)
        self.parts = dict(sorted(parts.items()))

    @property
    def targets(self) -> dict[str, Any]:
        """The targets of all octaves."""
        return {str(divisor): part.targets for divisor, part in self.parts.items()}

    @targets.setter
    def targets(self, targets: Mapping[str, Any]) -> None:
        for divisor, part in self.parts.items():
            part.targets = targets.get(str(divisor), {})

    def reweigh(self, by: Mapping[str, float]) -> None:
        super().reweigh(by)
        for part in self.parts.values():
            part.reweigh(by)

    def _evaluate(self, pixels: tf.Tensor, losses: Mapping[str, Loss]) -> Evaluation:
        found = [part._evaluate(averaged(pixels, divisor), own) for divisor, part, own in self._asked(losses)]
        return _summed(found, losses)

    def _differentiate(
        self, pixels: tf.Tensor, losses: Mapping[str, Loss], factor: tf.Tensor | None
    ) -> tuple[Evaluation, tf.Tensor | None]:
        found: list[Evaluation] = []
        gradients: list[tf.Tensor] = []
        for divisor, part, own in self._asked(losses):
            # One octave after the other: at once, they would all hold their activations.
            with tf.control_dependencies(gradients[-1:]), tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(pixels)
                small = averaged(pixels, divisor)
            evaluation, gradient = part._differentiate(small, own, factor)
            found.append(evaluation)
            if gradient is not None:
                gradients.append(tape.gradient(small, pixels, gradient))
        return _summed(found, losses), total(gradients) if gradients else None

    def _asked(self, losses: Mapping[str, Loss]) -> Iterator[tuple[int, Objective, dict[str, Loss]]]:
        """Each octave at which one of the losses is computed, with its objective and those of its own losses."""
        for divisor, part in self.parts.items():
            if own := {label: loss for label, loss in part.losses.items() if label in losses}:
                yield divisor, part, own


class GraphObjective(WholeObjective):
    """A whole picture, evaluated in graphs of its own: a small octave beside a large one that is evaluated in tiles.

    `compiled` makes a graph of a function. Elsewhere, the whole step is one graph.
    """

    def __init__(self, *args: Any, compiled: Callable[[Callable[..., Any]], Callable[..., Any]], **options: Any):
        super().__init__(*args, **options)
        self._compiled = compiled
        self._graphs: dict[Any, Callable[..., Any]] = {}

    def _evaluate(self, pixels: tf.Tensor, losses: Mapping[str, Loss]) -> Evaluation:
        whole = super()._evaluate
        if not tf.executing_eagerly():
            return whole(pixels, losses)
        return self._graph(("value", *losses), lambda pixels: whole(pixels, losses))(pixels)  # type: ignore[no-any-return]

    def _differentiate(
        self, pixels: tf.Tensor, losses: Mapping[str, Loss], factor: tf.Tensor | None
    ) -> tuple[Evaluation, tf.Tensor | None]:
        whole, factors = super()._differentiate, [] if factor is None else [factor]
        graph = self._graph(("gradient", *losses), lambda pixels, *factors: whole(pixels, losses, *(factors or (None,))))
        return graph(pixels, *factors)  # type: ignore[no-any-return]

    def _graph(self, key: Any, function: Callable[..., Any]) -> Callable[..., Any]:
        return self._graphs.setdefault(key, self._compiled(function))


def averaged(pixels: tf.Tensor, divisor: int) -> tf.Tensor:
    """A picture made smaller. Where squares do not fill it, those at its edges are smaller, so that no pixel is left out."""
    return tf.identity(pixels) if divisor == 1 else tf.nn.avg_pool2d(pixels, divisor, divisor, "SAME")


def made_smaller(made: Pictures, divisor: int) -> Pictures:
    """All pictures of a scale at one octave."""

    def small(picture: Any) -> Any:
        array = averaged(batch(picture), divisor).numpy()[0]
        array.setflags(write=False)
        return array

    if divisor == 1:
        return made
    return Pictures(small(made.content), Styles.of(made.styles).mapped(small), made.cut)


def _summed(found: list[Evaluation], losses: Mapping[str, Loss]) -> Evaluation:
    """The sum over octaves of each loss, and the sum of all losses."""
    terms = {label: total(it.losses[label] for it in found if label in it.losses) for label in losses}
    return Evaluation(total(terms.values()), terms)
