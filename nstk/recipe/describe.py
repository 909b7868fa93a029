"""The lines that `nstk describe` and `nstk layers` print. Descriptions come from the parameters: no text is written twice."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import BaseModel
from pydantic.errors import PydanticInvalidForJsonSchema

from ..api import Layer
from ..api.hookspecs import KINDS
from ..errors import UserError
from ..hints import suggest
from ..registry.registry import Registry
from .defaults import LABELLED, SLOTS, defaults
from .settings import Settings

if TYPE_CHECKING:
    from .model import Recipe

WORDS = tuple(word for word, _ in KINDS.values())
"""The words for the kinds of parts, such as `loss`."""


def describe_lines(registry: Registry, kind: str | None, name: str | None) -> Iterator[str]:
    """The lines that describe all parts, the parts of one kind, one part, or the keys of a recipe."""
    if kind == "recipe":
        yield from _parameters("recipe", Settings)
        for key, each in {**SLOTS, **LABELLED}.items():
            what = f"a mapping of label to {each}" if key in LABELLED else "a name, or a mapping with `use` and parameters"
            yield f"  {key}: {what}, default {plain(defaults()[key])}"
            yield f"      See `nstk describe {each}`."
        yield "  plugins: a list of files and modules, default []"
        yield "  extends: a recipe that this one changes, default none"
        return
    singular = {**{k: k for k in WORDS}, **{f"{k}s": k for k in WORDS}, "losses": "loss", "init": "initializer"}
    if kind is not None and kind not in singular:
        raise UserError(f"`{kind}` is no kind: {suggest(kind, WORDS) or 'the kinds are recipe, ' + ', '.join(WORDS)}")
    if kind and name:
        if name.rpartition(":")[2] not in registry.names(singular[kind]):
            raise UserError(f"no {singular[kind]} is called `{name}`: {registry.unknown_hint(singular[kind], name)}")
        cls = registry.get(singular[kind], name)
        yield from _parameters(f"{singular[kind]} {name}", cls, full=True)
        return
    for each in [singular[kind]] if kind else WORDS:
        for known in registry.names(each):
            owned = registry.owned(each, known)
            for plugin, cls in owned:
                yield from _parameters(f"{each} {known}" if len(owned) == 1 else f"{each} {plugin.name}:{known}", cls)
                yield ""


def _parameters(title: str, cls: type[BaseModel], full: bool = False) -> Iterator[str]:
    summary = inspect.getdoc(cls) or ""
    yield f"{title}: {summary if full else summary.partition(chr(10))[0]}"
    module = inspect.getdoc(inspect.getmodule(cls)) if full else None
    if module:
        yield from ("", *(f"  {line}".rstrip() for line in module.splitlines()), "")
    for key, type_, default, description in parameters(cls):
        yield f"  {key}: {type_}, {'required' if default is None else f'default {default}'}"
        if description:
            yield f"      {description}"


class Parameter(NamedTuple):
    """A key of a recipe, or a parameter of a part, in words."""

    key: str
    type: str
    default: str | None
    """The default as JSON, or None where the key is required."""
    description: str


def parameters(cls: type[BaseModel]) -> Iterator[Parameter]:
    """The parameters of a part, or the keys of a recipe, as `nstk describe` and the documentation tell them."""
    try:
        properties = cls.model_json_schema().get("properties", {})
    except PydanticInvalidForJsonSchema:  # JSON does not have the type of a field
        properties = {}
    for key, info in cls.model_fields.items():
        default = None if info.is_required() else plain(info.get_default(call_default_factory=True))
        yield Parameter(key, _type(properties.get(key, {}), info.annotation), default, info.description or "")


def plain(value: Any) -> str:
    """A default as JSON, which is YAML, too."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    return json.dumps(value, default=str)


def _type(schema: dict[str, Any], annotation: Any) -> str:
    """A field's type in words, with its bounds, from its JSON schema."""
    if "enum" in schema:
        return " | ".join(value if isinstance(value, str) else json.dumps(value) for value in schema["enum"])
    if "examples" in schema:  # an example says more about the form of a text than its type does
        return str(schema["examples"][0])
    if "const" in schema:
        return schema["const"] if isinstance(schema["const"], str) else json.dumps(schema["const"])
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return " or ".join(dict.fromkeys(_type(part, annotation) for part in schema[union]))
    if "$ref" in schema:
        return "mapping"
    words = {"number": "number", "integer": "whole number", "string": "text", "boolean": "true or false", "null": "nothing"}
    words |= {"array": "list", "object": "mapping"}
    kind = words.get(schema.get("type", ""), str(annotation))
    bounds = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
    within = " and ".join(f"{sign} {_bound(schema[key])}" for key, sign in bounds.items() if key in schema)
    return f"{kind} {within}".rstrip()


def _bound(value: float) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def layer_lines(registry: Registry, backbone: str) -> Iterator[str]:
    """The table of a backbone's layers."""
    if backbone.rpartition(":")[2] not in registry.names("backbone"):
        raise UserError(f"no backbone is called `{backbone}`: {registry.unknown_hint('backbone', backbone)}")
    return _layer_lines(registry.get("backbone", backbone).layers, {})


def read_lines(recipe: Recipe) -> Iterator[str]:
    """The table of the layers of a recipe's backbone, with the losses that read each of them."""
    return _layer_lines(
        recipe.backbone.layers,
        {
            layer.name: ", ".join(label for label, loss in recipe.active_losses.items() if layer.name in loss.reads())
            for layer in recipe.backbone.layers
        },
    )


def _layer_lines(layers: Sequence[Layer], readers: Mapping[str, str]) -> Iterator[str]:
    """A line for each layer. Where some have readers, these stand in a column of their own."""
    yield f"{'layer':16}{'channels':>9}{'stride':>8}{'sees':>8}   {'in papers':12}{'read by' if readers else ''}".rstrip()
    for layer in layers:
        line = f"{layer.name:16}{layer.channels:9}{layer.stride:8}{f'{layer.receptive_field} px':>8}   "
        yield f"{line}{layer.paper:12}{readers.get(layer.name, '')}".rstrip()
