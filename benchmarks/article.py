"""Part `article`: the deeplearning.ai course's objective at 400 x 300, which the article paints with in 2000 steps of Adam.

The plainest TensorFlow 2 loop takes 2000 times the time of its step. This is compared with the time that nstk, at its fastest,
takes to reach the loss of 2000 steps of Adam. That loss comes from nstk's own 2000 steps of Adam, which are run in full. They
are the steps of the plain loop, so they reach its loss.
"""

from __future__ import annotations

from typing import Any

from .curves import compilation, points, rhythm, time_to
from .neural_style import NPZ
from .processes import child
from .report import Record
from .setting import HERE, Setting, content, descend, style

RECIPE = HERE / "recipes" / "article.yaml"
SIZE, QUICK_SIZE = (400, 300), (64, 48)
STEPS, QUICK_STEPS = 2000, 12

PLAIN_STEPS, QUICK_PLAIN_STEPS = 25, 4
"""How many steps each of the two runs of the plain loop has. One comes before nstk's run and one after it."""
PLAIN_WARM = 3

TARGET = 1 / 20
GIVE_UP = 3 * TARGET
"""nstk is broken off after this share of the plain loop's time."""
BELOW = 0.95
"""nstk goes on until its own loss is this share of the loss looked for: rounding to 8 bits makes its picture a little worse."""


def measure(setting: Setting, record: Record) -> None:
    size, steps = setting.pick(SIZE, QUICK_SIZE), setting.pick(STEPS, QUICK_STEPS)
    settings = {"content": str(content(*size)), "style": str(style(max(size), "sandstone.jpg")), "size": max(size)}
    setting.say(f"article: {steps} steps of Adam at {size[0]} x {size[1]}, in full")
    adam = descend(RECIPE, {**settings, "steps": steps}, "article-adam", {"keep": []})
    record.raw["adam"] = adam
    record.keep()
    loss = adam["judged"][-1][1]
    plain = [_plain(setting, settings)]
    total = steps * plain[0]["step"]
    budget = setting.pick(GIVE_UP, 2) * total
    setting.say(f"article: lbfgs to a loss of {loss:.4g}, at most {budget:.0f} s")
    stopwatch = {"keep": points(steps), "until": BELOW * loss, "budget": budget}
    quick = descend(RECIPE, {**settings, "optimizer": "lbfgs", "steps": steps}, "article-fast", stopwatch)
    record.raw["fast"] = quick
    plain.append(_plain(setting, settings))
    record.raw |= {"plain": plain, "loss": loss}
    _figures(record, steps, min(it["step"] for it in plain), adam, quick, loss)


def _plain(setting: Setting, settings: dict[str, Any]) -> dict[str, Any]:
    count = setting.pick(PLAIN_STEPS, QUICK_PLAIN_STEPS)
    setting.say(f"article: {count} steps of the plain loop")
    spec = {"content": settings["content"], "style": settings["style"], "weights": str(NPZ), "steps": count}
    made = child("plain_loop", spec)
    return {**made, "step": rhythm(made["seconds"], PLAIN_WARM)}


def _figures(record: Record, steps: int, step: float, adam: dict[str, Any], fast: dict[str, Any], loss: float) -> None:
    total, who = steps * step, fast["optimizer"]
    seconds = time_to(fast["judged"], loss)
    what = f"nstk ({who}) to the loss of {steps} Adam steps / plain TF2 loop's {steps} steps"
    if seconds is None:
        record.figure(what, fast["judged"][-1][0] / total, most=TARGET, above=True)
    else:
        record.figure(what, seconds / total, most=TARGET)
        record.figure(f"{what}, without compiling", max(0.0, seconds - compilation(fast["seconds"])) / total)
        record.figure(f"nstk ({who}) to the loss of {steps} Adam steps, {loss:.4g}", seconds, "s", aim=120)
    record.figure(f"nstk's {steps} Adam steps / plain TF2 loop's {steps} steps", adam["seconds"][-1] / total)
    record.figure(f"plain TF2 loop's {steps} steps, from {step:.3g} s a step", total, "s")
    record.figure(f"nstk's {steps} Adam steps", adam["seconds"][-1], "s")
