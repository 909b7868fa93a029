"""What was probably meant."""

from __future__ import annotations

from nstk.hints import suggest, suggest_file


def test_suggestions():
    assert suggest("wieght", ["weight", "layers"]) == "did you mean `weight`?"
    assert suggest("xyz", ["weight"]) == ""


def test_a_file_is_suggested_by_its_stem(tmp_path):
    for name in ("louvre.jpg", "folder.png"):
        (tmp_path / name).touch()
    assert suggest_file(tmp_path / "louvre.jpeg") == "did you mean `louvre.jpg`?"
    assert suggest_file(tmp_path / "old.png") == ""
    assert suggest_file(tmp_path / "nosuch" / "louvre.jpg") == ""
