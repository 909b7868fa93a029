"""The recipe as the engine gets it: everything resolved, checked and absolute; and how it is written down again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from . import source
from .api import Backbone, Callback, Definition, File, Initializer, InputFile, Loss, Optimizer
from .errors import PluginError
from .registry import Registry

STYLE = "style"
"""The label of the style when a recipe names one painting."""

DEFAULTS: dict[str, Any] = {
    "backbone": "vgg19",
    "losses": {"content": {"weight": 1}, "gram": {"weight": 10}},
    "init": "content",
    "optimizer": "adam",
    "callbacks": {"progress": None},
}
"""What a recipe gets where it is silent. Naming any loss replaces these; other slots merge."""

SLOTS = {"backbone": "backbone", "init": "initializer", "optimizer": "optimizer"}
"""Keys that hold one definition, and its kind."""
LABELLED = {"losses": "loss", "callbacks": "callback"}
"""Keys that hold definitions by label, and their kind."""

SIDECARS = (".recipe.yaml", ".run.json")
"""What is written beside the picture."""


class Output(BaseModel):
    """Where the picture goes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = Field("", description="The picture's file; its suffix chooses the format. Empty: out/NAME.png in the working directory.")
    quality: int | None = Field(None, ge=1, le=100, description="Quality of a JPEG, WebP or AVIF; the format's own when empty.")


class Settings(BaseModel):
    """The keys of a recipe that hold plain values."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    content: InputFile = Field(description="The photograph: what is painted.")
    style: InputFile = Field(description="The painting: how it is painted.")
    size: int = Field(512, ge=16, le=32768, description="Long edge of the result, pixels; the content's aspect is kept.")
    style_scale: float = Field(
        1.0, gt=0, le=8, description="Long edge of the style picture as a multiple of `size`: larger gives larger strokes."
    )
    steps: int = Field(300, ge=1, le=1_000_000, description="How many times the picture is moved.")
    seed: int = Field(0, ge=0, lt=2**32, description="Seed of everything random.")
    run_eagerly: bool = Field(False, description="Run the step op by op, for breakpoints and prints, instead of compiled.")
    output: Output = Field(Output(), description="Where the picture goes: a path, or a mapping with `path` and `quality`.")


class Recipe(Settings):
    """A resolved recipe: definitions instead of names, absolute paths, nothing left to default.

    Made by `nstk.load_recipe`.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, protected_namespaces=())

    name: str
    backbone: Backbone
    losses: dict[str, Loss]
    init: Initializer
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
        found = {"content": Path(self.content), "style": Path(self.style)}
        for where, definition in self.definitions():
            for name, marker in file_fields(type(definition)):
                value = getattr(definition, name)
                if value is not None and value not in marker.words:
                    found[f"{where}.{name}"] = Path(value)
        return found

    def to_plain(self, folder: Path | None = None) -> dict[str, Any]:
        """The recipe as plain data, with every default written out.

        Paths under the working directory are written relative to `folder` (default: the working directory), so that a project can
        be moved; others are absolute.
        """
        folder = folder or Path.cwd()
        data = self.model_dump(include=set(Settings.model_fields), mode="json")
        for key in ("content", "style"):
            data[key] = _relative(data[key], folder)
        data["output"]["path"] = _relative(data["output"]["path"], folder)
        if data["output"]["quality"] is None:
            data["output"] = data["output"]["path"]
        for key, kind in SLOTS.items():
            data[key] = self._slot(kind, getattr(self, key), folder)
        for key, kind in LABELLED.items():
            data[key] = {
                label: {k: v for k, v in self._slot(kind, it, folder).items() if (k, v) != ("use", label)}
                for label, it in getattr(self, key).items()
            }
        if self.plugins:
            data["plugins"] = [_relative(spec, folder) if spec.endswith(".py") else spec for spec in self.plugins]
        return data

    def to_yaml(self, folder: Path | None = None) -> str:
        """The recipe as YAML that `load_recipe` reads back, for a file in `folder`."""
        return source.dump(self.to_plain(folder))

    def _slot(self, kind: str, definition: Definition, folder: Path) -> dict[str, Any]:
        cls = type(definition)
        try:
            self.registry.get(kind, cls.name)
            use = cls.name
        except PluginError:  # two plugins define it: say whose
            use = f"{self.registry.owner(cls).name}:{cls.name}"
        params = definition.model_dump(mode="json")
        for name, marker in file_fields(cls):
            if params[name] is not None and params[name] not in marker.words:
                params[name] = _relative(params[name], folder)
        return {"use": use, **params}


def file_fields(cls: type[BaseModel]) -> Iterator[tuple[str, File]]:
    """The fields of a definition that name a file to read."""
    for name, info in cls.model_fields.items():
        yield from ((name, marker) for marker in info.metadata if isinstance(marker, File))


def _relative(path: str, folder: Path) -> str:
    if Path(path).is_relative_to(Path.cwd()):
        return Path(os.path.relpath(path, folder)).as_posix()
    return path
