"""The picture of one scale while it is painted: as it is, as it was when all was well, and the average of its steps."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from ..api import Evaluation
from ..objective.features import batch


class Canvas:
    """The picture that the steps of a scale move, and a copy that NaN or infinity cannot reach."""

    def __init__(self, picture: np.ndarray, decay: float):
        self.picture = tf.Variable(batch(picture), name="picture")
        self.good: tf.Variable = self.picture
        """The last picture from which a step was finite."""
        self.bad: tf.Variable | tf.Tensor = self.picture
        """The last picture from which a step was not finite. It is kept to find out why."""
        self.average = Average(self.picture, decay) if decay else None
        self._copies = False

    def restart(self, picture: np.ndarray) -> None:
        """Begin with another picture of the same size, as if the canvas had been made for that picture."""
        self.picture.assign(batch(picture))
        if self._copies:
            self.good.assign(self.picture)
        if self.average:
            self.average.forget()

    def keep(self, good: tf.Variable | None) -> None:
        """Say, before the first step, who keeps the last good picture: the stepper in its `good`, or this canvas."""
        self._copies = good is None
        self.good = tf.Variable(self.picture, name="good_picture") if good is None else good

    def compile(self) -> None:
        """Make the variables that compiled steps need, because a graph can make none."""
        self.bad = tf.Variable(self.picture, name="bad_picture")

    def variables(self) -> dict[str, tf.Variable]:
        """The variables that steps change, by their names in a checkpoint, without those that the stepper keeps."""
        good = {"good": self.good} if self._copies else {}
        average = {"average.sum": self.average.sum, "average.weight": self.average.weight} if self.average else {}
        return {"picture": self.picture, **good, **average}

    def all_variables(self) -> list[tf.Variable]:
        """All variables of the canvas that a step may read or change."""
        bad = [self.bad] if isinstance(self.bad, tf.Variable) else []
        return [self.picture, self.good, *bad, *([self.average.sum, self.average.weight] if self.average else [])]

    def guard(self, before: tf.Tensor, evaluation: Evaluation) -> tf.Tensor:
        """Whether the objective at the picture `before` and the pixels now are finite. This is a part of each step.

        If they are not finite, the picture becomes the last one from which a step was finite.
        """
        finite = tf.math.is_finite(evaluation.loss) & tf.reduce_all(tf.math.is_finite(self.picture))
        tf.cond(finite, lambda: self._take(before), lambda: self._put_back(before))
        if self.average:
            self.average.add(self.picture)
        return finite

    def _take(self, before: tf.Tensor) -> bool:
        if self._copies:
            self.good.assign(before)
        return True

    def _put_back(self, before: tf.Tensor) -> bool:
        if tf.executing_eagerly():
            self.bad = before
        else:
            self.bad.assign(before)
        self.picture.assign(self.good)
        return True

    def go_back(self) -> None:
        """Go back to the last picture whose objective is known to be finite."""
        self.picture.assign(self.good)

    def image(self) -> np.ndarray:
        """The picture now, or the average: height x width x 3, float32, 0..255. It is no copy and must not be written to."""
        picture: np.ndarray = np.asarray(self.shown())[0]
        return picture

    def shown(self) -> tf.Tensor:
        """The picture that `image` shows, as a tensor `[1, height, width, 3]`."""
        return self.average.value() if self.average else self.picture.read_value()


class Average:
    """The weighted mean of the pictures of a scale. The picture that is `a` steps old has the weight `decay ** a`.

    The average starts empty, not at 0, so it is a mean from the first step on. Kingma and Ba 2015, section 3, correct the bias
    of a start at 0.
    """

    def __init__(self, picture: tf.Variable, decay: float):
        self.decay = decay
        self.sum, self.weight = tf.Variable(tf.zeros_like(picture)), tf.Variable(0.0)
        self._first = picture

    def forget(self) -> None:
        """Begin again, as if no picture had been taken in."""
        self.sum.assign(tf.zeros_like(self.sum))
        self.weight.assign(0.0)

    def add(self, picture: tf.Variable) -> None:
        """Take a picture in."""
        self.sum.assign(self.decay * self.sum + picture)
        self.weight.assign(self.decay * self.weight + 1)

    def value(self) -> tf.Tensor:
        """The average; before the first step, the picture itself."""
        return self.sum / self.weight if self.weight > 0 else self._first.read_value()
