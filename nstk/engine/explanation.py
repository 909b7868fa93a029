"""What weighs how much in a recipe, before anything is painted or at an earlier result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import pictures
from ..api.losses import weights
from ..recipe.load import RecipeLike, loaded
from ..recipe.model import Recipe
from .evaluation import judged_pixels
from .faces import with_faces
from .gradients import pulls
from .inputs import initial, noisy, pictures_of
from .remarks import remarks
from .shares import Shares
from .surroundings import prepared

START = "the start"
"""The name of the picture that a run starts from, with noise."""


@dataclass(frozen=True)
class Explanation:
    """What weighs how much in a recipe, and what stands out."""

    recipe: str
    """The recipe's name."""
    weights: dict[str, float]
    """The weight of each loss at the last scale, by label."""
    pictures: list[Shares]
    """The shares at the start, and at a picture that was given."""
    remarks: list[str]
    """What stands out: a sentence for each."""

    def to_json(self) -> dict[str, Any]:
        """The explanation as JSON can hold it."""
        shares = [it.to_json() for it in self.pictures]
        return {"recipe": self.recipe, "weights": self.weights, "pictures": shares, "remarks": self.remarks}


def explain(
    recipe: RecipeLike, picture: str | PathLike[str] | None = None, *, say: Callable[[str], None] = lambda words: None
) -> Explanation:
    """How much of the loss and of its gradient each loss, layer and painting of a recipe holds, and what stands out.

    The losses are those of the last scale. They are judged at the picture that a run of this scale alone starts from, with
    noise of 8 levels: in a copy of the photograph, the content loss is 0 and has no gradient. A `picture`, such as an earlier
    result, is judged as well; its aspect must be the recipe's. All is computed in float32, in tiles where memory is short.

    The gradient of a loss is measured by its length (L2) over all pixels, with the loss's weight. The share of a loss is its
    length, divided by the sum of those of all losses. Layers share what their loss holds in the same way; a loss that is not
    the sum over its layers is not divided. What a painting holds is what the style losses would be with this painting alone,
    times the painting's share. `say` is told, in a few words, what is computed at the moment. Raises `UserError` for a picture
    of another aspect, and `NotFinite` for a loss that is NaN or infinite.
    """
    with prepared():
        recipe = with_faces(loaded(recipe)).at(-1)
        given = {} if picture is None else {str(picture): judged_pixels(recipe, picture)}
        judged = [_shares(recipe, name, pixels, say) for name, pixels in {START: _start(recipe), **given}.items()]
    weight = {label: weights(loss, 1)[0] for label, loss in recipe.losses.items()}
    return Explanation(recipe.name, weight, judged, [*remarks(recipe, judged)])


def _start(recipe: Recipe) -> NDArray[np.float32]:
    """The picture that a run of one scale starts from, with noise."""
    first = initial(recipe, pictures_of(recipe, *pictures.fit(*recipe.shape, recipe.size)))
    return noisy(first, recipe.seed)


def _shares(recipe: Recipe, name: str, pixels: NDArray[np.float32], say: Callable[[str], None]) -> Shares:
    found = pulls(recipe, name, pixels, lambda what: say(f"{name}: the gradient of {what}"))
    return Shares.of(name, (pixels.shape[1], pixels.shape[0]), recipe.losses, found)
