"""What a plugin author tests with: small pictures, their features, a check of everything that a loss must do, and a run.

    import nstk.testing
    from sobel import Sobel

    def test_the_loss():
        nstk.testing.check_loss(Sobel(), zero_at="content")

    def test_a_run(tmp_path):
        result = nstk.testing.run_recipe(tmp_path, plugins=["sobel.py"], losses={"sobel": {"weight": 2}})
        assert result.losses["sobel"] < 1

All of it works on pictures of a few dozen pixels and, where a network is needed, on the backbone `tiny`, so a test takes a
second or two. Importing this module does not import TensorFlow; calling its functions does. Sizes are (height, width), as in an
array.
"""

from __future__ import annotations

from .contract import check_loss
from .runs import recipe, run_recipe
from .samples import features, pictures, references

__all__ = ["check_loss", "features", "pictures", "recipe", "references", "run_recipe"]
