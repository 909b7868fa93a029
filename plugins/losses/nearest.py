"""Style loss: how far each activation of the picture is from the one of the painting that is most like it.

Kolkin, Kucera, Paris, Sykora, Shechtman and Shakhnarovich, "Neural Neighbor Style Transfer" (NNST), 2022. With the activations
x_i of a layer at M positions of the picture and y_j of the painting, each without the mean over its own positions:

    d(x, y) = 1 - cos(x, y)        L = sum over layers of w 1/M sum over i of min over j of d(x_i, y_j)

The paper paints in two phases, and `match` says which: `picture` finds the nearest activations anew at each step, layer by
layer, as the paper's last pass does; `content` finds, once a scale, those nearest to the content's activations, and holds the
picture to them, as its first phase does.

nstk differs from the paper in four things: positions beyond `samples` are drawn at random, where the paper takes them in even
strides; the first phase looks for the content's activations layer by layer, where the paper joins all layers and blends the
content with the picture of the scale before; the paper also looks among the painting turned by 90, 180 and 270 degrees, for
which a recipe names turned copies as further paintings; and the colours of the result are not changed afterwards.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import model_validator

import nstk
from nstk.plugins.losses._chunks import nearest
from nstk.plugins.losses._matching import Layerwise
from nstk.plugins.losses._positions import centred, directions, least_length


class Nearest(Layerwise):
    """Cosine distance of each activation of the picture from the nearest one of the painting."""

    name = "nearest"

    layers: nstk.Layers = nstk.Field(
        ["block2_conv1", "block3_conv1", "block4_conv1"],
        description="Layers to compare: a list (equal weights that sum to 1) or layer: weight.",
    )
    match: Literal["picture", "content"] = nstk.Field(
        "picture",
        description="Whose nearest activations of the painting the picture is held to: its own, found anew at each step, or "
        "the content's, found once a scale.",
    )

    @model_validator(mode="after")
    def _draws_what_it_matches(self) -> Nearest:
        if self.redraw and self.match == "content":
            raise ValueError("says `redraw: true`, but `match: content` finds the nearest once a scale: leave one of them out")
        return self

    def goal(self, painting: Any, content: Any) -> Any:
        least = least_length(centred(painting))
        wanted = directions(centred(painting), least)
        if self.match == "content":
            import tensorflow as tf

            wanted = tf.gather(wanted, nearest(directions(centred(content), least), wanted))
        return {"wanted": wanted, "least": least}

    def distance(self, rows: Any, goal: Any) -> Any:
        import tensorflow as tf

        ours, wanted = directions(centred(rows), goal["least"]), goal["wanted"]
        if self.match == "picture":
            wanted = tf.gather(wanted, nearest(ours, wanted))
        return 1.0 - tf.reduce_mean(tf.reduce_sum(ours * wanted, axis=1))


@nstk.hookimpl
def nstk_losses() -> list[type[nstk.Loss]]:
    return [Nearest]
