"""A JSON Schema (draft-07, which editors read) of recipes that knows the parameters of every plugin."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from .recipe import LABELLED, SLOTS, Settings
from .registry import Registry

DRAFT = "http://json-schema.org/draft-07/schema#"


def recipe_schema(registry: Registry) -> dict[str, Any]:
    """The schema. Only what no recipe can be without a mistake is refused: the rest is for `nstk check`."""
    definitions: dict[str, Any] = {}
    properties = _properties(Settings, definitions)
    properties["output"] = {
        "description": properties["output"].get("description", ""),
        "anyOf": [{"type": "string"}, {"$ref": "#/definitions/Output"}],
    }
    for key, kind in SLOTS.items():
        properties[key] = {"description": f"The {kind}: a name, or a mapping with `use` and parameters.", **_slot(registry, kind, definitions)}
    for key, kind in LABELLED.items():
        labels = {name: {"description": _summary(registry, kind, name), **_slot(registry, kind, definitions, name)} for name in registry.names(kind)}
        properties[key] = {
            "description": f"Each {kind} by its label; the label is the default for `use`, `false` drops an inherited one.",
            "type": ["object", "boolean", "null"] if key == "callbacks" else "object",
            "properties": labels,
            "additionalProperties": _slot(registry, kind, definitions, None),
        }
    properties["plugins"] = {
        "description": "Plugins to load: files relative to this recipe, or modules.",
        "type": ["array", "string", "null"],
        "items": {"type": "string"},
    }
    properties["extends"] = {"description": "A recipe that this one changes: a file, or one that comes with nstk.", "type": "string"}
    return {
        "$schema": DRAFT,
        "title": "nstk recipe",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "definitions": definitions,
    }


def _slot(registry: Registry, kind: str, definitions: dict[str, Any], label: str | None = "") -> dict[str, Any]:
    """A slot's value: empty, false, a name, or a mapping. Without `use` it has the parameters of `label`; `None`: `use` is needed."""
    names = registry.names(kind)
    choices: list[dict[str, Any]] = [{"type": "string", "enum": names}, {"enum": [None, False] if label is not None else [False]}]
    for name in names:
        for plugin in registry.plugins:
            if (kind, name) in plugin.defines:
                cls = registry.get(kind, f"{plugin.name}:{name}")
                choices.append(_mapping(cls, name, definitions, needs_use=name != label and label != ""))
    return {"anyOf": choices}


def _mapping(cls: type[BaseModel], name: str, definitions: dict[str, Any], needs_use: bool) -> dict[str, Any]:
    return {
        "type": "object",
        "description": (cls.__doc__ or "").strip().partition("\n")[0],
        "properties": {"use": {"const": name}, **_properties(cls, definitions)},
        "additionalProperties": False,
        **({"required": ["use"]} if needs_use else {}),
    }


def _properties(cls: type[BaseModel], definitions: dict[str, Any]) -> dict[str, Any]:
    schema = cls.model_json_schema(ref_template="#/definitions/{model}")
    definitions.update(schema.pop("$defs", {}))
    properties: dict[str, Any] = schema.get("properties", {})
    for value in properties.values():
        value.pop("title", None)
    return properties


def _summary(registry: Registry, kind: str, name: str) -> str:
    owners = [plugin for plugin in registry.plugins if (kind, name) in plugin.defines]
    doc = registry.get(kind, f"{owners[0].name}:{name}").__doc__ or ""
    return doc.strip().partition("\n")[0]
