"""A recipe on its way to a worker, and back in its own folder there."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

import nstk
from nstk.checkpoints.provenance import settings_of, sources
from nstk.cluster.parcel import Parcel

PLUGIN = (
    "import nstk\nimport beside\n\nclass Heavy(nstk.Callback):\n    '''Nothing.'''\n    name = 'heavy'\n"
    "    weight: float = beside.WEIGHT\n\n@nstk.hookimpl\ndef nstk_callbacks():\n    return [Heavy]\n"
)


@pytest.fixture
def packed(folder):
    (folder / "my").mkdir()
    (folder / "my" / "heavy.py").write_text(PLUGIN)
    (folder / "my" / "beside.py").write_text("WEIGHT = 7.0\n")
    (folder / "my" / "unrelated.py").write_text("raise SystemExit('nobody imports this')\n")
    recipe = nstk.load_recipe("recipe.yaml", ["callbacks.heavy="], plugins=["my/heavy.py"], output="out/a.png")
    return recipe, Parcel.of(recipe)


def contents(parcel: Parcel) -> dict[str, bytes]:
    return {sha256: path.read_bytes() for sha256, path in parcel.sources().items()}


def test_the_recipe_is_the_same_on_a_worker(packed, tmp_path):
    recipe, parcel = packed
    there, _ = parcel.unpacked(contents(parcel), tmp_path / "store", tmp_path / "scratch" / "a.png")
    assert settings_of(there) == settings_of(recipe)
    assert there.callbacks["heavy"].weight == 7
    assert there.name == recipe.name == "recipe"
    for one, other in ((sources(there), sources(recipe)),):
        assert {key: it["sha256"] for key, it in one["inputs"].items()} == {
            key: it["sha256"] for key, it in other["inputs"].items()
        }
        assert [row["sha256"] for row in one["plugins"]] == [row["sha256"] for row in other["plugins"]]
    assert all(str(path).startswith(str(tmp_path / "store")) for path in there.inputs().values())


def test_files_travel_by_their_hashes_and_no_others(packed):
    _, parcel = packed
    names = {path.name for path in parcel.sources().values()}
    assert names == {"photo.jpg", "painting.jpg", "heavy.py", "beside.py"}
    for sha256, data in contents(parcel).items():
        assert hashlib.sha256(data).hexdigest() == sha256


def test_what_a_worker_says_names_the_senders_files(packed, tmp_path):
    recipe, parcel = packed
    there, back = parcel.unpacked(contents(parcel), tmp_path / "store", tmp_path / "scratch" / "a.png")
    said = f"{there.content} is odd, {there.path} too, and {there.plugins[0]}"
    assert back(said) == f"{recipe.content} is odd, {recipe.path} too, and {recipe.plugins[0]}"


def test_what_is_in_no_file_cannot_travel(folder):
    class Mine(nstk.Callback):
        """Nothing."""

        name = "mine"

    given = nstk.load_recipe("recipe.yaml", ["callbacks.mine="], plugins=[Mine], output="out/a.png")
    with pytest.raises(
        nstk.UserError, match="the class Mine was given in Python and cannot travel: name its file in `plugins`"
    ):
        Parcel.of(given)
    picture = nstk.load_recipe("recipe.yaml", content=np.zeros((48, 64, 3), np.uint8), output="out/a.png")
    with pytest.raises(nstk.UserError, match="`content` was given in Python and cannot travel to a worker: write it to a file"):
        Parcel.of(picture)


def test_a_file_of_the_store_is_written_once(packed, tmp_path):
    _, parcel = packed
    for _ in range(2):
        there, _ = parcel.unpacked(contents(parcel), tmp_path / "store", tmp_path / "a.png")
        Path(there.content).chmod(0o444)
    assert len([*(tmp_path / "store").rglob("*.jpg")]) == 2
