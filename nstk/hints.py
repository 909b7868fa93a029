"""Guesses what was meant: the known word, or the file, that is most like the one that was written."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def closest(word: str, choices: Iterable[str], cutoff: float = 0.6) -> str:
    """The choice that is most like `word`, or nothing. Upper and lower case count as equal."""
    by_lower = {choice.lower(): choice for choice in choices}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=cutoff)
    return by_lower[close[0]] if close else ""


def suggest(word: str, choices: Iterable[str]) -> str:
    """The question `did you mean ...?` with the closest choice, or nothing."""
    close = closest(word, choices)
    return f"did you mean `{close}`?" if close else ""


def suggest_file(path: Path) -> str:
    """The question `did you mean ...?` with a file beside `path` whose name, or name without suffix, is like it; or nothing."""
    try:
        beside = [name for name in sorted(os.listdir(path.parent))[:1000] if name != path.name]  # a link may lead nowhere
    except (OSError, ValueError):
        return ""
    like = difflib.get_close_matches(path.stem, {Path(name).stem for name in beside}, n=3, cutoff=0.7)
    return suggest(path.name, [name for name in beside if Path(name).stem in like])


def spelled(name: str, names: Iterable[str]) -> str:
    """The one of `names` that a name means, whatever its case, hyphens and underscores: `L-BFGS` is `lbfgs`."""
    names = [*names]
    owner, colon, short = name.rpartition(":")
    like = [known for known in names if _plain(known) == _plain(short)]
    return owner + colon + like[0] if short not in names and len(like) == 1 else name


def same_name(one: Any, other: Any) -> bool:
    """Whether two values are the same name of a part, but for case, hyphens and underscores."""
    return one == other or (isinstance(one, str) and isinstance(other, str) and _plain(one) == _plain(other))


def _plain(name: str) -> str:
    return re.sub("[-_ ]", "", name).lower()
