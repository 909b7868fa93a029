"""Every hook is documented with its exact arguments and with a whole plugin, and that plugin works."""

from __future__ import annotations

import ast
import inspect
import os
import subprocess
import sys
from textwrap import dedent

import pytest
from PIL import Image

from nstk.api.hookspecs import KINDS, Hooks
from nstk.cli import main

HOOKS = [name for name in vars(Hooks) if name.startswith("nstk_")]

RECIPE = """
content: content.png
style: style.png
size: 32
steps: 2
backbone: tiny
callbacks: {progress: false}
"""

# What a recipe says to use each hook's example.
USES = {
    "nstk_losses": ["losses={brightness: {level: 100}}"],
    "nstk_initializers": ["init={use: grey, level: 7}"],
    "nstk_optimizers": ["optimizer={use: sign, size: 3}"],
    "nstk_parametrizations": ["parametrization={use: warm, red: 3}"],
    "nstk_colours": ["colours=grey"],
    "nstk_regions": ["paint={use: half, share: 0.4}"],
    "nstk_callbacks": ["callbacks.say={every: 2}"],
    "nstk_backbones": ["backbone=blur", "losses={content: {layers: [blur4]}}"],
    "nstk_commands": [],
}


def example(hook: str) -> str:
    """The plugin in a hook's docstring."""
    doc = inspect.getdoc(getattr(Hooks, hook)) or ""
    _, found, code = doc.partition("A whole plugin:\n\n")
    assert found, f"{hook} has no example"
    return dedent(code)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory with a recipe, two pictures and every example as a plugin file."""
    monkeypatch.chdir(tmp_path)
    for index, name in enumerate(("content", "style")):
        Image.radial_gradient("L").resize((32, 32)).rotate(90 * index).convert("RGB").save(f"{name}.png")
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    for hook in HOOKS:
        (tmp_path / f"{hook}.py").write_text(example(hook))
    return tmp_path


def run(*args: str) -> int:
    with pytest.raises(SystemExit) as stop:
        main(args)
    return int(stop.value.code or 0)


def test_every_hook_is_known():
    assert set(HOOKS) == {*KINDS, "nstk_commands"} == set(USES)


@pytest.mark.parametrize("hook", HOOKS)
def test_example_has_the_exact_arguments(hook):
    functions = [node for node in ast.parse(example(hook)).body if isinstance(node, ast.FunctionDef) and node.name == hook]
    assert len(functions) == 1
    assert [argument.arg for argument in functions[0].args.args] == list(inspect.signature(getattr(Hooks, hook)).parameters)[1:]
    assert [ast.unparse(decorator) for decorator in functions[0].decorator_list] == ["nstk.hookimpl"]


@pytest.mark.parametrize("hook", HOOKS)
def test_example_has_the_right_base(hook):
    classes = [node for node in ast.walk(ast.parse(example(hook))) if isinstance(node, ast.ClassDef)]
    bases = [ast.unparse(base) for node in classes for base in node.bases]
    if hook in KINDS:
        assert f"nstk.{KINDS[hook][1].__name__}" in bases
    imported = {alias.name for node in ast.parse(example(hook)).body if isinstance(node, ast.Import) for alias in node.names}
    assert imported <= {"nstk", "click"}  # TensorFlow inside methods only


@pytest.mark.parametrize("hook", HOOKS)
def test_example_checks_out_in_a_recipe(hook, folder, capsys):
    assert run("check", "recipe.yaml", *USES[hook], "-p", f"{hook}.py") == 0, capsys.readouterr().err
    assert "good" in capsys.readouterr().out
    if USES[hook]:
        assert run("check", "recipe.yaml", *USES[hook]) == 2  # it is the plugin that makes it good


def test_example_command_works(folder, capsys):
    assert run("-p", "nstk_commands.py", "hello") == 0
    assert capsys.readouterr().out == "hello\n"
    assert run("-p", "nstk_commands.py", "--help") == 0
    assert "hello     Say hello." in capsys.readouterr().out
    assert run("hello") == 2


def test_examples_paint_a_picture_together(folder):
    """The one that is slow: a run with all of them."""
    plugins = [word for hook in KINDS for word in ("-p", f"{hook}.py")]
    uses = ["backbone=blur", "losses={content: {layers: [blur4]}, brightness: {level: 9}}", "init={use: grey, level: 7}"]
    uses += ["optimizer={use: sign, size: 3}", "parametrization={use: warm, red: 3}", "colours=grey", "callbacks.say="]
    command = [sys.executable, "-m", "nstk", "run", "recipe.yaml", *uses, *plugins, "-o", "out.png"]
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1"}, check=False
    )
    assert done.returncode == 0, done.stderr
    steps = done.stdout.splitlines()
    assert [line.split()[0] for line in steps[:-1]] == ["1", "2"]
    assert "brightness" in steps[0]
    assert steps[-1] == str(folder / "out.png")
    with Image.open("out.png") as picture:
        low, high = picture.convert("L").getextrema()
    assert low == high == round(0.299 * 25 + 0.701 * 13)  # grey 7, moved twice by 3, the red by 9
