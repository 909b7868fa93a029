"""3 x 3 convolutions with a quarter of the multiplications: Winograd's minimal filtering F(4 x 4, 3 x 3).

Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015 (arXiv:1509.09308), section 4.1: a tile of 4 x 4
results is `A^T [(G g G^T) * (B^T d B)] A` of the kernel `g` and of the 6 x 6 activations `d` that the tile reads. The product,
summed over the channels, is 36 products of matrices where direct convolution has 144. nstk differs from the paper in that each
nested transform such as `B^T d B` is one product with the Kronecker square of its matrix: this takes more operations, but a
library does them.

The three matrices follow from five points, at which polynomials are multiplied by their values. The paper's points are whole
numbers. Numbers are rounded with factors up to 8 in between, so a convolution in float32 differs from a direct one by 2e-6 to
3e-6 of its norm. bfloat16 has 8 bits, and would lose 2.6 % with these points; with 2/3 and 3/2, whose powers stay near 1, it
loses 1.2 %, where a direct convolution loses 0.3 % (measured, 128 to 512 channels).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import tensorflow as tf

TILE, WINDOW = 4, 6
"""How many results are computed together in each direction, and how many activations these results depend on."""

LEAST_CHANNELS = 128
"""The smallest number of channels. With fewer, moving the activations about takes longer than the saved multiplications."""


@dataclass(frozen=True)
class Variant:
    """How the algorithm goes in one number type. The numbers of tiles were measured on two cores with AVX-512."""

    points: tuple[float, ...]
    """Where polynomials are evaluated, besides infinity."""
    least: int
    """The smallest number of tiles. With fewer, reading the kernel's transform, which is four times as large as the kernel, or
    moving the activations about takes longer than the saved multiplications."""
    least_narrow: int
    """The same for a kernel with the fewest channels at both ends."""
    batched: int
    """From how many tiles on a batched product of matrices is as fast as one product after the other (see `_products`)."""


VARIANTS = {
    "float32": Variant((0, 1, -1, 2, -2), least=12, least_narrow=64, batched=400),
    "bfloat16": Variant((0, 2 / 3, -2 / 3, 3 / 2, -3 / 2), least=30, least_narrow=100, batched=1),
}
"""By the number type. In a chain of equal convolutions of the least number of tiles, one takes 0.46 of a direct one with 512
channels and 0.74 with 256 in float32, 0.70 and 1.0 in bfloat16; of 432 tiles, 0.43 and 0.47 in bfloat16."""


def is_wide(kernel: tuple[int, ...]) -> bool:
    """Whether this algorithm convolves large maps faster with a kernel of this shape."""
    return min(kernel[2:]) >= LEAST_CHANNELS


def pays(x: tf.Tensor, kernel: tuple[int, ...]) -> bool:
    """Whether `x` is large enough for this algorithm to be faster with a kernel of this shape."""
    count, height, width, _ = x.shape
    if count != 1 or height is None or width is None:
        return False
    variant = VARIANTS[x.dtype.name]
    least = variant.least if max(kernel[2:]) > LEAST_CHANNELS else variant.least_narrow
    return _tiles(height) * _tiles(width) >= least


def transformed(kernel: np.ndarray, dtype: str) -> tf.Tensor:
    """The transform `[36, inputs, outputs]` that `convolve` takes in place of a kernel `[3, 3, inputs, outputs]`."""
    import numpy as np
    import tensorflow as tf

    made = _matrices(dtype)[1] @ kernel.reshape(9, -1).astype(np.float32)
    return tf.cast(tf.reshape(made, [WINDOW * WINDOW, *kernel.shape[2:]]), dtype)


def convolve(x: tf.Tensor, kernel: tf.Tensor, border: int) -> tf.Tensor:
    """The convolution of `x` `[1, height, width, inputs]` that sees `border` rows and columns of zeros beyond each edge.

    `kernel` is `transformed`. The result is `[1, height + 2 border - 2, width + 2 border - 2, outputs]`.
    """
    import tensorflow as tf

    before, _, after = _matrices(kernel.dtype.name)
    inputs, outputs = kernel.shape[1:]
    height, width = (length + 2 * border - 2 for length in x.shape[1:3])
    rows, columns = _tiles(height), _tiles(width)
    beyond = TILE * rows - height, TILE * columns - width  # the last tiles reach over the edge

    padded = tf.pad(x, [[0, 0], [border, border + beyond[0]], [border, border + beyond[1]], [0, 0]])
    windows = tf.gather(tf.reshape(padded, [-1, inputs]), _windows(rows, columns))
    spread = tf.matmul(before, tf.reshape(windows, [WINDOW * WINDOW, -1]))
    products = _products(tf.reshape(spread, [WINDOW * WINDOW, rows * columns, inputs]), kernel)
    tiles = tf.reshape(tf.matmul(after, tf.reshape(products, [WINDOW * WINDOW, -1])), [-1, outputs])
    return tf.reshape(tf.gather(tiles, _pixels(height, width)), [1, height, width, outputs])


def _products(spread: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """36 products of matrices.

    For small maps in float32 they come one by one, because TensorFlow's batched product is a third slower.
    """
    import tensorflow as tf

    if spread.shape[1] >= VARIANTS[spread.dtype.name].batched:
        return tf.matmul(spread, kernel)
    # These are raw operations. In an eager step the checks of `tf.matmul` would take as long as the smallest products.
    pairs = zip(tf.unstack(spread), tf.unstack(kernel), strict=True)
    return tf.raw_ops.Pack(values=[tf.raw_ops.MatMul(a=map_, b=factor) for map_, factor in pairs])


def _tiles(length: int) -> int:
    return -(-length // TILE)


@lru_cache(maxsize=32)
def _windows(rows: int, columns: int) -> tf.Tensor:
    """Where the pixels of each tile's window lie in the padded picture: the first pixel of every tile, then the second, ..."""
    import numpy as np
    import tensorflow as tf

    width = TILE * columns + 2
    y, x, row, column = np.ogrid[:WINDOW, :WINDOW, :rows, :columns]
    with tf.init_scope():  # all graphs share one tensor and hold no constant each
        return tf.constant(((TILE * row + y) * width + TILE * column + x).ravel(), tf.int32)


@lru_cache(maxsize=32)
def _pixels(height: int, width: int) -> tf.Tensor:
    """Where each pixel lies among the tiles' pixels: the first pixel of every tile, then the second, ..."""
    import numpy as np
    import tensorflow as tf

    rows, columns = _tiles(height), _tiles(width)
    y, x = np.ogrid[:height, :width]
    with tf.init_scope():
        return tf.constant((((y % TILE * TILE + x % TILE) * rows + y // TILE) * columns + x // TILE).ravel(), tf.int32)


@cache
def _matrices(dtype: str) -> tuple[tf.Tensor, np.ndarray, tf.Tensor]:
    """The paper's `B^T`, `G` and `A^T`, each for both directions at once: `[36, 36]`, `[36, 9]`, `[16, 36]`.

    The signs of some rows of `B^T` and `G` are the paper's turned around, which cancels out.
    """
    import numpy as np
    import tensorflow as tf

    points = np.array(VARIANTS[dtype].points)
    rests = [np.delete(points, index) for index in range(len(points))]
    before = np.zeros((WINDOW, WINDOW))
    for row, roots in zip(before, [*rests, points], strict=True):  # the last one is of infinity, as below
        row[: len(roots) + 1] = np.polynomial.polynomial.polyfromroots(roots)
    distances = np.array([np.prod(point - rest) for point, rest in zip(points, rests, strict=True)])
    kernel = np.vstack([np.vander(points, 3, increasing=True) / distances[:, None], [0, 0, 1]])
    after = np.vstack([np.vander(points, TILE, increasing=True), np.eye(TILE)[-1]]).T
    with tf.init_scope():
        there, back = (tf.cast(tf.constant(np.kron(matrix, matrix)), dtype) for matrix in (before, after))
    return there, np.kron(kernel, kernel).astype(np.float32), back
