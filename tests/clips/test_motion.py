"""Optical flow on frames whose motion is known."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from nstk.clips.motion import Motion, filled
from tests.clips.samples import IMAGES, moving

PHOTO = np.asarray(Image.open(IMAGES / "coffee.jpg").convert("RGB").resize((300, 200)))


def window(x: int, y: int, width: int = 160, height: int = 120) -> np.ndarray:
    return np.ascontiguousarray(PHOTO[y : y + height, x : x + width])


def test_a_picture_is_carried_to_where_it_is_now():
    motion = Motion.between(window(20, 20), window(26, 23))
    inner = motion.back[20:-20, 20:-20]
    assert np.abs(np.median(inner, axis=(0, 1)) - (6, 3)).max() < 0.3
    assert np.abs(motion.carried(window(20, 20)).astype(int) - window(26, 23))[10:-10, 10:-10].mean() < 3
    assert motion.trusted[20:-20, 20:-20].mean() > 0.9
    assert motion.trusted[:, -6:].mean() < 0.1, "what comes from outside of the frame is not known"
    assert not motion.cut


def test_what_was_hidden_is_not_trusted():
    before, now = moving(2, 256, 192, speed=8.0)
    motion = Motion.between(before, now)
    hidden = np.abs(motion.carried(before).astype(float) - now).mean(-1) > 60
    assert hidden.sum() > 200
    assert motion.trusted[hidden].mean() < 0.2
    assert motion.trusted.mean() > 0.75


def test_a_scene_that_begins_is_noticed():
    assert Motion.between(window(20, 20), np.ascontiguousarray(255 - window(100, 60)[::-1])).cut
    frames = moving(3, 160, 120, speed=6.0)
    assert not any(Motion.between(one, other).cut for one, other in pairwise(frames))


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_what_is_not_known_has_the_colours_around_it(share):
    source, painted = window(20, 20), np.clip(window(20, 20) + np.array([40.0, -30.0, 10.0]), 0, 255)
    trusted = np.zeros(source.shape[:2], np.float32)
    trusted[:, : int(share * source.shape[1])] = 1
    made = filled(painted, trusted, source)
    if not share:
        np.testing.assert_allclose(made, source, atol=1)
    else:
        np.testing.assert_allclose(made[:, :60], painted[:, :60], atol=1)
        inside = (source[:, 90:] > 45) & (source[:, 90:] < 205)
        assert np.abs(made[:, 90:] - painted[:, 90:])[inside].mean() < 6
