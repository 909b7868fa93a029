"""L-BFGS within the box 0..255: the curvature of the objective is estimated from the gradients of the last steps.

Nocedal and Wright, "Numerical Optimization", 2nd edition: the two-loop recursion (algorithm 7.4), its two loops written as
triangular systems of the inner products, so that the history is read in a few matrix products. Differs from it in four things:

- **The box.** A pixel at 0 or 255 whose gradient points outwards stands still, the others move in the subspace that is left,
  and what leaves the box is clipped (Bertsekas, "Projected Newton methods for optimization problems with simple constraints",
  1982).
- **One evaluation a step.** A step evaluates the picture that the one before proposed. If the loss has not fallen enough
  (Armijo), the next proposal lies between the last good picture and this one, at the minimum of a parabola through both.
- **The curvature of each frequency band** replaces the scalar that the recursion starts from (`scaling: bands`). With s the
  moves and y the changes of the gradient, a band has about the curvature |y| / |s|, summed over the last steps with a decay.
  A style loss is some hundred times flatter in a picture's lowest frequencies than in the middle ones, in proportions that
  depend on the losses and on the pictures, so they are learnt.
- **Restarts.** When the proposals shrink to nothing, the history is dropped; if that does not help either, the optimizer says
  that it has stalled.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import nstk

ARMIJO = 1e-4
"""Least share of the decrease that the gradient promises (Nocedal and Wright, equation 3.4)."""
SHRINK = (0.1, 0.5)
"""By how much a rejected move is shortened: at least and at most."""
TRIES = 8
"""Rejected moves in a row after which the history is dropped; and, right after that, the optimizer stalls."""
FLAT = 20
"""Steps in a row that gain nothing, after which the optimizer stalls. To gain, the loss has to fall by more than"""
GAIN = 1e-7, 1e-10
"""a share of itself (float32 has 7 digits), and of what it was at the beginning of the scale."""
CURVED = 1e-6
"""Least cosine between a move and the change of the gradient for the pair to be remembered: the curvature must be positive."""
MEMORY = 0.8
"""Decay, a step, of what the frequency bands have learnt."""
BANDS = 16
RANGE = 1e4
"""Bands are at most so much flatter than the most curved one: there are few coefficients in the lowest, and much noise."""


class Lbfgs(nstk.Optimizer):
    """Quasi-Newton steps from the gradients of the last ones: far fewer evaluations than Adam needs."""

    name = "lbfgs"

    history: int = nstk.Field(20, ge=1, le=200, description="How many steps are remembered; each takes 24 bytes a pixel.")
    scaling: Literal["bands", "scalar"] = nstk.Field(
        "bands", description="Curvature that the history adds to: learnt for each frequency band, or one number for all."
    )
    first: float = nstk.Field(1.0, gt=0, le=100, description="Length of the first move of a scale, levels (root mean square).")

    def start(self, problem: nstk.Problem, before: nstk.Stepper | None = None) -> nstk.Stepper:
        return LbfgsStepper(problem, self, before if isinstance(before, LbfgsStepper) else None)


class LbfgsStepper(nstk.Stepper):
    """The state of one scale: the last good picture, the history, and the move that is being tried."""

    def __init__(self, problem: nstk.Problem, settings: Lbfgs, before: LbfgsStepper | None):
        import tensorflow as tf

        self.problem, self.settings = problem, settings
        self.size = int(problem.image.shape.num_elements())
        self.bands = Bands(problem, before.bands if before else None) if settings.scaling == "bands" else None
        m = settings.history

        def picture() -> Any:
            return tf.Variable(tf.zeros_like(problem.image))

        self.moves = tf.Variable(tf.zeros([m, self.size]))  # s, a row each
        self.changes = tf.Variable(tf.zeros([m, self.size]))  # y
        self.products = tf.Variable(tf.eye(m, dtype=tf.float64))  # s_i . y_j
        self.count = tf.Variable(0, dtype=tf.int64)  # pairs ever remembered: the oldest row is overwritten
        self.scale = tf.Variable(1.0)  # the scalar curvature's inverse, s . y / y . y
        self.good, self.gradient, self.direction = picture(), picture(), picture()
        self.loss = tf.Variable(0.0)  # of the good picture
        self.start = tf.Variable(0.0)  # the size of the first loss
        self.slope = tf.Variable(0.0)  # gradient . direction
        self.length = tf.Variable(0.0)  # share of the direction that is being tried
        self.begun = tf.Variable(False)
        self.rejected = tf.Variable(0)  # moves in a row
        self.flat = tf.Variable(0)  # steps in a row without a decrease worth the name
        self.stuck = tf.Variable(False)
        self.losses: dict[str, Any] = {}  # of the good picture, by label: made when the labels are known

    @property
    def variables(self) -> Sequence[Any]:  # type: ignore[override]
        own = [value for value in vars(self).values() if hasattr(value, "assign")]
        return [*own, *self.losses.values(), *(self.bands.variables if self.bands else [])]

    def step(self) -> nstk.Evaluation:
        import tensorflow as tf

        evaluation, gradient = self.problem.pixel_gradient()
        self._know(evaluation)
        image = self.problem.image.read_value()
        promised = tf.reduce_sum(self.gradient * (image - self.good))
        fell = (promised < 0.0) & (evaluation.loss <= self.loss + ARMIJO * promised)  # not so for NaN
        tf.cond(
            ~self.begun | fell,
            lambda: self._accept(evaluation, image, gradient),
            lambda: self._reject(evaluation.loss),
        )
        return nstk.Evaluation(self.loss.read_value(), {label: value.read_value() for label, value in self.losses.items()})

    def stalled(self) -> Any:
        return self.stuck.read_value()

    def finish(self) -> None:
        """The last proposal has not been evaluated: keep it if it is better than the last good picture."""
        if not bool(self.problem.evaluate().loss <= self.loss):
            self.problem.image.assign(self.good)

    def _know(self, evaluation: nstk.Evaluation) -> None:
        """Make the variables for the losses, when they are seen for the first time."""
        import tensorflow as tf

        if not self.losses:
            with tf.init_scope():
                self.losses = {label: tf.Variable(0.0) for label in evaluation.losses}

    def _accept(self, evaluation: nstk.Evaluation, image: Any, gradient: Any) -> bool:
        import tensorflow as tf

        decrease = self.loss - evaluation.loss
        self._remember(image - self.good, gradient - self.gradient)
        self.start.assign(tf.where(self.begun, self.start, tf.abs(evaluation.loss)))
        least = tf.maximum(GAIN[0] * tf.abs(self.loss), GAIN[1] * self.start)
        self.flat.assign(tf.where(self.begun & (decrease <= least), self.flat + 1, 0))
        self.good.assign(image)
        self.gradient.assign(gradient)
        self.loss.assign(evaluation.loss)
        for label, value in self.losses.items():
            value.assign(evaluation.losses[label])
        self.begun.assign(True)
        self.rejected.assign(0)
        self.stuck.assign(self.flat >= FLAT)
        self._propose(self._newton())
        return True

    def _reject(self, loss: Any) -> bool:
        """Shorten the move; after many times, drop the history and go downhill; after many more, give up."""
        import tensorflow as tf

        self.rejected.assign_add(1)
        parabola = -self.slope * self.length / (2 * (loss - self.loss - self.slope * self.length))
        shrink = tf.where(tf.math.is_finite(parabola), tf.clip_by_value(parabola, *SHRINK), SHRINK[0])
        self.length.assign(self.length * shrink)

        def restart() -> bool:
            self._forget()
            self._propose(self._steepest())
            return True

        def shorten() -> bool:
            self._move()
            return True

        tf.cond(tf.equal(self.rejected, TRIES), restart, shorten)
        self.stuck.assign(self.rejected >= 2 * TRIES)
        return True

    def _propose(self, direction: Any) -> None:
        """Try a whole new direction; downhill where it is none."""
        import tensorflow as tf

        slope = tf.reduce_sum(self.gradient * direction)
        downhill = slope < 0

        def fall_back() -> Any:
            self._forget()
            return self._steepest()

        direction = tf.cond(downhill, lambda: direction, fall_back)
        self.direction.assign(direction)
        self.slope.assign(tf.reduce_sum(self.gradient * direction))
        self.length.assign(1.0)
        self._move()

    def _move(self) -> None:
        import tensorflow as tf

        self.problem.image.assign(tf.clip_by_value(self.good + self.length * self.direction, 0.0, 255.0))

    def _free(self) -> Any:
        """1 where a pixel can move, 0 where it is at the box's wall and its gradient points outwards."""
        import tensorflow as tf

        held = ((self.good <= 0.0) & (self.gradient > 0.0)) | ((self.good >= 255.0) & (self.gradient < 0.0))
        return tf.cast(~held, tf.float32)

    def _steepest(self) -> Any:
        """Downhill in the parametrization's unknowns, with the length of a first move."""
        import tensorflow as tf

        free = self._free()
        gradient = self.gradient * free
        down = -free * self._scaled(gradient)
        return down * (self.settings.first / tf.maximum(tf.sqrt(tf.reduce_mean(tf.square(down))), 1e-30))

    def _newton(self) -> Any:
        """The quasi-Newton direction; straight down while there is no history."""
        import tensorflow as tf

        return tf.cond(self.count > 0, self._recursion, self._steepest)

    def _recursion(self) -> Any:
        """Algorithm 7.4 of Nocedal and Wright. With R the upper triangle of s_i . y_j, old to new, and D its diagonal:

        R a = S g,    r = H0 (g - Y^T a),    R^T c = D a - Y r,    direction = -(r + S^T c)
        """
        import tensorflow as tf

        free = self._free()
        gradient = self.gradient * free
        m = self.settings.history
        order = tf.cast((self.count + tf.range(m, dtype=tf.int64)) % m, tf.int32)  # rows, the oldest first
        upper = tf.linalg.band_part(tf.gather(tf.gather(self.products, order), order, axis=1), 0, -1)

        def rows(history: Any, vector: Any) -> Any:
            made = tf.linalg.matvec(history, tf.reshape(vector, [-1]))
            return tf.cast(tf.gather(made, order), tf.float64)[:, None]

        def combined(history: Any, weights: Any) -> Any:
            stored = tf.scatter_nd(order[:, None], tf.cast(weights[:, 0], tf.float32), [m])
            return tf.reshape(tf.linalg.matvec(history, stored, transpose_a=True), self.problem.image.shape)

        a = tf.linalg.triangular_solve(upper, rows(self.moves, gradient), lower=False)
        r = free * self._scaled(gradient - combined(self.changes, a))
        right = tf.linalg.diag_part(upper)[:, None] * a - rows(self.changes, r)
        c = tf.linalg.triangular_solve(upper, right, lower=False, adjoint=True)
        return -free * (r + combined(self.moves, c))

    def _scaled(self, vector: Any) -> Any:
        """H0: what the curvature is taken for where the history says nothing."""
        import tensorflow as tf

        def shaped() -> Any:
            return self.scale * self.problem.shape(self.problem.shape(vector))

        bands = self.bands
        return tf.cond(bands.known, lambda: bands.flatten(vector), shaped) if bands else shaped()

    def _remember(self, move: Any, change: Any) -> None:
        """Keep a pair, if its curvature is positive: then H stays positive definite."""
        import tensorflow as tf

        product = tf.reduce_sum(move * change)
        lengths = tf.sqrt(tf.reduce_sum(tf.square(move)) * tf.reduce_sum(tf.square(change)))

        def keep() -> bool:
            row = tf.cast(self.count % self.settings.history, tf.int32)
            flat_move, flat_change = tf.reshape(move, [-1]), tf.reshape(change, [-1])
            self.moves.scatter_nd_update([[row]], flat_move[None])
            self.changes.scatter_nd_update([[row]], flat_change[None])
            self.products.scatter_nd_update([[row]], tf.cast(tf.linalg.matvec(self.changes, flat_move), tf.float64)[None])
            column = tf.cast(tf.linalg.matvec(self.moves, flat_change), tf.float64)
            # Rows that were never filled are zero; a 1 on the diagonal keeps them out of the triangular systems.
            filled = tf.range(self.settings.history, dtype=tf.int64) <= self.count
            others = tf.one_hot(row, self.settings.history, 0.0, 1.0, dtype=tf.float64)
            one = tf.one_hot(row, self.settings.history, dtype=tf.float64)
            kept = self.products * others[None, :] + column[:, None] * one[None, :]
            self.products.assign(tf.linalg.set_diag(kept, tf.where(filled, tf.linalg.diag_part(kept), 1.0)))
            self.count.assign_add(1)
            if self.bands:
                self.bands.learn(move, change)
            else:
                shaped = self.problem.shape(change)
                self.scale.assign(product / tf.reduce_sum(tf.square(shaped)))
            return True

        tf.cond(self.begun & (product > CURVED * lengths), keep, lambda: False)

    def _forget(self) -> None:
        """Drop the history; what the bands have learnt stays."""
        import tensorflow as tf

        self.count.assign(0)
        self.moves.assign(tf.zeros_like(self.moves))
        self.changes.assign(tf.zeros_like(self.changes))
        self.products.assign(tf.eye(self.settings.history, dtype=tf.float64))


class Bands:
    """The objective's curvature in each band of frequencies, the same in all directions and colours, learnt on the way."""

    def __init__(self, problem: nstk.Problem, before: Bands | None):
        import numpy as np
        import tensorflow as tf

        _, self.height, self.width, _ = problem.image.shape
        frequency = np.hypot(np.fft.fftfreq(self.height)[:, None], np.fft.rfftfreq(self.width)[None, :])
        self.lowest = 1 / max(self.height, self.width)
        step = np.log(np.sqrt(0.5) / self.lowest) / (BANDS - 1)  # the bands are even in octaves
        place = np.clip(np.log(np.maximum(frequency, 1e-9) / self.lowest) / step, 0, BANDS - 1)
        self.centres = np.log(self.lowest) + step * np.arange(BANDS)
        self.below = np.minimum(place.astype(np.int32), BANDS - 2)
        self.between = (place - self.below).astype(np.float32)  # 0: in the band below, 1: in the one above
        self.nearest = np.rint(place).astype(np.int32).ravel()
        twice = np.full(frequency.shape, 2, np.float32)  # half of the coefficients are left out, for they are conjugates
        twice[:, 0] = 1
        if self.width % 2 == 0:
            twice[:, -1] = 1
        self.twice = twice.ravel()
        self.moved, self.changed = tf.Variable(tf.zeros(BANDS)), tf.Variable(tf.zeros(BANDS))  # sums of |s|^2, |y|^2
        self.flatness = tf.Variable(tf.ones(BANDS))  # the inverse of the curvature
        self.known = tf.Variable(False)
        if before is not None:
            self._inherit(before)

    @property
    def variables(self) -> list[Any]:
        return [self.moved, self.changed, self.flatness, self.known]

    def _inherit(self, before: Bands) -> None:
        """Begin with the curvature of the scale before, at the same frequencies of the picture.

        A pixel weighs less the more there are: losses that are means have their curvature spread over the pixels.
        """
        import numpy as np

        pixels = self.height * self.width / (before.height * before.width)
        shift = np.log(self.lowest) - np.log(before.lowest)
        known = np.log(np.maximum(before.flatness.numpy(), 1e-30))
        self.flatness.assign(np.exp(np.interp(self.centres, before.centres + shift, known)) * pixels)
        self.known.assign(before.known)

    def _spectrum(self, picture: Any) -> Any:
        import tensorflow as tf

        return tf.signal.rfft2d(tf.transpose(picture[0], [2, 0, 1]))

    def flatten(self, gradient: Any) -> Any:
        """Each band divided by its curvature."""
        import tensorflow as tf

        logs = tf.math.log(self.flatness)
        low, high = tf.gather(logs, self.below), tf.gather(logs, self.below + 1)
        scale = tf.exp(low + self.between * (high - low))
        flat = tf.signal.irfft2d(self._spectrum(gradient) * tf.cast(scale, tf.complex64), [self.height, self.width])
        return tf.transpose(flat, [1, 2, 0])[None]

    def learn(self, move: Any, change: Any) -> None:
        """Take a move and the change of the gradient along it into account."""
        import tensorflow as tf

        def energy(picture: Any) -> Any:
            spectrum = self._spectrum(picture)
            power = tf.reduce_sum(tf.square(tf.math.real(spectrum)) + tf.square(tf.math.imag(spectrum)), axis=0)
            return tf.math.unsorted_segment_sum(tf.reshape(power, [-1]) * self.twice, self.nearest, BANDS)

        self.moved.assign(MEMORY * self.moved + energy(move))
        self.changed.assign(MEMORY * self.changed + energy(change))
        curvature = tf.sqrt(self.changed / tf.maximum(self.moved, 1e-30))
        logs = tf.math.log(tf.maximum(curvature, tf.reduce_max(curvature) / RANGE))
        padded = tf.concat([logs[:1], logs, logs[-1:]], 0)
        smooth = (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4
        self.flatness.assign(tf.exp(-smooth))
        # So that along the last move the curvature is right as a whole: y H0 y = s y, as the scalar's formula has it.
        ratio = tf.reduce_sum(move * change) / tf.reduce_sum(change * self.flatten(change))
        self.flatness.assign(self.flatness * ratio)
        self.known.assign(True)


@nstk.hookimpl
def nstk_optimizers() -> list[type[nstk.Optimizer]]:
    return [Lbfgs]
