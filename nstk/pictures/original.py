"""The pictures that are read: each is decoded once and hashed once, and handed on to whoever needs it.

A recipe's pictures are looked at when it is checked, when the run is planned and at each scale. Whoever holds an `Original`
of a file shares it with all others that ask for the same file; as long as one of them does, what was decoded is kept, within
limits. A file that has changed since is read anew.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary, finalize

from ..errors import PictureError
from ..files import file_hash, shown
from .alpha import filled, over_white
from .notes import once
from .pixels import fit, resize
from .read import Decoded, Picture, converted, decode

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from ..files import Location

PREFIX = "python:"
"""How the name of a picture begins that was given in Python, see `in_memory`."""

HELD = 128 * 2**20
"""Bytes of decoded pictures that are kept for whoever asks next. A picture that is larger is decoded whenever it is read."""

_known: WeakValueDictionary[str, Original] = WeakValueDictionary()
_held: OrderedDict[int, tuple[Decoded, int]] = OrderedDict()
"""What was decoded, by the identity of its `Original`, with its bytes; the one that was used last comes last."""
_lock = threading.RLock()


class Original:
    """A picture as it was given. Make one with `Original.of` of a file, or with `given` of what was given in Python.

    What it is asked for raises `PictureError` with one sentence that names the file, where that cannot be read.
    """

    def __init__(self, path: Path):
        self.path = path
        self._stamp: tuple[int, int] | None = None
        self._sha256 = ""
        self._said: set[str] = set()
        finalize(self, _held.pop, id(self), None)

    @classmethod
    def of(cls, path: Location) -> Original:
        """The picture in a file, or one that was given in Python, by its name; the same object for all who ask at a time."""
        with _lock:
            name = os.fspath(path)
            key = name if name.startswith(PREFIX) else os.path.abspath(path)
            original = _known.get(key)
            if original is None and key.startswith(PREFIX):
                raise PictureError(f"the picture {key} was given in Python, and nobody holds it any more: give it again")
            if original is None:
                original = _known[key] = cls(Path(path))
            return original

    @staticmethod
    def name_of(sha256: str) -> str:
        """The name of a picture that was given in Python, by its hash."""
        return PREFIX + sha256[:16]

    @classmethod
    def known(cls, sha256: str, make: Callable[[], Original]) -> Original:
        """The picture given in Python that has a hash; made if nobody holds it yet."""
        with _lock:
            key = cls.name_of(sha256)
            original = _known.get(key)
            if original is None:
                original = _known[key] = make()
            return original

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return shown(self.path)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, upright. All of the file is decoded, to know that it can be."""
        return self._decoded().size

    @property
    def sha256(self) -> str:
        """The sha256 of the file, in hexadecimal."""
        with _lock:
            self._notice_changes()
            self._sha256 = self._sha256 or file_hash(self.path)
            return self._sha256

    def read(self) -> Picture:
        """The picture with its transparency and EXIF."""
        with once(self._said):
            return converted(self._decoded(), self.name)

    def _decoded(self) -> Decoded:
        with _lock:
            self._notice_changes()
            if id(self) in _held:
                _held.move_to_end(id(self))
                return _held[id(self)][0]
            with once(self._said):
                made = self._decode()
            if made.bytes <= HELD:
                _held[id(self)] = made, made.bytes
                while sum(count for _, count in _held.values()) > HELD:
                    _held.popitem(last=False)
            return made

    def _decode(self) -> Decoded:
        return decode(self.path, self.name)

    def _notice_changes(self) -> None:
        """Forget what was read from a file that is another one now."""
        try:
            status = os.stat(self.path)
            stamp = status.st_mtime_ns, status.st_size
        except (OSError, ValueError):  # reading it says what is wrong
            stamp = None
        if stamp is None or stamp != self._stamp:
            self._stamp, self._sha256, self._said = stamp, "", set()
            _held.pop(id(self), None)


def read_all(path: Location) -> Picture:
    """The picture of a file, with its transparency and EXIF. Raises `PictureError` with one sentence that names the file."""
    return Original.of(path).read()


def read_alpha(path: Location) -> NDArray[np.float32] | None:
    """How opaque the picture of a file is: height x width, float32, 0..1; None where it is opaque everywhere.

    `path` and errors are those of `read_picture`.
    """
    return read_all(path).alpha


def read_picture(path: Location, *, straight: bool = False) -> NDArray[np.float32]:
    """The picture of a file: height x width x 3, float32, 0..255, sRGB, upright, transparent parts over white.

    `path` is a file, or the value of an `InputPicture` field, which may stand for a picture that was given in Python. Colour
    profile, bit depth and EXIF orientation are undone; a grey picture has three equal channels; of an animation it is the first
    frame. If `straight`, it is the picture under the transparency: where that lets nothing through, in colours from around.

    A file is decoded once, however often it is read, and every call returns a new array. Raises `PictureError`, with one
    sentence that names the file, for what is missing, damaged, no picture, smaller than 16 x 16 or larger than 300 million
    pixels.
    """
    picture = read_all(path)
    return (filled if straight else over_white)(picture.colours, picture.alpha)


def read_small(path: Location, edge: int) -> NDArray[np.float32]:
    """The picture of a file with a long edge of `edge` pixels at most: height x width x 3, 0..255, over white.

    A PNG, TIFF or JPEG of any size is read part by part, and is never in memory as a whole. Raises `PictureError`, also for a
    large picture of another format.
    """
    name = shown(Path(path))
    with once(set()):
        picture = converted(decode(path, name, edge), name)
    width, height = picture.size
    longest = min(edge, max(width, height))
    return resize(over_white(picture.colours, picture.alpha), *fit(width, height, longest))


def check_picture(path: Location) -> tuple[int, int]:
    """Width and height of a picture in pixels, upright; decodes it all, and raises what `read_picture` would."""
    return Original.of(path).size
