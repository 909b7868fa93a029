"""What an editor relies on: the schema accepts what nstk accepts, and marks what is misspelt."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from nstk.recipe.defaults import LABELLED, SLOTS, recipes_folder
from nstk.recipe.load import load_recipe
from nstk.recipe.schema import recipe_schema
from nstk.recipe.shipped import shipped
from nstk.registry.registry import Registry
from nstk.syntax.parse import parse

PLUGIN = '''
import nstk
from pydantic import BaseModel


class Schedule(BaseModel):
    """A class of the same name as another plugin's."""

    half: int = nstk.Field(3, description="{what}.")


class Gram(nstk.Loss):
    """Another gram."""

    name = "gram"

    schedule: Schedule = Schedule()
    strange: {what} = nstk.Field(None, description="A type.")


@nstk.hookimpl
def nstk_losses():
    return [Gram]
'''


@pytest.fixture(scope="module")
def schema():
    return recipe_schema(Registry())


@pytest.fixture(scope="module")
def validator(schema):
    return Draft7Validator(schema)


def read(text):
    return parse(text, "recipe.yaml", Path("/")).plain()


def test_it_is_a_schema_of_draft_7(schema):
    Draft7Validator.check_schema(schema)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert json.loads(json.dumps(schema)) == schema
    for reference in json.dumps(schema).split('"$ref": "#/definitions/')[1:]:
        assert reference.partition('"')[0] in schema["definitions"]


def test_the_shipped_schema_is_up_to_date():
    """After a change of parameters: `nstk schema > recipes/nstk.schema.json`. The rest of it depends on pydantic's version."""
    folder = recipes_folder()
    stored = json.loads((folder / "nstk.schema.json").read_text())
    assert list(parameters(stored)) == list(parameters(recipe_schema(Registry(installed=False))))


def parameters(schema, path=()):
    """Every key that a schema knows, where it is, and what is said of it."""
    if isinstance(schema, dict):
        for key, value in schema.get("properties", {}).items():
            yield (*path, key), value.get("description")
        for key, value in sorted(schema.items()):
            yield from parameters(value, (*path, key))
    for index, value in enumerate(schema if isinstance(schema, list) else ()):
        yield from parameters(value, (*path, index))


@pytest.mark.parametrize("name", shipped())
def test_shipped_recipes_are_valid(name, validator):
    validator.validate(read(shipped()[name].read_text(encoding="utf-8")))
    validator.validate(read(load_recipe(name).to_yaml()))


GOOD = [
    "",
    "steps: 1e3",
    "precision: bfloat16",
    "jit: auto",
    "jit: false",
    "extends: minimal",
    "extends:",
    "output: a.png",
    "output:",
    "output: {path: a.jpg, quality: 30}",
    "plugins: a.py",
    "plugins: [a.py, b]",
    "plugins:",
    "optimizer:",
    "optimizer: sgd",
    "optimizer: nstk:sgd",
    "optimizer: {use: 'nstk:sgd', momentum: 0.5}",
    "optimizer: {learning_rate: 3}",
    "optimizer: {learning_rate: {use: cosine, start: 3}}",
    "optimizer: {learning_rate: {use: cosine, end: 1}}",  # over a parent that says where it starts
    "backbone: {weights: mine.npz}",
    "init: {use: image}",  # over a parent that names the file
    "losses: {gram: , content: false, it: gram, other: false}",
    "losses: {gram: gram, it: {use: gram, weight: 3}, more: {weight: 3}}",
    "losses: {gram: {layers: [block1_conv1]}, content: {layers: block1_conv1}, it: {use: gram, layers: {block1_conv1: 2}}}",
    "losses: {gram: {use: content}}",
    "callbacks:",
    "callbacks: false",
    "callbacks: {progress: false, csv_log: , log: csv_log}",
]


@pytest.mark.parametrize("text", GOOD)
def test_every_form_of_a_recipe_is_valid(text, validator):
    validator.validate(read(f"content: a.png\n{text}"))


@pytest.mark.parametrize(
    "text",
    [
        "stpes: 3",
        "precision: float64",
        "jit: 1",
        "jit: 'true'",
        "steps: '3'",
        "steps: true",
        "steps: 0",
        "style_scale: 0",
        "content: 5",
        "output: {pth: a.png}",
        "output: true",
        "optimizer: adma",
        "optimizer: false",
        "optimizer: {use: adma}",
        "optimizer: {use: adam, momentum: 0.5}",
        "optimizer: {learning_rate: {use: cosine, start: 3, ennd: 1}}",
        "optimizer: [adam]",
        "losses:",
        "losses: false",
        "losses: [gram]",
        "losses: {gram: {wieght: 3}}",
        "losses: {gram: {weight: -1}}",
        "losses: {gram: {layers: {block1_conv1: -1}}}",
        "losses: {it: }",
        "losses: {it: {use: nosuch}}",
        "losses: {gram: true}",
        "callbacks: true",
        "callbacks: {csv_log: {evry: 3}}",
        "plugins: 3",
        "extends: [a.yaml]",
    ],
)
def test_a_slip_is_marked(text, validator):
    assert not validator.is_valid(read(text))


def test_every_parameter_is_described(schema):
    registry = Registry()
    for kind in [*SLOTS.values(), *LABELLED.values()]:
        for name in registry.names(kind):
            properties = schema["definitions"][f"nstk.{kind}.{name}"]["properties"]
            for key, field in registry.get(kind, name).model_fields.items():
                assert properties[key].get("description") == field.description
    assert schema["properties"]["steps"]["description"]


def test_plugins_of_one_name_stay_apart(tmp_path):
    registry = Registry()
    for name, what in (("one", "int | None"), ("two", "type | None")):  # the second is no type that JSON knows
        (tmp_path / f"{name}.py").write_text(PLUGIN.format(what=what))
        registry.load(f"{name}.py", tmp_path)
    schema = recipe_schema(registry)
    validator = Draft7Validator(schema)
    validator.validate(read("losses: {it: {use: 'one:gram', schedule: {half: 2}}, other: {use: 'two:gram', weight: 3}}"))
    assert not validator.is_valid(read("losses: {it: gram}"))  # whose?
    assert not validator.is_valid(read("losses: {it: {use: 'one:gram', layers: [block1_conv1]}}"))
    assert schema["definitions"]["one.loss.gram.Schedule"]["properties"]["half"]["description"] == "int | None."
    assert schema["definitions"]["nstk.loss.gram"]["properties"]["use"] == {"enum": ["nstk:gram"]}
