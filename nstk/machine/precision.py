"""The number type in which a run computes its features. It follows from what the machine has and what the recipe asks for.

Low precision is worth its rounding only where it is fast: a processor without bfloat16 computes it in software, several times
slower than float32. Only the machine decides this, so a recipe that asks for bfloat16 is right in itself, and is refused only
where it runs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import UserError

Precision = Literal["auto", "float32", "bfloat16", "float16"]


FLOAT32, BFLOAT16, FLOAT16 = "float32", "bfloat16", "float16"


BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16"}
"""Linux's names for the instructions that multiply in bfloat16."""


BFLOAT16_GPU, FLOAT16_GPU = (8, 0), (7, 0)
"""The lowest compute capabilities with which the tensor cores of a GPU take bfloat16 and float16."""


CPUINFO = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Machine:
    """What decides which number types are fast on a machine."""

    flags: frozenset[str] = frozenset()
    """The processor's instruction sets, in Linux's words; empty where they cannot be known."""
    gpu: bool = False
    """Whether TensorFlow computes on a GPU."""
    capability: tuple[int, int] | None = None
    """The GPU's compute capability; None for one that is not NVIDIA's."""

    @property
    def fast(self) -> tuple[str, ...]:
        """The low precisions that the hardware has. bfloat16 comes first, because it needs no loss scaling."""
        if self.gpu:
            has = self.capability or (0, 0)
            return (BFLOAT16,) * (has >= BFLOAT16_GPU) + (FLOAT16,) * (has >= FLOAT16_GPU)
        return (BFLOAT16,) * bool(self.flags & BFLOAT16_FLAGS)

    @property
    def name(self) -> str:
        """The device in words."""
        if not self.gpu:
            return "this processor"
        return f"this GPU (compute capability {'.'.join(map(str, self.capability or ['unknown']))})"

    def lacks(self, what: str) -> str:
        """A part of a sentence which says that low precision is not fast on this machine."""
        return f"{self.name} has no {'tensor cores for ' * self.gpu}{what}"


@dataclass(frozen=True)
class Choice:
    """The number type of a run's features, and the reason, as part of a sentence."""

    dtype: str
    reason: str

    def __str__(self) -> str:
        return f"{self.dtype}: {self.reason}"


def choose(wanted: Precision, machine: Machine) -> Choice:
    """The precision of a run. Raises `UserError` for a precision that the machine would only emulate."""
    if wanted == "auto":
        if machine.fast:
            return Choice(machine.fast[0], f"{machine.name} has it in hardware")
        return Choice(FLOAT32, machine.lacks(FLOAT16 if machine.gpu else BFLOAT16))
    if wanted != FLOAT32 and wanted not in machine.fast:
        here = " or ".join(f"`precision: {dtype}`" for dtype in (*machine.fast, FLOAT32))
        raise UserError(
            f"`precision: {wanted}` would be slower than float32 here, because {machine.lacks(wanted)}; "
            f"write {here}, or `precision: auto` for the fastest on every machine"
        )
    return Choice(wanted, "the recipe says so")


def cpu_flags() -> frozenset[str]:
    """The instruction sets of the processor, as Linux on x86 tells them. On other systems none are known."""
    try:
        found = re.search(r"^flags\s*:(.*)$", CPUINFO.read_text(encoding="utf-8", errors="replace"), re.MULTILINE)
    except OSError:
        return frozenset()
    return frozenset(found[1].split()) if found else frozenset()
