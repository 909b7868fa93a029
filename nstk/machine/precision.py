"""The number type in which a run computes its features. It follows from what the machine has and what the recipe asks for.

Low precision is worth its rounding only where it is fast: a processor without bfloat16 computes it in software, several times
slower than float32. Only the machine decides this, so a recipe that asks for bfloat16 is right in itself, and is refused only
where it runs.

To have it is not to be fast in it. Intel's processors have bfloat16 in two forms, and one of them, `avx512_bf16`, multiplies
at half of float32's rate: on two cores of a Xeon without `amx_bf16`, a 3 x 3 convolution reached 205 GFLOP/s in place of 390,
and a step took 2.3 times as long. On AMD's, the same instructions multiply at twice float32's rate.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import UserError

Precision = Literal["auto", "float32", "bfloat16", "float16"]


FLOAT32, BFLOAT16, FLOAT16 = "float32", "bfloat16", "float16"


AVX, AMX = "avx512_bf16", "amx_bf16"
"""Linux's names for the instructions that multiply in bfloat16."""


SLOW_WITH_AVX = "GenuineIntel"
"""The maker of the processors that are slower with the first of them than in float32."""


BFLOAT16_GPU, FLOAT16_GPU = (8, 0), (7, 0)
"""The lowest compute capabilities with which the tensor cores of a GPU take bfloat16 and float16."""


CPUINFO = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Machine:
    """What decides which number types are fast on a machine."""

    flags: frozenset[str] = frozenset()
    """The processor's instruction sets, in Linux's words; empty where they cannot be known."""
    maker: str = ""
    """Who made the processor, in Linux's words (`vendor_id`)."""
    gpu: bool = False
    """Whether TensorFlow computes on a GPU."""
    capability: tuple[int, int] | None = None
    """The GPU's compute capability; None for one that is not NVIDIA's."""

    @property
    def fast(self) -> tuple[str, ...]:
        """The low precisions that the hardware has and in which it is faster than in float32."""
        slow = not self.gpu and self.maker == SLOW_WITH_AVX and AMX not in self.flags
        return () if slow else self.has

    @property
    def has(self) -> tuple[str, ...]:
        """The low precisions that the hardware has. bfloat16 comes first, because it needs no loss scaling."""
        if self.gpu:
            has = self.capability or (0, 0)
            return (BFLOAT16,) * (has >= BFLOAT16_GPU) + (FLOAT16,) * (has >= FLOAT16_GPU)
        return (BFLOAT16,) * bool(self.flags & {AVX, AMX})

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
        if machine.has:
            return Choice(FLOAT32, f"{machine.name} has {machine.has[0]} in hardware, but is slower in it")
        return Choice(FLOAT32, machine.lacks(FLOAT16 if machine.gpu else BFLOAT16))
    if wanted != FLOAT32 and wanted not in machine.has:
        here = " or ".join(f"`precision: {dtype}`" for dtype in (*machine.has, FLOAT32))
        raise UserError(
            f"`precision: {wanted}` would be slower than float32 here, because {machine.lacks(wanted)}; "
            f"write {here}, or `precision: auto` for the fastest on every machine"
        )
    return Choice(wanted, "the recipe says so")


def processor() -> Machine:
    """The processor, as Linux on x86 tells it. On other systems nothing is known of it."""
    try:
        text = CPUINFO.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    flags, maker = (re.search(rf"^{key}\s*:(.*)$", text, re.MULTILINE) for key in ("flags", "vendor_id"))
    return Machine(frozenset(flags[1].split()) if flags else frozenset(), maker[1].strip() if maker else "")
