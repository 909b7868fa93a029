"""How long something may take, as a recipe says it: `90s`, `2min`, `1h30min`."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from .messages import Unfit, instead

UNITS = {"h": 3600, "min": 60, "s": 1}
"""The units of a duration and their seconds, in the order in which they are written."""

MOST = 1000 * UNITS["h"]
"""The longest duration, in seconds."""

_NUMBER = r"([0-9]+\.?[0-9]*|\.[0-9]+)"

_DURATION = r"\s*".join(rf"(?:{_NUMBER}\s*{unit})?" for unit in UNITS)

_OTHERS = {"h": "hours?|hrs?", "min": "minutes?|mins|m", "s": "seconds?|secs?"}
"""The patterns of what people write for the units."""


def checked(value: Any) -> str:
    """The duration in nstk's own words: `90s` is `1min30s`. Raises `Unfit` for what is no duration."""
    found = re.fullmatch(_DURATION, value.strip()) if isinstance(value, str) and len(value) < 100 else None
    if not (found and any(found.groups())):
        raise Unfit(f"must be a time such as `90s`, `2min` or `1h30min`, {instead(value)}", _meant(value))
    seconds = sum(float(number or 0) * unit for number, unit in zip(found.groups(), UNITS.values(), strict=True))
    if not 0 < seconds <= MOST:
        raise Unfit(f"must be above 0s, and at most {in_words(MOST)}, {instead(value)}")
    return in_words(seconds)


def seconds_in(duration: str) -> float:
    """The seconds of a duration in nstk's own words."""
    return sum(float(number) * UNITS[unit] for number, unit in re.findall(rf"{_NUMBER}({'|'.join(UNITS)})", duration))


def in_words(seconds: float) -> str:
    """The duration of so many seconds, to a millisecond but never nothing: `1min30s`."""
    minutes, rest = divmod(max(1, round(1000 * seconds)), 60_000)
    counts = {"h": minutes // 60, "min": minutes % 60, "s": rest / 1000}
    return "".join(f"{count:g}{unit}" for unit, count in counts.items() if count)


def _meant(value: Any) -> str:
    """What to write instead of a value that is nearly a duration."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return ""
    text = re.sub(r"\s", "", str(value).lower())
    if len(text) > 20:
        return ""
    if re.fullmatch(_NUMBER, text):
        return f"write `{text}s` for seconds" if float(text) else ""
    if found := re.fullmatch(r"(?:([0-9]+):)?([0-9]+):([0-9]{2})", text):
        return "write `" + "".join(f"{int(it)}{unit}" for it, unit in zip(found.groups(), UNITS, strict=True) if it) + "`"
    for unit, words in _OTHERS.items():
        text = re.sub(rf"(?<=[0-9.])(?:{words})(?![a-z])", unit, text)
    return f"write `{text}`" if text and re.fullmatch(_DURATION, text) else ""


Duration = Annotated[str, Field(pattern=rf"^\s*{_DURATION}\s*$", examples=["2min"]), BeforeValidator(checked)]
"""The type of a duration in a recipe."""
