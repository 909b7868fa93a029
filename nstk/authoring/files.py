"""The files of a new plugin, from the templates in `templates/`. Nothing that is there is ever written over.

A template is the file as it will be, with `$name` and the like where the names go (`string.Template`).
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from string import Template

from ..errors import OutputError
from ..files import shown
from .names import Names

DISTRIBUTION = "nstk-styletransfer"
"""What a plugin's distribution depends on."""

USES = {
    "loss": "losses.{name}.weight=1",
    "callback": "callbacks.{name}.every=10",
    "initializer": "init={name}",
    "optimizer": "optimizer={name}",
    "parametrization": "parametrization={name}",
    "region": "losses.content.where={name}",
    "colours": "colours={name}",
    "backbone": "backbone={name} losses.content.layers=[coarse] losses.wasserstein.layers=[fine,coarse]",
}
"""What is written after `nstk run louvre` to use a part of each kind."""

PACKAGE = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    ".github/workflows/ci.yml": "ci.yml",
    ".gitignore": "gitignore",
}
"""The files of a distribution beside the plugin and its test, with their templates."""


def use_of(names: Names) -> str:
    """The words of a command that use the part in a recipe."""
    return shlex.join(USES[names.kind].format(name=names.name).split())


def plugin_files(names: Names, folder: Path) -> dict[Path, str]:
    """The texts of the files of a new plugin, by the paths that they will have."""
    plugin, test = _filled(f"{names.kind}.py", names), _filled(f"test_{names.kind}.py", names)
    if not names.packaged:
        return {folder / f"{names.module}.py": plugin, folder / f"test_{names.module}.py": test}
    home = folder / names.distribution
    return {
        home / "src" / f"{names.module}.py": plugin,
        home / "tests" / f"test_{names.module}.py": test,
        **{home / path: _filled(f"package/{template}", names) for path, template in PACKAGE.items()},
    }


def _filled(template: str, names: Names) -> str:
    text = (files("nstk.authoring") / "templates" / f"{template}.in").read_text(encoding="utf-8")
    return Template(text).substitute(
        kind=names.kind,
        name=names.name,
        module=names.module,
        distribution=names.distribution,
        Class=names.class_name,
        nstk=DISTRIBUTION,
        use=use_of(names),
    )


def check_absent(names: Names, paths: Mapping[Path, str], folder: Path) -> None:
    """Raise `OutputError` where one of the files is there already, or the folder of the distribution."""
    home = [folder / names.distribution] if names.packaged else []
    for path in (*home, *paths):
        if os.path.lexists(path):
            raise OutputError(f"{shown(path)} is there already: choose another name, or another folder with `-o`")


def write_new(texts: Mapping[Path, str]) -> None:
    """Write files that are not there yet. Raises `OutputError` where that cannot be."""
    for path, text in texts.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "x", encoding="utf-8", newline="\n") as file:
                file.write(text)
        except (FileExistsError, NotADirectoryError) as error:
            blocking = next(it for it in (path, *path.parents) if os.path.lexists(it))
            what = (
                f"{shown(blocking)} is there already, and no folder" if blocking != path else f"{shown(path)} is there already"
            )
            raise OutputError(f"cannot write {path.name}: {what}; choose another folder with `-o`") from error
        except OSError as error:
            why = error.strerror or str(error)
            raise OutputError(f"cannot write {shown(path)} ({why}): choose another folder with `-o`") from error
