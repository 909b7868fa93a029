"""What the process says: where its streams are closed, full, slow or gone, a run is painted all the same."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, cast

import click

STDOUT, STDERR = 1, 2


def reserve() -> None:
    """Have something open as the first three files, as every process expects: the next file would become the terminal.

    To write to a stream that was closed (`>&-`) is an error all the same.
    """
    closed = [number for number in range(3) if not _is_open(number)]
    for number in closed:
        handle = os.open(os.devnull, os.O_WRONLY if number == 0 else os.O_RDONLY)
        os.dup2(handle, number)
        if handle != number:
            os.close(handle)
        os.set_inheritable(number, True)
    if STDOUT in closed:
        sys.stdout = open(STDOUT, "w", closefd=False)  # noqa: SIM115 (it is open as long as the process is)
    if STDERR in closed:
        sys.stderr = open(STDERR, "w", closefd=False, errors="backslashreplace")  # noqa: SIM115


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


@contextmanager
def displayed() -> Iterator[None]:
    """Inside, what goes to the error stream holds nobody up and fails nobody (see `Display`)."""
    from ..api import Display

    before = sys.stderr
    display = Display(before)
    sys.stderr = display
    try:
        yield
    finally:
        sys.stderr = before
        display.close()


def tell(result: object) -> None:
    """Write the result of a run, which is in its file by now. Where it cannot be written, a sentence says why."""
    from ..api import Display

    display = Display(sys.stdout.stream if isinstance(sys.stdout, Output) else sys.stdout)
    display.write(f"{result}\n")
    display.close()
    if display.fault and display.fault.errno not in (errno.EPIPE, errno.EBADF):  # nobody is there to read it
        click.echo(f"warning: {unwritten(display.fault)}, but {result} is painted", err=True)


def unwritten(fault: OSError) -> str:
    return f"cannot write to the output ({fault.strerror or fault})"


@contextmanager
def heard_or_not() -> Iterator[None]:
    """Inside, something is written to the error stream. If it takes nothing, so be it."""
    try:
        yield
    except OSError:
        silence(STDERR)


class Output:
    """The output stream, which remembers what went wrong when something was written to it."""

    def __init__(self, stream: Any):
        self.stream = stream
        self.fault: OSError | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def write(self, text: str) -> Any:
        with self._noting():
            return self.stream.write(text)

    def flush(self) -> None:
        with self._noting():
            self.stream.flush()

    @contextmanager
    def _noting(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.fault = error
            raise


@contextmanager
def watched() -> Iterator[None]:
    """Inside, `output_fault` knows what is wrong with the output."""
    before = sys.stdout
    sys.stdout = cast("Any", Output(before)) if before else before
    try:
        yield
    finally:
        sys.stdout = before


def output_fault() -> OSError | None:
    """Why the output took something not, or None if all was written."""
    return sys.stdout.fault if isinstance(sys.stdout, Output) else None


def silence(number: int) -> None:
    """Throw away what comes from now on, and what waits in the buffer: Python would fail to write that at its exit."""
    with suppress(OSError):
        handle = os.open(os.devnull, os.O_WRONLY)
        os.dup2(handle, number)
        os.close(handle)
