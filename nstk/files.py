"""Files: where a path leads, whether a file is there, what its hash is. A file is written whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import secrets
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from unicodedata import category

from .errors import OutputError

Location = str | os.PathLike[str]


TEMPORARY = ".nstk-{}.tmp"
"""The name of a file until all of it is written."""


ABANDONED = 3600
"""How many seconds after its last change a temporary file counts as abandoned: nobody will write the rest."""


def write_whole(path: Location, data: bytes | str, *, force: bool = False) -> None:
    """Write a file, whole or not at all (text as UTF-8). Its folder is made if it is missing. Raises `OutputError`.

    A file that may not be written to is not replaced, unless `force` is given. A byte of a file's name that is not UTF-8 is
    written as `\\udce9` in a text, as JSON and YAML do it.
    """
    with _a_file_beside(path) as (file, target):
        file.write(data.encode("utf-8", "backslashreplace") if isinstance(data, str) else data)
        file.flush()
        os.fsync(file.fileno())
        file.close()
        if not force and _is_read_only(path):
            raise OutputError(f"cannot write {path}: it is read-only; `chmod u+w` makes it writable")
        os.replace(file.name, target)


def check_writable(path: Location, others: Iterable[Location] = (), *, force: bool = False) -> None:
    """Make the folder of a file that is written later, and prove that a file can be made there. Raises `OutputError`.

    Neither the file nor the `others` may be there and read-only, unless `force` is given.

    Temporary files that killed processes have left in the folder are removed.
    """
    with _a_file_beside(path) as (_, target):
        for left in Path(target).parent.glob(TEMPORARY.format("*")):
            with suppress(OSError):
                if time.time() - left.stat().st_mtime > ABANDONED:
                    left.unlink()
    for each in () if force else (path, *others):
        if _is_read_only(each):
            raise OutputError(f"cannot write {each}: it is read-only; `--force` replaces it, `chmod u+w` makes it writable")


def _is_read_only(path: Location) -> bool:
    """Whether a file is there and may not be written to: to replace it takes no more than its folder's permission."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return False
    return not mode & 0o222 or not os.access(path, os.W_OK)  # the superuser may write to any file, but a mode is a wish


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
        blocking = next(parent for parent in Path(path).parents if os.path.exists(parent))
        raise OutputError(f"cannot write {path}: {blocking} is a file, not a folder; choose another place") from None
    except OSError as error:
        raise OutputError(f"cannot write {path} ({error.strerror or error}): choose another place or mend this one") from error


def shown(path: Path) -> str:
    """A path as a person at this working directory would write it, on one line."""
    return in_line(from_here(path))


def from_here(path: Path) -> str:
    """A path as seen from this working directory; as it is, if it does not lie there."""
    try:
        return str(Path(os.path.abspath(path)).relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


def in_line(text: str) -> str:
    """A text on one line: a character that ends a line or controls a terminal is written as its escape, such as `\\n`."""
    escaped = (it.encode("unicode_escape").decode() if category(it) in ("Cc", "Zl", "Zp") else it for it in text)
    return text if text.isprintable() else "".join(escaped)


def quoted(name: str) -> str:
    """A file name as a recipe or an override has to have it to be read back as that name: `a #1.jpg` and `12` need quotes."""
    if re.fullmatch(r"[A-Za-z_./][\w./-]*\.[A-Za-z]\w*", name):
        return name
    written = json.dumps(name, ensure_ascii=False)
    return re.sub("[\x7f-\x9f\u2028\u2029\ufeff]", lambda it: f"\\u{ord(it[0]):04x}", written)  # YAML would end a line there


def working_directory() -> Path | None:
    """The working directory, or None where it has been removed."""
    try:
        return Path.cwd()
    except OSError:
        return None


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


_IMPOSSIBLE = {errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL, errno.EILSEQ}


def possible(path: Path) -> bool:
    """Whether there can be a file of this path: the name is not too long, without a NUL, and no link in a loop."""
    try:
        path.stat()
    except ValueError:
        return False
    except OSError as error:
        return error.errno not in _IMPOSSIBLE
    return True


def exists(path: Path) -> bool:
    """Whether there is a file or folder of this path. No file need be able to have it."""
    try:
        return path.exists()
    except (OSError, ValueError):  # the path is too long, or has a NUL in it
        return False


NOT_THERE = "is not there"


def trouble(path: Path) -> str:
    """Why there is no file to read at a path, in words that follow its name; empty if there is one.

    Where nothing has that name, the words are `NOT_THERE`. A regular file is opened to find out, and closed again; a pipe or a
    device is not opened, for that may wait for ever or set something going.
    """
    try:
        mode = os.stat(path).st_mode
        kind = next((kind for is_kind, kind in _KINDS if is_kind(mode)), "")
        if kind:
            return f"is a {kind}, not a file"
        with open(path, "rb"):
            return ""
    except (FileNotFoundError, NotADirectoryError, ValueError):  # a name with a NUL raises ValueError
        link = os.path.islink(path)
        return f"is a link to {os.readlink(path)}, which is not there" if link else NOT_THERE
    except OSError as error:
        what = error.strerror or str(error)
        closed = next((folder for folder in reversed(Path(path).parents) if not os.access(folder, os.X_OK)), None)
        if isinstance(error, PermissionError) and closed is not None:
            return f"cannot be reached: the folder {shown(closed)} may not be searched ({what})"
        return f"cannot be read ({what})"


_KINDS = (
    (stat.S_ISDIR, "folder"),
    (stat.S_ISFIFO, "pipe"),
    (stat.S_ISSOCK, "socket"),
    (stat.S_ISCHR, "device"),
    (stat.S_ISBLK, "device"),
)


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
