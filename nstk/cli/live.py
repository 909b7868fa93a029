"""The page that shows a run while it is painted, and the page that can begin some."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from ..errors import UserError
from ..files import shown
from .group import plugin_option, verbose_option
from .streams import displayed
from .words import registry, start_tensorflow

if TYPE_CHECKING:
    from ..api import Callback

LAST_LOOK = 0.7
"""How many seconds a page has at the end to fetch the last picture."""


def live_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--live`, `--no-open`, `--port` and `--open`, for a command that paints one picture."""
    options = [
        click.option("--live", is_flag=True, help="Show the run on a page of this machine, and open it in the browser."),
        click.option("--no-open", is_flag=True, help="With --live: only print the address of the page."),
        click.option("--port", type=click.IntRange(0, 65535), default=0, help="With --live: the port (default: a free one)."),
        click.option("--open", "opened", is_flag=True, help="Show the picture in the system's viewer at the end."),
    ]
    for option in reversed(options):
        function = option(function)
    return function


@contextmanager
def onlooking(folder: Path | None, *, live: bool, no_open: bool, port: int) -> Iterator[Callback | None]:
    """Inside, a page shows the run that is told to the callback; without `live`, there is none."""
    if not live:
        if no_open or port:
            raise UserError(f"`{'--no-open' if no_open else '--port'}` says something of a page: add `--live`")
        yield None
        return
    from ..live.server import check_installed, serving

    check_installed()
    from ..live.app import Pages
    from ..live.board import Board
    from ..live.drops import Drops
    from ..live.history import History
    from ..live.onlooker import onlooker

    board = Board()
    with TemporaryDirectory(prefix="nstk-") as dropped:
        pages = Pages(board, Drops(Path(dropped)), History(folder or Path.cwd()))
        with serving(pages.application(), port) as address:
            _announce(address, no_open)
            try:
                yield onlooker(board)
            finally:
                if board.viewers:
                    time.sleep(LAST_LOOK)
                board.over = True


def _announce(address: str, no_open: bool) -> None:
    """Print the address of a page, and open it."""
    from ..live.server import browser

    click.echo(f"live: {address}", err=True)
    if not no_open and not browser(address):
        click.echo("no browser can be opened here: open the address above", err=True)


def show_picture(path: Path | None) -> None:
    """Show a picture in the system's viewer. Where there is none, a line says so."""
    if path is not None and _launched(path) != 0:
        click.echo(f"no viewer can be opened here: {shown(path)} is painted", err=True)


def _launched(path: Path) -> int:
    try:
        return click.launch(str(path))
    except OSError:
        return 1


@click.command()
@click.option("-o", "--output", metavar="FOLDER", default="out", show_default=True, help="Where the pictures go.")
@click.option("--no-open", is_flag=True, help="Only print the address of the page.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port (default: a free one).")
@plugin_option
@verbose_option
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but the address.")
@displayed()
def ui(output: str, no_open: bool, port: int, plugins: tuple[str, ...], quiet: bool) -> None:
    """Open a page on which pictures are dropped and painted.

    Drop a photograph and paintings, choose a look, a size and a region, see what it takes, and have it painted: pictures wait
    in a queue, also over a restart. The page shows the run at work and the results of the folder. Ctrl-C ends it; a picture
    at work is kept, and goes on when the page is opened again.

    \b
    nstk ui
    nstk ui -o pictures/ --no-open
    """
    from ..live.server import check_installed, serving

    check_installed()
    folder = Path(output)
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{shown(folder)} is a file: name a folder")
    folder.mkdir(parents=True, exist_ok=True)
    from ..live.studio import Studio
    from ..live.studio_app import application

    studio = Studio(folder, plugins=plugins, quiet=quiet)
    registry(plugins)
    with serving(application(studio), port) as address:
        _announce(address, no_open)
        start_tensorflow()
        import nstk

        try:
            with nstk.Session() as session:
                studio.work(session)
        except KeyboardInterrupt:
            pass  # this is how it ends
        finally:
            studio.board.over = True
