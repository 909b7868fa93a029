"""Whether the parts of a recipe go together: losses, layers, and how the step is computed."""

from __future__ import annotations

from typing import Any

from .api import IMAGE, Backbone, Loss
from .events import fault
from .findings import Findings
from .recipe import Settings
from .tiling import unsplittable
from .tree import Mark


def check_losses(found: Findings, losses: dict[str, Loss]) -> None:
    """Refuse a recipe that would paint nothing."""
    node = found.tree.value["losses"]
    mark = node.key or node.mark
    if isinstance(node.value, dict):
        named = [label for label, child in node.value.items() if child.value is not False]
    elif node.value is None or node.value is False:
        named = []
    else:
        return  # reported already
    if not named:
        found.problem("the recipe has no losses", mark, "name one, such as `gram:`, or leave `losses` out for the default ones")
    elif len(losses) == len(named) and all(loss.weight == 0 for loss in losses.values()):
        found.problem("every loss has the weight 0, so nothing would be painted", mark, "give one of them a weight above 0")


def check_layers(found: Findings, backbone: Backbone, losses: dict[str, Loss], broken: dict[str, Loss]) -> None:
    """Refuse layers that the network does not have, also in losses that are `broken` by other mistakes."""
    known = {layer.name: layer for layer in backbone.layers}
    papers = {layer.paper: name for name, layer in known.items()}
    papers |= {paper.replace("relu", "conv"): name for paper, name in papers.items()}
    for label, loss in (losses | broken).items():
        node = found.tree.at(("losses", label))
        whole, places = node.key or node.mark, dict(reversed([*node.words()]))  # where each word is written first
        for layer in _layers_read(found, label, loss, whole):
            if layer in known or layer == IMAGE or (layer not in places and label in broken):
                continue
            hint = f"did you mean `{papers[layer]}`?" if layer in papers else found.suggest(layer, [*known, IMAGE])
            message = f"{backbone.name} has no layer `{layer}`"
            found.problem(message, places.get(layer, whole), hint or f"`nstk layers {backbone.name}` lists them")


def _layers_read(found: Findings, label: str, loss: Loss, mark: Mark) -> list[str]:
    """The layers that a loss says it reads; a mistake of its author's is reported as one of the recipe's."""
    try:
        layers = loss.reads()
    except Exception as error:
        found.problem(f"loss `{label}` failed in reads: {fault(error, loss)}", mark)
        return []
    if isinstance(layers, str) or not all(isinstance(layer, str) for layer in layers):
        found.problem(f"loss `{label}` returns {layers!r} from reads: it must be a list of layer names", mark)
        return []
    return list(dict.fromkeys(layers))


def check_jit(found: Findings, settings: Settings) -> None:
    """Refuse to compile what is to run op by op."""
    if settings.jit is True and settings.run_eagerly:
        message = "`jit: true` would compile the step, but `run_eagerly: true` runs it op by op"
        found.problem(message, found.mark("jit"), "leave one of them out")


def check_tiles(found: Findings, settings: Settings, slots: dict[str, Any]) -> None:
    """Refuse tiles of what cannot be split."""
    if isinstance(settings.tiles, int) and slots["backbone"] and (why := unsplittable(slots["backbone"], slots["losses"])):
        found.problem(why, found.mark("tiles"), "leave `tiles` out, or set `tiles: off`")
