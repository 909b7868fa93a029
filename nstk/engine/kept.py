"""What one picture leaves for the next: the network, what the losses know of the paintings, and compiled steps.

Everything is found again by what it was made from. Definitions are compared key by key, so that a single key of a single loss
that differs asks for another step. Weights, pictures and other files are told apart by their hashes, not by their names.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any, Generic, TypeVar, cast

import tensorflow as tf

from ..api import Scale
from ..errors import PictureError
from ..objective.base import Remember
from ..objective.compiled import Compiled
from ..objective.features import Network, layers_read, network
from ..objective.octaves import Octave
from ..objective.regions import NOWHERE, Limits
from ..objective.tile_network import TileNetwork
from ..objective.tile_part import Part
from ..objective.tiles import Tiling
from ..pictures import Original
from ..recipe.model import Recipe
from ..recipe.paintings import STYLE
from ..registry.registry import SHIPPED
from .footprint import Layout
from .inputs import recolours
from .plan import Plan
from .rig import Rig

ALGORITHM = "philox"
"""The algorithm of the random numbers. It is named here, because TensorFlow's own choice may depend on the device."""

NETWORKS, TILES, STYLES, RIGS = 2, 4, 64, 16
"""How many networks, passes over tiles, styles and rigs are kept. A pyramid has a rig for each scale, and an octave passes of
its own."""

MOVING = "losses", "parametrization", "optimizer"
"""The parts of a recipe that a step is made from, besides the network."""

T = TypeVar("T")


class Kept:
    """What a session keeps from one picture to the next."""

    spread: Callable[..., Sequence[Part]] | None = None
    """Gives the parts that other processes have of a picture's tiles (see `Spread`)."""

    def __init__(self, rigs: int = RIGS) -> None:
        self._networks: _Memory[Network] = _Memory(NETWORKS)
        self._tiles: _Memory[TileNetwork] = _Memory(TILES)
        self._styles: _Memory[Any] = _Memory(STYLES)
        self._rigs: _Memory[Rig] = _Memory(rigs)

    def network(self, recipe: Recipe, plan: Plan, octave: Octave | None = None) -> Network:
        """The part of the backbone that the recipe's losses look at, up to what they read of an octave."""
        layers = _layers(recipe, octave)
        return self._networks.get(_seen(recipe, plan, octave), partial(network, recipe.backbone, layers, plan.choice.dtype))

    def tiles(
        self, recipe: Recipe, plan: Plan, octave: Octave, edge: int, limits: Mapping[str, Limits] = NOWHERE
    ) -> TileNetwork:
        """The passes over tiles of about this edge, compiled unless the recipe runs eagerly."""
        losses = [*octave.losses.items()]  # in their order, on which the last digit of their sum depends
        forms = {label: limit.form for label, limit in limits.items()}
        key = _seen(recipe, plan, octave), losses, forms, _files(recipe, *MOVING), edge, recipe.run_eagerly, plan.jit

        def make() -> TileNetwork:
            tiling = Tiling.of(recipe.backbone, octave.losses, edge)
            ragged = any(forms.values())
            compiled = partial(Compiled, xla=plan.jit and not ragged, required=recipe.jit is True, ragged=ragged)
            if recipe.run_eagerly:
                return TileNetwork(self.network(recipe, plan, octave), octave.losses, tiling)
            return TileNetwork(self.network(recipe, plan, octave), octave.losses, tiling, compiled)

        kept = self._tiles.find(key)
        if kept is None or not kept.repeatable:
            self._tiles.forget(key)
        return self._tiles.get(key, make)

    def forget_tiles(self) -> None:
        """Drop the passes over tiles: where memory is short, their graphs are not worth the seconds that they save later."""
        self._tiles = _Memory(TILES)
        gc.collect()  # graphs are dropped with what they refer to and are referred to by

    def styles(self, recipe: Recipe, plan: Plan, scale: Scale, layout: Layout, octave: Octave) -> Remember:
        """A `Remember` that keeps what the losses have to know of each painting at its size in an octave of a scale."""
        size, edge = (max(scale.width, scale.height), octave.divisor), layout.edge_at(octave)
        seen = _seen(recipe, plan, octave)
        beside: Any = None
        if recolours(recipe)[0]:  # then a painting depends on the photograph, too
            where = {label: it.where for label, it in recipe.paintings.items()}
            beside = recipe.colours, Original.of(recipe.content).sha256, recipe.aspect, recipe.crop, where, recipe.size
        paintings = {
            label: (Original.of(it.picture).sha256, it.scaled_by(recipe.style_scale), it.mask, it.mask and recipe.size)
            for label, it in recipe.paintings.items()
        }
        drawn = {place: it for place, it in _files(recipe, STYLE).items() if ".where." in place or ".mask." in place}
        files = _files(recipe, "losses"), drawn

        def remember(key: Any, compute: Callable[[], Any]) -> Any:
            label, asks = key
            return self._styles.get((seen, paintings[label], beside, files, size, edge, asks), compute)

        return remember

    def rig(self, made_from: Any) -> Rig | None:
        """A rig that painted a scale of the same size in the same way, see `rig_key`, or None. A rig is handed out once."""
        return self._rigs.take(made_from)

    def keep_rig(self, rig: Rig, recipe: Recipe, plan: Plan, scale: Scale, layout: Layout) -> None:
        """Keep a rig that is not at work any more, if its step is compiled and no file that it was made from has changed."""
        key = rig_key(recipe, plan, scale, layout)
        if self._rigs.most and rig.step is not None and rig.made_from == key:
            rig.rest()
            self._rigs.put(key, rig)

    @cached_property
    def numbers(self) -> tf.random.Generator:
        """The generator of the random numbers that losses may draw. Compiled steps hold its state."""
        return tf.random.Generator.from_seed(0, alg=ALGORITHM)

    def seed(self, recipe: Recipe) -> None:
        """Seed TensorFlow's random operations, and let losses draw from this generator.

        When TensorFlow is seeded it drops all that it has prepared, also for the caller's own draws, and takes seconds to
        prepare a compiled step again. nstk's own parts use none of these operations: for them, TensorFlow is not seeded.
        """
        tf.random.set_global_generator(self.numbers)
        parts = [recipe.backbone, recipe.init, recipe.parametrization, recipe.optimizer, *recipe.active_losses.values()]
        if not all(recipe.registry.owner(type(part)).name == SHIPPED for part in parts):
            tf.random.set_seed(recipe.seed)


def rig_key(recipe: Recipe, plan: Plan, scale: Scale, layout: Layout) -> Any:
    """What a scale's rig is made from."""
    recipe = recipe.at(scale.index)
    size, files = (scale.width, scale.height, scale.steps), _files(recipe, *MOVING)
    octaves = [(octave.divisor, [*octave.losses.items()]) for octave in layout.octaves]  # an order decides the last digits
    parts = octaves, recipe.parametrization, layout.optimizer
    return size, _seen(recipe, plan), parts, files, recipe.average, plan.jit


def _seen(recipe: Recipe, plan: Plan, octave: Octave | None = None) -> Any:
    """What the network depends on. A backbone that does not tell its weights is known by the files that it names."""
    weights = recipe.backbone.provenance() or _files(recipe, "backbone")
    return recipe.backbone, _layers(recipe, octave), plan.choice.dtype, weights


def _layers(recipe: Recipe, octave: Octave | None) -> list[str]:
    """The layers at which a network tells its activations: those that any loss reads, up to the deepest that an octave needs.

    So octaves that reach equally deep share a network, and with it the kernels in its memory.
    """
    layers = layers_read(recipe.backbone, recipe.active_losses.values())
    here = layers_read(recipe.backbone, octave.losses.values()) if octave else layers
    return layers[: 1 + max((layers.index(layer) for layer in here), default=-1)]


def _files(recipe: Recipe, *parts: str) -> dict[str, Any]:
    """The hash of each file that these parts of a recipe name, by its place. A file that cannot be read equals no other.

    What is read for targets alone is left out: no step and no painting depends on it.
    """
    hashes: dict[str, Any] = {}
    for place, path in recipe.inputs(targets=False).items():
        if place.partition(".")[0] in parts:
            try:
                hashes[place] = Original.of(path).sha256
            except (OSError, PictureError):
                hashes[place] = object()
    return hashes


class _Memory(Generic[T]):
    """A few values, by keys that can be compared. The value that was not used for the longest time is dropped first."""

    def __init__(self, most: int):
        self.most = most
        self._pairs: list[tuple[Any, T]] = []

    def find(self, key: Any) -> T | None:
        """The value of a key, or None."""
        return next((value for known, value in self._pairs if known == key), None)

    def __contains__(self, key: Any) -> bool:
        return any(known == key for known, _ in self._pairs)

    def get(self, key: Any, make: Callable[[], T]) -> T:
        """The value of a key; it is made if none is kept."""
        value = cast("T", self.find(key)) if key in self else make()  # a value may be None
        self.forget(key)
        self.put(key, value)
        return value

    def take(self, key: Any) -> T | None:
        """The value of a key, or None. The value is not kept any more."""
        value = self.find(key)
        self.forget(key)
        return value

    def put(self, key: Any, value: T) -> None:
        """Keep a value; the oldest one is dropped where there are too many."""
        self._pairs = [*self._pairs, (key, value)][-self.most :]

    def forget(self, key: Any) -> None:
        """Keep no value of a key."""
        self._pairs = [pair for pair in self._pairs if pair[0] != key]
