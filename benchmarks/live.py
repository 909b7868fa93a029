"""Part `live`: what a page costs a run, and how soon it shows the first picture.

The default recipe is painted by the command line, with a page on which somebody looks and without one, in turns. Whoever looks
is this process: it hears what is new and fetches every picture, as a browser does.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from statistics import median
from typing import Any

from .report import Record
from .setting import BENCH, Setting, command_words

SIZE, QUICK_SIZE = (512, 384), (64, 48)
TURNS, QUICK_TURNS = 3, 1
COSTS = 1.03
"""How many times as long a run may take that somebody looks at."""
SOON = 1.0
"""How many seconds after it exists the first picture may be on the page."""

NSTK = [sys.executable, "-m", "nstk"]


class Looker(threading.Thread):
    """Looks at a page until it ends."""

    def __init__(self, address: str):
        super().__init__(daemon=True)
        self._base, _, self._token = address.partition("?token=")
        self.first: float | None = None
        """How many seconds after it existed the first picture was here."""
        self.pictures = 0
        self.start()

    def run(self) -> None:
        seen = 0
        try:
            with self._asked("api/events?since=0") as events:
                for line in events:
                    if not line.startswith(b"data: {"):
                        continue
                    news = json.loads(line.removeprefix(b"data: "))
                    if news.get("picture", 0) > seen:
                        seen = news["picture"]
                        with self._asked("api/picture") as picture:
                            picture.read()
                        self.pictures += 1
                        self.first = self.first or time.time() - news["picture_since"]
        except OSError:  # the run is over
            pass

    def _asked(self, path: str) -> Any:
        return urllib.request.urlopen(urllib.request.Request(self._base + path, headers={"X-Nstk-Token": self._token}))


def measure(setting: Setting, record: Record) -> None:
    size, turns = setting.pick(SIZE, QUICK_SIZE), setting.pick(TURNS, QUICK_TURNS)
    given = command_words(size, 20 if setting.quick else None)
    folder = BENCH / "live"
    shutil.rmtree(folder, ignore_errors=True)
    setting.say(f"live: a picture of {size[0]} x {size[1]} with a page and without one, {turns} times each")
    alone, watched, firsts = [], [], []
    for turn in range(turns):
        alone.append(_painted(given, folder / f"alone-{turn}.png"))
        seconds, looker = _watched(given, folder / f"watched-{turn}.png")
        watched.append(seconds)
        firsts.append(looker.first or float("inf"))
    record.raw |= {"alone": alone, "watched": watched, "first": firsts}
    record.figure("live: a run with a page / without one", median(watched) / median(alone), most=COSTS)
    record.figure("live: the first picture is shown after it exists", max(firsts), "s", most=SOON)
    record.keep()


def _painted(given: list[str], path: Path) -> float:
    subprocess.run([*NSTK, "run", *given, "-q", "-o", str(path)], check=True, capture_output=True)
    return _seconds(path)


def _watched(given: list[str], path: Path) -> tuple[float, Looker]:
    words = [*NSTK, "run", *given, "-q", "-o", str(path), "--live", "--no-open"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        assert process.stderr
        address = next(line.split()[1] for line in process.stderr if line.startswith("live: "))
        looker = Looker(address)
        process.stderr.read()
    looker.join(10)
    return _seconds(path), looker


def _seconds(path: Path) -> float:
    """How long the painting itself took, by the record beside the picture."""
    return float(json.loads(path.with_suffix(".run.json").read_text())["seconds"])
