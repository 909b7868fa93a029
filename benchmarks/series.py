"""A process of its own that paints pictures one after another, in one session or by `nstk.run` again and again."""

from __future__ import annotations

import gc
import hashlib
import json
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import nstk
from nstk.machine import memory

HERE = Path(__file__).parent


def main(spec: dict[str, Any]) -> dict[str, Any]:
    """For each content: the seconds from the call to the end of the first step, the picture's hash, and the memory held."""
    rows = []
    with tempfile.TemporaryDirectory() as folder, nstk.Session() if spec["session"] else nullcontext() as session:
        for content in spec["contents"]:
            log = Path(folder) / "log.json"
            recipe = nstk.load_recipe(
                {
                    **spec["settings"],
                    "content": content,
                    "output": str(Path(folder) / "picture.png"),
                    "extends": spec["recipe"],
                    "plugins": [str(HERE / "stopwatch.py")],
                    "callbacks": {"stopwatch": {"log": str(log)}},
                }
            )
            began = time.time()
            result = (session.run if session else nstk.run)(recipe, quiet=True)
            first = json.loads(log.read_text(encoding="utf-8"))["first_step_at"] - began
            del recipe
            gc.collect()
            sha256 = hashlib.sha256(Path(str(result.path)).read_bytes()).hexdigest()
            rows.append({"first_step": first, "sha256": sha256, "held": memory.resident()})
    return {"rows": rows}


if __name__ == "__main__":
    print("\n" + json.dumps(main(json.loads(sys.argv[1]))))
