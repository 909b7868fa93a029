"""How much memory there is, and how much this process holds. Bytes."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

LIMITS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)
"""The files that say how much a container may hold, and how much it holds. The system's own figures are the machine's."""


UNITS = {"GB": 1e9, "MB": 1e6}


PATTERN = re.compile(r"^([0-9]+\.?[0-9]*|\.[0-9]+) ?(GB|MB)$")


def checked(text: str) -> str:
    """A text that says an amount of memory, as a recipe does. Raises `ValueError` for any other text."""
    if not PATTERN.match(text):
        raise ValueError(f"must be an amount such as `4GB` or `800MB`, not `{text}`")
    return text


def read(text: str) -> int:
    """How many bytes a text such as `4GB` means."""
    number, unit = re.findall(PATTERN, text)[0]
    return round(float(number) * UNITS[unit])


_sharers = 1


def share(count: int) -> None:
    """Have this process take only its part of the free memory, because `count` of them paint on this machine."""
    global _sharers
    _sharers = max(1, count)


def resident() -> int:
    """How many bytes this process holds now."""
    import psutil

    return int(psutil.Process().memory_info().rss)


def available() -> int:
    """How many bytes this process may still take before anything is swapped out: its part, where several share them."""
    import psutil

    free = int(psutil.virtual_memory().available)
    for limit, usage in LIMITS:
        with suppress(OSError, ValueError):  # the file does not exist, or it says `max`
            free = min(free, int(Path(limit).read_text()) - int(Path(usage).read_text()))
    return max(0, free) // _sharers


def in_words(count: float) -> str:
    """A number of bytes in words, in powers of ten: `1.4 GB`."""
    for unit, size in UNITS.items():
        if count >= size:
            return f"{count / size:.1f} {unit}" if count < 10 * size else f"{count / size:.0f} {unit}"
    return f"{count / 1e3:.0f} kB"
