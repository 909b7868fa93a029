"""A newcomer who does what a page of the documentation says, block by block."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from PIL import Image

import nstk
from nstk.cli import main
from nstk.recipe.load import load_recipe
from nstk.testing import run_recipe
from tests.clips.samples import moving, write

ROOT = Path(__file__).parent.parent

SMALL = ["backbone=tiny", "size=64", "steps=2", "run_eagerly=true"]
"""So few steps take less time than to compile one."""

COMPUTING = ("run", "estimate", "evaluate", "explain", "sweep", "batch", "video")
"""The commands that are given few pixels and steps, whatever the page says."""

NOT_RUN = (
    "pip install ",
    "pytest ",
    "python -m benchmarks",
    "dask ",
    "CUDA_VISIBLE_DEVICES=1 dask ",
    "tensorboard ",
    "nstk ui",
)
"""How the lines begin that a page shows and nobody types here: they install, take minutes to hours, or wait for ever."""

EXIT_CODES = {"nstk check ~/downloads/dots.yaml": 2, "nstk diff out/louvre.png larger.png --json > differences.json": 1}
"""Of the lines that a page shows because they are refused, or because two things differ."""

HOME = "/home/ada"
"""What a page calls the newcomer's home, where a shell would write `~`."""

STOP = '''
"""Ends a run after its first step, as Ctrl-C does."""
import nstk


class Stop(nstk.Callback):
    """Stop."""
    name = "stop"

    def on_step(self, run, step):
        if not run.resumed:
            run.stop("interrupted")


@nstk.hookimpl
def nstk_callbacks():
    return [Stop]
'''


class Block(NamedTuple):
    """A block of code of a page."""

    language: str
    text: str
    section: str
    """The heading that it stands under, of the second level."""
    follows: str
    """The language of the block before it, if nothing but empty lines lies between them."""

    @property
    def file(self) -> str:
        """The file that it is, from its first line (`# sobel.py`), or nothing."""
        found = re.match(r"# (\w+\.(?:py|yaml))\b", self.text)
        return found[1] if found else ""


def blocks(page: Path) -> list[Block]:
    """All blocks of a page, but for what Sphinx alone reads (`{include}`)."""
    found: list[Block] = []
    section, follows = "", ""
    for match in re.finditer(r"^```([\w{}-]+).*\n((?:.*\n)*?)```$|^## (.+)$|^\S.*$", page.read_text(encoding="utf-8"), re.M):
        language, text, heading = match.groups()
        section = heading or section
        if language and language.startswith("{"):
            language = ""
        if language:
            found.append(Block(language, text, section, follows))
        follows = language or ""
    return found


def in_place(words: Sequence[str], *settings: str) -> list[str]:
    """The words of a command with these settings in place of its own for the same keys."""
    keys = [setting.partition("=")[0] for setting in settings]
    return [word for word in words if word.partition("=")[0] not in keys] + [*settings]


def without_scheduler(words: Sequence[str]) -> list[str]:
    """Words for this machine alone: the addresses and files of a page are those of somebody's cluster."""
    pairs = zip(words, ["", *words], strict=False)
    return [word for word, before in pairs if not word.startswith("--scheduler") and not before.startswith("--scheduler")]


def without_page(words: Sequence[str]) -> list[str]:
    """Words that open nothing: nobody would look at it here."""
    return [word for word in words if word not in ("--live", "--open")]


class Newcomer:
    """Someone in a working directory, with two pictures and all the files that the pages show."""

    def __init__(self, folder: Path, pages: list[Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
        self.home, self.folder, self.capsys, self.monkeypatch = folder, folder / "work", capsys, monkeypatch
        self.folder.mkdir()
        monkeypatch.chdir(self.folder)
        monkeypatch.syspath_prepend(self.folder)
        self.stops, self.run = False, nstk.run
        monkeypatch.setattr(nstk, "load_recipe", self.load_small)
        monkeypatch.setattr(nstk, "run", self.run_small)
        files = {block.file: block.text for page in pages for block in blocks(page) if block.file}
        for place in (self.folder, folder / "downloads"):
            self._write(place, {**files, "stop.py": STOP, "dots.py": STOP})
        self.scope: dict[str, Any] = {}

    def _write(self, folder: Path, files: dict[str, str]) -> None:
        images = ROOT / "recipes" / "images"
        folder.mkdir(exist_ok=True)
        (folder / "images").symlink_to(images)
        for name in ("recipes", "docs"):  # for what is told to be typed in the repository's folder
            (folder / name).symlink_to(ROOT / name)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
        for name, image in {"photo": "louvre", "painting": "sandstone", "starry": "cafe_terrace", "wheat": "sandstone"}.items():
            (folder / f"{name}.jpg").write_bytes((images / f"{image}.jpg").read_bytes())
        for name, pictures in {"photos": ("a", "b"), "paintings": ("c", "d")}.items():
            (folder / name).mkdir(exist_ok=True)
            for picture in pictures:
                (folder / name / f"{picture}.jpg").write_bytes((images / "chelsea.jpg").read_bytes())
        (folder / "portrait.jpg").write_bytes((ROOT / "docs" / "images" / "portrait.jpg").read_bytes())
        (folder / "sky.png").write_bytes((ROOT / "docs" / "images" / "sky.png").read_bytes())
        coloured = Image.new("RGB", (700, 277), "blue")
        coloured.paste("red", (0, 0, 700, 100))
        coloured.save(folder / "regions.png")
        Image.radial_gradient("L").save(folder / "face.png")

    def load_small(
        self, recipe: Any = None, overrides: Iterable[str] = (), *, plugins: Sequence[Any] = (), **options: Any
    ) -> nstk.Recipe:
        """`nstk.load_recipe`, for few pixels and steps whatever the page says."""
        settings = [*in_place([*overrides], *SMALL), "callbacks.progress=false"]
        if self.stops:
            settings, plugins = [*settings, "callbacks.stop="], [*plugins, "stop.py"]
        return load_recipe(recipe, settings, plugins=plugins, **options)

    def run_small(self, recipe: Any, **options: Any) -> nstk.Result:
        """`nstk.run`, which takes what `nstk.load_recipe` takes."""
        return self.run(recipe if isinstance(recipe, nstk.Recipe) else self.load_small(recipe), **options)

    def follow(self, page: Path) -> None:
        """Do what a page says. Fails where a block does not do what it should."""
        said = ""
        if "clip.mp4" in page.read_text(encoding="utf-8"):
            write(moving(3), self.folder / "clip.mp4")
        for block in blocks(page):
            if block.language == "sh":
                said = "".join(self.type(line) for line in block.text.splitlines())
            elif block.language == "yaml":
                self.load(block)
            elif block.language == "python":
                self.python(block)
            elif block.language == "text" and block.follows == "sh":
                assert said == block.text.replace(HOME, str(self.home)), f"{page.name} shows something else than\n{said}"
            else:
                assert block.language in ("text", "toml"), f"{page.name}: nobody knows what to do with {block.language}"

    def type(self, line: str) -> str:
        """Type a line of the shell; returns what it says."""
        if line.startswith(NOT_RUN):
            return ""
        if not line.startswith("nstk "):
            raise AssertionError(f"{line}: is neither run nor on the list of what is not")
        typed = re.sub(r"--(size|steps)[ =]", r"\1=", line.replace("~", str(self.home)))
        words, target = shlex.split(typed, comments=True)[1:], ""
        if ">" in words:
            *words, _, target = words
        if words[0] in COMPUTING and not words[1].endswith(".recipe.yaml"):  # that is small already
            more = ["size=96", "steps=3"] if "pyramid" in line else []  # room for three scales
            both = ["size=64x36"] if re.search(r"size=\d+x", line) else []
            words = in_place(words, *in_place(SMALL, *more, *both))
        words = without_page(without_scheduler(words))
        if words[0] == "score":
            words += ["--size", "128"]
        if "--sheet" in words:
            self.monkeypatch.setattr("nstk.engine.layer_sheet.STEPS", 1)
            words = [*in_place(words, *SMALL), "--size", "64"]
        if words[0] == "cp":
            Path(words[2]).unlink()
        if words[0] == "resume":
            self.interrupted_run()
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main(words)
        said = self.capsys.readouterr()
        assert int(end.value.code or 0) == EXIT_CODES.get(line, 0), f"{line}\n{said.err}"
        if target:
            Path(target).write_text(said.out, encoding="utf-8")
        return said.out + said.err

    def interrupted_run(self) -> None:
        """An unfinished `nstk run louvre`, which a page resumes."""
        with pytest.raises(SystemExit) as end:
            main(["run", "louvre", *SMALL, "-q", "--force", "-p", "stop.py", "callbacks.stop="])
        assert end.value.code == 130

    def load(self, block: Block) -> None:
        """A recipe has to be good; of one that shows a few keys only, the rest is added."""
        name = block.file or "fragment.yaml"
        has_pictures = re.search(r"^(content|extends):", block.text, re.M)
        text = block.text if has_pictures else f"content: photo.jpg\nstyle: painting.jpg\n{block.text}"
        (self.folder / name).write_text(text, encoding="utf-8")
        load_recipe(name)

    def python(self, block: Block) -> None:
        """A test is run, a plugin has to load, and anything else is a script; those of a page share their names."""
        if block.file.startswith("test_"):
            for name, test in list(self._executed(block, {}).items()):
                if name.startswith("test_"):
                    fixtures = {"tmp_path": self.folder, "nstk_run": partial(run_recipe, self.folder, run_eagerly=True)}
                    test(*(fixtures[it] for it in test.__code__.co_varnames[: test.__code__.co_argcount]))
        elif block.file:
            self.type(f"nstk plugins -p {block.file}")
        else:
            self.stops = "nstk.resume(" in block.text and "nstk.run(" in block.text
            if "nstk.resume(" in block.text and not self.stops:
                self.interrupted_run()
            self._executed(block, self.scope)

    def _executed(self, block: Block, scope: dict[str, Any]) -> dict[str, Any]:
        exec(compile(block.text, block.file or "script.py", "exec"), scope)
        return scope


def hand_written() -> Iterator[Path]:
    """Every page of the documentation that somebody wrote."""
    docs = ROOT / "docs"
    return (page for page in sorted(docs.rglob("*.md")) if not page.relative_to(docs).parts[0].startswith("_"))
