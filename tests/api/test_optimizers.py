"""An optimizer of an author's: one that works, and one that is broken."""

from __future__ import annotations

import inspect
import textwrap

import numpy as np
import pytest

import nstk
from nstk import testing
from nstk.api.hookspecs import Hooks


def test_the_hooks_example_works(tmp_path):
    doc = inspect.getdoc(Hooks.nstk_optimizers)
    code = textwrap.dedent(doc[doc.index("    import nstk") :])
    (tmp_path / "sign.py").write_text(code, encoding="utf-8")
    settings = {"plugins": [str(tmp_path / "sign.py")], "optimizer": {"use": "sign", "size": 4}, "steps": 1}
    result = testing.run_recipe(tmp_path, **settings)
    moved = result.picture.astype(int) - nstk.read_picture(tmp_path / "content.png").astype(int)
    assert set(np.unique(np.abs(moved[(result.picture > 0) & (result.picture < 255)]))) <= {0, 4}
    assert (np.abs(moved) == 4).mean() > 0.8
    assert sum(result.losses.values()) < result.history[0]["loss"]


BROKEN = """
class Odd(nstk.Optimizer):
    \"\"\"Broken in a chosen way.\"\"\"
    name = "odd"
    way: str = ""

    def start(self, problem, before=None):
        if self.way == "start":
            raise ValueError("cannot begin")
        stepper = nstk.Stepper()
        def step():
            if self.way == "step":
                raise ValueError("cannot move")
            evaluation, gradient = problem.value_and_grad()
            if self.way == "nan":
                problem.image.assign(problem.image * np.nan)
            return None if self.way == "none" else evaluation
        stepper.step = step
        return stepper

@nstk.hookimpl
def nstk_optimizers():
    return [Odd]
"""


@pytest.mark.parametrize(
    ("way", "message"),
    [
        ("start", r"optimizer `odd` failed: ValueError: cannot begin \(mine.py:13\)"),
        ("step", r"optimizer `odd`,? failed: ValueError: cannot move \(mine.py:17\)"),
        ("none", r"optimizer `odd`: step\(\) returned None, not the Evaluation"),
        ("nan", r"the move of optimizer `odd` is NaN or infinite at step 1, scale 0 \(48 x 36\)"),
    ],
)
@pytest.mark.parametrize("run_eagerly", [False, True])
def test_a_broken_optimizer_is_named(way, message, run_eagerly, tmp_path, plugin):
    with pytest.raises(nstk.RunError, match=message):
        testing.run_recipe(tmp_path, plugins=[plugin(BROKEN)], optimizer={"use": "odd", "way": way}, run_eagerly=run_eagerly)
