"""The command that begins a plugin: `nstk new`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .group import open_registry, verbose_option

if TYPE_CHECKING:
    from ..authoring.names import Names


@click.command()
@click.argument("kind")
@click.argument("name")
@click.option("-o", "--output", "folder", default=".", metavar="FOLDER", help="Where to write; otherwise here.")
@click.option("--package", is_flag=True, help="Write a whole distribution, to share the plugin with others.")
@verbose_option
def new(kind: str, name: str, folder: str, package: bool) -> None:
    """Begin a plugin: a module that works, and its test.

    KIND is loss, callback, initializer, optimizer, parametrization, backbone, region or colours.

    \b
    nstk new loss soft_edges                write soft_edges.py and test_soft_edges.py
    nstk new loss soft_edges --package      write nstk-soft-edges, which pip can install
    """
    from ..authoring.files import check_absent, plugin_files, write_new
    from ..authoring.names import check_free, kind_of, names_for

    names, home = names_for(kind_of(kind), name, packaged=package), Path(folder).expanduser()
    texts = plugin_files(names, home)
    check_absent(names, texts, home)
    check_free(names, open_registry(()))
    write_new(texts)
    for path in texts:
        click.echo(path)
    click.echo()
    for line in _next(names, home):
        click.echo(line)


def _next(names: Names, home: Path) -> list[str]:
    """The commands to go on with."""
    import shlex

    from ..authoring.files import use_of

    def here(path: Path) -> str:
        return shlex.quote(str(path))

    if names.packaged:
        return [
            f"cd {here(home / names.distribution)}",
            'pip install -e ".[test]" && pytest',
            f"nstk run louvre {use_of(names)}",
        ]
    plugin = here(home / f"{names.module}.py")
    return [
        f"pytest {here(home / f'test_{names.module}.py')}",
        f"nstk describe {names.kind} {names.name} -p {plugin}",
        f"nstk run louvre -p {plugin} {use_of(names)}",
    ]
