"""nstk, the neural style transfer kit: recipes, plugins and a `tf.GradientTape` loop over VGG-19.

    import nstk
    result = nstk.run(nstk.load_recipe("louvre", overrides=["steps=100"]))
    result.picture                     # height x width x 3, uint8

Importing this package never imports TensorFlow; running a recipe does.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._version import __version__ as __version__

if TYPE_CHECKING:  # This is the list of public names: type checkers read it as it stands, and `_homes` reads it at run time.
    from .api import (
        IMAGE as IMAGE,
        Backbone as Backbone,
        Callback as Callback,
        Colours as Colours,
        Definition as Definition,
        Display as Display,
        Evaluation as Evaluation,
        Features as Features,
        Field as Field,
        File as File,
        Formula as Formula,
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
        Region as Region,
        Run as Run,
        RunRecipe as RunRecipe,
        Scale as Scale,
        StatisticLoss as StatisticLoss,
        Step as Step,
        Stepper as Stepper,
        Styles as Styles,
        TargetPicture as TargetPicture,
        blend as blend,
        in_turn as in_turn,
        normalised as normalised,
        size_of as size_of,
        squared_difference as squared_difference,
        total as total,
    )
    from .api.hookspecs import hookimpl as hookimpl
    from .clips.paint import PaintedClip as PaintedClip, video as video
    from .engine.evaluation import evaluate as evaluate
    from .engine.explanation import Explanation as Explanation, explain as explain
    from .engine.result import Result as Result
    from .engine.session import Session as Session, rerun as rerun, resume as resume, run as run
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
    from .files import file_hash as file_hash, write_whole as write_whole
    from .judging.scores import Score as Score, score as score
    from .machine.precision import processor as processor
    from .pictures import (
        check_output as check_output,
        read_alpha as read_alpha,
        read_picture as read_picture,
        resize as resize,
        write_picture as write_picture,
    )
    from .recipe.load import load_recipe as load_recipe
    from .recipe.model import Recipe as Recipe
    from .series.paint import Painted as Painted, sweep as sweep


def _homes() -> dict[str, str]:
    """The module that each public name is imported from when it is first used: what stands in the block above.

    A name is written once, there: a second table for the run time would have to say the same.
    """
    import ast
    import inspect
    import sys

    source = inspect.getsource(sys.modules[__name__])
    block = next(node for node in ast.parse(source).body if isinstance(node, ast.If))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    return {alias.name: f".{node.module}" for node in imports for alias in node.names}


_HOMES = _homes()

__all__ = sorted([*_HOMES, "__version__"])  # noqa: PLE0605 (computed, so that a name is listed once)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: the light commands never pay for TensorFlow."""
    if name not in _HOMES:
        raise AttributeError(f"module `nstk` has no attribute `{name}`")
    value = getattr(import_module(_HOMES[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
