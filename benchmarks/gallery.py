"""A process of its own that paints one picture, keeps what is seen on the way, and judges all of it afterwards."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import nstk

HERE = Path(__file__).parent


def main(spec: dict[str, Any]) -> dict[str, Any]:
    """The seconds of the run from the call to the written picture, and the scores of the result and of what came before."""
    folder = Path(spec["folder"])
    recipe = nstk.load_recipe(
        {
            **spec["settings"],
            "extends": spec["recipe"],
            "output": str(folder / "picture.png"),
            "checkpoint": False,
            "plugins": [str(HERE / "onlooker.py")],
            "callbacks": {"progress": False, "onlooker": {"folder": str(folder / "seen"), "every": spec["every"]}},
        }
    )
    began = time.time()
    nstk.run(recipe, quiet=True, force=True)
    took = time.time() - began
    seen = json.loads((folder / "seen" / "seen.json").read_text(encoding="utf-8"))
    rows = seen.pop("pictures") if spec["watched"] else []
    pictures = [folder / "picture.png", *(folder / "seen" / f"{row['step']:06}.png" for row in rows)]
    scores = nstk.score(recipe.content, recipe.style["style"].picture, pictures, size=spec["judged"], copies=True)
    result, *way, photograph, painting = [_figures(score) for score in scores]
    return {
        **seen,
        "seconds": took - seen["paused"],
        "score": result,
        "way": [{"step": row["step"], "seconds": row["at"] - began, **score} for row, score in zip(rows, way, strict=True)],
        "photograph": photograph,
        "painting": painting,
    }


def _figures(score: nstk.Score) -> dict[str, float]:
    return {key: value for key, value in score.to_json().items() if key != "picture"}


if __name__ == "__main__":
    print("\n" + json.dumps(main(json.loads(sys.argv[1]))))
