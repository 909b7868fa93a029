"""Names of files that are any bytes: what is in a file is read, and what is wrong with it is said, whatever it is called."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given, strategies as st

import nstk
from nstk.pictures import check_picture, read_all
from tests.fuzz.damage import fuzz, in_time
from tests.pictures.colours import RGB, saved

ODD = [
    b"\n",
    b"\r",
    b"\t",
    b"\x1b[31m",
    b"\xe9",
    b"\xff",
    b"\xc3",
    "é".encode(),
    "\u2028".encode(),
    b"%",
    b"{",
    b"'",
    b'"',
    b"\\",
    b" ",
]
NAMES = st.lists(st.sampled_from(ODD) | st.binary(min_size=1, max_size=4), min_size=1, max_size=12).map(b"".join)


def possible(name):
    return name not in (b".", b"..") and not set(name) & {0, ord("/")} and len(name) < 200


@fuzz(0.05)
@given(NAMES.filter(possible), st.sampled_from([b"", b".png", b".jpg", b".TIF"]))
def test_any_name(tmp_path, name, suffix):
    path = os.path.join(os.fsencode(tmp_path), name + suffix)
    data = saved("PNG")
    for content, good in ((data, True), (data[:99], False), (b"", False)):
        with open(path, "wb") as file:
            file.write(content)
        with in_time():
            if good:
                assert np.array_equal(read_all(os.fsdecode(path)).colours, RGB)
            else:
                with pytest.raises(nstk.PictureError, match=r"damaged|empty"):
                    check_picture(os.fsdecode(path))
    os.unlink(path)
    with pytest.raises(nstk.PictureError, match="no file"):
        check_picture(os.fsdecode(path))
