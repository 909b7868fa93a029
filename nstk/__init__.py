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
        "Goal",
        "IMAGE",
        "Initializer",
        "InputFile",
        "InputPicture",
        "Layer",
        "Layers",
        "Loss",
        "Optimizer",
        "Parametrization",
        "Pictures",
        "Problem",
        "References",
        "Run",
        "Scale",
        "StatisticLoss",
        "Step",
        "Stepper",
    ],
    "engine": ["Result", "evaluate", "resume", "run"],
    "errors": [
        "CallbackError",
        "NotFinite",
        "NstkError",
        "OutOfMemory",
        "OutputError",
        "PictureError",
        "PluginError",
        "RecipeError",
        "RunError",
        "UserError",
        "WeightsError",
    ],
    "hookspecs": ["hookimpl"],
    "images": ["check_output", "read_picture", "resize", "write_picture", "write_whole"],
    "loading": ["load_recipe"],
    "recipe": ["Recipe"],
}
_HOME = {name: module for module, names in _HOMES.items() for name in names} | {"Field": "api"}

__all__ = sorted([*_HOME, "__version__"])  # noqa: PLE0605 (computed, so that a name is listed once for the runtime)

if TYPE_CHECKING:  # `as` tells type checkers that these are public
    from .api import (
        IMAGE as IMAGE,
        Backbone as Backbone,
        Callback as Callback,
        Definition as Definition,
        Evaluation as Evaluation,
        Features as Features,
        Field as Field,
        File as File,
        Goal as Goal,
        Initializer as Initializer,
        InputFile as InputFile,
        InputPicture as InputPicture,
        Layer as Layer,
        Layers as Layers,
        Loss as Loss,
        Optimizer as Optimizer,
        Parametrization as Parametrization,
        Pictures as Pictures,
        Problem as Problem,
        References as References,
        Run as Run,
        Scale as Scale,
        StatisticLoss as StatisticLoss,
        Step as Step,
        Stepper as Stepper,
    )
    from .engine import Result as Result, evaluate as evaluate, resume as resume, run as run
    from .errors import (
        CallbackError as CallbackError,
        NotFinite as NotFinite,
        NstkError as NstkError,
        OutOfMemory as OutOfMemory,
        OutputError as OutputError,
        PictureError as PictureError,
        PluginError as PluginError,
        RecipeError as RecipeError,
        RunError as RunError,
        UserError as UserError,
        WeightsError as WeightsError,
    )
    from .hookspecs import hookimpl as hookimpl
    from .images import (
        check_output as check_output,
        read_picture as read_picture,
        resize as resize,
        write_picture as write_picture,
        write_whole as write_whole,
    )
    from .loading import load_recipe as load_recipe
    from .recipe import Recipe as Recipe


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: the light commands never pay for TensorFlow."""
    if name not in _HOME:
        raise AttributeError(f"module `nstk` has no attribute `{name}`")
    value = getattr(import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
