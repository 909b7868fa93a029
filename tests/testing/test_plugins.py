"""`check_plugin`: it loads a plugin as a recipe does, and checks all that the plugin defines."""

from __future__ import annotations

from pathlib import Path

import pytest

import nstk.plugins.losses.tv
from nstk import testing
from nstk.api.hookspecs import KINDS, Hooks
from nstk.testing.plugins import CONTRACTS
from tests.api.test_hookspecs import example
from tests.documents import ROOT

GOOD = '''
import nstk


class Tone(nstk.Loss):
    """The mean level."""

    name = "tone"
    level: float = nstk.Field(128, ge=0, le=255, description="The wanted mean.")

    def __call__(self, features, target):
        import tensorflow as tf

        return tf.square(tf.reduce_mean(features["image"]) / 255 - self.level / 255)


@nstk.hookimpl
def nstk_losses():
    return [Tone]
'''
FIELD = 'nstk.Field(128, ge=0, le=255, description="The wanted mean.")'
COMMAND = """
import click
import nstk


@click.command()
def {name}():
    {text}


@nstk.hookimpl
def nstk_commands(cli):
    cli.add_command({name})
"""

BROKEN = {
    "no hook": (GOOD.partition("@nstk")[0], "plugin `mine` .* did not load: it has no hook"),
    "a hook without its mark": (GOOD.replace("@nstk.hookimpl\n", ""), "`nstk_losses` is not marked as a hook"),
    "an exception": ("import numppy\n" + GOOD, r"did not load: ModuleNotFoundError: No module named 'numppy' \(mine.py:1\)"),
    "nothing": (GOOD.replace("[Tone]", "[]"), "plugin `mine` defines nothing: its hooks return no class"),
    "TensorFlow": (
        "import tensorflow as tf\n" + GOOD,
        "mine.py has `tf` of tensorflow at its top, so that listing plugins would",
    ),
    "a part of Keras": ("from keras import ops\n" + GOOD, "mine.py has `ops` of keras at its top"),
    "no docstring": (GOOD.replace('"""The mean level."""', ""), r"mine.py:5: loss `tone` has no docstring"),
    "no description": (GOOD.replace(FIELD, "128.0"), r"`level` of loss `tone` has no description"),
    "a key without a value": (
        GOOD.replace("Field(128, ", "Field("),
        "loss `tone` needs the key `level`, which has no default: give",
    ),
    "a broken part": (GOOD.replace("return tf.square", "return 0 * tf.square"), "has a gradient of zero everywhere"),
    "a bad default": (GOOD.replace("128", "300"), "the default of `level` in Tone is no good"),
    "a command of nstk's": (
        COMMAND.format(name="run", text='"""Run."""'),
        "`nstk run` is a command of nstk, which a plugin cannot",
    ),
    "a silent command": (COMMAND.format(name="hello", text="return 1"), "command `hello` says nothing in `nstk --help`"),
}


def written(folder: Path, code: str) -> Path:
    path = folder / "mine.py"
    path.write_text(code, encoding="utf-8")
    return path


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_plugin_is_told_why(what, tmp_path):
    code, message = BROKEN[what]
    with pytest.raises(AssertionError, match=message) as caught:
        testing.check_plugin(written(tmp_path, code))
    assert "\n" not in str(caught.value)


def test_there_is_a_contract_for_each_slot():
    assert set(CONTRACTS) == {kind for kind, _ in KINDS.values()}


@pytest.mark.parametrize("hook", [name for name in vars(Hooks) if name.startswith("nstk_")])
def test_the_examples_of_the_hooks_are_sound(hook, tmp_path):
    testing.check_plugin(written(tmp_path, example(hook)))


def test_a_plugin_is_a_file_a_module_or_its_name(tmp_path, monkeypatch):
    testing.check_plugin(nstk.plugins.losses.tv)
    testing.check_plugin("nstk.plugins.colours.painting")
    monkeypatch.chdir(written(tmp_path, GOOD).parent)
    testing.check_plugin("mine.py", {"tone": {"level": 90}})
    with pytest.raises(AssertionError, match="there is no such file"):
        testing.check_plugin("yours.py")


def test_the_settings_are_those_of_a_recipe(tmp_path):
    path = written(tmp_path, GOOD.replace("Field(128, ", "Field("))
    testing.check_plugin(path, {"tone": {"level": 90}})
    with pytest.raises(AssertionError, match=r"loss `tone` does not take `level: 300`: Input should be less than"):
        testing.check_plugin(path, {"tone": {"level": 300}})
    with pytest.raises(AssertionError, match=r"plugin `mine` defines no `tune`, which has settings here: it has tone"):
        testing.check_plugin(path, {"tune": {}})


def test_the_distribution_of_the_tests_is_sound():
    testing.check_plugin(ROOT / "tests" / "distribution" / "nstk_postcard.py")
