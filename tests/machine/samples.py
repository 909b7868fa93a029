"""Machines, and how far numbers are off."""

from __future__ import annotations

import numpy as np

from nstk.machine import device
from nstk.machine.precision import Machine

PLAIN = Machine(frozenset({"avx2", "avx512f"}))
AVX = Machine(frozenset({"avx2", "avx512_bf16"}))
AMX = Machine(frozenset({"avx512_bf16", "amx_bf16"}), "GenuineIntel")
HALF = Machine(frozenset({"avx2", "avx512_bf16"}), "GenuineIntel")
ZEN = Machine(frozenset({"avx2", "avx512_bf16"}), "AuthenticAMD")
OLD, TURING, AMPERE = (Machine(gpu=True, capability=has) for has in ((6, 1), (7, 5), (8, 0)))
OTHER = Machine(gpu=True)
LOW = ["bfloat16", "float16"]


def on(machine, monkeypatch):
    monkeypatch.setattr(device, "machine", lambda: machine)


def off(actual, expected):
    return np.linalg.norm(actual - expected) / np.linalg.norm(expected)
