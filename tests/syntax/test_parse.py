"""What a user relies on when YAML is read: the values, and where each of them is written."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from nstk.errors import RecipeError
from nstk.files import exists, located, possible, real, same_file, shown
from nstk.hints import suggest, suggest_file
from nstk.syntax.mistakes import Mark, Mistake
from nstk.syntax.nodes import Node, from_plain, map_texts, walk, whole_numbers
from nstk.syntax.parse import dump, parse, read_text

HERE = Path("/")


def read(text):
    return parse(text, "recipe.yaml", HERE).plain()


def complaint(text):
    try:
        parse(text, "recipe.yaml", HERE)
    except RecipeError as error:
        return str(error)
    return ""


def refused(text):
    said = complaint(text)
    assert said, f"{text!r} was read"
    return said


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


def test_keys_are_words_whatever_they_look_like():
    assert list(read("1: a\ntrue: b\n~: c\n1e3: d\n'': e")) == ["1", "true", "~", "1e3", ""]


def test_aliases_repeat_a_value():
    assert read("a: &x [1, 2]\nb: *x") == {"a": [1, 2], "b": [1, 2]}


def test_byte_order_mark_and_line_ends_of_windows(tmp_path):
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
def test_a_number_that_nothing_could_print_is_refused(number):
    assert f"it has {len(number)} digits" in refused(f"a: {number}")


def test_a_value_that_occurs_twice_is_dumped_twice():
    layers = ["a", "b"]
    assert "&" not in dump({"one": layers, "two": layers})


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_in_a_sentence(text):
    said = complaint(text)
    assert not said or said.startswith("recipe.yaml")


yamlish = st.text(st.sampled_from(list(":-{}[],&*#?|>!%@`'\"\\\n\t ab1<~")), max_size=40)


@settings(deadline=None)
@given(yamlish)
def test_any_punctuation_is_read_or_refused_without_the_words_of_the_parser(text):
    said = complaint(text).partition("\n")[0]
    assert not any(word in said for word in ("<block", "<stream", "<scalar", "yaml.org", "token", "node content", "not YAML"))


def test_every_value_and_key_knows_its_place():
    tree = parse("losses:\n  gram: {weight: 5}\n", "recipe.yaml", HERE)
    node = tree.at(("losses", "gram", "weight"))
    assert (node.mark.line, node.mark.column, node.mark.width) == (2, 18, 1)
    assert node.key is not None
    assert (node.key.line, node.key.column, node.key.width) == (2, 10, 6)
    assert [found.value for found in walk(tree) if not isinstance(found.value, dict)] == [5]


def test_the_closest_place_stands_for_one_that_is_not_there():
    tree = parse("a:\n  b: [1, 2]\n", "recipe.yaml", HERE)
    assert tree.at(("a", "b", 1)).value == 2
    assert tree.at(("a", "b", 7)).plain() == [1, 2]
    assert tree.at(("a", "nosuch")).plain() == {"b": [1, 2]}


def test_words_are_keys_and_texts_with_their_places():
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


def test_all_mistakes_of_a_text_at_once():
    said = refused("a: 1\na: 2\nb: !x 3\nc: !!int d\n? [e]\n: 4\n")
    assert [line.partition(" ")[0] for line in said.splitlines() if line.startswith("recipe.yaml")] == [
        "recipe.yaml:2:1:",
        "recipe.yaml:3:4:",
        "recipe.yaml:4:4:",
        "recipe.yaml:5:3:",
    ]


def test_a_problem_shows_the_line_and_a_caret_under_the_word():
    mark = Mark("r.yaml", HERE, 12, 3, 4, "a word here")
    assert str(Mistake("no", mark, "yes?")) == "r.yaml:12:3: no\n   12 | a word here\n      |   ^^^^ yes?"
    assert str(Mistake("no", mark)).endswith("\n      |   ^^^^")


def test_a_problem_without_a_line():
    assert str(Mistake("no", Mark("r.yaml", HERE), "yes?")) == "r.yaml: no\n      yes?"
    assert str(Mistake("no", Mark("", HERE))) == "no"


def test_carets_are_below_wide_characters_and_long_lines_are_cut():
    wide = str(Mistake("no", Mark("r", HERE, 1, 3, 2, "画: 文字"))).splitlines()
    assert (
        wide[2] == "      |    ^^^"
    )  # before it one character that takes two columns and one that takes one; below one of each
    text = "x" * 500 + "bad" + "y" * 500
    shown, carets = str(Mistake("no", Mark("r", HERE, 1, 501, 3, text))).splitlines()[1:]
    assert len(shown) < 120
    assert shown[carets.index("^") : carets.rindex("^") + 1] == "bad"


def test_a_message_cannot_steer_the_terminal():
    assert "\x1b" not in str(Mistake("no file \x1b[31m.png", Mark("r", HERE)))


def test_many_values_are_read_in_a_moment_or_refused():
    line = "{" + ", ".join(f"k{index}: 1" for index in range(9000)) + ", z: 1}"
    assert len(read(line)) == 9001
    assert "more than 10000 values" in refused("[" + "1, " * 20_000 + "]")


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


def test_whole_numbers_are_whole_however_they_are_written():
    assert whole_numbers({"a": [1e3, 2.5, True, math.inf, "1.0"]}) == {"a": [1000, 2.5, True, math.inf, "1.0"]}
    assert type(whole_numbers(1e3)) is int


def test_map_texts_changes_every_text():
    tree = from_plain({"a": ["x", 1], "b": "y"}, Mark("recipe", HERE))
    assert map_texts(tree, lambda text, mark: text + mark.where).plain() == {"a": ["xrecipe", 1], "b": "yrecipe"}


def test_suggestions():
    assert suggest("wieght", ["weight", "layers"]) == "did you mean `weight`?"
    assert suggest("xyz", ["weight"]) == ""


def test_a_file_is_suggested_by_its_stem(tmp_path):
    for name in ("louvre.jpg", "folder.png"):
        (tmp_path / name).touch()
    assert suggest_file(tmp_path / "louvre.jpeg") == "did you mean `louvre.jpg`?"
    assert suggest_file(tmp_path / "old.png") == ""
    assert suggest_file(tmp_path / "nosuch" / "louvre.jpg") == ""


def test_paths_are_shown_as_a_person_would_write_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert shown(tmp_path / "a" / ".." / "b.png") == "b.png"
    assert shown(tmp_path.parent / "b.png") == str(tmp_path.parent / "b.png")


def test_located(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "pictures").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "far" / "pictures")
    assert located("a.png", tmp_path) == tmp_path / "a.png"
    assert located("~/a.png", HERE) == tmp_path / "a.png"
    assert located("link/../a.png", tmp_path) == tmp_path / "far" / "a.png"  # as the system understands it
    assert not exists(located("a\0.png", tmp_path))
    assert not exists(located("a" * 5000, tmp_path))


def test_same_file(tmp_path):
    one, other, link = tmp_path / "one", tmp_path / "other", tmp_path / "link"
    one.touch()
    link.symlink_to(one)
    assert same_file(one, link)
    assert not same_file(one, other)
    other.hardlink_to(one)
    assert same_file(one, other)
    assert same_file(tmp_path / "nosuch", tmp_path / "x" / ".." / "nosuch")


def test_what_no_file_can_be_called(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "dangling").symlink_to("nosuch")
    for name in ("loop", "a\0", "a" * 256, "\udcff"):
        assert not possible(tmp_path / name)
    for name in ("nosuch", "dangling", "nosuch/a", ".", "é"):
        assert possible(tmp_path / name)
    assert real(tmp_path / "loop") == tmp_path / "loop"
    assert real(tmp_path / "dangling") == tmp_path / "nosuch"


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


def test_a_node_is_plain_again():
    assert Node({"a": Node([Node(1, Mark("", HERE))], Mark("", HERE))}, Mark("", HERE)).plain() == {"a": [1]}
