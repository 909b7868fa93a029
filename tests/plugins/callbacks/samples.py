"""A run that is quick."""

from __future__ import annotations

QUICK = {"run_eagerly": True, "losses": {"gram": {"layers": ["block1_conv1"]}}}
"""Without compilation, such a run takes a tenth of a second."""
