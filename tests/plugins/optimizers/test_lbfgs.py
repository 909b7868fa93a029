"""L-BFGS, held against scipy's L-BFGS-B; the box, the restarts, the stop."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from scipy import optimize

import nstk
from nstk import testing
from nstk.engine.inputs import pictures_of
from nstk.objective.features import layers_read, network
from nstk.objective.whole import WholeObjective
from nstk.plugins.optimizers.lbfgs import TRIES, Lbfgs
from nstk.plugins.parametrizations.pixels import Pixels
from nstk.plugins.parametrizations.spectral import Spectral
from tests.plugins.optimizers.samples import begin, minimise, quadratic


def scipys(value_and_grad, start, evaluations, history):
    """The lowest loss of scipy's L-BFGS-B after so many evaluations, with the same history and box."""
    losses = []

    def of_vector(x):
        evaluation, gradient = value_and_grad(tf.constant(x.reshape(1, *start.shape), tf.float32))
        losses.append(float(evaluation.loss))
        return losses[-1], np.asarray(gradient, np.float64).ravel()

    options = {"maxcor": history, "maxfun": evaluations, "maxiter": evaluations, "ftol": 0, "gtol": 0}
    optimize.minimize(of_vector, start.ravel(), jac=True, method="L-BFGS-B", bounds=[(0, 255)] * start.size, options=options)
    return min(losses[:evaluations])


@tf.function
def rosenbrock(image):
    """Rosenbrock's valley in 60 dimensions, of pixels / 100: the minimum is 0, where all of them are 100."""
    x = tf.convert_to_tensor(image)
    with tf.GradientTape() as tape:
        tape.watch(x)
        z = tf.reshape(x, [-1]) / 100
        loss = tf.reduce_sum(100 * tf.square(z[1:] - tf.square(z[:-1])) + tf.square(1 - z[:-1]))
    return nstk.Evaluation(loss, {"valley": loss}), tape.gradient(loss, x)


def test_rosenbrock_as_fast_as_scipy():
    start = np.random.default_rng(0).uniform(0, 255, (4, 5, 3))
    for evaluations in (25, 50):  # half-way down the valley, and at its end
        ours, _ = minimise(Lbfgs(history=10, scaling="scalar"), rosenbrock, start, evaluations)
        assert ours <= scipys(rosenbrock, start, evaluations, 10) * 1.01 + 1e-8, evaluations


@pytest.mark.slow
def test_bands_find_the_same_minimum():
    start = np.random.default_rng(0).uniform(0, 255, (4, 5, 3))
    ours, _ = minimise(Lbfgs(history=20), rosenbrock, start, 200)
    assert ours < 1e-3


@pytest.fixture(scope="module", params=[64, 96])
def style(request):
    """Real small problems: nstk's default losses on VGG-19, the content as the start."""
    recipe = nstk.load_recipe("minimal", overrides=[f"size={request.param}"])
    pictures = pictures_of(recipe, request.param, request.param * 3 // 4)
    net = network(recipe.backbone, layers_read(recipe.backbone, recipe.losses.values()))
    objective = WholeObjective(net, recipe.losses, pictures)

    def value_and_grad(image):
        evaluation, gradient = objective.value_and_grad(image)
        return nstk.Evaluation(evaluation.loss, {"pull": evaluation.loss}), gradient

    return tf.function(value_and_grad, autograph=False), pictures.content.astype(np.float64)


@pytest.mark.slow
def test_a_style_as_fast_as_scipy(style):
    value_and_grad, start = style
    theirs = scipys(value_and_grad, start, 60, 20)
    for scaling in ("scalar", "bands"):
        ours, _ = minimise(Lbfgs(scaling=scaling), value_and_grad, start, 60)
        assert ours <= 1.01 * theirs, scaling


SCALAR = pytest.param("scalar", 60, marks=pytest.mark.slow)


@pytest.mark.slow
@pytest.mark.parametrize(("scaling", "steps"), [SCALAR, ("bands", 200)])  # white noise is no picture: bands mislead
def test_the_box_is_kept(scaling, steps):
    """The nearest point of the box to a target outside it: clipping, not a compromise."""
    rng = np.random.default_rng(1)
    wanted = rng.uniform(-200, 455, (6, 7, 3))
    pull = quadratic(wanted, tf.constant(rng.uniform(1, 50, (6, 7, 3)), tf.float32))
    image, stepper = begin(Lbfgs(scaling=scaling), pull, steps, np.full((6, 7, 3), 128.0))
    step = tf.function(stepper.step, autograph=False)
    for _ in range(steps):
        step()
        assert 0 <= float(tf.reduce_min(image)) <= float(tf.reduce_max(image)) <= 255
    stepper.finish()
    np.testing.assert_allclose(image[0], np.clip(wanted, 0, 255), atol=0.2)


def test_a_rejected_move_is_taken_back():
    """A loss with a cliff: over it there is nothing but infinity."""

    def value_and_grad(image):
        mean = tf.reduce_mean(image)
        loss = tf.where(mean > 129.0, np.inf, -mean)
        return nstk.Evaluation(loss, {"cliff": loss}), tf.fill(image.shape, -1.0 / image.shape.num_elements())

    image, stepper = begin(Lbfgs(first=50), value_and_grad, 20, np.full((4, 4, 3), 128.0))
    losses = [float(stepper.step().loss) for _ in range(12)]
    assert np.isfinite(losses).all()
    assert losses == sorted(losses, reverse=True)
    stepper.finish()
    assert 128 < float(tf.reduce_mean(image)) <= 129


def test_it_recovers_from_nan():
    pull = quadratic(np.random.default_rng(3).uniform(0, 255, (6, 5, 3)), tf.linspace(1.0, 20.0, 3))
    image, stepper = begin(Lbfgs(), pull, 20, np.full((6, 5, 3), 128.0))
    losses = [float(stepper.step().loss) for _ in range(4)]
    stepper.bands.moved.assign(stepper.bands.moved * np.nan)
    losses.append(float(stepper.step().loss))
    assert np.isnan(image).any()
    image.assign(stepper.good)  # as the engine does
    assert stepper.recover()
    assert np.isfinite(image).all()
    assert float(stepper.step().loss) <= losses[-1]
    for _ in range(20):
        last = float(stepper.step().loss)
    assert last < losses[-1] / 10
    stepper.gradient.assign(stepper.gradient * np.nan)
    assert not stepper.recover()


@pytest.mark.parametrize("run_eagerly", [False, True])
def test_a_minimum_ends_the_run(run_eagerly, tmp_path):
    """Where nothing can be gained, the run ends long before its steps do, and says why."""
    settings = {"losses": {"content": {"layers": ["image"], "formula": "mean"}}, "init": {"use": "noise", "amplitude": 50}}
    result = testing.run_recipe(tmp_path, optimizer="lbfgs", steps=500, run_eagerly=run_eagerly, **settings)
    assert result.stopped == "stalled: no step lowers the loss any more"
    assert len(result.history) < 100
    assert result.losses["content"] < 1e-4


def test_a_stalled_scale_gives_way(tmp_path):
    settings = {"losses": {"content": {"layers": ["image"], "formula": "mean"}}, "init": {"use": "noise", "amplitude": 50}}
    settings["optimizer"] = {"use": "lbfgs", "history": 5}
    result = testing.run_recipe(tmp_path, steps=[500, 3], pyramid={"levels": 2}, **settings)
    assert result.stopped == "done"
    assert [row["scale"] for row in result.history][-3:] == [1, 1, 1]
    assert len(result.history) < 100


def test_no_progress_is_noticed_soon():
    """A gradient that lies: every move is rejected, the history is dropped, and then the optimizer stalls."""

    def lying(image):
        loss = tf.reduce_sum(tf.square(image - 100.0))
        return nstk.Evaluation(loss, {"lie": loss}), tf.ones_like(image) * tf.sign(100.0 - image[0, 0, 0, 0])

    image, stepper = begin(Lbfgs(), lying, 100, np.full((4, 4, 3), 110.0))
    steps = 0
    while not bool(stepper.stalled()):
        stepper.step()
        steps += 1
        assert steps <= 2 * TRIES + 1
    stepper.finish()
    np.testing.assert_array_equal(image, np.full((1, 4, 4, 3), 110, np.float32))


def test_the_state_can_be_put_back():
    value_and_grad = quadratic(np.random.default_rng(3).uniform(0, 255, (6, 5, 3)), tf.linspace(1.0, 20.0, 3))
    image, stepper = begin(Lbfgs(history=3), value_and_grad, 20, np.full((6, 5, 3), 128.0))
    for _ in range(5):
        stepper.step()
    everything = [image, *stepper.variables]
    assert all(isinstance(variable, tf.Variable) for variable in everything)
    kept = [variable.numpy() for variable in everything]

    def more():
        for _ in range(3):
            stepper.step()
        return image.numpy()

    straight_on = more()
    for variable, was in zip(everything, kept, strict=True):
        variable.assign(was)
    np.testing.assert_array_equal(more(), straight_on)


@pytest.mark.slow
@pytest.mark.parametrize("parametrization", [Spectral(), Pixels(), Spectral(power=1)])
def test_it_takes_any_parametrization(style, parametrization):
    value_and_grad, start = style
    first = float(value_and_grad(tf.constant(start[None], tf.float32))[0].loss)
    for optimizer in (Lbfgs(history=5), Lbfgs(history=5, scaling="scalar")):  # a short history is quickly compiled
        ours, _ = minimise(optimizer, value_and_grad, start, 20, parametrization=parametrization)
        assert ours < 0.3 * first
