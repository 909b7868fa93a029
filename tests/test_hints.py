"""What was probably meant."""

from __future__ import annotations

from nstk.hints import same_name, spelled, suggest, suggest_file


def test_suggestions():
    assert suggest("wieght", ["weight", "layers"]) == "did you mean `weight`?"
    assert suggest("xyz", ["weight"]) == ""


def test_a_file_is_suggested_by_its_stem(tmp_path):
    for name in ("louvre.jpg", "folder.png"):
        (tmp_path / name).touch()
    assert suggest_file(tmp_path / "louvre.jpeg") == "did you mean `louvre.jpg`?"
    assert suggest_file(tmp_path / "old.png") == ""
    assert suggest_file(tmp_path / "nosuch" / "louvre.jpg") == ""


def test_a_name_in_any_spelling():
    assert spelled("L-BFGS", ["adam", "lbfgs"]) == "lbfgs"
    assert spelled("mine:VGG_19", ["vgg19"]) == "mine:vgg19"
    assert spelled("A-B", ["ab", "a_b"]) == "A-B"  # it may be either
    assert spelled("a_b", ["ab", "a_b"]) == "a_b"
    assert spelled("x", ["ab"]) == "x"
    assert same_name("L-BFGS", "lbfgs")
    assert not same_name("adam", None)
    assert same_name(None, None)
