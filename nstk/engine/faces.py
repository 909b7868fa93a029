"""Faces: in the photograph's faces, the picture is held to finer features, so that the person is still known.

Where strokes are large, a painting gives a face the colours and the places of its own strokes: a nose beside its place, a green
mouth. `faces: light` holds the activations of a shallower layer too, in the faces alone, so that the painter's hand goes over
them and each feature stays where it was. It is a loss like any other, and the saved recipe names it.
"""

from __future__ import annotations

import logging

from ..api import Pictures, Region
from ..pictures import fit
from ..recipe.model import Recipe
from ..recipe.region_maps import LOOK
from .inputs import content_at, region_of

LABEL = "faces"
"""The label of the loss that holds faces."""

LAYERS = {"block3_conv1": 1.0}
"""Its layers: they see eyes and lips, and hardly where the light falls."""

WEIGHT = 1.0
"""Its weight."""

SOFT = 0.04
"""Over which share of the picture's long edge a face's edge is soft."""

log = logging.getLogger("nstk")


def face(recipe: Recipe) -> Region:
    """The region of faces, with a soft edge."""
    made: Region = recipe.registry.get("region", "face")(grow=SOFT / 2 * recipe.size, feather=SOFT * recipe.size)
    return made


def with_faces(recipe: Recipe) -> Recipe:
    """The recipe with the loss that `faces: light` stands for, where there is a face and the network has the layers."""
    known = {layer.name for layer in recipe.backbone.layers}
    if recipe.faces != "light" or LABEL in recipe.losses or not known.issuperset(LAYERS) or not _has_faces(recipe):
        return recipe
    content = recipe.registry.get("loss", "content")
    log.info("faces: they are held to the photograph by the loss `%s`; `faces: paint` paints them like the rest", LABEL)
    held = content(layers=LAYERS, weight=WEIGHT, where=face(recipe))
    return recipe.model_copy(update={"losses": {**recipe.losses, LABEL: held}})


def _has_faces(recipe: Recipe) -> bool:
    size = fit(*recipe.shape, min(LOOK, max(recipe.shape)))
    return bool(region_of(recipe, face(recipe), Pictures(content_at(recipe, *size), {})).any())
