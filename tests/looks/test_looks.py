"""Each look, held against the formula of the tool that it is named after: every loss, and the gradient of their sum."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import nstk
from nstk import pictures, testing
from nstk.engine.inputs import pictures_of
from nstk.objective.features import batch, layers_read, network
from nstk.objective.in_octaves import OctaveObjective, made_smaller
from nstk.objective.octaves import octaves_at
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
    "nnst": {},
    "sgsst": {},
    "spst": {},
    "strotss": {},
    "tf_tutorial": {},
}
"""The looks, each with how the tool's network differs from VGG-19 as it was trained."""

SIZES = {"keras_example": (48, 64), "nnst": (24, 33), "sgsst": (96, 136), "strotss": (27, 35)}
"""The height and width of the pictures. Sides are multiples of 16 in Keras's example; all points are compared in some.

STROTSS compares covariances by absolute differences, whose gradient jumps at 0: none of these is within rounding of it.
"""

HALVED = {"sgsst": (1, 2)}
"""By how much the tool makes the pictures smaller, where it looks at several sizes."""

ASKED = {
    "course": ["size=67x48"],
    "keras_example": ["size=64"],
    "sgsst": ["size=136"],
    "nnst": ["size=33", "losses.first.weight=1", "losses.last.weight=1"],
    "strotss": ["size=35"],
}

SAME = {"course", "keras_example"}
"""The tools that bring the painting to the picture's own size, or ask for it."""


def test_each_look_is_held_against_its_tool():
    assert {path.stem for path in (recipes_folder() / "looks").glob("*.yaml")} == set(LOOKS)


def draw(folder, name):
    """The photograph, the painting and what is painted, written as files."""
    height, width = SIZES.get(name, (48, 67))
    made = [pictures.to_uint8(testing.pictures((height, width), seed).content) for seed in (0, 1, 2)]
    made[1] = made[1] if name in SAME else made[1][: -(height // 6)]
    for key, pixels in zip(("content", "style", "picture"), made, strict=True):
        pictures.write_picture(pixels, folder / f"{key}.png")
    return made


def objective(recipe, made):
    """The recipe's objective, with octaves that are as small as it says."""
    losses = recipe.active_losses

    def whole(losses, made):
        return WholeObjective(network(recipe.backbone, layers_read(recipe.backbone, losses.values())), losses, made)

    content, *styles = (it.shape[1::-1] for it in (made.content, *made.styles.values()))
    octaves = octaves_at(losses, content, styles, least=0)
    return OctaveObjective(losses, {it.divisor: whole(it.losses, made_smaller(made, it.divisor)) for it in octaves})


def halved(picture, divisor):
    """The picture made smaller bilinearly, as PyTorch's `interpolate` does it: by 2 a mean, where sides are even."""
    return picture if divisor == 1 else tf.nn.avg_pool2d(picture[tf.newaxis], divisor, divisor, "VALID")[0]


QUICK = {"gatys2016", "jcjohnson", "tf_tutorial"}
"""The looks that are compared in every run of the tests, one of each kind; the others are compared with the slow tests."""


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] * (name not in QUICK)) for name in LOOKS])
def test_a_look_is_its_tools(name, tmp_path):
    content, style, picture = draw(tmp_path, name)
    paths = [f"{key}={tmp_path / key}.png" for key in ("content", "style")]
    recipe = nstk.load_recipe(name, [*paths, *ASKED.get(name, ["size=67"]), "steps=1", "pyramid=false"]).at(-1)
    made = pictures_of(recipe, *picture.shape[1::-1])
    np.testing.assert_array_equal(pictures.to_uint8(made.styles["style"]), style)
    found, gradient = objective(recipe, made).value_and_grad(batch(picture))

    with tf.GradientTape() as tape:
        pixels = tf.Variable(picture.astype(np.float64))
        theirs: dict[str, tf.Tensor] = {}
        for divisor in HALVED.get(name, (1,)):
            small = (halved(tf.convert_to_tensor(it, tf.float64), divisor) for it in (content, style, pixels))
            seen = formulas.Seen(*(activations(it, **LOOKS[name]) for it in small))
            for label, value in getattr(formulas, name)(seen).items():
                theirs[label] = theirs.get(label, 0) + value
        total = tf.add_n([*theirs.values()])
    wanted = tape.gradient(total, pixels).numpy()

    assert {label: float(value) for label, value in found.losses.items()} == pytest.approx(
        {label: float(value) for label, value in theirs.items()}, rel=1e-4
    )
    assert float(found.loss) == pytest.approx(float(total), rel=1e-4)
    assert np.linalg.norm(gradient[0].numpy() - wanted) <= 1e-4 * np.linalg.norm(wanted)
