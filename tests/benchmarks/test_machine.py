"""What the machine has in hardware."""

from __future__ import annotations

import pytest

from benchmarks import machine


@pytest.mark.parametrize(
    ("flags", "gpus", "expected"),
    [
        (["avx2"], [], ""),
        (["avx2", "avx512f"], [], ""),
        (["avx512f", "avx512_bf16"], [], "avx512_bf16"),
        (["avx512f", "amx_bf16"], [], "amx_bf16"),
        (["avx512_bf16"], [{"name": "T4", "capability": [7, 5]}], ""),
        ([], [{"name": "A100", "capability": [8, 0]}], "GPU A100"),
    ],
)
def test_bfloat16_where_the_hardware_has_it(flags, gpus, expected):
    assert machine.bfloat16({"flags": flags, "gpus": gpus}) == expected
