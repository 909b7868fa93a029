"""A folder with a recipe and two pictures, and processes that serve pages."""

from __future__ import annotations

import pytest

from tests.cli.samples import begin
from tests.live.samples import Server


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return begin(tmp_path)


@pytest.fixture
def serve(folder):
    """Starts a command: `serve("run", "recipe.yaml", "--live", "--no-open")`. All end with the test."""
    started = []

    def serve(*words):
        started.append(Server(*words))
        return started[-1]

    yield serve
    for it in started:
        it.close()
