"""The peer: `neural-style` 0.5.7 from PyPI (PyTorch), in a Python of its own, run as its users run it.

The peer's iterations are evaluations. It leaves all of them to one `torch.optim.LBFGS(max_iter=N).step(feval)` without a line
search, which evaluates once an iteration, and it counts the calls of `feval`. It prints and saves inside `feval`, so the
picture "of iteration 100" is the picture that the 100th evaluation looked at.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .processes import ROOT, Failed, run
from .setting import BENCH, Setting

VERSION = "0.5.7"
NPZ = ROOT / "plugins" / "backbones" / "weights" / "vgg19_imagenet_q8.npz"

ITERATION = re.compile(r"Iteration (\d+) / \d+")
TOTAL = re.compile(r"\s*Total loss: (\S+)")
START = "Running optimization"

LOOK = """
import json, torch, torchvision, neural_style
from importlib.metadata import version
found = {name: version(name) for name in ("neural-style", "torch", "torchvision")}
print(json.dumps({**found, "cuda": torch.cuda.is_available(), "threads": torch.get_num_threads()}))
"""


@dataclass(frozen=True)
class Log:
    """What the peer said of its iterations."""

    start: float
    """When the first iteration began, in seconds since the process was started."""
    iterations: list[int]
    seconds: list[float]
    """When each iteration was over, in seconds since the first one began."""
    losses: list[float]
    """The total loss that the peer printed for each iteration."""


def parse(lines: Iterable[tuple[float, str]]) -> Log:
    """Read the peer's output, each line with its time."""
    start, iterations, seconds, losses = -1.0, [], [], []
    for at, line in lines:
        if line.startswith(START):
            start = at
        elif found := ITERATION.match(line):
            iterations.append(int(found[1]))
            seconds.append(at - start)
        elif found := TOTAL.match(line):
            losses.append(float(found[1]))
    if start < 0 or not iterations:
        raise Failed("the peer's output has no iterations: is it neural-style 0.5.7?")
    return Log(start, iterations, seconds, losses)


@dataclass(frozen=True)
class Peer:
    """A Python that has the peer, and nstk's weights in the peer's format."""

    python: Path
    weights: Path
    versions: dict[str, Any]
    device: str
    """The value of the peer's option `-gpu`: `c`, or the number of a GPU."""

    @property
    def env(self) -> dict[str, str]:
        """The environment for nstk. Where the peer computes on the processor, nstk does not get the GPU either."""
        return {"CUDA_VISIBLE_DEVICES": "-1"} if self.device == "c" else {}

    def run(
        self, content: Path, style: Path, size: int, iterations: int, output: Path, *flags: str, save: int = 0
    ) -> tuple[Log, dict[str, Any]]:
        """Paint with the peer's own defaults (content 5, style 100, L-BFGS, a random start), but without total variation."""
        output.parent.mkdir(parents=True, exist_ok=True)
        backend = "mkl" if self.device == "c" else "cudnn"
        command: list[Any] = [self.python, "-m", "neural_style.neural_style", "-gpu", self.device, "-backend", backend]
        command += ["-disable_check", "-model_file", self.weights, "-content_image", content, "-style_image", style]
        command += ["-image_size", size, "-num_iterations", iterations, "-print_iter", 1, "-save_iter", save]
        done = run([str(word) for word in [*command, "-tv_weight", 0, "-seed", 0, "-output_image", output, *flags]])
        return parse(done.lines), {"seconds": done.seconds, "peak": done.peak}


_found: dict[Path | None, Peer] = {}


def find(setting: Setting) -> Peer:
    """The peer, ready to run. It is made once, and every part that needs it asks for it again."""
    if setting.peer_python not in _found:
        python = setting.peer_python or _install(setting)
        versions = _look(python)
        if versions["neural-style"] != VERSION:
            raise Failed(f"{python} has neural-style {versions['neural-style']}, not {VERSION}")
        device = "0" if setting.machine["gpus"] and versions["cuda"] else "c"
        _found[setting.peer_python] = Peer(python, _weights(python), versions, device)
        setting.machine["peer"] = {**versions, "device": device}
        setting.say(f"peer: neural-style {VERSION}, torch {versions['torch']}, {versions['threads']} threads, -gpu {device}")
    return _found[setting.peer_python]


def _look(python: Path) -> dict[str, Any]:
    versions: dict[str, Any] = json.loads(run([python, "-c", LOOK]).lines[-1][1])
    return versions


def _install(setting: Setting) -> Path:
    """A venv in .bench/ with the peer and its PyTorch, which is downloaded once and is large."""
    folder = BENCH / "peer"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pip: list[str | Path] = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    commands: list[list[str | Path]] = [
        [sys.executable, "-m", "venv", folder],
        [*pip, "torch", "torchvision"],
        # The peer's own requirements name versions of years ago.
        [*pip, "--no-deps", f"neural-style=={VERSION}", "pillow", "numpy"],
    ]
    try:
        _look(python)  # an earlier run has made it
    except Failed:
        for command in commands:
            setting.say("peer: " + " ".join(map(str, command)))
            try:
                run(command)
            except Failed as error:
                raise Failed(f"the peer cannot be installed, give one with --peer-python: {error}") from error
    return python


def _weights(python: Path) -> Path:
    path = BENCH / "vgg19-nstk.pth"  # the peer looks for `vgg` and `19` in the name
    if not path.exists() or path.stat().st_mtime < NPZ.stat().st_mtime:
        path.parent.mkdir(parents=True, exist_ok=True)
        run([python, Path(__file__).with_name("write_pth.py"), NPZ, path])
    return path
