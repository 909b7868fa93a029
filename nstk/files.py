"""Files: written whole or not at all, and found by a name that is nearly right."""

from __future__ import annotations

import difflib
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .errors import OutputError

Location = str | os.PathLike[str]

TEMPORARY = ".nstk-{}.tmp"
"""What a file is called until all of it is written."""
ABANDONED = 3600
"""Seconds since the last word was written to such a file, after which nobody will write the rest."""


def write_whole(path: Location, data: bytes | str) -> None:
    """Write a file, whole or not at all (text as UTF-8); its folder is made if it is missing. Raises `OutputError`."""
    with _a_file_beside(path) as (file, target):
        file.write(data.encode() if isinstance(data, str) else data)
        file.flush()
        os.fsync(file.fileno())
        file.close()
        os.replace(file.name, target)


def check_writable(path: Location) -> None:
    """Make the folder of a file that is to be written later, and prove that one can be made there. Raises `OutputError`.

    What processes that were killed have left there is removed.
    """
    with _a_file_beside(path) as (_, target):
        for left in Path(target).parent.glob(TEMPORARY.format("*")):
            with suppress(OSError):
                if time.time() - left.stat().st_mtime > ABANDONED:
                    left.unlink()


@contextmanager
def _a_file_beside(path: Location) -> Iterator[tuple[Any, str]]:
    """A new file open for writing in the folder of `path`, and where `path` leads; what is left of it at the end is removed."""
    target = os.path.realpath(path)  # through a symbolic link, as an ordinary write would
    if os.path.exists(target) and not os.path.isfile(target):
        raise OutputError(f"cannot write {path}: it is a {'folder' if os.path.isdir(target) else 'device'}; name a file")
    temporary = os.path.join(os.path.dirname(target), TEMPORARY.format(secrets.token_hex(8)))
    try:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        try:
            with open(temporary, "xb") as file:  # not `tempfile`, whose files are private: here the umask decides
                yield file, target
        finally:
            with suppress(FileNotFoundError):  # it has become the target
                os.unlink(temporary)
    except (FileExistsError, NotADirectoryError):
        blocking = next(parent for parent in Path(path).parents if parent.exists())
        raise OutputError(f"cannot write {path}: {blocking} is a file, not a folder; choose another place") from None
    except OSError as error:
        raise OutputError(f"cannot write {path} ({error.strerror or error}): choose another place or mend this one") from error


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`did you mean ...?`, or nothing. Upper and lower case are the same here."""
    by_lower = {other.lower(): other for other in sorted(known)}
    close = difflib.get_close_matches(name.lower(), by_lower, 1)
    return f"did you mean `{by_lower[close[0]]}`?" if close else ""
