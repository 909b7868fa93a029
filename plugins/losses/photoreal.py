"""Content loss: how far the picture is from one whose colours depend on the photograph's by a rule that changes slowly.

Luan, Paris, Shechtman and Bala, "Deep Photo Style Transfer", CVPR 2017, equation 2: with M the matting Laplacian of the content
and v a channel of the picture, both with pixels of 0..1,

    L = sum over channels of v^T M v

M is that of Levin, Lischinski and Weiss, "A Closed-Form Solution to Natural Image Matting", 2008: v^T M v is what is left of v
when in each window of 3 x 3 pixels v is fitted by an affine function a^T I + b of the photograph's colours I, with the penalty
`epsilon` |a|^2. So colours may change freely, but a straight edge of the photograph stays straight, and new texture costs.

The matrix is never made. Over the windows, with var and cov those of a window, S the covariance of I and W = S + epsilon / 9,

    v^T M v = sum 9 (var(v) - cov(v, I)^T W^-1 cov(v, I)),        M v = sum over a pixel's windows of v - a^T I - b

with a = W^-1 cov(v, I) and b the mean of v less a^T the mean of I, which are sums over boxes (He, Sun and Tang, "Guided Image
Filtering", 2010). The numbers are the matrix's. Beside this term the paper restricts styles to segments, which nstk does not.

`formula` chooses the normalisation: `relative` L / sum 9 var(I), which is 1 for a picture that is as rough as the photograph
and has none of its forms; `luan` L, whose weight is 10^4 in the paper, beside losses of other scales; `mean` L / elements.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import nstk
from nstk.plugins.losses._windows import SHARED, box_sums, spread

WINDOW = 9
"""How many pixels a window has."""

FLAT = (0.5 / 255) ** 2
"""`relative` divides by at least the variance of windows that are off their mean by half a level."""


class Photoreal(nstk.StatisticLoss):
    """What of the picture is no locally affine function of the content's colours: keeps the result a photograph."""

    name = "photoreal"
    halo = SHARED

    formula: Literal["relative", "luan", "mean"] = nstk.Field(
        "relative",
        description="Normalisation: relative (divided by the content's own variance in windows), luan (the sum) or mean.",
    )
    epsilon: float = nstk.Field(1e-7, gt=0, le=1, description="Penalty of steep rules, for pixels of 0..1; larger is smoother.")

    def maps(self, content: nstk.Features) -> Any:
        """The content's colours, and the inverse of W at each window's centre, `[1, height, width, 9]`."""
        import tensorflow as tf

        guide = unit(content[nstk.IMAGE])
        _, covariance = moments(guide, guide)
        inverse = tf.linalg.inv(covariance + self.epsilon / WINDOW * tf.eye(3, dtype=guide.dtype))
        flat = tf.reshape(tf.cast(inverse, tf.float32), [1, *covariance.shape[1:3], 9])
        return {"guide": content[nstk.IMAGE], "inverse": tf.pad(flat, [[0, 0], [1, 1], [1, 1], [0, 0]])}

    def of_content(self, content: nstk.Features) -> Any:
        import tensorflow as tf

        guide = unit(content[nstk.IMAGE])
        variance = tf.linalg.trace(moments(guide, guide)[1])
        elements = tf.cast(tf.size(content[nstk.IMAGE]), tf.float32)
        return {"variance": tf.cast(WINDOW * tf.reduce_sum(variance), tf.float32), "elements": elements}

    def goal(self, content: Any, styles: Mapping[str, Any]) -> Any:
        return content

    def statistic(self, features: nstk.Features, maps: Any) -> Any:
        return unexplained(features[nstk.IMAGE], maps["guide"], maps["inverse"])

    def score(self, statistic: Any, goal: Any) -> Any:
        import tensorflow as tf

        if self.formula == "relative":
            return statistic / tf.maximum(goal["variance"], FLAT * WINDOW * goal["elements"])
        return statistic / goal["elements"] if self.formula == "mean" else statistic


def unit(image: Any) -> Any:
    """Pixels of 0..1 in float64: variances of flat windows are the differences of two nearly equal numbers."""
    import tensorflow as tf

    return tf.cast(image, tf.float64) / 255


def moments(picture: Any, guide: Any) -> tuple[Any, Any]:
    """The means of a picture's channels over each window, and their covariances with the guide's, `[..., 3, 3]`."""
    import tensorflow as tf

    mean, mean_guide = (box_sums(it) / WINDOW for it in (picture, guide))
    products = picture[..., :, None] * guide[..., None, :]
    joint = box_sums(tf.reshape(products, [*picture.shape[:3], 9])) / WINDOW
    shape = [*mean.shape, 3]
    return mean, tf.reshape(joint, shape) - mean[..., :, None] * mean_guide[..., None, :]


def unexplained(image: Any, guide: Any, inverse: Any) -> Any:
    """The sum over channels of v^T M v, with the gradient 2 M v, for pixels of 0..255."""
    import tensorflow as tf

    @tf.custom_gradient
    def left(image: Any) -> tuple[Any, Callable[[Any], Any]]:
        picture, colours = unit(image), unit(guide)
        mean, covariance = moments(picture, colours)
        shape = [*covariance.shape[:3], 3, 3]
        slopes = tf.matmul(covariance, tf.reshape(tf.cast(inverse[:, 1:-1, 1:-1], tf.float64), shape))
        variance = box_sums(tf.square(picture)) / WINDOW - tf.square(mean)
        value = WINDOW * (tf.reduce_sum(variance) - tf.reduce_sum(slopes * covariance))

        def gradient(upstream: Any) -> Any:
            offsets = mean - tf.linalg.matvec(slopes, box_sums(colours) / WINDOW)
            count = spread(tf.ones_like(mean[..., :1]))
            steep = tf.reshape(spread(tf.reshape(slopes, [*shape[:3], 9])), [*colours.shape, 3])
            rest = count * picture - tf.linalg.matvec(steep, colours) - spread(offsets)
            return tf.cast(2 / 255 * rest, tf.float32) * upstream

        return tf.cast(value, tf.float32), gradient

    return left(image)


@nstk.hookimpl
def nstk_losses() -> list[type[nstk.Loss]]:
    return [Photoreal]
