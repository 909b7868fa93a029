"""The command line: what each command prints, which exit code it ends with, and what a mistake looks like.

Most run in this process, with a stand-in where the engine would paint; a few are processes of their own.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace

import pytest
from PIL import Image

import nstk
from nstk.cli import cli, main
from nstk.engine.interrupts import INTERRUPTED
from nstk.errors import RunError
from nstk.recipe.load import load_recipe
from nstk.recipe.shipped import shipped
from nstk.registry import registry as registry_module

RECIPE = """\
content: photo.jpg
style: painting.jpg
size: 64
steps: 3
backbone: tiny
"""
DISTRIBUTION = Path(__file__).parents[1] / "distribution"
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}  # as a user has it
ENVIRONMENT |= {"CUDA_VISIBLE_DEVICES": "-1", "COLUMNS": "100"}
NSTK = (sys.executable, "-m", "nstk")
LIGHT = [
    ["--help"],
    ["check", "recipe.yaml"],
    ["show", "recipe.yaml", "steps=9"],
    ["plugins"],
    ["recipes"],
    ["describe"],
    ["describe", "loss", "gram"],
    ["layers"],
    ["layers", "tiny"],
    ["schema"],
    ["cp", "minimal", "copied"],
    ["run", "recipe.yaml", "size=none"],
    ["evaluate", "recipe.yaml", "--picture", "nowhere.png"],
    ["resume", "nowhere.png"],
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory with a recipe and two pictures."""
    monkeypatch.chdir(tmp_path)
    for name, angle in (("photo", 0), ("painting", 45)):
        Image.linear_gradient("L").resize((64, 48)).rotate(angle).convert("RGB").save(f"{name}.jpg")
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    return tmp_path


@pytest.fixture
def run(folder, capsys):
    """Runs a command line: `run("check", "recipe.yaml")` -> its exit code, output and errors."""

    def run(*args: str) -> SimpleNamespace:
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            main(args)
        said = capsys.readouterr()
        return SimpleNamespace(code=stop.value.code, out=said.out, err=said.err)

    return run


@pytest.fixture
def painted(monkeypatch):
    """A stand-in for the engine; holds the recipes that it was given."""
    recipes: list[nstk.Recipe] = []
    engine = SimpleNamespace(stopped="done", error=None)

    def paint(recipe, *, quiet):
        recipes.append(recipe)
        engine.quiet = quiet
        if engine.error:
            raise engine.error
        return SimpleNamespace(path=recipe.path, stopped=engine.stopped)

    engine.evaluate = lambda recipe, picture: {"picture": picture, "loss": 1.5}
    engine.recipes = recipes
    monkeypatch.setattr(nstk, "run", paint, raising=False)
    monkeypatch.setattr(nstk, "evaluate", engine.evaluate, raising=False)
    monkeypatch.setattr("nstk.cli.painting.start_tensorflow", lambda: None)
    return engine


def plugin(name: str, body: str) -> str:
    Path(f"{name}.py").write_text("import click\nimport nstk\n" + dedent(body))
    return f"{name}.py"


def command_plugin(name: str, command: str, body: str) -> str:
    """A plugin file with one command."""
    hook = f"@nstk.hookimpl\ndef nstk_commands(cli):\n    cli.add_command({command})\n"
    return plugin(name, f"@click.command()\ndef {command}():\n    {body}\n\n{hook}")


def loss_plugin(name: str, *losses: str) -> str:
    """A plugin file with losses that do nothing."""
    classes = "".join(f"class Loss{index}(nstk.Loss):\n    name = '{loss}'\n" for index, loss in enumerate(losses))
    hook = f"@nstk.hookimpl\ndef nstk_losses():\n    return [{', '.join(f'Loss{index}' for index in range(len(losses)))}]\n"
    return plugin(name, classes + hook)


# --- help and usage


def test_help_lists_every_command_on_one_line(run):
    said = run("--help")
    assert said.code == 0
    rows = said.out.partition("Commands:\n")[2].splitlines()
    assert [row.split()[0] for row in rows] == sorted(cli.commands)
    assert "..." not in "".join(rows)  # click cuts a summary that is too long


def test_no_arguments_is_help(run):
    assert run().out == run("--help").out
    assert run().code == 0


@pytest.mark.parametrize("command", cli.commands)
def test_every_command_has_help_and_verbose(command, run):
    said = run(command, "-h")
    assert said.code == 0
    assert said.out.startswith(f"Usage: nstk {command} ")
    assert "--verbose" in said.out


def test_version(run):
    assert run("--version").out == f"nstk, version {nstk.__version__}\n"


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["chek"], "there is no command `nstk chek`: did you mean `nstk check`?"),
        (["recipies"], "did you mean `nstk recipes`?"),
        (["xyzzy"], "there is no command `nstk xyzzy`: `nstk --help` lists the commands"),
        (["run", "recipe.yaml", "--egaer"], "--eager"),
        (["run", "--contnet", "photo.jpg"], "--content"),
        (["evaluate", "recipe.yaml", "--pictre", "photo.jpg"], "--picture"),
        (["resume"], "Missing argument 'FOLDER_OR_PICTURE'"),
        (["resume", "nowhere.png"], "no run nowhere.png, neither a folder nor a picture"),
        (["resume", "photo.jpg"], "nothing to resume: photo.jpg comes from no run"),
        (["--versoin"], "--version"),
        (["run", "recipe.yaml", "-x"], "-x"),
        (["cp"], "Missing argument 'NAME'"),
        (["cp", "minimal"], "Missing argument 'DEST'"),
        (["check"], "Missing argument"),
        (["show"], "Missing argument"),
        (["evaluate", "recipe.yaml"], "Missing option '--picture'"),
        (["recipes", "more"], "unexpected extra argument"),
        (["check", "steps=3"], "name a recipe to check"),
        (["run"], "nothing to paint: name a recipe"),
        (["run", "--content", "photo.jpg"], "nothing to paint"),
        (["run", "recipe.yaml", "painting.jpg"], "`painting.jpg` is not an override: write key=value"),
        (["run", ""], "is a folder, not a recipe"),
        (["run", "recipe.yml"], "recipe.yaml"),
        (["run", "minmal"], "minimal"),
        (["run", "a" * 300], "no recipe `aaa"),
        (["check", "recipe.yaml", "losses.tv=" + "a" * 300], "on the command line, 'losses.tv=aaa"),
        (["check", "recipe.yaml", "output=" + "a" * 300 + ".png"], "no file can have the name aaa"),
        (["show", "recipe.yaml", "wieght=3"], "unknown key `wieght`"),
        (["show", "recipe.yaml", "="], "key=value"),
        (["describe", "lss"], "did you mean `loss`?"),
        (["describe", "loss", "grm"], "did you mean `gram`?"),
        (["layers", "vgg18"], "did you mean `vgg1"),
        (["cp", "minmal", "x"], "did you mean `minimal`?"),
        (["plugins", "-p", "missing.py"], "there is no such file"),
        (["plugins", "-p", "no:nstk"], "everything that comes with nstk"),
        (["evaluate", "recipe.yaml", "--picture", "recipe.yaml"], "recipe.yaml"),
        (["run", "recipe.yaml", "-o", "painting.xyz"], "painting.xyz"),
    ],
)
def test_a_users_mistake_is_a_sentence(args, expected, run):
    said = run(*args)
    assert said.code == 2
    assert expected in said.err
    assert said.out == ""
    assert "Traceback" not in said.err


@pytest.mark.parametrize("args", [["show", "nope"], ["plugins", "-p", "slip.py"], ["show", "recipe.yaml", "size=big"]])
def test_verbose_shows_the_traceback(args, run):
    plugin("slip", "1 / 0\n")
    quiet, verbose = run(*args), run(*args, "-v")
    assert quiet.code == verbose.code == 2
    assert "Traceback" not in quiet.err
    assert "Traceback" in verbose.err
    assert verbose.err.endswith(quiet.err)  # what to do comes last
    assert run("-v", *args).err == verbose.err
    if "slip.py" in args:
        assert 'slip.py", line 3, in <module>' in verbose.err  # the plugin's own line


# --- the light commands


def test_check(run):
    said = run("check", "recipe.yaml", "minimal")
    assert said.code == 0
    assert said.out.splitlines() == [
        "recipe.yaml: good (tiny, content, gram, colour, tv, 3 steps)",
        "minimal: good (vgg19, content, gram, colour, tv, 100 steps)",
    ]
    assert run("check", "recipe.yaml", "minimal", "steps=7").out.count("7 steps") == 2


def test_a_file_whose_name_is_not_utf_8(folder):
    """Its name is printed as the bytes that it is, where the terminal takes UTF-8 only too."""
    os.mkdir(b"\xff")
    Path("\udcff/recipe.yaml").write_text(RECIPE.replace(": p", ": ../p"))
    shutil.copy("recipe.yaml", b"\xff.yaml")
    command = [*NSTK, "check", b"\xff/recipe.yaml", b"\xff.yaml"]
    environment = ENVIRONMENT | {"PYTHONIOENCODING": "utf-8:strict"}
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert done.returncode == 2
    assert done.stdout.startswith(b"\xff/recipe.yaml: good")
    assert b"no file can have the name out/\\udcff.png" in done.stderr  # the recipe beside the picture could not name it


def test_check_goes_on_after_a_recipe_with_mistakes(run):
    Path("bad.yaml").write_text(RECIPE.replace("steps: 3", "steps: many").replace("tiny", "tyni"))
    said = run("check", "bad.yaml", "nowhere", "recipe.yaml")
    assert said.code == 2
    assert "bad.yaml:4:8: " in said.err
    assert "bad.yaml:5:11: " in said.err
    assert "error: no recipe `nowhere`" in said.err
    assert said.out.startswith("recipe.yaml: good")


def test_check_tells_of_a_broken_plugin_once(run):
    plugin("slip", "1 / 0\n")
    said = run("check", "recipe.yaml", "minimal", "-p", "slip.py")
    assert said.code == 2
    assert said.err == "error: plugin `slip` (slip.py) did not load: ZeroDivisionError: division by zero (slip.py:3)\n"


def test_a_broken_plugin_of_a_recipe_is_told_at_its_place(run):
    plugin("slip", "1 / 0\n")
    Path("recipe.yaml").write_text(RECIPE + "plugins: [slip.py]\n")
    said = run("check", "recipe.yaml")
    assert said.code == 2
    assert "recipe.yaml:6:11: plugin `slip` (slip.py) did not load: ZeroDivisionError: division by zero (slip.py:3)" in said.err


def test_show_is_a_recipe(run):
    said = run("show", "recipe.yaml", "steps=9", "losses.gram.weight=2")
    Path("shown.yaml").write_text(said.out)
    assert load_recipe("shown.yaml").steps == 9
    assert run("show", "shown.yaml").out == said.out


def test_recipes(run):
    said = run("recipes")
    assert [line.split()[0] for line in said.out.splitlines()] == list(shipped())


def test_cp(run, folder):
    said = run("cp", "minimal", "mine/first.yaml")
    assert said.code == 0
    pictures = ["mine/images/louvre.jpg", "mine/images/sandstone.jpg"]
    assert sorted(said.out.split()) == ["mine/first.yaml", *pictures, "mine/nstk.schema.json"]
    assert run("check", "mine/first.yaml").code == 0
    Path("mine/first.yaml").write_text("my own\n")
    assert "first.yaml exists already" in run("cp", "minimal", "mine/first.yaml").err
    assert Path("mine/first.yaml").read_text() == "my own\n"


def test_plugins(run):
    said = run("plugins", "-p", loss_plugin("extra", "a"), "-p", command_plugin("shout", "hurray", "click.echo('hurray')"))
    assert said.out.startswith(f"nstk {nstk.__version__}  (built in)\n    backbone tiny, ")
    assert said.out.endswith("extra  (extra.py)\n    loss a\nshout  (shout.py)\n    command hurray\n")


def test_describe(run):
    assert "learning_rate:" in run("describe", "optimizer", "adam").out
    every = run("describe").out
    for kind in ("loss gram", "initializer noise", "optimizer sgd", "callback progress", "backbone vgg19"):
        assert f"{kind}: " in every
    assert "size:" in run("describe", "recipe").out


def test_layers(run):
    said = run("layers", "tiny").out
    assert said == run("layers", "nstk:tiny").out
    assert [line.split()[0] for line in said.splitlines()[1:3]] == ["block1_conv1", "block1_conv2"]
    assert run("layers").out.splitlines()[1].split()[:3] == ["block1_conv1", "64", "1"]


def test_schema(run):
    schema = json.loads(run("schema").out)
    assert "losses" in schema["properties"]
    assert "grainy" not in str(schema)
    assert "grainy" in run("schema", "-p", loss_plugin("extra", "grainy")).out


# --- run and evaluate, with a stand-in for the engine


def test_run_prints_the_path(run, painted, folder):
    said = run("run", "recipe.yaml", "steps=5", "-o", "somewhere/out.png")
    assert (said.code, said.out) == (0, f"{folder}/somewhere/out.png\n")
    assert painted.recipes[0].steps == 5
    assert "progress" in painted.recipes[0].callbacks


@pytest.mark.parametrize(
    "name", ["photo.jpg", "a #1.jpg", "key: value.jpg", "[list].jpg", "12", "null", "é ☂.jpg", '"quoted".jpg', "-.jpg"]
)
def test_any_file_name_is_taken_as_it_is(name, run, painted, folder):
    if name != "photo.jpg":
        shutil.copy("photo.jpg", name)
    said = run("run", f"--content={name}", "--style", "painting.jpg", "backbone=tiny", "-o", f"out of {name}.png")
    assert said.code == 0, said.err
    assert painted.recipes[0].content == str(folder / name)
    assert painted.recipes[0].path == folder / f"out of {name}.png"


def test_two_pictures_need_no_recipe(run, painted, folder):
    for words in (["--content", "photo.jpg", "--style", "painting.jpg"], ["content=photo.jpg", "style=painting.jpg"]):
        assert run("run", *words).out == f"{folder}/out/photo-painting.png\n"
    assert run("run", "--content", "nope.jpg", "--style", "painting.jpg").err.startswith(
        "on the command line, 'content=nope.jpg': no file"
    )


def test_quiet_changes_nothing_but_what_is_said(run, painted):
    Path("recipe.yaml").write_text(RECIPE + "callbacks: {bar: {use: progress}, csv_log: }\n")
    said = run("run", "recipe.yaml", "-q")
    assert said.err == ""
    assert painted.quiet
    assert list(painted.recipes[0].callbacks) == ["progress", "bar", "csv_log"]  # they are saved with the recipe
    assert not painted.recipes[0].overridden  # a saved recipe that is re-run quietly is the same recipe


def test_eager(run, painted):
    run("run", "recipe.yaml", "--eager")
    run("run", "recipe.yaml")
    assert [recipe.run_eagerly for recipe in painted.recipes] == [True, False]


def test_exit_codes_of_run(run, painted):
    painted.stopped = INTERRUPTED
    assert run("run", "recipe.yaml").code == 130
    painted.error = RunError("the paint ran out")
    said = run("run", "recipe.yaml")
    assert (said.code, said.out, said.err) == (1, "", "error: the paint ran out\n")
    painted.error = KeyboardInterrupt()
    said = run("run", "recipe.yaml")
    assert (said.code, said.err) == (130, "interrupted\n")


@pytest.mark.parametrize("bug", [ZeroDivisionError, EOFError, BrokenPipeError, SystemError])
def test_a_bug_is_never_swallowed(bug, folder, painted):
    painted.error = bug("a bug")
    with pytest.raises(bug, match="a bug"):
        main(["run", "recipe.yaml"])


def test_evaluate(run, painted):
    said = run("evaluate", "recipe.yaml", "--picture", "photo.jpg")
    assert json.loads(said.out) == {"picture": "photo.jpg", "loss": 1.5}


def test_tensorflows_notices_are_put_aside(capfd, monkeypatch):
    """What native code writes to the process's error stream while TensorFlow is imported; shown when that fails."""
    from nstk.cli.quietly import import_tensorflow

    def devices(kind):
        os.write(2, b"notice from native code\n")
        if kind in failing:
            raise OSError("no driver")

    failing: list[str] = []
    monkeypatch.setitem(sys.modules, "tensorflow", SimpleNamespace(config=SimpleNamespace(list_physical_devices=devices)))
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "2")
    import_tensorflow()
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"
    failing.append("GPU")
    with pytest.raises(OSError, match="no driver"):
        import_tensorflow()
    assert "notice from native code" in capfd.readouterr().err
    monkeypatch.setattr(sys, "stderr", None)
    import_tensorflow()


# --- plugins and their commands


@pytest.fixture
def install(monkeypatch, folder):
    """Makes modules in the working directory look like installed plugins."""
    monkeypatch.syspath_prepend(folder)
    before = set(sys.modules)

    def install(*modules: str) -> None:
        entries = [EntryPoint(module, module, "nstk") for module in modules]
        monkeypatch.setattr("importlib.metadata.entry_points", lambda group: entries)
        monkeypatch.setattr(registry_module, "entry_points", lambda group: entries)

    yield install
    for name in set(sys.modules) - before:
        if str(folder) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def test_a_plugins_command(run, install):
    command_plugin("plugin_one", "hello", "click.echo('hello'); return 'no exit code'")
    install("plugin_one")
    assert (run("hello").code, run("hello").out) == (0, "hello\n")
    assert "\n  hello\n" in run("--help").out
    install()
    assert run("hello").code == 2  # nothing of it stays behind


@pytest.mark.parametrize(
    ("body", "code"),
    [("return 5", 0), ("return True", 0), ("click.get_current_context().exit(3)", 3), ("raise nstk.UserError('mend it')", 2)],
)
def test_exit_codes_of_a_plugins_command(body, code, run, install):
    command_plugin("plugin_exit", "leave", body)
    install("plugin_exit")
    assert run("leave").code == code


def test_a_bug_in_a_plugins_command_is_not_swallowed(folder):
    with pytest.raises(ZeroDivisionError):
        main(["-p", command_plugin("divides", "divide", "1 / 0"), "divide"])


def test_a_command_cannot_shadow_one_of_nstk(run, install):
    command_plugin("plugin_check", "check", "click.echo('mine')")
    install("plugin_check")
    said = run("check", "recipe.yaml")
    assert said.out.startswith("recipe.yaml: good")
    said = run("--help")
    assert "Check recipes" in said.out
    assert said.err.count("\n") == 1
    assert "plugin_check.py:8: `nstk check` is a command of nstk, which a plugin cannot replace" in said.err
    assert "broken: could not add its commands: plugin_check.py:8" in run("plugins").out


def test_two_plugins_with_one_command(run, install):
    for name in ("plugin_a", "plugin_b"):
        command_plugin(name, "hello", f"click.echo('from {name}')")
    install("plugin_a", "plugin_b")
    assert "did you mean `nstk plugin_" in run("hello").err
    assert run("plugin_b:hello").out == "from plugin_b\n"


def test_broken_installed_plugins_warn_in_a_line(run, install):
    plugin("plugin_broken", "import numppy\n")
    command_plugin("plugin_fine", "hello", "click.echo('hello')")
    install("plugin_broken", "plugin_fine")
    warning = (
        "warning: plugin `plugin_broken` (plugin_broken) did not load: ModuleNotFoundError: "
        "No module named 'numppy' (plugin_broken.py:3); `-p no:plugin_broken` leaves it out\n"
    )
    for args in ("--help", "hello", "check recipe.yaml minimal", "describe", "layers", "schema", "show minimal"):
        said = run(*args.split())
        assert (said.code, said.err) == (0, warning), args
        assert said.out
    assert run("-p", "no:plugin_broken", "hello").err == ""
    assert run("check", "recipe.yaml", "-p", "no:plugin_broken").err == ""
    assert "Traceback" in run("check", "recipe.yaml", "-v").err
    said = run("plugins")
    assert said.err == ""
    assert said.out.splitlines()[-2].startswith("plugin_broken  (plugin_broken)")
    assert "No module named" in said.out.splitlines()[-1]


@pytest.mark.parametrize("asked", [["-p", "plugin_broken"], ["plugins=[plugin_broken]"]])
def test_a_broken_plugin_that_is_asked_for_is_an_error(asked, run, install):
    plugin("plugin_broken", "import numppy\n")
    install("plugin_broken")
    said = run("check", "recipe.yaml", *asked)
    assert said.code == 2
    assert "plugin `plugin_broken` (plugin_broken) did not load" in said.err


def test_plugins_asked_for_before_and_after_the_command_add_up(run):
    args = ["-p", loss_plugin("one", "one"), "check", "recipe.yaml", "-p", loss_plugin("two", "two"), "losses={one: , two: }"]
    assert run(*args).code == 0


# --- processes of their own


def test_light_commands_never_import_tensorflow(folder):
    loss_plugin("extra", "a")
    script = f"""
import sys
from nstk.cli import main
for args in {[*LIGHT, ["check", "recipe.yaml", "losses={a: }", "-p", "extra.py"]]!r}:
    try:
        main(args)
    except SystemExit as stop:
        codes = (stop.code, 2 if args[0] in ("run", "evaluate", "resume") else 0)
        assert codes[0] == codes[1], (args, codes)
    heavy = {{"tensorflow", "keras", "rich"}} & set(sys.modules)
    assert not heavy, (args, heavy)
    if args == ["--help"]:  # answers before anything is loaded
        early = {{"pydantic", "yaml", "numpy", "PIL", "pluggy"}} & set(sys.modules)
        assert not early, early
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=ENVIRONMENT, check=False)
    assert done.returncode == 0, done.stderr


def test_a_reader_that_leaves_is_no_error(folder):
    with subprocess.Popen([*NSTK, "schema"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT) as process:
        process.stdout.close()  # as `head -1` does, but before a word was said
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_a_bug_shows_its_traceback_and_ends_with_1(folder):
    args = ["-p", command_plugin("divides", "divide", "1 / 0"), "divide"]
    done = subprocess.run([*NSTK, *args], capture_output=True, text=True, env=ENVIRONMENT, check=False)
    assert done.returncode == 1
    assert "ZeroDivisionError: division by zero" in done.stderr


def test_run_quietly_and_run_the_saved_recipe_again(folder):
    once = [*NSTK, "run", "recipe.yaml", "optimizer.history=3", "-q"]  # a short history is quickly compiled
    done = subprocess.run(once, capture_output=True, text=True, env=ENVIRONMENT, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{folder}/out/recipe.png\n", "")
    assert {path.name for path in Path("out").iterdir()} == {"recipe.png", "recipe.recipe.yaml", "recipe.run.json"}
    first = Path("out/recipe.png").read_bytes()
    again = [*NSTK, "run", "out/recipe.recipe.yaml", "-q"]
    done = subprocess.run(again, capture_output=True, text=True, env=ENVIRONMENT, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{folder}/out/recipe.png\n", "")
    assert Path("out/recipe.png").read_bytes() == first


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_saves_its_picture(number, folder):
    args = [*NSTK, "run", "recipe.yaml", "steps=1000000", "optimizer.history=3", "callbacks.progress="]
    with subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT) as process:
        try:
            said = next(line for line in process.stderr if line.startswith("step 1/"))
            process.send_signal(number)
            out, err = process.communicate(timeout=20)
        finally:
            process.kill()
    assert said
    assert process.returncode == 130, err
    assert out == f"{folder}/out/recipe.png\n"
    assert "Traceback" not in err
    with Image.open("out/recipe.png") as picture:
        assert picture.size == (64, 48)
    record = json.loads(Path("out/recipe.run.json").read_text())
    assert record["stopped"] == "interrupted"
    assert 1 <= record["steps"] < 1_000_000
    assert err.endswith(f"`nstk resume out/recipe.png` goes on after step {record['steps']} of 1000000\n")


def test_an_interrupted_run_goes_on(folder):
    settings = ["steps=20", "optimizer=adam", "run_eagerly=true"]
    arguments = [*NSTK, "run", "recipe.yaml", *settings, "-o", "part.png"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT) as process:
        try:
            next(line for line in process.stderr if line.startswith("step 2/"))
            process.send_signal(signal.SIGINT)
            err = process.communicate(timeout=20)[1]
        finally:
            process.kill()
    assert process.returncode == 130, err
    done = subprocess.run([*NSTK, "resume", "part.run", "-q"], capture_output=True, text=True, env=ENVIRONMENT, check=False)
    assert (done.returncode, done.stdout) == (0, f"{folder}/part.png\n"), done.stderr
    whole = nstk.run(load_recipe("recipe.yaml", [*settings, "output.path=whole.png"]), quiet=True)
    assert Path("part.png").read_bytes() == whole.path.read_bytes()
    assert sorted(path.name for path in folder.glob("part*")) == ["part.png", "part.recipe.yaml", "part.run.json"]


# --- a distribution of its own, found through its entry point


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder with the distribution in `tests/distribution` installed, and a broken one beside it."""
    source = tmp_path_factory.mktemp("source") / "distribution"
    shutil.copytree(DISTRIBUTION, source)  # a build leaves files behind
    site = tmp_path_factory.mktemp("site")
    options = ["--quiet", "--disable-pip-version-check", "--no-index", "--no-deps", "--no-build-isolation", "--target"]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(site), str(source)], check=True, env=ENVIRONMENT)
    broken = site / "nstk_broken-0.3.dist-info"
    broken.mkdir()
    (broken / "METADATA").write_text("Metadata-Version: 2.1\nName: nstk-broken\nVersion: 0.3\n")
    (broken / "entry_points.txt").write_text("[nstk]\ncracked = nstk_cracked\n")
    (site / "nstk_cracked.py").write_text("import nstk\n\nimport numppy\n")
    return site


def test_an_installed_distribution(site, folder):
    environment = {**ENVIRONMENT, "PYTHONPATH": str(site)}

    def run(*args: str, code: int = 0) -> tuple[str, str]:
        done = subprocess.run([*NSTK, *args], capture_output=True, text=True, env=environment, check=False)
        assert done.returncode == code, done.stderr
        return done.stdout, done.stderr

    cracked = "ModuleNotFoundError: No module named 'numppy' (nstk_cracked.py:3)"
    out, err = run("plugins")
    assert "postcard 1.2  (nstk-postcard 1.2)\n    loss warmth, callback diary, command stamp\n" in out
    assert out.splitlines()[-2] == "cracked  (nstk-broken 0.3)"
    assert cracked in " ".join(out.split())
    out, err = run("check", "recipe.yaml", "losses={warmth: {wanted: 30}, postcard:warmth: false}", "callbacks.diary=")
    assert out == "recipe.yaml: good (tiny, warmth, 3 steps)\n"
    assert err == f"warning: plugin `cracked` (nstk-broken 0.3) did not load: {cracked}; `-p no:cracked` leaves it out\n"
    assert run("stamp", "3", "-p", "x", code=2)
    assert run("-p", "no:cracked", "stamp", "3") == ("[nstk 3]\n", "")
    out, err = run("--help")
    assert "  stamp     Print a stamp." in out
    assert cracked in err
    assert run("check", "recipe.yaml", "plugins=[cracked]", code=2)[0] == ""
