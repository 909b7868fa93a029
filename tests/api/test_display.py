"""A way to the terminal that never waits and never fails."""

from __future__ import annotations

import fcntl
import io
import os
import time
from contextlib import suppress

import pytest

import nstk
from nstk.api import display as display_module


@pytest.fixture
def pipe():
    """A pipe that is full: nothing fits in before somebody reads. The text stream of its end, and the handle to read from."""
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    held = 0
    with suppress(BlockingIOError):
        while True:
            held += os.write(theirs, b"." * 4096)
    os.set_blocking(theirs, True)
    with open(theirs, "w", encoding="utf-8") as stream:
        yield stream, ours, held
    os.close(ours)


def read(handle, count):
    text = b""
    while len(text) < count and (more := os.read(handle, count - len(text))):
        text += more
    return text.decode()


def test_nobody_waits_for_a_reader(pipe, monkeypatch):
    monkeypatch.setattr(display_module, "PATIENCE", 0.05)
    stream, ours, held = pipe
    display = nstk.Display(stream)
    began = time.perf_counter()
    for number in range(20_000):
        display.write(f"line {number:5}\n")
    display.flush()
    assert not display.drain(0.05)
    assert time.perf_counter() - began < 5
    read(ours, held)
    shown = ""
    while not shown.endswith("line 19999\n"):  # what is newest is shown at last
        shown += read(ours, 11)
    lines = shown.splitlines()
    assert len(lines) <= display_module.CAPACITY // 11 + 1
    assert lines[-1000:] == [f"line {number:5}" for number in range(19_000, 20_000)]
    assert display.drain()
    display.close()


def test_a_healthy_stream_shows_all():
    ours, theirs = os.pipe()
    with open(theirs, "w", encoding="ascii", errors="backslashreplace") as stream:
        display = nstk.Display(stream)
        assert display.write("") == 0
        assert display.write("Größe\n") == 6
        display.close()
        display.write("too late")
    assert os.read(ours, 100) == rb"Gr\xf6\xdfe" + b"\n"
    assert os.read(ours, 100) == b""  # no handle is left open
    os.close(ours)


def test_a_pipe_that_does_not_block_is_waited_for(pipe):
    stream, ours, held = pipe
    fcntl.fcntl(stream.fileno(), fcntl.F_SETFL, os.O_NONBLOCK)
    display = nstk.Display(stream)
    display.write("at last\n")
    read(ours, held)
    assert read(ours, 8) == "at last\n"
    display.close()
    assert display.fault is None


@pytest.mark.parametrize("device", ["/dev/full", "/dev/null"])
def test_a_stream_that_takes_nothing(device):
    if not os.path.exists(device):
        pytest.skip("only Linux has it")
    with open(device, "rb" if device == "/dev/null" else "ab") as file:
        stream = open(os.dup(file.fileno()), "w", encoding="utf-8")  # noqa: SIM115 (closed below, whatever is in its buffer)
        display = nstk.Display(stream)
        for _ in range(100):
            display.write("lost\n")
        display.close()
        stream.close()  # nothing of it waits in the stream's own buffer
    assert isinstance(display.fault, OSError)


def test_a_stream_of_python_is_written_to_at_once():
    class Broken(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    stream = io.StringIO()
    nstk.Display(stream).write("here")
    assert stream.getvalue() == "here"
    broken = nstk.Display(Broken())
    broken.write("lost")
    assert isinstance(broken.fault, BrokenPipeError)
    stream.close()
    nstk.Display(stream).write("lost")


def test_no_stream_at_all(monkeypatch):
    monkeypatch.setattr("sys.stderr", None)
    display = nstk.Display()
    display.write("lost")
    display.close()
    assert not display.isatty()
    with pytest.raises(io.UnsupportedOperation):
        display.fileno()
