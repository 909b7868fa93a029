"""A folder with pictures and a plugin, and recipes written into it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from nstk.syntax.parse import dump
from tests.recipe.samples import PLUGIN


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A folder with two pictures, a plugin and a folder of recipes, that is the working directory."""
    folder = tmp_path_factory.mktemp("project")
    noise = Image.effect_noise((64, 48), 80).convert("RGB")
    for name in ("photo.png", "painting.png", "recipes/deep.png"):
        (folder / name).parent.mkdir(exist_ok=True)
        noise.save(folder / name)
    (folder / "glow.py").write_text(PLUGIN)
    before = Path.cwd()
    os.chdir(folder)
    yield folder
    os.chdir(before)


@pytest.fixture
def write(project, tmp_path_factory):
    """Write recipes beside the pictures; the path of the last one."""
    written = []

    def write(**recipes):
        for name, recipe in recipes.items():
            path = project / f"{name}.yaml"
            path.write_text(recipe if isinstance(recipe, str) else dump(recipe), encoding="utf-8")
            written.append(path)
        return written[-1]

    yield write
    for path in written:
        path.unlink(missing_ok=True)
