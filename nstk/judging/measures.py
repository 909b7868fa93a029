"""The formulas by which a stylized picture is judged, as functions of activations and pixels.

Activations are height x width x channels, pixels height x width x 3, 0..255, both float32. Each measure is higher for a better
picture, and each is blind for something: see `docs/judging_pictures.md`.

- CF, GE and LP are those of Wang et al., "Evaluate and improve the quality of neural style transfer", CVIU 2021.
- E is that of Yeh et al., "Improving style transfer with calibrated metrics", WACV 2020.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

BINS = 128
"""The bins of a colour's histogram over 0..255. Wang et al. spread them over each picture's own range, which hides a shift."""

EDGE = 3
"""The edge of a patch of activations."""

AT_A_TIME = 1024
"""How many patches are compared with all others at a time: their cosines are all that is held besides the patches."""

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


def local_patterns(picture: Sequence[Floats], painting: Sequence[Floats]) -> float:
    """LP: half the mean cosine of each patch with the most similar one of the painting, half the share of the painting's
    different patches that are the most similar one of some patch (relu3_1 and relu4_1).
    """
    return mean(_local_patterns(one, other) for one, other in zip(picture, painting, strict=True))


def _local_patterns(picture: Floats, painting: Floats) -> float:
    ours, theirs = patches(picture), patches(painting)
    likeness, used = 0.0, set[int]()
    for start in range(0, len(ours), AT_A_TIME):
        cosines = ours[start : start + AT_A_TIME] @ theirs.T
        best = cosines.argmax(axis=1)
        likeness += float(cosines[np.arange(len(best)), best].sum(dtype=np.float64))
        used.update(best.tolist())
    different = len({patch.tobytes() for patch in np.round(theirs, 4)})
    return (likeness / len(ours) + min(1.0, len(used) / different)) / 2


def patches(activations: Floats) -> Floats:
    """Every patch of `EDGE` x `EDGE` positions, as a row of length 1."""
    windows = np.lib.stride_tricks.sliding_window_view(activations, (EDGE, EDGE), axis=(0, 1))
    rows = windows.reshape(-1, EDGE * EDGE * activations.shape[-1])
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0), np.float32)


def effectiveness(picture: Sequence[Floats], painting: Sequence[Floats]) -> float:
    """E: minus the logarithm of the Kullback-Leibler divergence of two Gaussians, the mean over relu1_1 to relu5_1.

    The Gaussians are those of the picture's and of the painting's activations, in the first `DIRECTIONS` of the painting. Yeh
    et al. take the directions from a set of other paintings, so their figures are others than ours.
    """
    return mean(-np.log(divergence(*pair)) for pair in zip(picture, painting, DIRECTIONS, strict=True))


def divergence(picture: Floats, painting: Floats, directions: int) -> float:
    """The Kullback-Leibler divergence of the picture's Gaussian from the painting's, in the painting's principal directions."""
    (our_mean, ours), (their_mean, theirs) = moments(picture), moments(painting)
    variances, axes = np.linalg.eigh(theirs)
    variances, axes = variances[::-1][:directions], axes[:, ::-1][:, :directions]
    ridge = RIDGE * variances[0] + 1e-12
    variances = np.maximum(variances, 0) + ridge
    covariance = axes.T @ ours @ axes + ridge * np.eye(len(variances))
    away = axes.T @ (our_mean - their_mean)
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
