"""The commands about what a recipe can use: plugins and their parameters."""

from __future__ import annotations

from collections.abc import Sequence

import click

from .group import open_registry, plugin_option, verbose_option
from .words import registry


@click.command("plugins")
@plugin_option
@verbose_option
@click.pass_context
def list_plugins(ctx: click.Context, plugins: Sequence[str]) -> None:
    """List plugins: name, version, origin, and what each defines.

    Broken ones come last, with the reason.
    """
    from ..registry.registry import describe_plugins

    found, core = open_registry(plugins), ctx.find_root().command
    assert isinstance(core, click.Group)
    found.commands(core.commands)
    for name, version, origin, defines in describe_plugins(found):
        click.echo(f"{name} {version}".rstrip() + f"  ({origin})")
        click.echo(click.wrap_text(defines, 100, "    ", "    ", preserve_paragraphs=True))


@click.command()
@click.argument("kind", required=False)
@click.argument("name", required=False)
@plugin_option
@verbose_option
def describe(kind: str | None, name: str | None, plugins: Sequence[str]) -> None:
    """Describe what a recipe can use, with every parameter.

    KIND is recipe, loss, initializer, optimizer, callback or backbone.
    """
    from ..recipe.describe import describe_lines

    click.echo("\n".join(describe_lines(registry(plugins), kind, name)))
