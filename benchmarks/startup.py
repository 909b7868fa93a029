"""Part `startup`: how long a user waits before anything happens."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

from .processes import Finished, run
from .report import Record
from .setting import BENCH, HERE, Setting

COMMANDS = {"nstk --help": 0.25, "nstk check louvre": 0.5}
"""In how many seconds each command has to be done."""
REPEATS, QUICK_REPEATS = 9, 2


def measure(setting: Setting, record: Record) -> None:
    setting.say("startup: " + ", ".join(COMMANDS))
    times: dict[str, list[float]] = {command: [] for command in COMMANDS}
    for turn in range(setting.pick(REPEATS, QUICK_REPEATS) + 1):
        for command in COMMANDS:
            done = _nstk(*command.split()[1:])
            if turn:  # the first turn brings the files from the disk into memory
                times[command].append(done.seconds)
    firsts = []
    for turn in range(setting.pick(3, 1) + 1):
        setting.say("startup: nstk run louvre to the end of the first step")
        first = _first_step(setting)
        if turn or setting.quick:
            firsts.append(first)
    record.raw |= {"commands": times, "first_step": firsts}
    for command, most in COMMANDS.items():
        record.figure(f"{command}, median", median(times[command]), "s", most=most)
        record.figure(f"{command}, best", min(times[command]), "s")
    record.figure(f"nstk run louvre size={_size(setting)} to the end of the first step, median", median(firsts), "s")


def _size(setting: Setting) -> Any:
    return setting.pick(400, 64)


def _nstk(*words: str) -> Finished:
    """Run the command as it is installed."""
    script = Path(sys.executable).with_name("nstk")
    return run([script, *words] if script.exists() else [sys.executable, "-m", "nstk", *words])


def _first_step(setting: Setting) -> float:
    """The seconds from the start of the process to the end of the first step, after which the run is ended."""
    log = BENCH / "startup" / "log.json"
    log.parent.mkdir(parents=True, exist_ok=True)
    watch = [f"callbacks.stopwatch.log={json.dumps(str(log))}", "callbacks.stopwatch.budget=0.000001"]
    plugin, output = HERE / "stopwatch.py", log.with_name("picture.png")
    began = time.time()  # two processes share this clock on every system
    _nstk("run", "louvre", f"size={_size(setting)}", *watch, "-p", str(plugin), "-o", str(output), "-q")
    return float(json.loads(log.read_text(encoding="utf-8"))["first_step_at"] - began)
