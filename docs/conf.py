"""Settings of the documentation: `sphinx-build -W -b html docs docs/_build` makes the site."""

from __future__ import annotations

import sys
from pathlib import Path

from nstk import __version__

sys.path.insert(0, str(Path(__file__).parent))  # for `reference`, which lies here

project = "nstk"
release = __version__
extensions = ["myst_parser", "sphinx_click", "reference"]
smartquotes = False  # it would make one dash of the two before an option
exclude_patterns = ["_build", "_generated"]

myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3

html_theme = "furo"
html_show_copyright = False
html_title = f"nstk {release}"
html_static_path = ["_static"]
html_css_files = ["pictures.css"]
