"""Settings of small runs that several test files share."""

from __future__ import annotations

SETTINGS = {
    "steps": 6,
    "seed": 7,
    "init": {"use": "noise", "blend": 0.5},
    "losses": {"content": None, "gram": {"weight": 4}, "smooth": {"use": "tv", "weight": 0.1}},
}
QUICK = {"run_eagerly": True, "losses": {"gram": {"layers": ["block1_conv1"]}}}
