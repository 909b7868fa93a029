"""What a worker needs to paint a picture: the recipe, and the files that it names, each known by its hash."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..checkpoints.made import called
from ..errors import UserError
from ..files import exists, file_hash, shown, write_whole
from ..pictures import PREFIX, Original
from ..recipe.load import load_recipe
from ..recipe.model import Recipe
from ..recipe.paths import relative
from ..registry.registry import with_siblings
from ..syntax.nodes import map_plain

ROOT = Path("/")


@dataclass(frozen=True)
class Parcel:
    """A recipe with the hashes of its files. Their contents travel beside it, once for all parcels that name them."""

    name: str
    """The recipe's name."""
    output: str
    """Where the picture will be in the end."""
    recipe: Mapping[str, Any]
    """The recipe as plain data, with the paths that its files have where it was packed."""
    files: Mapping[str, str]
    """The sha256 of each file that the recipe reads, by its path."""
    told: Mapping[str, str]
    """What the picture's metadata calls the files, by their sha256, and the plugins, by their paths."""
    plugins: Mapping[str, Mapping[str, str]]
    """For each plugin that is a file, by its path: the file and those in its folder that it imports, sha256 by name."""

    @classmethod
    def of(cls, recipe: Recipe) -> Parcel:
        """Raises `UserError` where the recipe was given classes or pictures in Python, which are in no file."""
        if given := [it.__name__ for _, it in recipe.given_classes()]:
            raise UserError(f"the class {given[0]} was given in Python and cannot travel: name its file in `plugins`")
        files = {_written(path): Original.of(path).sha256 for where, path in recipe.inputs().items() if _is_file(where, path)}
        plugins = {
            _written(Path(it)): {file.name: file_hash(file) for file in with_siblings(Path(it))}
            for it in recipe.plugins
            if it.endswith(".py")
        }
        told = {sha256: recipe.told.get(sha256) or called(path) for path, sha256 in files.items()}
        told |= {path: recipe.told.get(path) or called(path) for path in plugins}
        return cls(recipe.name, str(recipe.path), recipe.to_plain(ROOT), files, told, plugins)

    def sources(self) -> dict[str, Path]:
        """Where each file is that has to travel, by its sha256."""
        found = {sha256: Path(path) for path, sha256 in self.files.items()}
        for path, names in self.plugins.items():
            found |= {sha256: Path(path).with_name(name) for name, sha256 in names.items()}
        return found

    def unpacked(self, contents: Mapping[str, bytes], store: Path, output: Path) -> tuple[Recipe, Callable[[str], str]]:
        """The recipe as a worker can paint it to `output`, with its files in `store`, and a function for what it says.

        The function puts the paths back that the files have where the parcel was packed.
        """
        places = {path: store / sha256 / Path(path).name for path, sha256 in self.files.items()}
        for path, place in places.items():
            _put(place, contents[self.files[path]])
        for path, names in self.plugins.items():
            folder = store / hashlib.sha256("\n".join([*names, *names.values()]).encode()).hexdigest()
            for name, sha256 in names.items():
                _put(folder / name, contents[sha256])
            places[path] = folder / Path(path).name
        here = {path: str(place) for path, place in places.items()}
        recipe = load_recipe(map_plain(self.recipe, lambda text: here.get(text, text)), output=output, trust=True)
        back = {str(output): self.output, str(output.parent): str(Path(self.output).parent)}
        back |= {place: path for path, place in here.items()}
        told = {here.get(key, key): name for key, name in self.told.items()}
        recipe = recipe.model_copy(update={"name": self.name, "told": told})
        return recipe, lambda text: _replaced(text, back)


def _is_file(where: str, path: Path) -> bool:
    if str(path).startswith(PREFIX):
        raise UserError(f"`{where}` was given in Python and cannot travel to a worker: write it to a file")
    return True


def _written(path: Path) -> str:
    """A path as the plain data of a recipe has it."""
    return relative(str(path), ROOT)


def _put(place: Path, data: bytes) -> None:
    """Write a file of the store, unless it is there. Its folder is named by its hash."""
    if not exists(place):
        write_whole(place, data)


def _replaced(text: str, back: Mapping[str, str]) -> str:
    """A text with the paths of a worker put back into those of the sender, as they are and as a person there writes them."""
    for place, path in sorted(back.items(), key=lambda it: -len(it[0])):
        text = text.replace(place, path).replace(shown(Path(place)), path)
    return text
