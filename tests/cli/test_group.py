"""The command as a whole: help, a user's mistakes, exit codes, and the commands of plugins."""

from __future__ import annotations

import subprocess
import sys

import pytest

import nstk
from nstk.cli import cli, main
from tests.cli.samples import ENVIRONMENT, NSTK, command_plugin, loss_plugin, plugin

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
    ["new", "loss", "mine"],
    ["run", "recipe.yaml", "size=none"],
    ["evaluate", "recipe.yaml", "--picture", "nowhere.png"],
    ["resume", "nowhere.png"],
]


def test_help_has_a_line_for_each_command(run):
    said = run("--help")
    assert said.code == 0
    rows = said.out.partition("Commands:\n")[2].splitlines()
    assert [row.split()[0] for row in rows] == sorted(cli.commands)
    assert "..." not in "".join(rows)  # click cuts a summary that is too long


def test_no_arguments_is_help(run):
    assert run().out == run("--help").out
    assert run().code == 0


@pytest.mark.parametrize("command", cli.commands)
def test_every_command_has_help(command, run):
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
        (["run", "recipe.yaml", "painting.jpg"], "painting.jpg is a picture, the photograph or the painting: write"),
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


@pytest.mark.parametrize("bug", [ZeroDivisionError, EOFError, BrokenPipeError, SystemError])
def test_a_bug_is_never_swallowed(bug, folder, painted):
    painted.error = bug("a bug")
    with pytest.raises(bug, match="a bug"):
        main(["run", "recipe.yaml"])


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


def test_a_plugins_bug_is_not_swallowed(folder):
    with pytest.raises(ZeroDivisionError):
        main(["-p", command_plugin("divides", "divide", "1 / 0"), "divide"])


def test_a_command_cannot_shadow_nstks(run, install):
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


def test_broken_installed_plugins_warn(run, install):
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
def test_a_broken_plugin_asked_for_is_an_error(asked, run, install):
    plugin("plugin_broken", "import numppy\n")
    install("plugin_broken")
    said = run("check", "recipe.yaml", *asked)
    assert said.code == 2
    assert "plugin `plugin_broken` (plugin_broken) did not load" in said.err


def test_plugin_options_add_up(run):
    args = ["-p", loss_plugin("one", "one"), "check", "recipe.yaml", "-p", loss_plugin("two", "two"), "losses={one: , two: }"]
    assert run(*args).code == 0


def test_light_commands_need_no_tensorflow(folder):
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


def test_a_bug_shows_its_traceback(folder):
    args = ["-p", command_plugin("divides", "divide", "1 / 0"), "divide"]
    done = subprocess.run([*NSTK, *args], capture_output=True, text=True, env=ENVIRONMENT, check=False)
    assert done.returncode == 1
    assert "ZeroDivisionError: division by zero" in done.stderr
