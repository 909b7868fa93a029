"""What every part of a recipe has in common: fields that are recipe keys, and files that they may name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field as Field


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


NAME = re.compile(r"[A-Za-z0-9_-]+")
"""What a part may be called, and what a recipe can write as a label: a command line has it before a `.` or a `=`."""


class Definition(BaseModel):
    """A named thing that a recipe can use. Its fields are its recipe keys; it keeps no other state."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True, protected_namespaces=())

    name: ClassVar[str]

    def __setattr__(self, key: str, value: Any) -> None:
        if not key.startswith("_"):
            raise TypeError(f"{type(self).__name__}.{key} cannot be set: a definition keeps no state besides its recipe keys")
        super().__setattr__(key, value)
