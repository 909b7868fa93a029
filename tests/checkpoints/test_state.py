"""What a checkpoint says in words and numbers."""

from __future__ import annotations

import json

from nstk.checkpoints.state import RunState, ScaleState

SCALE = ScaleState(1, 48, 36, 64, {"history": 3}, False, 5, 9, False, True, False, {"log": [1, 2]})
STATE = RunState(1.5, 2, ["gram"], {"device": "CPU"}, "abc", {"settings": {}}, SCALE)


def test_a_state_is_read_as_it_was_written():
    for state in (STATE, RunState(0.0, 0, [], {}, "", {})):
        assert RunState.from_json(json.loads(json.dumps(state.to_json()))) == state


def test_the_layout_of_the_file_is_that_of_format_1():
    data = STATE.to_json()
    assert data["scale"] == [1, 48, 36]
    assert data["way"] == [64, {"history": 3}]
    assert (data["done"], data["sound"], data["callbacks"]) == (5, True, {"log": [1, 2]})
