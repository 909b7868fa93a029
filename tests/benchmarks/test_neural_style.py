"""What is read out of the peer's output."""

from __future__ import annotations

import pytest

from benchmarks import neural_style, processes

PEER = """\
VGG-19 Architecture Detected
Setting up style layer 2: relu1_1
Capturing content targets
nn.Sequential (
  [input -> (1) -> (2) -> output]
Running optimization with L-BFGS
Iteration 1 / 3
  Content 1 loss: 1500000.0
  Style 1 loss: 250000.0
  Total loss: 1750000.0
Iteration 2 / 3
  Content 1 loss: 1400000.0
  Style 1 loss: 2.5e+05
  Total loss: 1.65e+06
"""


def test_peers_iterations_have_times():
    log = neural_style.parse((0.5 * index, line) for index, line in enumerate(PEER.splitlines()))
    assert log.start == 2.5
    assert log.iterations == [1, 2]
    assert log.seconds == [0.5, 2.5]
    assert log.losses == [1.75e6, 1.65e6]


@pytest.mark.parametrize("said", ["", "Traceback\n", "Running optimization with L-BFGS\n", "Iteration 1 / 3\n"])
def test_foreign_output_is_told(said):
    with pytest.raises(processes.Failed, match="no iterations"):
        neural_style.parse(enumerate(said.splitlines()))
