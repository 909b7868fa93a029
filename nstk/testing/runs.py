"""A recipe for a few steps on small pictures, a run of it, and a run that is interrupted and resumed."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..api import Callback, Run, Step
from .samples import pictures

if TYPE_CHECKING:
    from ..engine.result import Result
    from ..recipe.model import Recipe


def recipe(folder: str | PathLike[str], **settings: Any) -> Recipe:
    """A recipe for a few steps on small pictures, which are written to `folder`; `settings` are a recipe's keys.

        recipe = nstk.testing.recipe(tmp_path, steps=2, optimizer={"use": "adam", "learning_rate": 5})

    Without settings: 3 steps of Adam at 48 pixels in float32, the backbone `tiny`, nstk's default losses, no callbacks,
    `folder/out.png`.
    """
    from ..pictures import write_picture
    from ..recipe.load import load_recipe

    folder, made = Path(folder), pictures((36, 48))
    for name, picture in (("content", made.content), ("style", made.styles["style"])):
        if name not in settings:
            write_picture(picture, folder / f"{name}.png")
            settings[name] = str(folder / f"{name}.png")
    adam = {"use": "adam", "learning_rate": 2}
    defaults = {"size": 48, "steps": 3, "precision": "float32", "backbone": "tiny", "optimizer": adam}
    defaults |= {"faces": "paint"}  # to look for faces takes longer than such a run
    defaults["output"] = str(folder / "out.png")
    callbacks = {"progress": False, **(settings.pop("callbacks", None) or {})}
    return load_recipe({**defaults, **settings, "callbacks": callbacks})


def run_recipe(folder: str | PathLike[str], **settings: Any) -> Result:
    """Run `recipe(folder, **settings)`.

    result = nstk.testing.run_recipe(tmp_path, plugins=["my_callback.py"], callbacks={"my_callback": {"every": 2}})
    assert (tmp_path / "out.png").exists()
    """
    from ..engine.session import run

    return run(recipe(folder, **settings))


class _Interrupts(Callback):
    """Breaks a run off after so many steps, as Ctrl-C does."""

    name = "nstk_testing_interrupts"
    after: int

    def on_step(self, run: Run, step: Step) -> None:
        from ..engine.interrupts import INTERRUPTED

        if step.index >= self.after and not run.resumed:
            run.stop(INTERRUPTED)


def resume_recipe(folder: str | PathLike[str], after: int = 2, **settings: Any) -> Result:
    """Run `recipe(folder, **settings)`, interrupt it after so many steps, and resume it. Returns the result of the whole.

        result = nstk.testing.resume_recipe(tmp_path, plugins=["my_callback.py"], callbacks={"my_callback": {}})
        assert len(result.history) == 3

    A run that ends before that is not resumed.
    """
    from ..engine.interrupts import INTERRUPTED
    from ..engine.session import resume, run

    plugins = [*settings.pop("plugins", []), _Interrupts]
    name = _Interrupts.name
    callbacks = {**(settings.pop("callbacks", None) or {}), name: {"use": f"python:{name}", "after": after}}
    first = run(recipe(folder, plugins=plugins, callbacks=callbacks, **settings))
    if first.stopped != INTERRUPTED:
        return first
    given = [it for it in plugins if not isinstance(it, str)]  # classes have to be given again
    return resume(Path(folder) / "out.png", plugins=given, trust=True)
