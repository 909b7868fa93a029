"""The files that TensorBoard reads: events with a step, in a folder for each run."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import nstk


class Events:
    """What is written of one run. Only files of this run, whose names end in `suffix`, are read, replaced or removed.

    In a run that is resumed, the events up to the step that it goes on from are kept. Raises `OutputError`.
    """

    def __init__(self, folder: Path, suffix: str, resumed: int):
        import tensorflow as tf

        before = sorted(folder.glob(f"events.out.tfevents.*{glob.escape(suffix)}"))
        try:
            self.writer = tf.summary.create_file_writer(str(folder), filename_suffix=suffix)
            self.writer.init()
            self.writer.flush()
            if before and resumed:
                _copy(before, folder / f"{before[0].name.removesuffix(suffix)}.earlier{suffix}", resumed)
            for file in before:
                file.unlink()
        except (OSError, tf.errors.OpError) as error:
            raise nstk.OutputError(f"cannot write events to {folder} ({error}): choose another place") from error

    def number(self, name: str, value: float, step: int) -> None:
        """Write a number."""
        import tensorflow as tf

        with self.writer.as_default():
            tf.summary.scalar(name, value, step=step)

    def picture(self, name: str, pixels: Any, step: int) -> None:
        """Write a picture: height x width x 3, 0..255."""
        import numpy as np
        import tensorflow as tf

        with self.writer.as_default():
            tf.summary.image(name, np.rint(pixels).astype(np.uint8)[np.newaxis], step=step)

    def text(self, name: str, words: str, step: int) -> None:
        """Write a text, as Markdown."""
        import tensorflow as tf

        with self.writer.as_default():
            tf.summary.text(name, words, step=step)

    def flush(self) -> None:
        """Let TensorBoard see what was written so far."""
        self.writer.flush()

    def close(self) -> None:
        """Write no more."""
        self.writer.close()


def _copy(files: Sequence[Path], to: Path, last: int) -> None:
    """Copy the events up to the `last` step to one file, each once: a process may have been killed while it copied them."""
    import tensorflow as tf

    seen = set()
    with tf.io.TFRecordWriter(str(to)) as copy:
        for file in files:
            for data in _events(file):
                digest = sha256(data).digest()  # pictures are too large to be held
                if tf.compat.v1.Event.FromString(data).step <= last and digest not in seen:
                    copy.write(data)
                    seen.add(digest)


def _events(file: Path) -> Iterator[bytes]:
    """The events of a file, as bytes. The end of one whose process was killed may be cut short; what comes before it counts."""
    import tensorflow as tf

    try:
        for record in tf.data.TFRecordDataset(str(file)):
            yield record.numpy()
    except tf.errors.DataLossError:
        return
