"""Parts that are sound, and the same ones broken in one thing."""

from __future__ import annotations

from typing import Any

import pytest


def broken(base: type[Any], **members: Any) -> Any:
    """A part like `base` but for `members`."""
    return type("Broken", (base,), {"__module__": base.__module__, "__doc__": "Broken.", "name": "broken", **members})()


def found(check: Any, part: Any, message: str) -> None:
    """A check finds what is broken, and says it in one line."""
    with pytest.raises(AssertionError, match=message) as caught:
        check(part)
    assert "\n" not in str(caught.value)
