"""What `--vary` means: values between commas, patterns, folders."""

from __future__ import annotations

import pytest
from PIL import Image

import nstk
from nstk.series.axes import axis, given, pictures


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("paintings/10.jpg", "paintings/2.jpg", "paintings/old/wheat.PNG", "a, b.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(tmp_path / name)
    (tmp_path / "paintings" / "notes.txt").write_text("no picture")
    (tmp_path / "empty").mkdir()


def texts(said):
    return [value.text for value in axis(said).values]


@pytest.mark.parametrize(
    ("said", "values"),
    [
        ("losses.gram.weight=1,3, 10", ["1", "3", "10"]),
        ("steps=[60,40],[30,20]", ["[60,40]", "[30,20]"]),
        ("optimizer={use: adam, learning_rate: 2},lbfgs", ["{use: adam, learning_rate: 2}", "lbfgs"]),
        ('colours="a,b",keep', ['"a,b"', "keep"]),
        ("seed=1,", ["1"]),
    ],
)
def test_values_stand_between_commas(said, values):
    assert texts(said) == values


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("style=paintings/*.jpg", ["2", "10"]),
        ("style=paintings/", ["2", "10"]),
        ("style=paintings/**/*", ["2", "10", "wheat"]),
        ("style=paintings/10.jpg,paintings/old/wheat.PNG", ["10", "wheat"]),
    ],
)
def test_pictures_in_the_order_of_their_names(said, names):
    made = axis(said)
    assert [value.name for value in made.values] == names
    assert made.of_pictures


def test_files_with_any_name():
    (value,) = pictures("content", ["a, b.jpg"]).values
    assert (value.text, value.name) == ('"a, b.jpg"', "a, b")


def test_a_folder_is_one_only_where_pictures_are(tmp_path):
    (tmp_path / "content").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "content" / "a.png")
    assert texts("init=content,noise") == ["content", "noise"]
    assert [it.name for it in axis("style.sky.where=content").values] == ["a"]


def test_a_sign_is_a_part_of_the_name():
    assert [it.name for it in axis("paint.grow=-5,5,[1, 2]").values] == ["-5", "5", "1-2"]


def test_values_of_python():
    assert [it.text for it in given("steps", [[2, 3], 4]).values] == ["[2, 3]", "4"]
    assert [it.name for it in given("style", ["paintings/2.jpg", "paintings/10.jpg"]).values] == ["2", "10"]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("losses.tv.weight", "says no values"),
        ("=1,2", "says no values"),
        ("seed=", "says no values"),
        ("style=prints/*.jpg", "`--vary style=prints/*.jpg`: no picture matches this pattern"),
        ("style=empty", "`--vary style=empty`: no pictures are in this folder"),
    ],
)
def test_what_means_nothing(said, why):
    with pytest.raises(nstk.UserError) as caught:
        axis(said)
    assert why in str(caught.value)


def test_a_file_that_is_not_there():
    with pytest.raises(nstk.UserError, match=r"`--style painting/2.jpg`: there is no such file or folder"):
        pictures("style", ["painting/2.jpg"])
