"""The device: what it is called, and how its memory is taken."""

from __future__ import annotations

import os

import pytest
import tensorflow as tf

from nstk.machine import device
from tests.machine.samples import TURING


@pytest.fixture
def gpu(monkeypatch):
    """A GPU that TensorFlow tells of; what memory growth is set on."""
    asked: list[str] = []
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: ["the GPU"])
    details = {"device_name": "Tesla T4", "compute_capability": (7, 5)}
    monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda gpu: details)
    monkeypatch.setattr(tf.config.experimental, "set_memory_growth", lambda gpu, on: asked.append((gpu, on)))
    return asked


def test_a_gpu_in_words(gpu, monkeypatch):
    assert device.machine() == TURING
    assert device.name() == "GPU Tesla T4"
    monkeypatch.setattr(tf.config.experimental, "tensor_float_32_execution_enabled", lambda: True)
    assert device.products("float32") == "float32 (TF32 products)"
    assert device.products("float16") == "float16"


def test_memory_grows_on_a_gpu(gpu, monkeypatch):
    device.set_up_memory()
    assert gpu == [("the GPU", True)]

    def too_late(gpu, on):
        raise RuntimeError("Physical device cannot be modified after being initialized")

    monkeypatch.setattr(tf.config.experimental, "set_memory_growth", too_late)
    device.set_up_memory()


def test_the_processor_keeps_its_memory(monkeypatch):
    monkeypatch.delenv("TF_CPU_ALLOCATOR_USE_BFC", raising=False)
    monkeypatch.setenv("TF_CPU_BFC_MEM_LIMIT_IN_MB", "1000")
    device.set_up_memory()
    assert os.environ["TF_CPU_ALLOCATOR_USE_BFC"] == "true"
    assert os.environ["TF_CPU_BFC_MEM_LIMIT_IN_MB"] == "1000"  # who has set it decides
