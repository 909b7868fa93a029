"""The page of a report: what it tells, as HTML. The frame, the style and the script lie in the folder `_report`."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

from nstk.plugins.callbacks._curves import COLOURS, Curve, drawing
from nstk.plugins.callbacks._frames import Jpeg

FOLDER = Path(__file__).with_name("_report")


class Contents(NamedTuple):
    """What a page tells of a run."""

    name: str
    ended: str
    """Why the run ended; empty where it came to its end."""
    failed: bool
    photograph: Jpeg
    result: Jpeg
    made_from: Mapping[str, Jpeg]
    """The photograph and the paintings, small, by label."""
    snapshots: Sequence[tuple[int, Jpeg]]
    """The picture at some steps."""
    begins: Mapping[int, tuple[int, int]]
    """Width and height of each scale, by its first step."""
    total: Sequence[Curve]
    curves: Sequence[Curve]
    pulls: Mapping[str, float]
    """The length of each loss's gradient at the end, by label; empty where it was not measured."""
    unmeasured: str
    """Why it was not, in a sentence."""
    record: Mapping[str, Any]
    """How the picture was made, see `nstk.Run.record`."""
    seed: int
    seconds: float


def page(it: Contents) -> str:
    """The page as HTML."""
    script, style, frame = ((FOLDER / name).read_text(encoding="utf-8") for name in ("script.js", "style.css", "page.html"))
    digest = b64encode(hashlib.sha256(script.encode()).digest()).decode()
    done = sum(scale["done"] for scale in it.record["scales"])
    ended = f'<p class="{"failed" if it.failed else "ended"}" role="note">{escape(it.ended)}</p>' if it.ended else ""
    return Template(frame).substitute(
        name=escape(it.name),
        digest=digest,
        style=style,
        script=script,
        lead=escape(f"{_steps(done, it.record)} in {_time(it.seconds)}, {_last(it.record)} pixels, on {it.record['device']}."),
        ended=ended,
        photograph=_image(it.photograph, "The photograph"),
        result=_image(it.result, "The result"),
        made_from="".join(_figure(each, _called(label), _called(label)) for label, each in it.made_from.items()),
        snapshots="".join(_snapshot(step, each, it.begins) for step, each in it.snapshots),
        aspect=f"{it.result.width / it.result.height:.4f}",
        count=len(it.snapshots),
        most=max(0, len(it.snapshots) - 1),
        curves=drawing(it.total, it.curves, it.begins),
        legend=_legend(it.total, it.curves),
        losses=_losses(it.curves, it.pulls),
        unmeasured=f"<p>{escape(it.unmeasured)}</p>" if it.unmeasured else "",
        recipe=escape(it.record["recipe"]),
        record="".join(f"<div><dt>{escape(key)}</dt><dd>{value}</dd></div>" for key, value in _record(it, done)),
    )


def _image(picture: Jpeg, words: str) -> str:
    data = b64encode(picture.data).decode()
    size = f'width="{picture.width}" height="{picture.height}"'
    return f'<img src="data:image/jpeg;base64,{data}" {size} alt="{escape(words)}">'


def _figure(picture: Jpeg, words: str, caption: str) -> str:
    return f"<figure>{_image(picture, words)}<figcaption>{escape(caption)}</figcaption></figure>"


def _called(label: str) -> str:
    """What a picture that the run is made from is called."""
    known = {"photograph": "The photograph", "style": "The painting"}
    return known.get(label, f"The painting {label}")


def _snapshot(step: int, picture: Jpeg, begins: Mapping[int, tuple[int, int]]) -> str:
    begin = max((first for first in begins if first <= step), default=None)
    size = "" if begin is None else ", {} x {} pixels".format(*begins[begin])
    return f"<li>{_figure(picture, f'The picture after step {step}', f'Step {step}{size}')}</li>"


def _legend(total: Sequence[Curve], curves: Sequence[Curve]) -> str:
    kinds = [*(("all", it.label) for it in total), *((f"c{index % COLOURS}", it.label) for index, it in enumerate(curves))]
    line = '<svg class="sample" viewBox="0 0 30 8" aria-hidden="true"><polyline class="curve {}" points="1,4 29,4"/></svg>'
    return "".join(f"<li>{line.format(kind)}{escape(label)}</li>" for kind, label in kinds)


def _losses(curves: Sequence[Curve], pulls: Mapping[str, float]) -> str:
    """The table of the losses: at the first and at the last step, and how hard they pull at the end."""
    heads = ["Loss", *(["Share of the pull", "Pull"] if pulls else []), "First step", "Last step"]
    head = "".join(f'<th scope="col">{it}</th>' for it in heads)
    together = sum(pulls.values())
    rows = []
    for index, curve in enumerate(curves):
        ends = [curve.points[0], curve.points[-1]] if curve.points else []
        cells = [f"{value:.4g}" for _, value in ends] or ["not seen"] * 2  # the run may have failed before a step was told
        if pulls:
            share = 100 * pulls[curve.label] / together if together else 0.0
            bar = f'<span class="bar c{index % COLOURS}" style="width:{share:.1f}%"></span>'
            cells = [f'<span class="share">{bar}</span> {share:.0f} %', f"{pulls[curve.label]:.4g}", *cells]
        rows.append(f'<tr><th scope="row">{escape(curve.label)}</th>{"".join(f"<td>{it}</td>" for it in cells)}</tr>')
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _record(it: Contents, done: int) -> Iterable[tuple[str, str]]:
    """What the record says, as pairs of words and HTML."""
    record = it.record
    yield "Steps", escape(_steps(done, record))
    yield "Scales", "<br>".join(escape(_scale(scale)) for scale in record["scales"])
    yield "Time", escape(_time(it.seconds))
    yield "Seed", str(it.seed)
    yield "Device", escape(record["device"])
    yield "Precision", escape(record["precision"])
    yield "Network", escape(", ".join(f"{key} {str(value)[:16]}" for key, value in record["backbone"].items()))
    for where, file in record["inputs"].items():
        yield where, f"{escape(file['path'])}<br><small>sha256 {escape(file['sha256'][:16])}</small>"
    yield "Versions", "<br>".join(escape(f"{key} {value}") for key, value in record["versions"].items())


def _scale(scale: Mapping[str, Any]) -> str:
    of = "" if scale["done"] == scale["steps"] else f" of {scale['steps']}"
    tiles = f", in tiles of {scale['tiles']}" if scale["tiles"] else ""
    return f"{scale['width']} x {scale['height']}: {scale['done']}{of} steps{tiles}"


def _steps(done: int, record: Mapping[str, Any]) -> str:
    planned = sum(scale["steps"] for scale in record["scales"])
    return f"{done} steps" if done == planned else f"{done} of {planned} steps"


def _last(record: Mapping[str, Any]) -> str:
    """The size of the last scale that was painted."""
    scale = [it for it in record["scales"] if it["done"]][-1]
    return f"{scale['width']} x {scale['height']}"


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{seconds:.1f} s"
