"""`nstk score`: pictures judged at a prompt."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def photo(folder):
    """A photograph and a painting of 160 x 128 pixels."""
    rng = np.random.default_rng(0)
    for name in ("photo.png", "art.png"):
        coarse = Image.fromarray(rng.integers(0, 256, (8, 10, 3), np.uint8))
        coarse.resize((160, 128), Image.Resampling.BICUBIC).save(folder / name)
    return "photo.png"


def test_a_table_with_both_copies(run, photo):
    said = run("score", photo, "art.png", photo, "--size", "128")
    head, picture, *copies = said.out.splitlines()
    assert (said.code, head.split()) == (0, ["CF", "GE", "LP", "E", "SSIM"])
    assert picture.split()[:2] == [photo, "1.000"]
    assert [line.partition("  ")[0] for line in copies] == ["the photograph itself", "the painting itself"]


def test_json(run, photo):
    said = run("score", photo, "art.png", photo, "art.png", "--size", "128", "--json")
    scores = json.loads(said.out)
    assert (said.code, [score["picture"] for score in scores[:2]]) == (0, [photo, "art.png"])
    assert scores[0]["ssim"] > scores[1]["ssim"]
    assert scores[1]["lp"] > scores[0]["lp"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["phot.png", "art.png", "photo.png"], "no file phot.png: did you mean `photo.png`?"),
        (["photo.png", "art.png", "photo.png", "--size", "64"], "cannot be judged at 64 pixels"),
        (["photo.png", "art.png"], "PICTURE"),
    ],
)
def test_a_slip_is_one_sentence(run, photo, words, expected):
    said = run("score", *words)
    assert (said.code, expected in said.err) == (2, True)
