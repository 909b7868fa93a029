"""One picture after another: what is kept for the next one, and that its bytes are those of a run of its own."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from tensorflow.python.framework.func_graph import FuncGraph

import nstk
from nstk import testing
from nstk.engine.plan import Plan
from tests.helpers import same

LOSSES = """
TRACED = []
LEVEL = tf.Variable(0.0)

class Noted(nstk.Loss):
    \"\"\"Notes when it is traced.\"\"\"
    name = "noted"
    draws: str = ""

    def target(self, refs):
        return {"pixels": refs.content["image"], "level": 128.0}

    def __call__(self, features, target):
        if not tf.executing_eagerly():
            TRACED.append(self.draws)
        image = features["image"]
        if self.draws == "generator":
            image = image + tf.random.get_global_generator().uniform(image.shape)
        if self.draws == "operation":
            image = image + tf.random.uniform(image.shape)
        if self.draws == "variable":
            image = image + LEVEL.assign_add(1.0)
        return tf.reduce_mean(tf.square(image - target["pixels"])) / target["level"]

class Masked(nstk.Loss):
    \"\"\"Reads its mask when it is traced.\"\"\"
    name = "masked"
    mask: nstk.InputPicture

    def target(self, refs):
        return refs.content["image"]

    def __call__(self, features, target):
        if not tf.executing_eagerly():
            TRACED.append(self.mask)
        height, width = target.shape[1:3]
        mask = nstk.resize(nstk.read_picture(self.mask), width, height) / 255
        return tf.reduce_mean(mask * tf.square(features["image"] - target - 9.0))

class Stop(nstk.Callback):
    \"\"\"Interrupts the run at its third step, once.\"\"\"
    name = "stop"

    def on_step(self, run, step):
        if step.index == 3 and not run.resumed:
            run.stop("interrupted")

@nstk.hookimpl
def nstk_losses():
    return [Noted, Masked]

@nstk.hookimpl
def nstk_callbacks():
    return [Stop]
"""

NOTED = {"noted": {"weight": 0.01}, "gram": {"layers": ["block1_conv1"]}}


@pytest.fixture
def recipes(tmp_path, plugin):
    """Recipes for another content each, which all have the same plugin; and the list of what was traced."""
    path = plugin(LOSSES)

    def make(name, photo=0, **settings):
        content = tmp_path / f"content{photo}.png"
        nstk.write_picture(testing.pictures((36, 48), photo).content, content)
        settings = {"steps": 4, "losses": NOTED, **settings}
        return testing.recipe(tmp_path, content=str(content), plugins=[path], output=str(tmp_path / f"{name}.png"), **settings)

    return make


def traced(recipe):
    return recipe.registry.plugins[-1].modules[0].TRACED


def with_plugins_of(recipe, first):
    """The recipe with the classes of another one's plugins: a file that is loaded twice makes two classes."""
    losses = {label: first.registry.get("loss", loss.name)(**loss.model_dump()) for label, loss in recipe.losses.items()}
    return recipe.model_copy(update={"losses": losses, "registry": first.registry})


def in_a_session(*recipes):
    """The pictures of recipes that are painted in one session, and how often their loss was traced."""
    first = recipes[0]
    with nstk.Session() as session:
        paths = [session.run(with_plugins_of(recipe, first)).path for recipe in recipes]
    return [path.read_bytes() for path in paths], len(traced(first))


def alone(recipe):
    return nstk.run(recipe).path.read_bytes()


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "settings",
    [
        {},
        pytest.param({"pyramid": {"levels": 2}, "optimizer": "lbfgs"}, marks=SLOW),
        pytest.param({"optimizer": "lbfgs", "steps": 6}, marks=SLOW),
        pytest.param({"average": 0.9}, marks=SLOW),
        pytest.param({"parametrization": "spectral"}, marks=SLOW),
        pytest.param({"init": "noise"}, marks=SLOW),
    ],
    ids=str,
)
def test_another_content_takes_the_same_step(settings, recipes):
    scales = 2 if "pyramid" in settings else 1
    made, traces = in_a_session(*(recipes(f"in{seed}", seed, **settings) for seed in (1, 2, 1)))
    assert traces == scales
    assert made[1] == alone(recipes("own", 2, **settings))
    assert made[0] == made[2] != made[1]


def test_another_seed_takes_the_same_step(recipes):
    settings = {"losses": {"noted": {"draws": "generator"}}}
    made, traces = in_a_session(*(recipes(f"in{seed}", 1, seed=seed, **settings) for seed in (3, 4)))
    assert traces == 1
    assert made == [alone(recipes(f"own{seed}", 1, seed=seed, **settings)) for seed in (3, 4)]
    assert made[0] != made[1]


@pytest.mark.parametrize("draws", ["operation", "variable"])
def test_what_is_not_set_back_is_compiled_anew(draws, recipes):
    settings = {"losses": {"noted": {"draws": draws}}}
    made, traces = in_a_session(*(recipes(f"in{seed}", seed, **settings) for seed in (1, 1)))
    assert traces == 2
    if draws == "operation":
        assert made[0] == made[1] == alone(recipes("own", 1, **settings))


@pytest.mark.parametrize(
    "change",
    [
        {"losses": {"noted": {"weight": 0.02}}},
        pytest.param({"steps": 5}, marks=SLOW),
        pytest.param({"size": 40}, marks=SLOW),
        pytest.param({"average": 0.5}, marks=SLOW),
    ],
    ids=str,
)
def test_what_differs_is_compiled_anew(change, recipes):
    made, traces = in_a_session(recipes("in1", 1), recipes("in2", 1, **change))
    assert traces == 2
    assert made[1] == alone(recipes("own", 1, **change))


def test_another_mask_of_the_same_name_is_seen(recipes, tmp_path):
    mask, made = tmp_path / "mask.png", []

    def draw(white):
        picture = np.zeros((36, 48, 3), np.uint8)
        picture[:, :white] = 255
        nstk.write_picture(picture, mask)

    draw(40)
    first = recipes("own", losses={"masked": {"mask": str(mask), "weight": 0.1}})
    with nstk.Session() as session:
        for white in (40, 40, 8):
            draw(white)
            made.append(session.run(first).path.read_bytes())
    assert len(traced(first)) == 2
    assert made[0] == made[1] != made[2] == alone(first)


def test_the_style_is_looked_at_once(tmp_path, monkeypatch):
    from nstk.plugins.losses.gram import Gram

    looked = []
    real = Gram.of_style
    monkeypatch.setattr(Gram, "of_style", lambda loss, style: looked.append(1) or real(loss, style))
    style = tmp_path / "painting.png"
    nstk.write_picture(testing.pictures((30, 30), 5).content, style)
    with nstk.Session() as session:
        for gram in (1, 1, 2):
            losses = {"content": None, "gram": {"weight": gram}}
            session.run(testing.recipe(tmp_path, style=str(style), losses=losses, run_eagerly=True, steps=1))
    assert len(looked) == 2  # the weight is the loss's own: another one is another loss


@SLOW
def test_tiles_are_compiled_once(tmp_path):
    settings = {"size": 200, "tiles": 64, "steps": 1, "losses": {"gram": None, "content": None}}
    own = [testing.run_recipe(tmp_path, seed=seed, init="noise", **settings).path.read_bytes() for seed in (1, 2)]
    with nstk.Session() as session:
        for seed in (1, 2):
            made = session.run(testing.recipe(tmp_path, seed=seed, init="noise", **settings))
            assert made.path.read_bytes() == own[seed - 1]
        (network,) = [value for _, value in session._kept._tiles._pairs]
    assert network.repeatable
    assert network.passes


@SLOW
def test_graphs_of_earlier_scales_are_dropped_where_memory_is_short(tmp_path):
    settings = {"size": 300, "pyramid": {"levels": 2}, "steps": 2, "losses": {"gram": None, "content": None}}
    recipe = testing.recipe(tmp_path, memory="500MB", **settings)
    coarse, fine = Plan.of(recipe).layouts
    assert coarse.edge
    assert fine.edge
    with nstk.Session() as session:
        session.run(recipe)
        (network,) = [value for _, value in session._kept._tiles._pairs]
    assert set(network.passes) == {tile.shape for tile in network.tiling.tiles(225, 300)}


def test_a_resumed_run_is_the_same_in_a_session(recipes):
    whole = nstk.run(recipes("own", 1, steps=6)).path
    with nstk.Session() as session:
        session.run(recipes("first", 2, steps=6))
        result = session.run(recipes("broken", 1, steps=6, callbacks={"stop": None}))
        assert result.stopped == "interrupted"
        assert same(session.resume(result.path, trust=True).path, whole)


def graphs():
    """The graphs that the process holds."""
    gc.collect()
    return {id(graph) for graph in gc.get_objects() if isinstance(graph, FuncGraph)}


@pytest.mark.slow
def test_a_run_leaves_no_graph_behind(tmp_path):
    testing.run_recipe(tmp_path)  # what TensorFlow keeps for good is made once
    before = graphs()
    for optimizer in ("adam", "lbfgs"):
        testing.run_recipe(tmp_path, optimizer=optimizer)
    assert graphs() <= before


def test_a_closed_session_begins_anew(recipes):
    first = recipes("in1", 1)
    with nstk.Session() as session:
        session.run(first)
    assert not session._kept._rigs._pairs
    again = session.run(first)
    assert len(traced(first)) == 2
    assert np.array_equal(again.picture, nstk.read_picture(again.path))


@pytest.mark.slow
def test_it_works_in_threads_and_event_loops(tmp_path):
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    recipe = testing.recipe(tmp_path)
    expected = alone(recipe)

    async def in_loop():
        return nstk.run(recipe).path.read_bytes()

    assert asyncio.run(in_loop()) == expected
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(alone, recipe).result() == expected
