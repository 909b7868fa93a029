"""What a newcomer types first, in the words of other tools: it works, or the line to write is shown, and that one works."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.samples import command_plugin, plugin

JCJOHNSON = """nstk run -content_image photo.jpg -style_image painting.jpg -image_size 64 -gpu -1 -output_image out.png
    -init image -num_iterations 10 -style_layers relu1_1,relu2_1 -tv_weight 1e-3 -pooling avg -optimizer lbfgs -seed 5"""

WORKS = [
    ("nstk run photo.jpg painting.jpg", {}),
    ("nstk run photo.jpg painting.jpg --steps 200 --size=800", {"steps": 200, "size": 800}),
    ("nstk run --style painting.jpg photo.jpg", {}),
    ("nstk run jcjohnson photo.jpg painting.jpg size=64", {"size": 64}),
    ("nstk run photo.jpg painting.jpg recipe.yaml steps=7", {"steps": 7}),
    ("nstk run painting.jpg --content photo.jpg steps=7", {"steps": 7}),
    ("nstk run -- photo.jpg painting.jpg", {}),
    ("nstk run recipe.yaml --steps 200", {"steps": 200}),
    ("nstk run --steps 200 recipe.yaml", {"steps": 200}),
    ("nstk run steps=200 recipe.yaml", {"steps": 200}),
    ("nstk run recipe.yaml -steps 200 -q", {"steps": 200}),
    ("nstk run recipe.yaml --seed 3 --style-scale 0.5", {"seed": 3, "style_scale": 0.5}),
    ("nstk run recipe.yaml --style_scale=0.5", {"style_scale": 0.5}),
    ("nstk run recipe.yaml --losses.gram.weight 7", {}),
    ("nstk run recipe.yaml --run-eagerly true", {"run_eagerly": True}),
    ("nstk run recipe.yaml --size 64x36 --crop top", {"size": 64, "aspect": (64, 36), "crop": "top"}),
    ("nstk run recipe.yaml --width 64 --height 36", {"aspect": (64, 36)}),
    ("nstk run recipe.yaml optimizer=L-BFGS", {}),
    ("nstk run recipe.yaml --optimizer Adam --init Noise", {}),
    ("nstk run recipe.yaml optimizer.learning_rate=3 optimizer=adam", {}),
    ("nstk run recipe.yaml -q -q -v", {}),
    ("nstk run photo.jpg painting.jpg -qo out.png", {}),
    ("nstk run photo.jpg --style.sky painting.jpg", {}),
    ("nstk run recipe.yaml --eager --eager run_eagerly=true", {"run_eagerly": True}),
]
"""Each line with what it makes of the recipe."""

SHOWN = [
    ("nstk run photo.jpg", "nstk run --content photo.jpg --style painting.jpg"),
    ("nstk run photo.jpg", "nstk run louvre --content photo.jpg"),
    ("nstk run photo.jpg painting.jpg out.png", "nstk run --content photo.jpg --style painting.jpg -o out.png"),
    ("nstk run photo.jpg painting.jpg result", "nstk run --content photo.jpg --style painting.jpg -o result.png"),
    (
        "nstk run photo.jpg painting.jpg more.jpg",
        "nstk run --content photo.jpg --style painting.jpg --style more.jpg",
    ),
    ("nstk run recipe.yaml photo.jpg", "nstk run recipe.yaml --content photo.jpg"),
    ("nstk run recipe.yaml photo.jpg", "nstk run recipe.yaml --style photo.jpg"),
    ("nstk run louvre.png", "nstk run louvre"),
    ("nstk run recipe.png steps=5", "nstk run recipe.yaml steps=5"),
    ("nstk run out/old.png", "nstk run out/old.recipe.yaml"),
    ("nstk photo.jpg painting.jpg", "nstk run --content photo.jpg --style painting.jpg"),
    ("nstk recipe.yaml steps=5", "nstk run recipe.yaml steps=5"),
    ("nstk louvre", "nstk run louvre"),
    ("nstk --content photo.jpg --style painting.jpg", "nstk run --content photo.jpg --style painting.jpg"),
    ("nstk --content-image photo.jpg --style-image painting.jpg", "nstk run --content photo.jpg --style painting.jpg"),
    ("nstk --seed 3 -q recipe.yaml", "nstk run seed=3 -q recipe.yaml"),
    ("nstk -o a.png recipe.yaml", "nstk run -o a.png recipe.yaml"),
    ("nstk --steps 3 show recipe.yaml", "nstk show steps=3 recipe.yaml"),
    ("nstk run recipe.yaml --iterations 500", "nstk run recipe.yaml steps=500"),
    ("nstk run recipe.yaml --num_iterations=500", "nstk run recipe.yaml steps=500"),
    ("nstk run recipe.yaml -i 500", "nstk run recipe.yaml steps=500"),
    ("nstk run recipe.yaml --epochs 10", "nstk run recipe.yaml steps=10"),
    ("nstk run -i photo.jpg -s painting.jpg", "nstk run --content photo.jpg --style painting.jpg"),
    ("nstk run recipe.yaml --learning-rate 3", "nstk run recipe.yaml optimizer=adam optimizer.learning_rate=3"),
    ("nstk run recipe.yaml lr=3 optimizer=L-BFGS", "nstk run recipe.yaml optimizer=adam optimizer.learning_rate=3"),
    ("nstk run recipe.yaml optimizer=adam lr=3", "nstk run recipe.yaml optimizer=adam optimizer.learning_rate=3"),
    ("nstk run -o a.png louvre --lr 3", "nstk run -o a.png louvre optimizer.learning_rate=3"),
    ("nstk run recipe.yaml --style-weight 5", "nstk run recipe.yaml losses.wasserstein.weight=5"),
    ("nstk run recipe.yaml style_weight=5", "nstk run recipe.yaml losses.wasserstein.weight=5"),
    ("nstk run recipe.yaml --content-weight 1e3", "nstk run recipe.yaml losses.content.weight=1000"),
    ("nstk run recipe.yaml --tv-weight 0.1", "nstk run recipe.yaml losses.tv.weight=0.1"),
    ("nstk run recipe.yaml --layers relu4_2", "nstk run recipe.yaml 'losses.wasserstein.layers=[block4_conv2]'"),
    ("nstk run recipe.yaml --image-size 64 -q", "nstk run recipe.yaml size=64 -q"),
    ("nstk run recipe.yaml --output-image x.png", "nstk run recipe.yaml -o x.png"),
    ("nstk run recipe.yaml --init image", "nstk run recipe.yaml init=content"),
    ("nstk run recipe.yaml --init random", "nstk run recipe.yaml init=noise"),
    ("nstk run recipe.yaml --init-image photo.jpg", "nstk run recipe.yaml init.use=image init.file=photo.jpg"),
    ("nstk run recipe.yaml --original-colors 1", "nstk run recipe.yaml"),
    ("nstk run --preserve-color recipe.yaml", "nstk run recipe.yaml"),
    ("nstk run --gpu 0 recipe.yaml", "nstk run recipe.yaml"),
    ("nstk run recipe.yaml --device cuda:0", "nstk run recipe.yaml"),
    ("nstk run --cpu recipe.yaml", "nstk run recipe.yaml"),
    ("nstk run --device /cpu:0 recipe.yaml", "nstk run recipe.yaml"),
    ("nstk run recipe.yaml --noise-ratio 0.5", "nstk run recipe.yaml init.use=noise init.blend=0.5"),
    ("nstk run recipe.yaml --img_output_dir results", "nstk run recipe.yaml -o results/"),
    ("nstk run recipe.yaml --save-iter 10", "nstk run recipe.yaml callbacks.snapshots.every=10"),
    (
        JCJOHNSON,
        "nstk run --content photo.jpg --style painting.jpg size=64 -o out.png init=content steps=10 "
        "'losses.wasserstein.layers=[block1_conv1, block2_conv1]' losses.tv.weight=0.001 backbone.pooling=average "
        "optimizer=lbfgs seed=5",
    ),
    ("nstk run recipe.yaml --content-image 'a #1.jpg'", "nstk run recipe.yaml --content 'a #1.jpg'"),
    ("nstk check recipe.yaml --iterations 5", "nstk check recipe.yaml steps=5"),
    ("nstk evaluate recipe.yaml photo.jpg", "nstk evaluate recipe.yaml --picture photo.jpg"),
    ("nstk evaluate out/old.png", "nstk evaluate out/old.recipe.yaml --picture out/old.png"),
]
"""Each line with one that the message shows."""

SAID = [
    ("nstk show out/old.png", "its file carries no recipe, but there is one beside it: `nstk show out/old.recipe.yaml`"),
    ("nstk run recipe.yaml --steps", "`--steps` needs a value: write `steps=...`, such as `steps=100`"),
    ("nstk run recipe.yaml --jit -q", "`--jit` needs a value: write `jit=...`, such as `jit=auto`"),
    ("nstk run recipe.yaml --run-eagerly", "such as `run_eagerly=true`"),
    ("nstk run recipe.yaml steps 200", "`steps` is not an override: write key=value without spaces, `steps=200`"),
    ("nstk run recipe.yaml steps: 200", "without spaces, `steps=200`"),
    ("nstk run recipe.yaml steps = 200", "without spaces, `steps=200`"),
    ("nstk run recipe.yaml louvre photo.jpg painting.jpg", "`recipe.yaml` and `louvre` cannot all be the recipe: name one"),
    ("nstk run jcjonson photo.jpg painting.jpg", "no recipe `jcjonson`, neither a file nor one that comes with nstk: did you"),
    ("nstk run recipe.yaml louvre", "`recipe.yaml` and `louvre` cannot all be the recipe: name one"),
    ("nstk run --content photo.jpg", "there is a photograph and no painting; add `--style painting.jpg`"),
    ("nstk run photo.jpg --content photo.jpg --style painting.jpg", "both are given: leave photo.jpg out"),
    ("nstk run recipe.yaml -o name", "write `name.png`"),
    ("nstk run recipe.yaml --pyramid 3", "write `pyramid: {levels: 3}`"),
    ("nstk run recipe.yaml --style-weight 5", "without it, `losses.wasserstein.weight` is 10"),
    ("nstk run recipe.yaml --learning-rate 3", "`lbfgs`, the optimizer in use, has no learning rate; `adam` has"),
    ("nstk run recipe.yaml --original-colors", "write `colours: keep` for the photograph's colours"),
    ("nstk run recipe.yaml --gpu 0", "nstk computes on the GPU if TensorFlow sees one"),
    ("nstk check photo.jpg", "photo.jpg is a picture, and `nstk check` takes a recipe"),
    ("nstk run recipe.yaml --no-such 4", "No such option '--no-such'"),
    ("nstk --no-such run recipe.yaml --steps 4", "No such option '--no-such'"),
    ("nstk run https://example.org/photo.jpg painting.jpg", "download it first"),
    ("nstk help run", "write `nstk run --help`"),
    ("nstk help", "write `nstk --help`"),
    ("nstk paint recipe.yaml", "write `nstk run recipe.yaml`"),
    # given twice
    ("nstk run recipe.yaml -o a.png -o b.png", "`-o a.png` and `-o b.png`: -o can be given once"),
    ("nstk run recipe.yaml -oa.png --output=b.png", "`-o a.png` and `-o b.png`: -o can be given once"),
    ("nstk run --content a.jpg --content b.jpg --style painting.jpg", "`--content a.jpg` and `--content b.jpg`"),
    ("nstk evaluate recipe.yaml --picture a.png --picture b.png", "`--picture a.png` and `--picture b.png`"),
    ("nstk run recipe.yaml -o a.png output=b.png", "`output=b.png` and `-o a.png` both set `output`"),
    ("nstk run recipe.yaml output.path=b.png -o a.png", "`output.path=b.png` and `-o a.png` both set `output`"),
    ("nstk run recipe.yaml --content a.jpg content=b.jpg", "`content=b.jpg` and `--content a.jpg` both set `content`"),
    ("nstk run recipe.yaml --style a.jpg 'style={x: b.jpg}'", "both set `style`"),
    ("nstk run recipe.yaml steps=5 steps=9", "`steps=5` and `steps=9` both set `steps`: leave one of them out"),
    ("nstk run recipe.yaml --steps 5 steps=9", "`steps=5` and `steps=9` both set `steps`"),
    ("nstk run recipe.yaml --eager run_eagerly=false", "`run_eagerly=false` and `--eager` both set `run_eagerly`"),
    ("nstk check recipe.yaml steps=5 steps=9", "`steps=5` and `steps=9` both set `steps`"),
    ("nstk show recipe.yaml losses.gram.weight=1 losses.gram.weight=2", "both set `losses.gram.weight`"),
    ("nstk show recipe.yaml losses.gram.weight=1 losses.gram=false", "both set `losses.gram.weight`"),
    ("nstk show recipe.yaml optimizer=adam optimizer.use=sgd", "both set `optimizer`"),
]
"""Each line with what the message says."""


@pytest.fixture
def type_in(run, painted, folder):
    """Types a line, in a folder with the picture of an earlier run."""
    picture = Image.open("photo.jpg")
    for name in ("a #1.jpg", "more.jpg", "a.jpg", "b.jpg"):
        picture.save(name)
    Path("out").mkdir()
    picture.save("out/old.png")
    Path("out/old.recipe.yaml").write_text(Path("recipe.yaml").read_text().replace("photo.jpg", "../photo.jpg"))
    Path("out/old.recipe.yaml").write_text(Path("out/old.recipe.yaml").read_text().replace("painting", "../painting"))
    return lambda line: run(*shlex.split(line)[1:])


def test_several_paintings(type_in, painted, folder):
    assert type_in("nstk run --content photo.jpg --style painting.jpg --style photo.jpg").code == 0
    (recipe,) = painted.recipes
    assert {label: Path(it.picture).name for label, it in recipe.style.items()} == {
        "style": "painting.jpg",
        "style2": "photo.jpg",
    }


@pytest.mark.parametrize(("line", "made"), WORKS, ids=[line for line, _ in WORKS])
def test_it_works(line, made, type_in, painted, folder):
    said = type_in(line)
    assert said.code == 0, said.err
    (recipe,) = painted.recipes
    assert {key: getattr(recipe, key) for key in made} == made
    assert (Path(recipe.content).name, *(Path(it.picture).name for it in recipe.style.values())) == (
        "photo.jpg",
        "painting.jpg",
    )


@pytest.mark.parametrize(("line", "shown"), SHOWN, ids=[f"{line[:30]} > {shown[9:29]}" for line, shown in SHOWN])
def test_the_line_to_write_is_shown(line, shown, type_in):
    said = type_in(line)
    assert said.code == 2
    assert shown in [it.strip() for it in said.err.splitlines()]
    again = type_in(shown)
    assert again.code == 0, again.err


@pytest.mark.parametrize(("line", "text"), SAID, ids=[line for line, _ in SAID])
def test_the_message_says_it(line, text, type_in):
    said = type_in(line)
    assert said.code == 2
    assert text in said.err
    assert "Traceback" not in said.err


def test_parts_have_their_own_names(type_in, painted):
    type_in("nstk run recipe.yaml optimizer=L-BFGS init=NOISE backbone=Tiny")
    recipe = painted.recipes[0]
    assert (recipe.optimizer.name, recipe.init.name, recipe.backbone.name) == ("lbfgs", "noise", "tiny")
    plain = recipe.to_plain()
    assert [plain[key]["use"] for key in ("optimizer", "init", "backbone")] == ["lbfgs", "noise", "tiny"]


@pytest.mark.parametrize("output", ["results/", "results", "results/."])
def test_a_folder_gets_the_picture(output, run, painted, folder):
    Path("results").mkdir()
    assert run("run", "recipe.yaml", "-o", output).out == f"{folder}/results/recipe.png\n"
    Path("into.yaml").write_text(Path("recipe.yaml").read_text() + f"output: {output}\n")
    assert run("run", "into.yaml").out == f"{folder}/results/into.png\n"
    assert run("run", "photo.jpg", "painting.jpg", f"output.path={output}").out == f"{folder}/results/photo-painting.png\n"


def test_a_slash_makes_a_folder(run, painted, folder):
    assert run("run", "recipe.yaml", "-o", "new/deep/").out == f"{folder}/new/deep/recipe.png\n"
    assert run("run", "recipe.yaml", "-o", "new").code == 2


COUNT = """
@click.command()
@click.option("--size")
@click.option("--pair", nargs=2)
@click.option("--many", multiple=True)
@click.option("-f", is_flag=True)
@click.option("-w", count=True)
def count(size, pair, many, f, w):
    click.echo(repr((size, pair, many, f, w)))

@nstk.hookimpl
def nstk_commands(cli):
    cli.add_command(count)
"""


def test_options_of_plugins_count_too(run, folder):
    count = ("-p", plugin("sizes", COUNT), "count")
    said = run(*count, "--size", "1", "--size", "2")
    assert (said.code, said.out) == (2, "")
    assert said.err == "error: `--size 1` and `--size 2`: --size can be given once, so leave out all but one\n"
    assert "`--pair 1 2` and `--pair 3 4`" in run(*count, "--pair", "1", "2", "--pair", "3", "4").err
    said = run(*count, "--size", "1", "-f", "-f", "-ww", "--many", "1", "--many", "2")
    assert said.out == "('1', None, ('1', '2'), True, 2)\n"


def test_a_plugins_words_are_its_own(run, folder):
    file = command_plugin("mine", "louvre", "click.echo('mine')")
    assert run("-p", file, "louvre").out == "mine\n"
