"""The formulas by which a stylized picture is judged, as functions of activations and pixels.

Activations are height x width x channels, pixels height x width x 3, 0..255, both float32. Each measure is higher for a better
picture, and each is blind for something: see `docs/judging_pictures.md`.

- CF, GE and LP are those of Wang et al., "Evaluate and improve the quality of neural style transfer", CVIU 2021.
- E is that of Yeh et al., "Improving style transfer with calibrated metrics", WACV 2020.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

BINS = 128
"""The bins of a colour's histogram over 0..255. Wang et al. spread them over each picture's own range, which hides a shift."""

EDGE = 3
"""The edge of a patch of activations."""

AT_A_TIME = 1024
"""How many patches are compared with all others at a time, in whole rows: their cosines are all that is held."""

DIRECTIONS = (32, 48, 128, 256, 256)
"""How many principal directions of the painting's activations E compares, by layer."""

RIDGE = 1e-4
"""What is added to variances, as a share of the largest one, so that directions in which nothing varies can be compared."""


def cosine(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    """The cosine of the angle between two arrays of equal shape, as vectors; 0 where one of them is zero."""
    a, b = (np.ravel(side).astype(np.float64) for side in (one, other))
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    return float(a @ b / lengths) if lengths else 0.0


def content_fidelity(picture: Sequence[Floats], photograph: Sequence[Floats]) -> float:
    """CF: the mean cosine of the activations with the photograph's, layer by layer (relu4_1 and relu5_1)."""
    return mean(cosine(one, other) for one, other in zip(picture, photograph, strict=True))


def global_effect(picture: Sequence[Floats], painting: Sequence[Floats], pixels: Floats, painted: Floats) -> float:
    """GE: half the mean cosine of the Gram matrices (relu2_1 to relu5_1), half that of the histograms of red, green and blue.

    `pixels` and `painted` are the picture and the painting, whose sizes may differ.
    """
    grams = mean(cosine(gram(one), gram(other)) for one, other in zip(picture, painting, strict=True))
    colours = mean(cosine(histogram(pixels[..., at]), histogram(painted[..., at])) for at in range(3))
    return (grams + colours) / 2


def gram(activations: Floats) -> NDArray[np.float64]:
    """The mean product of each pair of channels: channels x channels."""
    flat = activations.reshape(-1, activations.shape[-1]).astype(np.float64)
    return np.asarray(flat.T @ flat / len(flat))


def histogram(levels: Floats) -> NDArray[np.float64]:
    """How many pixels have each level, in `BINS` bins over 0..255."""
    return np.histogram(levels, BINS, (0, 255))[0].astype(np.float64)


@dataclass(frozen=True, eq=False)
class Marks:
    """The patches of one layer of a painting, as pictures are compared with them."""

    activations: Floats
    lengths: Floats
    """The length of each patch, seen as a vector: by row and column of its first position."""
    different: int
    """How many patches are not alike."""

    @classmethod
    def of(cls, activations: Floats) -> Marks:
        rows = np.round(patches(activations), 4)
        return cls(activations, patch_lengths(activations), len({row.tobytes() for row in rows}))


def local_patterns(picture: Sequence[Floats], painting: Sequence[Marks]) -> float:
    """LP: half the mean cosine of each patch with the most similar one of the painting, half the share of the painting's
    different patches that are the most similar one of some patch (relu3_1 and relu4_1).
    """
    return mean(_local_patterns(one, other) for one, other in zip(picture, painting, strict=True))


def _local_patterns(picture: Floats, painting: Marks) -> float:
    lengths = patch_lengths(picture)
    at_a_time = max(1, AT_A_TIME // lengths.shape[1])
    likeness, used = 0.0, set[int]()
    for first in range(0, len(lengths), at_a_time):
        rows = slice(first, min(first + at_a_time, len(lengths)))
        cosines = _cosines(picture[rows.start : rows.stop + EDGE - 1], lengths[rows], painting)
        best = cosines.argmax(axis=1)
        likeness += float(cosines[np.arange(len(best)), best].sum(dtype=np.float64))
        used.update(best.tolist())
    return (likeness / lengths.size + min(1.0, len(used) / painting.different)) / 2


def _cosines(ours: Floats, lengths: Floats, painting: Marks) -> Floats:
    """The cosine of each patch of some rows with each of the painting: patches x the painting's patches.

    The product of two patches is the sum of the products of their positions. Those are computed once for each pair of
    positions, not once for each pair of patches.
    """
    theirs = painting.activations
    products = (ours.reshape(-1, ours.shape[-1]) @ theirs.reshape(-1, theirs.shape[-1]).T).reshape(
        *ours.shape[:2], *theirs.shape[:2]
    )
    for ours_at, theirs_at in ((1, 3), (0, 2)):
        products = _diagonals(products, ours_at, theirs_at)
    scale = _inverse(lengths)[:, :, None, None] * _inverse(painting.lengths)
    return np.asarray((products * scale).reshape(lengths.size, painting.lengths.size), np.float32)


def _diagonals(products: Floats, *axes: int) -> Floats:
    """The sum of `EDGE` neighbours, both axes moved by the same."""

    def part(start: int) -> tuple[slice, ...]:
        length = [size - EDGE + 1 if axis in axes else size for axis, size in enumerate(products.shape)]
        return tuple(slice(start * (axis in axes), start * (axis in axes) + size) for axis, size in enumerate(length))

    made: Floats = products[part(0)].copy()
    for start in range(1, EDGE):
        made += products[part(start)]
    return made


def _inverse(lengths: Floats) -> Floats:
    return np.asarray(np.divide(1, lengths, out=np.zeros_like(lengths), where=lengths > 0))


def patch_lengths(activations: Floats) -> Floats:
    """The length of each patch of `EDGE` x `EDGE` positions, seen as a vector."""
    squares = np.square(activations).sum(axis=-1)
    return np.asarray(np.sqrt(np.lib.stride_tricks.sliding_window_view(squares, (EDGE, EDGE)).sum(axis=(2, 3))))


def patches(activations: Floats) -> Floats:
    """Every patch of `EDGE` x `EDGE` positions, as a row of length 1."""
    windows = np.lib.stride_tricks.sliding_window_view(activations, (EDGE, EDGE), axis=(0, 1))
    rows = windows.reshape(-1, EDGE * EDGE * activations.shape[-1])
    return np.asarray(rows * _inverse(patch_lengths(activations)).reshape(-1, 1), np.float32)


@dataclass(frozen=True, eq=False)
class Gaussian:
    """How the activations of one layer of a painting vary in its first principal directions."""

    mean: NDArray[np.float64]
    directions: NDArray[np.float64]
    """Channels x directions."""
    variances: NDArray[np.float64]
    ridge: float
    """What is added to each variance."""

    @classmethod
    def of(cls, activations: Floats, directions: int) -> Gaussian:
        middle, covariance = moments(activations)
        variances, axes = np.linalg.eigh(covariance)
        variances, axes = variances[::-1][:directions], axes[:, ::-1][:, :directions]
        ridge = RIDGE * variances[0] + 1e-12
        return cls(middle, axes, np.maximum(variances, 0) + ridge, float(ridge))


def effectiveness(picture: Sequence[Floats], painting: Sequence[Gaussian]) -> float:
    """E: minus the logarithm of the Kullback-Leibler divergence of two Gaussians, the mean over relu1_1 to relu5_1.

    The Gaussians are those of the picture's and of the painting's activations, in the first `DIRECTIONS` of the painting. Yeh
    et al. take the directions from a set of other paintings, so their figures are others than ours.
    """
    return mean(-np.log(divergence(*pair)) for pair in zip(picture, painting, strict=True))


def divergence(picture: Floats, painting: Gaussian) -> float:
    """The Kullback-Leibler divergence of the picture's Gaussian from the painting's, in the painting's principal directions."""
    mean, ours = moments(picture)
    axes, variances = painting.directions, painting.variances
    covariance = axes.T @ ours @ axes + painting.ridge * np.eye(len(variances))
    away = axes.T @ (mean - painting.mean)
    spread = np.sum(np.diag(covariance) / variances) - len(variances)
    volume = np.sum(np.log(variances)) - np.linalg.slogdet(covariance)[1]
    return float(max(1e-6, (spread + volume + np.sum(away**2 / variances)) / 2))


def moments(activations: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The mean (channels) and the covariance (channels x channels) over all positions."""
    flat = activations.reshape(-1, activations.shape[-1]).astype(np.float64)
    middle = flat.mean(axis=0)
    return middle, (flat - middle).T @ (flat - middle) / len(flat)


def mean(values: Iterable[float]) -> float:
    """The mean of a few numbers."""
    return float(np.mean([*values]))
