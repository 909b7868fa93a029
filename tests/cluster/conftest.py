"""A working directory with a recipe and its pictures."""

from __future__ import annotations

import pytest

from tests.cli.samples import begin


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return begin(tmp_path)
