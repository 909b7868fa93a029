"""L-BFGS within the box 0..255: the curvature of the objective is estimated from the gradients of the last steps.

The source is the two-loop recursion (algorithm 7.4) of Nocedal and Wright, "Numerical Optimization", 2nd edition. Its two loops
are written as triangular systems of the inner products, so that the history is read in a few matrix products. nstk differs from
the book in five things:

- **The box.** A pixel at 0 or 255 whose gradient points outwards stands still, the others move in the subspace that is left,
  and what leaves the box is clipped (Bertsekas, "Projected Newton methods for optimization problems with simple constraints",
  1982).
- **One evaluation a step.** A step evaluates the picture that the step before proposed. If the loss has not fallen enough
  (Armijo), the next proposal lies between the last good picture and this one, at the minimum of a parabola through both.
- **The curvature of each frequency band** replaces the scalar that the recursion starts from (`scaling: bands`). With s the
  moves and y the changes of the gradient, a band has about the curvature |y| / |s|, summed over the last steps with a decay.
  A style loss is some hundred times flatter in a picture's lowest frequencies than in the middle ones, in proportions that
  depend on the losses and on the pictures, so they are learnt.
- **The parametrization.** With pixels = A u, L-BFGS on the unknowns u is the recursion on the pixels that starts from
  H0 = A D A, where D is the inverse curvature of the unknowns: one number, or one for each band (see `_bands.py`).
- **Restarts.** When the proposals shrink to nothing, the history is dropped. If this does not help, the optimizer says that it
  has stalled. A picture whose loss or gradient is NaN or infinite counts as a picture whose loss has not fallen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import nstk
from nstk.plugins.optimizers._bands import Bands
from nstk.plugins.optimizers._history import History, inner, keep_each

ARMIJO = 1e-4
"""The least share of the decrease that the gradient promises which a step must reach (Nocedal and Wright, equation 3.4)."""
SHRINK = (0.1, 0.5)
"""The smallest and the largest factor by which a rejected move is shortened."""
TRIES = 8
"""After how many rejected moves in a row the history is dropped. After as many more, the optimizer stalls."""
FLAT = 20
"""After how many steps in a row that gain nothing the optimizer stalls."""
GAIN = 1e-7, 1e-10
"""Two shares, one of the loss itself (float32 has 7 digits) and one of the loss at the beginning of the scale. A step gains
something if the loss falls by more than both."""
CURVED = 1e-6
"""The least cosine between a move and the change of the gradient with which the pair is kept: curvature must be positive."""
NEWTON, DOWNHILL, SHORTER = range(3)
"""The ways to the next proposal: a quasi-Newton step, straight down, or the same direction at a smaller length."""
OTHERS = 3
"""How many pictures are held beside the history: the last good picture's gradient, the direction, and one in between."""
LEAST = 1e-30
"""The least square of the move, and of the change, of a pair that is kept: float32 ends at 1e-38, and parts are squared."""


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

    def pictures(self, steps: int) -> int:
        return OTHERS + 2 * min(self.history, max(0, steps - 1))  # the first step remembers nothing

    def within(self, pictures: int) -> nstk.Optimizer:
        return self.model_copy(update={"history": min(self.history, max(1, (pictures - OTHERS) // 2))})


class LbfgsStepper(nstk.Stepper):
    """The state of one scale: the last good picture, the history, and the move that is being tried."""

    def __init__(self, problem: nstk.Problem, settings: Lbfgs, before: LbfgsStepper | None):
        import tensorflow as tf

        self.problem, self.settings = problem, settings
        self.bands = Bands(problem, before.bands if before else None) if settings.scaling == "bands" else None
        m = settings.history
        nothing = tf.zeros_like(problem.image)  # all share this one, and take memory when needed
        self.moves, self.changes = History(m, nothing), History(m, nothing)  # s and y
        self.products = tf.Variable(tf.eye(m, dtype=tf.float64))  # s_i . y_j
        self.count = tf.Variable(0, dtype=tf.int64)  # how many pairs were ever remembered
        self.scale = tf.Variable(1.0)  # the inverse of the scalar curvature, s . y / y . y
        self.good, self.gradient, self.direction = (tf.Variable(nothing) for _ in range(3))
        self.loss = tf.Variable(0.0)  # the loss of the good picture
        self.start = tf.Variable(0.0)  # the size of the first loss
        self.slope = tf.Variable(0.0)  # gradient . direction
        self.length = tf.Variable(0.0)  # the share of the direction that is being tried
        self.begun = tf.Variable(False)
        self.rejected = tf.Variable(0)  # how many moves in a row were rejected
        self.flat = tf.Variable(0)  # how many steps in a row gained nothing
        self.stuck = tf.Variable(False)
        self.losses = tf.Variable(tf.zeros([len(problem.labels)]))  # each loss of the good picture; XLA wants a fixed shape

    @property
    def variables(self) -> Sequence[Any]:  # type: ignore[override]
        own = [value for value in vars(self).values() if hasattr(value, "assign")]
        history = [*self.moves.variables, *self.changes.variables]
        return [*own, *history, *(self.bands.variables if self.bands else [])]

    def step(self) -> nstk.Evaluation:
        import tensorflow as tf

        evaluation, gradient = self.problem.pixel_gradient()
        image = self.problem.image.read_value()
        promised = inner(self.gradient, image - self.good)
        finite = tf.math.is_finite(evaluation.loss) & tf.reduce_all(tf.math.is_finite(gradient))
        fell = finite & (promised < 0.0) & (evaluation.loss <= self.loss + ARMIJO * promised)
        # Each way to a proposal is written once: a branch inside a branch would be traced anew for each place where it stands.
        way = tf.cond(
            ~self.begun | fell,
            lambda: self._accept(evaluation, image, gradient),
            lambda: self._reject(evaluation.loss),
        )
        leads_down = tf.cond(tf.equal(way, NEWTON), self._newton, lambda: False)
        tf.cond(tf.equal(way, DOWNHILL) | (tf.equal(way, NEWTON) & tf.logical_not(leads_down)), self._downhill, lambda: False)
        tf.cond(tf.equal(way, SHORTER), lambda: False, self._aim)
        self._move()
        losses = tf.unstack(self.losses.read_value(), num=len(evaluation.losses))
        return nstk.Evaluation(self.loss.read_value(), dict(zip(evaluation.losses, losses, strict=True)))

    def stalled(self) -> Any:
        return self.stuck.read_value()

    def recover(self) -> bool:
        """Begin again at the last good picture, without what was learnt, for it led to a direction that is not finite."""
        import numpy as np

        if not np.isfinite(self.gradient).all():
            return False
        self.scale.assign(1.0)
        if self.bands:
            self.bands.forget()
        self._downhill()
        self._aim()
        self._move()
        return True

    def finish(self) -> None:
        """Evaluate the last proposal, which no step has done, and keep it if it is better than the last good picture."""
        import numpy as np

        loss = self.problem.evaluate().loss
        if not (np.isfinite(loss) and float(loss) <= float(self.loss)):
            self.problem.image.assign(self.good)

    def _accept(self, evaluation: nstk.Evaluation, image: Any, gradient: Any) -> Any:
        """Take the picture for the good one. Returns the way to the next: there is none but downhill without a history."""
        import tensorflow as tf

        decrease = self.loss - evaluation.loss
        self._remember(_replaced(self.good, image), _replaced(self.gradient, gradient))
        self.start.assign(tf.where(self.begun, self.start, tf.abs(evaluation.loss)))
        least = tf.maximum(GAIN[0] * tf.abs(self.loss), GAIN[1] * self.start)
        self.flat.assign(tf.where(self.begun & (decrease <= least), self.flat + 1, 0))
        self.loss.assign(evaluation.loss)
        self.losses.assign(tf.stack(list(evaluation.losses.values())))
        self.begun.assign(True)
        self.rejected.assign(0)
        self.stuck.assign(self.flat >= FLAT)
        return tf.where(self.count.read_value() > 0, NEWTON, DOWNHILL)

    def _reject(self, loss: Any) -> Any:
        """Shorten the move. Returns the way to the next: downhill after many rejections. After many more, give up."""
        import tensorflow as tf

        self.rejected.assign_add(1)
        parabola = -self.slope * self.length / (2 * (loss - self.loss - self.slope * self.length))
        shrink = tf.where(tf.math.is_finite(parabola), tf.clip_by_value(parabola, *SHRINK), SHRINK[0])
        self.length.assign(self.length * shrink)
        self.stuck.assign(self.rejected >= 2 * TRIES)
        return tf.where(tf.equal(self.rejected, TRIES), DOWNHILL, SHORTER)

    def _aim(self) -> bool:
        """Try the direction at full length."""
        self.slope.assign(inner(self.gradient, self.direction))
        self.length.assign(1.0)
        return True

    def _move(self) -> None:
        import tensorflow as tf

        self.problem.image.assign(tf.maximum(tf.minimum(self.good + self.length * self.direction, 255.0), 0.0))

    def _free(self) -> None:
        """Take the pixels out of the direction that cannot move: those at the box's wall whose gradient points outwards."""
        import tensorflow as tf

        held = ((self.good <= 0.0) & (self.gradient > 0.0)) | ((self.good >= 255.0) & (self.gradient < 0.0))
        self.direction.assign(tf.where(held, 0.0, self.direction))

    def _downhill(self) -> bool:
        """Drop the history, and point downhill in the parametrization's unknowns, with the length of a first move."""
        import tensorflow as tf

        self._forget()
        direction = self.direction
        direction.assign(self.gradient)
        self._free()
        direction.assign(self._scaled(direction))
        self._free()
        size = tf.sqrt(inner(direction, direction) / direction.shape.num_elements())
        direction.assign(direction * (-self.settings.first / tf.maximum(size, 1e-30)))
        return True

    def _newton(self) -> Any:
        """Point where the quasi-Newton step leads. Returns whether that is downhill.

        This is algorithm 7.4 of Nocedal and Wright. With R the upper triangle of s_i . y_j, old to new, and D its diagonal:

        R a = S g,    r = H0 (g - Y^T a),    R^T c = D a - Y r,    direction = -(r + S^T c)

        All is negative from the start, and the direction is made in its own variable, because copies of a large picture count.
        """
        import tensorflow as tf

        direction, m = self.direction, self.settings.history
        order = self.count.read_value() + tf.range(m, dtype=tf.int64)
        order = tf.cast(tf.math.floormod(order, m), tf.int32)  # the oldest pair comes first
        upper = tf.linalg.band_part(tf.gather(tf.gather(self.products, order), order, axis=1), 0, -1)

        def products(history: History) -> Any:
            return tf.gather(history.products(direction), order)[:, None]

        def add(history: History, weights: Any) -> None:
            history.add_to(direction, tf.scatter_nd(order[:, None], weights[:, 0], [m]))

        direction.assign(-self.gradient)
        self._free()
        a = tf.linalg.triangular_solve(upper, products(self.moves), lower=False)
        add(self.changes, -a)
        direction.assign(self._scaled(direction))
        self._free()
        right = tf.linalg.diag_part(upper)[:, None] * a - products(self.changes)
        add(self.moves, tf.linalg.triangular_solve(upper, right, lower=False, adjoint=True))
        self._free()
        return inner(self.gradient, direction) < 0

    def _scaled(self, vector: Any) -> Any:
        """H0 times a vector: the inverse of the curvature that is assumed where the history says nothing, A D A."""
        import tensorflow as tf

        shape, bands = self.problem.shape, self.bands

        def in_bands() -> Any:
            return shape(bands.flatten(shape(vector)))

        def in_all() -> Any:
            return self.scale * shape(shape(vector))

        return tf.cond(bands.known, in_bands, in_all) if bands else in_all()

    def _remember(self, move: Any, change: Any) -> None:
        """Keep a pair if its curvature is positive, so that H stays positive definite."""
        import tensorflow as tf

        product, moved, changed = inner(move, change), inner(move, move), inner(change, change)
        curved = (product > CURVED * tf.sqrt(moved) * tf.sqrt(changed)) & (tf.minimum(moved, changed) > LEAST)

        def keep() -> bool:
            row = tf.cast(tf.math.floormod(self.count.read_value(), self.settings.history), tf.int32)
            keep_each(row, [(self.moves, move), (self.changes, change)])
            self.products.scatter_nd_update([[row]], self.changes.products(move)[None])
            column = self.moves.products(change)
            # Pairs that were never kept are zero. A 1 on the diagonal keeps them out of the triangular systems.
            filled = tf.range(self.settings.history, dtype=tf.int64) <= self.count.read_value()
            others = tf.one_hot(row, self.settings.history, 0.0, 1.0, dtype=tf.float64)
            one = tf.one_hot(row, self.settings.history, dtype=tf.float64)
            kept = self.products * others[None, :] + column[:, None] * one[None, :]
            self.products.assign(tf.linalg.set_diag(kept, tf.where(filled, tf.linalg.diag_part(kept), 1.0)))
            self.count.assign_add(1)
            shaped = self.problem.shape(change)
            if self.bands:
                self.bands.learn(move, change, shaped, product)
            else:
                self.scale.assign(product / inner(shaped, shaped))
            return True

        tf.cond(self.begun & curved, keep, lambda: False)

    def _forget(self) -> None:
        """Drop the history. What the bands have learnt stays."""
        import tensorflow as tf

        self.count.assign(0)
        self.moves.forget()
        self.changes.forget()
        self.products.assign(tf.eye(self.settings.history, dtype=tf.float64))


def _replaced(variable: Any, value: Any) -> Any:
    """Assign a value to a variable. Returns how much the value differs from the one before."""
    difference = value - variable
    variable.assign(value)
    return difference


@nstk.hookimpl
def nstk_optimizers() -> list[type[nstk.Optimizer]]:
    return [Lbfgs]
