"""A process of its own that answers the losses of pictures under a recipe, as `nstk evaluate` tells them."""

from __future__ import annotations

import json
import sys

import nstk

if __name__ == "__main__":
    spec = json.loads(sys.argv[1])
    recipe = nstk.load_recipe({**spec["settings"], "extends": spec["recipe"]})
    losses = [nstk.evaluate(recipe, picture)["loss"] for picture in spec["pictures"]]
    print("\n" + json.dumps({"losses": losses}))
