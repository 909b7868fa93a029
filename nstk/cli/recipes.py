"""The commands about recipes: check, show, list, copy, and the JSON Schema for editors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from ..errors import PluginError, UserError
from .group import complain, is_verbose, plugin_option, trust_option, verbose_option
from .loose_pictures import is_picture
from .override import is_recipe
from .words import load, registry, split


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="RECIPE... [KEY=VALUE ...]")
@plugin_option
@trust_option
@verbose_option
@click.pass_context
def check(ctx: click.Context, words: Sequence[str], plugins: Sequence[str]) -> int:
    """Check recipes: every mistake, with its line and column.

    KEY=VALUE words apply to all of them.
    """
    from ..recipe.enlarged import enlarged

    names = [word for word in words if is_recipe(word)]
    overrides = [word for word in words if not is_recipe(word)]
    if not names:
        raise UserError("name a recipe to check")
    code = 0
    for name in names:
        try:
            recipe = load(name, overrides, plugins)
        except PluginError:
            raise  # the plugins that `-p` names are the same for all recipes
        except UserError as error:
            complain(error, is_verbose(ctx))
            code = error.exit_code
        else:
            scales = f" at {recipe.levels} scales" if recipe.levels > 1 else ""
            click.echo(f"{name}: good ({recipe.backbone.name}, {', '.join(recipe.losses)}, {recipe.total_steps} steps{scales})")
            for line in enlarged(recipe):
                click.echo(f"{name}: warning: {line}")
    return code


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="RECIPE|PICTURE [KEY=VALUE ...]")
@plugin_option
@trust_option
@verbose_option
def show(words: Sequence[str], plugins: Sequence[str]) -> None:
    """Show a recipe with all that it extends and leaves to default.

    What is shown is a recipe itself: YAML that runs. Of a picture that nstk has painted, it is the recipe that the file
    carries, below comments that say what came of it.

    \b
    nstk show louvre size=800
    nstk show out/louvre.png
    """
    name, overrides = split(words)
    if name and is_picture(name):
        from ..checkpoints.made import Made

        if overrides:
            again = f"`nstk rerun {name} {overrides[0]}` paints it so"
            raise UserError(f"`{overrides[0]}` changes nothing that was painted: {again}")
        click.echo(Made.of(Path(name)).to_yaml(), nl=False)
        return
    click.echo(load(name, overrides, plugins).to_yaml(), nl=False)


@click.command("recipes")
@verbose_option
def list_recipes() -> None:
    """List the recipes that come with nstk."""
    from ..recipe.shipped import grouped

    groups = grouped()
    width = max(len(name) for recipes in groups.values() for name in recipes)
    blocks = (
        "\n".join([heading, *(f"  {name:{width}}  {line}" for name, line in recipes.items())])
        for heading, recipes in groups.items()
    )
    click.echo("\n\n".join(blocks))


@click.command()
@click.argument("name")
@click.argument("dest")
@verbose_option
def cp(name: str, dest: str) -> None:
    """Copy a recipe that comes with nstk, with its pictures.

    DEST is the new recipe's file, or a folder.
    """
    from ..recipe.shipped import copy_recipe

    for path in copy_recipe(name, Path(dest)):
        click.echo(path)


@click.command()
@plugin_option
@verbose_option
def schema(plugins: Sequence[str]) -> None:
    """Print a JSON Schema of recipes, for editors.

    \b
    nstk schema > nstk.schema.json
    and as the first line of a recipe:
    # yaml-language-server: $schema=nstk.schema.json
    """
    from ..recipe.schema import recipe_schema

    click.echo(json.dumps(recipe_schema(registry(plugins)), indent=2))
