"""A working directory with a short clip, a recipe and a painting."""

from __future__ import annotations

import pytest

from tests.cli.samples import begin
from tests.clips.samples import moving, write


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(moving(6), tmp_path / "clip.mp4")
    return begin(tmp_path)
