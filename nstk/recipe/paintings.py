"""The paintings of a recipe: one picture, a list of them, or a mapping of labels, each a picture or a mapping with its keys."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from ..api import InputPicture, Where
from ..api.definition import NAME
from ..syntax.mistakes import Mark
from ..syntax.nodes import Node, from_plain, in_mapping

STYLE = "style"
"""The label of a painting that has none in the recipe: `style: painting.jpg` is short for `style: {style: painting.jpg}`."""

PICTURE = "picture"
"""The key of a painting that its bare file is short for: `sky: starry.jpg` is short for `sky: {picture: starry.jpg}`."""


class Painting(BaseModel):
    """One painting, and by how much and how large it counts."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    picture: InputPicture = Field(description="The painting's file.")
    weight: float = Field(
        1.0, ge=0, description="How much the painting counts beside the others: only the ratios matter; 0: not at all."
    )
    scale: float | None = Field(
        None, gt=0, le=8, description="Long edge of this painting as a multiple of `size`, in place of `style_scale`."
    )
    where: Where = Field(
        None,
        description="The region of the photograph that takes this painting: `person`, `background`, `face`, a grey picture, or "
        "a mapping with `map` or `use` and more keys; empty: what other paintings leave.",
    )
    mask: Where = Field(None, description="The part of this painting that counts: a grey picture, or another region of it.")

    def scaled_by(self, style_scale: float) -> float:
        """The long edge as a multiple of the picture's, where the recipe's paintings have this `style_scale`."""
        return style_scale if self.scale is None else self.scale


def labelled(node: Node) -> Node:
    """What a recipe has under `style`, as a mapping of label to painting. What is none stays as it is, to be refused."""
    items = node.value
    if isinstance(items, str) or of_one(node):
        items = [node]
    if isinstance(items, list):
        items = {STYLE + (str(index) if index > 1 else ""): item for index, item in enumerate(items, 1)}
    if not isinstance(items, dict):
        return node
    return Node({label: in_mapping(item, PICTURE) for label, item in items.items()}, node.mark, node.key)


def shortened(place: str) -> str:
    """The place of a file as a recipe is likely to have it: `style.sky` for `style.sky.picture`, `style` for `style.style`."""
    steps = place.split(".")
    if steps[:2] == [STYLE, STYLE]:
        del steps[1]
    return ".".join(steps[:-1] if steps[0] == STYLE and steps[-1] == PICTURE and len(steps) > 1 else steps)


def named(path: Sequence[str]) -> str:
    """The place of a key as a recipe is likely to have it: `style.where` for the key of the one painting."""
    *above, key = path
    return ".".join([*filter(None, [shortened(".".join(above))]), key])


def of_one(node: Node) -> bool:
    """Whether a mapping holds the keys of one painting, and not paintings by label."""
    return isinstance(node.value, dict) and bool(node.value) and set(node.value) <= set(Painting.model_fields)


def _by_label(value: Any) -> Any:
    if isinstance(value, dict) and any(isinstance(it, Painting) for it in value.values()):
        return value
    if isinstance(value, (str, list, dict)):
        value = labelled(from_plain(value, Mark("", Path()))).plain()
    if value == {}:
        raise ValueError("names no painting")
    for label in value if isinstance(value, dict) else ():
        if not NAME.fullmatch(label):
            raise ValueError(f"has the label `{label}`: use letters, digits, `_` and `-`")
    return value


def _counting(paintings: dict[str, Painting]) -> dict[str, Painting]:
    if not any(painting.weight for painting in paintings.values()):
        raise ValueError("gives every painting the weight 0, so there would be no style")
    return paintings


_Form = str | Painting

Paintings = Annotated[
    dict[str, Painting],
    BeforeValidator(_by_label, json_schema_input_type=_Form | list[_Form] | dict[str, _Form]),
    AfterValidator(_counting),
]
"""The type of the key `style`."""
