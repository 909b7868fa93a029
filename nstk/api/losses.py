"""What a plugin subclasses, and what it is handed.

A plugin *defines* classes; a recipe *decides* which of them run. Every class here is its own parameters: its fields are the
keys that a recipe may write, with their checks, defaults and descriptions, so one class gives validation, `nstk describe`, the
JSON schema for editors and the recipe that is saved beside the picture.

TensorFlow is imported inside methods only, so that listing or checking a plugin stays instant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple, Protocol

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field as Field

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import tensorflow as tf

    from .recipe import Recipe

Features = Mapping[str, Any]
"""Activations by layer, each `[1, height, width, channels]`; `"image"` is the picture itself, 0..255 RGB.

They are float32, but for a loss that says `takes_low_precision`.
"""

IMAGE = "image"
"""The layer name under which a loss sees the pixels."""


@dataclass(frozen=True)
class File:
    """Marks a field that names a file to read: relative to the recipe that says it, and it has to exist.

    `words` are the values that are no file, such as `builtin`. A `picture` has to be one that can be read.
    """

    words: tuple[str, ...] = ()
    picture: bool = False


InputFile = Annotated[str, File()]
"""The type of a field that names a file to read. Its value is an absolute path by the time a plugin sees it."""
InputPicture = Annotated[str, File(picture=True)]
"""The type of a field that names a picture to read; that it can be read is checked with the recipe."""


class Definition(BaseModel):
    """A named thing that a recipe can use. Its fields are its recipe keys; it keeps no other state."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True, protected_namespaces=())

    name: ClassVar[str]

    def __setattr__(self, key: str, value: Any) -> None:
        if not key.startswith("_"):
            raise TypeError(f"{type(self).__name__}.{key} cannot be set: a definition keeps no state besides its recipe keys")
        super().__setattr__(key, value)


@dataclass(frozen=True)
class References:
    """What a loss compares the picture with, at one scale."""

    content: Features
    """The content picture's activations; `content["image"]` has the size of the picture that is painted."""
    styles: Mapping[str, Features]
    """Each style picture's activations, by the style's label (`style` when the recipe names one painting)."""


class Loss(Definition):
    """One term of the objective.

    The same instance serves every scale of a run, so what it compares with is returned by `target`, not stored. One that draws
    at random asks `tf.random.get_global_generator()`, which follows the recipe's `seed` and goes on where a resumed run was
    broken off; operations such as `tf.random.uniform` follow the seed too, but a resumed run begins their numbers again.
    """

    weight: float = Field(1.0, ge=0, description="Factor of this loss in the objective.")

    takes_low_precision: ClassVar[bool] = False
    """Whether it wants activations as the network computes them, perhaps bfloat16 or float16, and sums them in float32 itself.

    Other losses are handed float32, which is a copy where the network's precision is lower.
    """

    def reads(self) -> Sequence[str]:
        """The layers it looks at; `"image"` is the picture itself. It sees no others, in `target` too."""
        return (IMAGE,)

    def target(self, refs: References) -> Any:
        """What to compare with; computed once per scale."""
        return None

    def __call__(self, features: Features, target: Any) -> tf.Tensor:
        """The loss without its weight: a scalar, differentiable in `features`."""
        raise NotImplementedError


class Goal(NamedTuple):
    """The target of a `StatisticLoss`."""

    maps: Any
    """What `statistic` compares with, position by position."""
    sums: Any
    """What `score` compares with."""


class StatisticLoss(Loss):
    """A loss that sees pictures through sums over positions, so that a picture of any size is evaluated exactly in tiles.

    With `halo` 0, `score(statistic(a) + statistic(b), ...)` is the loss of a picture whose positions are those of `a` and of
    `b`. A sum over neighbouring positions has a `halo` of 1: its parts overlap by a row or column, whose own statistic is taken
    off again, `statistic(a) + statistic(b) - statistic(overlap)`. The same holds for `of_content` and `of_style`.
    """

    halo: ClassVar[int] = 0
    """By how many rows and columns the parts of a picture have to overlap for their statistics to add up."""

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
        """What `score` compares with, from the sums of the content and, by label, of each style; computed once per scale."""
        return None

    def target(self, refs: References) -> Goal:
        styles = {label: self.of_style(style) for label, style in refs.styles.items()}
        return Goal(self.maps(refs.content), self.goal(self.of_content(refs.content), styles))

    def __call__(self, features: Features, target: Goal) -> tf.Tensor:
        return self.score(self.statistic(features, target.maps), target.sums)


def _by_layer(value: Any) -> Any:
    """`[a, b]` means equal weights that sum to 1; a mapping gives each layer its own weight."""
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
"""The type of a `layers` field: a list (equal weights that sum to 1) or a mapping of layer to weight."""


@dataclass(frozen=True)
class Pictures:
    """The recipe's pictures at one scale, each height x width x 3, float32, 0..255. The arrays are read-only."""

    content: np.ndarray
    styles: Mapping[str, np.ndarray]


class Initializer(Definition):
    """Makes the picture that the first step starts from."""

    def __call__(self, pictures: Pictures, rng: np.random.Generator) -> np.ndarray:
        """A new array of the shape of `pictures.content`, 0..255. `rng` is seeded with the recipe's `seed`."""
        raise NotImplementedError


class Evaluation(NamedTuple):
    """The objective at one picture, as scalar tensors; `losses` are by label, weighted, and sum to `loss`."""

    loss: Any
    losses: dict[str, Any]


class Problem(Protocol):
    """What an optimizer works on: a picture, and the objective to make small.

    It sees the picture through the recipe's `parametrization`: a linear and symmetric operator `shape` from changes of the
    unknowns, which the optimizer decides on, to changes of the pixels. An optimizer that asks for `value_and_grad()` and
    answers with `move(change)` works under every parametrization, and its pixels stay in 0..255.
    """

    image: tf.Variable
    """The picture, `[1, height, width, 3]`, 0..255."""
    steps: int
    """How many times it will be moved."""

    def value_and_grad(self) -> tuple[Evaluation, Any]:
        """The objective at the picture, and its gradient with respect to the unknowns, `[1, height, width, 3]`."""

    def move(self, change: Any) -> None:
        """Move the picture by a change of the unknowns, and clip it to 0..255."""

    def pixel_gradient(self) -> tuple[Evaluation, Any]:
        """The objective, and its gradient with respect to the pixels; for an optimizer that assigns `image` itself."""

    def evaluate(self) -> Evaluation:
        """The objective at the picture, without a gradient."""

    def shape(self, change: Any) -> Any:
        """The parametrization's operator: from a change of the unknowns to one of the pixels, and (it is symmetric) from a
        gradient with respect to the pixels to one with respect to the unknowns."""


class Stepper:
    """An optimizer at work on one picture."""

    variables: Sequence[Any] = ()
    """The `tf.Variable`s that hold its state, all of it: a run that is resumed puts their values into those of a new stepper.

    They are the same ones in the same order whenever a stepper is made for a scale of that size.
    """

    good: Any = None
    """The `tf.Variable` of a picture to go back to where the numbers go wrong, if it is among its variables; else the run
    keeps the last picture from which a step was finite."""

    def step(self) -> Evaluation:
        """Move the picture once. Returns the objective as it was before the move.

        It is compiled with `tf.function` unless the recipe says `run_eagerly: true`, so it works on tensors only.
        """
        raise NotImplementedError

    def stalled(self) -> Any:
        """Whether no step can make progress any more, as a boolean tensor or a bool; compiled with `step`."""
        return False

    def recover(self) -> bool:
        """Make the next moves smaller: one led to a picture whose objective or gradient is NaN or infinite.

        The image is the last good picture again. Asked once a scale, and not compiled; False: it cannot, and the run ends.
        """
        return False

    def finish(self) -> None:
        """Called after the last step of a scale: leave in the image the picture to keep."""


class Optimizer(Definition):
    """Moves the picture."""

    def start(self, problem: Problem, before: Stepper | None = None) -> Stepper:
        """Begin on a picture. After the first scale, `before` is the stepper of the scale before, whose state may serve.

        A run that is resumed has none, and then puts back what the new stepper's `variables` held.
        """
        raise NotImplementedError

    def pictures(self, steps: int) -> int:
        """How many pictures in float32 its stepper holds at most in so many steps, for the estimate of memory.

        Without the picture itself, its gradient and the last good one.
        """
        return 6

    def within(self, pictures: int) -> Optimizer:
        """An optimizer that holds about so many pictures at most, where memory is short: itself if it can do no other."""
        return self


class Parametrization(Definition):
    """How the optimizer sees the picture: it decides on unknowns, and a linear operator makes pixels of them."""

    def operator(self, height: int, width: int) -> Callable[[Any], Any]:
        """A linear, symmetric and positive operator on pictures `[1, height, width, 3]`, float32; compiled with the step."""
        raise NotImplementedError


@dataclass(frozen=True)
class Layer:
    """A layer of a backbone, as `nstk layers` shows it."""

    name: str
    channels: int
    stride: int
    receptive_field: int
    """Width in pixels of the part of the picture that one activation sees."""
    paper: str = ""
    """The name in the papers, such as `relu4_2`."""


class Backbone(Definition):
    """A network whose activations the losses look at."""

    layers: ClassVar[tuple[Layer, ...]]

    local: ClassVar[bool] = True
    """Whether an activation depends only on the pixels that its layer's `receptive_field` tells, which tiles rest on."""

    taps: ClassVar[bool] = False
    """Whether what `build` returns takes `tap` too, and goes on with `x = tap(layer, x)` after each layer: in tiles, that cuts
    off what the layers above do not need, and saves memory. It works without, too."""

    def build(self, layers: Sequence[str], dtype: str = "float32") -> Callable[..., dict[str, tf.Tensor]]:
        """A function from a picture (`[1, height, width, 3]`, 0..255 RGB, float32) to its activations at `layers`.

        It is differentiable in the picture and holds nothing trainable. `dtype` is the activations' number type: `float32`,
        `bfloat16` or `float16`. A `build` that takes `layers` only always computes in float32.
        """
        raise NotImplementedError

    def provenance(self) -> dict[str, Any]:
        """Where the weights came from (`weights`, `sha256`), for the record of the run."""
        return {}


@dataclass(frozen=True)
class Scale:
    """One size at which the picture is painted; pixels."""

    index: int
    width: int
    height: int
    steps: int


class Step(Protocol):
    """What `Callback.on_step` gets. Values are brought from the device only when they are asked for."""

    index: int
    """1 after the first step; counts through all scales."""
    scale: Scale

    @property
    def loss(self) -> float:
        """The objective before this step's move."""

    seconds: float
    """Of painting, when the step was done."""

    @property
    def losses(self) -> Mapping[str, float]:
        """The weighted losses by label; they sum to `loss`."""

    def image(self) -> np.ndarray:
        """The picture now, height x width x 3, float32, 0..255. There is none for a step of `run.earlier`."""


class Run(Protocol):
    """What every event of a callback gets: the run so far."""

    recipe: Recipe
    output: Path
    scales: Sequence[Scale]
    labels: Sequence[str]
    """The labels of the losses, in the recipe's order."""
    device: str
    precision: str
    stopped: str
    """Why the run ended (`done`, `interrupted`, what a callback said); empty while it goes on."""
    error: BaseException | None

    earlier: Sequence[Step]
    """The steps that were done before the run was broken off and resumed; empty for a run that began now."""

    @property
    def outlook(self) -> str:
        """How much memory the run will hold, and whether it paints in tiles, in words."""

    @property
    def total_steps(self) -> int:
        """How many steps there will be; fewer, once the optimizer has stalled at a scale."""

    @property
    def resumed(self) -> int:
        """How many steps those are: the next step is the one after them."""

    @property
    def seconds(self) -> float:
        """Of painting so far, with those before the run was resumed."""

    def stop(self, reason: str) -> None:
        """End the run after this step."""

    def image(self) -> np.ndarray:
        """The picture now, height x width x 3, float32, 0..255."""

    def beside(self, template: str, **fields: Any) -> Path:
        """A path in the output's folder: `{name}` is the output's name without its suffix, `{suffix}` the suffix.

        Raises `OutputError` for one outside it, and for one of the run's own inputs.
        """

    def save(self, path: Path) -> None:
        """Write the picture as it is now."""


class Callback(Definition):
    """Watches a run. Override the events you need; state may be kept on `self`, each run has its own copy."""

    shows: ClassVar[bool] = False
    """Whether it writes to the terminal, and is left out of a quiet run."""

    every: int = Field(1, ge=1, description="Call `on_step` at every so many steps (and at the last one).")

    def __setattr__(self, key: str, value: Any) -> None:
        if key in type(self).model_fields:
            raise TypeError(f"{type(self).__name__}.{key} is a recipe key and cannot be set")
        object.__setattr__(self, key, value)

    def on_start(self, run: Run) -> None:
        """Before the first step."""

    def on_scale(self, run: Run, scale: Scale) -> None:
        """Before the first step of each scale."""

    def on_step(self, run: Run, step: Step) -> None:
        """After a step."""

    def on_end(self, run: Run) -> None:
        """Always, in reverse order; `run.stopped` and `run.error` say why."""

    def state(self) -> Any:
        """What it has to find again when the run is resumed, as JSON can hold it; None if nothing. Asked at each checkpoint."""
        return None

    def restore(self, run: Run, state: Any) -> None:
        """In a run that is resumed, what `state` returned: after `on_start`, and after `on_scale` of the scale that goes on."""

    def told(self, run: Run) -> list[Step]:
        """The steps of `run.earlier` that `on_step` was called for: what a log begins with."""
        return [step for step in run.earlier if step.index % self.every == 0 or step.index == run.total_steps]
