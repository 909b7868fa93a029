"""What several test files share."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nstk.machine import memory

# Before anything imports TensorFlow: its notices say nothing about the tests.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# What the files of samples assert is told in detail too.
pytest.register_assert_rewrite("tests.pictures", "tests.plugins", "tests.recipe", "tests.syntax")

WORKER = 3 * 2**30
"""The bytes of memory that a process which runs tests may take: TensorFlow, and what the largest test computes."""


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Run all tests in as many processes as there are cores and memory for, unless `-n` says how many; some tests in one."""
    asked = getattr(config.option, "numprocesses", 0) is not None or config.option.usepdb or hasattr(config, "workerinput")
    if not asked and config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.option.numprocesses = max(1, min(os.cpu_count() or 1, memory.available() // WORKER))
        config.option.dist = "worksteal"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[pytest.TestReport]:
    """Let a report go from one process to another, whatever a test prints: they exchange no names that are not UTF-8."""
    report: pytest.TestReport = yield
    report.sections = [(title, text.encode("utf-8", "backslashreplace").decode()) for title, text in report.sections]
    return report


PLUGIN_HEAD = '''
"""A plugin of the tests."""
import numpy as np
import tensorflow as tf
import nstk
'''


@pytest.fixture
def plugin(tmp_path: Path) -> Callable[..., str]:
    """Writes a plugin file that has `nstk`, `np` and `tf`, and returns its path."""

    def write(code: str, name: str = "mine.py") -> str:
        path = tmp_path / name
        path.write_text(PLUGIN_HEAD.lstrip() + textwrap.dedent(code), encoding="utf-8")
        return str(path)

    return write
