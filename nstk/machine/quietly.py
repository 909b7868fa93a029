"""Import TensorFlow without the notices that its native code writes straight to the terminal."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import suppress
from typing import IO


def import_tensorflow() -> None:
    """Import TensorFlow and let it look for devices, with the process's error stream put aside.

    TensorFlow's notices (CUDA is absent, oneDNN is on) come before its log level is read, so an environment variable cannot
    hush them all. If the import fails, the notices are shown.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        kept = os.dup(2)
    except OSError:  # the stream is closed (`2>&-`), so there is no terminal to keep clean
        return
    with _aside() as aside:
        os.dup2(aside.fileno(), 2)
        failed = False
        try:
            import tensorflow as tf

            tf.config.list_physical_devices("GPU")
        except Exception:
            failed = True
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            if failed:
                aside.seek(0)
                with suppress(OSError, AttributeError):  # `sys.stderr` may be None
                    sys.stderr.write(aside.read().decode(errors="replace"))


def _aside() -> IO[bytes]:
    """A file for the notices. Where no folder takes one, they are thrown away."""
    try:
        return tempfile.TemporaryFile()
    except OSError:
        return open(os.devnull, "w+b")
