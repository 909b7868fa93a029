"""The page in a real browser: watched, steered by the keyboard, dropped upon, reloaded, cut off, on a phone, in the dark."""

from __future__ import annotations

import base64
import signal
import time
from pathlib import Path

import pytest

import nstk
from tests.browser import chromium
from tests.live.samples import LIGHT

pytestmark = pytest.mark.slow

RUN = ["run", "recipe.yaml", *LIGHT, "optimizer=adam", "--live", "--no-open", "-q", "-o", "a.png"]
REFUSED = (
    "the server responded with a status of 4",
    "ERR_CONNECTION_REFUSED",
    "ERR_TIMED_OUT",
    "ERR_INCOMPLETE_CHUNKED_ENCODING",
)
"""What a browser says where the server refuses something, or is gone."""


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


@pytest.fixture
def context(browser):
    made = browser.new_context(viewport={"width": 1280, "height": 860})
    yield made
    made.close()


@pytest.fixture
def page(context):
    """A page that may say nothing on its console, and ask for nothing elsewhere."""
    made = context.new_page()
    made.set_default_timeout(60_000)
    said, asked = [], []
    made.on("console", lambda message: said.append(message.text))
    made.on("pageerror", lambda error: said.append(str(error)))
    made.on("request", lambda request: asked.append(request.url))
    yield made
    assert not [it for it in said if not any(word in it for word in REFUSED)]
    assert {it.split("/")[2].split(":")[0] for it in asked if it.startswith("http")} <= {"127.0.0.1"}


def status(page, word):
    page.locator("#status").filter(has_text=word).wait_for()


def step(page):
    return int(page.locator("#progress").inner_text().split()[1])


def test_a_run_by_the_keyboard(serve, page, context):
    server = serve(*RUN, "steps=100000")
    page.goto(server.address)
    page.wait_for_selector("#after:not([hidden])")
    page.wait_for_selector("#before:not([hidden])")
    status(page, "painting")
    before = step(page)
    page.locator("#slide").focus()
    page.keyboard.press("End")
    assert page.locator("#frame").evaluate("it => it.style.getPropertyValue('--cut')") == "100%"
    slider = page.locator("input[type=range][data-key='losses.gram.weight']")
    slider.focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    page.locator("#changes li").first.wait_for()
    assert "losses.gram.weight" in page.locator("#changes").inner_text()
    page.locator("#name").evaluate("() => document.activeElement.blur()")
    page.keyboard.press("Space")
    status(page, "paused")
    held = step(page)
    other = context.new_page()
    other.goto(server.base)  # the cookie holds the secret now
    other.locator("#status").filter(has_text="paused").wait_for()
    assert other.locator("#legend li").count() == 2
    page.reload()
    status(page, "paused")
    page.wait_for_selector("#after:not([hidden])")
    assert step(page) == held > before
    other.locator("#pause").click()
    status(page, "painting")
    page.get_by_role("button", name="Stop and keep").click()
    page.locator("#lost").filter(has_text="nstk has ended. The picture is ").wait_for()
    assert server.end() == 130
    nstk.rerun("a.png", output="b.png", quiet=True)
    assert Path("a.png").read_bytes() == Path("b.png").read_bytes()


def test_a_lost_connection(serve, page):
    server = serve(*RUN, "steps=100000")
    page.goto(server.address)
    status(page, "painting")
    server.process.send_signal(signal.SIGSTOP)
    page.locator("#lost").filter(has_text="The connection to nstk is lost").wait_for()
    held = step(page)
    server.process.send_signal(signal.SIGCONT)
    page.locator("#lost").wait_for(state="hidden")
    status(page, "painting")
    end = time.monotonic() + 30
    while step(page) <= held and time.monotonic() < end:
        time.sleep(0.1)
    assert step(page) > held
    server.process.kill()
    page.locator("#lost").filter(has_text="The connection to nstk is lost").wait_for()


def drop(page, selector, *files):
    """Drop files onto a part of the page."""
    given = [[Path(it).name, base64.b64encode(Path(it).read_bytes()).decode()] for it in files]
    page.evaluate(
        """([selector, files]) => {
            const data = new DataTransfer();
            for (const [name, text] of files) {
                const bytes = Uint8Array.from(atob(text), (it) => it.charCodeAt(0));
                data.items.add(new File([bytes], name));
            }
            const options = { dataTransfer: data, bubbles: true, cancelable: true };
            document.querySelector(selector).dispatchEvent(new DragEvent("dragover", options));
            document.querySelector(selector).dispatchEvent(new DragEvent("drop", options));
        }""",
        [selector, given],
    )


def test_a_result_is_dropped_onto_a_run(serve, page):
    nstk.run(nstk.load_recipe("recipe.yaml", LIGHT, output="old.png"), quiet=True)
    server = serve(*RUN, "steps=100000")
    page.goto(server.address)
    status(page, "painting")
    drop(page, "#frame", "old.png")
    page.wait_for_selector("dialog[open]")
    assert "nstk rerun old.png" in page.locator("#dialog-text").inner_text()
    assert "# recipe, painted by nstk" in page.locator("#dialog-body").inner_text()
    page.keyboard.press("Escape")
    status(page, "painting")


LIGHTLY = "backbone: tiny\nrun_eagerly: true\nsteps: 4\nlosses: {gram: {layers: [image]}}"


def test_from_dropped_pictures_to_a_comparison(serve, page):
    nstk.run(nstk.load_recipe("recipe.yaml", LIGHT, output="old.png"), quiet=True)
    server = serve("ui", "-o", "out", "--no-open", "-q")
    page.goto(server.address)
    page.wait_for_selector("#studio:not([hidden])")
    drop(page, "body", "photo.jpg")
    page.wait_for_selector("#drop-content img:not([hidden])")
    drop(page, "#drop-style", "painting.jpg")
    page.wait_for_selector("#drop-style img:not([hidden])")
    page.select_option("#look", "default")
    page.fill("#size", "64")
    page.get_by_text("Further settings").click()
    page.fill("#more", LIGHTLY)
    page.get_by_role("button", name="Estimate").click()
    page.locator("#estimated").filter(has_text="fits").wait_for()
    page.get_by_role("button", name="Paint", exact=True).click()
    page.locator("#jobs li").filter(has_text="done").wait_for()

    page.select_option("#region", "draw")
    canvas = page.locator(".paper canvas")
    canvas.wait_for()
    page.locator("[data-tool]").select_option("brush")
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    page.get_by_role("button", name="Paint this region").click()
    page.get_by_role("button", name="Paint", exact=True).click()
    page.locator("#jobs li").filter(has_text="photo-painting.1.png").filter(has_text="done").wait_for()
    assert "use: map" in page.request.get(f"{server.base}api/history/photo-painting.1.png/recipe").json()["recipe"]

    page.locator("#results button").nth(0).click()
    page.get_by_role("button", name="Compare with another").click()
    page.locator("#results button").nth(1).click()
    page.locator("dialog .pair").wait_for()
    assert "recipe: paint" in page.locator("#dialog-body").inner_text()
    page.keyboard.press("Escape")

    drop(page, "body", "old.png")  # nothing is replaced before the user says so
    page.wait_for_selector("dialog[open]")
    page.get_by_role("button", name="Cancel").click()
    assert page.locator("#drop-content span").inner_text() == "photo.jpg"
    assert page.locator("#more").input_value() == LIGHTLY
    drop(page, "body", "old.png")
    page.get_by_role("button", name="Use its recipe").click()
    page.locator("#again").filter(has_text="As old.png was painted").wait_for()
    page.get_by_role("button", name="Paint", exact=True).click()
    page.locator("#jobs li").filter(has_text="recipe.png").filter(has_text="done").wait_for()
    assert Path("out/recipe.png").exists()


def test_a_mistake_is_told(serve, page):
    server = serve("ui", "-o", "out", "--no-open", "-q")
    page.route("**/api/looks", lambda route: (page.wait_for_timeout(500), route.continue_()))  # what is shown answers at once
    page.goto(server.address)
    page.wait_for_selector("#studio:not([hidden])")
    page.get_by_role("button", name="Paint", exact=True).click()
    page.locator("#told").filter(has_text="there is no photograph and no painting yet: drop one").wait_for()
    Path("word.png").write_text("a word that is no picture at all")
    drop(page, "body", "word.png")
    page.locator("#told").filter(has_text="word.png is text, not a picture").wait_for()


def test_what_is_dropped_before_the_page_is_connected(serve, page, folder):
    server = serve("ui", "-o", "out", "--no-open", "-q")
    page.route("**/api/state*", lambda route: None)  # never answered
    page.goto(server.address)
    drop(page, "body", "photo.jpg")
    page.locator("#told").filter(has_text="The page is not connected yet: drop the files again in a moment.").wait_for()
    assert not (folder / "out" / "inputs" / "photo.jpg").exists()


def test_a_wrong_token(serve, page):
    server = serve(*RUN, "steps=100000")
    answer = page.goto(f"{server.base}?token=guess")
    assert answer.status == 403
    assert "open the address that nstk has printed" in page.inner_text("body")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_in_the_dark(serve, browser, scheme):
    server = serve("ui", "-o", "out", "--no-open", "-q")
    context = browser.new_context(viewport={"width": 360, "height": 740}, color_scheme=scheme)
    page = context.new_page()
    page.goto(server.address)
    page.wait_for_selector("#studio:not([hidden])")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    ink, ground = page.evaluate("(it => [it.color, it.backgroundColor])(getComputedStyle(document.body))")
    light = [sum(map(int, it[4:-1].split(","))) for it in (ink, ground)]
    assert (light[0] < light[1]) == (scheme == "light")
    context.close()
