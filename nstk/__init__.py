"""nstk, the neural style transfer kit: recipes, plugins and a `tf.GradientTape` loop over VGG-19.

    import nstk
    result = nstk.run(nstk.load_recipe("louvre", overrides=["steps=100"]))
    result.picture                     # height x width x 3, uint8

Importing this package never imports TensorFlow; running a recipe does.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "api": [
        "Backbone",
        "Callback",
        "Definition",
        "Evaluation",
        "File",
        "Features",
        "IMAGE",
        "Initializer",
        "InputFile",
        "Layer",
        "Layers",
        "Loss",
        "Optimizer",
        "Pictures",
        "References",
        "Run",
        "Scale",
        "StatisticLoss",
        "Step",
        "Stepper",
    ],
    "engine": ["Result", "evaluate", "run"],
    "errors": [
        "CallbackError",
        "MissingExtra",
        "NotFinite",
        "NstkError",
        "OutputError",
        "PictureError",
        "PluginError",
        "RecipeError",
        "RunError",
        "UserError",
        "WeightsError",
    ],
    "hookspecs": ["hookimpl"],
    "images": ["read_picture", "resize", "write_picture"],
    "loading": ["load_recipe"],
    "recipe": ["Recipe"],
}
_HOME = {name: module for module, names in _HOMES.items() for name in names} | {"Field": "api"}

__all__ = sorted([*_HOME, "__version__"])  # noqa: PLE0605

if TYPE_CHECKING:
    from .api import (
        IMAGE,
        Backbone,
        Callback,
        Definition,
        Evaluation,
        Features,
        Field,
        File,
        Initializer,
        InputFile,
        Layer,
        Layers,
        Loss,
        Optimizer,
        Pictures,
        References,
        Run,
        Scale,
        StatisticLoss,
        Step,
        Stepper,
    )
    from .engine import Result, evaluate, run
    from .errors import (
        CallbackError,
        MissingExtra,
        NotFinite,
        NstkError,
        OutputError,
        PictureError,
        PluginError,
        RecipeError,
        RunError,
        UserError,
        WeightsError,
    )
    from .hookspecs import hookimpl
    from .images import read_picture, resize, write_picture
    from .loading import load_recipe
    from .recipe import Recipe


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: the light commands never pay for TensorFlow."""
    if name not in _HOME:
        raise AttributeError(f"module `nstk` has no attribute `{name}`")
    value = getattr(import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
