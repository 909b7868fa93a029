"""The recipe as the engine gets it: everything resolved, checked and absolute; and how it is written down again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from . import memory
from .api import Backbone, Callback, Definition, File, Initializer, InputFile, Loss, Optimizer, Parametrization
from .checkpoints import Checkpoint
from .errors import PluginError
from .precision import Precision
from .registry import Registry
from .scales import Edge, Pyramid, Size
from .source import dump

STYLE = "style"
"""The label of the style when a recipe names one painting."""

DEFAULTS: dict[str, Any] = {
    "backbone": "vgg19",
    "losses": {
        "content": {"weight": 1},
        "gram": {"weight": 10},
        # The pixels' own Gram matrix: the layers above have hardly a gradient where the picture is dark and flat.
        "colour": {"use": "gram", "layers": ["image"], "weight": 20},
        "tv": {"weight": 0.05},
    },
    "init": "content",
    "parametrization": "pixels",
    "optimizer": "lbfgs",
    "callbacks": {"progress": None},
}
"""What a recipe gets where it is silent. Naming any loss replaces these; other slots merge."""

SLOTS = {"backbone": "backbone", "init": "initializer", "parametrization": "parametrization", "optimizer": "optimizer"}
"""Keys that hold one definition, and its kind."""
LABELLED = {"losses": "loss", "callbacks": "callback"}
"""Keys that hold definitions by label, and their kind."""

SIDECARS = (".recipe.yaml", ".run.json")
"""What is written beside the picture."""


Memory = Annotated[str, AfterValidator(memory.checked), Field(json_schema_extra={"pattern": memory.PATTERN.pattern})]
TileEdge = Annotated[int, Field(ge=64, le=32768)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Steps = Count | Annotated[list[Count], Field(min_length=1)]

OptionalPyramid = Annotated[
    Pyramid | None,
    BeforeValidator(lambda value: None if value is False else value, json_schema_input_type=Pyramid | Literal[False] | None),
]


def _checkpoint(value: Any) -> Any:
    """`false` keeps none; `true`, or nothing, means the default."""
    return {"every": False} if value is False else {} if value is None or value is True else value


WhenToCheckpoint = Annotated[Checkpoint, BeforeValidator(_checkpoint, json_schema_input_type=Checkpoint | bool | None)]


class Output(BaseModel):
    """Where the picture goes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = Field(
        "", description="The picture's file; its suffix chooses the format. Empty: out/NAME.png in the working directory."
    )
    quality: int | None = Field(None, ge=1, le=100, description="Quality of a JPEG, WebP or AVIF; the format's own when empty.")
    depth: Literal[8, 16] = Field(8, description="Bits a channel: 8, or 16 for PNG and TIFF.")
    gps: bool = Field(False, description="Keep in the picture's EXIF where the photograph was taken.")


class Settings(BaseModel):
    """The keys of a recipe that hold plain values."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    content: InputFile = Field(description="The photograph: what is painted.")
    style: InputFile = Field(description="The painting: how it is painted.")
    size: Size = Field(
        512,
        description="Size of the result: its long edge in pixels, megapixels (`8MP`), or `content`, the content's own; the "
        "content's aspect is kept.",
    )
    style_scale: float = Field(
        1.0, gt=0, le=8, description="Long edge of the style picture as a multiple of `size`: larger gives larger strokes."
    )
    steps: Steps = Field(
        100,
        description="How many times the picture is moved: in all, or a list with a number for each scale of the pyramid.",
    )
    pyramid: OptionalPyramid = Field(
        None, description="Paint coarse to fine: a mapping with `start` (pixels) or `levels`, and `ratio`. Empty: one scale."
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
        description="Number type of the features and their gradients; auto: bfloat16 or float16 where the device has it in "
        "hardware, else float32. Losses and picture are float32.",
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
        Output(), description="Where the picture goes: a path, or a mapping with `path`, `quality`, `depth` and `gps`."
    )


class Recipe(Settings):
    """A resolved recipe: definitions instead of names, absolute paths, nothing left to default.

    Made by `nstk.load_recipe`.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, protected_namespaces=())

    name: str
    size: Edge
    """The long edge of the result in pixels, whichever way the recipe says it."""
    backbone: Backbone
    losses: dict[str, Loss]
    init: Initializer
    parametrization: Parametrization
    optimizer: Optimizer
    callbacks: dict[str, Callback]
    plugins: list[str] = Field(default_factory=list)
    registry: Registry = Field(exclude=True, repr=False)
    files: list[Path] = Field(default_factory=list, exclude=True, repr=False)
    """The recipe files it was read from."""
    overridden: bool = Field(False, exclude=True, repr=False)

    @property
    def path(self) -> Path:
        """Where the picture will be, absolute."""
        return Path(self.output.path)

    @property
    def styles(self) -> dict[str, Path]:
        """The style pictures by label."""
        return {STYLE: Path(self.style)}

    def sidecar(self, suffix: str) -> Path:
        """`out/louvre.recipe.yaml` for `out/louvre.png`."""
        return self.path.with_suffix("").with_name(self.path.stem + suffix)

    def definitions(self) -> Iterator[tuple[str, Definition]]:
        """Every definition in use, with its place in the recipe."""
        yield from ((key, getattr(self, key)) for key in SLOTS)
        yield from ((f"{key}.{label}", it) for key in LABELLED for label, it in getattr(self, key).items())

    def inputs(self) -> dict[str, Path]:
        """Every file that the recipe reads, by its place in the recipe."""
        return input_files([("", self), *self.definitions()])

    def to_plain(self, folder: Path | None = None) -> dict[str, Any]:
        """The recipe as plain data, with every default written out.

        If `folder` (default: the working directory) is in the working directory, paths in there are written relative to
        `folder`, so that a project can be moved; others are absolute.
        """
        folder = folder or Path.cwd()
        data = self.model_dump(include=set(Settings.model_fields), mode="json")
        for key in ("content", "style"):
            data[key] = relative(data[key], folder)
        data["output"]["path"] = relative(data["output"]["path"], folder)
        if self.output == Output(path=self.output.path):
            data["output"] = data["output"]["path"]
        data["checkpoint"] = data["checkpoint"]["every"] is not False and data["checkpoint"]
        for key, kind in SLOTS.items():
            data[key] = self._slot(kind, getattr(self, key), folder)
        for key, kind in LABELLED.items():
            data[key] = {
                label: {k: v for k, v in self._slot(kind, it, folder).items() if (k, v) != ("use", label)}
                for label, it in getattr(self, key).items()
            }
        dropped = {label: False for label in DEFAULTS["callbacks"] if label not in self.callbacks}
        data["callbacks"] = dropped | data["callbacks"]
        if self.plugins:
            data["plugins"] = [relative(spec, folder) if spec.endswith(".py") else spec for spec in self.plugins]
        return data

    def to_yaml(self, folder: Path | None = None) -> str:
        """The recipe as YAML that `load_recipe` reads back, for a file in `folder`."""
        return dump(self.to_plain(folder))

    def _slot(self, kind: str, definition: Definition, folder: Path) -> dict[str, Any]:
        cls = type(definition)
        try:
            self.registry.get(kind, cls.name)
            use = cls.name
        except PluginError:  # two plugins define it: say whose
            use = f"{self.registry.owner(cls).name}:{cls.name}"
        params = definition.model_dump(mode="json")
        for name, marker in file_fields(cls):
            params[name] = map_texts(params[name], partial(relative, folder=folder, words=marker.words))
        return {"use": use, **params}


def input_files(definitions: Iterable[tuple[str, BaseModel]]) -> dict[str, Path]:
    """Every file that definitions read, by its place in the recipe."""
    found: dict[str, Path] = {}
    for where, definition in definitions:
        for name, marker in file_fields(type(definition)):
            paths = [Path(text) for text in _texts(getattr(definition, name)) if text and text not in marker.words]
            place = f"{where}.{name}".lstrip(".")
            found |= {place if len(paths) == 1 else f"{place}.{index}": path for index, path in enumerate(paths)}
    return found


def file_fields(cls: type[BaseModel]) -> Iterator[tuple[str, File]]:
    """The fields of a definition that name files to read: `InputFile`, and `InputFile | None` or `list[InputFile]`."""
    for name, info in cls.model_fields.items():
        yield from ((name, marker) for marker in [*info.metadata, *_metadata(info.annotation)] if isinstance(marker, File))


def _metadata(annotation: Any) -> Iterator[Any]:
    """What is said with `Annotated` inside a type."""
    yield from getattr(annotation, "__metadata__", ())
    for part in get_args(annotation):
        yield from _metadata(part)


def map_texts(value: Any, change: Callable[[str], str]) -> Any:
    """The same data with every text changed."""
    if isinstance(value, dict):
        return {key: map_texts(item, change) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [map_texts(item, change) for item in value]
    return change(value) if isinstance(value, str) else value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list, tuple)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def relative(path: str, folder: Path, words: Sequence[str] = ()) -> str:
    """A path as it is written for `folder` (see `Recipe.to_plain`); `words` are no paths."""
    here = Path.cwd()
    if path not in words and Path(path).is_relative_to(here) and folder.resolve().is_relative_to(here):
        return Path(os.path.relpath(path, folder.resolve())).as_posix()
    return path
