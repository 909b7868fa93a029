"""The name of a new plugin: what is made of it, and whether Python, a recipe and pip can take it."""

from __future__ import annotations

import keyword
import re
import sys
from dataclasses import dataclass
from importlib.util import find_spec

import yaml

from ..api.hookspecs import KINDS
from ..errors import UserError
from ..hints import closest, same_name
from ..recipe.defaults import LABELLED, SLOTS
from ..registry.registry import Registry

WORDS = tuple(kind for kind, _ in KINDS.values())
"""The kinds of parts, such as `loss`."""

NAME = re.compile("[A-Za-z]([A-Za-z0-9_-]*[A-Za-z0-9])?")
"""What Python can take for a module, once hyphens are underscores, pip for a distribution, and a recipe for a part."""

LONGEST = 60
"""How many characters a name may have."""

PYTESTS = "conftest"
"""The module that pytest takes for its own."""


@dataclass(frozen=True)
class Names:
    """What the files and the parts of a new plugin are called."""

    kind: str
    name: str
    """What a recipe calls the part."""
    packaged: bool

    @property
    def module(self) -> str:
        """The Python module. That of a distribution says whose plugin it is, because all installed modules share one place."""
        return f"nstk_{self.name}" if self.packaged else self.name

    @property
    def distribution(self) -> str:
        """The distribution, as pip has it."""
        return f"nstk-{self.name.lower().replace('_', '-')}"

    @property
    def class_name(self) -> str:
        """The class, in capitals at the beginning of each word."""
        return "".join(part[0].upper() + part[1:] for part in self.name.split("_") if part)


def kind_of(word: str) -> str:
    """The kind that a word means. Raises `UserError` with what was meant, if it is none."""
    if word in WORDS:
        return word
    like = {**SLOTS, **LABELLED}.get(word) or closest(word, WORDS)
    hint = f"did you mean `{like}`?" if like else f"the kinds are {', '.join(WORDS)}"
    raise UserError(f"`{word}` is no kind of plugin: {hint}")


def names_for(kind: str, word: str, *, packaged: bool) -> Names:
    """The names of a plugin that is to be called so. Raises `UserError` where Python, pip or a recipe could not take it."""
    if not NAME.fullmatch(word):
        form = "use letters without accents, digits, `_` and `-`, with a letter first and no `_` or `-` at the end"
        raise UserError(f"{word!r} cannot be the name of a plugin: {form}")
    if len(word) > LONGEST:
        raise UserError(f"the name of a plugin has at most {LONGEST} characters, this one has {len(word)}: choose another name")
    names = Names(kind, word.replace("-", "_"), packaged)
    if keyword.iskeyword(names.name) or keyword.iskeyword(names.class_name):
        raise UserError(f"`{word}` is a word of Python's own: choose another name")
    if yaml.safe_load(names.name) != names.name:
        raise UserError(f"`{word}` is no name in YAML, but a value: choose another name, which a recipe can say")
    return names


def check_free(names: Names, registry: Registry) -> None:
    """Raise `UserError` where a part or a module has that name already."""
    for known in registry.names(names.kind):
        if same_name(known, names.name):
            origin = registry.owned(names.kind, known)[0][0].origin
            raise UserError(f"nstk knows the {names.kind} `{known}` already ({origin}): choose another name")
    module = names.module
    if module == PYTESTS:
        raise UserError(f"{module}.py is a file of pytest's own: choose another name")
    if module in sys.stdlib_module_names:
        raise UserError(f"`{module}` is a module of Python's own, which {module}.py would hide: choose another name")
    spec = find_spec(module)
    if spec and spec.has_location:  # a folder without code hides nothing, and is hidden by nothing
        raise UserError(f"a module `{module}` is installed ({spec.origin}), which {module}.py would hide: choose another name")
