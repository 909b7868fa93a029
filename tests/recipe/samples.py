"""What the tests of recipes share."""

from __future__ import annotations

import pytest

import nstk
from nstk.recipe.load import load_recipe

PLUGIN = '''
import nstk


class Glow(nstk.Loss):
    """Light around a mask."""

    name = "glow"

    mask: nstk.InputFile | None = nstk.Field(None, description="Where.")
    others: list[nstk.InputFile] = nstk.Field([], description="More of them.")
    sizes: tuple[int, int] = nstk.Field((1, 2), description="Two sizes.")
    amount: int | float | None = nstk.Field(None, description="How much.", gt=0)


@nstk.hookimpl
def nstk_losses():
    return [Glow]
'''


PICTURES = "content: photo.png\nstyle: painting.png\n"


def refused(*args, **kwargs):
    with pytest.raises(nstk.UserError) as caught:
        load_recipe(*args, **kwargs)
    return str(caught.value)


def essence(recipe):
    """What a recipe says, whatever its file is called."""
    return recipe.to_plain(), recipe.inputs()


def saved_beside(recipe):
    path = recipe.sidecar(".recipe.yaml")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(recipe.to_yaml(path.parent), encoding="utf-8")
    return path
