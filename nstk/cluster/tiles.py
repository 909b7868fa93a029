"""The tiles of one huge picture on several workers: each has a part of them, and answers with sums and with a gradient.

A step is exact: the statistics of all tiles are summed here, the score's derivative with respect to the sums goes to every
worker, and what comes back is added. Photograph and paintings travel once, pixels and gradient at each step.
"""

from __future__ import annotations

import logging
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import RunError
from ..machine import memory
from ..machine.quietly import import_tensorflow
from ..pictures import fit
from ..recipe.model import Recipe
from .connection import sharers
from .parcel import Parcel

if TYPE_CHECKING:
    import numpy as np
    from distributed import Client

    from ..engine.spread import Task
    from ..objective.tile_part import Part, Pulled
    from ..objective.tiles import Tile

FEWEST = 2
"""How many tiles a picture has for each worker at least, so that all of them have about as much to do."""

SMALLEST, LARGEST = 128, 1536
"""The smallest and the largest edge of a tile, in pixels. Around it, the network sees a margin of some hundred pixels, which
weighs little on a large tile; and a tile of the largest edge takes a worker about a gigabyte."""

log = logging.getLogger("nstk")


class Band:
    """Some rows of a picture, which are found by the numbers that they have in the whole of it."""

    def __init__(self, pixels: Any, first: int):
        self._pixels, self._first = pixels, first

    def __getitem__(self, place: tuple[slice, slice, slice]) -> Any:
        import tensorflow as tf

        every, rows, columns = place
        return tf.constant(self._pixels[every, rows.start - self._first : rows.stop - self._first, columns])


class Hand:
    """What a worker has of a picture: an actor of Dask's."""

    def __init__(
        self, parcel: Parcel, contents: Mapping[str, bytes], task: Task, place: tuple[int, int, int], sharers: int
    ) -> None:
        """`place` is the number of the first tile, that of the first one of the next worker, and the first row."""
        from distributed import get_worker

        if "tensorflow" not in sys.modules:
            import_tensorflow()
        from ..engine.spread import part_of
        from ..engine.surroundings import prepared

        memory.share(sharers)
        store = Path(get_worker().local_directory) / "nstk"
        recipe, _ = parcel.unpacked(contents, store / "files", store / "picture.png")
        first, last, self._row = place
        with prepared():
            self._part, sums = part_of(recipe, task, first, last)
        self._content = _plain(sums)
        self._seen: Any = None

    def of_content(self) -> Any:
        return self._content

    def statistics(self, band: np.ndarray) -> Any:
        from ..engine.surroundings import prepared

        self._seen = Band(band, self._row), band.shape
        with prepared():
            return _plain(self._part.statistics(self._seen[0]))

    def pulled_back(self, upstream: Any) -> np.ndarray:
        """The gradient of the rows that `statistics` was called with last."""
        import numpy as np

        from ..engine.surroundings import prepared

        band, shape = self._seen
        made = np.zeros(shape, np.float32)
        with prepared():
            for rows, columns, gradient in self._part.pulled_back(band, _tensors(upstream)):
                made[:, rows.start - self._row : rows.stop - self._row, columns] += gradient
        return made


class Remote:
    """A part of a picture's tiles that a worker has (see `Part`)."""

    def __init__(self, hand: Any, rows: slice):
        self._hand, self._rows = hand, rows

    def of_content(self, content: np.ndarray) -> dict[str, Any]:
        return dict(_tensors(self._asked(self._hand.of_content)))

    def statistics(self, pixels: Any) -> dict[str, Any]:
        return dict(_tensors(self._asked(self._hand.statistics, pixels[:, self._rows].numpy())))

    def pulled_back(self, pixels: Any, upstream: Mapping[str, Any]) -> Iterator[Pulled]:
        from ..objective.tile_part import Pulled

        return iter([Pulled(self._rows, slice(None), self._asked(self._hand.pulled_back, _plain(upstream)))])

    def _asked(self, method: Callable[..., Any], *given: Any) -> Any:
        try:
            return method(*given).result()
        except (OSError, ValueError, RuntimeError) as error:  # an actor that is lost is told of by a ValueError
            raise RunError(f"a worker that has tiles of the picture is gone ({error}): `nstk resume` goes on") from error


class SpreadTiles:
    """Gives each worker of a client as many tiles as the others (see `Spread`)."""

    def __init__(self, client: Client):
        self._client = client

    def __call__(self, recipe: Recipe, task: Task, tiles: Sequence[Tile]) -> Sequence[Part]:
        addresses = sorted(self._client.nthreads())
        count = min(len(addresses), len(tiles) // FEWEST)
        if count < 2:
            return ()
        bounds = [len(tiles) * index // count for index in range(count + 1)]
        parcel, shared = Parcel.of(recipe), sharers(addresses)
        contents = {sha256: path.read_bytes() for sha256, path in parcel.sources().items()}
        begun = []
        for address, first, last in zip(addresses, bounds, bounds[1:], strict=False):
            rows = slice(
                min(it.rows.seen.start for it in tiles[first:last]), max(it.rows.seen.stop for it in tiles[first:last])
            )
            place = first, last, rows.start
            given = parcel, contents, task, place, shared[address]
            begun.append((self._client.submit(Hand, *given, actor=True, workers=[address], pure=False), rows))
        log.info("%d tiles are spread over %d workers", len(tiles), count)
        return [Remote(future.result(), rows) for future, rows in begun]


def in_tiles(recipe: Recipe, workers: int) -> Recipe:
    """The recipe with tiles for all workers, where it does not say how large tiles are."""
    if recipe.tiles != "auto":
        return recipe
    width, height = fit(*recipe.shape, recipe.size)
    edge = min(max(SMALLEST, math.isqrt(width * height // (FEWEST * workers))), LARGEST)
    return recipe.model_copy(update={"tiles": edge})


def _plain(structure: Any) -> Any:
    """A structure with arrays in place of tensors, which travel."""
    import numpy as np
    import tensorflow as tf

    return tf.nest.map_structure(lambda leaf: None if leaf is None else np.asarray(leaf), structure)


def _tensors(structure: Any) -> Any:
    """The structure with tensors again."""
    import tensorflow as tf

    return tf.nest.map_structure(lambda leaf: None if leaf is None else tf.constant(leaf), structure)
