"""The chunks of a PNG that tell its colours, in any order and with any content, against the maths of the published matrices."""

from __future__ import annotations

import struct

import numpy as np
from hypothesis import given

from nstk.pictures import read_all
from tests.fuzz.damage import RANDOM, fuzz, in_time
from tests.pictures.colours import (
    CHRM,
    P3_TO_SRGB,
    RGB,
    SRGB_CHUNK,
    adobe,
    chrm,
    cicp,
    encoded,
    exif,
    gama,
    iccp,
    levels_of,
    p3,
    png,
    powered,
    prophoto,
)
from tests.pictures.samples import swapped_profile

EXIF = (b"eXIf", exif().tobytes()[6:])
GAMMAS = [45_455, 45_400, 100_000, 55_556, 50_000, 22_727, 250_000]
ABSURD = [0, 1, 9_000, 1_100_000, 2**31, 2**32 - 1]
CODES = {(12, 13, 0, 1): p3, (1, 13, 0, 1): lambda it: 255 * it, (1, 8, 0, 1): powered(1), (1, 1, 0, 1): lambda it: 255 * it}
FALSE_CODES = [(12, 13, 1, 1), (12, 13, 0, 9), (0, 13, 0, 1), (99, 13, 0, 1), (1, 200, 0, 1)]


def of_gamma(value, primaries):
    """What a PNG with gAMA or cHRM, or both, shows; None for neither."""
    if value is None and primaries is None:
        return None
    power = None if value is None else 100_000 / value
    if primaries in (None, "sRGB"):
        near = power is None or abs(power / 2.2 - 1) < 0.015
        return (lambda it: 255 * it) if near else powered(power)
    if primaries == "Adobe":
        return (lambda it: adobe(srgb_light(it), 1)) if power is None else lambda it: adobe(it, power)
    if primaries == "ProPhoto":
        light = srgb_light if power is None else lambda it: it**power
        return lambda it: prophoto(light(it) ** (1 / 1.8))
    return p3 if power is None else lambda it: encoded(it**power @ np.transpose(P3_TO_SRGB))


def srgb_light(levels):
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)


def chosen(random):
    """Chunks, and what a picture with them shows by the order of the PNG specification."""
    chunks, shows = [], {}
    if random.random() < 0.4:
        value = random.choice(GAMMAS)
        chunks.append(gama(value))
        shows["gamma"] = value
    elif random.random() < 0.3:
        chunks.append(gama(random.choice(ABSURD)))
    if random.random() < 0.4:
        shows["primaries"] = random.choice([*CHRM])
        chunks.append(chrm(CHRM[shows["primaries"]]))
    elif random.random() < 0.2:
        white = random.choice([(0, 0), (31270, 0), (2**31, 2**32 - 1)])
        chunks.append((b"cHRM", struct.pack(">8I", *white, *CHRM["sRGB"][2:])))
    if random.random() < 0.2:
        chunks.append(SRGB_CHUNK)
        shows["sRGB"] = True
    if random.random() < 0.2:
        chunks.append(iccp(swapped_profile()))
        shows["ICC"] = True
    elif random.random() < 0.1:
        chunks.append((b"iCCP", random.randbytes(random.randint(0, 80))))
    if random.random() < 0.2:
        codes = random.choice([*CODES])
        chunks.append(cicp(*codes))
        shows["cICP"] = codes
    elif random.random() < 0.1:
        chunks.append(cicp(*random.choice(FALSE_CODES)))
    if random.random() < 0.3:
        chunks.append(EXIF)
        shows["EXIF"] = True
    elif random.random() < 0.1:
        chunks.append((b"eXIf", random.randbytes(random.randint(0, 80))))
    random.shuffle(chunks)
    return chunks, expected(shows)


def expected(shows):
    if "cICP" in shows:
        return CODES[shows["cICP"]]
    if "ICC" in shows:
        return lambda it: 255 * it[..., ::-1]
    if "sRGB" in shows:
        return lambda it: 255 * it
    by_gamma = of_gamma(shows.get("gamma"), shows.get("primaries"))
    if by_gamma:
        return by_gamma
    return adobe if "EXIF" in shows else lambda it: 255 * it


@fuzz(0.1)
@given(RANDOM)
def test_chunks_of_colour(tmp_path, random):
    chunks, shown = chosen(random)
    depth = random.choice([8, 16])
    (tmp_path / "a.png").write_bytes(png(levels_of(depth), *chunks))
    with in_time():
        colours = read_all(tmp_path / "a.png").colours
    if not any(kind == b"eXIf" and chunk != EXIF[1] for kind, chunk in chunks):  # random tags may turn it
        assert np.abs(colours - shown(RGB / 255)).max() < 2, [(kind, data[:40]) for kind, data in chunks]


@fuzz(0.05)
@given(RANDOM)
def test_any_numbers(tmp_path, random):
    """Chunks of the right length that hold anything: a picture comes out, and every number in it is one of 0..255."""
    lengths = {b"gAMA": 4, b"cHRM": 32, b"cICP": 4, b"sRGB": 1}
    near = [31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000]
    chunks = [(kind, random.randbytes(size)) for kind, size in lengths.items() if random.random() < 0.5]
    if random.random() < 0.5:
        chunks = [chrm([max(0, it + random.randint(-40_000, 40_000)) for it in near]), gama(random.randint(1, 300_000))]
    if random.random() < 0.3:
        chunks = [cicp(random.randint(0, 23), random.randint(0, 19), 0, random.randint(0, 1))]
    (tmp_path / "a.png").write_bytes(png(levels_of(random.choice([8, 16])), *chunks))
    with in_time():
        colours = read_all(tmp_path / "a.png").colours
    assert colours.shape == RGB.shape
    assert np.isfinite(colours).all()
    assert colours.min() >= 0
    assert colours.max() <= 255.001
