"""Files: where a path leads, whether a file is there, what its hash is. A file is written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .errors import OutputError

Location = str | os.PathLike[str]


TEMPORARY = ".nstk-{}.tmp"
"""The name of a file until all of it is written."""


ABANDONED = 3600
"""How many seconds after its last change a temporary file counts as abandoned: nobody will write the rest."""


def write_whole(path: Location, data: bytes | str) -> None:
    """Write a file, whole or not at all (text as UTF-8). Its folder is made if it is missing. Raises `OutputError`."""
    with _a_file_beside(path) as (file, target):
        file.write(data.encode() if isinstance(data, str) else data)
        file.flush()
        os.fsync(file.fileno())
        file.close()
        os.replace(file.name, target)


def check_writable(path: Location) -> None:
    """Make the folder of a file that is written later, and prove that a file can be made there. Raises `OutputError`.

    Temporary files that killed processes have left in the folder are removed.
    """
    with _a_file_beside(path) as (_, target):
        for left in Path(target).parent.glob(TEMPORARY.format("*")):
            with suppress(OSError):
                if time.time() - left.stat().st_mtime > ABANDONED:
                    left.unlink()


@contextmanager
def _a_file_beside(path: Location) -> Iterator[tuple[Any, str]]:
    """A new file in the folder of `path`, open for writing, and where `path` leads. A file left at the end is removed."""
    target = os.path.realpath(path)  # follows a symbolic link, as an ordinary write does
    if os.path.exists(target) and not os.path.isfile(target):
        raise OutputError(f"cannot write {path}: it is a {'folder' if os.path.isdir(target) else 'device'}; name a file")
    temporary = os.path.join(os.path.dirname(target), TEMPORARY.format(secrets.token_hex(8)))
    try:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        try:
            with open(temporary, "xb") as file:  # files of `tempfile` are private; here the umask decides
                yield file, target
        finally:
            with suppress(FileNotFoundError):  # the file has become the target
                os.unlink(temporary)
    except (FileExistsError, NotADirectoryError):
        blocking = next(parent for parent in Path(path).parents if parent.exists())
        raise OutputError(f"cannot write {path}: {blocking} is a file, not a folder; choose another place") from None
    except OSError as error:
        raise OutputError(f"cannot write {path} ({error.strerror or error}): choose another place or mend this one") from error


def shown(path: Path) -> str:
    """A path as a person at this working directory would write it."""
    try:
        return str(Path(os.path.abspath(path)).relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


def located(text: str, folder: Path) -> Path:
    """The absolute path of the file that a text means in a recipe in `folder`. The file need not exist, nor be possible."""
    path = folder / os.path.expanduser(text)
    try:
        return real(path.parent) / path.name  # a link keeps its name; after a link, `..` means what the system says
    except (OSError, ValueError):  # the path has a NUL or half a character in it
        return path.absolute()


def real(path: Path) -> Path:
    """Where a path leads through its links. Links in a loop are left as they are. Raises `ValueError` for a NUL."""
    return Path(os.path.realpath(path))


def possible(path: Path) -> bool:
    """Whether there can be a file of this path: the name is UTF-8, not too long, without a NUL, and no link in a loop."""
    try:
        path.name.encode()
        path.stat()
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return True
    except (OSError, ValueError):
        return False
    return True


def exists(path: Path) -> bool:
    """Whether there is a file or folder of this path. No file need be able to have it."""
    try:
        return path.exists()
    except (OSError, ValueError):  # the path is too long, or has a NUL in it
        return False


def same_file(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file, also through links. The file need not exist yet."""
    try:
        return real(one) == real(other) or one.samefile(other)
    except (OSError, ValueError):
        return False


def file_hash(path: str | Path) -> str:
    """The sha256 of a file, in hexadecimal. Raises `OSError` where it cannot be read."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()
