"""What the documentation takes from nstk itself: the keys of a recipe, the parts that one can use, and the hooks.

A Sphinx extension. Before a build it writes a Markdown file of each into `_generated/`, which the pages include, so that what
they say cannot fall behind the code. Where there is no Sphinx, `pages` makes the same texts for the tests.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

from nstk.api.hookspecs import KINDS, Hooks
from nstk.recipe.defaults import LABELLED, SLOTS, defaults
from nstk.recipe.describe import Parameter, parameters, plain
from nstk.recipe.paintings import Painting
from nstk.recipe.scales import Pyramid
from nstk.recipe.settings import Checkpoint, Output, Settings
from nstk.registry.registry import Registry

if TYPE_CHECKING:
    import click
    from sphinx.application import Sphinx

FOLDER = Path(__file__).parent / "_generated"

PLURALS = {word: hook.removeprefix("nstk_") for hook, (word, _) in KINDS.items()}
"""`losses` for the kind `loss`, and so on."""

MAPPINGS = {"style": Painting, "pyramid": Pyramid, "checkpoint": Checkpoint, "output": Output}
"""Keys of a recipe that hold keys of their own."""


def pages() -> dict[str, str]:
    """Every generated text, by the name of its file."""
    registry = Registry(installed=False)
    parts = {f"{plural}.md": "\n".join(_parts(registry, kind)) for kind, plural in PLURALS.items()}
    return parts | {"recipe.md": "\n".join(_recipe()), "hooks.md": "\n".join(_hooks())}


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("builder-inited", _write)
    app.connect("sphinx-click-process-description", _keep_columns)
    return {"parallel_read_safe": True}


def _write(app: Sphinx) -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        file = FOLDER / name
        if not file.is_file() or file.read_text(encoding="utf-8") != text:  # so that Sphinx reads anew what has changed only
            file.write_text(text, encoding="utf-8")


def _keep_columns(app: Sphinx, ctx: click.Context, lines: list[str]) -> None:
    """Make literal blocks of the examples in a command's help, which sphinx-click takes for verse and sets in one column."""
    kept: list[str] = []
    for line in lines:
        if line.startswith("| ") and not (kept and kept[-1].startswith("   ")):
            kept += [".. code-block:: text", ""]
        kept.append(line.replace("| ", "   ", 1) if line.startswith("| ") else line)
    lines[:] = kept


def _recipe() -> Iterator[str]:
    """The keys of a recipe: those of plain values, those of parts, and the two that say where else to look."""
    yield "### Pictures and settings\n"
    for parameter in parameters(Settings):
        if parameter.key not in MAPPINGS:
            yield from _definition(parameter)
    for key, model in MAPPINGS.items():
        whole = next(parameter for parameter in parameters(Settings) if parameter.key == key)
        default = "" if whole.default is None else f" Default: `{whole.default}`."
        yield f"### `{key}`\n\n{whole.description}{default}\n"
        for parameter in parameters(model):
            yield from _definition(parameter, f"{key}.")
    yield "### Parts\n"
    for key, kind in {**SLOTS, **LABELLED}.items():
        type_ = f"a mapping of label to {kind}" if key in LABELLED else "a name, or a mapping with `use` and parameters"
        see = f"Which there are: [{PLURALS[kind]}](parts.md#{PLURALS[kind]})."
        yield from _definition(Parameter(key, type_, plain(defaults()[key]), see))
    yield "### Other recipes, and plugins\n"
    yield from _definition(Parameter("extends", "text", "null", "A recipe that this one changes: a file, or a shipped name."))
    yield from _definition(Parameter("plugins", "list", "[]", "Plugins to load: files, relative to the recipe, or modules."))


def _parts(registry: Registry, kind: str) -> Iterator[str]:
    """The parts of a kind, each with what its module says of it: formula, paper, and what differs from that."""
    for name in registry.names(kind):
        cls = registry.get(kind, name)
        yield f"### `{name}`\n\n{inspect.getdoc(cls)}\n"
        for parameter in parameters(cls):
            yield from _definition(parameter)
        yield f"{inspect.getdoc(inspect.getmodule(cls))}\n"


def _hooks() -> Iterator[str]:
    """The hooks with their arguments, and the plugin that each one's docstring holds."""
    for hook in (name for name in vars(Hooks) if name.startswith("nstk_")):
        function: Callable[..., Any] = getattr(Hooks, hook)
        arguments = ", ".join(list(inspect.signature(function).parameters)[1:])
        words, _, example = (inspect.getdoc(function) or "").partition("A whole plugin:\n\n")
        yield f"## `{hook}({arguments})`\n\n{words.strip()}\n\n```python\n{dedent(example).strip()}\n```\n"


def _definition(parameter: Parameter, prefix: str = "") -> Iterator[str]:
    """A parameter as an entry of a definition list."""
    default = "required" if parameter.default is None else f"default `{parameter.default}`"
    yield f"`{prefix}{parameter.key}` ({parameter.type.replace('<', '&lt;')}, {default})\n:   {parameter.description}\n"
