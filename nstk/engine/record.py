"""The record of a run: what made the picture, for the file beside it."""

from __future__ import annotations

import json
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from .errors import UserError
from .registry import file_hash

if TYPE_CHECKING:
    from .painting import Painting
    from .recipe import Recipe

PACKAGES = ("nstk-styletransfer", "tensorflow", "keras", "numpy", "pillow", "imagecodecs", "tifffile", "pluggy", "pydantic")


def to_json(run: Painting) -> str:
    """The record as JSON text."""
    recipe = run.recipe
    data = {
        "output": str(run.output),
        "recipe": recipe.name,
        "stopped": run.stopped,
        "steps": run.steps,
        "seconds": round(run.seconds, 3),
        "losses": run.losses,
        "seed": recipe.seed,
        "scales": [
            {"width": it.width, "height": it.height, "steps": it.steps, "tiles": way.edge or "off"}
            for it, way in zip(run.scales, run.ways, strict=True)
        ],
        "device": run.device,
        "precision": run.precision,
        "precision_reason": run.choice.reason,
        "run_eagerly": recipe.run_eagerly,
        "jit": run.jit and not recipe.run_eagerly,
        "versions": run.origins["versions"],
        "backbone": {"use": recipe.backbone.name, **recipe.backbone.provenance()},
        **{key: run.origins[key] for key in ("inputs", "plugins")},
    }
    return json.dumps(data, indent=2, default=str) + "\n"


def versions() -> dict[str, str]:
    """The versions that decide the bits."""
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # TensorFlow has other distributions too, such as tensorflow-cpu
            found[package] = getattr(sys.modules.get(package), "__version__", "not installed")
    return found


def sources(recipe: Recipe) -> dict[str, Any]:
    """The files that a run is made from, with their hashes."""
    inputs = {where: {"path": str(path), "sha256": file_hash(path)} for where, path in recipe.inputs().items()}
    return {"inputs": inputs, "plugins": plugins(recipe)}


def plugins(recipe: Recipe) -> list[dict[str, Any]]:
    """Each definition in use: whose it is, and the hash of the file that defines it."""
    import inspect

    rows = []
    for where, definition in recipe.definitions():
        try:
            owner, file = recipe.registry.owner(type(definition)), inspect.getfile(type(definition))
        except StopIteration:
            which = f"`{where}` is a {type(definition).__name__}, which no plugin of this recipe defines"
            raise UserError(f"{which}: list its file in `plugins`") from None
        row = {"where": where, "use": definition.name, "plugin": owner.name, "version": owner.version, "origin": owner.origin}
        rows.append({**row, "sha256": file_hash(file) if os.path.isfile(file) else ""})
    return rows


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
