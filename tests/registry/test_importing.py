"""Plugins from files and modules."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest

from nstk.errors import PluginError
from nstk.registry.registry import Registry


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("grian.py", "plugin `grian` (grian.py) did not load: there is no such file: did you mean `grain.py`?"),
        ("no/where.py", "plugin `where` (no/where.py) did not load: there is no such file"),
        ("x" * 300 + ".py", "did not load: "),
        ("nul\0.py", "did not load: "),
        ("grain", "there is no module `grain`: did you mean the file `grain.py`?"),
        ("nothing.here", "there is no module `nothing.here`: a file is written with its `.py`"),
        ("", "there is no module ``"),
        (".relative", "there is no module `.relative`"),
        ("sub/grain", "there is no module `sub/grain`"),
    ],
)
def test_what_is_not_there(spec, expected, write):
    write("grain.py", name="grain")
    with pytest.raises(PluginError, match=re.escape(expected)):
        Registry(installed=False).load(spec, Path.cwd())


def test_a_plugin_is_loaded_once(write):
    registry = Registry(installed=False)
    for spec in ("grain.py", "./grain.py", "../" + Path.cwd().name + "/grain.py", str(Path.cwd() / "grain.py")):
        registry.load(write("grain.py", name="grain") and spec, Path.cwd())
    assert [plugin.name for plugin in registry.plugins] == ["nstk", "grain"]


def test_a_file_is_relative_to_its_recipe(write, tmp_path):
    registry = Registry(installed=False)
    write("deep/grain.py", name="grain")
    registry.load("grain.py", tmp_path / "deep")
    assert registry.plugins[-1].origin == "deep/grain.py"


def test_a_files_instances_pickle(write):
    registry = Registry(installed=False)
    registry.load(write("grain.py", name="grain"), Path.cwd())
    loss = registry.get("loss", "grain")(weight=2)
    assert pickle.loads(pickle.dumps(loss)) == loss
