"""A run on a page, asked as a page asks: watched, changed, held, stopped, and repeated."""

from __future__ import annotations

import io
import urllib.request
from pathlib import Path

import pytest
from PIL import Image

import nstk
from tests.live.samples import LIGHT

RUN = ["run", "recipe.yaml", *LIGHT, "optimizer=adam", "--live", "--no-open", "-q"]


def image(data):
    with Image.open(io.BytesIO(data)) as opened:
        return opened.size


def test_a_run_is_watched_changed_held_and_repeated(serve, folder):
    server = serve(*RUN, "steps=100000", "-o", "a.png")
    with urllib.request.urlopen(urllib.request.Request(f"{server.base}api/events", headers={"X-Nstk-Token": server.token})):
        state = server.until(lambda it: it["status"] == "painting" and it["picture"])
        assert (state["name"], state["labels"], state["total"]) == ("recipe", ["content", "gram"], 100_000)
        assert state["points"][0]["step"] >= 1
        assert server.ask("api/pause", method="POST") == (200, None)
        held = server.until(lambda it: it["status"] == "paused")["step"]
        assert image(server.ask("api/picture")[1]) == image(server.ask("api/photograph")[1]) == (64, 48)
        assert image(server.ask("api/painting/style")[1]) == (64, 48)
        assert server.ask("api/change", {"losses.gram.weight": 7, "optimizer.learning_rate": 3})[0] == 200
        assert server.until(lambda it: it["status"] == "paused")["step"] == held
        server.ask("api/go", method="POST")
        changed = server.until(lambda it: it["changes"])
        assert changed["changes"][0]["set"] == {"losses.gram.weight": 7, "optimizer.learning_rate": 3}
        assert changed["values"]["losses.gram.weight"] == 7
        assert "losses.gram.weight: 7" in changed["recipe"]
        server.until(lambda it: it["step"] > held + 3)
        assert server.ask("api/stop", method="POST")[0] == 200
    assert server.end() == 130
    assert "`nstk resume a.png` goes on after step" in "".join(server.lines)
    again = nstk.rerun("a.png", output="b.png", quiet=True)
    assert Path("a.png").read_bytes() == Path("b.png").read_bytes()
    assert len(again.history) > held


def test_what_is_wrong_is_a_sentence(serve):
    server = serve(*RUN, "steps=100000")
    server.until(lambda it: it["status"] == "painting")
    refused = {
        "api/change": ({"losses.none.weight": 1}, "`losses.none.weight` may not change while the picture is painted"),
        "api/painting/sky": (None, "there is no painting `sky`"),
        "api/history/..%2Frecipe.yaml/recipe": (None, ""),
        "api/history/none.png": (None, "there is no picture none.png in"),
        "api/dropped/none.png": (None, "there is no picture none.png: drop it again"),
    }
    for path, (data, why) in refused.items():
        status, answer = server.ask(path, data)
        assert status in (400, 404)
        assert why in str(answer), path
    assert server.ask("api/change", {"balance": "much"})[1] == {"error": "a change is a mapping of keys to numbers"}
    assert server.ask("api/change", b"[" * 100_000, "POST")[1] == {"error": "a page sends a mapping, as JSON"}
    assert server.ask("api/change", {"a": "x" * 300_000})[1] == {"error": "this asks for too much at once"}
    assert server.ask("page/../board.py")[0] == 404
    assert server.ask("api/stop", method="POST")[0] == 200
    assert server.end() == 130


def test_who_may_not_ask(serve):
    server = serve(*RUN, "steps=100000")
    for headers, status, why in [
        ({"X-Nstk-Token": ""}, 403, b"The address has no token, or a wrong one"),
        ({"X-Nstk-Token": "guess"}, 403, b"The address has no token, or a wrong one"),
        ({"Host": "evil.example"}, 421, b"This server answers for this machine alone"),
        ({"Origin": "http://evil.example"}, 403, b"Another page may not ask this server"),
        ({"Origin": "null"}, 403, b"Another page may not ask this server"),
    ]:
        for path in ("", "api/state", "api/stop"):
            got, answer = server.ask(path, headers=headers, method="POST" if path == "api/stop" else None)
            assert (got, answer[: len(why)]) == (status, why)
    assert server.ask("", headers={"Origin": server.base.rstrip("/")})[0] == 200
    with urllib.request.urlopen(server.address) as page:
        assert page.headers["set-cookie"].endswith("; Path=/; HttpOnly; SameSite=Strict")
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        cookie = page.headers["set-cookie"].partition(";")[0]
    assert server.ask("api/state", headers={"X-Nstk-Token": "", "Cookie": f"a=b; {cookie}"})[0] == 200
    assert server.process.poll() is None


@pytest.mark.slow
def test_a_picture_that_is_dropped_is_looked_at(serve, folder):
    nstk.run(nstk.load_recipe("recipe.yaml", LIGHT, output="old.png"), quiet=True)
    server = serve(*RUN, "steps=100000")
    old, plain = (server.ask(f"api/drop/{name}", Path(name).read_bytes(), "PUT")[1] for name in ("old.png", "photo.jpg"))
    assert (old["name"], old["width"], old["height"]) == ("old.png", 64, 48)
    assert old["recipe"].startswith("# recipe, painted by nstk")
    assert (plain["recipe"], plain["note"]) == (None, "")
    assert image(server.ask("api/dropped/old.png")[1]) == (64, 48)
    status, answer = server.ask("api/drop/..%2Fa%20word.png", b"no picture", "PUT")
    assert status in (400, 404)
    status, answer = server.ask("api/drop/word.png", b"a word that is no picture at all", "PUT")
    assert (status, answer["error"]) == (400, "word.png is text, not a picture: name a picture, or download it again")
    assert [it["name"] for it in server.ask("api/history")[1]] == []  # the results of the folder of this run, which is out/


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--no-open"], "`--no-open` says something of a page: add `--live`"),
        (["--port", "8000"], "`--port` says something of a page: add `--live`"),
    ],
)
def test_options_that_need_a_page(serve, words, why):
    with pytest.raises(AssertionError, match=why):
        serve("run", "recipe.yaml", *LIGHT, *words)


@pytest.mark.slow
def test_a_port_in_use(serve):
    server = serve(*RUN, "steps=100000")
    port = server.base.rstrip("/").rpartition(":")[2]
    with pytest.raises(AssertionError, match=rf"the port {port} cannot be used \(.*\): choose another, or leave `--port` out"):
        serve(*RUN, "--port", port)


@pytest.mark.slow
def test_without_a_browser_the_run_goes_on(serve, monkeypatch):
    monkeypatch.setitem(__import__("tests.live.samples").live.samples.ENVIRONMENT, "BROWSER", "/nowhere/browser")
    server = serve("run", "recipe.yaml", *LIGHT, "--live", "-q")
    assert server.end() == 0
    assert Path("out/recipe.png").exists()
