"""Processes of their own, heard line by line."""

from __future__ import annotations

import sys

import pytest

from benchmarks import processes


def test_a_process_is_heard_line_by_line():
    code = "import time; print('one'); time.sleep(0.3); print('two')"
    done = processes.run([sys.executable, "-c", code])
    (first, one), (second, two) = done.lines
    assert (one, two) == ("one", "two")
    assert second - first > 0.2
    assert second <= done.seconds
    assert 2**20 < done.peak < 2**33


def test_a_process_that_fails_says_why():
    with pytest.raises(processes.Failed, match=r"ended with 3: .*too bad"):
        processes.run([sys.executable, "-c", "import sys; print('too bad', file=sys.stderr); sys.exit(3)"])
    with pytest.raises(processes.Failed, match="cannot be started"):
        processes.run(["/no/such/python"])
