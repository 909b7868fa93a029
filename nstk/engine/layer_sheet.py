"""What each layer alone makes of a recipe's painting: a small picture out of noise for each, to choose layers by."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from .. import pictures
from ..api import IMAGE, Loss
from ..errors import UserError
from ..hints import suggest
from ..pictures.contact_sheet import Cell, contact_sheet
from ..recipe.load import RecipeLike, loaded
from ..recipe.model import Recipe
from ..recipe.settings import Checkpoint, Output
from .parts import alone, layers_of
from .session import Session

SIZE, LEAST, MOST = 192, 64, 1024
"""The long edge of each picture in pixels, and its bounds."""

STEPS = 20
"""How many steps of L-BFGS each picture takes. More of them change little that could be seen at this size."""


def layer_sheet(
    recipe: RecipeLike,
    layers: Sequence[str] = (),
    *,
    size: int = SIZE,
    steps: int | None = None,
    say: Callable[[str], None] = lambda words: None,
) -> NDArray[np.uint8]:
    """A sheet (height x width x 3, 0..255) that shows what each layer alone makes of a recipe's painting.

    Each picture begins as noise and has the recipe's style loss at one layer, and no other loss. It shows which colours,
    strokes and forms the layer holds. All have the painting's aspect and a long edge of `size` pixels (64..1024). The painting
    is seen at `style_scale` times that size, as in a run, and comes first on the sheet. Several are blended as the recipe says.
    The layers are those named, or the first of each block and those that the style loss reads. Each takes so many `steps`, 20
    where none are given. `say` is told which layer is being painted. Raises `UserError` for a layer that the backbone does not
    have, for another size, and for a recipe without such a loss.
    """
    if not LEAST <= size <= MOST:
        raise UserError(f"the pictures of a sheet cannot be {size} pixels long: choose from {LEAST} to {MOST}")
    recipe = loaded(recipe).at(-1)
    label, loss = _style_loss(recipe)
    chosen = _chosen(recipe, loss, layers)
    cells = [*_paintings(recipe, size)]
    with Session() as session:
        for number, layer in enumerate(chosen, start=1):
            say(f"{layer} ({number} of {len(chosen)})")
            part = alone(loss, layer, 1.0)
            assert part is not None  # `_style_loss` has asked
            result = session.run(_at_one_layer(recipe, part, size, steps or STEPS), quiet=True)
            cells.append(Cell(result.picture, layer, _below(recipe, layer, label, loss)))
    return contact_sheet(cells)


def _style_loss(recipe: Recipe) -> tuple[str, Loss]:
    """The recipe's loss that compares layers with the painting: that of most layers, and of these the heaviest."""
    found = [
        (label, loss)
        for label, loss in recipe.active_losses.items()
        if loss.sees_style and [*layers_of(loss)] != [IMAGE] and all(alone(loss, layer, 1.0) for layer in layers_of(loss))
    ]
    if not found:
        raise UserError(
            f"{recipe.name} has no loss that compares single layers with the painting, as `wasserstein` and `gram` do"
        )
    return max(found, key=lambda pair: (len(layers_of(pair[1])), pair[1].weight))


def _chosen(recipe: Recipe, loss: Loss, layers: Sequence[str]) -> list[str]:
    """The layers to paint, in the network's order."""
    known = [layer.name for layer in recipe.backbone.layers]
    for layer in layers:
        if layer not in [IMAGE, *known]:
            hint = suggest(layer, known) or f"`nstk layers {recipe.backbone.name}` lists its layers"
            raise UserError(f"backbone `{recipe.backbone.name}` has no layer `{layer}`: {hint}")
    wanted = layers or [*layers_of(loss), *_firsts(recipe)]
    return [layer for layer in [IMAGE, *known] if layer in wanted]


def _firsts(recipe: Recipe) -> Iterator[str]:
    """The first layer of each block. A layer of a larger stride than the one before is a pooling, which ends a block."""
    ended, before = True, 1
    for layer in recipe.backbone.layers:
        if layer.stride > before:
            ended, before = True, layer.stride
        elif ended:
            ended = False
            yield layer.name


def _paintings(recipe: Recipe, size: int) -> Iterator[Cell]:
    """The paintings at the size at which they are seen, without their own scales."""
    for label, painting in recipe.paintings.items():
        picture = pictures.read_picture(painting.picture)
        width, height = pictures.fit(picture.shape[1], picture.shape[0], size)
        title = "the painting" if len(recipe.paintings) == 1 else label
        yield Cell(pictures.resize(picture, width, height), title)


def _below(recipe: Recipe, layer: str, label: str, loss: Loss) -> str:
    """What a layer sees, and its weight in the recipe."""
    sees = next((it.receptive_field for it in recipe.backbone.layers if it.name == layer), 1)
    weight = layers_of(loss).get(layer)
    return f"sees {sees} px, " + (f"{label} {weight:g}" if weight else "not read")


def _at_one_layer(recipe: Recipe, part: Loss, size: int, steps: int) -> Recipe:
    """The recipe that paints one cell. Its content is the painting, whose aspect is all that counts of it.

    What the recipe says of places in its photograph has no place there: only the masks of paintings stay.
    """
    get, (painting, *_) = recipe.registry.get, recipe.paintings.values()
    style = {label: it.model_copy(update={"where": None}) for label, it in recipe.style.items()}
    return recipe.model_copy(
        update={
            "content": painting.picture,
            "style": style,
            "paint": None,
            "faces": "paint",
            "balance": None,
            "time": None,
            "losses": {"style": part.model_copy(update={"weight": 1.0, "octaves": (1,), "where": None})},
            "init": get("initializer", "noise")(),
            "optimizer": get("optimizer", "lbfgs")(),
            "colours": get("colours", "painting")(),
            "callbacks": {},
            "aspect": None,
            "size": size,
            "steps": steps,
            "pyramid": None,
            "average": 0.0,
            "precision": "auto",
            "checkpoint": Checkpoint(),
            "output": Output(path=False),
        }
    )
