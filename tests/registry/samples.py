"""A plugin that is good."""

from __future__ import annotations

GOOD = """
    import nstk

    class Grain(nstk.Loss):
        name = "{name}"

    @nstk.hookimpl
    def nstk_losses():
        return [Grain]
"""
