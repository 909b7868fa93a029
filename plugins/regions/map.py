"""A region that somebody has drawn: a grey picture, the alpha channel of a picture, or one colour of a coloured one.

Photographs and masks of other tools come in all three forms. A picture of any size will do, if it has the photograph's aspect:
it is brought to the size at hand. White, or opaque, is inside, black or transparent is outside, and grey is between.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator

import nstk

if TYPE_CHECKING:
    import numpy as np

NEAR = 24
"""By how many levels a pixel may be off the colour that is asked for: a JPEG, or a picture made smaller, blurs colours."""

COLOURED = 0.02
"""From which share of pixels that have a colour on, a picture is no grey map."""

SHOWN = 4
"""How many of a map's colours are told where the one that was asked for is not among them."""


def _colour(value: str | None) -> str | None:
    if value is not None and not re.fullmatch("#[0-9A-Fa-f]{6}", value):
        raise ValueError(f'is `{value}`: write a colour as "#ff0000", in quotes: red, green and blue from 00 to ff')
    return value


class Map(nstk.Region):
    """A picture in which somebody has drawn the region: white, opaque, or of one colour."""

    name = "map"

    map: nstk.InputPicture = nstk.Field(
        description="A picture of any size with the photograph's aspect: grey (white is inside), or with an alpha channel "
        "(opaque is inside), or with a `colour` for each region."
    )
    colour: Annotated[str | None, AfterValidator(_colour)] = nstk.Field(
        None, description='The colour that the region has in a coloured map, such as "#ff0000".'
    )

    def __call__(self, pictures: nstk.Pictures) -> np.ndarray:
        import numpy as np

        height, width = pictures.content.shape[:2]
        levels = 255 * pictures.cut(self._drawn())
        made = nstk.resize(np.repeat(levels[..., np.newaxis], 3, axis=2), width, height)[..., 0] / 255
        return np.clip(made, 0, 1)

    def _drawn(self) -> np.ndarray:
        """The region as it is drawn, height x width, 0..1."""
        import numpy as np

        if self.colour is None and (alpha := nstk.read_alpha(self.map)) is not None:
            return alpha
        picture = nstk.read_picture(self.map)
        if self.colour is not None:
            return self._of_colour(picture, self.colour)
        spread = picture.max(axis=2) - picture.min(axis=2)
        if np.mean(spread > NEAR) > COLOURED:
            hint = f'name the region\'s colour, `colour: "{_commonest(picture)[0]}"`, or save the map in grey'
            raise nstk.UserError(f"{_named(self.map)} is a picture in colour, not a grey map: {hint}")
        grey: np.ndarray = picture.mean(axis=2) / 255
        return grey

    def _of_colour(self, picture: np.ndarray, colour: str) -> np.ndarray:
        import numpy as np

        wanted = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)], np.float32)
        inside: np.ndarray = np.all(np.abs(picture - wanted) <= NEAR, axis=2).astype(np.float32)
        if not inside.any():
            there = ", ".join(_commonest(picture)[:SHOWN])
            raise nstk.UserError(f"{_named(self.map)} has nothing of the colour {colour}: most of it is {there}")
        return inside


def _named(file: str) -> str:
    return "the map" if file.startswith("python:") else Path(file).name


def _commonest(picture: np.ndarray) -> list[str]:
    """A picture's colours, those of the most pixels first. They are rounded, so that nearly equal ones are one."""
    import numpy as np

    rounded = np.minimum(np.rint(picture / 17) * 17, 255).astype(np.uint8).reshape(-1, 3)
    colours, counts = np.unique(rounded, axis=0, return_counts=True)
    return ["#{:02x}{:02x}{:02x}".format(*colours[index]) for index in np.argsort(-counts, kind="stable")]


@nstk.hookimpl
def nstk_regions() -> list[type[nstk.Region]]:
    return [Map]
