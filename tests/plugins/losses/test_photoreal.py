"""The photorealism loss, held against the dense matrix of Levin, Lischinski and Weiss."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import nstk
from nstk import testing
from nstk.objective.sums import each
from nstk.plugins.losses.photoreal import Photoreal
from tests.plugins.losses.samples import close, rows, value

SIZE = 9, 11
CONTENT, PICTURE = np.random.default_rng(0).uniform(0, 255, (2, *SIZE, 3)).astype(np.float32)


def matting_laplacian(content, epsilon):
    """The matrix, window by window, in float64."""
    height, width, _ = content.shape
    colours, number = content.reshape(-1, 3).astype(np.float64) / 255, np.arange(height * width).reshape(height, width)
    made = np.zeros((height * width, height * width))
    for row in range(height - 2):
        for column in range(width - 2):
            window = number[row : row + 3, column : column + 3].ravel()
            centred = colours[window] - colours[window].mean(0)
            spread = centred.T @ centred / 9 + epsilon / 9 * np.eye(3)
            made[np.ix_(window, window)] += np.eye(9) - (1 + centred @ np.linalg.solve(spread, centred.T)) / 9
    return made


def refs_of(content):
    return testing.references(nstk.Pictures(content, {}))


@pytest.mark.parametrize("epsilon", [1e-7, 1e-3])
def test_photoreal_is_the_dense_matrix(epsilon):
    loss, refs = Photoreal(formula="luan", epsilon=epsilon), refs_of(CONTENT)
    v = PICTURE.reshape(-1, 3).astype(np.float64) / 255
    dense = matting_laplacian(CONTENT, epsilon)
    image = tf.constant(PICTURE[None])
    with tf.GradientTape() as tape:
        tape.watch(image)
        made = loss({"image": image}, loss.target(refs))
    assert float(made) == pytest.approx(np.trace(v.T @ dense @ v), rel=1e-5)
    np.testing.assert_allclose(
        tape.gradient(made, image), (2 * dense @ v / 255).reshape(1, *PICTURE.shape), rtol=1e-4, atol=1e-7
    )


@pytest.mark.parametrize("formula", ["relative", "mean"])
def test_photoreal_is_divided(formula):
    windows = np.lib.stride_tricks.sliding_window_view(CONTENT.astype(np.float64) / 255, (3, 3), (0, 1))
    by = {"relative": 9 * windows.var((3, 4)).sum(), "mean": CONTENT.size}[formula]
    found, refs = testing.features(PICTURE), refs_of(CONTENT)
    whole = value(Photoreal(formula="luan"), found, refs)
    assert value(Photoreal(formula=formula), found, refs) == pytest.approx(whole / by, rel=1e-5)


def test_other_colours_cost_nothing():
    smooth = testing.pictures((20, 24)).content
    recoloured = 20 + 0.5 * smooth[..., ::-1]
    textured = smooth + np.random.default_rng(0).normal(0, 20, smooth.shape).astype(np.float32)
    free, dear = (value(Photoreal(), testing.features(it), refs_of(smooth)) for it in (recoloured, textured))
    assert abs(free) < 1e-3 * dear


def test_a_flat_photograph_stays_finite():
    flat = np.full((9, 11, 3), 128, np.float32)
    assert value(Photoreal(), testing.features(flat), refs_of(flat)) == pytest.approx(0, abs=1e-6)
    assert np.isfinite(value(Photoreal(), testing.features(PICTURE), refs_of(flat)))


def test_halves_that_share_two_rows_add_up():
    loss, image, content = Photoreal(), {"image": PICTURE[None]}, {"image": CONTENT[None]}

    def of(at):
        return loss.statistic(rows(image, at), loss.maps(rows(content, at))), loss.of_content(rows(content, at))

    whole, upper, lower, shared = (of(at) for at in (slice(None), slice(None, 6), slice(4, None), slice(4, 6)))
    close(each(lambda a, b, twice: a + b - twice, upper, lower, shared), whole)
