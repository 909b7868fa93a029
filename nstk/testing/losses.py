"""Checks everything that a loss must do."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from ..api import IMAGE, Backbone, Features, Layer, Loss, Pictures, StatisticLoss, Styles
from ..errors import NstkError
from .common import called, check_dump, require
from .samples import ODD, features, pictures, references, tiny

if TYPE_CHECKING:
    import numpy as np

    from ..objective.base import Objective


Part = Callable[[int], slice]
"""Takes the row of a layer where a picture is split, and returns the rows of one part."""


ROUNDING = 1e-4
"""By how much, of its value, a loss may differ between an eager and a compiled step."""


def check_loss(
    loss: Loss,
    size: tuple[int, int] = ODD,
    *,
    backbone: Backbone | None = None,
    zero_at: Literal["content", "style"] | None = None,
) -> None:
    """Raise an `AssertionError` that says what is broken, unless a loss does all that a run relies on.

        nstk.testing.check_loss(MyLoss(level=3))
        nstk.testing.check_loss(MyLoss(), zero_at="content")        # near zero where the picture is the content

    It survives being written to a recipe and read again; it reads only layers that its `reads()` names and that the backbone
    has (`tiny`, unless another is given); it is a finite scalar with a finite gradient, at odd sizes too; it has the same value
    when it is asked again, after it was used at another size, and when it is compiled, though it may draw from the global
    generator; it leaves its weight to nstk; and it keeps no state, which a run refuses in the same words.
    A loss that has `octaves` is asked at all of them.
    """
    from ..engine.surroundings import prepared

    backbone = backbone or tiny()
    name = called(loss)
    check_dump(loss)
    loss = _with_one_weight(loss)
    _check_layers(name, loss, backbone)
    try:
        with prepared():
            _check_values(name, loss, backbone, size, zero_at)
    except NstkError as error:
        raise AssertionError(str(error)) from error


def _seeded(compute: Callable[[], Any]) -> Any:
    """What `compute` returns where random numbers begin again, as at each scale of a run: a loss draws the same ones."""
    import tensorflow as tf

    tf.random.get_global_generator().reset_from_seed(0)
    return compute()


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= ROUNDING * max(abs(one), abs(other)) + 1e-12


def _objective(loss: Loss, backbone: Backbone, made: Pictures) -> Objective:
    from ..objective.features import layers_read, network
    from ..objective.in_octaves import OctaveObjective, made_smaller
    from ..objective.octaves import octaves_at
    from ..objective.whole import WholeObjective

    def whole(losses: Mapping[str, Loss], made: Pictures) -> Objective:
        return WholeObjective(network(backbone, layers_read(backbone, losses.values())), losses, made)

    def at_octaves() -> Objective:
        losses, content, *styles = {loss.name: loss}, *(it.shape[1::-1] for it in (made.content, *made.styles.values()))
        octaves = octaves_at(losses, content, styles, least=0)
        parts = {it.divisor: whole(it.losses, made_smaller(made, it.divisor)) for it in octaves}
        return parts[1] if [*parts] == [1] else OctaveObjective(losses, parts)

    return _seeded(at_octaves)  # type: ignore[no-any-return]


def _with_one_weight(loss: Loss) -> Loss:
    """A loss with a single weight above 0: nstk leaves out what weighs nothing, and a picture is checked at one scale."""
    good = isinstance(loss.weight, float) and loss.weight > 0
    return loss if good else loss.model_copy(update={"weight": 1.0})


def _weight(loss: Loss) -> float:
    assert isinstance(loss.weight, float)
    return loss.weight


def _value(objective: Objective, picture: np.ndarray) -> float:
    """The loss of a picture, without its weight."""
    from ..objective.features import batch

    (loss,) = objective.losses.values()
    value = float(_seeded(lambda: objective.evaluate(batch(picture)).loss)) / _weight(loss)
    require(math.isfinite(value), f"loss `{loss.name}` is {value}: it must be finite")
    return value


def _check_values(name: str, loss: Loss, backbone: Backbone, size: tuple[int, int], zero_at: str | None) -> None:
    """What a loss is of small pictures, asked in every way in which a run asks it."""
    import tensorflow as tf

    tf.random.set_global_generator(tf.random.Generator.from_seed(0, alg="philox"))  # `prepared` puts the caller's back
    made, other = pictures(size), pictures(size, seed=1).content
    objective = _objective(loss, backbone, made)
    value = _value(objective, other)
    _check_gradient(name, objective, other)
    elsewhere = size[0] + 9, size[1] - 7
    _value(_objective(loss, backbone, pictures(elsewhere)), pictures(elsewhere, 1).content)
    again = [_value(objective, other), _value(_objective(loss, backbone, made), other)]
    require(
        all(_near(value, later) for later in again),
        f"{name} is {value:.6g} at first and then {', '.join(f'{later:.6g}' for later in again)} for the same picture: it "
        "must depend on nothing but the features and the target",
    )
    _check_compiled(name, objective, other, value)
    _check_weight(name, loss, backbone, made, other, value)
    if isinstance(loss, StatisticLoss):
        plain = loss.model_copy(update={"octaves": (1,)})
        at_once = value if plain == loss else _value(_objective(plain, backbone, made), other)
        _check_split(name, loss, backbone, made, other, at_once)
        if loss.pointwise:
            _check_pointwise(name, loss, backbone, made, other, at_once)
    if zero_at:
        least = _value(objective, made.content if zero_at == "content" else made.styles["style"])
        what = f"{name} is {least:.3g} where the picture is the {zero_at}, not near zero"
        require(abs(least) <= ROUNDING * abs(value), what)


def _check_layers(name: str, loss: Loss, backbone: Backbone) -> None:
    layers = loss.reads()
    require(not isinstance(layers, str), f'{name}: reads() returned the text "{layers}": return a list of layers')
    known = {IMAGE, *(layer.name for layer in backbone.layers)}
    strange = [layer for layer in layers if layer not in known]
    require(
        not strange, f"{name}: reads() names {', '.join(map(repr, strange))}, which the backbone {backbone.name} does not have"
    )


def _check_gradient(name: str, objective: Objective, picture: np.ndarray) -> None:
    import numpy as np

    from ..objective.features import batch

    gradient = objective.value_and_grad(batch(picture))[1]  # raises where there is none at all
    require(bool(np.isfinite(gradient).all()), f"{name} has a gradient that is NaN or infinite")
    require(bool(np.any(gradient)), f"{name} has a gradient of zero everywhere: no picture would move")


def _check_compiled(name: str, objective: Objective, picture: np.ndarray, value: float) -> None:
    import tensorflow as tf

    from ..objective.features import batch

    (loss,) = objective.losses.values()
    image = batch(picture)
    try:
        step = tf.function(objective.value_and_grad, autograph=False).get_concrete_function(image)
        values = [float(_seeded(lambda: step(image)[0].loss)) / _weight(loss) for _ in range(2)]
    except NstkError as error:
        raise AssertionError(f"compiled, {error}") from error
    require(
        all(_near(value, compiled) for compiled in values),
        f"{name} is {value:.6g} op by op, but {' and '.join(f'{compiled:.6g}' for compiled in values)} compiled: use "
        "tensors only, Python's own values are frozen when it is compiled",
    )


def _check_weight(name: str, loss: Loss, backbone: Backbone, made: Pictures, picture: np.ndarray, value: float) -> None:
    heavier = loss.model_copy(update={"weight": 3 * _weight(loss) + 1})
    there = _value(_objective(heavier, backbone, made), picture)
    require(_near(value, there), f"{name} uses its own weight: return the loss without it, nstk multiplies")


def _check_split(name: str, loss: StatisticLoss, backbone: Backbone, made: Pictures, picture: np.ndarray, value: float) -> None:
    """The sums over two parts, less those over what they share, must be those over the whole: it is what tiles rest on.

    Parts begin where tiles do: at a multiple of the strides of the loss and of the layers that it reads.
    """
    import math

    from ..objective.sums import added, each

    layers = loss.reads()
    strides = {layer.name: layer.stride for layer in (Layer(IMAGE, 3, 1, 1), *backbone.layers) if layer.name in layers}
    seam = math.lcm(loss.stride, *strides.values())  # in pixels
    refs = references(made, layers, backbone)
    painted = features(picture, layers, backbone)

    def rows(found: Features, part: Part) -> Features:
        return {layer: map_[:, part(seam // strides[layer])] for layer, map_ in found.items()}

    def whole(of: Callable[[Part], Any]) -> Any:
        total = added(of(lambda row: slice(None, row + loss.halo)), of(lambda row: slice(row, None)))
        shared = of(lambda row: slice(row, row + loss.halo)) if loss.halo else None
        return total if shared is None else each(lambda both, twice: both - twice, total, shared)

    def of_style(style: Features, part: Part) -> Any:
        return loss.of_style(rows(style, part))

    statistic = whole(lambda part: loss.statistic(rows(painted, part), loss.maps(rows(refs.content, part))))
    content = whole(lambda part: loss.of_content(rows(refs.content, part)))
    styles = Styles.of(refs.styles).mapped(lambda style: whole(partial(of_style, style)))
    split = float(loss.score(statistic, loss.goal(content, styles)))
    require(
        _near(value, split),
        f"{name} is {value:.6g} of the whole picture, but {split:.6g} of the sum of two parts: its statistic must be a sum "
        "over positions (over neighbours too: say `halo = 1`; over squares of pixels: say `stride = 4`)",
    )


def _check_pointwise(
    name: str, loss: StatisticLoss, backbone: Backbone, made: Pictures, picture: np.ndarray, value: float
) -> None:
    """The sums must not depend on where a position lies: it is what regions rest on, which hand over positions alone."""
    import numpy as np
    import tensorflow as tf

    layers = loss.reads()
    refs, painted = references(made, layers, backbone), features(picture, layers, backbone)

    def column(map_: Any) -> Any:
        """The positions of a map in another order, which is the same for all maps of a size."""
        order = np.random.default_rng(0).permutation(map_.shape[1] * map_.shape[2])
        return tf.gather(tf.reshape(map_, [-1, *map_.shape[3:]]), order)[tf.newaxis, :, tf.newaxis]

    maps = tf.nest.map_structure(lambda map_: None if map_ is None else column(map_), loss.maps(refs.content))
    goal = loss.goal(loss.of_content(refs.content), Styles.of(refs.styles).mapped(loss.of_style))
    otherwise = float(loss.score(loss.statistic({layer: column(it) for layer, it in painted.items()}, maps), goal))
    require(
        _near(value, otherwise),
        f"{name} is {value:.6g}, but {otherwise:.6g} of the same positions in another order: let `pointwise` return False "
        "if it joins positions, so that no recipe limits it to a region",
    )
