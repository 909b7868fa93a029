"""The README's own blocks run: what it shows is what a newcomer types first."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

import nstk
from nstk.cli import main
from nstk.engine.painting import Painting

ROOT = Path(__file__).parent.parent
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)
SMALL = ["backbone=tiny", "size=64", "steps=2", "run_eagerly=true"]
"""So few steps take less time than to compile one."""


def blocks(language: str) -> list[str]:
    return [text for name, text in BLOCKS if name == language]


def named(text: str) -> str:
    """The file that a block is, from its first line: `# sobel.py`."""
    return text.split()[1].rstrip(":")


@pytest.fixture
def newcomer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A working directory with everything that the README has told to make or to bring so far."""
    monkeypatch.chdir(tmp_path)
    for text in [*blocks("python"), *blocks("yaml")]:
        if text.startswith("# ") and named(text).endswith((".py", ".yaml")):
            (tmp_path / named(text)).write_text(text, encoding="utf-8")
    images = ROOT / "recipes" / "images"
    (tmp_path / "images").symlink_to(images)
    (tmp_path / "photo.jpg").write_bytes((images / "louvre.jpg").read_bytes())
    (tmp_path / "painting.jpg").write_bytes((images / "sandstone.jpg").read_bytes())
    return tmp_path


def nstk_command(line: str) -> int:
    words = shlex.split(line, comments=True)[1:]
    if words[0] in ("run", "estimate"):
        words += SMALL
    with pytest.raises(SystemExit) as end:
        main(words)
    return int(end.value.code or 0)


def interrupted_run() -> None:
    """An unfinished `nstk run louvre`, which the README resumes."""
    add = Painting.add

    def stop(run: Any, *args: Any) -> Any:
        run.stop("interrupted")
        return add(run, *args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Painting, "add", stop)
        assert nstk_command("nstk run louvre") == 130


def test_the_first_blocks_are_promised() -> None:
    assert blocks("sh")[0] == "pip install -e . && nstk run louvre\n"
    assert blocks("sh")[1] == 'pip install -e ".[test]" && pytest\n'


def test_commands_run(newcomer: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line for text in blocks("sh")[2:] for line in text.splitlines() if line.startswith("nstk ")]
    assert len(lines) > 8
    for line in lines:
        if line.startswith("nstk cp cafe mine.yaml"):
            (newcomer / "mine.yaml").unlink()
        if line.startswith("nstk resume"):
            interrupted_run()
        assert nstk_command(line) == 0, f"{line}\n{capsys.readouterr().err}"
    assert (newcomer / "painted.jpg").is_file()


def test_recipes_are_good(newcomer: Path) -> None:
    recipes = blocks("yaml")
    assert len(recipes) == 3
    for text in recipes:
        nstk.load_recipe(named(text))


def test_the_slip_is_told_as_shown(newcomer: Path) -> None:
    good = next(text for text in blocks("yaml") if named(text) == "mine.yaml")
    slip = good.replace("    weight: 10\n", "    wieght: 10\n").replace("[block4_conv2]", "[conv4_2]")
    (newcomer / "mine.yaml").write_text(slip, encoding="utf-8")
    with pytest.raises(nstk.RecipeError) as told:
        nstk.load_recipe("mine.yaml")
    assert f"{told.value}\n" == blocks("text")[0]


def test_the_python_example_runs(newcomer: Path) -> None:
    example = next(text for text in blocks("python") if "load_recipe(" in text)
    scope: dict[str, object] = {}
    exec(example.replace('"size=128"', '"size=64", "backbone=tiny", "callbacks.progress=false"'), scope)
    result = scope["result"]
    assert isinstance(result, nstk.Result)
    assert result.path.is_file()
    assert result.stopped == "done"
    assert len(result.history) == 20


def test_the_plugin_test_passes(newcomer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(newcomer)
    scope: dict[str, Any] = {}
    exec((newcomer / "test_sobel.py").read_text(), scope)
    scope["test_sobel"]()


def test_a_loss_of_sums_can_be_split(newcomer: Path) -> None:
    settings = [*SMALL, "size=160", "callbacks.progress=false", "losses.mean_colour.weight=5", "precision=float32"]
    whole, tiled = (
        nstk.run(nstk.load_recipe("louvre", [*settings, f"tiles={tiles}"], plugins=["mean_colour.py"])) for tiles in ("off", 64)
    )
    assert whole.losses["mean_colour"] > 0
    assert tiled.losses == pytest.approx(whole.losses, rel=1e-4)
    with pytest.raises(nstk.RecipeError, match="loss `sobel` cannot be split into tiles"):
        nstk.load_recipe("louvre", ["losses.sobel=", "tiles=64"], plugins=["sobel.py"])


def test_plugins_do_what_is_said(newcomer: Path) -> None:
    recipe = nstk.load_recipe(
        "louvre",
        [*SMALL, "callbacks.progress=false", "losses.sobel.weight=5", "losses.mean_activation=", "callbacks.shares="],
        plugins=["sobel.py", "mean_activation.py", "shares.py"],
    )
    result = nstk.run(recipe)
    assert result.losses["sobel"] > 0
    assert result.losses["mean_activation"] > 0
    log = (newcomer / "out" / "louvre-shares.txt").read_text().splitlines()
    assert log[0].startswith("1 content")
    assert log[-1] == "ended: done"
