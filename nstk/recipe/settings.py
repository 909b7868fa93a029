"""The keys of a recipe that hold plain values, with their checks, defaults and descriptions."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from ..api import InputPicture, Where
from ..machine import memory
from ..machine.precision import Precision
from .crop import CENTRE, Crop
from .durations import Duration
from .paintings import Paintings
from .scales import Edge, Pyramid, Size


def _interval(value: Any) -> Any:
    if isinstance(value, str):
        good = bool(re.fullmatch(r"(\d+\.?|\d*\.\d+)s", value)) and float(value[:-1]) > 0
    else:
        good = value is False or (isinstance(value, int) and value is not True and value >= 1)
    if good:
        return value
    raise ValueError(f"is `{value}`: write a number of steps (50) or of seconds (60s); `checkpoint: false` keeps none")


Interval = Annotated[
    int | str | Literal[False],
    BeforeValidator(
        _interval,
        json_schema_input_type=Annotated[int, Field(ge=1)] | Annotated[str, Field(pattern=r"^[0-9.]+s$")] | Literal[False],
    ),
]


class Checkpoint(BaseModel):
    """How often the state of a run is kept, for `nstk resume`."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    every: Interval = Field("60s", description="From one checkpoint to the next: steps (50) or seconds (60s); false: none.")

    def due(self, steps: int, seconds: float) -> bool:
        """Whether the next checkpoint is due, so many steps and seconds after the last one."""
        if isinstance(self.every, str):
            return seconds >= float(self.every[:-1])
        return self.every is not False and steps >= self.every


Memory = Annotated[str, AfterValidator(memory.checked), Field(json_schema_extra={"pattern": memory.PATTERN.pattern})]
TileEdge = Annotated[int, Field(ge=64, le=32768)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]


AUTO: Literal["auto"] = "auto"
"""What a recipe writes where it leaves its scales or steps to nstk (see `automatic`)."""


Steps = Literal["auto"] | Count | Annotated[list[Count], Field(min_length=1)]


OptionalPyramid = Annotated[
    Pyramid | Literal["auto"] | None,
    BeforeValidator(
        lambda value: None if value is False else value, json_schema_input_type=Pyramid | Literal["auto", False] | None
    ),
]


def _checkpoint(value: Any) -> Any:
    """The value as a mapping. `false` means that no checkpoints are kept, and `true` or nothing means the default."""
    return {"every": False} if value is False else {} if value is None or value is True else value


WhenToCheckpoint = Annotated[Checkpoint, BeforeValidator(_checkpoint, json_schema_input_type=Checkpoint | bool | None)]


class Output(BaseModel):
    """Where the picture goes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str | Literal[False] = Field(
        "",
        description="The picture's file; its suffix chooses the format. Empty: out/NAME.png in the working directory, or "
        "NAME.1.png where that is of other settings; false: nothing is written, and Python has the result.",
    )
    quality: int | None = Field(None, ge=1, le=100, description="Quality of a JPEG, WebP or AVIF; the format's own when empty.")
    depth: Literal[8, 16] = Field(8, description="Bits a channel: 8, or 16 for PNG and TIFF.")
    metadata: bool = Field(
        True, description="Say in the picture's file how it was made: the recipe, versions, hashes of the inputs, steps done."
    )
    gps: bool = Field(False, description="Keep in the picture's EXIF where the photograph was taken.")


class Change(BaseModel):
    """What changes while the picture is painted."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    after: int = Field(ge=1, description="After how many steps, counted through all scales.")
    set: dict[str, float] = Field(
        min_length=1, description="Keys with their new values: `losses.LABEL.weight`, `balance`, `optimizer.learning_rate`."
    )


SPELLINGS = ("width", "height")
"""The keys that say in other words what `size` says. A resolved recipe has `size` alone."""


class Settings(BaseModel):
    """The keys of a recipe that hold plain values."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    content: InputPicture = Field(description="The photograph: what is painted.")
    style: Paintings = Field(
        description="The painting: how it is painted; or several: a list of pictures, or a mapping of label to picture. A "
        "mapping with `picture`, `weight` and `scale` may stand for each."
    )
    size: Size = Field(
        512,
        description="Size of the result: its long edge in pixels, megapixels (`8MP`), or `content`, the content's own: these "
        "keep the content's aspect. With both edges (`1920x1080`), the content is cut to their aspect.",
    )
    width: Edge | None = Field(
        None, description="Width of the result in pixels, in place of `size`; without `height`, the content's aspect is kept."
    )
    height: Edge | None = Field(
        None, description="Height of the result in pixels, in place of `size`; without `width`, the content's aspect is kept."
    )
    crop: Crop = Field(
        CENTRE,
        description="Which part of the content is kept where it is cut to an aspect: `centre`, `top`, `bottom`, `left`, "
        "`right`, a corner (`top left`), or the shares of what is cut to the left and above (`[0.5, 0.2]`).",
    )
    style_scale: float = Field(
        1.0, gt=0, le=8, description="Long edge of the paintings as a multiple of `size`: larger gives larger strokes."
    )
    balance: float | None = Field(
        None,
        ge=0,
        le=100,
        description="How much of the painting there is beside the photograph: 0 is the photograph, 100 the painting, about 50 "
        "what the default recipe has, with any losses and at any size; empty: as the losses' weights say.",
    )
    paint: Where = Field(
        None,
        description="The region of the photograph that is painted: `person`, `background`, `face`, a grey picture, or a "
        "mapping with `map` or `use` and more keys; outside, the photograph stays as it is; empty: all is painted.",
    )
    faces: Literal["light", "paint", "keep"] = Field(
        "light",
        description="What becomes of the photograph's faces: light (painted, and still known: a loss holds them), paint "
        "(painted like the rest) or keep (the photograph's, as they are).",
    )
    steps: Steps = Field(
        AUTO,
        description="How many times the picture is moved: in all, or a list with a number for each scale of the pyramid; auto: "
        "40, 24, 14, 10, 8, ... from the coarsest scale on.",
    )
    pyramid: OptionalPyramid = Field(
        AUTO,
        description="Paint coarse to fine: a mapping with `start` (pixels) or `levels`, and `ratio`; false: at one scale; "
        "auto: from 128 pixels on, each scale twice as long as the one before.",
    )
    time: Duration | None = Field(
        None,
        description="Most time that the run may take (`90s`, `2min`, `1h30min`): where it is short, fewer steps are done, and "
        "the coarsest scales may be left out; empty: as long as the steps take.",
    )
    changes: list[Change] = Field(
        default_factory=list,
        max_length=10_000,
        description="What changes on the way: a list of `after` (steps) and `set` (keys and values); the live page writes it.",
    )
    average: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Decay of an average over a scale's steps, which is then the result (0.99: about the last 100); 0: off.",
    )
    seed: int = Field(0, ge=0, lt=2**32, description="Seed of everything random.")
    precision: Precision = Field(
        "auto",
        description="Number type of the features and their gradients; auto: bfloat16 or float16 where the device is faster in "
        "it, else float32. Losses and picture are float32.",
    )
    jit: Literal["auto", True, False] = Field(
        "auto", description="Compile the step with XLA; auto: on a GPU, not on a processor, where it is slower."
    )
    tiles: Literal["auto", "off"] | TileEdge = Field(
        "auto",
        description="Compute the losses in tiles, exactly: the edge of a tile in pixels, `off`, or `auto`: if memory is short.",
    )
    memory: Memory | None = Field(None, description="Most memory that the run may hold, such as `4GB`; empty: what is free.")
    run_eagerly: bool = Field(False, description="Run the step op by op, for breakpoints and prints, instead of compiled.")
    checkpoint: WhenToCheckpoint = Field(
        Checkpoint(),
        description="Keep the state of the run beside the picture until it is done, for `nstk resume`; false: do not.",
    )
    output: Output = Field(
        Output(),
        description="Where the picture goes: a path, or a mapping with `path`, `quality`, `depth`, `metadata` and `gps`; "
        "false: nowhere.",
    )
