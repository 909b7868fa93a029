"""TensorFlow's notices while it is imported."""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace

import pytest


def test_tensorflows_notices_are_put_aside(capfd, monkeypatch):
    """What native code writes to the process's error stream while TensorFlow is imported; shown when that fails."""
    from nstk.machine.quietly import import_tensorflow

    def devices(kind):
        os.write(2, b"notice from native code\n")
        if kind in failing:
            raise OSError("no driver")

    failing: list[str] = []
    monkeypatch.setitem(sys.modules, "tensorflow", SimpleNamespace(config=SimpleNamespace(list_physical_devices=devices)))
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "2")
    import_tensorflow()
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"
    failing.append("GPU")
    with pytest.raises(OSError, match="no driver"):
        import_tensorflow()
    assert "notice from native code" in capfd.readouterr().err
    failing.clear()
    monkeypatch.setattr(sys, "stderr", None)
    import_tensorflow()
