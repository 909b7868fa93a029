"""The part of the content that is painted, against boxes that are worked out in fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, strategies as st

import nstk
from nstk import pictures
from nstk.checkpoints.provenance import changes, origins
from nstk.recipe.crop import PLACES, box, matching
from tests.recipe.samples import PICTURES, refused

EDGES = st.integers(16, 3000)


def rounded(number):
    """The nearest whole number; a half is rounded up."""
    return int(number + Fraction(1, 2))


def largest(width, height, aspect):
    """The edges of the largest part with an aspect, in fractions, then rounded."""
    scale = min(Fraction(width, aspect[0]), Fraction(height, aspect[1]))
    return max(1, rounded(aspect[0] * scale)), max(1, rounded(aspect[1] * scale))


@given(EDGES, EDGES, EDGES, EDGES, st.sampled_from([*PLACES]))
def test_it_is_the_largest_part(width, height, across, down, place):
    left, top, right, bottom = box(width, height, (across, down), place)
    assert (right - left, bottom - top) == largest(width, height, (across, down))
    shares = {"left": 0, "top": 0, "right": 1, "bottom": 1}
    where = {"left": Fraction(1, 2), "top": Fraction(1, 2)}
    for word in place.split():
        where["left" if word in ("left", "right") else "top"] = shares.get(word, Fraction(1, 2))
    assert left == rounded((width - (right - left)) * where["left"])
    assert top == rounded((height - (bottom - top)) * where["top"])


@given(EDGES, EDGES, st.integers(1, 9))
def test_of_the_same_aspect_nothing_is_cut(width, height, times):
    assert box(width, height, (times * width, times * height), "bottom right") == (0, 0, width, height)


@pytest.mark.parametrize(
    ("photograph", "aspect", "crop", "expected"),
    [
        ((4000, 3000), (1920, 1080), "centre", (0, 375, 4000, 2625)),
        ((4000, 3000), (1920, 1080), "top", (0, 0, 4000, 2250)),
        ((4000, 3000), (1920, 1080), "left", (0, 375, 4000, 2625)),
        ((4000, 3000), (1080, 1920), "left", (0, 0, 1688, 3000)),  # 1687.5 columns
        ((4000, 3000), (100, 100), [0.25, 0.9], (250, 0, 3250, 3000)),
        ((101, 50), (100, 50), "centre", (1, 0, 101, 50)),  # half a column is left over on each side
    ],
)
def test_boxes_worked_out_by_hand(photograph, aspect, crop, expected):
    assert box(*photograph, aspect, crop) == expected


@pytest.mark.parametrize("size", ["size: 64x20", "size: 64 X 20", "size: 64\u00d720", "{width: 64, height: 20}"])
def test_one_result_for_every_spelling(size, write):
    recipe = nstk.load_recipe(write(mine=PICTURES + size.strip("{}").replace(", ", "\n")))
    assert (recipe.size, recipe.shape) == (64, (64, 20))
    assert recipe.to_plain()["size"] == "64x20"
    assert "width" not in recipe.to_plain()
    again = nstk.load_recipe({**recipe.to_plain(), "losses": {"tv": None}})
    assert again.shape == (64, 20)


@pytest.mark.parametrize(("key", "edge", "size"), [("width", 400, 400), ("height", 300, 400), ("height", 301, 401)])
def test_one_edge_keeps_the_aspect(key, edge, size, write):
    recipe = nstk.load_recipe(write(mine=f"{PICTURES}{key}: {edge}\n"))
    assert (recipe.size, recipe.aspect) == (size, None)


@given(EDGES, EDGES, EDGES)
def test_one_edge_is_met_exactly(width, height, edge):
    from nstk.recipe.scales import long_edge_for

    assert pictures.fit(width, height, long_edge_for(edge, width, height))[0] == edge
    assert pictures.fit(width, height, long_edge_for(edge, height, width))[1] == edge


@pytest.mark.parametrize(
    ("below", "above", "shape"),
    [
        ("size: 64x20", "size: 32", (64, 48)),
        ("size: 300", "width: 64\nheight: 20", (64, 20)),
        ("width: 64\nheight: 20", "size: 32", (64, 48)),
        ("width: 64", "height: 20", (64, 20)),
    ],
)
def test_a_later_recipe_replaces_the_size(below, above, shape, write):
    write(parent=PICTURES + below)
    assert nstk.load_recipe(write(child=f"extends: parent.yaml\n{above}\n")).shape == shape
    assert nstk.load_recipe("parent.yaml", above.replace(": ", "=").split("\n")).shape == shape


def test_a_size_is_said_once(write):
    assert "`size` and `width` both say how large the result is" in refused(write(mine=PICTURES + "size: 64\nwidth: 64\n"))
    assert "both say how large" in refused("default", ["size=64", "height=64"])


@pytest.mark.parametrize(
    ("size", "meant"),
    [
        ("[1920, 1080]", "write `1920x1080`"),
        ("1920*1080", "write `1920x1080`"),
        ("1920:1080", "write `1920x1080`"),
        ("1920 by 1080", "write `1920x1080`"),
        ("1920x1080px", "write `1920x1080`"),
        ("1080p", "write `1920x1080`"),
        ("4K", "write `3840x2160`"),
        ("8x1080", "each edge must be at least 16, not 8"),
        ("40000x1080", "each edge must be at most 32768, not 40000"),
    ],
)
def test_nearly_a_size(size, meant):
    assert meant in refused("default", [f"size={size}"])


@pytest.mark.parametrize(
    ("crop", "meant"),
    [
        ("none", "to cut nothing, give `size` one number"),
        ("false", "to cut nothing, give `size` one number"),
        ("Left-Top", "did you mean `top left`?"),
        ("middle", "did you mean `centre`?"),
        ("botom", "did you mean `bottom`?"),
        ("[0.5, 2]", "two numbers of 0 to 1"),
        ("{x: 0.5}", "not a mapping"),
    ],
)
def test_nearly_a_place(crop, meant):
    assert meant in refused("default", [f"crop={crop}", "size=64x20"])


def test_a_crop_needs_both_edges():
    assert "the size keeps all of it" in refused("default", ["crop=top"])
    assert "the size keeps all of it" in refused("default", ["crop=top", "width=64"])


def test_a_change_of_crop_is_noticed():
    one, other, wider = (
        nstk.load_recipe("default", [f"size={size}", f"crop={crop}"])
        for size, crop in (("64x20", "top"), ("64x20", "[0.5, 0.2]"), ("64x21", "top"))
    )
    assert changes(origins(one), one) == []
    assert changes(origins(one), other) == ["`crop` was top and is [0.5, 0.2]"]
    assert changes(origins(one), wider) == ["`size` was 64x20 and is 64x21"]


def test_an_earlier_result_is_not_cut():
    """Its aspect is that of the content but for rounding."""
    result = np.zeros((341, 512, 3), np.float32)
    assert matching(result, (3000, 2001), "centre").shape == (341, 512, 3)
    assert matching(result, (64, 64), "left").shape == (341, 341, 3)
