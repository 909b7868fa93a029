"""Pictures that are dropped onto a page: kept in a folder, each whole and under its own name, and looked at."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..checkpoints.made import Made
from ..errors import UserError
from ..files import TEMPORARY, exists, file_hash
from ..pictures import check_picture, read_metadata

MOST = 1 << 30
"""How many bytes a picture has at most that a page sends."""

NAMELESS = "picture.png"


class Drops:
    """A folder of pictures that came from a page."""

    def __init__(self, folder: Path):
        self.folder = folder

    async def take(self, name: str, parts: AsyncIterator[bytes]) -> Path:
        """Keep a picture that comes part by part. Nothing that is there is replaced. Raises `UserError` for no picture."""
        self.folder.mkdir(parents=True, exist_ok=True)
        suffix = Path(_plain(name)).suffix
        temporary = self.folder / (TEMPORARY.format(secrets.token_hex(8)) + suffix)
        try:
            with open(temporary, "xb") as file:
                size = 0
                async for part in parts:
                    size += len(part)
                    if size > MOST:
                        raise UserError(f"{_plain(name)} is larger than {MOST >> 30} GB: make it smaller first")
                    file.write(part)
            try:
                check_picture(temporary)
            except UserError as error:
                raise UserError(
                    str(error).replace(str(temporary), _plain(name)).replace(temporary.name, _plain(name))
                ) from None
            return self._kept(temporary, _plain(name))
        finally:
            with suppress(OSError):
                os.unlink(temporary)

    def _kept(self, temporary: Path, name: str) -> Path:
        """The file in its place: the one that is there, if it is the same, or else a new one."""
        sha256, place = file_hash(temporary), Path(name)
        for number in range(1_000_000):
            path = self.folder / (f"{place.stem}.{number}{place.suffix}" if number else name)
            if not exists(path):
                os.replace(temporary, path)
                return path
            if file_hash(path) == sha256:
                return path
        raise UserError(f"there are too many pictures called {name}")

    def named(self, name: str) -> Path:
        """The picture of this name. Raises `UserError` where there is none."""
        path = self.folder / Path(name).name
        if name != path.name or not path.is_file():
            raise UserError(f"there is no picture {name}: drop it again")
        return path


def _plain(name: str) -> str:
    """The name of a file as it can be written anywhere: no folder, no sign that controls anything."""
    last = re.split(r"[/\\]", name)[-1]
    cleaned = re.sub(r"[^\w .()+,@&=-]", "_", last).strip(" .")[-120:]
    return cleaned if Path(cleaned).suffix and Path(cleaned).stem else NAMELESS


def told(path: Path) -> dict[str, Any]:
    """What a page shows of a picture: its size, and the recipe if nstk has painted it."""
    width, height = check_picture(path)
    recipe, note = None, ""
    if read_metadata(path, path.name) is not None:
        try:
            recipe = Made.of(path).to_yaml()
        except UserError as error:
            note = str(error)
    return {"name": path.name, "width": width, "height": height, "recipe": recipe, "note": note}
