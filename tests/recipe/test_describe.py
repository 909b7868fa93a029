"""What `nstk describe` and `nstk layers` tell."""

from __future__ import annotations

import pytest

import nstk
from nstk.recipe.describe import KINDS, describe_lines, layer_lines
from nstk.registry.registry import Registry


def test_describe_tells_of_every_parameter(project):
    registry = Registry()
    registry.load("glow.py", project)
    for kind in KINDS:
        for name in registry.names(kind):
            cls = registry.get(kind, name)
            told = "\n".join(describe_lines(registry, kind, name))
            for key, field in cls.model_fields.items():
                assert f"  {key}: " in told
                assert (field.description or "") in told
    steps = '  steps: auto or whole number >= 1 and <= 1000000 or list, default "auto"'
    assert steps in list(describe_lines(registry, "recipe", None))
    assert any(line.startswith("  losses: ") for line in describe_lines(registry, "recipe", None))
    with pytest.raises(nstk.UserError, match="did you mean `loss`"):
        list(describe_lines(registry, "los", None))


def test_layers_tell_what_they_see():
    lines = list(layer_lines(Registry(), "vgg19"))
    assert any(line.split() == ["block4_conv2", "512", "8", "84", "px", "relu4_2"] for line in lines)
