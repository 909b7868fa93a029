"""YAML text: the values that are read, and what is written is read back."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from nstk.errors import RecipeError
from nstk.syntax.mistakes import Mark
from nstk.syntax.parse import dump, read_text
from tests.syntax.samples import complaint, read, refused


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 1e-4),
        ("1e3", 1000.0),
        ("-.5", -0.5),
        ("1.", 1.0),
        ("+3", 3),
        ("010", 10),
        ("0o17", 15),
        ("0xfF", 255),
        ("-.INF", -math.inf),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("", None),
        ("Null", None),
        *(
            (word, word)
            for word in ("on", "yes", "No", "y", "tRUE", "1_000", "12:30:45", "2024-01-02", "0b1", "0o8", "1e", ".", "=")
        ),
        ("'5'", "5"),
        ('"true"', "true"),
        ("!!str 5", "5"),
        ("!!float 5", 5.0),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text, value):
    found = read(f"a: {text}")["a"]
    assert found == value
    assert type(found) is type(value)


def test_not_a_number_is_one():
    assert math.isnan(read("a: .NaN")["a"])


def test_every_key_is_a_word():
    assert list(read("1: a\ntrue: b\n~: c\n1e3: d\n'': e")) == ["1", "true", "~", "1e3", ""]


def test_aliases_repeat_a_value():
    assert read("a: &x [1, 2]\nb: *x") == {"a": [1, 2], "b": [1, 2]}


def test_a_text_from_windows_is_read(tmp_path):
    file = tmp_path / "recipe.yaml"
    file.write_bytes("\ufeffcontent: é.png\r\nsteps: 3\r\n".encode())
    assert read(read_text(file)) == {"content": "é.png", "steps": 3}


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False)
    | st.text()
    | st.sampled_from(
        ["1e3", "on", "0o7", "null", "*a", "- b", "x: y", "#", "'", '"', " ", "\n", "\x85", "\u2028", "\ufeff", "\0"]
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text().filter(lambda key: key != "<<"), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(plain)
def test_what_is_dumped_is_read_back(data):
    text = dump(data)
    assert read(text) == data
    assert dump(read(text)) == text  # so 1 stays 1, and 1.0 stays 1.0


@pytest.mark.parametrize("number", ["9" * 101, "9" * 5000, "0x" + "f" * 5000])
def test_an_endless_number_is_refused(number):
    assert f"it has {len(number)} digits" in refused(f"a: {number}")


def test_a_value_twice_is_dumped_twice():
    layers = ["a", "b"]
    assert "&" not in dump({"one": layers, "two": layers})


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    said = complaint(text)
    assert not said or said.startswith("recipe.yaml")


def test_all_mistakes_of_a_text_at_once():
    said = refused("a: 1\na: 2\nb: !x 3\nc: !!int d\n? [e]\n: 4\n")
    assert [line.partition(" ")[0] for line in said.splitlines() if line.startswith("recipe.yaml")] == [
        "recipe.yaml:2:1:",
        "recipe.yaml:3:4:",
        "recipe.yaml:4:4:",
        "recipe.yaml:5:3:",
    ]


def test_many_values_are_read_or_refused():
    line = "{" + ", ".join(f"k{index}: 1" for index in range(9000)) + ", z: 1}"
    assert len(read(line)) == 9001
    assert "more than 10000 values" in refused("[" + "1, " * 20_000 + "]")


def test_a_recipe_that_would_make_us_wait(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    asked = Mark("r.yaml", tmp_path, 1, 10, 9, "extends: pipe.yaml")
    with pytest.raises(RecipeError, match=r"pipe\.yaml is a device, not a recipe"):
        read_text(tmp_path / "pipe.yaml", asked)


def test_a_file_that_is_no_recipe(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "film.yaml").write_bytes(b"#" * 300_000)
    (tmp_path / "minimal.yaml").touch()
    for name, said in [
        ("film.yaml", "film.yaml is too long for a recipe, which has at most 65,536 bytes"),
        (".", ". is a folder, not a recipe"),
        ("minimum.yaml", "no file minimum.yaml\n      did you mean `minimal.yaml`?"),
        ("minimal.yaml/x.yaml", "no file minimal.yaml/x.yaml"),
        ("a\0.yaml", "no file a\\x00.yaml"),
    ]:
        with pytest.raises(RecipeError) as caught:
            read_text(Path(name))
        assert str(caught.value) == said
