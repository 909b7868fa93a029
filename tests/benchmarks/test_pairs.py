"""Which pairs are painted."""

from __future__ import annotations

import pytest

from benchmarks.pairs import pairs
from benchmarks.processes import Failed


@pytest.fixture
def folder(tmp_path):
    """Five photographs and three paintings."""
    for kind, count in (("contents", 5), ("styles", 3)):
        (tmp_path / kind).mkdir()
        for number in range(count):
            (tmp_path / kind / f"{number}.jpg").touch()
        (tmp_path / kind / "LICENSE").touch()
    return tmp_path


def test_every_painting_comes_before_one_comes_again(folder):
    made = pairs(folder, 9)
    assert all(len({painting for _, painting in made[at : at + 3]}) == 3 for at in (0, 3, 6))
    assert len(set(made)) == 9


def test_fewer_pairs_are_the_first_ones(folder):
    assert pairs(folder, 4) == pairs(folder, 9)[:4] == pairs(folder, None)[:4]


def test_as_many_as_there_are(folder):
    made = pairs(folder, None)
    assert len(made) == len(set(made)) == 15  # fewer than 24


def test_free_pictures_are_there():
    made = pairs(None, None)
    assert len(set(made)) == 6
    assert all(path.exists() for pair in made for path in pair)


def test_a_folder_without_pictures(tmp_path):
    with pytest.raises(Failed, match=r"no pictures in .*contents: the folder of the pairs has `contents` and `styles`"):
        pairs(tmp_path, None)
