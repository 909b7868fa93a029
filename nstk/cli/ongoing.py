"""What is computed at the moment, in one line of a terminal that is gone afterwards."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def ongoing() -> Iterator[Callable[[str], None]]:
    """Inside, a function that shows a few words in place of those before. Where there is no terminal, it shows nothing."""
    from rich.console import Console
    from rich.markup import escape

    console = Console(file=sys.stderr)
    if not console.is_terminal:
        yield lambda words: None
        return
    with console.status("looking at the pictures") as status:
        yield lambda words: status.update(escape(words))
