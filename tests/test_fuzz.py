"""Whatever a stranger sends is read, or refused in a sentence: no traceback, no hang, no file where none belongs.

Recipes, pictures and weights files are real ones with damage done to them, and some nonsense besides: 200 cases in all.
`NSTK_FUZZ=2000 pytest tests/test_fuzz.py` tries so many, in some minutes.
"""

from __future__ import annotations

import contextlib
import faulthandler
import io
import itertools
import json
import os
import shutil
import signal
import struct
import zipfile
import zlib
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
import safetensors.numpy
import scipy.io
from hypothesis import HealthCheck, example, given, settings, strategies as st
from PIL import Image, ImageCms, PngImagePlugin
from pydantic import ValidationError

import nstk
from nstk.cli import cli
from nstk.cli.group import call
from nstk.pictures import FORMATS, check_picture, read_picture
from nstk.plugins.backbones._vgg.weights import Network, read_weights
from nstk.plugins.callbacks.snapshots import Snapshots
from nstk.recipe.defaults import LABELLED, SLOTS
from nstk.recipe.settings import Settings
from nstk.syntax.parse import dump

CASES = int(os.environ.get("NSTK_FUZZ", "200"))
SECONDS = 20
"""More than any case takes, on a slow machine too."""
SHIPPED = Path(__file__).parents[1] / "recipes"


def fuzz(share):
    """So much of the cases. They share a folder, and any may be slow for once."""
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=round(share * CASES), deadline=None, suppress_health_check=checks)


class Hangs(BaseException):
    """Not an `Exception`, which a reader of damaged files takes for one of its own."""


@contextlib.contextmanager
def in_time():
    """Fails what takes too long; what hangs outside Python, where no signal is heard, ends the process with a traceback."""

    def give_up(number, frame):
        raise Hangs

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(SECONDS)
    faulthandler.dump_traceback_later(3 * SECONDS, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


# -- damage

NUMBERS = [0, 1, 2, 255, 256, 32767, 40_000, 65535, 65536, 100_000, 2**31 - 1, 2**31, 2**32 - 1]
NUMBERS += [0x7FC00000, 0x7F800000]  # NaN and infinity
RANDOM = st.randoms(use_true_random=True)
"""Places are drawn evenly: hypothesis would rather hit the first byte, which tells what kind of file it is."""


def damaged(data, random):
    """Bytes with up to four injuries, more of them at the beginning, where headers are."""
    made = bytearray(data)
    for _ in range(random.choice([1, 1, 2, 4])):
        at = int(random.random() ** random.choice([1, 3]) * len(made))
        size = random.randint(1, 64)
        kind = random.choice(["flip", "flip", "flip", "number", "number", "cut", "drop", "repeat", "insert"])
        if kind == "flip":
            made[at : at + 1] = random.randbytes(1)
        elif kind == "number":
            number = struct.pack(random.choice("<>") + "I", random.choice(NUMBERS))
            number = random.choice([number, number[:2], number[2:]])
            made[at : at + len(number)] = number
        elif kind == "cut":
            del made[at:]
        elif kind == "drop":
            del made[at : at + size]
        else:
            made[at:at] = made[at : at + size] if kind == "repeat" else random.randbytes(size)
    return bytes(made)


def not_refused(error, path):
    """False, once it is clear that what was said is one sentence about the file."""
    assert str(path) in str(error)
    assert "\n" not in str(error)
    return False


# -- recipes


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A working directory with the shipped recipes and their pictures, made small, and a recipe elsewhere with a plugin."""
    folder = tmp_path_factory.mktemp("fuzz")
    here, there = folder / "here", folder / "there"
    shutil.copytree(SHIPPED, here, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    for path in (here / "images").glob("*.jpg"):
        Image.open(path).resize((40, 32)).save(path)
    there.mkdir()
    (there / "evil.py").write_text("open('pwned', 'w')\n")
    (there / "evil.yaml").write_text("extends: minimal\nplugins: [evil.py]\n")
    before = Path.cwd()
    os.chdir(here)
    yield folder
    os.chdir(before)


WORDS = [*Settings.model_fields, *SLOTS, *LABELLED, "use", "weight", "layers", "path", "every", "plugins", "extends"]
WORDS += ["gram", "tv", "adam", "noise", "vgg19", "csv_log", "snapshots", "minimal", "louvre.yaml", "images/louvre.jpg", "é"]
WORDS += ["../there/evil.yaml", "evil.py", "../x.png", "/dev/zero", "/dev/stdin", ".", "~", "a" * 300, "{name:>999999999}"]
SYNTAX = [
    ": ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    "&a ",
    "*a",
    "<<: ",
    "? ",
    "|",
    ">",
    "'",
    '"',
    "#",
    "!",
    "!!python/name:os.abort ",
    "%",
]
SYNTAX += ["---\n", "...\n", "\t", "\n", "\r", "\0", "\x85", "\u2028", "\ufeff", "\\ud800", "\x1b[31m", "  ", "@", "`", ", "]
EXTREMES = ["0", "-1", "1e400", "-.inf", ".nan", "9" * 400, "1e-400", "0x" + "f" * 90, "-0.0", "1_000", "010", "true", "1e18"]
TORN_WORDS = st.sampled_from(WORDS) | st.sampled_from(SYNTAX) | st.sampled_from(EXTREMES)


@st.composite
def torn(draw, text):
    """A recipe's text with up to four mistakes: lines twice, out of order or lost; other words, numbers and syntax."""
    lines = text.splitlines(keepends=True)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(lines) - 1)))
        line = lines[at] if lines else ""
        word = draw(TORN_WORDS | st.text(max_size=4))
        place = draw(st.integers(0, len(line)))
        end = draw(st.integers(place, len(line)))
        ways = {
            "twice": [line, line],
            "lost": [],
            "swapped": [*lines[at + 1 : at + 2], line],
            "indented": [f"  {line}"],
            "inserted": [line[:place] + word + line[place:]],
            "replaced": [line[:place] + word + line[end:]],
            "value": [f"{line.partition(':')[0]}: {word}\n"],
        }
        kind = draw(st.sampled_from(sorted(ways)))
        lines[at : at + 1 + (kind == "swapped")] = ways[kind]
    return "".join(lines)


VALUES = st.recursive(
    st.sampled_from(WORDS) | st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5),
    max_leaves=15,
)
NONSENSE = st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=8)


def files(folder):
    """Everything below a folder, and when it was changed last."""
    return {path: path.lstat().st_mtime_ns for path in folder.rglob("*")}


def say(*words):
    """Run a command line; its exit code, output and errors. A traceback would go on."""
    out, err = io.StringIO(), io.StringIO()
    with in_time(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = call(cli, words)
    assert code in (0, 2)
    assert "Traceback" not in out.getvalue() + err.getvalue()
    assert bool(err.getvalue().strip()) == (code == 2)
    return code, out.getvalue(), err.getvalue()


def check(data, project, *words):
    """Check a recipe; if it is good, what is shown of it is good and says the same."""
    path = Path("case.yaml")
    path.write_bytes(data)
    before = files(project)
    code, _, _ = say("check", str(path), *words)
    assert files(project) == before
    if code == 0:
        _, shown, _ = say("show", str(path), *words)
        path.write_text(shown, encoding="utf-8")
        assert say("show", str(path))[1] == shown


@fuzz(0.2)
@given(st.data())
def test_recipes_that_are_torn(project, data):
    text = data.draw(st.sampled_from(sorted(SHIPPED.glob("*.yaml")))).read_text(encoding="utf-8")
    check(data.draw(torn(text)).encode("utf-8", "surrogatepass"), project)


@fuzz(0.05)
@given(RANDOM)
def test_recipes_whose_bytes_are_damaged(project, random):
    check(damaged(random.choice(sorted(SHIPPED.glob("*.yaml"))).read_bytes(), random), project)


@fuzz(0.15)
@given(NONSENSE, st.sampled_from(["", "extends: minimal\n"]))
def test_recipes_that_make_no_sense(project, recipe, begin):
    check((begin + dump(recipe if recipe else None)).encode(), project)


@fuzz(0.05)
@given(st.lists(st.tuples(st.sampled_from(WORDS), TORN_WORDS | st.text(max_size=9)), max_size=3))
def test_words_on_the_command_line(project, words):
    check(b"extends: minimal\n", project, *(f"{key}={value}" for key, value in words))


PARTS = ["{name}", "{step:05}", "{step:>99}", "{scale}", "{suffix}", ".png", "/", "../", ".", "link/", "a", "\\", "{{", "~"]


@fuzz(0.05)
@given(st.lists(st.sampled_from(PARTS), max_size=6).map(lambda parts: "".join([*parts, "{suffix}"])))
@example("link/{name}{suffix}")
@example("../{name}{suffix}")
def test_templates_stay_in_the_folder(project, template):
    from nstk.engine.painting import Painting

    folder = project / "here" / "out"
    if not folder.exists():
        folder.mkdir()
        (folder / "link").symlink_to(project / "there")
    recipe = SimpleNamespace(inputs=dict, files=[], sidecar=lambda suffix: folder / f"picture{suffix}")
    run = SimpleNamespace(output=folder / "picture.png", recipe=recipe)
    try:
        path = Painting.beside(run, Snapshots(path=template).path, step=7, scale=1)
    except (ValidationError, nstk.OutputError):
        return
    assert path.resolve().is_relative_to(folder)
    assert path.resolve() != folder


# -- pictures


@cache
def pictures():
    """Small real pictures in every format and many kinds, by name."""
    with Image.open(SHIPPED / "images" / "louvre.jpg") as louvre:
        colour = louvre.resize((40, 32))
    grey, profile = colour.convert("L"), ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    deep = Image.frombytes("I;16", grey.size, (np.asarray(grey).astype("<u2") * 257).tobytes())
    text, exif = PngImagePlugin.PngInfo(), Image.Exif()
    text.add_text("Comment", "a comment " * 99, zip=True)
    exif[0x0112] = 6
    more = {"save_all": True, "append_images": [colour.rotate(angle) for angle in (90, 180)]}
    kinds = [
        *((colour, suffix, {}) for suffix in FORMATS if suffix not in (".jpeg", ".tif")),
        (colour, ".jpg", {"progressive": True, "exif": exif, "icc_profile": profile}),
        (colour.convert("CMYK"), ".jpg", {}),
        (colour, ".png", {"pnginfo": text, "exif": exif, "icc_profile": profile}),
        (colour.convert("P"), ".png", {"transparency": 3}),
        (colour.convert("RGBA"), ".webp", {"lossless": True}),
        (deep, ".png", {}),
        (deep, ".tif", {}),
        (Image.fromarray(np.asarray(grey, np.float32) / 255), ".tif", {}),
        (colour.convert("LAB"), ".tif", {}),
        *((colour, ".tif", {"compression": how}) for how in ("tiff_lzw", "tiff_deflate", "packbits", "jpeg")),
        (grey.convert("1"), ".tif", {"compression": "group4"}),
        *((colour, suffix, more) for suffix in (".gif", ".png", ".webp", ".tif")),
        (colour, ".jp2", {}),
        (colour, ".tga", {"rle": True}),
        (grey, ".ppm", {}),
        (colour, ".ico", {}),
        (colour, ".eps", {}),
    ]
    made = {}
    for index, (image, suffix, options) in enumerate(kinds):
        buffer = io.BytesIO()
        image.save(buffer, Image.registered_extensions()[suffix], **options)
        made[f"{index}{suffix}"] = buffer.getvalue()
    return made


def with_checksums(data):
    """A PNG whose chunks are taken as they are, so that damage in them is met by more than their checksums."""
    made, at = data[:8], 8
    while at + 12 <= len(data):
        (size,) = struct.unpack(">I", data[at : at + 4])
        body = data[at + 4 : at + 8 + size]
        made += data[at : at + 4] + body + struct.pack(">I", zlib.crc32(body))
        at += 12 + size
    return made


def read_or_refused(path):
    """Read a picture that is whole, and no larger than what a test has time for; else it is refused in a sentence."""
    with in_time():
        try:
            width, height = check_picture(path)
            if width * height > 4_000_000:
                return False
            picture = read_picture(path)
        except nstk.PictureError as error:
            return not_refused(error, path)
    assert picture.shape == (height, width, 3)
    assert picture.dtype == np.float32
    assert np.isfinite(picture).all()
    assert picture.min() >= 0
    assert picture.max() <= 255
    return True


@fuzz(0.3)
@given(RANDOM)
def test_damaged_pictures(tmp_path, random):
    path = tmp_path / random.choice([*pictures()])
    made = damaged(pictures()[path.name], random)
    path.write_bytes(with_checksums(made) if path.suffix == ".png" and random.random() < 0.7 else made)
    read_or_refused(path)
    assert [*tmp_path.iterdir()] == [path]
    path.unlink()


def test_pictures_are_good_before_damage(tmp_path):
    for name, data in pictures().items():
        (tmp_path / name).write_bytes(data)
        assert read_or_refused(tmp_path / name) == (not name.endswith(".eps")), name


def png(width, height, *chunks):
    """A PNG that says what it likes; its pixels, if any, are black."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    black = zlib.compress(bytes(min(width * height + height, 1 << 20)))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        itertools.starmap(chunk, [(b"IHDR", head), *chunks, (b"IDAT", black), (b"IEND", b"")])
    )


def tiff(width, height, strip=8):
    """A TIFF of one strip of grey, with 8 bytes of pixels."""
    tags = {256: width, 257: height, 258: 8, 259: 1, 262: 1, 273: 200, 277: 1, 278: height, 279: strip}
    body = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    return (b"II*\0" + struct.pack("<IH", 8, len(tags)) + body + bytes(4)).ljust(200, b"\0") + bytes(8)


def picture(suffix):
    """The first real picture of a format."""
    return next(data for name, data in pictures().items() if name.endswith(suffix))


def resized(suffix, order, width, height):
    """A real picture whose header says another size."""
    numbers = (32, 40) if suffix == ".jpg" else (40, 32)
    assert struct.pack(order, *numbers) in picture(suffix)
    return picture(suffix).replace(struct.pack(order, *numbers), struct.pack(order, width, height), 1)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (png(1, 100_000), "1 x 100000 pixels: at least 16 x 16 are needed"),
        (png(200_000, 200_000), "has more than 300 million pixels"),
        (tiff(200_000, 200_000), "has more than 300 million pixels"),
        (tiff(1, 100_000), "at least 16 x 16 are needed|cut short or damaged|not read"),
        (tiff(16_000, 16_000, 2**32 - 1), "damaged"),
        (resized(".jpg", ">HH", 65_000, 65_000), "has more than 300 million pixels"),
        (resized(".webp", "<HH", 16383, 16383), "damaged|no picture"),
        (resized(".gif", "<HH", 65_000, 65_000), "has more than 300 million pixels"),
        (resized(".bmp", "<ii", 200_000, 200_000), "has more than 300 million pixels"),
        (png(32, 32, (b"zTXt", b"a\0\0" + zlib.compress(bytes(1 << 27)))), "cut short or damaged"),
        (png(32, 32, (b"iCCP", b"a\0\0" + zlib.compress(bytes(1 << 27)))), "cut short or damaged"),
        (picture(".eps"), "is a file of kind EPS, which is not read"),
    ],
    ids=["line", "png", "tiff", "tiff line", "tiff strip", "jpeg", "webp", "gif", "bmp", "text", "profile", "program"],
)
def test_bombs(tmp_path, data, sentence):
    path = tmp_path / "bomb.png"
    path.write_bytes(data)
    with in_time(), pytest.raises(nstk.PictureError, match=sentence):
        check_picture(path)


def test_one_of_many_frames_is_decoded(tmp_path):
    data = picture(".gif")
    frame = data[data.index(b"\x2c") : -1]
    (tmp_path / "a.gif").write_bytes(data[:-1] + 10_000 * frame + b";")
    assert read_or_refused(tmp_path / "a.gif")


# -- weights

SMALL = Network("SMALL", "VGG19", (1, 1), (2, 3))


@cache
def weights():
    """The same small network in each kind of file, by name: an .npz as its members, the others as bytes."""
    rng = np.random.default_rng(0)
    shapes = SMALL.shapes.items()
    kernels = {layer: [rng.normal(size=shape).astype("f4"), rng.normal(size=shape[-1]).astype("f4")] for layer, shape in shapes}
    named = {
        f"{layer}/{part}": it for layer, pair in kernels.items() for part, it in zip(("kernel", "bias"), pair, strict=True)
    }
    table = {"block1_conv1/kernel_index": np.zeros((3, 3, 3, 2), np.uint8), "block1_conv1/kernel_table": np.ones(4, np.float32)}
    torch = {}
    for number, (kernel, bias) in zip((0, 3), kernels.values(), strict=True):
        torch |= {f"features.{number}.weight": kernel.transpose(3, 2, 0, 1).copy(), f"features.{number}.bias": bias}
    cells = np.empty((1, 2), object)
    for index, (layer, (kernel, bias)) in enumerate(kernels.items()):
        pair = np.empty((1, 2), object)
        pair[0, 0], pair[0, 1] = kernel, bias[None]
        cells[0, index] = {"name": f"conv{layer[5]}_1", "weights": pair}
    old, new, mat, packed = (io.BytesIO() for _ in range(4))
    with h5py.File(old, "w") as file:
        for name, array in named.items():
            file[name.replace("/", "/x/")] = array
    with h5py.File(new, "w") as file:
        for number, pair in enumerate(kernels.values()):
            for index, array in enumerate(pair):
                file[f"layers/conv2d{f'_{number}' * bool(number)}/vars/{index}"] = array
    for buffer, compress in ((mat, False), (packed, True)):
        scipy.io.savemat(buffer, {"layers": cells}, do_compression=compress)
    plain, coded = io.BytesIO(), io.BytesIO()
    np.savez(plain, **named)
    np.savez_compressed(coded, **named, **table)
    whole = keras_model(new.getvalue())
    buffers = {
        "a.keras": whole,
        "a.npz": plain,
        "table.npz": coded,
        "old.h5": old,
        "new.h5": new,
        "a.mat": mat,
        "packed.mat": packed,
    }
    return {"a.safetensors": safetensors.numpy.save(torch), **{name: it.getvalue() for name, it in buffers.items()}}


def keras_model(numbered):
    """A whole model: a network in another, with the names of its layers, which its file of weights only numbers."""
    made, weights = io.BytesIO(), io.BytesIO()
    with h5py.File(io.BytesIO(numbered)) as source, h5py.File(weights, "w") as file:
        source.copy("layers", file, "layers/functional/layers")
        file["layers/conv2d/vars/0"] = np.ones((1, 1, 3, 3), np.float32)
    layers = [{"class_name": "Conv2D", "config": {"name": layer}} for layer in SMALL.shapes]
    inner = {"class_name": "Functional", "config": {"name": "vgg", "layers": layers}}
    config = {"class_name": "Sequential", "config": {"name": "mine", "layers": [{"class_name": "Conv2D"}, inner]}}
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("model.weights.h5", weights.getvalue())
    return made


def damaged_weights(name, random):
    """A damaged file; of an archive, perhaps only one of its members is damaged, so that the archive itself holds."""
    data = weights()[name]
    if not name.endswith((".npz", ".keras")) or random.random() < 0.5:
        return damaged(data, random)
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as whole, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        members = {member: whole.read(member) for member in whole.namelist()}
        hit = random.choice(whole.namelist())
        for member, content in (members | {hit: damaged(members[hit], random)}).items():
            archive.writestr(member, content)
    return made.getvalue()


def load_or_refused(path):
    """Load weights that are whole; else they are refused in a sentence."""
    with in_time():
        try:
            kernels = read_weights(str(path), SMALL).kernels
        except nstk.WeightsError as error:
            return not_refused(error, path)
    for layer, shape in SMALL.shapes.items():
        kernel, bias = kernels[layer]
        assert (kernel.shape, bias.shape) == (shape, shape[-1:])
        assert (kernel.dtype, bias.dtype) == (np.float32, np.float32)
        assert np.isfinite(kernel).all()
        assert np.isfinite(bias).all()
    return True


@fuzz(0.2)
@given(RANDOM)
def test_damaged_weights(tmp_path, random):
    path = tmp_path / random.choice([*weights()])
    path.write_bytes(damaged_weights(path.name, random))
    load_or_refused(path)
    assert [*tmp_path.iterdir()] == [path]
    path.unlink()


def test_weights_are_good_before_damage(tmp_path):
    for name, data in weights().items():
        (tmp_path / name).write_bytes(data)
        assert load_or_refused(tmp_path / name), name
