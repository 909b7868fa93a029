"""Fresh processes: the time of each line that a process wrote, how long the process took, and its peak memory.

The process that starts them has to stay small and never imports TensorFlow: Linux counts the memory of the process that started
a child as the child's own peak until the child has replaced its memory.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]

MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024
"""How many bytes the unit of `ru_maxrss` has."""


class Failed(Exception):
    """A part cannot be measured. The message says why in one sentence."""


@dataclass(frozen=True)
class Finished:
    """A process that ended well."""

    lines: list[tuple[float, str]]
    """The lines of its standard output, each with the seconds since the process was started."""
    seconds: float
    peak: int
    """The peak of its resident memory, in bytes."""


def run(
    command: Sequence[str | Path], env: Mapping[str, str] | None = None, heard: Callable[[float, str], None] | None = None
) -> Finished:
    """Run a command to its end. Raises `Failed` with the last lines that the command wrote."""
    told = {**os.environ, "PYTHONUNBUFFERED": "1", "TF_CPP_MIN_LOG_LEVEL": "2", **(env or {})}
    told.pop("PYTHONDONTWRITEBYTECODE", None)  # modules are compiled, as in an installed package
    words = [str(word) for word in command]
    lines: list[tuple[float, str]] = []
    with tempfile.TemporaryFile("w+", errors="replace") as complaints:
        began = time.perf_counter()
        try:
            process = subprocess.Popen(words, cwd=ROOT, env=told, stdout=subprocess.PIPE, stderr=complaints, text=True)
        except OSError as error:
            raise Failed(f"{words[0]} cannot be started ({error.strerror})") from error
        try:
            assert process.stdout is not None
            for line in process.stdout:
                lines.append((time.perf_counter() - began, line.rstrip("\n")))
                if heard:
                    heard(*lines[-1])
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            if process.returncode is None:
                process.kill()
                process.wait()
            if process.stdout:
                process.stdout.close()
        seconds = time.perf_counter() - began
        if process.returncode:
            complaints.seek(0)
            said = [line for line in complaints.read().splitlines() if line.strip()] or [text for _, text in lines]
            raise Failed(f"`{' '.join(words)[:200]}` ended with {process.returncode}: " + " / ".join(said[-3:]))
    return Finished(lines, seconds, usage.ru_maxrss * MAXRSS_UNIT)


def child(module: str, spec: Mapping[str, Any], env: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Run a module of this package on a `spec`. The module's answer is the JSON in its last line."""
    done = run([sys.executable, "-m", f"benchmarks.{module}", json.dumps(spec)], env)
    try:
        answer: dict[str, Any] = json.loads(done.lines[-1][1])
    except (IndexError, ValueError) as error:
        raise Failed(f"benchmarks.{module} ended without an answer") from error
    return {**answer, "process": {"seconds": done.seconds, "peak": done.peak}}
