"""A distribution of its own, found through its entry point."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.samples import ENVIRONMENT, NSTK, begin

DISTRIBUTION = Path(__file__).parent / "distribution"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder with the distribution in `tests/distribution` installed, and a broken one beside it."""
    source = tmp_path_factory.mktemp("source") / "distribution"
    shutil.copytree(DISTRIBUTION, source)  # a build leaves files behind
    site = tmp_path_factory.mktemp("site")
    options = ["--quiet", "--disable-pip-version-check", "--no-index", "--no-deps", "--no-build-isolation", "--target"]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(site), str(source)], check=True, env=ENVIRONMENT)
    broken = site / "nstk_broken-0.3.dist-info"
    broken.mkdir()
    (broken / "METADATA").write_text("Metadata-Version: 2.1\nName: nstk-broken\nVersion: 0.3\n")
    (broken / "entry_points.txt").write_text("[nstk]\ncracked = nstk_cracked\n")
    (site / "nstk_cracked.py").write_text("import nstk\n\nimport numppy\n")
    return site


def test_an_installed_distribution(site, tmp_path, monkeypatch):
    monkeypatch.chdir(begin(tmp_path))
    environment = {**ENVIRONMENT, "PYTHONPATH": str(site)}

    def run(*args: str, code: int = 0) -> tuple[str, str]:
        done = subprocess.run([*NSTK, *args], capture_output=True, text=True, env=environment, check=False)
        assert done.returncode == code, done.stderr
        return done.stdout, done.stderr

    cracked = "ModuleNotFoundError: No module named 'numppy' (nstk_cracked.py:3)"
    out, err = run("plugins")
    assert "postcard 1.2  (nstk-postcard 1.2)\n    loss warmth, callback diary, command stamp\n" in out
    assert out.splitlines()[-2] == "cracked  (nstk-broken 0.3)"
    assert cracked in " ".join(out.split())
    out, err = run("check", "recipe.yaml", "losses={warmth: {wanted: 30}, postcard:warmth: false}", "callbacks.diary=")
    assert out == "recipe.yaml: good (tiny, warmth, 3 steps)\n"
    assert err == f"warning: plugin `cracked` (nstk-broken 0.3) did not load: {cracked}; `-p no:cracked` leaves it out\n"
    assert run("stamp", "3", "-p", "x", code=2)
    assert run("-p", "no:cracked", "stamp", "3") == ("[nstk 3]\n", "")
    out, err = run("--help")
    assert "  stamp     Print a stamp." in out
    assert cracked in err
    assert run("check", "recipe.yaml", "plugins=[cracked]", code=2)[0] == ""
