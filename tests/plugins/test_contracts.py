"""Every part that comes with nstk holds the contract of its slot, by the checks that plugin authors have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

import nstk
from nstk import testing
from nstk.plugins.backbones.vgg16 import Vgg16
from nstk.plugins.colours.keep import Keep
from nstk.registry.registry import Registry
from nstk.testing.plugins import CONTRACTS
from tests.plugins.backbones._vgg.samples import random_kernels, write_npz
from tests.plugins.regions.samples import portrait

REGISTRY = Registry(installed=False)

MORE = {
    "image": [{"detail": True}],
    "noise": [{"kind": "normal", "around": "content", "blend": 0.4}],
    "spectral": [{"power": 0}, {"power": 1.5}, {"power": -1}],
    "adam": [{"levels": 3}],
    "lbfgs": [{"history": 3}, {"scaling": "scalar"}],
    "sgd": [{"nesterov": True, "learning_rate": {"use": "cosine", "start": 100}}],
    "early_stop": [{"patience": 1}],
    "snapshots": [{"every": 2, "path": "{name}-{scale}-{step}.jpg"}],
    "tiny": [{"pooling": "average", "pool_padding": "same", "padding": "reflect"}],
}
"""Settings to check a part with beside its defaults, or instead of them where these take long."""

SLOW = ("vgg16", "lbfgs")
"""Parts that take long: one reads 60 MB of weights, the other compiles a history of 20 moves."""


def parts() -> Iterator[Any]:
    """The kind, the name and the settings of each part but the losses, which `tests/plugins/losses/test_contract.py` checks."""
    for kind in (kind for kind in CONTRACTS if kind != "loss"):
        for name in REGISTRY.names(kind):
            for index, settings in enumerate([{}, *MORE.get(name, [])]):
                quick = index == (name in SLOW)
                marks = [] if quick else [pytest.mark.slow]
                yield pytest.param(kind, name, settings, id=f"{kind}-{name}-{index}", marks=marks)


@pytest.fixture
def needed(tmp_path):
    """The keys that parts cannot do without, by name: files."""
    Image.radial_gradient("L").save(tmp_path / "grey.png")
    nstk.write_picture(testing.pictures((50, 60)).content, tmp_path / "picture.png")

    def keys(name: str) -> dict[str, str]:
        if name == "vgg16":
            kernels = {layer: (kernel / 4, bias) for layer, (kernel, bias) in random_kernels(Vgg16.network).items()}
            write_npz(tmp_path / "vgg16.npz", kernels)
            return {"weights": str(tmp_path / "vgg16.npz")}
        files = {"image": ("file", "picture.png"), "map": ("map", "grey.png")}
        key, file = files.get(name, ("", ""))
        return {key: str(tmp_path / file)} if key else {}

    return keys


@pytest.mark.parametrize(("kind", "name", "settings"), [*parts()])
def test_the_contract_of_every_part(kind, name, settings, needed):
    quick = {"losses": {"wasserstein": {"use": "gram", "layers": ["image"]}}} if kind == "callback" else {}
    CONTRACTS[kind](REGISTRY.get(kind, name)(**needed(name), **settings), **quick)


@pytest.mark.parametrize("name", ["person", "face"])
def test_a_region_that_finds_something(name):
    region = REGISTRY.get("region", name)()
    testing.check_region(region, content=portrait(256))


@pytest.mark.parametrize("module", ["losses.tv", "optimizers.sgd", "colours.keep"])
def test_a_module_of_nstk_is_a_plugin_as_others_are(module):
    testing.check_plugin(f"nstk.plugins.{module}")


def test_every_part_says_what_it_is():
    from nstk.testing.plugins import _check_words

    for kind in CONTRACTS:
        for name in REGISTRY.names(kind):
            _check_words(kind, REGISTRY.get(kind, name))


def test_the_check_would_find_a_slip(monkeypatch):
    monkeypatch.setattr(Keep, "of_picture", lambda self, picture, content: picture * np.nan)
    with pytest.raises(AssertionError, match="colours `keep`, in of_picture, made an array with NaN"):
        testing.check_colours(Keep())
