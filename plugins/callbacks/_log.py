"""How the file of a log is closed."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

import nstk


def close(file: TextIO) -> None:
    """Close a log that was opened to be read, too. One that was removed while the run went on is written once more."""
    try:
        if not Path(file.name).exists():
            file.seek(0)
            nstk.write_whole(file.name, file.read())
    finally:
        file.close()
