"""A JSON Schema (draft-07, which editors read) of recipes that knows the parameters of every plugin."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.errors import PydanticInvalidForJsonSchema

from ..api.regions import WHERE
from ..registry.registry import Registry
from .defaults import LABELLED, SLOTS
from .settings import Settings

DRAFT = "http://json-schema.org/draft-07/schema#"


def recipe_schema(registry: Registry) -> dict[str, Any]:
    """The schema of recipes, which refuses only what no recipe can say.

    No key is required, because a recipe that extends another may leave out `use` or a picture.
    """
    definitions: dict[str, Any] = {}
    properties = _properties(Settings, definitions, "recipe")
    output = properties["output"]
    properties["output"] = {
        "description": output.get("description", ""),
        "anyOf": [{"type": ["string", "null"]}, {"const": False}, {"$ref": "#/definitions/recipe.Output"}],
    }
    for key, kind in SLOTS.items():
        description = f"The {kind}: a name, or a mapping with `use` and parameters."
        properties[key] = {"description": description, "anyOf": [{"type": "null"}, *_slot(registry, kind, definitions)]}
    for key, kind in LABELLED.items():
        properties[key] = _labelled(registry, key, kind, definitions)
    properties["plugins"] = {
        "description": "Plugins to load: files relative to this recipe, or modules.",
        "type": ["array", "string", "null"],
        "items": {"type": "string"},
    }
    properties["extends"] = {
        "description": "A recipe that this one changes: a file, or one that comes with nstk.",
        "type": ["string", "null"],
    }
    definitions["region"] = _region(registry, definitions)
    _name_regions([properties, definitions])
    return {
        "$schema": DRAFT,
        "title": "nstk recipe",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "definitions": definitions,
    }


def _labelled(registry: Registry, key: str, kind: str, definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of `losses:` or `callbacks:`.

    A label that is also the name of a definition may be empty. `false` drops an inherited definition.
    """
    slot = {"anyOf": [{"const": False}, *_slot(registry, kind, definitions)]}
    labels = {
        name: {"description": _summary(registry.owned(kind, name)[0][1]), "anyOf": [{"type": "null"}, *slot["anyOf"]]}
        for name in registry.names(kind)
    }
    mapping = {"type": "object", "properties": labels, "additionalProperties": slot}
    return {
        "description": f"Each {kind} by its label; the label is the default for `use`, `false` drops an inherited one.",
        "anyOf": [mapping] if key == "losses" else [mapping, {"enum": [None, False]}],
    }


def _slot(registry: Registry, kind: str, definitions: dict[str, Any]) -> list[dict[str, Any]]:
    """What a slot may hold: a name, or a mapping with the parameters of one definition."""
    names: list[str] = []
    mappings: list[dict[str, Any]] = []
    for name in registry.names(kind):
        owned = registry.owned(kind, name)
        for plugin, cls in owned:
            known = [f"{plugin.name}:{name}"] if len(owned) > 1 else [name, f"{plugin.name}:{name}"]
            names += known
            place = f"{plugin.name}.{kind}.{name}"
            if place not in definitions:
                definitions[place] = _mapping(cls, known, definitions, place)
            mappings.append({"$ref": f"#/definitions/{place}"})
    return [{"type": "string", "enum": names}, *mappings]


def _region(registry: Registry, definitions: dict[str, Any]) -> dict[str, Any]:
    """What a key may hold that names a region: a name, the file of a map, or a mapping."""
    names, *mappings = _slot(registry, "region", definitions)
    return {"anyOf": [{"type": "null"}, names, {"type": "string"}, *mappings]}


def _name_regions(value: Any) -> None:
    """Refer to the schema of regions wherever a key of a model names one."""
    if isinstance(value, dict) and value.get("anyOf") == WHERE["anyOf"]:
        value["anyOf"] = [{"$ref": "#/definitions/region"}]
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _name_regions(part)


def _mapping(cls: type[BaseModel], names: list[str], definitions: dict[str, Any], place: str) -> dict[str, Any]:
    return {
        "type": "object",
        "description": _summary(cls),
        "properties": {"use": {"enum": names}, **_properties(cls, definitions, place)},
        "additionalProperties": False,
    }


def _properties(cls: type[BaseModel], definitions: dict[str, Any], place: str) -> dict[str, Any]:
    """The schemas of a model's fields. The models in its fields are defined under `place`, for two may have the same name."""
    try:
        schema = cls.model_json_schema(ref_template=f"#/definitions/{place}.{{model}}")
    except PydanticInvalidForJsonSchema:  # JSON does not have the type of a field, so any value may be right
        return {name: {"description": info.description or ""} for name, info in cls.model_fields.items()}
    for name, model in schema.pop("$defs", {}).items():
        model.pop("required", None)  # a key may be inherited
        definitions[f"{place}.{name}"] = model
    properties: dict[str, Any] = schema.get("properties", {})
    for value in properties.values():
        value.pop("title", None)
    return properties


def _summary(cls: type[BaseModel]) -> str:
    return (cls.__doc__ or "").strip().partition("\n")[0]
