"""Part `quality`: the default and the looks of known tools over pairs of pictures, judged by nstk's measures and by eye.

Each picture is kept in a folder with its scores, so that a run that is broken off goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

import nstk
from nstk.files import write_whole
from nstk.recipe.defaults import recipes_folder
from nstk.recipe.shipped import LOOKS, shipped

from .pairs import Pair, pairs
from .processes import child
from .report import Record
from .setting import Setting
from .sheet import Cell, markdown, write_sheet

FIRST = ("default", "louvre")
"""The recipes that are painted beside the looks."""

MEASURES = ("lp", "ge", "cf", "e", "ssim")
NEAR = 0.03
"""How far LP and GE may be from those of the result, or of another size, where a picture counts as the same."""

WAY = 20
"""How many pictures are looked at on the way, besides those at the ends of scales."""

WATCHED = 3
"""How many pairs of the first recipe are looked at on the way: to judge twenty pictures takes longer than to paint one."""

QUICK: dict[str, Any] = {"steps": 6, "precision": "float32"}
QUICK_SIZES = [128]


def recipes(names: Sequence[str]) -> list[str]:
    """The recipes to paint: those that are asked for, or the first ones and every look, the default before all."""
    known = shipped()
    looks = [name for name, path in known.items() if path.parent == recipes_folder() / LOOKS]
    chosen = [*names] or [name for name in (*FIRST, *looks) if name in known]
    return sorted(chosen, key=lambda name: name != "default")


def measure(setting: Setting, record: Record) -> None:
    sizes = setting.pick(setting.quality.sizes, QUICK_SIZES)
    chosen = pairs(setting.quality.pairs, setting.pick(setting.quality.count, 1))
    names = setting.pick(recipes(setting.quality.recipes), ["default"])
    painted: dict[tuple[str, int, Pair], dict[str, Any]] = {}
    for number, pair in enumerate(chosen, start=1):
        for size in sizes:
            for name in names:
                setting.say(f"quality: {name}, pair {number} of {len(chosen)} ({_called(pair)}), {size} px")
                watched = number <= WATCHED and (name, size) == (names[0], sizes[0])
                painted[name, size, pair] = _painted(setting, name, pair, size, judged=sizes[0], watched=watched)
        done = chosen[:number]
        record.raw |= {"pairs": [_called(it) for it in done], "rows": _rows(painted)}
        _shown(setting.quality.folder, painted, names, sizes, done)
        record.keep()
    _figures(record, painted, names, sizes, chosen)


def _called(pair: Pair) -> str:
    return f"{pair[0].stem} with {pair[1].stem}"


def _place(folder: Path, name: str, size: int, pair: Pair) -> Path:
    return folder / name / f"{pair[0].stem}-{pair[1].stem}-{size}"


def _painted(setting: Setting, name: str, pair: Pair, size: int, *, judged: int, watched: bool) -> dict[str, Any]:
    """What is known of one picture. It is painted unless a picture of these settings is in the folder."""
    content, style = (str(path.absolute()) for path in pair)
    settings = {"content": content, "style": style, "width": None, "height": None, "size": size, **setting.pick({}, QUICK)}
    recipe = nstk.load_recipe({**settings, "extends": name, "output": False})
    mark = hashlib.sha256(f"{recipe.to_yaml()} {judged} {watched}".encode()).hexdigest()
    folder = _place(setting.quality.folder, name, size, pair)
    file = folder / "scores.json"
    if file.exists() and (picture := json.loads(file.read_text(encoding="utf-8")))["mark"] == mark:
        return dict(picture)
    where = {"folder": str(folder.absolute()), "judged": max(128, judged), "watched": watched}
    spec = {"recipe": name, "settings": settings, **where}
    made = {"mark": mark, **child("gallery", {**spec, "every": max(1, recipe.total_steps // WAY)})}
    write_whole(file, json.dumps(made, indent=1) + "\n")
    return made


def near(made: dict[str, Any]) -> float:
    """The seconds until a picture was there whose LP and GE are those of the result, within `NEAR`, and which stayed so."""
    seconds = made["seconds"]
    for row in reversed(made["way"]):
        if any(abs(row[key] - made["score"][key]) > NEAR for key in ("lp", "ge")):
            break
        seconds = row["seconds"]
    return float(min(seconds, made["seconds"]))


def _rows(painted: dict[tuple[str, int, Pair], dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "photograph": pair[0].stem,
            "painting": pair[1].stem,
            "recipe": name,
            "size": size,
            **made["score"],
            "seconds": made["seconds"],
            **({"seconds to a picture like it": near(made)} if made["way"] else {}),
        }
        for (name, size, pair), made in painted.items()
    ]


def _shown(
    folder: Path,
    painted: dict[tuple[str, int, Pair], dict[str, Any]],
    names: Sequence[str],
    sizes: Sequence[int],
    done: Sequence[Pair],
) -> None:
    """Write the contact sheet of each size, and the table."""
    for size in sizes:
        rows: list[list[Cell | None]] = []
        for pair in done:
            first = painted[names[0], size, pair]
            cells = [
                Cell(path, [path.stem, _line(first[key])]) for path, key in zip(pair, ("photograph", "painting"), strict=True)
            ]
            for name in names:
                made = painted[name, size, pair]
                picture = _place(folder, name, size, pair) / "picture.png"
                cells.append(Cell(picture, [_line(made["score"]), f"{made['seconds']:.1f} s"]))
            rows.append([*cells])
        write_sheet(["photograph", "painting", *names], rows, folder / f"sheet-{size}.jpg")
    write_whole(folder / "scores.md", markdown(_rows(painted)))


def _line(score: dict[str, float]) -> str:
    return "  ".join(f"{key.upper()} {score[key]:.3f}" for key in ("lp", "ge", "cf"))


def _figures(
    record: Record,
    painted: dict[tuple[str, int, Pair], dict[str, Any]],
    names: Sequence[str],
    sizes: Sequence[int],
    chosen: Sequence[Pair],
) -> None:
    def over(name: str, size: int) -> list[dict[str, Any]]:
        return [painted[name, size, pair] for pair in chosen]

    def average(made: Iterable[dict[str, Any]], key: str) -> float:
        return float(mean(it["score"][key] for it in made))

    size = sizes[0]
    for name in names:
        for key in MEASURES:
            record.figure(f"{name}: mean {key.upper()} at {size} px", average(over(name, size), key))
        for edge in sizes:
            record.figure(f"{name}: mean time at {edge} px", mean(it["seconds"] for it in over(name, edge)), "s")
    for name in names[1:]:
        ahead = [average(over(name, size), key) > average(over(names[0], size), key) for key in ("lp", "ge", "cf")]
        record.figure(f"{name} is ahead of {names[0]} in so many of LP, GE and CF", float(sum(ahead)), most=1)
    share = mean(near(made) / made["seconds"] for made in over(names[0], size) if made["way"])
    what = f"{names[0]} at {size} px: time to a picture with LP and GE within {NEAR} of the result's / the whole run"
    record.figure(what, share, most=0.15)
    for edge in sizes[1:]:
        for key in ("lp", "ge"):
            apart = abs(average(over(names[0], edge), key) - average(over(names[0], size), key))
            record.figure(f"{names[0]}: {key.upper()} at {size} and {edge} px, apart, judged at {size} px", apart, most=NEAR)
