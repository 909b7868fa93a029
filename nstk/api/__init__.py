"""The classes that a plugin author subclasses, and those that a plugin is handed. Each slot has one file, as in `plugins/`.

A plugin *defines* classes, and a recipe *decides* which of them run. The fields of a class are the keys that a recipe may
write, with their checks, defaults and descriptions. So one class gives validation, `nstk describe`, the JSON schema for editors
and the recipe that is saved beside the picture.

TensorFlow is imported inside methods only, so that listing or checking a plugin stays instant.
"""

from __future__ import annotations

from .additions import in_turn as in_turn, total as total
from .backbones import Backbone as Backbone, Layer as Layer
from .callbacks import Callback as Callback, Run as Run, RunRecipe as RunRecipe, Scale as Scale, Step as Step
from .colours import Colours as Colours
from .definition import (
    Definition as Definition,
    Field as Field,
    File as File,
    InputFile as InputFile,
    InputPicture as InputPicture,
    TargetPicture as TargetPicture,
)
from .display import Display as Display
from .formulas import (
    Formula as Formula,
    normalised as normalised,
    size_of as size_of,
    squared_difference as squared_difference,
)
from .initializers import Initializer as Initializer, Pictures as Pictures
from .losses import (
    IMAGE as IMAGE,
    Features as Features,
    Goal as Goal,
    Layers as Layers,
    Loss as Loss,
    References as References,
    StatisticLoss as StatisticLoss,
)
from .optimizers import Evaluation as Evaluation, Optimizer as Optimizer, Problem as Problem, Stepper as Stepper
from .parametrizations import Parametrization as Parametrization
from .regions import Region as Region, Where as Where
from .styles import Styles as Styles, blend as blend
