"""The line of a plugin that failed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nstk.errors import PluginError
from nstk.registry.blame import blame
from nstk.registry.registry import Registry


def test_the_blamed_line_is_the_plugins(write):
    def blamed(text: str) -> str:
        with pytest.raises(PluginError) as caught:
            Registry(installed=False).load(write("slip.py", text), Path.cwd())
        return str(caught.value)

    assert blamed("import json\n\njson.loads('{')\n").endswith("(slip.py:3)")
    assert blamed("from nstk.files import no_such_name\n").endswith("(slip.py:1)")
    assert blame(ValueError("never raised")) == "ValueError: never raised"


def test_the_import_of_an_import_is_blamed(write, install):
    write("painter/__init__.py", "")
    write("painter/hooks/__init__.py", "")
    write("painter/hooks/all.py", "import painter.core\n")
    write("painter/core.py", "import os\n\nimport numppy\n")
    install()
    with pytest.raises(PluginError, match=re.escape("No module named 'numppy' (core.py:3)")):
        Registry().load("painter.hooks.all", Path.cwd())
