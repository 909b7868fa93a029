"""`nstk explain`: what weighs how much, at a prompt."""

from __future__ import annotations

import json

import pytest

from nstk.cli.explaining import bar, percent, table
from nstk.engine.explanation import Explanation
from nstk.engine.shares import Share, Shares


def test_a_table_and_what_stands_out(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    said = run("explain", "recipe.yaml", "losses.tv.weight=1e5")
    head, _, *rows = said.out.splitlines()
    assert (said.code, head.strip()) == (0, "the start (64 x 48)")
    assert [row.split()[0] for row in rows[:3]] == ["content", "block4_conv1", "block5_conv1"]
    assert any(row.startswith("tv") and "█" in row for row in rows)
    assert "\n- `tv` holds 100 % of the gradient at the start: expect flat colours" in said.out
    assert said.err == ""
    assert max(map(len, said.out.splitlines())) <= 100


def test_json_with_a_picture(run):
    said = run("explain", "recipe.yaml", "--picture", "photo.jpg", "--json")
    explanation = json.loads(said.out)
    assert (said.code, [it["picture"] for it in explanation["pictures"]]) == (0, ["the start", "photo.jpg"])
    assert explanation["pictures"][1]["losses"]["content"]["value"] == 0


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["recipe.yaml", "--picture", "phot.jpg"], "no file phot.jpg: did you mean `photo.jpg`?"),
        (["recipe.yaml", "--picture", "tall.jpg"], "tall.jpg is 30 x 60 pixels, but the content picture has another aspect"),
        (["recipe.yaml", "photo.jpg"], "nstk explain recipe.yaml --picture photo.jpg"),
    ],
)
def test_a_slip_is_one_sentence(run, words, expected):
    from PIL import Image

    Image.new("RGB", (30, 60)).save("tall.jpg")
    said = run("explain", *words)
    assert (said.code, said.out, expected in said.err) == (2, "", True), said.err


@pytest.mark.parametrize(
    ("share", "encoding", "expected"),
    [(0.5, "utf-8", "████"), (0.05, "utf-8", "▍"), (0, "utf-8", ""), (1, "cp1252", "########"), (0.3, "latin-1", "##")],
)
def test_bars(share, encoding, expected):
    assert bar(share, 8, encoding) == expected


def test_shares_have_one_width():
    assert [percent(share) for share in (0, 0.0001, 0.1234, 1)] == ["    0 %", " <0.1 %", " 12.3 %", "100.0 %"]


def test_paintings_and_two_pictures():
    share = Share(1.0, 0.5, 1.0, 0.5)
    both = {"a": share, "b": share}
    start = Shares("the start", (64, 48), 2.0, 1.0, both, {"a": both}, {"sky": share, "walls": share}, {})
    path = f"{'folder/' * 20}out.png"
    later = Shares(path, (64, 48), 2.0, 1.0, both, {}, {"sky": share, "walls": share}, {})
    lines = [*table(Explanation("mine", {"a": 1.0, "b": 2.0}, [start, later], []), 100, "utf-8")]
    assert max(map(len, lines)) <= 100
    assert lines[0].endswith("/out.png (64 x 48)")
    assert "..." in lines[0]
    assert [line.split()[0] for line in lines[2:6]] == ["a", "a", "b", "b"]
    assert lines[-3:-1][0] == "of the style:"
    assert [line.count("50.0 %") for line in lines[-2:]] == [4, 4]
