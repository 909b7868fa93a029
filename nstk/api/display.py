"""A way to a terminal that costs a run nothing, whoever reads there, slowly or not at all."""

from __future__ import annotations

import io
import os
import select
import sys
import threading
from collections import deque
from contextlib import suppress
from typing import Any, TextIO

CAPACITY = 1 << 16
"""How many bytes wait to be shown. When more come, the oldest are dropped: what is newest says most of a run."""

PATIENCE = 1.0
"""How many seconds the end waits for what is not yet shown."""


class Display(io.TextIOBase):
    """A text stream to the terminal, or to another stream: to write to it never waits and never fails.

    A thread of its own does the writing. What cannot be shown is dropped: the stream may be closed, full, or nobody reads it.
    """

    def __init__(self, stream: TextIO | None = None):
        self._stream: Any = sys.stderr if stream is None else stream
        self._handle = _copy_of_handle(self._stream)
        self._waiting: deque[bytes] = deque()
        self._held = 0
        self._writing = self._over = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self.fault: OSError | None = None
        """Why nothing more can be shown; None as long as the stream takes what is written."""

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return getattr(self._stream, "encoding", None) or "utf-8"

    @property
    def errors(self) -> str:  # type: ignore[override]
        return getattr(self._stream, "errors", None) or "backslashreplace"

    def isatty(self) -> bool:
        try:
            return bool(self._stream.isatty())
        except (AttributeError, OSError, ValueError):
            return False

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        if self._stream is None:
            raise io.UnsupportedOperation("there is no stream")
        return int(self._stream.fileno())

    def write(self, text: str) -> int:
        if self._handle is None:
            self._write_at_once(text)
            return len(text)
        data = text.encode(self.encoding, self.errors)
        with self._changed:
            if data and not self.fault and not self._over:
                self._waiting.append(data)
                self._held += len(data)
                while self._held > CAPACITY and len(self._waiting) > 1:
                    self._held -= len(self._waiting.popleft())
                self._start()
                self._changed.notify_all()
        return len(text)

    def flush(self) -> None:
        """Do nothing: what is written is on its way, and nobody waits for it."""

    def drain(self, seconds: float = PATIENCE) -> bool:
        """Wait until all is shown, but not longer than so many seconds. Returns whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: not (self._waiting or self._writing), seconds) and not self.fault

    def close(self) -> None:
        """Wait a short time for what is not yet shown, and drop the rest."""
        if self._over:
            return
        self.drain()
        with self._changed:
            self._over = True
            self._waiting.clear()
            self._changed.notify_all()
        if self._thread:
            self._thread.join(0.1)  # one that is stuck ends with the process
        elif self._handle is not None:
            os.close(self._handle)

    def _write_at_once(self, text: str) -> None:
        """Write to a stream that is no file of the system, such as that of a notebook: it belongs to this thread."""
        if self._stream is None:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError) as error:
            self.fault = error if isinstance(error, OSError) else OSError(str(error))

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="nstk-display", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        """What the thread does until the display is closed or the stream takes nothing more."""
        assert self._handle is not None
        try:
            while data := self._next():
                _write(self._handle, data)
        except OSError as error:
            self.fault = error
        finally:
            os.close(self._handle)
            with self._changed:
                self._writing = False
                self._waiting.clear()
                self._changed.notify_all()

    def _next(self) -> bytes:
        """What is to be shown next; nothing once the display is closed."""
        with self._changed:
            self._writing = False
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._waiting or self._over)
            if not self._waiting:
                return b""
            data = self._waiting.popleft()
            self._held -= len(data)
            self._writing = True
            return data


def _copy_of_handle(stream: Any) -> int | None:
    """A handle of the system's for the file of a stream, or None where the stream is no file or writes need its own help.

    What is written to a copy of the handle never waits in the stream's own buffer, which Python empties at its exit.
    """
    if not isinstance(stream, io.TextIOWrapper) or sys.platform == "win32":
        return None
    try:
        with suppress(OSError):
            stream.flush()
        return os.dup(stream.fileno())
    except (OSError, ValueError):
        return None


def _write(handle: int, data: bytes) -> None:
    """Write all of the data, however long that takes."""
    while data:
        try:
            data = data[os.write(handle, data) :]
        except BlockingIOError:  # somebody has set the file so
            select.select([], [handle], [])
