"""Checkpoints: the state of an unfinished run, in a folder beside its picture.

    out/louvre.run/recipe.yaml                     the resolved recipe; as long as it is there, the run is unfinished
    out/louvre.run/step-0000120-1b4f0e98….npz      the two latest checkpoints
    out/louvre.run/preview.png                     the picture of the last scale that is done, to look at

The name of a checkpoint holds the sha256 of the whole file, so that a file which is damaged, cut short or another one is
noticed. A checkpoint appears whole or not at all.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import OutputError, UserError
from ..files import TEMPORARY, shown, trouble, write_whole
from ..pictures import base_name
from .archive import DamagedError, Saved, read_archive, write_archive
from .state import RunState

if TYPE_CHECKING:
    import numpy as np


log = logging.getLogger("nstk")


FORMAT = 1
"""The number of the checkpoints' form. It changes with what a checkpoint holds."""


KEPT = 2
"""How many checkpoints a folder holds."""


SUFFIX = ".run"


RECIPE = "recipe.yaml"


_NAME = re.compile(r"step-\d+-[0-9a-f]{64}\.npz")


@dataclass
class RunFolder:
    """The folder of one unfinished run."""

    path: Path
    good: list[Path] = field(default_factory=list)
    """The checkpoints that are known to be whole, the latest one last."""

    @classmethod
    def of(cls, picture: Path) -> RunFolder:
        """The folder for a picture: `out/louvre.run` for `out/louvre.png`, `out/louvre.jpg.run` for `out/louvre.jpg`."""
        return cls(picture.with_name(base_name(picture) + SUFFIX))

    @property
    def recipe(self) -> Path:
        return self.path / RECIPE

    @property
    def preview(self) -> Path:
        """Where the picture of a coarse scale is, while the next one is painted."""
        return self.path / "preview.png"

    @property
    def unfinished(self) -> bool:
        """Whether there is a run to go on with."""
        return os.path.isfile(self.recipe)

    def checkpoints(self) -> list[Path]:
        """The files of the checkpoints, the latest first. Any of them may be damaged."""
        try:
            found = [self.path / name for name in os.listdir(self.path) if _NAME.fullmatch(name)]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise UserError(f"the run's folder {shown(self.path)} cannot be read ({error.strerror})") from error
        return sorted(found, key=lambda path: (_step(path), path.stat().st_mtime_ns), reverse=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Inside, the folder exists and is this process's own. Raises `UserError` where another process paints in it."""
        handle = self._lock()
        try:
            self._drop(self.path.glob(TEMPORARY.format("*")))  # a process was killed while it wrote them
            yield
        finally:
            with suppress(OSError):  # the folder stays if something was kept in it
                self.path.rmdir()
            if handle is not None:
                os.close(handle)

    def _lock(self) -> int | None:
        """Make the folder and lock it. Returns what to close at the end, or None where the system knows no locks."""
        for _ in range(100):
            try:
                self.path.mkdir(parents=True, exist_ok=True)
                handle = os.open(self.path, os.O_RDONLY) if _flock() else None
            except FileNotFoundError:  # another process has ended, and removed it
                continue
            except OSError as error:
                raise OutputError(f"cannot write {shown(self.path)} ({error.strerror}): choose another place") from error
            if handle is None:
                return None
            if not _take(handle):
                os.close(handle)
                raise UserError(f"{shown(self.path)} is being painted by another process: wait for it, or stop it first")
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(handle), os.stat(self.path)):
                    return handle
            os.close(handle)  # the folder was removed before it was locked
        raise OutputError(f"cannot write {shown(self.path)}: it is removed again and again")

    def set_aside(self) -> str:
        """Make room for a new run. What an unfinished run left is kept under another name, and the line returned says so."""
        if not self.unfinished:
            return ""
        with self.locked():
            kept = self.checkpoints()
            if not kept or not _step(kept[0]):
                self.remove()  # the folder holds no step that would be lost
                return ""
            numbers = (self.path.with_name(f"{self.path.name}.{number}") for number in range(1, 1_000_000))
            aside = next(path for path in numbers if not os.path.lexists(path))
            try:
                self.path.rename(aside)
            except OSError as error:
                raise OutputError(f"cannot move {shown(self.path)}, an unfinished run, aside ({error.strerror})") from error
        return (
            f"{shown(self.path)} held an unfinished run, which `nstk resume` would have continued after step {_step(kept[0])}: "
            f"it is kept as {shown(aside)}, and this run starts anew"
        )

    def begin(self, recipe: str, state: RunState) -> None:
        """Write the recipe of a new run and a checkpoint without a step. Raises `OutputError`."""
        try:
            self.write(0, state, [])
            write_whole(self.recipe, recipe)
        except BaseException:
            self.remove()
            raise

    def write(self, step: int, state: RunState, arrays: Iterable[tuple[str, np.ndarray]]) -> None:
        """Write the checkpoint of a step, and drop the older ones that it makes superfluous. Raises `OutputError`.

        The `arrays` are taken one at a time and go straight to the file: together they may be larger than the memory.
        """
        name = f"step-{step:07}"
        temporary = self.path / TEMPORARY.format(secrets.token_hex(8))
        try:
            try:
                with open(temporary, "xb") as file:
                    digest = write_archive(file, {"format": FORMAT, "step": step, **state.to_json()}, arrays)
                    file.flush()
                    os.fsync(file.fileno())
                path = self.path / f"{name}-{digest}.npz"
                os.replace(temporary, path)
            finally:
                with suppress(OSError):  # the file has become the checkpoint, or its folder is gone
                    os.unlink(temporary)
        except OSError as error:
            where = shown(self.path / f"{name}.npz")
            raise OutputError(f"cannot write the checkpoint {where} ({error.strerror or error})") from error
        with suppress(OSError):  # Windows cannot do it
            _sync(self.path)
        self._keep(path)

    def receive(self, name: str, data: bytes, recipe: str) -> None:
        """Keep a checkpoint that was written elsewhere, and begin the folder with a `recipe` if it has none.

        Raises `OutputError`, and `DamagedError` where the content is not that which the name tells of.
        """
        path = self.path / name
        if not _NAME.fullmatch(name) or hashlib.sha256(data).hexdigest() != _sha256(path):
            raise DamagedError("it came back damaged")
        write_whole(path, data)
        if not self.unfinished:
            write_whole(self.recipe, recipe)
        self._keep(path)

    def _keep(self, path: Path) -> None:
        """Note a checkpoint that is whole, and drop the older ones that it makes superfluous."""
        self.good = [*self.good, path][-KEPT:]
        self._drop([other for other in self.checkpoints() if other not in self.good])

    def latest(self) -> Saved:
        """The latest checkpoint that is whole. A warning is logged for each that is damaged. Raises `UserError` if all are."""
        found = self.checkpoints()
        for index, path in enumerate(found):
            try:
                saved = read_archive(path, _sha256(path))
            except DamagedError as error:
                instead = "the one before it is used" if index + 1 < len(found) else "there is no other"
                log.warning("the checkpoint %s is damaged (%s): %s", shown(path), error, instead)
                continue
            except OSError as error:  # an older one would lose steps that are there
                why = trouble(path) or f"cannot be read ({error.strerror})"
                raise UserError(f"the checkpoint {shown(path)} {why}: make it readable to go on with the run") from error
            if saved.meta["format"] != FORMAT:
                raise UserError(f"{shown(self.path)} was written by another version of nstk: {_anew(self.recipe)}")
            self.good = [path]
            return saved
        what = f"every checkpoint in {shown(self.path)} is damaged" if found else f"{shown(self.path)} holds no checkpoint"
        raise UserError(f"{what}: {_anew(self.recipe)}")

    def remove(self) -> None:
        """Remove what a finished run wrote here, the recipe first, and then the folder if nothing else is in it."""
        self._drop([self.recipe, *self.checkpoints(), self.preview, *self.path.glob(TEMPORARY.format("*"))])
        with suppress(OSError):
            self.path.rmdir()

    def _drop(self, paths: Iterable[Path]) -> None:
        for path in paths:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                log.warning("%s cannot be removed (%s)", shown(path), error.strerror)
                return


def _step(path: Path) -> int:
    return int(path.name.split("-")[1])


def _sha256(path: Path) -> str:
    return path.stem.split("-")[2]


def _anew(recipe: Path) -> str:
    return f"`nstk run {shown(recipe)}` starts anew"


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _flock() -> Any:
    """The module that locks files, or None where the system has none."""
    try:
        import fcntl
    except ImportError:
        return None
    return fcntl


def _take(handle: int) -> bool:
    """Lock an open folder until it is closed. Returns False if another process has locked it.

    Where the file system knows no locks, it returns True.
    """
    fcntl = _flock()
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True
