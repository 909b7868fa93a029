"""3 x 3 convolutions with a quarter of the multiplications: Winograd's minimal filtering F(4 x 4, 3 x 3).

Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015 (arXiv:1509.09308), section 4.1: a tile of 4 x 4
results is `A^T [(G g G^T) * (B^T d B)] A` of the kernel `g` and of the 6 x 6 activations `d` that the tile reads. The product,
summed over the channels, is 36 products of matrices where direct convolution has 144. nstk differs from the paper in that each
nested transform such as `B^T d B` is one product with the Kronecker square of its matrix: this takes more operations, but a
library does them.

Numbers are rounded to float32 with factors up to 8 in between, so a convolution differs from a direct one by 2e-6 to 3e-6 of
its norm.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import tensorflow as tf

TILE, WINDOW = 4, 6
"""How many results are computed together in each direction, and how many activations these results depend on."""

LEAST_CHANNELS = 128
"""The smallest number of channels. With fewer, moving the activations about takes longer than the saved multiplications."""
LEAST_TILES, LEAST_NARROW_TILES = 12, 64
"""The smallest number of tiles, and that for a kernel with the fewest channels at both ends. With fewer, reading the kernel's
transform, which is four times as large as the kernel, or moving the activations about takes longer than the saved
multiplications. In a chain of equal convolutions of 12 tiles, one takes 0.46 of a direct one with 512 channels and 0.74 with
256 (AVX-512, two cores)."""

MANY_TILES = 400
"""From how many tiles on a batched product of matrices is as fast as one product after the other (see `_products`)."""


def is_wide(kernel: tuple[int, ...]) -> bool:
    """Whether this algorithm convolves large maps faster with a kernel of this shape, as measured on a processor with AVX2."""
    return min(kernel[2:]) >= LEAST_CHANNELS


def pays(x: tf.Tensor, kernel: tuple[int, ...]) -> bool:
    """Whether `x` is large enough for this algorithm to be faster with a kernel of this shape."""
    count, height, width, _ = x.shape
    if count != 1 or height is None or width is None:
        return False
    return _tiles(height) * _tiles(width) >= (LEAST_TILES if max(kernel[2:]) > LEAST_CHANNELS else LEAST_NARROW_TILES)


def transformed(kernel: np.ndarray) -> tf.Tensor:
    """The transform `[36, inputs, outputs]` that `convolve` takes in place of a kernel `[3, 3, inputs, outputs]`."""
    import tensorflow as tf

    return tf.reshape(tf.matmul(_matrices()[1], kernel.reshape(9, -1)), [WINDOW * WINDOW, *kernel.shape[2:]])


def convolve(x: tf.Tensor, kernel: tf.Tensor, border: int) -> tf.Tensor:
    """The convolution of `x` `[1, height, width, inputs]` that sees `border` rows and columns of zeros beyond each edge.

    `kernel` is `transformed`. The result is `[1, height + 2 border - 2, width + 2 border - 2, outputs]`.
    """
    import tensorflow as tf

    before, _, after = _matrices()
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
    """36 products of matrices. For small maps they come one by one, because TensorFlow's batched product is a third slower."""
    import tensorflow as tf

    if spread.shape[1] >= MANY_TILES:
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
def _matrices() -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """The paper's `B^T`, `G` and `A^T`, each for both directions at once: `[36, 36]`, `[36, 9]`, `[16, 36]`."""
    import numpy as np
    import tensorflow as tf

    before = [[4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0]]
    before += [[0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1]]
    kernel = [[1 / 4, 0, 0], [-1 / 6, -1 / 6, -1 / 6], [-1 / 6, 1 / 6, -1 / 6]]
    kernel += [[1 / 24, 1 / 12, 1 / 6], [1 / 24, -1 / 12, 1 / 6], [0, 0, 1]]
    after = [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]
    with tf.init_scope():
        before, kernel, after = (tf.constant(np.kron(matrix, matrix), tf.float32) for matrix in (before, kernel, after))
    return before, kernel, after
