"""Transparency: the picture under the transparency is painted, and the transparency is laid over the result again.

Alpha is height x width, from 0 (transparent) to 1, and None where a picture is opaque. Colours are straight, that is, not
multiplied by alpha. numpy and Pillow are imported where they are used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .pixels import resampled

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def over_white(colours: NDArray[Any], alpha: NDArray[np.float32] | None) -> NDArray[np.float32]:
    """A picture (height x width x 3, 0..255) as it looks on white paper."""
    import numpy as np

    if alpha is None:
        return np.asarray(colours, np.float32)
    return np.asarray(255 + alpha[..., None] * (np.asarray(colours, np.float32) - 255), np.float32)


def filled(colours: NDArray[np.float32], alpha: NDArray[np.float32] | None) -> NDArray[np.float32]:
    """The colours (height x width x 3), with those of wholly transparent pixels taken from around them.

    The colours that a file has in transparent pixels (black, white, an old background) would show as a fringe once a soft edge
    is resized or painted. The picture is halved again and again until all holes are closed; each pixel is the mean of those
    below it, weighted by their alpha. Then the holes are filled from the coarse to the fine: this is the pull-push of Gortler
    et al., "The Lumigraph", SIGGRAPH 1996. A picture that is transparent everywhere keeps its colours.
    """
    import numpy as np
    from PIL import Image

    if alpha is None or (alpha > 0).all() or not (alpha > 0).any():
        return colours
    height, width = alpha.shape
    half = (width + 1) // 2, (height + 1) // 2
    weight = resampled(alpha, *half, Image.Resampling.BOX)
    sums = [resampled(plane, *half, Image.Resampling.BOX) for plane in np.moveaxis(colours * alpha[..., None], -1, 0)]
    means = np.divide(np.stack(sums, -1), np.where(weight > 0, weight, 1)[..., None], dtype=np.float32)
    coarse = np.moveaxis(filled(means, weight), -1, 0)
    around = np.stack([resampled(plane, width, height, Image.Resampling.BILINEAR) for plane in coarse], -1)
    return np.where(alpha[..., None] > 0, colours, around)


def resize_alpha(alpha: NDArray[np.float32], width: int, height: int) -> NDArray[np.float32]:
    """Alpha in another size in pixels, by bicubic interpolation: Lanczos would leave a faint ring outside a hard edge."""
    from PIL import Image

    if alpha.shape == (height, width):
        return alpha
    return resampled(alpha, width, height, Image.Resampling.BICUBIC).clip(0, 1)
