"""Whose colours the result has: what each of them does to a painting or to the result, and that a run asks for it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

import nstk
from nstk import testing
from nstk.plugins.colours._oklab import lab, pixels
from nstk.plugins.colours.histogram import Histogram
from nstk.plugins.colours.keep import ROWS, Keep
from nstk.plugins.colours.match import Match, moments

MADE = testing.pictures((70, 91), seed=3)
CONTENT, STYLE = MADE.content, MADE.styles["style"]


def test_oklab_is_that_of_its_author():
    """The lightness and the axes of white and of red, as his page and its users have them."""
    np.testing.assert_allclose(lab(np.array([255, 255, 255])), [1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(lab(np.array([255, 0, 0])), [0.62796, 0.22486, 0.12585], atol=1e-5)
    np.testing.assert_allclose(lab(np.array([0, 0, 0])), [0, 0, 0], atol=1e-12)


@given(st.lists(st.integers(0, 255), min_size=3, max_size=3))
def test_oklab_there_and_back(colour):
    np.testing.assert_allclose(pixels(lab(np.array([colour]))), [colour], atol=1e-2)


@given(st.floats(0, 1), st.floats(-0.5, 0.5), st.floats(-0.5, 0.5))
def test_a_colour_too_strong_keeps_lightness_and_hue(lightness, a, b):
    asked = np.array([[lightness, a, b]])
    shown = lab(pixels(asked))[0]
    assert shown[0] == pytest.approx(lightness, abs=5e-3)
    assert shown[1] * b - shown[2] * a == pytest.approx(0, abs=5e-3)


def test_keep_has_the_lightness_of_the_paint_and_the_colours_of_the_photograph():
    soft = 100 + CONTENT * 0.2, 90 + STYLE * 0.3  # no colour is too strong for the other's lightness
    photograph, painted = (np.float32(it) for it in soft)
    made = Keep().of_picture(painted, photograph)
    np.testing.assert_allclose(lab(made)[..., 0], lab(painted)[..., 0], atol=1e-4)
    np.testing.assert_allclose(lab(made)[..., 1:], lab(photograph)[..., 1:], atol=1e-4)


@pytest.mark.parametrize("rows", [1, ROWS, ROWS + 1])
def test_keep_knows_no_seams(rows):
    tall = np.resize(STYLE, (rows, 20, 3)), np.resize(CONTENT, (rows, 20, 3))
    one_by_one = [Keep().of_picture(*(it[row : row + 1] for it in tall)) for row in range(rows)]
    assert np.array_equal(Keep().of_picture(*tall), np.concatenate(one_by_one))


def test_a_photograph_keeps_itself():
    np.testing.assert_allclose(Keep().of_picture(CONTENT, CONTENT), CONTENT, atol=1e-2)
    np.testing.assert_allclose(Match().of_style(CONTENT, CONTENT), CONTENT, atol=1e-2)
    np.testing.assert_allclose(Histogram().of_style(CONTENT, CONTENT), CONTENT, atol=0.5)


def test_match_gives_the_painting_the_photographs_mean_and_covariance():
    (mean, covariance), (wanted, theirs) = moments(Match().of_style(STYLE, CONTENT)), moments(CONTENT)
    np.testing.assert_allclose(mean, wanted, atol=0.01)
    np.testing.assert_allclose(covariance, theirs, atol=0.02 * theirs.max())


def test_match_of_a_grey_painting_is_finite():
    grey = np.repeat(STYLE.mean(axis=-1, keepdims=True), 3, axis=-1)
    for painting in (grey, np.full_like(STYLE, 90)):
        assert np.isfinite(Match().of_style(painting, CONTENT)).all()
        assert np.isfinite(Histogram().of_style(painting, CONTENT)).all()


def test_histogram_gives_the_painting_the_photographs_histograms():
    """Along the three channels, and along an axis that none of the turns has."""
    before = np.float32(0.4 * STYLE + [120, 20, 40])
    made, shares = Histogram().of_style(before, CONTENT), np.linspace(0.02, 0.98, 25)
    for axis in (*np.eye(3), np.array([0.6, -0.64, 0.48])):
        found, first, wanted = (np.quantile(it @ axis, shares) for it in (made, before, CONTENT))
        assert np.abs(found - wanted).mean() < min(4, 0.2 * np.abs(first - wanted).mean())


def run(folder, colours, **more):
    recipe = testing.recipe(folder, colours=colours, **{"size": 48, "output": False, "steps": 4, "run_eagerly": True, **more})
    return nstk.run(recipe, quiet=True)


def test_a_run_keeps_the_photographs_colours_and_paints_the_same(tmp_path):
    gram = {"gram": {"layers": ["image", "block1_conv1"]}}  # dark pixels are few: their rounding counts for more in `expected`
    plain, kept = run(tmp_path, "painting", losses=gram), run(tmp_path, "keep", losses=gram)
    assert plain.losses == kept.losses, "colours are no part of the steps"
    expected = Keep().of_picture(np.float32(plain.picture), nstk.read_picture(tmp_path / "content.png"))
    np.testing.assert_allclose(kept.picture, expected, atol=3)
    assert not np.array_equal(plain.picture, kept.picture)


@pytest.mark.parametrize("colours", ["match", "histogram"])
def test_a_run_sees_the_painting_recoloured(colours, tmp_path):
    """In one session as in two: what is remembered of a painting belongs to its colours, and to the photograph."""
    settings = {"size": 48, "output": False, "steps": 2, "run_eagerly": True}
    with nstk.Session() as session:
        nstk.write_picture(CONTENT, tmp_path / "other.png")
        recipes = [testing.recipe(tmp_path, **settings), testing.recipe(tmp_path, colours=colours, **settings)]
        recipes.append(testing.recipe(tmp_path, colours=colours, content=str(tmp_path / "other.png"), **settings))
        losses = [session.run(recipe, quiet=True).losses for recipe in recipes]
    assert losses == [nstk.run(recipe, quiet=True).losses for recipe in recipes]
    assert losses[0]["colour"] > 2 * losses[1]["colour"]


def test_snapshots_previews_and_a_resumed_run_have_the_colours_too(tmp_path):
    """What is painted goes on from itself, not from what is shown: the last bits are those of a run at one go."""
    settings = {"pyramid": {"levels": 2}, "steps": [3, 3], "callbacks": {"snapshots": {"every": 6}}}
    recipe = testing.recipe(tmp_path, colours="keep", size=64, run_eagerly=True, **settings)
    result = nstk.run(recipe, quiet=True)
    assert np.array_equal(nstk.read_picture(tmp_path / "out-00006.png"), result.picture)
    again = run(tmp_path, "painting", size=64, **{**settings, "callbacks": {}})
    assert again.losses == result.losses


def test_colours_may_not_write_to_what_they_are_given(tmp_path):
    class Careless(nstk.Colours):
        """Whitens the photograph on the way."""

        name = "careless"

        def of_style(self, style, content):
            content[:] = 255
            return style

    with pytest.raises(nstk.RunError, match="read-only"):
        run(tmp_path, "careless", plugins=[Careless])


@pytest.mark.parametrize(("made", "told"), [(np.zeros((48, 48, 1)), "made an array of shape"), (np.nan, "NaN or infinite")])
def test_colours_that_are_no_picture_are_refused(made, told):
    class Bad(nstk.Colours):
        """No picture."""

        name = "bad"

        def of_picture(self, picture, content):
            return made if isinstance(made, np.ndarray) else np.full_like(picture, made)

    pictures = {"content": CONTENT, "style": STYLE, "output": False, "callbacks": {"progress": False}}
    with pytest.raises(nstk.RunError, match=f"colours `bad` .*{told}"):
        nstk.run({"size": 48, "steps": 1, "backbone": "tiny", "colours": "bad", "plugins": [Bad], **pictures}, quiet=True)
