"""A plugin that is wrong is one sentence, and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from nstk.errors import PluginError
from nstk.registry.registry import Registry


def snapshot(registry: Registry) -> object:
    kinds = ("loss", "initializer", "optimizer", "callback", "backbone")
    return len(registry.plugins), len(registry.manager.get_plugins()), [registry.names(kind) for kind in kinds]


# Each is a plugin file `slip.py` and what has to be said of it.
SLIPS = {
    "misspelt hook": (
        """
        import nstk
        @nstk.hookimpl
        def nstk_loses():
            return []
        """,
        "slip.py:3: `nstk_loses` is not a hook of nstk: did you mean `nstk_losses`?",
    ),
    "a hook of nothing we know": (
        """
        import nstk
        @nstk.hookimpl
        def paint_it_black():
            return []
        """,
        "slip.py:3: `paint_it_black` is not a hook of nstk: the hooks are nstk_losses, ",
    ),
    "misspelt and unmarked": (
        """
        import nstk
        def nstk_loses():
            return []
        """,
        "slip.py:2: `nstk_loses` is not a hook of nstk: did you mean `nstk_losses`?",
    ),
    "forgotten hookimpl": (
        """
        import nstk
        def nstk_losses():
            return []
        """,
        "slip.py:2: `nstk_losses` is not marked as a hook: write `@nstk.hookimpl` above it",
    ),
    "argument with a default": (
        """
        import nstk
        @nstk.hookimpl
        def nstk_commands(cli=None):
            pass
        """,
        "slip.py:3: `nstk_commands` gives `cli` a default, so nothing else would ever be passed",
    ),
    "unknown argument": (
        """
        import nstk
        @nstk.hookimpl
        def nstk_losses(recipe):
            return []
        """,
        "slip.py:3: `nstk_losses` has no argument `recipe`: it is called with nothing",
    ),
    "misspelt argument": (
        """
        import nstk
        @nstk.hookimpl
        def nstk_commands(group):
            pass
        """,
        "slip.py:3: `nstk_commands` has no argument `group`: it is called with `cli`",
    ),
    "no hook": ("import nstk\n", "it has no hook: write `@nstk.hookimpl` above a function"),
    "generator that raises": (
        """
        import nstk
        class A(nstk.Loss):
            name = "a"
        @nstk.hookimpl
        def nstk_losses():
            yield A
            raise ValueError("no luck")
        """,
        "ValueError: no luck (slip.py:7)",
    ),
    "hook that raises": (
        """
        import nstk
        @nstk.hookimpl
        def nstk_losses():
            return [1 / 0]
        """,
        "ZeroDivisionError: division by zero (slip.py:4)",
    ),
    "no name": (
        """
        import nstk
        class Grain(nstk.Loss):
            pass
        @nstk.hookimpl
        def nstk_losses():
            return [Grain]
        """,
        'slip.py:2: Grain needs a name: write `name = "grain"` in the class',
    ),
    "a name with a type": (
        """
        import nstk
        class Grain(nstk.Loss):
            name: str = "grain"
        @nstk.hookimpl
        def nstk_losses():
            return [Grain]
        """,
        "slip.py:2: the type after `name:` makes Grain's name a recipe key",
    ),
    "a name that no recipe can write": (
        """
        import nstk
        class Grain(nstk.Loss):
            name = "my:grain"
        @nstk.hookimpl
        def nstk_losses():
            return [Grain]
        """,
        "slip.py:2: Grain has the name 'my:grain': use letters, digits, `_` and `-`",
    ),
    "one name twice": (
        """
        import nstk
        class A(nstk.Loss):
            name = "grain"
        class B(nstk.Loss):
            name = "grain"
        @nstk.hookimpl
        def nstk_losses():
            return [A, B]
        """,
        "slip.py:4: it defines the loss `grain` twice",
    ),
    "a class of another kind": (
        """
        import nstk
        class Say(nstk.Callback):
            name = "say"
        @nstk.hookimpl
        def nstk_losses():
            return [Say]
        """,
        "slip.py:5: `nstk_losses` returns Say, which is no nstk.Loss: return it from `nstk_callbacks`",
    ),
    "any class": (
        """
        import nstk
        class Grain:
            name = "grain"
        @nstk.hookimpl
        def nstk_losses():
            return [Grain]
        """,
        "slip.py:5: `nstk_losses` returns Grain, which is no nstk.Loss: write `class Grain(nstk.Loss)`",
    ),
    "an instance": (
        """
        import nstk
        class Grain(nstk.Loss):
            name = "grain"
        @nstk.hookimpl
        def nstk_losses():
            return [Grain()]
        """,
        "slip.py:5: `nstk_losses` returns Grain(weight=1.0): return the class, not an instance of it",
    ),
    "a class without a list": (
        """
        import nstk
        class Grain(nstk.Loss):
            name = "grain"
        @nstk.hookimpl
        def nstk_losses():
            return Grain
        """,
        "return a list of classes",
    ),
    "no return": (
        """
        import nstk
        @nstk.hookimpl
        def nstk_losses():
            pass
        """,
        "slip.py:3: `nstk_losses` returns None: return a list of classes",
    ),
    "a backbone without layers": (
        """
        import nstk
        class Net(nstk.Backbone):
            name = "net"
        @nstk.hookimpl
        def nstk_backbones():
            return [Net]
        """,
        "slip.py:2: Net needs its layers: write `layers = (nstk.Layer(...),)` in the class",
    ),
    "a field of an unknown type": (
        """
        from __future__ import annotations
        import nstk
        class Grain(nstk.Loss):
            name = "grain"
            size: Sise = 1
        @nstk.hookimpl
        def nstk_losses():
            return [Grain]
        """,
        "slip.py:3: Grain has a field whose type cannot be found: name 'Sise' is not defined",
    ),
    "a field without a type": (
        """
        import nstk
        class Grain(nstk.Loss):
            name = "grain"
            size = 1
        """,
        "(slip.py:2)",  # not pydantic's own file, where it is raised
    ),
    "missing import": ("import nstk\n\nimport numppy\n", "ModuleNotFoundError: No module named 'numppy' (slip.py:3)"),
    "syntax error": ("import nstk\n\ndef broken(:\n", "SyntaxError: invalid syntax (slip.py:3)"),
    "exit at import": ("import sys\nsys.exit('bye')\n", "SystemExit: bye (slip.py:2)"),
    "error without words": ("assert False\n", "AssertionError (slip.py:1)"),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_one_sentence(slip, write):
    text, expected = SLIPS[slip]
    registry = Registry(installed=False)
    before = snapshot(registry)
    with pytest.raises(PluginError) as caught:
        registry.load(write("slip.py", text), Path.cwd())
    assert str(caught.value).startswith("plugin `slip` (slip.py) did not load: ")
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)
    assert snapshot(registry) == before
    registry.load(write("good.py", name="grain"), Path.cwd())
    assert registry.get("loss", "grain").name == "grain"
