"""Keras's HDF5 files, old and new: weights alone or a whole model, with VGG's layers found by name, however deep they lie.

A layer's place is the path of its group. Keras 1 and 2, and Keras 3 where it saves a whole model as HDF5, call the group by the
layer's name. Elsewhere Keras 3 calls it by the layer's class and a number. Its newer versions note the name there; with older
ones only the model's configuration tells it, and where there is none either, convolutions can at best be counted.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nstk
from nstk.plugins.backbones._vgg.network import LAYER, Network, Pair, Stored, require

if TYPE_CHECKING:
    import h5py

    Arrays = list[h5py.Dataset]

LONGEST_NAME = 256
"""Letters of a layer's name."""
LONGEST_PLACE = 2048
"""Letters of the path of a group or an array."""
MOST_LEVELS = 64
"""How deep groups may lie in each other, four for each model: finding them takes the square of it."""
MOST_SHOWN = 80
"""Letters of a name or path in a message."""

Names = Callable[[], Iterable[tuple[str, str]]]
"""Tells places of layers and models, and what each is called."""


@contextmanager
def h5_pairs(path: Path, network: Network) -> Iterator[dict[str, Pair]]:
    """The reader of an HDF5 file."""
    import h5py

    with h5py.File(path, "r") as file:
        yield pairs_in(path, file, network)


def pairs_in(path: Path, file: h5py.File, network: Network, names: Names = tuple) -> dict[str, Pair]:
    """Kernel and bias of each layer in an open file. `names` is asked if the file itself has none."""
    groups = _groups_of_arrays(file)
    if any(map(_arrays, groups.values())):
        found = _by_class(path, network, groups, names)
    else:
        model = _own(file, "model_weights")
        found = _by_path(path, file if model is None else model)
    require(path, network, found)
    return {layer: _kernel_and_bias(path, layer, found[layer]) for layer in network.shapes}


def _own(group: h5py.Group, name: str) -> Any:
    """What lies in a group by that name; None if nothing does, or if it only points to something, perhaps in another file."""
    import h5py

    return group[name] if isinstance(group.get(name, getlink=True), h5py.HardLink) else None


def _nodes(root: h5py.Group) -> Iterator[tuple[str, Any]]:
    """All groups and arrays below a group, each with its path; without those that it only points to."""
    nodes: list[tuple[str, Any]] = []

    def collect(place: str, node: Any) -> None:
        if len(place) > LONGEST_PLACE or place.count("/") >= MOST_LEVELS:
            raise ValueError("groups lie in each other too deeply, or have too long names")
        nodes.append((place, node))

    root.visititems(collect)
    return iter(nodes)


# -- groups called by the layers' names


def _by_path(path: Path, root: h5py.Group) -> dict[str, Arrays]:
    """Each layer's arrays, which lie in a group of its name or somewhere below."""
    import h5py

    places: dict[str, Arrays] = defaultdict(list)
    for place, node in _nodes(root):
        groups = place.split("/")[:-1]
        layers = [depth for depth, group in enumerate(groups, 1) if LAYER.fullmatch(group)]
        if layers and isinstance(node, h5py.Dataset):
            places["/".join(groups[: layers[-1]])].append(node)
    return _one_of_each(path, places, lambda place: place.split("/"))


# -- groups called by the layers' classes


def _groups_of_arrays(file: h5py.File) -> dict[str, h5py.Group]:
    """The group `vars` of each layer and each model, by its place."""
    import h5py

    groups = {}
    for name, node in _nodes(file):
        place, _, last = name.rpartition("/")
        if last == "vars" and isinstance(node, h5py.Group):
            groups[place] = node
    return groups


def _arrays(group: h5py.Group) -> Arrays:
    import h5py

    return [array for name in group if isinstance(array := _own(group, name), h5py.Dataset)]


def _by_class(path: Path, network: Network, groups: Mapping[str, h5py.Group], names: Names) -> dict[str, Arrays]:
    """Each layer's arrays: by the names that the file or the configuration tells, without any by their order."""
    known = {place: name for place, group in groups.items() if (name := _noted_name(group))}
    known = known or {place: name for place, name in names() if place in groups}

    def called(place: str) -> list[str]:
        """The names of the models around a layer, and its own; a layer without a name stands there with its group's."""
        around = [*accumulate(place.split("/"), "{}/{}".format)][:-1]
        return [known[model] for model in around if model in known] + [known.get(place, place.rpartition("/")[2])]

    places = {place: arrays for place, group in groups.items() if (arrays := _arrays(group))}
    named = _one_of_each(path, places, called)
    counted: dict[str, dict[int, Arrays]] = defaultdict(dict)
    for place, arrays in places.items():
        model, _, group = place.rpartition("/")
        if match := re.fullmatch(r"conv2d(?:_(\d{1,9}))?", group):
            counted[model][int(match[1] or 0)] = arrays
    if not counted or any(layer in named for layer in network.shapes):
        return named
    return _by_order(path, network, counted)


def _noted_name(group: h5py.Group) -> str:
    """The name that newer versions of Keras note in an attribute; empty if there is none."""
    if "name" not in group.attrs or group.attrs.get_id("name").get_storage_size() > LONGEST_NAME:
        return ""
    return str(group.attrs["name"])[:LONGEST_NAME]


def _by_order(path: Path, network: Network, counted: Mapping[str, Mapping[int, Arrays]]) -> dict[str, Arrays]:
    """The layers in the order of their numbers, if one model in the file, and only one, has as many as the network."""
    fitting = [groups for groups in counted.values() if len(groups) == len(network.shapes)]
    if len(fitting) > 1:
        raise nstk.WeightsError(
            f"{path}: has {len(fitting)} models with as many convolutions as {network.title}, and no layer tells by its name "
            f"which is meant; save the one model that is meant by itself"
        )
    if not fitting:
        raise nstk.WeightsError(
            f"{path}: has {max(map(len, counted.values()))} convolutions, {network.title} has {len(network.shapes)}, and none "
            f"is called `{next(iter(network.shapes))}`; give a file of {network.title}'s weights, or a whole model (.keras) "
            f"whose layers have Keras's names"
        )
    return dict(zip(network.shapes, (fitting[0][number] for number in sorted(fitting[0])), strict=True))


# -- what both have in common


def _one_of_each(path: Path, places: Mapping[str, Arrays], called: Callable[[str], list[str]]) -> dict[str, Arrays]:
    """The arrays by layer, of the places that are called as one."""
    found: dict[str, str] = {}
    for place in places:
        layer = called(place)[-1]
        if not LAYER.fullmatch(layer):
            continue
        if layer in found:
            both = " and ".join(f"`{_shown(called(one))}`" for one in (found[layer], place))
            raise nstk.WeightsError(f"{path}: has two layers `{layer}`, {both}; save the one model that is meant by itself")
        found[layer] = place
    return {layer: places[place] for layer, place in found.items()}


def _shown(names: list[str]) -> str:
    text = "".join(letter if letter.isprintable() else "?" for letter in "/".join(names))
    return text if len(text) <= MOST_SHOWN else f"...{text[-MOST_SHOWN:]}"


def _kernel_and_bias(path: Path, layer: str, arrays: Arrays) -> Pair:
    """The two arrays, told apart by their rank: their names have changed with every version of Keras."""
    if len(arrays) != 2:
        raise nstk.WeightsError(
            f"{path}: layer `{layer}` holds {len(arrays)} arrays instead of a kernel and a bias; fetch the file again"
        )
    for array in arrays:
        if array.external or array.is_virtual or array.id.get_create_plist().get_nfilters():  # a filter unpacks without end
            raise nstk.WeightsError(
                f"{path}: layer `{layer}` is compressed or kept in another file, and such are not read; save it as Keras does"
            )
    bias, kernel = (Stored(array.shape, array.dtype, partial(array.__getitem__, ())) for array in _by_rank(arrays))
    return kernel, bias


def _by_rank(arrays: Arrays) -> Arrays:
    return sorted(arrays, key=lambda array: array.ndim)
