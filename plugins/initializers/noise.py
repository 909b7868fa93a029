"""Start from noise, or from the content with noise laid over it.

Gatys, Ecker and Bethge (CVPR 2016) start from white noise. The deeplearning.ai course blends 0.6 of noise, uniform in -20..20
around the mean colour of ImageNet, with 0.4 of the content (`blend: 0.6`, `amplitude: 20`, `around: imagenet`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import nstk

if TYPE_CHECKING:
    import numpy as np

IMAGENET_MEAN = (123.68, 116.779, 103.939)
"""The mean colour of the ImageNet training set, RGB, 0..255. VGG's inputs are centred on it."""


class Noise(nstk.Initializer):
    """Seeded noise around a colour, over a share of the content."""

    name = "noise"

    kind: Literal["uniform", "normal"] = nstk.Field("uniform", description="Distribution of the noise.")
    amplitude: float = nstk.Field(
        20.0,
        ge=0,
        le=255,
        description="Half the width of the uniform distribution, or the standard deviation of the normal one; levels.",
    )
    around: Literal["imagenet", "grey", "content"] = nstk.Field(
        "imagenet", description="What the noise is added to: ImageNet's mean colour, mid grey, or the content's mean colour."
    )
    blend: float = nstk.Field(1.0, ge=0, le=1, description="Share of the noise; the rest is the content (the course: 0.6).")

    def __call__(self, pictures: nstk.Pictures, rng: np.random.Generator) -> np.ndarray:
        import numpy as np

        shape = pictures.content.shape
        if self.kind == "uniform":
            noise = rng.uniform(-self.amplitude, self.amplitude, shape)
        else:
            noise = rng.normal(0.0, self.amplitude, shape)
        centre = {"imagenet": IMAGENET_MEAN, "grey": 128.0, "content": pictures.content.mean((0, 1))}[self.around]
        blended = self.blend * (np.asarray(centre) + noise) + (1 - self.blend) * pictures.content
        return np.clip(blended, 0, 255).astype(np.float32)


@nstk.hookimpl
def nstk_initializers() -> list[type[nstk.Initializer]]:
    return [Noise]
