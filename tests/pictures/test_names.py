"""What the files beside a picture are called."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from nstk.pictures import FORMATS, base_name
from nstk.pictures.names import SUFFIXES

SUFFIX = st.sampled_from([*sorted(SUFFIXES), ".PNG", ".Jpg"])
SUFFIXED = st.lists(SUFFIX, min_size=1, max_size=3).map("".join)
NAMES = st.builds(str.__add__, st.sampled_from("ab"), SUFFIXED)


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("louvre.png", "louvre"),
        ("my.photo.png", "my.photo"),
        ("a.1.png", "a.1"),
        ("a.jpg", "a.jpg"),
        ("a.tif", "a.tif"),
        ("a.tiff", "a.tiff"),
        ("a.PNG", "a.PNG"),
        ("a.jpg.png", "a.jpg.png"),
        ("a.png.png", "a.png.png"),
        ("a.JPG.png", "a.JPG.png"),
    ],
)
def test_only_a_png_leaves_its_suffix_out(name, base):
    assert base_name(Path("out", name)) == base


@given(one=NAMES, other=NAMES)
def test_no_two_pictures_share_a_name(one, other):
    assert (base_name(Path(one)) == base_name(Path(other))) == (one == other)


def test_every_format_is_known():
    assert set(FORMATS) <= SUFFIXES
