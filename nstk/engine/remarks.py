"""What stands out in the shares of a recipe: each rule looks for one thing, and says it in a sentence with what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ..api import Loss
from ..recipe.enlarged import enlarged
from ..recipe.model import Recipe
from .parts import layers_of
from .shares import Share, Shares

MOST = 0.8
"""The share of the gradient from which on one loss, or one layer of a loss, drowns the others."""

NOTHING = 0.001
"""The share of the gradient below which nothing is seen of a loss or a layer."""

FEW, MANY = 1.5, 40.0
"""The gradient of the style losses at the start, as a multiple of that of the losses which hold the photograph. The recipe
`default` has 8. Below `FEW` its pictures are nearly photographs, and above `MANY` strokes run all over them."""

AGAINST, HEARD = -0.5, 0.05
"""The cosine of two gradients below which losses pull against each other, and the share that each must hold to be told."""

BALANCE = 0.15
"""The length of the gradient of all losses, as a share of the sum of their lengths, at which they cancel out."""

EXPECT = {"tv": "flat colours and soft edges"}
"""What becomes of a picture where one of these losses drowns the others, besides those that hold the photograph."""

Rule = Callable[[Recipe, Sequence[Shares]], Iterator[str]]


def remarks(recipe: Recipe, pictures: Sequence[Shares]) -> Iterator[str]:
    """A sentence for each thing that stands out: the first of the `pictures` is that of the start. One says if nothing does."""
    said = [sentence for rule in RULES for sentence in rule(recipe, pictures)]
    yield from said or ["nothing stands out: every loss and every layer has its share, and none drowns the others"]


def idle(recipe: Recipe, pictures: Sequence[Shares]) -> Iterator[str]:
    """Losses and layers of weight 0, which are not computed."""
    for label, loss in recipe.losses.items():
        if label not in recipe.active_losses:
            yield f"`{label}` has the weight 0 and is not computed"
        for layer, weight in layers_of(loss).items():
            if not weight:
                yield f"`{layer}` has the weight 0 in `{label}`"


def silent(recipe: Recipe, pictures: Sequence[Shares]) -> Iterator[str]:
    """Losses and layers of which nothing is seen at any of the pictures.

    At the start alone, that does not say all: a loss whose pull shrinks as it falls leaves more to the others later.
    """
    where, do = "", "leave {it} out, or raise {its} weight"
    if len(pictures) == 1:
        where, do = f" at {pictures[0].picture}", "raise {its} weight, or look at a result with `--picture`"
    one, several = do.format(it="it", its="its"), do.format(it="them", its="their")
    for label in recipe.active_losses:
        if any(line.startswith(f"`losses.{label}.where`") for line in recipe.absent):
            continue  # `absent` says why
        if _most(it.losses[label] for it in pictures) < NOTHING:
            yield f"`{label}` contributes nothing{where}: {one}"
            continue
        layers = dict.fromkeys(layer for it in pictures for layer in it.layers.get(label, ()))
        quiet = [
            f"`{layer}`"
            for layer in layers
            if _most(it.layers[label][layer] for it in pictures if label in it.layers) < NOTHING
        ]
        if quiet:
            *first, last = quiet
            who = f"{', '.join(first)} and {last} contribute" if first else f"{last} contributes"
            yield f"{who} nothing to `{label}`{where}: {several if first else one}"


def loud(recipe: Recipe, pictures: Sequence[Shares]) -> Iterator[str]:
    """A loss that drowns all others, unless it is one that brings the painting: that is what it is for."""
    for it in pictures:
        for label, share in it.losses.items():
            loss = recipe.losses[label]
            if len(recipe.active_losses) > 1 and share.share_of_gradient > MOST and not loss.sees_style:
                becomes = "little of the painting" if loss.holds_content else EXPECT.get(loss.name)
                expect = f": expect {becomes}, or lower its weight" if becomes else ""
                yield f"`{label}` holds {_percent(share)} of the gradient at {it.picture}{expect}"


def loud_layer(recipe: Recipe, pictures: Sequence[Shares]) -> Iterator[str]:
    """A layer that drowns the others of its loss at the start."""
    for label, layers in pictures[0].layers.items():
        whole = pictures[0].losses[label].share_of_gradient
        for layer, share in layers.items():
            if whole > NOTHING and share.share_of_gradient > MOST * whole:
                part = f"{100 * share.share_of_gradient / whole:.0f} %"
                evenly = "" if _is_relative(recipe.losses[label]) else "; `formula: relative` weighs layers alike"
                at = pictures[0].picture
                yield f"`{layer}` holds {part} of the gradient of `{label}` at {at}, and the others hardly count{evenly}"


def uneven(recipe: Recipe, pictures: Sequence[Shares]) -> Iterator[str]:
    """The photograph or the painting outweighs the other one at the start, as far as losses of the formula `relative` tell."""
    shares = {label: share.share_of_gradient for label, share in pictures[0].losses.items()}
    photograph = sum(share for label, share in shares.items() if recipe.losses[label].holds_content)
    styles = {label: share for label, share in shares.items() if recipe.losses[label].sees_style}
    compared = [loss for loss in recipe.active_losses.values() if loss.sees_style or loss.holds_content]
    if not all(map(_is_relative, compared)) or photograph < NOTHING or sum(styles.values()) < NOTHING:
        return  # where one of them is silent, that is said already
    times = sum(styles.values()) / photograph
    main = max(styles, key=lambda label: (len(layers_of(recipe.losses[label])), styles[label]))
    if times < FEW:
        expect, do = "the picture will be nearly the photograph", "multiply"
    elif times > MANY:
        expect, do = "little of the photograph will be seen", "divide"
    else:
        return
    yield (
        f"the style holds {times:.2g} times the gradient of the content at {pictures[0].picture}, so {expect}: {do} "
        f"`losses.{main}.weight` by three"
    )


def one_painting(recipe: Recipe, pictures: Sequence[Shares]) -> Iterator[str]:
    """A painting of which nothing will be seen beside the others."""
    for label in pictures[0].paintings:
        if _most(it.paintings[label] for it in pictures) < 10 * NOTHING:
            yield f"the painting `{label}` holds less than a hundredth of the style: raise its weight"


def balanced(recipe: Recipe, pictures: Sequence[Shares]) -> Iterator[str]:
    """An earlier result at which the losses cancel out."""
    for it in pictures[1:]:
        lengths = sum(share.gradient for share in it.losses.values())
        if it.gradient < BALANCE * lengths:
            left = 100 * it.gradient / lengths
            yield f"the gradients cancel out at {it.picture}, but for {left:.0f} %: more steps will change little"


def opposed(recipe: Recipe, pictures: Sequence[Shares]) -> Iterator[str]:
    """Two losses of which each undoes what the other does, at the start: later, all losses come to do so."""
    for (one, other), cosine in pictures[0].cosines.items():
        if cosine < AGAINST and min(pictures[0].losses[it].share_of_gradient for it in (one, other)) > HEARD:
            yield f"`{one}` and `{other}` pull against each other at {pictures[0].picture} (cosine {cosine:.2f})"


def absent(recipe: Recipe, pictures: Sequence[Shares]) -> Iterator[str]:
    """Regions that lie nowhere in the photograph."""
    yield from recipe.absent


def soft(recipe: Recipe, pictures: Sequence[Shares]) -> Iterator[str]:
    """Pictures that are enlarged."""
    yield from enlarged(recipe)


RULES: tuple[Rule, ...] = (idle, silent, loud, loud_layer, uneven, one_painting, opposed, balanced, absent, soft)


def _most(shares: Iterator[Share]) -> float:
    return max((it.share_of_gradient for it in shares), default=0.0)


def _is_relative(loss: Loss) -> bool:
    """Whether a loss is divided by its own target, so that its gradients can be compared from recipe to recipe."""
    return getattr(loss, "formula", None) == "relative"


def _percent(share: Share) -> str:
    return f"{100 * share.share_of_gradient:.0f} %"
