"""The README is short, its two commands are the promised ones, its blocks run, and its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import nstk
import nstk.testing
from nstk.registry.registry import Registry

from .documents import ROOT, Newcomer, blocks

README = ROOT / "README.md"


def test_first_blocks_are_the_promised_ones() -> None:
    promised = ["pip install -e . && nstk run louvre\n", 'pip install -e ".[test]" && pytest\n']
    assert [block.text for block in blocks(README) if block.language == "sh"][:2] == promised


def test_it_is_short() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 150


def test_it_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    newcomer = Newcomer(tmp_path, [README], monkeypatch, capsys)
    newcomer.follow(README)
    assert {"painted.jpg", "out"} <= {path.name for path in newcomer.folder.iterdir()}
    nstk.testing.check_loss(Registry.of(["bright.py"]).get("loss", "bright")())


def test_its_recipe_names_the_default_losses() -> None:
    from nstk.recipe.defaults import defaults

    recipe = next(block.text for block in blocks(README) if block.file == "mine.yaml")
    for label in defaults()["losses"]:
        assert f"\n  {label}: " in recipe


def test_its_links_lead_somewhere() -> None:
    targets = re.findall(r"\]\(([^)#]+)", README.read_text(encoding="utf-8"))
    assert len(targets) > 20
    assert [target for target in targets if not (ROOT / target).exists()] == []
