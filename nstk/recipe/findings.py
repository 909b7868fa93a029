"""The mistakes of one recipe, each with the place where it is written."""

from __future__ import annotations

from collections.abc import Sequence

from .source import suggest
from .tree import Mark, Node, Problem

MANY = 100
"""Mistakes after which no more words are compared: of thousands, nobody would read the suggestions, and they take minutes."""


class Findings:
    """What is wrong with a tree; all of it goes to `problems`."""

    def __init__(self, tree: Node, problems: list[Problem]):
        self.tree, self.problems = tree, problems

    def problem(self, message: str, mark: Mark, hint: str = "") -> None:
        self.problems.append(Problem(message, mark, hint))

    def mark(self, *path: str) -> Mark:
        """Where the value at `path` is written, or the recipe as a whole where it is not."""
        return self.written(*path) or Mark(self.tree.mark.where, self.tree.mark.folder)

    def written(self, *path: str) -> Mark | None:
        """Where the value at `path` is written, if it is."""
        node = self.tree
        for step in path:
            if not isinstance(node.value, dict) or step not in node.value:
                return None
            node = node.value[step]
        return node.mark

    def suggest(self, word: str, choices: Sequence[str]) -> str:
        """`did you mean ...?`, or nothing."""
        return suggest(word, choices) if len(self.problems) < MANY else ""
