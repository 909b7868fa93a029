"""An initializer of an author's that is broken."""

from __future__ import annotations

import pytest

import nstk
from nstk import testing

BROKEN = """
class Odd(nstk.Initializer):
    \"\"\"Broken in a chosen way.\"\"\"
    name = "odd"
    way: str = ""

    def __call__(self, pictures, rng):
        if self.way == "shape":
            return pictures.content[1:]
        if self.way == "nan":
            return np.full_like(pictures.content, np.nan)
        if self.way == "writes":
            pictures.content[0] = 0
        raise ValueError("no idea")

@nstk.hookimpl
def nstk_initializers():
    return [Odd]
"""


@pytest.mark.parametrize(
    ("way", "message"),
    [
        ("shape", r"initializer `odd` made an array of shape \(35, 48, 3\), not \(36, 48, 3\)"),
        ("nan", "initializer `odd` made a picture with NaN or infinite pixels"),
        ("writes", r"initializer `odd` failed: ValueError: assignment destination is read-only \(mine.py:17\)"),
        ("", r"initializer `odd` failed: ValueError: no idea \(mine.py:18\)"),
    ],
)
def test_a_broken_initializer_is_named(way, message, tmp_path, plugin):
    with pytest.raises(nstk.RunError, match=message):
        testing.run_recipe(tmp_path, plugins=[plugin(BROKEN)], init={"use": "odd", "way": way})
    assert not (tmp_path / "out.png").exists()
