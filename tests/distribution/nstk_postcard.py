"""Postcards: warm colours, a diary of the run, and a stamp."""

import click

import nstk


class Warmth(nstk.Loss):
    """Squared distance of red minus blue from a wanted warmth."""

    name = "warmth"
    wanted: float = nstk.Field(20, ge=-255, le=255, description="Red minus blue, levels.")

    def __call__(self, features, target):
        import tensorflow as tf

        red, _, blue = tf.unstack(tf.reduce_mean(features["image"], [0, 1, 2]))
        return tf.square((red - blue - self.wanted) / 255)


class Diary(nstk.Callback):
    """Say when the run ended, and why."""

    name = "diary"
    shows = True

    def on_end(self, run):
        print(f"dear diary: {run.stopped}")


@click.command()
@click.argument("price", type=int, default=1)
def stamp(price):
    """Print a stamp."""
    click.echo(f"[nstk {price}]")
    return price  # a plugin may return what it likes: it is no exit code


@nstk.hookimpl
def nstk_losses():
    return [Warmth]


@nstk.hookimpl
def nstk_callbacks():
    return [Diary]


@nstk.hookimpl
def nstk_commands(cli):
    cli.add_command(stamp)
