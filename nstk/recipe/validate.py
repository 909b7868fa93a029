"""Values into models, by pydantic. It takes whole characters only, and the name of a file may hold a byte that is not UTF-8."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

from ..syntax.nodes import stand_in, whole_numbers

Model = TypeVar("Model", bound=BaseModel)


def validated(cls: type[Model], values: dict[str, Any]) -> Model:
    """A `cls` with these values. Raises pydantic's `ValidationError`.

    The values are read as JSON, and strictly: `true` and "5" are no numbers, but a list may become a tuple.
    """
    names: dict[str, str] = {}
    text = json.dumps(stand_in(whole_numbers(values), names))
    made: Model = _with_names(cls.model_validate_json(text, strict=True), names)
    return made


def made_of(cls: type[Model], values: dict[str, Any]) -> Model:
    """A `cls` with these values, which are of the types that it needs. Models in them stay as they are."""
    names: dict[str, str] = {}
    made: Model = _with_names(cls(**stand_in(values, names)), names)
    return made


def _with_names(value: Any, names: Mapping[str, str]) -> Any:
    """The value with each text that stands in for a name replaced by that name."""
    if not names:
        return value
    if isinstance(value, BaseModel):
        fields = {key: getattr(value, key) for key in type(value).model_fields}
        changed = {key: _with_names(it, names) for key, it in fields.items()}
        return value.model_copy(update={key: it for key, it in changed.items() if it is not fields[key]})
    if isinstance(value, dict):
        return {key: _with_names(it, names) for key, it in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_with_names(it, names) for it in value)
    return names.get(value, value) if isinstance(value, str) else value
