"""Keys of a recipe that somebody has set and that change nothing in this run: each is said, none is passed over."""

from __future__ import annotations

from collections.abc import Iterator

from .. import pictures
from ..machine.precision import Choice
from ..recipe.model import Recipe
from ..recipe.settings import Checkpoint


def unheeded(recipe: Recipe, choice: Choice) -> Iterator[str]:
    """A sentence for each key that changes nothing. `choice` is the number type that the features really have."""
    if recipe.precision not in ("auto", choice.dtype):
        yield f"`precision: {recipe.precision}` changes nothing: {choice.reason}"
    if recipe.path is None:
        if recipe.checkpoint.every not in (Checkpoint().every, False):
            yield "`checkpoint` changes nothing: with `output: false` nothing is written"
        return
    output, suffix = recipe.output, recipe.path.suffix.lower()
    options = pictures.FORMATS[suffix]
    if output.quality is not None and "quality" not in options:
        yield f"`quality: {output.quality}` changes nothing: a {suffix} picture is written without loss"
    if output.gps and options["format"] == "BMP":
        yield "`gps: true` changes nothing: a .bmp picture has no EXIF"
