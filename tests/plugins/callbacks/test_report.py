"""Reports of real runs, read as a browser reads them, and one opened in a browser."""

from __future__ import annotations

import io
import re
from base64 import b64decode
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

import nstk
from nstk import testing
from nstk.plugins.callbacks import report
from nstk.plugins.callbacks._curves import Curve, drawing
from nstk.plugins.callbacks._frames import Frames, jpeg
from nstk.plugins.callbacks.report import Report
from tests.browser import chromium
from tests.plugins.callbacks.samples import QUICK, TWO_SCALES, broken, interrupted

ADDRESSES = ("src", "href", "srcset", "data", "action", "poster")


class Page(HTMLParser):
    """What a page holds: its pictures by their words, all other addresses, and its text."""

    def __init__(self, path):
        super().__init__()
        self.source = path.read_text(encoding="utf-8")
        self.pictures, self.addresses, self.tags, self.words = {}, [], [], ""
        self.feed(self.source)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        given = dict(attrs)
        if tag == "img":
            start, data = given["src"].split(",")
            assert start == "data:image/jpeg;base64"
            self.pictures[given["alt"]] = Image.open(io.BytesIO(b64decode(data)))
            assert self.pictures[given["alt"]].size == (int(given["width"]), int(given["height"]))
        self.addresses += [given[key] for key in ADDRESSES if key in given and tag != "img"]

    def handle_data(self, data):
        self.words += data if self.tags[-1:] not in (["style"], ["script"]) else ""

    @property
    def steps(self):
        return [int(words.split()[-1]) for words in self.pictures if words.startswith("The picture after")]


@pytest.fixture(scope="module")
def painted(tmp_path_factory):
    """The folder and the result of a run with a report."""
    folder = tmp_path_factory.mktemp("report")
    return folder, testing.run_recipe(folder, callbacks={"report": {}}, **TWO_SCALES)


def test_a_page_holds_its_pictures_and_nothing_from_elsewhere(painted):
    folder, result = painted
    page = Page(folder / "out.html")
    assert page.addresses == ["data:,"]
    assert not re.search(r"https?:|//[a-z]|url\(|@import|fetch\(|XMLHttp", re.sub('base64,[^"]+', "", page.source))
    assert "default-src 'none'" in page.source
    assert [*page.pictures][:2] == ["The photograph", "The result"]
    assert {"The painting", *(f"The picture after step {step}" for step in range(1, 10))} <= {*page.pictures}
    seen = np.asarray(page.pictures["The result"].convert("RGB"), np.float32)
    assert np.abs(seen - result.picture).mean() < 4
    assert page.pictures["The picture after step 1"].size == (24, 18)


def test_the_losses_are_told_and_drawn(painted):
    folder, result = painted
    page = Page(folder / "out.html")
    assert f"{result.history[0]['gram']:.4g}" in page.words
    assert f"{result.history[-1]['gram']:.4g}" in page.words
    assert "100 %" in page.words
    line = re.search(r'<polyline class="curve c0" points="(.*?)"', page.source)
    assert line
    assert len(line[1].split()) == 9
    assert page.source.count('class="scale"') == 2
    assert "24 x 18" in page.words


def test_recipe_and_record_are_told(painted, tmp_path):
    page = Page(painted[0] / "out.html")
    (tmp_path / "again.yaml").write_text("content: " + page.words.partition("content: ")[2].partition("Record")[0])
    for text in ("9 steps", "48 x 36", "float32", "tensorflow", "sha256", "Seed"):
        assert text in page.words
    assert nstk.load_recipe(str(tmp_path / "again.yaml")).total_steps == 9


def test_a_loss_in_each_of_two_shares_the_pull(tmp_path):
    losses = {"gram": {"layers": ["block1_conv1"]}, "tv": {"weight": 3}}
    result = testing.run_recipe(tmp_path, callbacks={"report": {}}, run_eagerly=True, losses=losses)
    explained = nstk.explain(testing.recipe(tmp_path, losses=losses), result.path).pictures[-1]
    words = Page(tmp_path / "out.html").words
    shares = [int(it) for it in re.findall(r"(\d+) %", words.partition("Share of the pull")[2])]
    wanted = [100 * explained.losses[label].share_of_gradient for label in ("gram", "tv")]
    assert shares == pytest.approx(wanted, abs=1.5)
    assert min(shares) > 0


def test_what_hostile_names_say_is_only_shown(tmp_path):
    evil = tmp_path / "<b><script>alert(1)$name&amp;.png"
    nstk.write_picture(testing.pictures((30, 40)).content, evil)
    testing.run_recipe(tmp_path, content=str(evil), callbacks={"report": {}}, **QUICK)
    page = Page(tmp_path / "out.html")
    assert page.tags.count("script") == 1
    assert "b" not in page.tags
    assert evil.name in page.words


def test_a_resumed_run_has_the_page_of_a_whole_one(painted, tmp_path):
    testing.resume_recipe(tmp_path, after=4, callbacks={"report": {}}, **TWO_SCALES)
    whole, page = Page(painted[0] / "out.html"), Page(tmp_path / "out.html")
    assert [*page.pictures] == [*whole.pictures]
    assert all(page.pictures[it].tobytes() == whole.pictures[it].tobytes() for it in whole.pictures)
    assert re.findall(r"<svg viewBox.*?</svg>", page.source) == re.findall(r"<svg viewBox.*?</svg>", whole.source)


def test_an_interrupted_run_says_how_to_go_on(tmp_path):
    interrupted(tmp_path, 3, callbacks={"report": {}}, **TWO_SCALES)
    page = Page(tmp_path / "out.html")
    assert "The run was interrupted: nstk resume goes on with it." in page.words
    assert "3 of 9 steps" in page.words
    assert "because the run was broken off" in page.words
    assert page.steps == [1, 2, 3]


def test_a_run_that_fails_says_why(tmp_path):
    broken(tmp_path, 6, callbacks={"report": {}}, **TWO_SCALES)
    page = Page(tmp_path / "out.html")
    assert "The run failed: callback `breaks`" in page.words
    assert "the disk is <full>" in page.words
    assert page.steps[-1] == 6


def test_a_callback_that_stopped_the_run_is_quoted(tmp_path):
    callbacks = {"report": {"pulls": False}, "early_stop": {"patience": 1, "min_improvement": 0.99}}
    testing.run_recipe(tmp_path, callbacks=callbacks, **{**QUICK, "steps": 9})
    words = Page(tmp_path / "out.html").words
    assert "The run was stopped: plateau: the loss has not fallen by 99 %" in words
    assert "because the recipe says `pulls: false`" in words


class Refuses(nstk.Callback):
    """Fails before the first step; or where a run goes on."""

    name = "refuses"
    going_on: bool = False

    def on_start(self, run):
        if bool(run.resumed) == self.going_on:
            raise RuntimeError("no")


def test_a_page_is_not_replaced_by_nothing(tmp_path, caplog):
    page = tmp_path / "out.html"
    page.write_text("an earlier one")
    settings = {"plugins": [Refuses], **TWO_SCALES}
    refuses = {"use": "python:refuses"}
    with pytest.raises(nstk.CallbackError, match="refuses"):
        testing.run_recipe(tmp_path, callbacks={"report": {}, "refuses": refuses}, **settings)
    assert page.read_text() == "an earlier one"
    interrupted(tmp_path, 3, callbacks={"report": {}, "refuses": {**refuses, "going_on": True}}, **settings)
    before = page.read_text()
    assert "The run was interrupted" in before
    with pytest.raises(nstk.CallbackError, match="refuses"):
        nstk.resume(tmp_path / "out.png", plugins=[Refuses])
    assert page.read_text() == before
    assert "report" not in caplog.text


def test_noise_of_2048_pixels_stays_small():
    noise = np.random.default_rng(0).uniform(0, 255, (1536, 2048, 3)).astype(np.float32)
    made = jpeg(noise, report.LARGE, report.MOST)
    assert len(made.data) <= report.MOST
    assert made.image().size == (made.width, made.height)
    assert max(made.width, made.height) >= report.LARGE / 2
    most = 2 * report.MOST + 2 * report.MOST_SMALL + report.MOST_SNAPSHOTS
    assert 4 / 3 * most < 5_700_000  # and the words


def test_frames_keep_within_their_bytes():
    noise = np.random.default_rng(0).uniform(0, 255, (90, 120, 3)).astype(np.float32)
    frames = Frames(50, 50, 120, 60_000)
    for index in range(1, 51):
        frames.see(_Seen(index, noise))
        assert sum(len(it.data) for _, it in frames.kept) <= 60_000
    again = Frames(50, 50, 120, 60_000)
    again.restore(frames.state())
    assert again.kept == frames.kept
    assert again.thinned.each == frames.thinned.each > 1


class _Seen:
    def __init__(self, index, pixels):
        self.index, self.pixels = index, pixels

    def image(self):
        return self.pixels


def test_curves_of_values_that_cannot_be_drawn():
    nan = float("nan")
    made = drawing([], [Curve("a", [(1, 0.0), (2, nan), (3, 5.0)]), Curve("b", [(1, -1.0)])], {1: (8, 8)})
    assert "nan" not in made
    assert made.count("<circle") == 1
    assert drawing([], [Curve("a", [(1, 0.0)])], {1: (8, 8)}) == ""


@pytest.mark.parametrize("path", ["{name}.png", "report", "{name}{suffix}"])
def test_a_page_is_named_as_one(path):
    with pytest.raises(ValidationError, match=r"is not the name of a page, which ends in \.html or \.htm"):
        Report(path=path)


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_shows_it(painted, scheme):
    with chromium() as browser:
        context = browser.new_context(viewport={"width": 375, "height": 700}, color_scheme=scheme)
        page, said, asked = context.new_page(), [], []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        address = (painted[0] / "out.html").as_uri()
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 375
        slider, scrubber = page.locator("#divide"), page.locator("#scrub")
        slider.focus()
        page.keyboard.press("Home")
        assert page.locator("#before").evaluate("it => getComputedStyle(it).clipPath") == "inset(0px 100% 0px 0px)"
        for _ in range(3):
            page.keyboard.press("ArrowRight")
        assert slider.get_attribute("aria-valuetext") == "3 % photograph"
        assert page.locator("#before").evaluate("it => getComputedStyle(it).clipPath") == "inset(0px 97% 0px 0px)"
        scrubber.focus()
        page.keyboard.press("Home")
        assert page.locator("#snapshots li:visible").inner_text().strip() == "Step 1, 24 x 18 pixels"
        page.keyboard.press("End")
        page.keyboard.press("ArrowLeft")
        assert page.locator("#snapshots li:visible").inner_text().strip() == "Step 8, 48 x 36 pixels"
        assert scrubber.get_attribute("aria-valuetext") == "Step 8, 48 x 36 pixels"
        assert said == []
        assert [it for it in asked if it != address and not it.startswith("data:")] == []
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == ("rgb(22, 24, 29)" if scheme == "dark" else "rgb(250, 248, 244)")


@pytest.mark.slow
def test_without_a_script_all_pictures_are_there(painted):
    with chromium() as browser:
        page = browser.new_context(java_script_enabled=False).new_page()
        page.goto((painted[0] / "out.html").as_uri())
        assert page.locator("#snapshots li:visible").count() == 9
        assert page.locator("input:visible").count() == 0
        assert page.locator("#before:visible, #after:visible").count() == 2
