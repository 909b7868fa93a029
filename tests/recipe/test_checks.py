"""Whether the parts of a recipe go together. Every message is in tests/broken; these are the ways that lead there."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from nstk.recipe import checks
from nstk.recipe.scales import MAX_EDGE, Pyramid
from nstk.recipe.settings import Settings
from nstk.syntax.parse import parse
from tests.recipe.samples import PICTURES, refused

TEXT = "size: 64\noutput:\n  path: out.png\n"


@pytest.fixture
def found(project):
    return checks.Findings(parse(TEXT, "mine.yaml", project), [])


def settings(project, **values):
    pictures = {"content": str(project / "photo.png"), "style": str(project / "painting.png")}
    return Settings.model_validate(pictures | values)


def test_a_place_is_where_the_value_is_written(found):
    mark = found.written("output", "path")
    assert (mark.line, mark.column) == (3, 9)
    assert found.written("output", "quality") is found.written("nothing", "here") is None
    assert (found.mark("output", "quality").where, found.mark("output", "quality").line) == ("mine.yaml", 0)


def test_words_are_compared_up_to_a_limit(found):
    assert found.suggest("gramm", ["gram"]) == "did you mean `gram`?"
    for _ in range(checks.MANY):
        found.mistake("wrong", found.mark())
    assert not found.suggest("gramm", ["gram"])


def test_a_size_out_of_bounds_is_said_once(found, project, monkeypatch):
    monkeypatch.setattr(checks.pictures, "check_picture", lambda path: (MAX_EDGE * 2, 100))
    assert checks.measured(found, settings(project, size="content"))["size"] == MAX_EDGE
    (mistake,) = found.mistakes
    assert mistake.mark.line == 1
    assert "the content is" in mistake.hint


def test_a_pyramid_that_does_not_fit_is_one_scale(found, project):
    assert checks.long_edges(found, 3, Pyramid(start=200), {}, 100) == [100]
    assert len(found.mistakes) == 1
    found.mistakes.clear()
    edges = checks.long_edges(found, [1, 2, 3], Pyramid(levels=2), {}, 100)
    assert len(edges) == 2, "wrong steps leave the pyramid as it is"
    assert len(found.mistakes) == 1


def test_the_picture_is_named_after_the_recipe(found, project):
    assert checks.output(found, settings(project), "", "mine") == project / "out" / "mine.png"
    assert checks.output(found, settings(project), "there/a.png", "mine") == project / "there" / "a.png"
    assert checks.output(found, settings(project), "there/", "mine") == project / "there" / "mine.png"
    assert checks.output(found, settings(project), str(project), "mine") == project / "mine.png"
    assert not found.mistakes


def test_what_cannot_be_written_is_no_output(found, project, monkeypatch):
    (project / "folder.png").mkdir()
    assert checks.output(found, settings(project), "folder.png", "mine") is None
    assert "folder.png is a folder: name a file in it" in found.mistakes[-1].message
    monkeypatch.setattr(checks.os, "access", lambda path, mode: False)
    assert checks.output(found, settings(project), "a.png", "mine") is None
    assert "cannot be written to" in found.mistakes[-1].message


def test_a_picture_is_written_with_two_files_beside_it():
    assert [path.name for path in checks.written(Path("out/a.png"))] == ["a.png", "a.recipe.yaml", "a.run.json"]


@pytest.mark.parametrize("layers", ["image", [1], [b"image"]])
def test_layers_that_are_no_names_are_the_loss_own(found, layers):
    loss = SimpleNamespace(reads=lambda: layers)
    assert checks._layers_read(found, "mine", loss, found.mark()) == []
    assert "it must be a list of layer names" in found.mistakes[0].message


def test_a_loss_of_weight_0_must_fit_too(write):
    said = refused(write(mine=PICTURES + "losses: {content: , gram: {weight: 0, layers: [block9_conv9]}}\n"))
    assert "has no layer `block9_conv9`" in said


def test_layers_of_papers_are_translated(write):
    said = refused(write(mine=PICTURES + "losses: {gram: {layers: [relu4_2]}}\n"))
    assert "did you mean `block4_conv2`?" in said
