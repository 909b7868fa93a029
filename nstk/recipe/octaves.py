"""Checks the octaves of the losses: their layers, and whether the pictures are large enough to be made so small."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .. import pictures
from ..api import Loss
from ..objective.octaves import Size, misfits, smaller
from ..syntax.mistakes import Mark
from ..syntax.nodes import Node
from .checks import Findings


def check_octaves(found: Findings, losses: Mapping[str, Loss], largest: Mapping[str, Size]) -> None:
    """Refuse octaves that do not go with a loss's layers, or at which a network would see nothing even at the last scale.

    `largest` holds the size of each picture at that scale, by its place in the recipe. At the other scales, and where a picture
    is a little larger, an octave that is too small gives way to the next larger one.
    """
    for label, loss in losses.items():
        node = found.tree.at(("losses", label, "octaves"))
        whole, places = node.key or node.mark, dict(reversed([*node.words()]))
        for message, word in misfits(loss):
            known = getattr(loss, "layers", ())
            hint = found.suggest(word, [*known]) if word in places else "name it at one, or leave it out of `layers`"
            found.mistake(f"loss `{label}`: {message}", places.get(word, whole), hint if known else "")
        for octave in loss.octaves:
            if small := _too_small(octave, largest):
                message = f"loss `{label}`: at octave {octave}, {small}"
                found.mistake(message, _place(found, label, octave), "leave the octave out, or choose a larger `size`")


def _too_small(octave: int, largest: Mapping[str, Size]) -> str:
    """Which picture a network would see nothing of at an octave, in words."""
    for place, size in largest.items() if octave > 1 else ():
        width, height = smaller(size, octave)
        if min(width, height) < pictures.MIN_SIDE:
            least = f"at least {pictures.MIN_SIDE} x {pictures.MIN_SIDE} are needed"
            return f"the {place} picture would be {width} x {height} pixels: {least}"
    return ""


def _place(found: Findings, label: str, octave: int) -> Mark:
    """Where an octave is written."""
    node = found.tree.at(("losses", label, "octaves"))
    if isinstance(node.value, dict):
        child = node.at([str(octave)])
        return child.key or child.mark
    items: Sequence[Node] = node.value if isinstance(node.value, list) else ()
    return next((item.mark for item in items if item.value == octave), node.key or node.mark)
