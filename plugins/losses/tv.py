"""Total variation: how much neighbouring pixels differ. To make it small keeps noise from growing in the picture.

Rudin, Osher and Fatemi, "Nonlinear total variation based noise removal algorithms", 1992, in the form that Mahendran and
Vedaldi, "Understanding Deep Image Representations by Inverting Them", CVPR 2015, equation 3, use for pictures. With x the
pixels, 0..255, and p the `power` (their beta), `stencil` chooses the differences:

    cross    D = sum |x[i+1, j] - x[i, j]|^p + |x[i, j+1] - x[i, j]|^p
    joint    D = sum ((x[i+1, j] - x[i, j])^2 + (x[i, j+1] - x[i, j])^2)^(p/2)        where a pixel has both neighbours
    nine     D = 2/3 cross + 1/6 sum |x[i+1, j+1] - x[i, j]|^p + |x[i+1, j] - x[i, j+1]|^p

`nine` takes its diagonals of the picture with its edge pixels repeated once: a diagonal beyond the edge runs along the edge.

D is the distance between the picture and itself moved by a pixel, so `formula` has the content loss's normalisations:
`relative` D / the content's own D (1 is as rough as the photograph); `gatys` D / 2; `course` D / (4 x elements), `mean`
D / elements. `means` divides the sum over each direction by the number of its own differences, for `nine` with those beyond
the edge.

Which tool is which, with weights for pixels of 0..255 (those of 0..1 are divided by 255^p):

| Keras's example                              stencil: joint, power: 2.5, formula: gatys, twice its weight
| TensorFlow's tutorial, neural-style-pt       power: 1, formula: gatys, twice its weight
| anishathalye/neural-style                    formula: means
| crowsonkb/style-transfer-pytorch             stencil: nine, formula: means (in 2021, formula: mean)

A difference belongs to two pixels, so parts of a picture have to share a row or column for their statistics to add up (`halo`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

import nstk

LEVEL = 1.0
"""`relative` divides by at least the differences of a photograph whose neighbours differ by so many levels, because a flat
photograph has no differences of its own."""

TINY = 1e-12
"""A lower bound of the squares whose root is divided by, where a pixel is like both of its neighbours."""


class Step(NamedTuple):
    """From a pixel to a neighbour: where the windows of the first and of the second pixels begin, by row and column."""

    first: tuple[int, int]
    second: tuple[int, int]
    less: tuple[int, int]
    """By how many rows and columns the windows are smaller than the picture."""


CROSS = Step((0, 0), (1, 0), (1, 0)), Step((0, 0), (0, 1), (0, 1))
JOINT = tuple(step._replace(less=(1, 1)) for step in CROSS)
DIAGONALS = Step((0, 0), (1, 1), (1, 1)), Step((0, 1), (1, 0), (1, 1))


class Part(NamedTuple):
    """A part of the sum: the differences of a picture by some steps, times a factor."""

    image: Any
    steps: tuple[Step, ...]
    factor: float
    rows: int
    columns: int
    """The rows and columns of differences that `formula: means` counts."""


class TotalVariation(nstk.StatisticLoss):
    """Differences of neighbouring pixels, squared unless `power` says otherwise: smooths the picture."""

    name = "tv"
    halo = 1

    formula: Literal["relative", "gatys", "course", "mean", "means"] = nstk.Field(
        "relative",
        description="Normalisation of the sum: relative (divided by the content's own), gatys (half of it), course (a quarter "
        "of the mean), mean, or means (the mean over each direction by itself).",
    )
    power: float = nstk.Field(
        2.0,
        ge=1,
        le=4,
        description="Power of the differences: 2 squares them, 1 leaves edges sharp, 2.5 is that of Keras's example.",
    )
    stencil: Literal["cross", "joint", "nine"] = nstk.Field(
        "cross",
        description="Which differences: cross (to the next pixel below and to the right), joint (these two under one power) or "
        "nine (the diagonals too).",
    )

    def of_content(self, content: nstk.Features) -> Any:
        import tensorflow as tf

        image = content[nstk.IMAGE]
        if self.formula == "means":
            return [tf.constant(float(3 * part.rows * part.columns)) for part in self._parts(image)]
        return {"norm": self.statistic(content, None), "elements": tf.cast(tf.size(image), tf.float32)}

    def goal(self, content: Any, styles: Mapping[str, Any]) -> Any:
        return content

    def statistic(self, features: nstk.Features, maps: Any) -> Any:
        """The sum of the differences; a list of the sums over each direction for `formula: means`."""
        sums = [part.factor * self._sum(part) for part in self._parts(features[nstk.IMAGE])]
        return sums if self.formula == "means" else nstk.total(sums)

    def score(self, statistic: Any, goal: Any) -> Any:
        import tensorflow as tf

        if self.formula == "means":
            return nstk.total(sum_ / tf.maximum(count, 1.0) for sum_, count in zip(statistic, goal, strict=True))
        return nstk.normalised(statistic, goal, self.formula, least=LEVEL)

    def _sum(self, part: Part) -> Any:
        return roughness(part.image, part.steps, self.power, joint=self.stencil == "joint")

    def _parts(self, image: Any) -> list[Part]:
        """What the sum is made of; one part for each direction where each is divided by its own number."""
        import tensorflow as tf

        height, width = image.shape[1:3]
        if self.stencil == "joint":
            return [Part(image, JOINT, 1.0, height - 1, width - 1)]
        if self.stencil == "nine":
            repeated = tf.pad(image, [[0, 0], [1, 1], [1, 1], [0, 0]], "SYMMETRIC")
            parts = [Part(image, CROSS, 2 / 3, height, width), Part(repeated, DIAGONALS, 1 / 6, height + 1, width + 1)]
        else:
            parts = [Part(image, CROSS, 1.0, height, width)]
        if self.formula != "means":
            return parts
        return [alone for part in parts for alone in self._alone(part)]

    def _alone(self, part: Part) -> Iterator[Part]:
        """A part for each of its steps."""
        for step, image in zip(part.steps, nstk.in_turn(part.image, len(part.steps)), strict=True):
            down, right = step.less if self.stencil == "cross" else (0, 0)
            yield Part(image, (step,), part.factor, part.rows - down, part.columns - right)


def roughness(image: Any, steps: tuple[Step, ...] = CROSS, power: float = 2.0, *, joint: bool = False) -> Any:
    """The sum of the powers of the differences of neighbouring pixels.

    `joint` takes the power of the root of the sum of the squares over all steps. The gradient is written out, because
    TensorFlow's own gradient of a slice goes one number at a time.
    """
    import tensorflow as tf

    @tf.custom_gradient
    def total(image: Any) -> tuple[Any, Callable[[Any], Any]]:
        height, width = image.shape[1:3]

        def window(at: tuple[int, int], less: tuple[int, int]) -> Any:
            (row, column), (rows, columns) = at, (height - less[0], width - less[1])
            return image[:, row : row + rows, column : column + columns]

        def put(pulls: Any, at: tuple[int, int], less: tuple[int, int]) -> Any:
            return tf.pad(pulls, [[0, 0], *([before, all_ - before] for before, all_ in zip(at, less, strict=True)), [0, 0]])

        differences = [window(step.second, step.less) - window(step.first, step.less) for step in steps]
        value, pulls = powers(differences, power, joint)

        def gradient(upstream: Any) -> Any:
            moved = (
                put(pull, step.second, step.less) - put(pull, step.first, step.less)
                for pull, step in zip(pulls, steps, strict=True)
            )
            return power * upstream * nstk.total(moved)

        return value, gradient

    return total(image)


def powers(differences: list[Any], power: float, joint: bool) -> tuple[Any, list[Any]]:
    """The sum of the powers of differences, and its derivatives with respect to them, divided by the power."""
    import tensorflow as tf

    if power == 2:
        return nstk.total(tf.reduce_sum(tf.square(it)) for it in differences), differences
    if joint:
        squares = nstk.total(tf.square(it) for it in differences)
        factor = tf.pow(tf.maximum(squares, TINY), power / 2 - 1)
        return tf.reduce_sum(tf.pow(squares, power / 2)), [it * factor for it in differences]
    pulls = [tf.sign(it) * tf.pow(tf.abs(it), power - 1) for it in differences]
    return nstk.total(tf.reduce_sum(tf.pow(tf.abs(it), power)) for it in differences), pulls


@nstk.hookimpl
def nstk_losses() -> list[type[nstk.Loss]]:
    return [TotalVariation]
