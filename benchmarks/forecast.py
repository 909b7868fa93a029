"""A process of its own that answers what `nstk estimate` says of a recipe's last scale."""

from __future__ import annotations

import json
import sys

import nstk
from nstk.engine import estimate
from nstk.engine.plan import Plan
from nstk.machine import device

if __name__ == "__main__":
    spec = json.loads(sys.argv[1])
    recipe = nstk.load_recipe({**spec["settings"], "extends": spec["recipe"]})
    device.set_up_memory()
    last = estimate.estimate(recipe, Plan.of(recipe))[-1]
    print("\n" + json.dumps({"seconds": last.seconds, "bytes": last.bytes, "edge": last.layout.edge}))
