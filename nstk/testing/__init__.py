"""What plugin authors test with: a check of all that a plugin defines, one for each slot, small pictures, and runs.

    import nstk.testing
    from sobel import Sobel

    def test_the_plugin():
        nstk.testing.check_plugin("sobel.py")

    def test_the_loss():
        nstk.testing.check_loss(Sobel(blur=3), zero_at="content")

    def test_a_run(tmp_path):
        result = nstk.testing.run_recipe(tmp_path, plugins=["sobel.py"], losses={"sobel": {"weight": 2}})
        assert result.losses["sobel"] < 1

All of it works on pictures of a few dozen pixels and, where a network is needed, on the backbone `tiny`, so a test takes a
second or two. Importing this module does not import TensorFlow; calling its functions does. Sizes are (height, width), as in an
array. `nstk.testing.fixtures` has fixtures for pytest.
"""

from __future__ import annotations

from .backbones import check_backbone
from .callbacks import check_callback
from .colours import check_colours
from .initializers import check_initializer
from .losses import check_loss
from .optimizers import check_optimizer
from .parametrizations import check_parametrization
from .plugins import check_plugin
from .regions import check_region
from .runs import recipe, resume_recipe, run_recipe
from .samples import features, pictures, references

__all__ = [
    "check_backbone",
    "check_callback",
    "check_colours",
    "check_initializer",
    "check_loss",
    "check_optimizer",
    "check_parametrization",
    "check_plugin",
    "check_region",
    "features",
    "pictures",
    "recipe",
    "references",
    "resume_recipe",
    "run_recipe",
]
