"""What comes back of a picture: all of it, or nothing."""

from __future__ import annotations

import hashlib
import json

import pytest

import nstk
from nstk.checkpoints.folder import RunFolder
from nstk.cluster.place import Place
from nstk.cluster.worker import Checkpoint


@pytest.fixture
def recipe(folder):
    return nstk.load_recipe("recipe.yaml", output="out/a.png")


FILES = {"a.png": b"a picture", "a.run.json": b'{"finished": true, "steps": 3}\n', "log/steps.csv": b"step,loss\n"}


def test_a_picture_arrives_with_all_that_belongs_to_it(recipe, folder):
    place = Place(recipe, force=False)
    place.take(begun=False)
    place.deliver(FILES)
    place.leave()
    assert {name: (folder / "out" / name).read_bytes() for name in FILES} == FILES
    assert (folder / "out/a.recipe.yaml").read_text().startswith("# The recipe of a.png, with every default written out.\n")
    assert nstk.load_recipe(folder / "out/a.recipe.yaml").content == recipe.content
    assert not (folder / "out/a.run").exists()


def test_who_is_killed_while_a_picture_arrives_begins_anew(recipe, folder, monkeypatch):
    """Until the picture is there, and a moment longer, its record says that it is not finished."""
    from nstk.cluster import place as module

    def write(path, data, **options):
        if path.name == "a.png":
            raise KeyboardInterrupt
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)

    place = Place(recipe, force=False)
    place.take(begun=False)
    monkeypatch.setattr(module, "write_whole", write)
    with pytest.raises(KeyboardInterrupt):
        place.deliver(FILES)
    place.leave()
    assert json.loads((folder / "out/a.run.json").read_text()) == {"finished": False, "steps": 3}


def test_two_series_do_not_paint_one_picture(recipe):
    first, second = Place(recipe, force=False), Place(recipe, force=False)
    first.take(begun=False)
    with pytest.raises(nstk.UserError, match="is being painted by another process"):
        second.take(begun=False)
    first.leave()
    second.take(begun=False)
    second.leave()


def test_a_checkpoint_that_is_not_what_its_name_says_is_left_out(recipe, caplog):
    place = Place(recipe, force=False)
    place.take(begun=False)
    sha256 = hashlib.sha256(b"as it was written").hexdigest()
    place.keep(Checkpoint(f"step-0000004-{sha256}.npz", b"as it was"))
    assert place.latest is None
    assert "a checkpoint of out/a.png is left out, for it came back damaged" in caplog.text
    place.keep(Checkpoint(f"step-0000004-{sha256}.npz", b"as it was written"))
    assert place.latest
    assert [it.name for it in RunFolder.of(place.path).checkpoints()] == [place.latest.name]
    place.keep(Checkpoint(f"../step-0000009-{sha256}.npz", b"as it was written"))
    assert "step-0000004" in place.latest.name
    place.leave()
