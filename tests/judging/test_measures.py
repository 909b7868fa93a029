"""What the measures of a stylized picture are, beside the formulas written out the long way."""

from __future__ import annotations

import numpy as np
import pytest

from nstk.judging import measures


@pytest.fixture
def maps() -> list[np.ndarray]:
    """Two maps of activations, 9 x 11 x 6, without negative values, as a network has them."""
    rng = np.random.default_rng(0)
    return [np.maximum(rng.normal(size=(9, 11, 6)), 0).astype(np.float32) for _ in range(2)]


def local_patterns(pictures, paintings):
    return measures.local_patterns(pictures, [*map(measures.Marks.of, paintings)])


def effectiveness(pictures, paintings):
    known = [measures.Gaussian.of(*pair) for pair in zip(paintings, measures.DIRECTIONS, strict=True)]
    return measures.effectiveness(pictures, known)


def test_content_fidelity_is_a_cosine(maps):
    one, other = maps
    expected = np.sum(one * other) / np.sqrt(np.sum(one**2) * np.sum(other**2))
    assert measures.content_fidelity([one, one], [other, one]) == pytest.approx((expected + 1) / 2, rel=1e-6)


def test_nothing_is_like_nothing():
    nothing = np.zeros((9, 11, 6), np.float32)
    assert measures.cosine(nothing, nothing) == 0
    assert local_patterns([nothing], [nothing]) <= 0.5  # no patch is like any, and one kind of patch is used


def test_global_effect_ignores_places(maps):
    one, _ = maps
    pixels = np.random.default_rng(1).uniform(0, 255, (8, 12, 3)).astype(np.float32)
    assert measures.global_effect([one], [one[::-1, ::-1]], pixels, pixels[:, ::-1]) == pytest.approx(1)


def test_global_effect_sees_colours_shifted(maps):
    one, _ = maps
    dark, light = (np.full((8, 12, 3), level, np.float32) for level in (60, 200))
    assert measures.global_effect([one], [one], dark, light) == pytest.approx(0.5)


def test_local_patterns_by_brute_force(maps):
    def rows(activations):
        height, width, _ = activations.shape
        cut = [activations[y : y + 3, x : x + 3].ravel() for y in range(height - 2) for x in range(width - 2)]
        return [row / np.linalg.norm(row) for row in cut]

    ours, theirs = map(rows, maps)
    best = [max(range(len(theirs)), key=lambda at, row=row: row @ theirs[at]) for row in ours]
    likeness = np.mean([row @ theirs[at] for row, at in zip(ours, best, strict=True)])
    expected = (likeness + len(set(best)) / len(theirs)) / 2
    assert local_patterns(maps[:1], maps[1:]) == pytest.approx(expected, rel=1e-5)


def test_one_mark_repeated_is_half_a_match(maps):
    _, painting = maps
    mark = np.tile(painting[:3, :3], (3, 4, 1))
    assert 0.4 < local_patterns([mark], [painting]) < 0.8
    assert local_patterns([painting], [painting]) == pytest.approx(1)


def test_patches_are_compared_in_chunks(maps, monkeypatch):
    whole = local_patterns(maps[:1], maps[1:])
    monkeypatch.setattr(measures, "AT_A_TIME", 7)
    assert local_patterns(maps[:1], maps[1:]) == pytest.approx(whole, rel=1e-6)


def test_divergence_of_known_gaussians():
    rng = np.random.default_rng(2)
    painting = rng.normal(size=(200, 200, 2)) * [3, 1] + [5, 5]
    picture = rng.normal(size=(200, 200, 2)) * [1, 1] + [5, 8]
    expected = (1 / 9 - 1 + np.log(9) + 9) / 2
    assert measures.divergence(picture, measures.Gaussian.of(painting, 2)) == pytest.approx(expected, rel=0.03)


def test_effectiveness_falls_with_distance(maps):
    one, _ = maps
    near, far = ([one + shift] * 5 for shift in (0.05, 0.5))
    same, near, far = (effectiveness(picture, [one] * 5) for picture in ([one] * 5, near, far))
    assert same > near > far


def test_flat_activations_can_be_compared(maps):
    flat = np.ones((9, 11, 6), np.float32)
    assert np.isfinite(effectiveness(maps[:1] * 5, [flat] * 5))
