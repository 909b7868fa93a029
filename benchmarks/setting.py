"""What all parts share: how much to measure, in which folder, and the pictures."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nstk import pictures

from .processes import ROOT, child

BENCH = ROOT / ".bench"
"""The folder of all that may be thrown away: pictures, runs, the peer."""
IMAGES = ROOT / "recipes" / "images"
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Quality:
    """What the part `quality` paints."""

    folder: Path = Path("out/quality")
    """Where the pictures are kept."""
    pairs: Path | None = None
    """A folder with `contents` and `styles`; None for the free pictures."""
    count: int | None = None
    """How many pairs; None for as many as make sense."""
    sizes: Sequence[int] = (512,)
    """The long edges in pixels. All are judged at the first one."""
    recipes: Sequence[str] = ()
    """The recipes; none for the default, `louvre` and every look."""


@dataclass(frozen=True)
class Setting:
    """One run of the benchmark."""

    quick: bool
    machine: dict[str, Any]
    say: Callable[[str], None]
    peer_python: Path | None = None
    quality: Quality = field(default_factory=Quality)

    def pick(self, full: Any, quick: Any) -> Any:
        """The one of two values that this run uses."""
        return quick if self.quick else full


def content(width: int, height: int, name: str = "louvre.jpg") -> Path:
    """The middle of a shipped photograph in exactly this size, as PNG. Nobody has to resize it, so all see equal pixels."""
    path = BENCH / "pictures" / f"{Path(name).stem}-{width}x{height}.png"
    if not path.exists():
        picture = pictures.read_picture(IMAGES / name)
        rows, columns = picture.shape[:2]
        wide, high = min(columns, round(rows * width / height)), min(rows, round(columns * height / width))
        left, top = (columns - wide) // 2, (rows - high) // 2
        pictures.write_picture(pictures.resize(picture[top : top + high, left : left + wide], width, height), path)
    return path


def style(long_edge: int, name: str) -> Path:
    """A shipped painting with this long edge in pixels, as PNG."""
    path = BENCH / "pictures" / f"{Path(name).stem}-{long_edge}.png"
    if not path.exists():
        picture = pictures.read_picture(IMAGES / name)
        pictures.write_picture(pictures.resize(picture, *pictures.fit(picture.shape[1], picture.shape[0], long_edge)), path)
    return path


def command_words(size: tuple[int, int], quick_steps: int | None = None) -> list[str]:
    """What `nstk run` is told to paint: two shipped pictures; with `quick_steps`, by a tiny network in so many steps."""
    given = [f"content={content(*size)}", f"style={style(max(size), 'cafe_terrace.jpg')}", f"size={max(size)}"]
    return given if quick_steps is None else [*given, "backbone=tiny", f"steps={quick_steps}", "pyramid=false"]


def paint(recipe: Path, settings: dict[str, Any], stopwatch: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    """Run a recipe through nstk's engine in a process of its own, and return what the callback `stopwatch` wrote down."""
    env = spec.pop("env", None)
    return child("painter", {"recipe": str(recipe), "settings": settings, "stopwatch": stopwatch or {}, **spec}, env)


def judge(recipe: Path, settings: dict[str, Any], pictures: list[Path]) -> list[float]:
    """The loss of each picture under a recipe, as `nstk evaluate` tells it, in float32."""
    spec = {
        "recipe": str(recipe),
        "settings": {**settings, "precision": "float32"},
        "pictures": [str(path) for path in pictures],
    }
    losses: list[float] = child("judge", spec)["losses"]
    return losses


def descend(recipe: Path, settings: dict[str, Any], name: str, stopwatch: dict[str, Any], **spec: Any) -> dict[str, Any]:
    """Run a recipe and judge the pictures that it passes through. `judged` is the curve of (seconds, loss)."""
    folder = BENCH / "pictures-of" / name
    shutil.rmtree(folder, ignore_errors=True)
    made = paint(recipe, settings, {"folder": str(folder), **stopwatch}, **spec)
    losses = judge(recipe, settings, [folder / f"{step:06}.png" for step in made["kept"]])
    return {**made, "judged": [(made["seconds"][step - 1], loss) for step, loss in zip(made["kept"], losses, strict=True)]}
