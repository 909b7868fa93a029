"""CONTRIBUTING.md leads to places that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", TEXT, re.M | re.S)
SPANS = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", TEXT, flags=re.M | re.S))


def is_path(word: str) -> bool:
    return "/" in word or bool(re.fullmatch(r"[\w.-]+\.(py|yaml|yml|md|txt|cfg|toml|json)", word))


def words() -> set[str]:
    """Everything in code that looks like a path, but for the environment that the reader makes."""
    found = {word for code in [*BLOCKS, *SPANS] for word in code.split()}
    return {word for word in found if is_path(word) and not word.startswith(".venv")}


BESIDE = {"samples.py", "conftest.py"}
"""Names that stand for a file in many folders."""


@pytest.mark.parametrize("path", sorted(words() - BESIDE))
def test_every_path_exists(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize("name", sorted(BESIDE))
def test_every_name_beside_a_test_exists(name: str) -> None:
    assert list((ROOT / "tests").rglob(name))
