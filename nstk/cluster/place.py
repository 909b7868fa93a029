"""Where a picture of the cluster arrives: a folder of this machine, into which this process alone writes."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from contextlib import ExitStack

from ..checkpoints.archive import DamagedError
from ..checkpoints.folder import RunFolder
from ..engine.saving import check_sidecar, write_recipe
from ..errors import OutputError
from ..files import check_writable, shown, write_whole
from ..recipe.checks import written
from ..recipe.model import RECORD, Recipe
from .worker import Checkpoint

log = logging.getLogger("nstk")


class Place:
    """The place of one picture, and its folder for checkpoints: what `nstk resume` goes on from, wherever it was painted."""

    def __init__(self, recipe: Recipe, *, force: bool):
        assert recipe.path
        self.recipe, self.path, self._force = recipe, recipe.path, force
        self._folder = RunFolder.of(recipe.path)
        self._held = ExitStack()
        self.latest: Checkpoint | None = None
        """The checkpoint to go on from."""

    def take(self, *, begun: bool) -> None:
        """Lock the place. With `begun`, the picture goes on from the latest checkpoint there. Raises `UserError`."""
        check_sidecar(self.recipe)
        check_writable(self.path, written(self.path), force=self._force)
        if not begun and (line := self._folder.set_aside()):
            log.warning("%s", line)
        self._held.enter_context(self._folder.locked())
        if begun:
            path = self._folder.latest().path
            self.latest = Checkpoint(path.name, path.read_bytes())

    def leave(self) -> None:
        """Unlock the place. What is to go on from stays."""
        self._held.close()

    def keep(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint that has come, if it is whole."""
        try:
            self._folder.receive(checkpoint.name, checkpoint.data, self.recipe.to_yaml(self._folder.path))
        except DamagedError as error:
            log.warning("a checkpoint of %s is left out, for %s", shown(self.path), error)
        except OutputError as error:  # the picture may have its place all the same
            log.warning("%s", error)
        else:
            self.latest = checkpoint

    def deliver(self, files: Mapping[str, bytes]) -> None:
        """Write a picture with all that belongs to it, and drop its checkpoints. Raises `OutputError`.

        Until the picture is in its place, its record says that it is not finished: whoever is killed here begins anew.
        """
        record = self.recipe.sidecar(RECORD)
        last = record.name, self.path.name
        for name, data in files.items():
            if name not in last:
                write_whole(self.path.parent / name, data, force=self._force)
        write_recipe(self.recipe, force=self._force)
        unfinished = json.dumps({**json.loads(files[record.name]), "finished": False}, indent=2) + "\n"
        write_whole(record, unfinished, force=self._force)
        write_whole(self.path, files[self.path.name], force=self._force)
        write_whole(record, files[record.name], force=self._force)
        self._folder.remove()
