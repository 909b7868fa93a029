"""Takes the screenshots of the live pages: `python docs/images/screens.py`. Needs Chromium, and the extras `live` and `test`.

A run is shown as it comes to its second scale, and the page of `nstk ui` with two pictures dropped, one painted.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent
IMAGES = HERE.parents[1] / "recipes" / "images"
NSTK = [sys.executable, "-m", "nstk"]
MINUTES = 10 * 60_000


@contextmanager
def served(*words: str) -> Iterator[str]:
    """The address of a page that a command serves."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("louvre", "sandstone", "chelsea", "cafe_terrace"):
            shutil.copy(IMAGES / f"{name}.jpg", folder)
        with subprocess.Popen([*NSTK, *words, "--no-open", "-q"], stderr=subprocess.PIPE, text=True, cwd=folder) as process:
            assert process.stderr
            yield next(line.split()[1] for line in process.stderr if line.startswith("live: "))
            process.send_signal(signal.SIGINT)


def run(page: Page) -> None:
    """A run at its last scale, half of the photograph over it."""
    page.locator("#progress").filter(has_text="· 512 ").wait_for(timeout=MINUTES)
    page.locator("#slide").evaluate("it => { it.value = 38; it.oninput(); }")
    slider = page.locator("input[type=range][data-key='losses.content.weight']")
    slider.evaluate("it => { it.value = 0.3; it.oninput(); it.onchange(); }")
    page.locator("#changes li").first.wait_for(timeout=MINUTES)
    page.locator("#progress").filter(has_text="· 512 ").wait_for()


def ui(page: Page) -> None:
    """A cat under a café terrace's sky is done, and another picture waits."""
    page.set_input_files("#file-content", str(IMAGES / "chelsea.jpg"))
    page.set_input_files("#file-style", str(IMAGES / "cafe_terrace.jpg"))
    for part in ("content", "style"):
        page.wait_for_selector(f"#drop-{part} img:not([hidden])")
    page.fill("#size", "400")
    page.click("#add")
    page.locator("#jobs li").filter(has_text="done").wait_for(timeout=MINUTES)
    page.select_option("#look", "louvre")
    page.click("#estimate")
    page.locator("#estimated").filter(has_text="fits").wait_for(timeout=MINUTES)
    page.click("#add")
    page.locator("#progress").filter(has_text="step 1").wait_for(timeout=MINUTES)
    page.wait_for_timeout(4000)


def main() -> None:
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        for words, take in ((("run", "louvre.jpg", "cafe_terrace.jpg", "--live"), run), (("ui",), ui)):
            with served(*words) as address:
                page = browser.new_page(viewport={"width": 1280, "height": 800})
                page.goto(address)
                take(page)
                page.screenshot(path=HERE / f"{'live' if take is run else 'ui'}.jpg", type="jpeg", quality=82)
                page.close()
        browser.close()


if __name__ == "__main__":
    main()
