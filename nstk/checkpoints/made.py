"""How a picture was made, as its own file says: the recipe, the inputs by their hashes, the versions, the steps that were done.

What is written is the same for every run that paints the same picture on the same machine, down to the bytes. So there is no
time of day in it and no place of the picture itself; and an input is named as seen from the working directory, or from the
user's own folder, which is not told to strangers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from .._version import __version__
from ..errors import RecipeError, UserError
from ..files import exists, shown, working_directory
from ..pictures import PREFIX, base_name, read_metadata
from ..pictures.metadata import MOST
from ..recipe.model import RECIPE, RECORD, Recipe
from ..recipe.paths import relative
from ..recipe.validate import validated
from ..syntax.nodes import map_plain
from ..syntax.parse import MAX_BYTES, dump, parse

FORMAT = 1
"""The number of the form in which all of this is written. It grows when what is there comes to mean something else."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())


class Stage(_Part):
    """A scale, and how much of it was painted."""

    width: int
    height: int
    steps: int
    """How many steps were planned in the end."""
    done: int
    tiles: int | None = None
    """The edge of a tile in pixels; None where it was painted as a whole."""
    optimizer: dict[str, Any] = {}
    """The keys of the optimizer whose values were changed because memory was short."""


class Input(_Part):
    """A file that was read."""

    path: str = Field(max_length=4096)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Code(_Part):
    """A part of the recipe, and the code that it is."""

    where: str
    use: str
    plugin: str
    version: str | None = None
    sha256: str | None = None


class Made(_Part):
    """How a picture was made."""

    nstk: int = FORMAT
    version: str
    """That of nstk."""
    name: str = Field(max_length=200)
    """The recipe's name."""
    recipe: str = Field(max_length=MAX_BYTES)
    """The recipe with every default written out, as YAML. It names no output."""
    scales: list[Stage] = Field(max_length=64)
    ended: bool
    """Whether the run came to its end by itself: all steps that were planned were done, or no more were needed."""
    inputs: dict[str, Input]
    """The files that were read, by their places in the recipe."""
    plugins: list[Code]
    backbone: dict[str, Any]
    device: str
    precision: str
    versions: dict[str, str]

    @field_validator("name")
    @classmethod
    def _is_a_name(cls, name: str) -> str:
        if Path(name).name != name or name in (".", "..") or "\0" in name:
            raise ValueError("is not the name of a file")
        return name

    @property
    def steps(self) -> int:
        """How many steps were done."""
        return sum(it.done for it in self.scales)

    def plain(self, name: str) -> dict[str, Any]:
        """The recipe as plain data. Raises `UserError` that names the picture `name` where it is none."""
        try:
            data = parse(self.recipe, name, Path.cwd()).plain()
        except RecipeError as error:
            raise damaged(name, str(error)) from None
        if not isinstance(data, dict):
            raise damaged(name, "its recipe is no mapping")
        return data

    def to_yaml(self) -> str:
        """The recipe, below comments that say what came of it."""
        sizes = [f"{it.width} x {it.height}: {_of(it.done, it.steps)} steps" for it in self.scales if it.done]
        lines = [f"{self.name}, painted by nstk {self.version} on {self.device}, {self.precision}", *sizes]
        lines += [f"{where}: {it.path}, sha256 {it.sha256[:16]}" for where, it in self.inputs.items()]
        return "".join(f"# {line}\n" for line in lines) + self.recipe

    @classmethod
    def of(cls, picture: Path) -> Made:
        """How the picture of a file was made: by its metadata, or else by the recipe and the record that lie beside it.

        Raises `UserError` where neither is there, and for what is damaged or from a later version.
        """
        text = read_metadata(picture, shown(picture))
        if text is not None:
            return _read(text, shown(picture))
        beside = [picture.with_name(base_name(picture) + suffix) for suffix in (RECIPE, RECORD)]
        if not all(map(exists, beside)):
            what = f"{shown(picture)} does not say how it was made: its file carries no recipe"
            if exists(beside[0]):
                raise UserError(f"{what}, but there is one beside it: `nstk show {shown(beside[0])}`")
            raise UserError(f"{what}, and {shown(beside[0])} is not there either")
        return _beside(*beside)


def text_of(recipe: Recipe, origins: Mapping[str, Any], scales: Sequence[Stage], **how: Any) -> str:
    """The text for a picture's file (JSON, in ASCII), with the keys of `Made`. `origins` are those of the run.

    Nothing is checked here: whatever it is, it is no reason to lose a picture.
    """
    names = _names(recipe, origins["inputs"])
    plain = map_plain(recipe.to_plain(), lambda text: names.get(text, text))
    output = plain.pop("output")
    if isinstance(output, dict):
        plain["output"] = {key: value for key, value in output.items() if key != "path"}
    keys = ("where", "use", "plugin", "version", "sha256")
    data = {
        "nstk": FORMAT,
        "version": __version__,
        "name": recipe.name,
        "recipe": dump(plain),
        "scales": [it.model_dump(mode="json") for it in scales],
        "inputs": {where: {**it, "path": names[_written(it["path"])]} for where, it in origins["inputs"].items()},
        "plugins": [{key: row[key] for key in keys} for row in origins["plugins"]],
        "backbone": {"use": recipe.backbone.name, **recipe.backbone.provenance()},
        "versions": origins["versions"],
        **how,
    }
    return json.dumps(data, default=str)


def _names(recipe: Recipe, inputs: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """What files are called in the text, by what the recipe's plain data calls them."""
    found = {_written(it["path"]): recipe.told.get(it["sha256"]) or called(it["path"]) for it in inputs.values()}
    return found | {_written(spec): recipe.told.get(spec) or called(spec) for spec in recipe.plugins if spec.endswith(".py")}


def _written(path: str) -> str:
    return relative(path, working_directory() or Path("/"))


def called(path: str) -> str:
    """A file as seen from the working directory, or from the user's own folder: no stranger need know where that is."""
    name = _written(path)
    if not name.startswith(PREFIX) and Path(name).is_absolute() and (home := _home()) and Path(name).is_relative_to(home):
        return f"~/{Path(name).relative_to(home).as_posix()}"
    return name


def _home() -> Path | None:
    try:
        return Path.home()
    except RuntimeError:  # the system knows of none
        return None


def _of(done: int, steps: int) -> str:
    return str(done) if done == steps else f"{done} of {steps}"


def _read(text: str, name: str) -> Made:
    """What a text says. `name` is that of the file that carries it."""
    try:
        data = json.loads(text)
        if isinstance(data.get("nstk"), int) and data["nstk"] > FORMAT:
            what = f"was painted by a later nstk ({data.get('version', 'of unknown version')})"
            raise UserError(f"{name} {what}, and this one cannot read its metadata: update nstk")
        return validated(Made, data)
    except ValidationError as error:
        first = error.errors()[0]
        raise damaged(name, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    except (ValueError, AttributeError, RecursionError) as error:
        raise damaged(name, str(error)) from None


def damaged(name: str, why: str) -> UserError:
    """The error for metadata that cannot be used."""
    return UserError(f"{name} has damaged metadata ({why.splitlines()[0]}): the recipe cannot be had from it")


def _beside(recipe: Path, record: Path) -> Made:
    """What the files beside a picture say. The recipe's paths count from their folder."""
    try:
        told = [path.read_text(encoding="utf-8")[: MOST + 1] for path in (recipe, record)]
        data = json.loads(told[1])
        scales = [{**it, "tiles": it["tiles"] if isinstance(it["tiles"], int) else None} for it in data["scales"]]
        version = data["versions"]["nstk-styletransfer"]
        name, ended = base_name(record).removesuffix(RECORD), data["stopped"] == "done"
        return Made.model_validate(
            {**data, "version": version, "name": name, "recipe": told[0], "scales": scales, "ended": ended}
        )
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise UserError(f"{shown(recipe)} and {shown(record)} do not say how the picture was made ({error})") from None
