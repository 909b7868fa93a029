"""The options that say who paints, if not this process alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from ..errors import UserError

if TYPE_CHECKING:
    from ..cluster.connection import Cluster
    from ..engine.session import Session
    from ..recipe.model import Recipe


def workers_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--workers`, `--scheduler` and `--scheduler-file`."""
    options = [
        click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Paint in N processes of this machine."),
        click.option("--scheduler", default="", metavar="ADDRESS", help="Paint on the workers of this Dask scheduler."),
        click.option("--scheduler-file", default="", metavar="FILE", help="The same, by the file that it has written."),
    ]
    for option in reversed(options):
        function = option(function)
    return function


def asked(workers: int | None, scheduler: str, scheduler_file: str) -> Cluster | None:
    """Who was asked for; None for this process."""
    given = sum(map(bool, (workers, scheduler, scheduler_file)))
    if given > 1:
        raise UserError("`--workers`, `--scheduler` and `--scheduler-file` each say who paints: give one of them")
    if not given:
        return None
    from ..cluster.connection import Cluster

    return Cluster(workers or 0, scheduler, scheduler_file)


@contextmanager
def spreading(cluster: Cluster, recipe: Recipe) -> Iterator[tuple[Session, Recipe]]:
    """Inside, a session that spreads the tiles of one picture over workers, and the recipe in tiles for all of them."""
    import nstk

    from ..cluster.connection import check_workers, connected
    from ..cluster.tiles import SpreadTiles, in_tiles

    with connected(cluster) as client:
        check_workers(client, [recipe])
        with nstk.Session(spread=SpreadTiles(client)) as session:
            yield session, in_tiles(recipe, len(client.nthreads()))
