"""The folder of a run, empty and of a run that was interrupted."""

from __future__ import annotations

from pathlib import Path

import pytest

import nstk
from nstk import testing
from nstk.checkpoints.folder import RunFolder
from tests.checkpoints.samples import PLUGIN


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "out.run").mkdir()
    return RunFolder.of(tmp_path / "out.png")


@pytest.fixture
def interrupted(tmp_path, monkeypatch):
    """An interrupted run of a recipe file in a project of its own; returns its picture."""
    monkeypatch.chdir(tmp_path)
    for name, seed in (("photo", 0), ("painting", 1), ("other", 2)):
        nstk.write_picture(testing.pictures((36, 48), seed).content, f"{name}.png")
    Path("mine.py").write_text(PLUGIN)
    Path("mine.yaml").write_text(
        "content: photo.png\nstyle: painting.png\nsize: 48\nsteps: 6\nprecision: float32\nrun_eagerly: true\n"
        "plugins: [mine.py]\nbackbone: tiny\noptimizer: adam\noutput: out/mine.png\n"
        "callbacks: {progress: false, breaking: {at: 3}}\n"
        "losses: {content: {layers: [image], formula: mean}, gram: {layers: [image]}}\n"
    )
    assert nstk.run("mine.yaml").stopped == "interrupted"
    return tmp_path / "out" / "mine.png"
