"""Temporal loss: how far the picture is from the one of a moment ago, carried along the motion, where that can be trusted.

With x the picture, w the other one, both 0..1 here, and c the mask, 0..1, over all D pixels and channels:

    L = 1 / D  sum c (x - w)^2

Ruder, Dosovitskiy and Brox, "Artistic Style Transfer for Videos", GCPR 2016, equation 7. nstk differs in the pixels, theirs are
0..255, so a weight is 255^2 times theirs. `nstk video` writes both pictures for each frame; with pictures of one's own the loss
holds a run to an earlier result.
"""

from __future__ import annotations

from typing import Any

import nstk

WHITE = 255.0


class Temporal(nstk.Loss):
    """How far the picture is from another one of the same place, such as the frame before."""

    name = "temporal"

    picture: nstk.TargetPicture = nstk.Field(description="What the picture is held to.")
    mask: nstk.TargetPicture | None = nstk.Field(
        None, description="A grey picture: white where the picture is held, black where it is free; empty: everywhere."
    )

    @property
    def sees_style(self) -> bool:
        return False

    @property
    def holds_content(self) -> bool:
        return False

    def target(self, refs: nstk.References) -> Any:
        import tensorflow as tf

        height, width = refs.content[nstk.IMAGE].shape[1:3]

        def read(file: str) -> Any:
            return tf.constant(nstk.resize(nstk.read_picture(file), width, height)[None] / WHITE, tf.float32)

        held = read(self.picture)
        return {"picture": held, "mask": read(self.mask)[..., :1] if self.mask else tf.ones_like(held[..., :1])}

    def __call__(self, features: nstk.Features, target: Any) -> Any:
        import tensorflow as tf

        apart = tf.math.squared_difference(features[nstk.IMAGE] / WHITE, target["picture"])
        return tf.reduce_mean(target["mask"] * apart)


@nstk.hookimpl
def nstk_losses() -> list[type[nstk.Loss]]:
    return [Temporal]
