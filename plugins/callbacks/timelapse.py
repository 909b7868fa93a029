"""The way from the photograph to the picture in a few seconds, as an animated picture or as a clip.

Each frame is the picture after a step, brought to one size. However long a run is, a few hundred of them at most are kept,
evenly spread over its steps.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import Annotated, Any

import nstk
from nstk.plugins.callbacks._frames import Frames, image_of
from nstk.plugins.callbacks._moving import CLIPS, SUFFIXES, ffmpeg, moving
from nstk.plugins.callbacks._reel import reel
from nstk.plugins.callbacks._template import check_suffix, check_template

FRAMES, BYTES = 360, 24_000_000
"""How many pictures are kept at most, and how many bytes they have at most."""


class Timelapse(nstk.Callback):
    """Write a time-lapse at the end of the run: photograph, the way to the result, the result, and both side by side."""

    name = "timelapse"

    path: Annotated[str, check_template(), check_suffix("time-lapse", *SUFFIXES)] = nstk.Field(
        "{name}-timelapse.gif",
        description="The file, in the output's folder: .gif, .webp, .mp4, .webm or .mkv; {name} is the output's.",
    )
    seconds: float = nstk.Field(6.0, ge=0.5, le=120, description="How long the way takes, without what comes before and after.")
    fps: int = nstk.Field(20, ge=1, le=60, description="Frames a second. What shows a GIF is seldom faster than 50.")
    size: int = nstk.Field(512, ge=32, le=2048, description="Long edge in pixels; a smaller picture keeps its size.")

    @property
    def suffix(self) -> str:
        """Which kind of file it is, such as `.gif`."""
        return PurePath(self.path).suffix.lower()

    def check_machine(self) -> None:
        if self.suffix in CLIPS and ffmpeg() is None:
            install = 'pip install "nstk-styletransfer[video]"'
            raise nstk.UserError(f"needs ffmpeg for {self.suffix}, which is not on the PATH: {install}, or use .gif or .webp")

    def on_start(self, run: nstk.Run) -> None:
        self.file = run.beside(self.path)
        self.edges = self.frame_size(run)
        self.photograph = image_of(run.photograph(self.size), *self.edges)
        most = max(2, min(FRAMES, round(self.seconds * self.fps)))
        self.frames = Frames(most, run.total_steps, max(self.edges), BYTES)
        if self.suffix in CLIPS:
            moving([(self.photograph, 1)], self.suffix, self.fps)  # what cannot be encoded is known now

    def frame_size(self, run: nstk.Run) -> tuple[int, int]:
        """Width and height of a frame, even numbers, as clips ask for."""
        last = run.scales[-1]
        part = min(1.0, self.size / max(last.width, last.height))
        width, height = (max(2, 2 * round(part * edge / 2)) for edge in (last.width, last.height))
        return width, height

    def on_step(self, run: nstk.Run, step: nstk.Step) -> None:
        self.frames.see(step)

    def state(self) -> Any:
        return self.frames.state()

    def restore(self, run: nstk.Run, state: Any) -> None:
        self.frames.restore(state)

    def on_end(self, run: nstk.Run) -> None:
        from PIL import Image

        if sum(scale["done"] for scale in run.record()["scales"]) <= run.resumed:
            return  # nothing is painted, and an earlier time-lapse is not replaced by nothing
        way = [it.image().resize(self.edges, Image.Resampling.LANCZOS) for _, it in self.frames.kept]
        shown = reel(self.photograph, way, image_of(run.image(), *self.edges), self.seconds, self.fps)
        nstk.write_whole(self.file, moving(shown, self.suffix, self.fps))


@nstk.hookimpl
def nstk_callbacks() -> list[type[nstk.Callback]]:
    return [Timelapse]
