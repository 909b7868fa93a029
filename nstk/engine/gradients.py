"""The value and the gradient of each loss of a recipe at a picture, layer by layer and painting by painting."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from ..api import Loss
from ..objective.base import Objective, reweighed
from ..objective.features import batch
from ..recipe.model import Recipe
from ..recipe.paintings import Painting
from .balance import factors, gradient_of
from .evaluation import check_finite, computed
from .inputs import content_at
from .kept import Kept
from .limits import shares_of_paintings
from .parts import by_layer, is_sum

HARDLY = 1e-9
"""The weight of a painting that is to count for nothing and yet take its region."""

Floats = NDArray[np.float32]

Say = Callable[[str], None]
"""Is told what is computed now, in a few words."""


class Pull(NamedTuple):
    """A loss times its weight at a picture, and the length (L2) of its gradient with respect to the pixels."""

    value: float = 0.0
    length: float = 0.0


@dataclass(frozen=True)
class Pulls:
    """What pulls at a picture."""

    losses: dict[str, Pull]
    """The losses that count, by label."""
    layers: dict[str, dict[str, Pull]]
    """Those of them that are sums over their layers, by label and layer."""
    paintings: dict[str, Pull]
    """The style losses with one painting alone, times its share, by the painting's label; where there are several."""
    together: float
    """The length of the gradient of all losses together."""
    cosines: dict[tuple[str, str], float]
    """The cosine between the gradients of two losses, by their labels."""


def pulls(recipe: Recipe, name: str, pixels: Floats, say: Say) -> Pulls:
    """What pulls at a picture (height x width x 3, 0..255) by a recipe as it is at one scale.

    Raises `NotFinite` for a loss that is NaN or infinite there; the message has the picture's `name`.
    """
    kept, image = Kept(), batch(pixels)
    recipe = _balanced(recipe, pixels.shape, kept)
    split = {label: by_layer(loss) for label, loss in recipe.active_losses.items()}
    whole = recipe.model_copy(update={"losses": {**recipe.active_losses, **_named(split)}})
    values, layers, gradients = computed(
        whole, pixels.shape, kept, lambda objective: _by_layer(objective, image, name, split, say)
    )
    paintings: dict[str, Pull] = {}
    if len(recipe.paintings) > 1:
        for label, share in shares_of_paintings(recipe, *pixels.shape[1::-1]).items():
            say(f"painting {label}")
            alone = recipe.model_copy(update={"style": _hardly_but(label, recipe.paintings)})
            pull = computed(alone, pixels.shape, kept, lambda objective: _of_style(objective, image))
            paintings[label] = Pull(*(share * it for it in pull))
    lengths = {label: length(gradient) for label, gradient in gradients.items()}
    losses = {label: Pull(values[label], lengths[label]) for label in gradients}
    together = length(sum(gradients.values(), np.zeros_like(pixels)))
    return Pulls(losses, layers, paintings, together, _cosines(gradients, lengths))


def _balanced(recipe: Recipe, shape: Sequence[int], kept: Kept) -> Recipe:
    """The recipe with the weights that its `balance` comes to at a size."""
    if recipe.balance is None:
        return recipe
    content = content_at(recipe, shape[1], shape[0])
    by = computed(recipe, shape, kept, lambda objective: factors(objective, float(recipe.balance or 0), content, recipe.seed))
    return recipe.model_copy(update={"losses": reweighed(recipe.losses, by)})


def _hardly_but(label: str, paintings: Mapping[str, Painting]) -> dict[str, Painting]:
    """The paintings in their regions, of which only one counts noticeably."""
    return {
        name: it if name == label else it.model_copy(update={"weight": HARDLY * it.weight}) for name, it in paintings.items()
    }


def _named(split: Mapping[str, Mapping[str, Loss]]) -> dict[str, Loss]:
    """The parts of all losses as losses of one recipe."""
    return {_name(label, layer): part for label, parts in split.items() for layer, part in parts.items()}


def _name(label: str, layer: str) -> str:
    return f"{label}/{layer}"


def _by_layer(
    objective: Objective, image: tf.Tensor, name: str, split: Mapping[str, Mapping[str, Loss]], say: Say
) -> tuple[dict[str, float], dict[str, dict[str, Pull]], dict[str, Floats]]:
    """The value of each loss and of its parts, what each layer adds, and the gradient of each loss."""
    values = {label: float(value) for label, value in objective.evaluate(image).losses.items()}
    check_finite(values, name)
    layers: dict[str, dict[str, Pull]] = {}
    gradients: dict[str, Floats] = {}
    for label, parts in split.items():
        if label not in values:
            continue  # its region lies nowhere
        names = {layer: _name(label, layer) for layer in parts}
        if not is_sum(values[label], [values[part] for part in names.values()]):
            say(label)
            gradients[label] = _gradient(objective, image, [label])
            continue
        gradients[label], layers[label] = np.zeros(image.shape[1:], np.float32), {}
        for layer, part in names.items():
            say(f"{label} at {layer}")
            gradient = _gradient(objective, image, [part])
            gradients[label] += gradient
            layers[label][layer] = Pull(values[part], length(gradient))
    return values, layers, gradients


def _of_style(objective: Objective, image: tf.Tensor) -> Pull:
    """The style losses, added up."""
    alone = {label: float(value) for label, value in objective.evaluate(image).losses.items()}
    seeing = [label for label, loss in objective.losses.items() if loss.sees_style and label in alone]
    return Pull(sum(alone[label] for label in seeing), length(_gradient(objective, image, seeing))) if seeing else Pull()


def _gradient(objective: Objective, image: tf.Tensor, labels: list[str]) -> Floats:
    """The gradient of some losses together: height x width x 3; zeros where they do not depend on the picture."""
    found = gradient_of(objective, image, {label: objective.losses[label] for label in labels if label in objective.losses})
    gradient: Floats = np.asarray(found)[0]
    return gradient


def length(gradient: Floats) -> float:
    """The length (L2) of a gradient."""
    return math.sqrt(float(np.sum(np.square(gradient), dtype=np.float64)))


def _cosines(gradients: Mapping[str, Floats], lengths: Mapping[str, float]) -> dict[tuple[str, str], float]:
    """The cosine of the angle between each two gradients; 0 where one of them is 0."""
    labels, cosines = [*gradients], {}
    for place, one in enumerate(labels):
        for other in labels[place + 1 :]:
            lengths_ = lengths[one] * lengths[other]
            product = np.sum(gradients[one] * gradients[other], dtype=np.float64)
            cosines[one, other] = float(product / lengths_) if lengths_ else 0.0
    return cosines
