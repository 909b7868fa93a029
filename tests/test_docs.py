"""The documentation does what it says, and leaves nothing out. That it builds without a warning is seen in `.ci/run`."""

from __future__ import annotations

import importlib.util
import inspect
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import nstk
import nstk.testing
from nstk.api.hookspecs import Hooks
from nstk.cli import cli
from nstk.recipe.defaults import LABELLED, SLOTS
from nstk.recipe.load import load_recipe
from nstk.recipe.schema import recipe_schema
from nstk.registry.registry import Registry

from .documents import ROOT, SMALL, Newcomer, blocks, hand_written, in_place

DOCS = ROOT / "docs"
PAGES = list(hand_written())


@pytest.fixture
def newcomer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Newcomer:
    return Newcomer(tmp_path, PAGES, monkeypatch, capsys)


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    """The Sphinx extension that takes texts from nstk."""
    spec = importlib.util.spec_from_file_location("reference", DOCS / "reference.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def generated(reference: ModuleType) -> dict[str, str]:
    pages: dict[str, str] = reference.pages()
    return pages


SLOW = ["cluster", "from_python", "judging_pictures", "layers_and_weights", "many_pictures", "video"]
"""The pages whose commands take longest."""


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=[pytest.mark.slow] * (page.stem in SLOW), id=page.stem) for page in PAGES if blocks(page)],
)
def test_page_does_what_it_says(page: Path, newcomer: Newcomer) -> None:
    newcomer.follow(page)


def test_a_file_is_shown_once() -> None:
    files = [block.file for page in PAGES for block in blocks(page) if block.file]
    assert sorted(set(files)) == sorted(files)


def test_the_mistakes_are_told_as_shown(newcomer: Newcomer) -> None:
    shown = blocks(DOCS / "recipes.md")
    good = next(block.text for block in shown if block.file == "mine.yaml")
    slip = good.replace("    weight: 10\n", "    wieght: 10\n").replace("[block4_conv2]", "[conv4_2]")
    (newcomer.folder / "mine.yaml").write_text(slip, encoding="utf-8")
    with pytest.raises(nstk.RecipeError) as told:
        load_recipe("mine.yaml")
    assert f"{told.value}\n" == next(block.text for block in shown if block.section == "Mistakes")


def test_losses_shown_are_sound(newcomer: Newcomer) -> None:
    files = ["sobel.py", "mean_activation.py", "masked_content.py", "mean_colour.py", "lightness.py"]
    registry = Registry.of(files)
    for name, settings, zero_at in [
        ("sobel", {}, "content"),
        ("mean_activation", {}, "style"),
        ("masked_content", {"mask": "face.png"}, "content"),
        ("mean_colour", {}, "content"),
        ("lightness", {"formula": "mean"}, "content"),
    ]:
        nstk.testing.check_loss(registry.get("loss", name)(**settings), zero_at=zero_at)  # type: ignore[arg-type]


def test_a_mask_holds_where_it_is_light(newcomer: Newcomer) -> None:
    """The radial gradient is dark in the middle and light at the rim."""
    mask = Registry.of(["masked_content.py"]).get("loss", "masked_content")(mask="face.png", layers=["image"])
    refs = nstk.testing.references()
    target = mask.target(refs)
    height, width = refs.content["image"].shape[1:3]
    moved = {}
    for place, (row, column) in {"middle": (height // 2, width // 2), "rim": (0, 0)}.items():
        picture = refs.content["image"].numpy()
        picture[0, row, column] += 50
        moved[place] = float(mask({"image": picture}, target))
    assert 0 <= moved["middle"] < 0.1 * moved["rim"]


def test_a_loss_of_sums_can_be_split(newcomer: Newcomer) -> None:
    settings = ["precision=float32", "losses.mean_colour.weight=5", "init=noise"]
    whole, tiled = (
        nstk.run(load(*settings, "size=160", f"tiles={tiles}", plugins=["mean_colour.py"])) for tiles in ("off", 64)
    )
    assert whole.losses["mean_colour"] > 0
    assert tiled.losses == pytest.approx(whole.losses, rel=1e-4)
    with pytest.raises(nstk.RecipeError, match="loss `sobel` cannot be split into tiles"):
        load("losses.sobel=", "tiles=64", plugins=["sobel.py"])


def test_the_log_shown_is_written(newcomer: Newcomer) -> None:
    nstk.run(load("callbacks.shares=", plugins=["shares.py"]))
    log = (newcomer.folder / "out" / "louvre-shares.txt").read_text().splitlines()
    assert log[0].startswith("1 content")
    assert log[-1] == "ended: done"


def test_a_callback_stops_as_shown(newcomer: Newcomer) -> None:
    recipe = load("callbacks.enough.below=1e9", plugins=["enough.py"])
    assert nstk.run(recipe).stopped == "enough: wasserstein is below 1e+09"


def load(*settings: str, plugins: list[str]) -> nstk.Recipe:
    return load_recipe("louvre", in_place([*SMALL, "callbacks.progress=false"], *settings), plugins=plugins)


@pytest.mark.parametrize("hook", [name for name in vars(Hooks) if name.startswith("nstk_")])
def test_hook_is_there_with_its_arguments(hook: str, generated: dict[str, str]) -> None:
    arguments = list(inspect.signature(getattr(Hooks, hook)).parameters)[1:]
    assert f"## `{hook}({', '.join(arguments)})`\n" in generated["hooks.md"]
    assert f"\ndef {hook}({', '.join(arguments)}):\n" in generated["hooks.md"]


@pytest.mark.parametrize("command", sorted(cli.commands))
def test_command_is_shown_at_work(command: str) -> None:
    lines = [line for page in PAGES for block in blocks(page) if block.language == "sh" for line in block.text.splitlines()]
    assert any(line.split()[:2] == ["nstk", command] for line in lines)


def keys(schema: dict[str, Any]) -> set[str]:
    """The keys of a recipe as editors know them; those of its mappings as `output.path`."""
    found = set(schema["properties"])
    for key, model in {"output": "Output", "checkpoint": "Checkpoint", "pyramid": "Pyramid"}.items():
        found |= {f"{key}.{inner}" for inner in schema["definitions"][f"recipe.{model}"]["properties"]}
    return found


def test_every_key_of_a_recipe_is_there(generated: dict[str, str]) -> None:
    known = keys(recipe_schema(Registry(installed=False)))
    assert {"content", "losses", "extends", "plugins", "output.depth", "pyramid.ratio"} <= known
    missing = {
        key for key in known if f"`{key}` (" not in generated["recipe.md"] and f"### `{key}`" not in generated["recipe.md"]
    }
    assert not missing


def test_every_part_is_there(generated: dict[str, str], reference: ModuleType) -> None:
    registry = Registry(installed=False)
    written = (DOCS / "parts.md").read_text(encoding="utf-8")
    rows = {line.split("|")[1].strip(): line for line in written.splitlines() if line.startswith("| `")}
    for key, kind in {**SLOTS, **LABELLED}.items():
        page = f"{reference.PLURALS[kind]}.md"
        assert f"```{{include}} _generated/{page}\n" in written
        for name in registry.names(kind):
            assert f"### `{name}`\n" in generated[page]
            assert f"`{name}`" in rows[f"`{key}`"]
            for field in registry.get(kind, name).model_fields:
                assert f"`{field}` (" in generated[page]


def test_what_a_callback_is_given_is_listed() -> None:
    page = (DOCS / "write_a_callback.md").read_text(encoding="utf-8")
    rows = {line.split("`")[1]: line for line in page.splitlines() if line.startswith("| `")}
    for word, protocol in {"run": nstk.Run, "step": nstk.Step, "scale": nstk.Scale}.items():
        members = {*inspect.get_annotations(protocol), *vars(protocol)}
        for member in (name for name in members if not name.startswith("_")):
            assert f"`{member}" in rows[word]


def test_what_tests_may_use_is_listed() -> None:
    page = (DOCS / "testing_a_plugin.md").read_text(encoding="utf-8")
    functions = [name for name, it in vars(nstk.testing).items() if inspect.isfunction(it)]
    for name in (name for name in functions if not name.startswith("_")):
        assert f"| `{name}(" in page


def test_the_entry_point_is_that_of_the_example() -> None:
    shown = next(block.text for block in blocks(DOCS / "other_hooks.md") if block.language == "toml")
    assert shown in (ROOT / "tests" / "distribution" / "pyproject.toml").read_text(encoding="utf-8")
