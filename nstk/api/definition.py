"""What every part of a recipe has in common: fields that are recipe keys, and files that they may name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field as Field


@dataclass(frozen=True)
class File:
    """Marks a field that names a file to read: relative to the recipe that says it, and it has to exist.

    `words` are the values that are no file, such as `builtin`. A `picture` has to be one that can be read. Where a loss reads
    it in its `target` alone, another picture in the same file needs no new compiled step.
    """

    words: tuple[str, ...] = ()
    picture: bool = False
    target: bool = False


InputFile = Annotated[str, File()]
"""The type of a field that names a file to read. Its value is an absolute path by the time a plugin sees it."""


InputPicture = Annotated[str, File(picture=True)]
"""The type of a field that names a picture to read. Its value is a text for `nstk.read_picture`; that it can be read is checked
with the recipe.

In a recipe it is a picture's file, relative to that recipe, and in a mapping given in Python also an array, an image of
Pillow's or the bytes of a file. `InputPicture | None`, `list[InputPicture]` and `dict[str, InputPicture]` are fields too. A
mask, for example, brought to the size at which the picture is painted:

    import nstk

    class Keep(nstk.Loss):
        \"\"\"Keep the content where a mask is white.\"\"\"

        name = "keep"
        mask: nstk.InputPicture = nstk.Field(description="White where the content is kept.")

        def target(self, refs):
            content = refs.content["image"]  # [1, height, width, 3], 0..255
            height, width = content.shape[1:3]
            mask = nstk.resize(nstk.read_picture(self.mask), width, height)  # height x width x 3, 0..255
            return {"content": content, "mask": mask / 255}

        def __call__(self, features, target):
            import tensorflow as tf

            return tf.reduce_mean(target["mask"] * tf.square(features["image"] - target["content"]))

    @nstk.hookimpl
    def nstk_losses():
        return [Keep]
"""


TargetPicture = Annotated[str, File(picture=True, target=True)]
"""The type of a field of a loss that names a picture, as `InputPicture` does, which the loss reads in `target` alone.

A session that paints one picture after the other then goes on with the step that it has compiled, though the file holds another
picture: the frame before, for example.
"""


NAME = re.compile(r"[A-Za-z0-9_-]+")
"""What a part may be called, and what a recipe can write as a label: a command line has it before a `.` or a `=`."""


class Definition(BaseModel):
    """A named thing that a recipe can use. Its fields are its recipe keys, which do not change.

    What is computed from them once may be in an attribute that begins with `_`. Of what a run brings, a `Loss` keeps nothing,
    and a `Callback` what it likes: each run has its own copy of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True, protected_namespaces=())

    name: ClassVar[str]

    def __setattr__(self, key: str, value: Any) -> None:
        if not key.startswith("_"):
            raise TypeError(f"{type(self).__name__}.{key} cannot be set: a definition keeps no state besides its recipe keys")
        super().__setattr__(key, value)
