"""A process of its own that runs a recipe through nstk's engine and then, if asked, measures the rate of a convolution."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import nstk

HERE = Path(__file__).parent


def main(spec: dict[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.json"
        recipe = nstk.load_recipe(
            {
                "output": str(Path(folder) / "picture.png"),
                **spec["settings"],
                "extends": spec["recipe"],
                "plugins": [str(HERE / "stopwatch.py")],
                "callbacks": {"stopwatch": {"log": str(log), **spec["stopwatch"]}},
            }
        )
        if spec.get("count"):
            counted = recipe.registry.get("optimizer", "counted")
            recipe = recipe.model_copy(update={"optimizer": counted(of=recipe.optimizer)})
        nstk.run(recipe, quiet=True)
        answer: dict[str, Any] = json.loads(log.read_text(encoding="utf-8"))
    if spec.get("rate"):  # comes after the run, so that it does not add to the peak memory
        from .rate import rates

        answer["rates"] = rates(**spec["rate"])
    return answer


if __name__ == "__main__":
    print("\n" + json.dumps(main(json.loads(sys.argv[1]))))
