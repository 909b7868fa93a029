"""The words of a command line that are overrides, and those that are recipes."""

from __future__ import annotations

import json
import re
from pathlib import Path


def is_recipe(word: str) -> bool:
    """Whether a word names a file or a recipe, and is no override."""
    from ..files import exists

    return "=" not in word or exists(Path(word))


def quoted(value: str) -> str:
    """A file name written so that an override is read back as that name. `a #1.jpg` and `12` need quotes for this."""
    if re.fullmatch(r"[A-Za-z_./][\w./-]*\.[A-Za-z]\w*", value):
        return value
    written = json.dumps(value, ensure_ascii=False)
    return re.sub("[\x7f-\x9f\u2028\u2029\ufeff]", lambda it: f"\\u{ord(it[0]):04x}", written)  # YAML would end a line there
