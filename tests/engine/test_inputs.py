"""The pictures of a scale."""

from __future__ import annotations

from nstk import testing
from nstk.engine import scale


def test_a_style_scale_is_the_styles_own_size(tmp_path):
    recipe = testing.recipe(tmp_path, style_scale=0.5)
    pictures = scale.pictures_of(recipe, 48, 36)
    assert pictures.content.shape == (36, 48, 3)
    assert pictures.styles["style"].shape == (18, 24, 3)
