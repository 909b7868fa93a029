"""What the tests of the command line share: a recipe, plugin files, and the command as a process."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from textwrap import dedent

from PIL import Image

RECIPE = """\
content: photo.jpg
style: painting.jpg
size: 64
steps: 3
backbone: tiny
"""
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}  # as a user has it
ENVIRONMENT |= {"CUDA_VISIBLE_DEVICES": "-1", "COLUMNS": "100"}
NSTK = (sys.executable, "-m", "nstk")


def begin(folder: Path) -> Path:
    """Writes a recipe and its two pictures."""
    for name, angle in (("photo", 0), ("painting", 45)):
        Image.linear_gradient("L").resize((64, 48)).rotate(angle).convert("RGB").save(folder / f"{name}.jpg")
    (folder / "recipe.yaml").write_text(RECIPE)
    return folder


def plugin(name: str, body: str) -> str:
    Path(f"{name}.py").write_text("import click\nimport nstk\n" + dedent(body))
    return f"{name}.py"


def command_plugin(name: str, command: str, body: str) -> str:
    """A plugin file with one command."""
    hook = f"@nstk.hookimpl\ndef nstk_commands(cli):\n    cli.add_command({command})\n"
    return plugin(name, f"@click.command()\ndef {command}():\n    {body}\n\n{hook}")


def loss_plugin(name: str, *losses: str) -> str:
    """A plugin file with losses that do nothing."""
    classes = "".join(f"class Loss{index}(nstk.Loss):\n    name = '{loss}'\n" for index, loss in enumerate(losses))
    hook = f"@nstk.hookimpl\ndef nstk_losses():\n    return [{', '.join(f'Loss{index}' for index in range(len(losses)))}]\n"
    return plugin(name, classes + hook)
