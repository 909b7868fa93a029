"""The picture and the losses in a notebook, while the run goes on."""

from __future__ import annotations

import base64
import io
import math
import time
from typing import TYPE_CHECKING, Any

import nstk
from nstk.plugins.callbacks._thinned import Thinned

if TYPE_CHECKING:
    import numpy as np

POINTS = 600
"""How many points a curve has at most."""

WIDTH, HEIGHT = 420, 200
"""The size of the curves, in pixels."""

COLOURS = ("#d1495b", "#2e86ab", "#e0a030", "#5b8e4e", "#8a5aa8", "#4aa89c", "#a86f4a", "#7c8799")


class Notebook(nstk.Callback):
    """Show the picture and the losses below a notebook's cell as they change. `nstk.run(..., live=True)` adds it.

    Outside a notebook it shows nothing.
    """

    name = "notebook"
    shows = True

    seconds: float = nstk.Field(1.0, gt=0, description="How many seconds lie between two looks at the picture.")
    size: int = nstk.Field(512, ge=64, le=2048, description="Long edge of what is shown, in pixels.")

    def on_start(self, run: nstk.Run) -> None:
        self.view = _display()
        self.curve: Thinned[dict[str, float]] = Thinned(POINTS, run.total_steps)
        self.shown, self.scale_index = 0.0, -1
        if self.view:
            self.view.display(_html(f"{run.recipe.name}: {run.total_steps} steps on {run.device}, {run.precision}"))

    def on_step(self, run: nstk.Run, step: nstk.Step) -> None:
        if not self.view:
            return
        now, begins = time.monotonic(), step.scale.index != self.scale_index
        if begins or step.index == run.total_steps or bool(run.stopped) or now - self.shown >= self.seconds:
            self.scale_index = step.scale.index
            newest = step.index, dict(step.losses)
            self.curve.add(*newest)
            points = [*(it for it in self.curve.kept if it[0] < step.index), newest]  # what is newest is always drawn
            where = f"{step.scale.width} x {step.scale.height}, step {step.index} of {run.total_steps}"
            picture = _picture(run.image(), self.size)
            self.view.update(_html(f"{where}, {step.seconds:.0f} s", picture, _curves(points, run.labels)))
            self.shown = time.monotonic()


def _display() -> Any:
    """A place below the cell that is at work; None where there is no notebook."""
    try:
        from IPython.core.getipython import get_ipython
        from IPython.display import DisplayHandle
    except ImportError:
        return None
    shell = get_ipython()
    return DisplayHandle() if shell is not None and hasattr(shell, "kernel") else None


def _html(words: str, *parts: str) -> Any:
    from html import escape

    from IPython.display import HTML

    return HTML(f"<div>{escape(words)}</div><div style='display:flex;flex-wrap:wrap;gap:12px'>{''.join(parts)}</div>")


def _picture(picture: np.ndarray, edge: int) -> str:
    """A picture (height x width x 3, 0..255) as an element, with a long edge of so many pixels at most."""
    import numpy as np
    from PIL import Image

    image = Image.fromarray(np.rint(picture).astype(np.uint8))
    image.thumbnail((edge, edge))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=88)
    return f"<img alt='The picture as it is now' src='data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}'>"


def _curves(points: list[tuple[int, dict[str, float]]], labels: Any) -> str:
    """The losses by step as an SVG, on paper with a logarithmic scale."""
    from html import escape

    values = [math.log10(it) for _, losses in points for it in losses.values() if it > 0]
    if not values:
        return ""
    low, high, first, last = min(values), max(values) + 0.01, points[0][0], max(points[-1][0], points[0][0] + 1)

    def place(step: int, value: float) -> str:
        across = (step - first) / (last - first) * WIDTH
        return f"{across:.1f},{HEIGHT * (1 - (math.log10(value) - low) / (high - low)):.1f}"

    drawn, words = [], []
    for index, label in enumerate(labels):
        colour = COLOURS[index % len(COLOURS)]
        line = " ".join(place(step, losses[label]) for step, losses in points if losses.get(label, 0) > 0)
        drawn.append(f"<polyline fill='none' stroke='{colour}' stroke-width='2' points='{line}'/>")
        value = points[-1][1].get(label, 0)
        words.append(f"<span style='color:{colour};margin-right:12px'>{escape(label)} {value:.3g}</span>")
    svg = f"<svg width='{WIDTH}' height='{HEIGHT + 4}' viewBox='0 -2 {WIDTH} {HEIGHT + 4}'>{''.join(drawn)}</svg>"
    return f"<div>{svg}<div>{''.join(words)}</div></div>"


@nstk.hookimpl
def nstk_callbacks() -> list[type[nstk.Callback]]:
    return [Notebook]
