"""A recipe's mistakes in the words of the recipe."""

from __future__ import annotations

from tests.recipe.samples import PICTURES, refused


def test_thousands_of_mistakes_in_a_moment():
    layers = [f"blok{index}_conv" for index in range(8000)]
    said = refused({"extends": "minimal", "losses": {"gram": {"layers": layers}}})
    assert said.count("has no layer") == 8000
    assert said.count("did you mean") == 100


def test_a_union_is_one_complaint(write):
    text = PICTURES + "plugins: [glow.py]\nlosses: {glow: {amount: much, sizes: [1], others: photo.png}}\n"
    said = refused(write(mine=text))
    assert "`amount` in losses.glow must be a whole number or a number, not the text `much`" in said
    assert "`others` in losses.glow must be a list, not the text" in said
    assert "`losses.glow.sizes` has too few items" in said
