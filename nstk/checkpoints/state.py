"""Where an unfinished run stands: all that a checkpoint holds besides its arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any


@dataclass(frozen=True)
class ScaleState:
    """Where the scale at work stands."""

    index: int
    width: int
    height: int
    tiles: int | None
    """The edge of a tile in pixels; None where the picture is evaluated as a whole."""
    optimizer: dict[str, Any]
    """The recipe keys of the optimizer whose values were changed because memory is short."""
    ended: bool
    """Whether the scale had no more steps to do."""
    done: int
    """How many steps of the scale were done."""
    steps: int
    """How many steps of the scale were planned."""
    stalled: bool
    """Whether the optimizer could make no more steps."""
    sound: bool
    """Whether a step of the scale was finite."""
    recovered: bool
    """Whether a step of the scale was not finite, and the optimizer makes smaller moves since."""
    callbacks: dict[str, Any]
    """What each callback wants to find again when the run is resumed, by label."""


@dataclass(frozen=True)
class RunState:
    """Where a run stood when its checkpoint was taken."""

    seconds: float
    """How many seconds were painted so far."""
    spared: int
    """How many steps were not needed, because the optimizer had stalled."""
    labels: list[str]
    """The labels of the losses, in the order of the history's columns."""
    machine: dict[str, str]
    """The device and the precision, in words."""
    weights: str
    """The sha256 of the backbone's weights."""
    origins: dict[str, Any] = field(repr=False)
    """What the run was made from (see `provenance.origins`)."""
    scale: ScaleState | None = None
    """The scale at work; None before the first step."""

    def to_json(self) -> dict[str, Any]:
        """The state as JSON can hold it. `from_json` makes a state of it again."""
        state = asdict(self)
        scale = state.pop("scale")
        if scale is None:
            return state
        place = [scale.pop(key) for key in ("index", "width", "height")]
        way = [scale.pop("tiles"), scale.pop("optimizer")]
        return {**state, "scale": place, "way": way, **scale}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RunState:
        """The state that a checkpoint holds. Raises `KeyError` where something is missing."""
        scale = None
        if "scale" in data:
            (index, width, height), (tiles, optimizer) = data["scale"], data["way"]
            rest = {key: data[key] for key in ("ended", "done", "steps", "stalled", "sound", "recovered", "callbacks")}
            scale = ScaleState(index, width, height, tiles, optimizer, **rest)
        own = {it.name: data[it.name] for it in fields(cls) if it.name != "scale"}
        return cls(**own, scale=scale)
