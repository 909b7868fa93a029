"""JSON, which is YAML but for its tabs: YAML lets none stand before a key or a value, and JSON is often indented with them."""

from __future__ import annotations

import re

_TOKENS = re.compile(
    r"""
    (?P<quoted> (?<![^\s{\[,:]) (?: "(?:[^"\\]|\\.)*" | '(?:[^']|'')*' ) )
    | (?P<comment> (?:^|(?<=\s)) \#[^\n]* )
    | (?P<slashes> (?<![^\s{\[,]) (?<!:\s) /[/*] )
    | \t
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
"""Where a tab means itself, where it does not, and the comments of JavaScript. A quote within a word begins nothing."""


def is_json(text: str) -> bool:
    """Whether a text may be JSON: it begins with a brace, or with a comment as JavaScript has it."""
    return bool(re.match(r"\s*(#[^\n]*\n\s*)*(\{|//|/\*)", text))


def without_tabs(text: str) -> tuple[str, int | None]:
    """JSON with a space in place of each tab outside of texts, and the index of the first `//` or `/*`, if there is one."""
    slashes: list[int] = []

    def spaced(token: re.Match[str]) -> str:
        if token["slashes"]:
            slashes.append(token.start())
        return " " if token[0] == "\t" else token[0]

    return _TOKENS.sub(spaced, text), slashes[0] if slashes else None
