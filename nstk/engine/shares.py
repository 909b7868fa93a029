"""How much of the loss and of its gradient each loss, layer and painting holds at a picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .gradients import Pull, Pulls


@dataclass(frozen=True)
class Share:
    """What a loss, one of its layers or a painting holds."""

    value: float
    """The loss times its weight."""
    share_of_loss: float
    """The value as a share of the sum over all losses, or over all paintings; 0..1."""
    gradient: float
    """The length (L2) of the gradient of this value with respect to the pixels, whose levels are 0..255."""
    share_of_gradient: float
    """The length as a share of the sum of lengths of all losses, or of all paintings; 0..1."""


@dataclass(frozen=True)
class Shares:
    """Who holds how much at one picture."""

    picture: str
    """The picture's file, or `the start`."""
    size: tuple[int, int]
    """Width and height in pixels."""
    loss: float
    """The sum of all losses, each times its weight."""
    gradient: float
    """The length (L2) of the gradient of that sum. It is shorter than all lengths together where losses pull against others."""
    losses: dict[str, Share]
    """By label, in the recipe's order. A loss of weight 0 holds nothing."""
    layers: dict[str, dict[str, Share]]
    """By label and layer, for losses that are sums over their layers. Layers share what their loss holds."""
    paintings: dict[str, Share]
    """By label, where there are several."""
    cosines: dict[tuple[str, str], float]
    """The cosine between the gradients of two losses, by their labels: -1 where they pull against each other."""

    @classmethod
    def of(cls, picture: str, size: tuple[int, int], labels: Iterable[str], pulls: Pulls) -> Shares:
        """The shares of the losses of these labels."""
        losses = _divided({label: pulls.losses.get(label, Pull()) for label in labels})
        layers = {label: _divided(parts, losses[label]) for label, parts in pulls.layers.items()}
        loss, paintings = sum(it.value for it in losses.values()), _divided(pulls.paintings)
        return cls(picture, size, loss, pulls.together, losses, layers, paintings, pulls.cosines)

    def to_json(self) -> dict[str, Any]:
        """The shares as JSON can hold them."""
        pairs = [{"losses": [*pair], "cosine": cosine} for pair, cosine in self.cosines.items()]
        return {**asdict(self), "size": [*self.size], "cosines": pairs}


def _divided(parts: Mapping[str, Pull], whole: Share | None = None) -> dict[str, Share]:
    """The shares of parts, which add up to those of the `whole`, or to 1."""
    value, length = (sum(parts_) for parts_ in zip(*parts.values(), strict=True)) if parts else (0.0, 0.0)
    of_loss, of_gradient = (whole.share_of_loss, whole.share_of_gradient) if whole else (1.0, 1.0)
    return {
        name: Share(
            pull.value,
            of_loss * pull.value / value if value else 0.0,
            pull.length,
            of_gradient * pull.length / length if length else 0.0,
        )
        for name, pull in parts.items()
    }
