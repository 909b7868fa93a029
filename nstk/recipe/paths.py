"""The files that a recipe's values name, and how a path is written down."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from ..api import File, Region
from ..files import NOT_THERE, exists, shown, trouble, working_directory
from ..hints import suggest, suggest_file
from .paintings import shortened


def input_files(definitions: Iterable[tuple[str, BaseModel]], *, targets: bool = True) -> dict[str, Path]:
    """Every file that definitions read, by its place in the recipe: `style`, or `style.sky` where a key names several files.

    Without `targets`, those are left out that losses read for their targets alone.
    """
    found: dict[str, Path] = {}
    for where, definition in definitions:
        for name, marker in file_fields(type(definition)):
            if marker.target and not targets:
                continue
            texts = [(at, text) for at, text in _texts(getattr(definition, name)) if text and text not in marker.words]
            place = f"{where}.{name}".lstrip(".")
            found |= {place + (at if len(texts) > 1 else ""): Path(text) for at, text in texts}
        for name, _ in models_by_label(type(definition)):
            inner = ((f"{where}.{name}.{label}".lstrip("."), it) for label, it in getattr(definition, name).items())
            found |= {shortened(place): path for place, path in input_files(inner).items()}
        found |= input_files((f"{where}.{name}".lstrip("."), region) for name, region in regions_in(definition))
    return found


def region_fields(cls: type[BaseModel]) -> list[str]:
    """The fields of a definition that name a region (`Where`)."""
    return [name for name, info in cls.model_fields.items() if Region in get_args(info.annotation)]


def regions_in(model: BaseModel) -> Iterator[tuple[str, Region]]:
    """The regions that a definition names itself, by field."""
    for name in region_fields(type(model)):
        if (region := getattr(model, name)) is not None:
            yield name, region


def file_fields(cls: type[BaseModel]) -> Iterator[tuple[str, File]]:
    """The fields of a definition that name files to read, such as `InputFile` or `list[InputFile]`, each with its marker."""
    for name, info in cls.model_fields.items():
        yield from ((name, marker) for marker in [*info.metadata, *_metadata(info.annotation)] if isinstance(marker, File))


def models_by_label(cls: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    """The fields that are mappings of label to a model with keys of its own that name files, such as `style`."""
    for name, info in cls.model_fields.items():
        of = get_args(info.annotation)[1:] if get_origin(info.annotation) is dict else ()
        yield from ((name, it) for it in of if isinstance(it, type) and issubclass(it, BaseModel) and any(file_fields(it)))


def _metadata(annotation: Any) -> Iterator[Any]:
    """The metadata that `Annotated` holds inside a type."""
    yield from getattr(annotation, "__metadata__", ())
    for part in get_args(annotation):
        yield from _metadata(part)


def _texts(value: Any, at: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a value, after the place where the text stands, such as `.sky` or `.0`."""
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, (dict, list, tuple)):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _texts(item, f"{at}.{key}")


def unreadable(file: Path, text: str, words: Sequence[str] = ()) -> tuple[str, str] | None:
    """What is wrong with a file that a recipe calls `text`, and what to do about it; None if the file can be read.

    In place of a file, the text might have been one of the `words`.
    """
    why = trouble(file)
    if not why:
        return None
    if why != NOT_THERE:
        denied = os.strerror(errno.EACCES) in why
        return f"{text} {why}", "check its permissions" if denied else "name a file" if why.endswith("file") else ""
    if "://" in text:
        return f"no file {text}", "nstk reads files alone: download it first"
    folder = shown(file.parent)
    if hint := suggest_file(file) or suggest(text, words):
        return f"no file {text}", hint
    if not exists(file.parent):
        return f"no file {text}", f"there is no folder {folder}"
    return f"no file {text}", "" if folder == "." else f"it is looked for in {folder}"


def relative(path: str, folder: Path, words: Sequence[str] = ()) -> str:
    """A path as it is written for `folder` (see `Recipe.to_plain`). The texts in `words` are no paths and stay as they are."""
    here = working_directory()
    if here and path not in words and Path(path).is_relative_to(here) and folder.resolve().is_relative_to(here):
        return Path(os.path.relpath(path, folder.resolve())).as_posix()
    return path
