"""The commands that list parts: plugins and describe."""

from __future__ import annotations

import nstk
from tests.cli.samples import command_plugin, loss_plugin


def test_plugins(run):
    said = run("plugins", "-p", loss_plugin("extra", "a"), "-p", command_plugin("shout", "hurray", "click.echo('hurray')"))
    assert said.out.startswith(f"nstk {nstk.__version__}  (built in)\n    backbone tiny, ")
    assert said.out.endswith("extra  (extra.py)\n    loss a\nshout  (shout.py)\n    command hurray\n")


def test_describe(run):
    assert "learning_rate:" in run("describe", "optimizer", "adam").out
    every = run("describe").out
    for kind in ("loss gram", "initializer noise", "optimizer sgd", "callback progress", "backbone vgg19"):
        assert f"{kind}: " in every
    assert "size:" in run("describe", "recipe").out
