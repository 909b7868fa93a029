"""The pluggy hooks.

A plugin is a module that implements one or more hooks. An installed distribution names its module by an entry point in the
group `nstk`. Every hook but the last only *returns classes*: nothing that a plugin defines runs unless a recipe names it.

A released hook is never renamed, and its arguments only become more.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeVar, cast

import pluggy

from .backbones import Backbone
from .callbacks import Callback
from .colours import Colours
from .initializers import Initializer
from .losses import Loss
from .optimizers import Optimizer
from .parametrizations import Parametrization
from .regions import Region

if TYPE_CHECKING:
    from collections.abc import Callable

    import click


PROJECT = "nstk"
"""The name of the pluggy project and of the entry-point group."""


_F = TypeVar("_F", bound="Callable[..., object]")


hookspec = cast("Callable[[_F], _F]", pluggy.HookspecMarker(PROJECT))


hookimpl = cast("Callable[[_F], _F]", pluggy.HookimplMarker(PROJECT))


class Hooks:
    """Every hook of nstk, each with a complete plugin as its example."""

    @hookspec
    def nstk_losses(self) -> Iterable[type[Loss]]:  # type: ignore[empty-body]
        """Losses that a recipe can name under `losses:`.

        A whole plugin:

            import nstk

            class Brightness(nstk.Loss):
                \"\"\"Squared distance of the mean level from a wanted one.\"\"\"
                name = "brightness"
                level: float = nstk.Field(128, ge=0, le=255, description="The wanted mean, 0..255.")

                def __call__(self, features, target):
                    import tensorflow as tf
                    return tf.square(tf.reduce_mean(features["image"]) / 255 - self.level / 255)

            @nstk.hookimpl
            def nstk_losses():
                return [Brightness]
        """

    @hookspec
    def nstk_initializers(self) -> Iterable[type[Initializer]]:  # type: ignore[empty-body]
        """Initializers that a recipe can name under `init:`.

        A whole plugin:

            import nstk

            class Grey(nstk.Initializer):
                \"\"\"One grey everywhere.\"\"\"
                name = "grey"
                level: float = nstk.Field(128, ge=0, le=255, description="The grey, 0..255.")

                def __call__(self, pictures, rng):
                    import numpy as np
                    return np.full_like(pictures.content, self.level)

            @nstk.hookimpl
            def nstk_initializers():
                return [Grey]
        """

    @hookspec
    def nstk_optimizers(self) -> Iterable[type[Optimizer]]:  # type: ignore[empty-body]
        """Optimizers that a recipe can name under `optimizer:`.

        A stepper with a state of its own (moments, a history) keeps it in variables and lists them in `variables`, so that a
        run can be resumed.

        A whole plugin:

            import nstk

            class SignStepper(nstk.Stepper):
                def __init__(self, problem, size):
                    self.problem, self.size = problem, size

                def step(self):
                    import tensorflow as tf
                    evaluation, gradient = self.problem.value_and_grad()
                    self.problem.move(-self.size * tf.sign(gradient))
                    return evaluation

            class Sign(nstk.Optimizer):
                \"\"\"Move every pixel by the same amount against the sign of its gradient.\"\"\"
                name = "sign"
                size: float = nstk.Field(1.0, gt=0, description="Levels a step.")

                def start(self, problem, before=None):
                    return SignStepper(problem, self.size)

            @nstk.hookimpl
            def nstk_optimizers():
                return [Sign]
        """

    @hookspec
    def nstk_parametrizations(self) -> Iterable[type[Parametrization]]:  # type: ignore[empty-body]
        """Parametrizations that a recipe can name under `parametrization:`.

        A whole plugin:

            import nstk

            class Warm(nstk.Parametrization):
                \"\"\"Red moves more readily than green and blue.\"\"\"
                name = "warm"
                red: float = nstk.Field(2.0, gt=0, description="How much more.")

                def operator(self, height, width):
                    return lambda change: change * [self.red, 1.0, 1.0]

            @nstk.hookimpl
            def nstk_parametrizations():
                return [Warm]
        """

    @hookspec
    def nstk_colours(self) -> Iterable[type[Colours]]:  # type: ignore[empty-body]
        """Colours that a recipe can name under `colours:`.

        A whole plugin:

            import nstk

            class Grey(nstk.Colours):
                \"\"\"Black and white.\"\"\"
                name = "grey"

                def of_picture(self, picture, content):
                    return (picture @ [0.299, 0.587, 0.114])[..., None].repeat(3, axis=-1)

            @nstk.hookimpl
            def nstk_colours():
                return [Grey]
        """

    @hookspec
    def nstk_regions(self) -> Iterable[type[Region]]:  # type: ignore[empty-body]
        """Regions that a recipe can name under `where:` and `paint:`.

        A whole plugin:

            import nstk

            class Half(nstk.Region):
                \"\"\"The left part of the picture.\"\"\"
                name = "half"
                share: float = nstk.Field(0.5, gt=0, lt=1, description="Which share of the width belongs to it.")

                def __call__(self, pictures):
                    import numpy as np
                    height, width = pictures.content.shape[:2]
                    inside = np.arange(width) < self.share * width
                    return np.tile(inside.astype(np.float32), (height, 1))

            @nstk.hookimpl
            def nstk_regions():
                return [Half]
        """

    @hookspec
    def nstk_callbacks(self) -> Iterable[type[Callback]]:  # type: ignore[empty-body]
        """Callbacks that a recipe can name under `callbacks:`.

        A callback that has to find something again in a run that is resumed returns it from `state`, and gets it in `restore`.

        A whole plugin:

            import nstk

            class Say(nstk.Callback):
                \"\"\"Print the loss.\"\"\"
                name = "say"
                shows = True

                def on_step(self, run, step):
                    print(step.index, step.loss, dict(step.losses))

            @nstk.hookimpl
            def nstk_callbacks():
                return [Say]
        """

    @hookspec
    def nstk_backbones(self) -> Iterable[type[Backbone]]:  # type: ignore[empty-body]
        """Networks that a recipe can name under `backbone:`.

        A whole plugin:

            import nstk

            class Blur(nstk.Backbone):
                \"\"\"No network at all: the picture, averaged over squares of 4 pixels.\"\"\"
                name = "blur"
                layers = (nstk.Layer("blur4", channels=3, stride=4, receptive_field=4),)

                def build(self, layers):
                    import tensorflow as tf
                    return lambda image: {"blur4": tf.nn.avg_pool2d(image, 4, 4, "VALID")}

            @nstk.hookimpl
            def nstk_backbones():
                return [Blur]
        """

    @hookspec
    def nstk_commands(self, cli: click.Group) -> None:
        """Add commands to the command line. None of nstk's own commands can be replaced.

        A whole plugin:

            import click
            import nstk

            @click.command()
            def hello():
                \"\"\"Say hello.\"\"\"
                click.echo("hello")

            @nstk.hookimpl
            def nstk_commands(cli):
                cli.add_command(hello)
        """


KINDS: dict[str, tuple[str, type]] = {
    "nstk_losses": ("loss", Loss),
    "nstk_initializers": ("initializer", Initializer),
    "nstk_parametrizations": ("parametrization", Parametrization),
    "nstk_optimizers": ("optimizer", Optimizer),
    "nstk_colours": ("colours", Colours),
    "nstk_regions": ("region", Region),
    "nstk_callbacks": ("callback", Callback),
    "nstk_backbones": ("backbone", Backbone),
}
"""What each hook defines: the word for it, and the class to subclass."""
