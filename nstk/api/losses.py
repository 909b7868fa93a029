"""Losses: what is handed to a loss, and the two ways to write one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag

from .definition import Definition
from .regions import Where
from .styles import Styles

if TYPE_CHECKING:
    import tensorflow as tf


Features = Mapping[str, Any]
"""Activations by layer, each `[1, height, width, channels]`; `"image"` is the picture itself, RGB, 0..255.

The activations are float32. Only a loss that says `takes_low_precision` gets them in the network's own precision.
"""


IMAGE = "image"
"""The layer name under which a loss sees the pixels."""


@dataclass(frozen=True)
class References:
    """The pictures that a loss compares the painted picture with, at one scale."""

    content: Features
    """The content picture's activations; `content["image"]` has the size of the picture that is painted."""
    styles: Mapping[str, Features]
    """Each painting's activations, by the painting's label (`style` when the recipe names one). In a run, it is a `Styles` that
    knows by how much each painting counts."""


class Gradual(BaseModel):
    """A weight that becomes larger or smaller by the same factor from each scale to the next."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    start: float = Field(gt=0, description="Weight at the first scale, which is the coarsest.")
    end: float = Field(gt=0, description="Weight at the last scale, and where there is only one.")

    def at(self, share: float) -> float:
        """The weight after a share of the way from the first scale to the last."""
        return float(self.start ** (1 - share) * self.end**share)


def _form(value: Any) -> str:
    """Which form of a weight a value has, or was to have."""
    if isinstance(value, (dict, Gradual)):
        return "mapping"
    return "list" if isinstance(value, (list, tuple)) else "number"


_Factor = Annotated[float, Field(ge=0)]


Weight = Annotated[
    Annotated[_Factor, Tag("number")]
    | Annotated[list[_Factor], Field(min_length=1), Tag("list")]
    | Annotated[Gradual, Tag("mapping")],
    Discriminator(_form),
]
"""The type of a loss's weight: one for all scales, one for each scale, or one that goes from a first to a last."""


MOST_OCTAVE = 64
"""The coarsest octave: the picture made smaller by this much."""


def _octave(value: Any) -> Any:
    """An octave, as a whole number. As the key of a mapping, it comes as a text."""
    number = int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 10 else value
    if isinstance(number, bool) or number not in [2**power for power in range(MOST_OCTAVE.bit_length())]:
        raise ValueError(f"is no octave: it must be 1 (the picture as it is), 2 (half as large), 4 or so, up to {MOST_OCTAVE}")
    return int(number)


def _octaves(value: Any) -> Any:
    """A list of octaves. A single number would not tell how many octaves from which one."""
    if isinstance(value, (list, tuple)):
        return tuple(value)
    instead = "but nothing is written there" if value is None else f"not {value!r}"
    raise ValueError(f"must be a list, such as `[1, 2, 4]`, or a mapping of octave to layers, {instead}")


def _once(octaves: tuple[int, ...]) -> tuple[int, ...]:
    for octave, count in Counter(octaves).items():
        if count > 1:
            raise ValueError(f"names octave {octave} twice")
    return octaves


def _named(value: Any) -> Any:
    """The layers of one octave; a single one may stand for itself."""
    layers = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, (list, tuple)) else None
    if layers is None or not all(isinstance(layer, str) for layer in layers):
        raise ValueError("must be a list of layers")
    for layer, count in Counter(layers).items():
        if count > 1:
            raise ValueError(f"names `{layer}` twice")
    return layers


Octave = Annotated[int, BeforeValidator(_octave, json_schema_input_type=Annotated[int, Field(ge=1, le=MOST_OCTAVE)])]
Octaves = Annotated[
    Annotated[tuple[Octave, ...], Field(min_length=1), BeforeValidator(_octaves), AfterValidator(_once), Tag("list")]
    | Annotated[
        dict[Octave, Annotated[tuple[str, ...], BeforeValidator(_named, json_schema_input_type=str | tuple[str, ...])]],
        Field(min_length=1),
        Tag("mapping"),
    ],
    Discriminator(lambda value: "mapping" if isinstance(value, Mapping) else "list"),
]
"""The type of the field `octaves`: a list of octaves, or a mapping of octave to the layers that are read there.

An octave is the number that divides the edges of the picture: 1, 2, 4 and so on.
"""


class Loss(Definition):
    """One term of the objective.

    One instance serves every scale of a run, and every picture of a session, so a loss keeps no state: `target` returns what
    the loss needs later. A run and `nstk.testing.check_loss` refuse a loss whose attributes a call has changed. Attributes that
    begin with `_` count too, and so does what a list or a mapping in an attribute holds. A loss may keep what `model_post_init`
    computes from its keys.

    A loss that draws at random asks `tf.random.get_global_generator()`. This generator follows the recipe's `seed`, and goes on
    where a resumed run was broken off. Operations such as `tf.random.uniform` follow the seed too, but a resumed run begins
    their numbers again.
    """

    weight: Weight = Field(
        1.0,
        description="Factor of this loss in the objective; or one for each scale of the pyramid: a list, coarse to fine, or "
        "{start, end} with the same factor from each scale to the next.",
    )
    octaves: Octaves = Field(
        (1,),
        repr=False,
        description="At which sizes the loss is computed, and summed: 1 is the picture, 2 its half, 4 its quarter. A list "
        "([1, 2, 4]), or octave: layers that are read there.",
    )
    where: Where = Field(
        None,
        repr=False,
        description="The region of the photograph in which the loss counts: `person`, `background`, `face`, a grey picture, or "
        "a mapping with `map` or `use` and more keys; empty: everywhere.",
    )

    takes_low_precision: ClassVar[bool] = False
    """Whether the loss wants activations as the network computes them, perhaps bfloat16 or float16, and sums them in float32.

    Other losses are handed float32, which is a copy where the network's precision is lower.
    """

    @property
    def sees_style(self) -> bool:
        """Whether the loss compares the picture with the paintings. One that does not is handed none of them in `target`."""
        return type(self).target is not Loss.target

    @property
    def holds_content(self) -> bool:
        """Whether the loss holds the picture to the photograph, place by place."""
        return type(self).target is not Loss.target and not self.sees_style

    def reads(self) -> Sequence[str]:
        """The layers that the loss looks at; `"image"` is the picture itself. The loss sees no others, also in `target`."""
        return (IMAGE,)

    def target(self, refs: References) -> Any:
        """What the loss compares the picture with. It is computed once per scale."""
        return None

    def __call__(self, features: Features, target: Any) -> tf.Tensor:
        """The loss without its weight: a scalar, differentiable in `features`."""
        raise NotImplementedError


def weights(loss: Loss, scales: int) -> list[float]:
    """The weight of a loss at each of so many scales, coarse to fine.

    Raises `ValueError` with a sentence where the loss has weights for another number of scales.
    """
    if isinstance(loss.weight, Gradual):
        return [loss.weight.at(index / (scales - 1) if scales > 1 else 1.0) for index in range(scales)]
    if not isinstance(loss.weight, list):
        return [loss.weight] * scales
    if len(loss.weight) != scales:
        count, there = len(loss.weight), "is 1 scale" if scales == 1 else f"are {scales} scales"
        raise ValueError(f"has {count} number{'s' * (count > 1)}, but there {there}")
    return list(loss.weight)


class Goal(NamedTuple):
    """The target of a `StatisticLoss`."""

    maps: Any
    """The maps that `statistic` compares with, position by position."""
    sums: Any
    """The sums that `score` compares with."""


class StatisticLoss(Loss):
    """A loss that sees pictures through sums over positions, so that a picture of any size is evaluated exactly in tiles.

    With `halo` 0, `score(statistic(a) + statistic(b), ...)` is the loss of a picture whose positions are those of `a` and of
    `b`. A sum over neighbouring positions has a `halo` of 1: the parts overlap by a row or column, and the overlap's statistic
    is taken off again, `statistic(a) + statistic(b) - statistic(overlap)`. `of_content` and `of_style` add up in this way too.
    """

    halo: ClassVar[int] = 0
    """By how many rows and columns the parts of a picture have to overlap for their statistics to add up."""
    stride: ClassVar[int] = 1
    """Parts of a picture begin at rows and columns of pixels that are multiples of it: for sums over squares of so many pixels.

    They begin at multiples of the strides of the network's layers too, so that a sum may join positions of several layers.
    """

    @property
    def pointwise(self) -> bool:
        """Whether the sums are over single positions, so that a recipe may limit the loss to regions.

        Positions of equal weights are then handed to `statistic` as if they were a picture, `[1, positions, 1, channels]`, in
        no known order, and their number may be unknown while a graph is traced. A loss that joins positions of several layers,
        or neighbours, is not pointwise.
        """
        return self.halo == 0 and self.stride == 1

    @property
    def sees_style(self) -> bool:
        return type(self).of_style is not StatisticLoss.of_style

    @property
    def holds_content(self) -> bool:
        return type(self).maps is not StatisticLoss.maps and not self.sees_style

    def statistic(self, features: Features, maps: Any) -> Any:
        """A structure (dict, list) of float tensors, each a sum over the positions of `features`.

        `maps` is what `maps` returns of the content at the same positions.
        """
        raise NotImplementedError

    def score(self, statistic: Any, goal: Any) -> tf.Tensor:
        """The loss, a scalar, from the statistic of the whole picture and what `goal` returns."""
        raise NotImplementedError

    def maps(self, content: Features) -> Any:
        """A structure of maps `[1, height, width, ...]`, made of the content's activations position by position."""
        return None

    def of_content(self, content: Features) -> Any:
        """What `goal` has to know of the content, as sums over positions like those of `statistic`."""
        return None

    def of_style(self, style: Features) -> Any:
        """What `goal` has to know of a style picture, as sums over positions like those of `statistic`."""
        return None

    def goal(self, content: Any, styles: Mapping[str, Any]) -> Any:
        """What `score` compares with, made of the sums of the content and, by label, of each style.

        `nstk.blend(styles, of)` is the mean over the styles by how much each counts. The goal is computed once per scale.
        """
        return None

    def target(self, refs: References) -> Goal:
        styles = Styles.of(refs.styles).mapped(self.of_style)
        return Goal(self.maps(refs.content), self.goal(self.of_content(refs.content), styles))

    def __call__(self, features: Features, target: Goal) -> tf.Tensor:
        return self.score(self.statistic(features, target.maps), target.sums)


def _by_layer(value: Any) -> Any:
    """A weight for each layer. `[a, b]` means equal weights that sum to 1; a mapping gives each layer its own weight."""
    if isinstance(value, str):
        value = [value]
    if isinstance(value, (list, tuple)):
        if not value:
            raise ValueError("names no layer")
        if not all(isinstance(layer, str) for layer in value):
            raise ValueError("is a list of layer names, or a mapping of layer to weight")
        for layer, count in Counter(value).items():
            if count > 1:
                raise ValueError(f"names `{layer}` twice")
        return {layer: 1 / len(value) for layer in value}
    if not isinstance(value, Mapping):
        raise ValueError(f"must be a list of layer names, or a mapping of layer to weight, not {value!r}")
    if value and all(weight == 0 and not isinstance(weight, bool) for weight in value.values()):
        raise ValueError("gives every layer the weight 0, so the loss would see nothing")
    return value


Layers = Annotated[
    dict[str, Annotated[float, Field(ge=0)]],
    Field(min_length=1),
    BeforeValidator(_by_layer, json_schema_input_type=str | list[str] | dict[str, Annotated[float, Field(ge=0)]]),
]
"""The type of a field `layers`: a list of layers with equal weights that sum to 1, or a mapping of layer to weight."""
