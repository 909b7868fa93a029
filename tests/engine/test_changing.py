"""A recipe that changes while it is painted is written down, and paints the same picture again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import nstk
from nstk import UserError, testing
from nstk.engine.watch import watching

RECIPE = """\
content: photo.png
style: painting.png
size: 48
steps: [3, 6]
pyramid: {levels: 2}
precision: float32
backbone: tiny
run_eagerly: true
losses: {content: {layers: [image], formula: mean}, gram: {layers: [image]}}
callbacks: {progress: false}
checkpoint: {every: 1}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A project with two pictures and a recipe."""
    monkeypatch.chdir(tmp_path)
    for name, seed in (("photo", 0), ("painting", 1)):
        nstk.write_picture(testing.pictures((36, 48), seed).content, f"{name}.png")
    Path("mine.yaml").write_text(RECIPE)
    return tmp_path


def paint(output, *overrides, at=None, **options):
    """Paint, and change values after the steps in `at`; `interrupted` after some step, if asked."""
    interrupted = options.pop("interrupted", 0)

    def told(run, step):
        if values := (at or {}).get(step.index):
            run.change(values)
        if step.index == interrupted and not run.resumed:
            run.stop("interrupted")

    with nstk.Session() as session:
        if options.pop("resume", False):
            return session.resume(output, watch=watching(told))
        return session.run(nstk.load_recipe("mine.yaml", overrides, output=output), watch=watching(told))


def pixels(*paths):
    return [nstk.read_picture(path) for path in paths]


AT = {
    2: {"losses.gram.weight": 40.0},
    5: {"optimizer.learning_rate": 3.0, "losses.content.weight": 0.0},
    7: {"losses.content.weight": 2.0},
}


@pytest.mark.parametrize(
    ("optimizer", "eager"),
    [("adam", "true"), ("adam", "false"), ("lbfgs", "true"), pytest.param("lbfgs", "false", marks=pytest.mark.slow)],
)
def test_it_is_painted_again(folder, optimizer, eager):
    at = AT if optimizer == "adam" else {2: AT[2], 5: {"losses.content.weight": 3.0}}
    settings = f"optimizer={optimizer}", f"run_eagerly={eager}"
    plain, live = paint("plain.png", *settings), paint("live.png", *settings, at=at)
    written = nstk.load_recipe("live.recipe.yaml")
    assert [(it.after, it.set) for it in written.changes] == [*at.items()]
    assert live.history[:2] == plain.history[:2]
    assert live.history[2:] != plain.history[2:]
    again = nstk.rerun("live.png", output="again.png")
    assert Path("again.png").read_bytes() == Path("live.png").read_bytes()
    assert again.history == live.history
    assert nstk.run(nstk.load_recipe("live.recipe.yaml", output="b.png")).history == live.history


@pytest.mark.parametrize("broken", [*(pytest.param(it, marks=pytest.mark.slow) for it in (1, 3, 4, 6)), 2, 5, 8])
def test_it_goes_on_after_a_stop(folder, broken):
    settings = ("optimizer=adam",)
    paint("live.png", *settings, at=AT)
    assert paint("other.png", *settings, at=AT, interrupted=broken).stopped == "interrupted"
    paint("other.png", at=AT, resume=True)
    np.testing.assert_array_equal(*pixels("live.png", "other.png"))
    assert nstk.load_recipe("other.recipe.yaml").changes == nstk.load_recipe("live.recipe.yaml").changes
    assert Path("other.png").read_bytes() == Path("live.png").read_bytes()


def test_a_change_in_the_recipe_needs_nobody_to_ask(folder):
    asked = paint("asked.png", "optimizer=adam", at={4: {"losses.content.weight": 5.0}})
    written = paint("written.png", "optimizer=adam", "changes=[{after: 4, set: {losses.content.weight: 5}}]")
    assert asked.history == written.history
    assert written.history[4]["content"] > written.history[3]["content"]


def test_balance_changes(folder):
    even = paint("even.png", "balance=50", at={4: {"balance": 90.0}})
    assert nstk.load_recipe("even.recipe.yaml").changes[0].set == {"balance": 90.0}
    nstk.rerun("even.png", output="again.png")
    assert Path("again.png").read_bytes() == Path("even.png").read_bytes()
    assert even.history[4]["gram"] > even.history[3]["gram"]


def test_what_is_the_same_already_is_no_change(folder):
    value = nstk.load_recipe("mine.yaml").losses["content"].weight
    paint("a.png", at={2: {"losses.content.weight": value}})
    assert nstk.load_recipe("a.recipe.yaml").changes == []


REFUSED = {
    "losses.none.weight": (1.0, "`losses.none.weight` may not change while the picture is painted: "),
    "steps": (5.0, "`steps` may not change while the picture is painted"),
    "losses.content.weight": (-1.0, "`losses.content.weight`: .*greater than or equal to 0, not -1"),
    "balance": (101.0, "`balance` must be 0 to 100, not 101"),
    "optimizer.learning_rate": (0.0, "`optimizer.learning_rate`: .*greater than 0, not 0"),
}


@pytest.mark.parametrize("key", REFUSED)
def test_what_may_not_change(folder, key):
    value, why = REFUSED[key]
    found = []

    def told(run, step):
        with pytest.raises(UserError, match=why) as error:
            run.change({key: value})
        found.append(error)

    with nstk.Session() as session:
        session.run(nstk.load_recipe("mine.yaml", ["optimizer=adam"], output="a.png"), watch=watching(told))
    assert len(found) == 9
    with pytest.raises(nstk.RecipeError, match=why):
        nstk.load_recipe("mine.yaml", [f"changes=[{{after: 1, set: {{{key}: {value}}}}}]", "optimizer=adam"])


def test_changes_in_the_wrong_order(folder):
    text = "changes:\n- after: 5\n  set: {losses.content.weight: 1}\n- after: 2\n  set: {losses.content.weight: 2}\n"
    Path("mine.yaml").write_text(RECIPE + text)
    with pytest.raises(
        nstk.RecipeError, match=r"mine.yaml:15:3: this change comes after 2 steps, and the one above it after 5"
    ):
        nstk.load_recipe("mine.yaml")
