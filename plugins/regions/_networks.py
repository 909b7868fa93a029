"""The small networks of the folder `networks/`, run by TensorFlow Lite.

Both are of MediaPipe (see NOTICE) and take some milliseconds on one processor core, so nothing that they find is kept.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nstk

if TYPE_CHECKING:
    import numpy as np

FOLDER = Path(__file__).parent / "networks"

MISSING = "this TensorFlow does not run the networks that find persons and faces: `pip install ai-edge-litert` adds what does"


class Network:
    """A network with one input, on one core, so that its results do not depend on how many there are.

    Raises `nstk.UserError` where nothing is installed that runs it.
    """

    def __init__(self, name: str):
        with _quiet():
            self._run = _interpreter()(str(FOLDER / f"{name}.tflite"), num_threads=1)
            self._run.allocate_tensors()
        self._input = self._run.get_input_details()[0]
        self._outputs = {it["name"]: it["index"] for it in self._run.get_output_details()}
        self.side: int = int(self._input["shape"][1])
        """The height and width of the picture that it looks at."""

    def __call__(self, picture: np.ndarray) -> dict[str, np.ndarray]:
        """Its outputs by their names, for a picture of `side` x `side` x 3 in the range that the network takes."""
        self._run.set_tensor(self._input["index"], picture[None].astype("float32"))
        self._run.invoke()
        return {name: self._run.get_tensor(index)[0] for name, index in self._outputs.items()}


def _interpreter() -> Any:
    """The class that runs networks: that of LiteRT, the successor of TensorFlow Lite, or else TensorFlow's own."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        import tensorflow as tf

        of_tensorflow = getattr(getattr(tf, "lite", None), "Interpreter", None)
        if of_tensorflow is None:
            raise nstk.UserError(MISSING) from None
        return of_tensorflow
    return Interpreter


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the warning that LiteRT will replace TensorFlow's interpreter, and what native code writes to the terminal."""
    with warnings.catch_warnings(), tempfile.TemporaryFile() as aside:
        warnings.simplefilter("ignore")
        try:
            kept = os.dup(2)
        except OSError:  # the stream is closed
            yield
            return
        os.dup2(aside.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
