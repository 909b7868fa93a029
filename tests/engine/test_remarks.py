"""What is said to stand out."""

from __future__ import annotations

from dataclasses import replace

import pytest

import nstk
from nstk import testing
from nstk.engine.remarks import balanced

RELATIVE = {"content": {"layers": ["block2_conv1"]}, "gram": {"layers": ["block1_conv1", "block2_conv1"], "weight": 10}}


def said(folder, picture=None, **settings):
    return nstk.explain(testing.recipe(folder, **settings), picture).remarks


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ({**RELATIVE, "tv": {"weight": 1e4}}, "`tv` holds 100 % of the gradient at the start: expect flat colours"),
        ({**RELATIVE, "tv": {"weight": 1e-9}}, "`tv` contributes nothing at the start: raise its weight, or look"),
        ({**RELATIVE, "tv": {"weight": 0}}, "`tv` has the weight 0 and is not computed"),
        (
            {**RELATIVE, "gram": {"layers": {"block1_conv1": 1, "block2_conv1": 1e-9, "block3_conv1": 0}, "weight": 10}},
            "`block3_conv1` has the weight 0 in `gram`",
        ),
        (
            {**RELATIVE, "gram": {"layers": {"block1_conv1": 1, "block2_conv1": 1e-9, "block3_conv1": 1e-9}, "weight": 10}},
            "`block2_conv1` and `block3_conv1` contribute nothing to `gram` at the start: raise their weight",
        ),
        (
            {"content": {}, "gram": {"layers": {"block1_conv1": 1, "block2_conv1": 1e-9}, "formula": "gatys", "weight": 1e-4}},
            "`block1_conv1` holds 100 % of the gradient of `gram` at the start, and the others hardly count; `formula: rel",
        ),
        ({**RELATIVE, "gram": {"weight": 0.001}}, "nearly the photograph: multiply `losses.gram.weight` by three"),
        ({**RELATIVE, "gram": {"weight": 100}}, "little of the photograph will be seen: divide `losses.gram.weight`"),
    ],
)
def test_what_stands_out_is_said(losses, expected, tmp_path):
    assert any(expected in sentence for sentence in said(tmp_path, losses=losses)), said(tmp_path, losses=losses)


def test_an_enlarged_painting_is_said(tmp_path):
    assert any("the painting" in sentence and "so its strokes blur" in sentence for sentence in said(tmp_path, size=96))


def test_nothing_stands_out(tmp_path):
    assert said(tmp_path, losses=RELATIVE) == [
        "nothing stands out: every loss and every layer has its share, and none drowns the others"
    ]


def test_a_result_that_is_done_is_said(tmp_path):
    recipe = testing.recipe(tmp_path, losses=RELATIVE)
    start = nstk.explain(recipe).pictures[0]
    lengths = sum(share.gradient for share in start.losses.values())
    assert not [*balanced(recipe, [start, replace(start, picture="out.png", gradient=0.5 * lengths)])]
    assert [*balanced(recipe, [start, replace(start, picture="out.png", gradient=0.05 * lengths)])] == [
        "the gradients cancel out at out.png, but for 5 %: more steps will change little"
    ]
