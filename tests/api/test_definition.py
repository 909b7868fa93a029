"""The example in the words about `nstk.InputPicture` is a plugin that works."""

from __future__ import annotations

import ast
import inspect
from textwrap import dedent

import numpy as np
import pytest
from PIL import Image

import nstk
from nstk import testing
from nstk.api import definition


def words() -> str:
    """The text below `InputPicture`."""
    body = ast.parse(inspect.getsource(definition)).body
    place = next(i for i, it in enumerate(body) if isinstance(it, ast.Assign) and it.targets[0].id == "InputPicture")
    return inspect.cleandoc(body[place + 1].value.value)


@pytest.fixture
def keep(tmp_path, monkeypatch):
    """The example as a file, and a mask that is white on the left."""
    monkeypatch.chdir(tmp_path)
    _, found, code = words().partition("    import nstk\n")
    (tmp_path / "keep.py").write_text(dedent(found + code))
    mask = np.zeros((20, 40, 3), np.uint8)
    mask[:, :20] = 255
    Image.fromarray(mask).save("mask.png")
    return mask


def test_the_mask_is_obeyed(keep, tmp_path):
    for mask in ("mask.png", keep):
        settings = {"plugins": ["keep.py"], "losses": {"keep": {"mask": mask}}, "init": {"use": "noise", "blend": 1.0}}
        result = testing.run_recipe(tmp_path, **settings, optimizer={"use": "adam", "learning_rate": 20}, steps=30)
        content = nstk.read_picture("content.png")
        left, right = (np.abs(result.picture - content)[:, part].mean() for part in (slice(0, 22), slice(26, None)))
        assert left < right / 2
        assert result.losses["keep"] > 0


def test_a_mask_that_is_missing_is_found_at_once(keep, tmp_path):
    with pytest.raises(nstk.RecipeError, match=r"no file nope.png"):
        testing.recipe(tmp_path, plugins=["keep.py"], losses={"keep": {"mask": "nope.png"}})
