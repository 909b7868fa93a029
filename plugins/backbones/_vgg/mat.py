"""MATLAB's files of version 5, as far as networks are kept in them: cells, structs, texts and numbers.

The layout is described in MathWorks' "MAT-File Format", chapter 1. Nothing that the file says of itself is believed: an array
has as many numbers as there are bytes for it, compressed parts may not become larger than any VGG, and nesting has a limit.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

MOST_BYTES = 1 << 30
"""How many bytes may come out of the compressed parts of a file. VGG-19 with its classifier has 575 MB."""
MOST_VALUES = 10_000
"""How many arrays, cells and texts a file may hold. VGG-19's has about 600."""
MOST_LEVELS = 10
MOST_NAMES = 4096
"""How many bytes a text, or the names of a struct's fields, may have."""

MATRIX, COMPRESSED = 14, 15
CELL, STRUCT, CHAR = 1, 2, 4
NUMBERS = range(6, 16)
"""The kinds of a matrix of numbers, as the file counts kinds."""
TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
"""The types in which numbers are written: the file's number of a type, and numpy's name for it."""
UTF8 = 16

Part = tuple[int, memoryview]


def read_variable(path: Path, name: str) -> Any:
    """The value of a variable; None if the file has none of that name. Raises whatever a damaged file leads to.

    A cell becomes a list and a struct a list of dictionaries, both in the order of columns. A text becomes a `str`, numbers
    become an array, and all else becomes None.
    """
    import numpy as np

    data = memoryview(np.memmap(path, np.uint8, "r"))
    order = {b"IM": "<", b"MI": ">"}.get(bytes(data[126:128]), "")
    if not order or struct.unpack(order + "H", data[124:126])[0] != 0x0100:
        raise ValueError("it is not of version 5: save it with `-v7`")
    return _Reader(order).variable(data[128:], name)


class _Reader:
    """Reads one file, and counts what it has read."""

    def __init__(self, order: str):
        self.order = order
        self.values = self.bytes = 0

    def variable(self, data: memoryview, name: str) -> Any:
        for kind, part in self.parts(data):
            if kind == COMPRESSED:
                kind, part = _take(self.parts(self.inflated(part)))
            if kind == MATRIX and bytes([*islice(self.parts(part), 3)][-1][1]) == name.encode():
                return self.value(part)
        return None

    def parts(self, data: memoryview) -> Iterator[Part]:
        """The type and the bytes of each part, for parts that stand one behind the other."""
        at = 0
        while at < len(data):
            kind, size = struct.unpack_from(self.order + "II", data, at)
            if kind >> 16:  # a short part has up to four bytes in place of the size
                yield kind & 0xFFFF, data[at + 4 : at + 4 + min(4, kind >> 16)]
                at += 8
                continue
            if size > len(data) - at - 8:
                raise ValueError("it ends in the middle of an array")
            yield kind, data[at + 8 : at + 8 + size]
            at += 8 + size + (-size % 8 if kind != COMPRESSED else 0)

    def inflated(self, part: memoryview) -> memoryview:
        made = zlib.decompressobj().decompress(part, MOST_BYTES - self.bytes + 1)
        self.bytes += len(made)
        if self.bytes > MOST_BYTES:
            raise ValueError(f"it unpacks to more than {MOST_BYTES >> 20} MB")
        return memoryview(made)

    def value(self, matrix: memoryview, level: int = 0) -> Any:
        self.values += 1
        if self.values > MOST_VALUES or level > MOST_LEVELS:
            raise ValueError("it holds too many values, or nests them too deeply")
        if not matrix:
            return None
        parts = self.parts(matrix)
        (_, flags), (_, dims), _ = _take(parts), _take(parts), _take(parts)
        kind = struct.unpack(self.order + "II", flags)[0] & 0xFF
        if kind == CELL:
            return [self.value(part, level + 1) for _, part in parts]
        if kind == STRUCT:
            return self.structs(parts, level)
        if kind == CHAR:
            return self.text(*next(parts, (UTF8, matrix[:0])))
        return self.numbers(*_take(parts), dims) if kind in NUMBERS else None

    def structs(self, parts: Iterator[Part], level: int) -> list[dict[str, Any]]:
        (width,) = struct.unpack(self.order + "i", _take(parts)[1])
        names = bytes(_take(parts)[1])
        if not 0 < width <= len(names) <= MOST_NAMES:
            raise ValueError("a struct in it has no fields, or too many")
        fields = [names[at : at + width].partition(b"\0")[0].decode("latin-1") for at in range(0, len(names), width)]
        values = [self.value(part, level + 1) for _, part in parts]
        return [dict(zip(fields, values[at:], strict=False)) for at in range(0, len(values), len(fields))]

    def text(self, written: int, data: memoryview) -> str:
        encoding = {UTF8: "utf-8", 4: "utf-16", 17: "utf-16"}.get(written, "latin-1")
        return bytes(data[:MOST_NAMES]).decode(encoding + {"<": "-le", ">": "-be"}[self.order] * (encoding == "utf-16"))

    def numbers(self, written: int, data: memoryview, dims: memoryview) -> Any:
        import numpy as np

        shape = np.frombuffer(dims[:MOST_NAMES], self.order + "i4").tolist()
        array = np.frombuffer(data, self.order + TYPES[written])
        if array.size != math.prod(shape):
            raise ValueError(f"an array of shape {tuple(shape)} in it has {array.size} numbers")
        return array.reshape(shape, order="F")


def _take(parts: Iterator[Part]) -> Part:
    found = next(parts, None)
    if found is None:
        raise ValueError("an array in it lacks a part")
    return found
