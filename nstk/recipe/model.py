"""The recipe as the engine gets it, resolved, checked and with absolute paths, and how it is written down again."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ..api import Backbone, Callback, Colours, Definition, Initializer, Loss, Optimizer, Parametrization, Region
from ..api.hookspecs import KINDS
from ..api.losses import weights
from ..errors import PluginError
from ..files import working_directory
from ..pictures import Original, Picture, base_name, fit
from ..registry.registry import Registry
from ..syntax.mistakes import Mark
from ..syntax.nodes import from_plain, map_texts
from ..syntax.parse import dump
from .crop import cut
from .defaults import LABELLED, SLOTS, defaults
from .given import notes
from .paintings import PICTURE, STYLE, Painting
from .paths import file_fields, input_files, regions_in, relative
from .scales import Edge, Pyramid
from .settings import SPELLINGS, Output, Settings

RECIPE, RECORD = SIDECARS = (".recipe.yaml", ".run.json")
"""The ends of the names of the files that are written beside the picture: the recipe, and the record of the run."""


class Recipe(Settings):
    """A resolved recipe has definitions instead of names, absolute paths, and a value for every key.

    `nstk.load_recipe` makes resolved recipes.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, protected_namespaces=())

    name: str
    size: Edge
    """The long edge of the result in pixels, whichever way the recipe gives the size."""
    steps: int | list[int]
    pyramid: Pyramid | None
    aspect: tuple[int, int] | None = Field(None, exclude=True, repr=False)
    """Width and height in pixels, if the recipe gives both. The content is cut to their aspect."""
    backbone: Backbone
    losses: dict[str, Loss]
    init: Initializer
    parametrization: Parametrization
    optimizer: Optimizer
    colours: Colours
    callbacks: dict[str, Callback]
    plugins: list[str] = Field(default_factory=list)
    registry: Registry = Field(exclude=True, repr=False)
    originals: list[Original] = Field(default_factory=list, exclude=True, repr=False)
    """The pictures that the recipe names, which were decoded when the recipe was checked."""
    files: list[Path] = Field(default_factory=list, exclude=True, repr=False)
    """The files that the recipe was read from."""
    absent: list[str] = Field(default_factory=list, exclude=True, repr=False)
    """The regions that lie nowhere in the photograph, each in words with its place in the recipe."""
    told: dict[str, str] = Field(default_factory=dict, exclude=True, repr=False)
    """What the picture's metadata calls files, by their sha256, and plugins, by their paths, where these lie elsewhere."""
    overridden: bool = Field(False, exclude=True, repr=False)
    placed_by_default: bool = Field(False, exclude=True, repr=False)
    """Whether nobody has said where the picture goes: then a run looks for a place that holds no other picture."""

    @property
    def path(self) -> Path | None:
        """The absolute path of the picture's file, or None if nothing is written."""
        return None if self.output.path is False else Path(self.output.path)

    def painting_to(self, path: Path) -> Recipe:
        """The same recipe with another file for its picture."""
        return self.model_copy(update={"output": self.output.model_copy(update={"path": str(path)})})

    @property
    def shape(self) -> tuple[int, int]:
        """A width and a height that have the aspect of the result: those that the recipe gives, or the content's own."""
        return self.aspect or Original.of(self.content).size

    @property
    def measures(self) -> dict[str, Any]:
        """The keys of a recipe for the size of the result. `width` and `height` are other ways to say it, and are not used."""
        return {"size": "{}x{}".format(*fit(*self.aspect, self.size)) if self.aspect else self.size}

    def read_content(self) -> Picture:
        """The content as the recipe means it: the photograph, or the part of it that has the result's aspect."""
        return cut(Original.of(self.content).read(), self.aspect, self.crop)

    @property
    def paintings(self) -> dict[str, Painting]:
        """The paintings that count, by label. A painting that is named without a label has the label `style`."""
        return {label: painting for label, painting in self.style.items() if painting.weight}

    @property
    def active_losses(self) -> dict[str, Loss]:
        """The losses that count, by label. A loss of weight 0 is not computed, and the network is not run any deeper for it."""
        return active(self.losses)

    @property
    def levels(self) -> int:
        """At how many scales the picture is painted."""
        return len(self.pyramid.long_edges(self.size)) if self.pyramid else 1

    @property
    def total_steps(self) -> int:
        """How many steps there are in all."""
        return self.steps if isinstance(self.steps, int) else sum(self.steps)

    def at(self, scale: int) -> Recipe:
        """The recipe as it is at one scale, where each loss has one weight; -1 is the last scale."""
        graded = {label: loss for label, loss in self.losses.items() if not isinstance(loss.weight, float)}
        if not graded:
            return self
        here = {label: loss.model_copy(update={"weight": weights(loss, self.levels)[scale]}) for label, loss in graded.items()}
        return self.model_copy(update={"losses": {**self.losses, **here}})

    def sidecar(self, suffix: str) -> Path:
        """The file beside the picture that ends in `suffix`: `out/louvre.recipe.yaml` for `out/louvre.png`."""
        assert self.path is not None
        return self.path.with_name(base_name(self.path) + suffix)

    def definitions(self) -> Iterator[tuple[str, Definition]]:
        """Every definition in use, with its place in the recipe."""
        yield from ((key, getattr(self, key)) for key in SLOTS)
        yield from ((f"{key}.{label}", it) for key in LABELLED for label, it in getattr(self, key).items())
        yield from self.regions()

    def regions(self) -> Iterator[tuple[str, Region]]:
        """Every region that the recipe names, with its place in the recipe."""
        paintings = ((f"style.{label}", painting) for label, painting in self.style.items())
        losses = ((f"losses.{label}", loss) for label, loss in self.losses.items())
        for place, model in (("", self), *paintings, *losses):
            yield from ((f"{place}.{name}".lstrip("."), region) for name, region in regions_in(model))

    def inputs(self, *, targets: bool = True) -> dict[str, Path]:
        """Every file that the recipe reads, by its place in the recipe; without those that are read for `targets` alone."""
        return input_files([("", self), *self.definitions()], targets=targets)

    def given_classes(self) -> list[tuple[str, type[Definition]]]:
        """The classes in use that were given in Python, each with its kind."""
        classes = self.registry.given.values()
        used = dict.fromkeys(type(it) for _, it in self.definitions() if type(it) in classes)
        return [(word, cls) for cls in used for word, kind in KINDS.values() if issubclass(cls, kind)]

    def to_plain(self, folder: Path | None = None) -> dict[str, Any]:
        """The recipe as plain data, with every default written out.

        If `folder` (by default the working directory) is in the working directory, paths in the working directory are written
        relative to `folder`, so that a project can be moved. All other paths are absolute.
        """
        folder = folder or working_directory() or Path(os.sep)
        data = self.model_dump(include=set(Settings.model_fields) - set(SPELLINGS), mode="json") | self.measures
        data["content"] = relative(data["content"], folder)
        data["paint"] = self._region(self.paint, folder)
        styles = {label: self._painting(it, folder) for label, it in self.style.items()}
        data["style"] = styles[STYLE] if [*styles] == [STYLE] else styles
        if self.output.path is not False:
            data["output"]["path"] = relative(self.output.path, folder)
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
        dropped = {label: False for label in defaults()["callbacks"] if label not in self.callbacks}
        data["callbacks"] = dropped | data["callbacks"]
        if self.plugins:
            data["plugins"] = [relative(spec, folder) if spec.endswith(".py") else spec for spec in self.plugins]
        return data

    def to_yaml(self, folder: Path | None = None) -> str:
        """The recipe as YAML that `load_recipe` reads back, for a file in `folder`.

        Comments above the YAML say what was given in Python and has to be given again.
        """
        return notes(self.given_classes(), self.inputs()) + dump(self.to_plain(folder))

    def _slot(self, kind: str, definition: Definition, folder: Path) -> dict[str, Any]:
        cls = type(definition)
        try:
            self.registry.get(kind, cls.name)
            use = cls.name
        except PluginError:  # two plugins define the name, so say whose it is
            use = f"{self.registry.owner(cls).name}:{cls.name}"
        params = definition.model_dump(mode="json")
        for name, marker in file_fields(cls):
            written = from_plain(params[name], Mark("", folder))
            params[name] = map_texts(written, partial(_as_written, words=marker.words)).plain()
        return {"use": use, **params, **self._regions(definition, folder)}

    def _painting(self, painting: Painting, folder: Path) -> str | dict[str, Any]:
        """A painting as it is written for a `folder`: its file alone, where it has no other keys."""
        picture = relative(painting.picture, folder)
        if painting == Painting(picture=painting.picture):
            return picture
        return {**painting.model_dump(mode="json"), **self._regions(painting, folder), PICTURE: picture}

    def _regions(self, model: BaseModel, folder: Path) -> dict[str, Any]:
        return {name: self._region(region, folder) for name, region in regions_in(model)}

    def _region(self, region: Region | None, folder: Path) -> dict[str, Any] | None:
        return None if region is None else self._slot("region", region, folder)


def active(losses: Mapping[str, Loss]) -> dict[str, Loss]:
    """The losses that count, by label (see `Recipe.active_losses`)."""
    return {label: loss for label, loss in losses.items() if _counts(loss)}


def _counts(loss: Loss) -> bool:
    """Whether a loss has a weight above 0, at one scale at least."""
    return any(loss.weight) if isinstance(loss.weight, list) else loss.weight != 0


def _as_written(text: str, mark: Mark, words: Sequence[str]) -> str:
    """A path as it is written for the folder of `mark`."""
    return relative(text, mark.folder, words)
