"""Names of snapshots made of any parts: none leads out of the folder of the picture."""

from __future__ import annotations

from types import SimpleNamespace

from hypothesis import example, given, strategies as st
from pydantic import ValidationError

import nstk
from nstk.plugins.callbacks.snapshots import Snapshots
from tests.fuzz.damage import fuzz

PARTS = ["{name}", "{step:05}", "{step:>99}", "{scale}", "{suffix}", ".png", "/", "../", ".", "link/", "a", "\\", "{{", "~"]


@fuzz(0.05)
@given(st.lists(st.sampled_from(PARTS), max_size=6).map(lambda parts: "".join([*parts, "{suffix}"])))
@example("link/{name}{suffix}")
@example("../{name}{suffix}")
def test_templates_stay_in_the_folder(tmp_path_factory, template):
    from nstk.engine.painting import Painting

    project = tmp_path_factory.getbasetemp() / "templates"
    folder = project / "here" / "out"
    if not folder.exists():
        folder.mkdir(parents=True)
        (project / "there").mkdir()
        (folder / "link").symlink_to(project / "there")
    recipe = SimpleNamespace(inputs=dict, files=[], sidecar=lambda suffix: folder / f"picture{suffix}")
    run = SimpleNamespace(output=folder / "picture.png", recipe=recipe)
    try:
        path = Painting.beside(run, Snapshots(path=template).path, step=7, scale=1)
    except (ValidationError, nstk.OutputError):
        return
    assert path.resolve().is_relative_to(folder)
    assert path.resolve() != folder
