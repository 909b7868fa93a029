"""Checks whether the parts of a recipe go together: losses, layers, pictures, sizes, and where the result goes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from .. import pictures
from ..api import IMAGE, Backbone, Loss
from ..api.losses import weights
from ..errors import UserError
from ..files import exists, located, possible, real, same_file, shown
from ..hints import suggest
from ..objective.octaves import misfits, octaves_at
from ..objective.tiles import unsplittable
from ..registry.blame import blame
from ..syntax.mistakes import Mark, Mistake
from ..syntax.nodes import Node
from .crop import CENTRE
from .defaults import LABELLED, SLOTS
from .model import SIDECARS, active
from .paintings import STYLE, shortened
from .paths import input_files
from .scales import MAX_EDGE, Pyramid, edges_in, long_edge, long_edge_for, out_of_bounds, shares
from .settings import SPELLINGS, Settings

MANY = 100
"""After so many mistakes, no more words are suggested: nobody would read thousands of suggestions, and they take minutes."""


class Findings:
    """Collects in `mistakes` what is wrong with the tree of a recipe."""

    def __init__(self, tree: Node, mistakes: list[Mistake]):
        self.tree, self.mistakes = tree, mistakes

    def mistake(self, message: str, mark: Mark, hint: str = "") -> None:
        self.mistakes.append(Mistake(message, mark, hint))

    def mark(self, *path: str) -> Mark:
        """The place where the value at `path` is written, or the recipe as a whole if the value is not written."""
        return self.written(*path) or Mark(self.tree.mark.where, self.tree.mark.folder)

    def written(self, *path: str) -> Mark | None:
        """The place where the value at `path` is written, or None if the value is not written."""
        node = self.tree
        for step in path:
            if not isinstance(node.value, dict) or step not in node.value:
                return None
            node = node.value[step]
        return node.mark

    def suggest(self, word: str, choices: Sequence[str]) -> str:
        """The question `did you mean ...?` with the closest choice, or nothing."""
        return suggest(word, choices) if len(self.mistakes) < MANY else ""


def check_losses(found: Findings, losses: dict[str, Loss]) -> None:
    """Refuse a recipe that would paint nothing."""
    node = found.tree.value["losses"]
    mark = node.key or node.mark
    if isinstance(node.value, dict):
        named = [label for label, child in node.value.items() if child.value is not False]
    elif node.value is None or node.value is False:
        named = []
    else:
        return  # such a value has been reported already
    if not named:
        found.mistake("the recipe has no losses", mark, "name one, such as `gram:`, or leave `losses` out for the default ones")
    elif len(losses) == len(named) and not active(losses):
        found.mistake("every loss has the weight 0, so nothing would be painted", mark, "give one of them a weight above 0")


def check_balance(found: Findings, settings: Settings, losses: dict[str, Loss]) -> None:
    """Refuse to balance losses of which none pulls to one of the two sides."""
    pulling = active(losses).values()
    if settings.balance is None or (any(it.sees_style for it in pulling) and any(it.holds_content for it in pulling)):
        return
    sides = "a loss that holds the photograph, such as `content`, and one that sees the painting, such as `gram`"
    hint = "add the one that is missing to `losses`, or leave `balance` out"
    found.mistake(f"`balance` needs {sides}", found.mark("balance"), hint)


def check_layers(found: Findings, backbone: Backbone, losses: dict[str, Loss], broken: dict[str, Loss]) -> None:
    """Refuse layers that the network does not have, also in losses that are `broken` by other mistakes."""
    known = {layer.name: layer for layer in backbone.layers}
    papers = {layer.paper: name for name, layer in known.items()}
    papers |= {paper.replace("relu", "conv"): name for paper, name in papers.items()}
    for label, loss in (losses | broken).items():
        node = found.tree.at(("losses", label))
        whole, places = node.key or node.mark, dict(reversed([*node.words()]))  # `places` holds the first place of each word
        for layer in _layers_read(found, label, loss, whole):
            if layer in known or layer == IMAGE or (layer not in places and label in broken):
                continue
            hint = f"did you mean `{papers[layer]}`?" if layer in papers else found.suggest(layer, [*known, IMAGE])
            message = f"{backbone.name} has no layer `{layer}`"
            found.mistake(message, places.get(layer, whole), hint or f"`nstk layers {backbone.name}` lists them")


def _layers_read(found: Findings, label: str, loss: Loss, mark: Mark) -> list[str]:
    """The layers that a loss says it reads. A mistake in the code of the loss is reported as a mistake of the recipe."""
    try:
        layers = loss.reads()
    except Exception as error:
        found.mistake(f"loss `{label}` failed in reads: {blame(error, loss)}", mark)
        return []
    if isinstance(layers, str) or not all(isinstance(layer, str) for layer in layers):
        found.mistake(f"loss `{label}` returns {layers!r} from reads: it must be a list of layer names", mark)
        return []
    return list(dict.fromkeys(layers))


def check_jit(found: Findings, settings: Settings) -> None:
    """Refuse to compile a step that is to run op by op."""
    if settings.jit is True and settings.run_eagerly:
        message = "`jit: true` would compile the step, but `run_eagerly: true` runs it op by op"
        found.mistake(message, found.mark("jit"), "leave one of them out")


def check_tiles(found: Findings, settings: Settings, slots: dict[str, Any], sizes: Sequence[tuple[int, int]]) -> None:
    """Refuse tiles of a given size if the network, or a loss where it is larger than a tile, cannot be split into tiles.

    `sizes` are those of the pictures at the last scale, the content's first.
    """
    losses = active(slots["losses"])
    if not isinstance(settings.tiles, int) or not slots["backbone"] or any(map(any, map(misfits, losses.values()))):
        return
    octaves = octaves_at(losses, sizes[0], sizes[1:]) if sizes else ()
    large = [octave.losses for octave in octaves if octave is octaves[0] or octave.longest > settings.tiles]
    if why := unsplittable(slots["backbone"], {label: loss for each in large for label, loss in each.items()}):
        found.mistake(why, found.mark("tiles"), "leave `tiles` out, or set `tiles: off`; a smaller `size` needs less memory")


def measured(found: Findings, settings: Settings) -> dict[str, Any]:
    """The long edge of the result in pixels as `size`, and as `aspect` its width and height if the recipe gives both.

    Where the keys and the content give no size, it is one for the checks to go on with.
    """
    given = [key for key in SPELLINGS if getattr(settings, key) is not None]
    aspect = (settings.width, settings.height) if settings.width and settings.height else edges_in(settings.size)
    if given and (where := found.written("size")):
        found.mistake(f"`size` and `{given[0]}` both say how large the result is", where, "leave one of them out")
    if aspect is None and settings.crop != CENTRE:
        message = "`crop` says which part of the content is kept, but the size keeps all of it"
        hint = "give both edges, such as `size: 1920x1080`, or leave `crop` out (`crop: centre`)"
        node = found.tree.at(["crop"])
        found.mistake(message, node.key or node.mark, hint)
    if aspect:
        return {"size": max(aspect), "aspect": aspect}
    return {"size": _long_edge(found, settings, given[0] if given else "size"), "aspect": None}


def _long_edge(found: Findings, settings: Settings, key: str) -> int:
    """The long edge in pixels of a result that keeps the content's aspect. `key` is the key that says the size."""
    default, size = int(Settings.model_fields["size"].default), getattr(settings, key)
    if not settings.content:
        return size if isinstance(size, int) else default
    content = pictures.check_picture(settings.content)
    along, across = content if key != "height" else content[::-1]
    edge = long_edge(size, *content) if key == "size" else long_edge_for(size, along, across)
    if wrong := out_of_bounds(edge):
        what = "`size`" if key == "size" else f"the long edge that goes with `{key}`"
        hint = f"the long edge for `{size}`: the content is {content[0]} x {content[1]} pixels"
        found.mistake(f"{what} {wrong}", found.mark(key), hint)
    return max(default, min(edge, MAX_EDGE)) if wrong else edge


def long_edges(
    found: Findings, steps: int | Sequence[int], pyramid: Pyramid | None, losses: dict[str, Loss], size: int
) -> list[int]:
    """The long edge of each scale in pixels. A `pyramid` that does not fit the `size` is reported and counts as one scale.

    `steps` and weights that do not fit the number of scales are reported too.
    """
    edges = [size]
    try:
        edges = pyramid.long_edges(size) if pyramid else edges
    except ValueError as error:
        found.mistake(str(error), found.mark("pyramid"))
        return edges
    try:
        shares(steps, len(edges))
    except ValueError as error:
        found.mistake(str(error), found.written("steps") or found.mark("pyramid"))
    _check_weights(found, losses, len(edges))
    return edges


def large_enough(settings: Settings, aspect: tuple[int, int] | None, edge: int) -> bool:
    """Whether a scale with a long edge of so many pixels has pictures that the deepest layers can look at."""
    return all(min(size) >= pictures.MIN_SIDE for _, _, size in fitted(settings, aspect, edge))


def _check_weights(found: Findings, losses: dict[str, Loss], scales: int) -> None:
    """Refuse weights for another number of scales, and a scale at which no loss would move the picture."""
    each: dict[str, list[float]] = {}
    for label, loss in losses.items():
        place = "losses", label, "weight"
        try:
            each[label] = weights(loss, scales)
        except ValueError as error:
            message, hint = f"`{'.'.join(place)}` {error}", "`{start: 4, end: 1}` fits any number of scales"
            found.mistake(message, found.written(*place) or found.mark(*place[:2]), hint)
    if len(each) == len(losses) and active(losses):
        for scale in range(scales):
            if not any(weight[scale] for weight in each.values()):
                message = f"every loss has the weight 0 at scale {scale + 1} of {scales}, so nothing would be painted there"
                node = found.tree.value["losses"]
                found.mistake(message, node.key or node.mark, "give one of them a weight above 0")


def check_pictures(found: Findings, settings: Settings, edges: Sequence[int], aspect: tuple[int, int] | None) -> None:
    """Refuse pictures that would have no position left in the deepest layers at the smallest scale."""
    for place, scale, size in fitted(settings, aspect, edges[0]):
        if min(size) < pictures.MIN_SIDE:
            least = f"at least {pictures.MIN_SIDE} x {pictures.MIN_SIDE} are needed"
            where = " at the first scale" if len(edges) > 1 else ""
            message = f"the {place} picture would be {size[0]} x {size[1]} pixels{where}: {least}"
            larger = "a larger `pyramid.start`, or fewer `levels`" if where else "a larger `size`"
            own = found.written(*place.split("."), "scale") is not None
            key = f"{place}.scale" if own else "style_scale"
            hint = f"give it {larger}" + (f" or a larger `{key}`" if scale < 1 else "")
            cause = (*key.split("."),) if scale < 1 else ("pyramid",) if where else ("size",)
            found.mistake(message, found.written(*cause) or found.written("size") or found.mark(*place.split(".")), hint)


def fitted(settings: Settings, aspect: tuple[int, int] | None, edge: int) -> Iterator[tuple[str, float, tuple[int, int]]]:
    """Of each picture its place in the recipe, its long edge as a multiple of `edge`, and its size at such a scale."""
    content = aspect or (pictures.check_picture(settings.content) if settings.content else None)
    if content:
        yield "content", 1.0, pictures.scaled(content, edge, 1.0)
    for label, painting in settings.style.items():
        if painting.picture:
            scale = painting.scaled_by(settings.style_scale)
            size = pictures.scaled(pictures.check_picture(painting.picture), edge, scale)
            yield shortened(f"{STYLE}.{label}"), scale, size


def output(found: Findings, settings: Settings, text: str, name: str) -> Path | None:
    """The absolute path of the picture's file: the `text` of the recipe, or out/NAME.png in the working directory.

    In a folder that is there, or if the text ends in a slash, it is NAME.png. The path is None where no picture can be
    written. The reason is reported.
    """
    mark = found.mark("output", "path")
    path = located(text, mark.folder) if text else Path.cwd() / "out" / f"{name}.png"
    path = path / f"{name}.png" if names_folder(text, mark.folder) else path
    try:
        pictures.check_output(Path(shown(path)), settings.output.quality)
    except UserError as error:
        found.mistake(str(error), mark, "" if path.suffix or not path.name else f"write `{text}.png`")
        return None
    if not all(map(possible, written(path))):
        found.mistake(f"no file can have the name {text or shown(path)}", mark, "choose another `output`")
        return None
    path = real(path)
    if not pictures.holds(path, settings.output.depth):
        message = f"{path.suffix} pictures hold 8 bits a channel, not {settings.output.depth}"
        found.mistake(message, found.mark("output", "depth"), "write `depth: 8`, or name a .png or .tif")
    if os.path.isdir(path):
        found.mistake(f"{shown(path)} is a folder: name a file in it", mark)
        return None
    parent = next(folder for folder in path.parents if exists(folder))
    if parent.is_dir() and os.access(parent, os.W_OK):
        return path
    what = "cannot be written to" if parent.is_dir() else "is a file, not a folder"
    found.mistake(f"{shown(parent)} {what}", mark, "choose another `output`")
    return None


def names_folder(text: str, folder: Path) -> bool:
    """Whether an `output` is a folder, in which the recipe's name is that of the picture."""
    path = located(text, folder)
    is_there = os.path.isdir(path) and path.suffix.lower() not in pictures.FORMATS
    return bool(text and path.name) and (is_there or text.endswith(("/", os.sep)))


def check_overwriting(found: Findings, path: Path, settings: Settings, slots: dict[str, Any]) -> None:
    """Refuse a run that would write over a file that it reads, or through a link that leads out of the picture's folder."""
    definitions = [("", settings), *((key, slots[key]) for key in SLOTS if slots[key])]
    definitions += [(f"{key}.{label}", made) for key in LABELLED for label, made in slots[key].items()]
    mark = found.mark("output", "path")
    for target in written(path):
        if real(target).parent != path.parent:
            message = f"the run would write through {shown(target)}, a link out of the output's folder, to {real(target)}"
            found.mistake(message, mark, "remove it, or choose another `output`")
    for where, file in input_files(definitions).items():
        for target in written(path):
            if same_file(file, target):
                message = f"the run would write {shown(target)} over the recipe's `{where}`"
                found.mistake(message, mark, "choose another `output`")


def written(path: Path) -> list[Path]:
    """The files that a run writes: the picture, and beside it the recipe and the record of the run."""
    return [path, *(path.with_name(pictures.base_name(path) + suffix) for suffix in SIDECARS)]
