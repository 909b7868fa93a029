"""The machine, which is recorded because a figure without its machine says little."""

from __future__ import annotations

import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

from nstk.checkpoints.provenance import versions
from nstk.machine.device import cores

from .processes import Failed, run

FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "amx_tile")
"""The instruction sets that decide how fast a convolution is, and in which precision."""
BFLOAT16 = ("avx512_bf16", "amx_bf16")

DEVICES = """
import json, tensorflow as tf
found = [tf.config.experimental.get_device_details(gpu) for gpu in tf.config.list_physical_devices("GPU")]
print("\\n" + json.dumps([{"name": it.get("device_name", "GPU"), "capability": it.get("compute_capability")} for it in found]))
"""


def describe() -> dict[str, Any]:
    """Processor, flags, cores, memory, GPUs and versions. TensorFlow is asked in a process of its own."""
    info = _cpuinfo()
    known = info.get("flags", "").split()
    described = {
        "cpu": info.get("model name", platform.processor() or platform.machine()),
        "flags": [flag for flag in FLAGS if flag in known],
        "cores": cores(),
        "memory_bytes": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        "gpus": json.loads(run([sys.executable, "-c", DEVICES]).lines[-1][1]),
        "gpus_of_the_driver": _driver(),
        "versions": versions(),
    }
    return {**described, "bfloat16": bfloat16(described)}


def bfloat16(machine: dict[str, Any]) -> str:
    """The name of the hardware that computes in bfloat16 on this machine; empty if there is none."""
    if machine["gpus"]:
        name, capability = machine["gpus"][0]["name"], machine["gpus"][0]["capability"]
        return f"GPU {name}" if capability and tuple(capability) >= (8, 0) else ""
    return next((flag for flag in BFLOAT16 if flag in machine["flags"]), "")


def sentence(machine: dict[str, Any]) -> str:
    """The machine described in one line."""
    gpus = ", ".join(gpu["name"] for gpu in machine["gpus"]) or "no GPU that TensorFlow runs on"
    driver = machine["gpus_of_the_driver"]
    unused = f" (the driver knows {driver})" if driver and not machine["gpus"] else ""
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {' '.join(machine['flags']) or 'no AVX2'}, "
        f"{machine['memory_bytes'] / 2**30:.0f} GB; {gpus}{unused}; "
        f"bfloat16 {'in hardware: ' + machine['bfloat16'] if machine['bfloat16'] else 'not in hardware'}; "
        f"TensorFlow {machine['versions']['tensorflow']}, Keras {machine['versions']['keras']}"
    )


def _cpuinfo() -> dict[str, str]:
    """The first processor's lines of /proc/cpuinfo; nothing where there is no such file."""
    try:
        first = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n\n")[0]
    except OSError:
        return {}
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in first.splitlines())}


def _driver() -> str:
    """All GPUs of the machine, whether TensorFlow runs on them or not."""
    try:
        return ", ".join(text for _, text in run(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]).lines)
    except Failed:
        return ""
