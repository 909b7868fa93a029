"""`faces`: what becomes of the faces of a photograph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import nstk
from nstk import testing
from nstk.engine.faces import with_faces
from nstk.recipe.load import load_recipe

PORTRAIT = str(Path(__file__).parents[2] / "docs" / "images" / "portrait.jpg")
PAINTING = str(Path(__file__).parents[2] / "recipes" / "images" / "cafe_terrace.jpg")

FACE = np.s_[22:42, 46:60]
"""Where the face lies in the portrait at 128 pixels."""


def painted(folder, faces, **keys):
    return testing.run_recipe(folder, content=PORTRAIT, size=128, faces=faces, output=False, pyramid=False, **keys).picture


def test_a_face_is_held_by_a_loss_that_the_saved_recipe_names(tmp_path):
    recipe = testing.recipe(tmp_path, content=PORTRAIT, size=128, faces="light")
    held = with_faces(recipe)
    assert (held.losses["faces"].name, held.losses["faces"].where.name) == ("content", "face")
    again = load_recipe(held.to_plain())
    assert again.losses["faces"] == held.losses["faces"].model_copy(update={"where": again.losses["faces"].where})
    assert with_faces(again) is again


def test_nothing_is_added_without_a_face_or_where_faces_are_painted(tmp_path):
    for keys in ({"faces": "light"}, {"content": PORTRAIT, "size": 128, "faces": "paint"}):
        recipe = testing.recipe(tmp_path, **keys)
        assert with_faces(recipe) is recipe


def test_a_face_that_is_kept_is_the_photograph_and_the_rest_is_painted(tmp_path):
    made = painted(tmp_path, "keep", steps=2).astype(int)
    photograph = np.rint(nstk.resize(nstk.read_picture(PORTRAIT), 128, 128))
    off = np.abs(made - photograph).max(axis=2)
    assert off[FACE].max() == 0 < off[100:].mean()


@pytest.mark.slow
def test_with_the_real_network_a_face_stays_nearer_to_the_photograph(tmp_path):
    network = {"backbone": {"use": "vgg19", "pooling": "average"}, "optimizer": "lbfgs", "steps": 16, "style": PAINTING}
    photograph = nstk.resize(nstk.read_picture(PORTRAIT), 128, 128)

    def edges(picture):
        grey = np.asarray(picture, float)[FACE].mean(axis=2)
        return np.concatenate([np.diff(grey, axis=0).ravel(), np.diff(grey, axis=1).ravel()])

    likeness = {
        faces: np.corrcoef(edges(painted(tmp_path, faces, **network)), edges(photograph))[0, 1] for faces in ("light", "paint")
    }
    assert likeness["light"] > likeness["paint"] + 0.04, likeness


def test_a_photograph_without_faces_is_painted_as_ever(tmp_path):
    plain, made = (testing.run_recipe(tmp_path, faces=it, output=False).picture for it in ("paint", "keep"))
    assert np.array_equal(plain, made)
