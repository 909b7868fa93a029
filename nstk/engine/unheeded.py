"""Keys of a recipe that somebody has set and that change nothing in this run: each is said, none is passed over."""

from __future__ import annotations

from collections.abc import Iterator

from .. import pictures
from ..machine.precision import Choice
from ..objective.octaves import LEAST, nearest
from ..recipe.defaults import defaults
from ..recipe.model import Recipe
from ..recipe.settings import Checkpoint
from .inputs import paintings_at


def unheeded(recipe: Recipe, choice: Choice) -> Iterator[str]:
    """A sentence for each key that changes nothing. `choice` is the number type that the features really have."""
    if recipe.precision not in ("auto", choice.dtype):
        yield f"`precision: {recipe.precision}` changes nothing: {choice.reason}"
    yield from _octaves(recipe)
    yield from (f"{place}: this region changes nothing" for place in recipe.absent)
    if recipe.jit is True and any(recipe.regions()):
        yield "`jit: true` changes nothing: XLA does not compile losses that are limited to regions"
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


def _octaves(recipe: Recipe) -> Iterator[str]:
    """A sentence for each octave that is too small for the result. Those of the default recipe nobody has set."""
    painted = pictures.fit(*recipe.shape, recipe.size)
    for label, loss in recipe.active_losses.items():
        written = loss.model_dump(mode="json", include={"octaves"})
        if written.items() <= (defaults()["losses"].get(label) or {}).items():
            continue
        for octave in loss.octaves:
            taken = nearest(octave, painted, paintings_at(recipe, *painted))
            if taken != octave:
                least = f"less than {LEAST} pixels long, and no painting less than {pictures.MIN_SIDE} wide"
                yield f"octave {octave} of loss `{label}` is read at octave {taken}: no picture is made {least}"
