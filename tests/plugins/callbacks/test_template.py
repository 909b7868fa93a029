"""Where callbacks may write."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

import nstk
from nstk import testing
from nstk.plugins.callbacks.csv_log import CsvLog
from nstk.plugins.callbacks.json_log import JsonLog
from nstk.plugins.callbacks.snapshots import Snapshots
from tests.plugins.callbacks.samples import QUICK


@pytest.mark.parametrize("callback", ["csv_log", "json_log", "snapshots"])
def test_no_log_over_what_is_read(callback, tmp_path):
    before = testing.recipe(tmp_path) and (tmp_path / "content.png").read_bytes()
    with pytest.raises(nstk.CallbackError, match=r"content.png is also the run's `content`, which would be overwritten"):
        testing.run_recipe(tmp_path, callbacks={callback: {"path": "content.png"}}, **QUICK)
    assert (tmp_path / "content.png").read_bytes() == before


@pytest.mark.parametrize("path", ["log.csv", "folder/log.csv"])
def test_no_link_out_of_the_folder(path, tmp_path):
    kept, out = tmp_path / "kept" / "log.csv", tmp_path / "out"
    for file in (kept, out / "inside" / "log.csv"):
        file.parent.mkdir(parents=True)
        file.write_text("mine")
    (out / "log.csv").symlink_to(kept)
    (out / "folder").symlink_to(kept.parent)
    with pytest.raises(nstk.CallbackError, match=r"is a link out of the output's folder, to .*kept/log\.csv: choose another"):
        testing.run_recipe(tmp_path, output=str(out / "a.png"), callbacks={"csv_log": {"path": path}}, **QUICK)
    assert kept.read_text() == "mine"
    (out / "link.csv").symlink_to("inside/log.csv")
    (tmp_path / "far").symlink_to(out)
    testing.run_recipe(tmp_path, output=str(tmp_path / "far" / "a.png"), callbacks={"csv_log": {"path": "link.csv"}}, **QUICK)
    assert (out / "inside" / "log.csv").read_text().startswith("step,")


@pytest.mark.parametrize("cls", [CsvLog, JsonLog, Snapshots])
@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("../{name}.txt", "leaves the output's folder"),
        ("a/../../{name}", "leaves the output's folder"),
        ("/tmp/{name}", "leaves the output's folder"),
        (".{name:.0}./{name}", "leaves the output's folder"),
        ("", "leaves the output's folder"),
        ("{nam}.csv", "uses a field that is not one of"),
        ("{name.__class__}", "uses a field that is not one of"),
        ("{name[0]}", "uses a field that is not one of"),
        ("{}", "uses a field that is not one of"),
        ("{name", "is no template"),
        ("{name:05d}", "is no template"),
        ("{name:>999999999}", "a width is a number of at most two digits"),
        ("{name:{name}}", "a width is a number of at most two digits"),
        ("{name}\0", "holds the character NUL"),
    ],
)
def test_bad_templates_are_refused(cls, template, message):
    with pytest.raises(ValidationError, match=message):
        cls(path=template)
