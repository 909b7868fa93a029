"""What tests of unfinished runs share."""

from __future__ import annotations

import numpy as np

from nstk.checkpoints.state import RunState

PLUGIN = """
import os, signal
import numpy as np
import tensorflow as tf
import nstk

class Breaking(nstk.Callback):
    \"\"\"Breaks the run off at a step, once.\"\"\"
    name = "breaking"
    at: int = 0
    how: str = "signal"

    def on_start(self, run):
        if self.how == "start" and not run.resumed:
            os.kill(os.getpid(), signal.SIGINT)

    def on_step(self, run, step):
        if step.index != self.at or run.resumed:
            return
        if self.how == "error":
            raise ValueError("broken off")
        if self.how == "signal":
            os.kill(os.getpid(), signal.SIGINT)

class Keep(nstk.Callback):
    \"\"\"Keeps the picture that the run ends with, every bit of it, and what it was told.\"\"\"
    name = "keep"

    def on_start(self, run):
        self.told_of, self.sum = [("start", run.resumed, len(run.earlier))], 0.0

    def on_scale(self, run, scale):
        self.told_of.append(("scale", scale.index))

    def on_step(self, run, step):
        self.told_of.append(("step", step.index))
        self.sum += step.loss

    def on_end(self, run):
        np.save(run.beside("{name}.npy"), run.image())
        TOLD.append((self.told_of, self.sum))

    def state(self):
        return {"sum": self.sum}

    def restore(self, run, state):
        self.told_of.append(("restore",))
        self.sum = state["sum"]

TOLD = []

class Drawing(nstk.Loss):
    \"\"\"Draws at random, for its target too.\"\"\"
    name = "drawing"

    def target(self, refs):
        return tf.random.get_global_generator().uniform(refs.content["image"].shape)

    def __call__(self, features, target):
        drawn = tf.random.get_global_generator().normal(features["image"].shape)
        return tf.reduce_mean(features["image"] * (drawn + target)) / 255

@nstk.hookimpl
def nstk_callbacks():
    return [Breaking, Keep]

@nstk.hookimpl
def nstk_losses():
    return [Drawing]
"""


ARRAYS = {
    "picture": np.random.default_rng(0).uniform(0, 255, (1, 6, 5, 3)).astype(np.float32),
    "count": np.array(7, np.int64),
    "known": np.array(True),
    "products": np.eye(3),
    "empty": np.zeros([0], np.float32),
}


STATE = RunState(seconds=1.5, spared=0, labels=[], machine={}, weights="", origins={})


def write(folder, *steps, arrays=ARRAYS):
    for step in steps:
        folder.write(step, STATE, arrays.items())


def names(folder):
    return sorted(path.name for path in folder.path.iterdir())
