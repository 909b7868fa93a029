"""A run in a real notebook: its picture and its losses change below the cell."""

from __future__ import annotations

import re

import pytest

import nstk
from nstk import testing

CODE = """
import nstk, nstk.testing
recipe = nstk.testing.recipe("{folder}", steps=6, optimizer="adam", losses={{"content": {{}}, "gram": {{}}}})
result = nstk.run(recipe, live=True)
print(result.stopped, len(result.history))
"""


@pytest.fixture
def kernel():
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(startup_timeout=120)
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_cell_shows_the_run(kernel, tmp_path):
    shown, printed = [], []

    def hear(message):
        kind, content = message["msg_type"], message["content"]
        if kind in ("display_data", "update_display_data"):
            shown.append((kind, content["data"]["text/html"]))
        elif kind == "stream":
            printed.append(content["text"])
        elif kind == "error":
            printed.append("\n".join(content["traceback"]))

    kernel.execute_interactive(CODE.format(folder=tmp_path), output_hook=hear, timeout=120)
    assert "done 6" in "".join(printed), printed
    assert "step 1/6" not in "".join(printed)  # the terminal's own view is left out
    assert shown[0][0] == "display_data"
    assert {kind for kind, _ in shown[1:]} == {"update_display_data"}
    last = shown[-1][1]
    assert "step 6 of 6" in last
    assert "data:image/jpeg;base64," in last
    assert set(re.findall(r">(\w+) [\d.e-]+</span>", last)) == {"content", "gram"}
    assert last.count("<polyline") == 2


def test_outside_a_notebook_it_is_a_sentence(tmp_path):
    with pytest.raises(nstk.UserError, match=r"`live=True` shows the run in a notebook, and this is none: `nstk run --live`"):
        nstk.run(testing.recipe(tmp_path), live=True)


def test_in_a_recipe_it_does_no_harm(tmp_path):
    assert testing.run_recipe(tmp_path, callbacks={"notebook": None}).stopped == "done"
