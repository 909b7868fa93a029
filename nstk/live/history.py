"""The results that lie in a folder, as a page lists them: the newest first, each with what its file says of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..checkpoints.differences import differences
from ..checkpoints.made import Made
from ..checkpoints.provenance import record_of
from ..errors import UserError
from ..pictures.names import SUFFIXES

MOST = 500
"""How many pictures are listed."""


class History:
    """The pictures of a folder that say how they were made."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._known: dict[tuple[str, int], dict[str, Any] | None] = {}

    def listed(self) -> list[dict[str, Any]]:
        """Each picture with its name, the scales, the settings that people ask for, and the seconds it took."""
        found = []
        for path in self.folder.iterdir() if self.folder.is_dir() else ():
            if path.suffix.lower() in SUFFIXES and path.is_file():
                found.append((path.stat().st_mtime_ns, path))
        told = [(path, moment, self._told(path, moment)) for moment, path in sorted(found, reverse=True)[:MOST]]
        return [{"name": path.name, "when": moment // 1_000_000, **it} for path, moment, it in told if it is not None]

    def _told(self, path: Path, moment: int) -> dict[str, Any] | None:
        key = path.name, moment
        if key not in self._known:
            try:
                made = Made.of(path)
            except UserError:
                self._known[key] = None
            else:
                last = made.scales[-1] if made.scales else None
                size = f"{last.width} x {last.height}" if last else ""
                inputs = {where: Path(it.path).name for where, it in made.inputs.items()}
                seconds = record_of(path).get("seconds")
                self._known[key] = {
                    "recipe": made.name,
                    "size": size,
                    "steps": made.steps,
                    "inputs": inputs,
                    "seconds": seconds,
                }
        return self._known[key]

    def path(self, name: str) -> Path:
        """The picture of this name. Raises `UserError` where the folder has none."""
        path = self.folder / Path(name).name
        if name != path.name or path.suffix.lower() not in SUFFIXES or not path.is_file():
            raise UserError(f"there is no picture {name} in {self.folder}")
        return path

    def recipe(self, name: str) -> str:
        """The recipe of a picture, below comments that say what came of it."""
        return Made.of(self.path(name)).to_yaml()

    def compared(self, one: str, other: str) -> list[str]:
        """What differs between two pictures, in lines."""
        found = differences(self.path(one), self.path(other))
        return [f"{heading}: {it}" for heading, rows in found.items() for it in rows]
