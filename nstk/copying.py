"""Copy a shipped recipe with its pictures, so that the copy runs and can be changed."""

from __future__ import annotations

import filecmp
from pathlib import Path

from .errors import OutputError, UserError
from .images import write_whole
from .loading import shipped
from .source import parse, shown, suggest


def copy_recipe(name: str, dest: Path) -> list[Path]:
    """Copy the shipped recipe `name` to `dest` (a file, or a folder) and its pictures beside it. Nothing is overwritten."""
    known = shipped()
    if name not in known:
        raise UserError(f"no recipe `{name}` comes with nstk: {suggest(name, known) or 'there are ' + ', '.join(known)}")
    source = known[name]
    target = dest if dest.suffix in (".yaml", ".yml") else dest / source.name
    text = source.read_text(encoding="utf-8")
    pairs = [(source, target)]
    for node in parse(text, str(source), source.parent).value.values():
        if isinstance(node.value, str) and (source.parent / node.value).is_file():
            pairs.append((source.parent / node.value, target.parent / node.value))
    for origin, copy in pairs:
        if copy.exists() and not filecmp.cmp(origin, copy, shallow=False):
            raise OutputError(f"{shown(copy)} exists already and is another file: choose another place")
    for origin, copy in pairs:
        write_whole(copy, origin.read_bytes())
    return [copy for _, copy in pairs]
