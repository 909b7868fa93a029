"""Each look, held against the formula of the tool that it is named after: every loss, and the gradient of their sum."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import nstk
from nstk import pictures, testing
from nstk.engine.inputs import pictures_of
from nstk.objective.features import batch, layers_read, network
from nstk.objective.whole import WholeObjective
from nstk.recipe.defaults import recipes_folder
from tests.looks import formulas
from tests.looks.network import activations

LOOKS = {
    "anishathalye": {"odd": "SAME"},
    "course": {"pooling": "average", "odd": "SAME"},
    "crowson2021": {"border": "replicate"},
    "crowson2023": {"border": "replicate"},
    "gatys2016": {"pooling": "average"},
    "jcjohnson": {},
    "keras_example": {},
    "spst": {},
    "tf_tutorial": {},
}
"""The looks, each with how the tool's network differs from VGG-19 as it was trained."""

SIZES = {"course": ["size=67x48"], "keras_example": ["height=48"]}
SAME = {"course", "keras_example"}
"""The tools that bring the painting to the picture's own size, or ask for it."""


def test_each_look_is_held_against_its_tool():
    assert {path.stem for path in (recipes_folder() / "looks").glob("*.yaml")} == set(LOOKS)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Writes three pictures of a size: the photograph, the painting and what is painted."""

    def write(width, style_height):
        folder = tmp_path_factory.mktemp("pictures")
        made = [pictures.to_uint8(testing.pictures((48, width), seed).content) for seed in (0, 1, 2)]
        made[1] = made[1][:style_height]
        for name, pixels in zip(("content", "style", "picture"), made, strict=True):
            pictures.write_picture(pixels, folder / f"{name}.png")
        return folder, made

    return write


@pytest.mark.parametrize("name", LOOKS)
def test_a_look_is_its_tools(name, files):
    width = 64 if name == "keras_example" else 67  # in the example, sides are multiples of 16
    folder, (content, style, picture) = files(width, 48 if name in SAME else 41)
    paths = [f"{key}={folder / key}.png" for key in ("content", "style")]
    recipe = nstk.load_recipe(name, [*paths, *SIZES.get(name, ["size=67"]), "steps=1", "pyramid=false"])
    made = pictures_of(recipe, width, 48)
    np.testing.assert_array_equal(pictures.to_uint8(made.styles["style"]), style)
    losses = recipe.active_losses
    objective = WholeObjective(network(recipe.backbone, layers_read(recipe.backbone, losses.values())), losses, made)
    found, gradient = objective.value_and_grad(batch(picture))

    with tf.GradientTape() as tape:
        pixels = tf.Variable(picture.astype(np.float64))
        seen = (activations(tf.convert_to_tensor(it, tf.float64), **LOOKS[name]) for it in (content, style, pixels))
        theirs = getattr(formulas, name)(formulas.Seen(*seen, pixels))
        total = tf.add_n([*theirs.values()])
    wanted = tape.gradient(total, pixels).numpy()

    assert {label: float(value) for label, value in found.losses.items()} == pytest.approx(
        {label: float(value) for label, value in theirs.items()}, rel=1e-4
    )
    assert float(found.loss) == pytest.approx(float(total), rel=1e-4)
    assert np.linalg.norm(gradient[0].numpy() - wanted) <= 1e-4 * np.linalg.norm(wanted)
