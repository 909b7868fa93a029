"""An unfinished clip on disk: the frames of the segment at work, the segments before, and what the next frame begins from.

    out/clip.mp4.run/state.json              how many frames are done, and what they were made from
    out/clip.mp4.run/segment-0000048.mkv     encoded frames, from that number on
    out/clip.mp4.run/frame-0000061.png       a painted frame that is in no segment yet
    out/clip.mp4.run/raw-0000061.png         the latest frames as they were painted, 16 bits, before their colours were changed
    out/clip.mp4.run/source-0000061.png      what they were painted from

Every file appears whole or not at all, and `state.json` last, so that a clip goes on from its last whole frame.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from .. import pictures
from ..checkpoints.folder import RunFolder
from ..errors import UserError
from ..files import shown, write_whole

FORMAT = 1
SUFFIX = ".run"
STATE = "state.json"
OWN = (
    "segment-*",
    "frame-*.png",
    "raw-*.png",
    "source-*.png",
    "warped.png",
    "mask.png",
    "content-*.png",
    "joined.*",
    "segments.txt",
)


class ClipFolder:
    """The folder of one unfinished clip."""

    def __init__(self, output: Path):
        self.path = output.with_name(output.name + SUFFIX)
        self.done = 0
        """How many frames are done."""
        self.weights: dict[str, float] = {}
        """The weights of the losses that `balance` has given to the first frame, by label; empty without it."""
        self._origins: Mapping[str, Any] = {}

    def file(self, kind: str, number: int, suffix: str = ".png") -> Path:
        return self.path / f"{kind}-{number:07}{suffix}"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Inside, the folder exists and is this process's own. Raises `UserError` where another process paints in it."""
        with RunFolder(self.path).locked():
            yield

    def begin(self, origins: Mapping[str, Any]) -> str:
        """Go on with what is there, or begin anew. Returns a line where an unfinished clip of something else is kept aside."""
        state, line = self._state(), ""
        if state and state.get("origins") != json.loads(json.dumps(origins, default=str)):
            numbers = (self.path.with_name(f"{self.path.name}.{number}") for number in range(1, 1_000_000))
            aside = next(path for path in numbers if not path.exists())
            aside.mkdir()
            for path in self._own():
                path.rename(aside / path.name)
            line = f"{shown(self.path)} held an unfinished clip of something else: it is kept as {shown(aside)}"
            state = {}
        self.done, self.weights, self._origins = state.get("done", 0), state.get("weights", {}), origins
        if not state:
            self.note(0)
        return line

    def note(self, done: int) -> None:
        """So many frames are done, and all their files are there."""
        self.done = done
        state = {"format": FORMAT, "done": done, "weights": self.weights, "origins": self._origins}
        write_whole(self.path / STATE, json.dumps(state, indent=1, default=str) + "\n")

    def keep(self, number: int, painted: np.ndarray, raw: np.ndarray, source: np.ndarray, latest: int) -> None:
        """Write a frame that is done, and drop what no later one begins from but the `latest` frames."""
        pictures.write_picture(painted, self.file("frame", number))
        pictures.write_picture(raw, self.file("raw", number), depth=16)
        pictures.write_picture(source, self.file("source", number))
        self.note(number + 1)
        for kind in ("raw", "source"):
            for path in self.path.glob(f"{kind}-*.png"):
                if int(path.stem.partition("-")[2]) <= number - latest:
                    path.unlink(missing_ok=True)

    def segments(self) -> list[Path]:
        """The segments in their order."""
        return sorted(self.path.glob("segment-*.mkv"))

    def drop_frames(self, first: int, count: int) -> None:
        """Drop frames that are in a segment."""
        for number in range(first, first + count):
            self.file("frame", number).unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove what was written here, the state first."""
        for path in self._own():
            path.unlink(missing_ok=True)
        with suppress(OSError):
            self.path.rmdir()

    def _own(self) -> list[Path]:
        return [self.path / STATE, *(path for pattern in OWN for path in sorted(self.path.glob(pattern)))]

    def _state(self) -> dict[str, Any]:
        path = self.path / STATE
        if not path.exists():
            return {}
        try:
            state = json.loads(path.read_text(encoding="utf-8"))
            if state["format"] == FORMAT and isinstance(state["done"], int):
                return dict(state)
        except (OSError, ValueError, LookupError, TypeError):
            pass
        raise UserError(f"{shown(path)} is damaged, or of another version of nstk: remove the folder to begin anew")
