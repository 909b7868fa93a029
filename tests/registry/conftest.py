"""Plugin files, and modules that look like installed plugins."""

from __future__ import annotations

import importlib
import sys
from importlib.metadata import EntryPoint
from textwrap import dedent

import pytest

from nstk.registry import registry as registry_module
from tests.registry.samples import GOOD


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes a plugin file into the working directory and returns its name."""
    monkeypatch.chdir(tmp_path)

    def write(file: str, text: str = GOOD, **fields: str) -> str:
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text.format(**fields) if fields else text).lstrip("\n"), encoding="utf-8")
        return file

    return write


@pytest.fixture
def install(monkeypatch, write, tmp_path):
    """Makes modules look like installed plugins: `install(name="module")`."""
    monkeypatch.syspath_prepend(tmp_path)
    modules = set(sys.modules)

    def install(**modules: str) -> None:
        entries = [EntryPoint(name, value, "nstk") for name, value in modules.items()]
        monkeypatch.setattr(registry_module, "entry_points", lambda group: entries)
        importlib.invalidate_caches()

    yield install
    for name in set(sys.modules) - modules:  # files of the same name come in other tests
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]
