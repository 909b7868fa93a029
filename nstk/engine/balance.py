"""The balance of photograph and painting: losses are weighed so that they pull in a ratio that means the same for every recipe.

How far a weight goes depends on the formula of its loss, on the layers, on the two pictures and on their size. What moves the
picture is the gradient. So the gradients are measured, at the photograph with a little noise (in the photograph itself, the
content loss has none), and with the length g of that of the losses which hold the photograph, and s of that of the style
losses, all together, their weights are changed so that

    s / g = EVEN b / (100 - b)        b: `balance`, 0..100

The weights of the one side are multiplied by as much as those of the other are divided by. Losses that compare with neither,
such as total variation, keep theirs. Each scale is balanced at its own size, so a small preview has the balance of the print.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import tensorflow as tf

from ..api import Loss
from ..objective.base import Objective, reweighed
from ..objective.features import batch
from ..registry.blame import blaming
from .footprint import Layout
from .inputs import noisy

EVEN = 6.5
"""How many times as long the gradient of the style losses is in the middle, at 50. The default recipe has 4.4 to 7."""

DIGITS = 4
"""To how many digits the factors are rounded, so that they are short to write down."""

log = logging.getLogger("nstk")


def factors(objective: Objective, balance: float, content: np.ndarray, seed: int) -> dict[str, float]:
    """What the weight of each loss is multiplied by, by label; nothing where one of the two sides does not pull.

    `content` is the photograph at the size of the objective, height x width x 3, 0..255.
    """
    holding = {label: loss for label, loss in objective.losses.items() if loss.holds_content}
    painting = {label: loss for label, loss in objective.losses.items() if loss.sees_style}
    image = batch(noisy(content, seed))
    lengths = [float(tf.norm(gradient_of(objective, image, losses))) for losses in (holding, painting)]
    if not all(0 < it < math.inf for it in lengths):
        return {}
    wanted = math.inf if balance == 100 else EVEN * balance / (100 - balance)
    ratio = wanted * lengths[0] / lengths[1]
    less, more = (0.0, 1.0) if ratio in (0, math.inf) else (math.sqrt(min(ratio, 1 / ratio)), math.sqrt(max(ratio, 1 / ratio)))
    down, up = (holding, painting) if ratio > 1 else (painting, holding)
    rest = {} if balance else dict.fromkeys(objective.losses, 0.0)  # at 0, nothing is to change the photograph
    made = {**rest, **dict.fromkeys(down, less), **dict.fromkeys(up, more)}
    return {label: float(f"{made[label]:.{DIGITS}g}") for label in objective.losses if label in made}


def gradient_of(objective: Objective, image: tf.Tensor, losses: Mapping[str, Loss]) -> tf.Tensor:
    """The gradient of some of an objective's losses together, of the picture's shape."""
    if not losses:
        return tf.zeros_like(image)
    _, gradient = objective.gradient(image, losses)
    return tf.zeros_like(image) if gradient is None else gradient


def pulls_at(objective: Objective, pixels: np.ndarray) -> dict[str, float]:
    """The length (L2) of the gradient of each loss at a picture (height x width x 3, 0..255), by label.

    Raises `OutOfMemory`, and `RunError` where a loss fails.
    """
    image, lengths = batch(pixels), {}
    for label, loss in objective.losses.items():
        with blaming(f"the gradient of loss `{label}`", loss):
            lengths[label] = float(tf.norm(gradient_of(objective, image, {label: loss})))
    return lengths


def balance(objective: Objective, layout: Layout, by: Mapping[str, float]) -> Layout:
    """Multiply the weights of an objective's losses. Returns the layout with these weights, by which a step is found again."""
    objective.reweigh(by)
    octaves = [it._replace(losses=reweighed(it.losses, by)) for it in layout.octaves]
    said = ", ".join(f"`{label}` by {factor:g}" for label, factor in by.items())
    log.info("balance: weights are multiplied, %s", said or "by nothing: photograph or painting does not pull")
    return replace(layout, octaves=tuple(octaves))
