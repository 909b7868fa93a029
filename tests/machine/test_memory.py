"""Amounts of memory, as a recipe says them and as they are told."""

from __future__ import annotations

import pytest

from nstk.machine import memory


@pytest.mark.parametrize(
    ("text", "count"), [("4GB", 4 * 10**9), ("1.5 GB", 1_500_000_000), (".5GB", 5 * 10**8), ("800MB", 8 * 10**8)]
)
def test_amounts_of_memory(text, count):
    assert memory.read(memory.checked(text)) == count


def test_amounts_are_told_in_powers_of_ten():
    assert [memory.in_words(count) for count in (1.44e9, 23.6e9, 8.05e8, 5e3)] == ["1.4 GB", "24 GB", "805 MB", "5 kB"]
