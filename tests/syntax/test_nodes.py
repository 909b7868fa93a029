"""Values that remember where they stand."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from nstk.errors import RecipeError
from nstk.syntax.mistakes import Mark
from nstk.syntax.nodes import Node, as_before, from_plain, map_texts, stand_in, walk, whole_numbers
from nstk.syntax.parse import parse
from tests.syntax.samples import HERE


def test_every_value_knows_its_place():
    tree = parse("losses:\n  gram: {weight: 5}\n", "recipe.yaml", HERE)
    node = tree.at(("losses", "gram", "weight"))
    assert (node.mark.line, node.mark.column, node.mark.width) == (2, 18, 1)
    assert node.key is not None
    assert (node.key.line, node.key.column, node.key.width) == (2, 10, 6)
    assert [found.value for found in walk(tree) if not isinstance(found.value, dict)] == [5]


def test_the_closest_place_stands_in():
    tree = parse("a:\n  b: [1, 2]\n", "recipe.yaml", HERE)
    assert tree.at(("a", "b", 1)).value == 2
    assert tree.at(("a", "b", 7)).plain() == [1, 2]
    assert tree.at(("a", "nosuch")).plain() == {"b": [1, 2]}


def test_words_are_keys_and_texts():
    tree = parse("layers: [x, y]\nmore:\n  z: 1\n  y: x\n", "recipe.yaml", HERE)
    assert [(word, mark.line) for word, mark in tree.words()] == [
        ("layers", 1),
        ("x", 1),
        ("y", 1),
        ("more", 2),
        ("z", 3),
        ("y", 4),
        ("x", 4),
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [({"a": (1, 2)}, {"a": [1, 2]}), ({1: Path("/x.png")}, {"1": "/x.png"}), (None, None), (True, True)],
)
def test_plain_data_of_python(value, expected):
    assert from_plain(value, Mark("recipe", HERE)).plain() == expected


def test_numbers_of_numpy_are_numbers():
    numpy = pytest.importorskip("numpy")
    found = from_plain([numpy.float32(0.5), numpy.int64(3), numpy.array(2)], Mark("recipe", HERE)).plain()
    assert found == [0.5, 3, 2]
    assert [type(value) for value in found] == [float, int, int]


def endless():
    data: dict[str, object] = {}
    data["more"] = data
    return data


@pytest.mark.parametrize("value", [{1, 2}, object(), b"bytes", 1j, "\ud800", 10**200, endless()])
def test_other_data_of_python_is_refused(value):
    with pytest.raises(RecipeError):
        from_plain({"a": value}, Mark("recipe", HERE))


def test_bytes_of_names_have_stand_ins():
    """A name that is not UTF-8 holds half characters, which pydantic and PyYAML refuse."""
    names = {}
    data = stand_in({"a\udc80": ["q\udcff.png", 1, "é"]}, names)
    assert "\\ud" in json.dumps(data)
    assert str(data).encode()
    assert {as_before(text) for text in names} == {"a\udc80", "q\udcff.png"} == set(names.values())
    assert from_plain("q\udce9", Mark("recipe", HERE)).plain() == "q\udce9"


def test_whole_numbers_are_whole():
    assert whole_numbers({"a": [1e3, 2.5, True, math.inf, "1.0"]}) == {"a": [1000, 2.5, True, math.inf, "1.0"]}
    assert type(whole_numbers(1e3)) is int


def test_map_texts_changes_every_text():
    tree = from_plain({"a": ["x", 1], "b": "y"}, Mark("recipe", HERE))
    assert map_texts(tree, lambda text, mark: text + mark.where).plain() == {"a": ["xrecipe", 1], "b": "yrecipe"}


def test_a_node_is_plain_again():
    assert Node({"a": Node([Node(1, Mark("", HERE))], Mark("", HERE))}, Mark("", HERE)).plain() == {"a": [1]}
