"""JSON recipes: tabs, comments, escapes and encodings as other programs write them, and mistakes at their line and column."""

from __future__ import annotations

import json

import pytest

from nstk.errors import RecipeError
from nstk.syntax.parse import parse, read_text
from tests.syntax.samples import HERE, complaint, read

DATA = {"content": "a\tb.jpg", "style": {"é": "c😀.jpg"}, "losses": {"gram": {"weight": 1e3, "layers": ["image"]}}, "steps": 3}


@pytest.mark.parametrize("indent", [None, 2, "\t", "  \t "])
@pytest.mark.parametrize("escaped", [True, False])
def test_what_json_writes_is_read(indent, escaped):
    assert read(json.dumps(DATA, indent=indent, ensure_ascii=escaped)) == DATA


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(encoding, tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(DATA, indent="\t", ensure_ascii=False), encoding=encoding)
    assert read(read_text(tmp_path / "a.json")) == DATA


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{a: it's,\n\tb: '\t2',}", {"a": "it's", "b": "\t2"}),
        ('{\t"a"\t:\t[1,\t2,],\n# don\'t\t\n}', {"a": [1, 2]}),
        ('# why\n{\r\n\t"a": "x\\/\\"\ty"}', {"a": 'x/"\ty'}),
        ("{a: http://x, b: //server/x, c: '// no'}", {"a": "http://x", "b": "//server/x", "c": "// no"}),
    ],
)
def test_yaml_in_braces_is_read(text, value):
    assert read(text) == value


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ('{\n\t"a": 1,\n\t\t"a": 2}', 3, 3, "`a` is written twice"),
        ('{\n\t"a": 1\n\t"b": 2}', 3, 5, "a `,` or `}` is missing before this"),
        ('{\n\t"a": "\\ud83d"}', 2, 7, "cannot be read as a text"),
        ('{\n\t// why\n\t"a": 1}', 2, 2, "`//` begins no comment here"),
        ('/* why */\n{"a": 1}', 1, 1, r"`/\*` begins no comment here"),
        ('{"a": 1, // why\n}', 1, 10, "`//` begins no comment here"),
    ],
)
def test_mistakes_have_their_place(text, line, column, words):
    with pytest.raises(RecipeError, match=words) as refused:
        parse(text, "a.json", HERE)
    mark = refused.value.mistakes[0].mark
    assert (mark.line, mark.column, mark.text) == (line, column, text.splitlines()[line - 1])


def test_json_and_yaml_extend_each_other(tmp_path):
    from nstk import testing
    from nstk.recipe.load import load_recipe

    testing.recipe(tmp_path)
    (tmp_path / "a.json").write_text('{\n\t"content": "content.png",\n\t"style": "style.png",\n\t"size": 48\n}')
    (tmp_path / "b.yaml").write_text("extends: a.json\nsteps: 5\n")
    (tmp_path / "c.json").write_text('{\n\t"extends": "b.yaml",\n\t"backbone": {"use": "tiny"}\n}')
    made = load_recipe(tmp_path / "c.json")
    assert (made.size, made.steps, made.backbone.name, made.name) == (48, 5, "tiny", "c")


def test_block_yaml_takes_no_tabs():
    assert "indented with a tab" in complaint("a:\n\tb: 1")
