"""Recipes that a page puts together, and the queue that outlives it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import nstk
from nstk import UserError
from nstk.live.jobs import Jobs
from nstk.live.studio import Studio
from tests.live.samples import LIGHT


@pytest.fixture
def studio(folder):
    made = Studio(folder / "out", quiet=True)
    (folder / "out" / "inputs").mkdir(parents=True)
    for name in ("photo.jpg", "painting.jpg"):
        (folder / "out" / "inputs" / name).write_bytes((folder / name).read_bytes())
    return made


PAIR = {"content": "photo.jpg", "styles": ["painting.jpg"]}


def test_a_look_with_two_pictures(studio, folder):
    recipe = studio.recipe({**PAIR, "look": "louvre", "keys": {"size": 64, "balance": 40, "time": ""}}).recipe
    assert (recipe.size, recipe.balance, recipe.optimizer.name) == (64, 40, "adam")
    assert recipe.path == folder / "out" / "photo-painting.png"
    assert recipe.content == str(folder / "out" / "inputs" / "photo.jpg")
    assert recipe.placed_by_default


def test_regions_and_further_settings(studio):
    assert studio.recipe({**PAIR, "region": "background"}).recipe.paint.name == "background"
    drawn = studio.recipe({**PAIR, "region": "photo.jpg"}).recipe.paint
    assert (drawn.name, drawn.feather) == ("map", 6)
    recipe = studio.recipe({**PAIR, "more": "colours: keep\nlosses: {gram: {weight: 3}}"}).recipe
    assert (recipe.colours.name, recipe.losses["gram"].weight) == ("keep", 3)


REFUSED = [
    ({}, "there is no photograph and no painting yet: drop one"),
    ({"content": "photo.jpg"}, "there is no painting yet: drop one"),
    ({**PAIR, "content": "none.jpg"}, "there is no picture none.jpg: drop it again"),
    ({**PAIR, "content": "../../recipe.yaml"}, "there is no picture"),
    ({**PAIR, "look": "luvre"}, "no recipe `luvre`"),
    ({**PAIR, "keys": {"size": "many"}}, "`size`"),
    ({**PAIR, "keys": 5}, "`keys` is a mapping"),
    ({**PAIR, "styles": "painting.jpg"}, "`styles` is a list of pictures"),
    ({**PAIR, "more": "plugins: [evil.py]"}, "`plugins` cannot be set on the page"),
    ({**PAIR, "more": "output: /etc/passwd"}, "`output` cannot be set on the page"),
    ({**PAIR, "more": "- a"}, "the further settings are lines such as"),
    ({**PAIR, "more": "balance: [1"}, "the further settings"),
    ({**PAIR, "more": "stepps: 3"}, "unknown key `stepps`"),
]


@pytest.mark.parametrize(("settings", "why"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_refused(studio, settings, why):
    with pytest.raises(UserError, match=why):
        studio.add(settings)
    assert studio.jobs.listed() == []


def test_a_result_of_before(studio, folder):
    nstk.run(nstk.load_recipe("recipe.yaml", LIGHT, output="out/inputs/old.png"), quiet=True)
    made = studio.recipe({"again": "old.png", "keys": {"seed": 5}})
    assert (made.recipe.seed, made.recipe.backbone.name, made.recipe.path) == (5, "tiny", folder / "out" / "recipe.png")


def test_the_queue_outlives_the_page(folder):
    jobs = Jobs(folder / "out")
    first, second = jobs.add("a", {"look": "louvre"}), jobs.add("b", {})
    jobs.note(first.number, status="painting", output="out/a.png")
    jobs.note(second.number, status="failed", message="no paint")
    again = Jobs(folder / "out")
    assert [(it["name"], it["status"]) for it in again.listed()] == [("a", "waiting"), ("b", "failed")]
    assert again.next(0).settings == {"look": "louvre"}
    again.again(second.number)
    again.drop(first.number)
    assert [(it["name"], it["status"], it["message"]) for it in again.listed()] == [("b", "waiting", "")]
    assert again.add("c", {}).number == 3


def test_a_queue_that_cannot_be_read(folder, caplog):
    (folder / "out").mkdir()
    (folder / "out" / "queue.json").write_text("[{]")
    assert Jobs(folder / "out").listed() == []
    assert "queue.json cannot be read" in caplog.text
    assert Path("out/queue.json").read_text() == "[{]"


@pytest.mark.slow
def test_from_a_drop_to_a_picture(serve, folder):
    server = serve("ui", "-o", "out", "--no-open", "-q")
    for name in ("photo.jpg", "painting.jpg"):
        assert server.ask(f"api/drop/{name}", Path(name).read_bytes(), "PUT")[0] == 200
    assert {"louvre", "default", "gatys2016"} <= {it["name"] for it in server.ask("api/looks")[1]}
    more = "backbone: tiny\nrun_eagerly: true\nsteps: 3\nlosses: {gram: {layers: [image]}}"
    wanted = {**PAIR, "look": "default", "keys": {"size": 64}, "more": more}
    status, told = server.ask("api/estimate", wanted)
    assert (status, told["fits"]) == (200, True)
    assert "64 x 48 px: 3 steps of" in told["lines"][0]
    assert server.ask("api/jobs", wanted)[0] == 200
    assert server.ask("api/jobs", {**wanted, "keys": {"size": 64, "seed": 1}})[0] == 200
    assert server.ask("api/jobs", {**wanted, "look": "nothing"})[0] == 400
    server.until(lambda it: [job["status"] for job in server.ask("api/jobs")[1]] == ["done", "done"])
    assert [it["name"] for it in server.ask("api/history")[1]] == ["photo-painting.1.png", "photo-painting.png"]
    names = "one=photo-painting.png&other=photo-painting.1.png"
    assert "recipe: seed: 0 -> 1" in server.ask(f"api/compare?{names}")[1]["differences"]
    assert "# photo-painting, painted by" in server.ask("api/history/photo-painting.png/recipe")[1]["recipe"]
    server.process.send_signal(2)
    assert server.end() == 0


@pytest.mark.slow
def test_a_page_that_is_ended_goes_on_with_its_picture(serve, folder):
    server = serve("ui", "-o", "out", "--no-open", "-q")
    for name in ("photo.jpg", "painting.jpg"):
        server.ask(f"api/drop/{name}", Path(name).read_bytes(), "PUT")
    more = "backbone: tiny\nrun_eagerly: true\nsteps: 150\noptimizer: adam\nlosses: {gram: {layers: [image]}}"
    assert server.ask("api/jobs", {**PAIR, "keys": {"size": 64}, "more": more})[0] == 200
    server.until(lambda it: it["step"] > 20 if "step" in it else False)
    server.process.send_signal(2)
    assert server.end() == 0
    assert json.loads(Path("out/queue.json").read_text())[0]["status"] == "waiting"
    server = serve("ui", "-o", "out", "--no-open", "-q")
    begun = server.until(lambda it: it.get("step", 0) > 0)
    assert begun["step"] > 20
    server.until(lambda it: server.ask("api/jobs")[1][0]["status"] == "done")  # the record is written by then
    assert json.loads(Path("out/photo-painting.run.json").read_text())["steps"] == 150
