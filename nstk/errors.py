"""What can go wrong, and the exit code with which the command line then ends.

    NstkError                   the root of everything that nstk raises on purpose
    ├── UserError          2    something that the user can mend; the message says what, where and how
    │   ├── RecipeError    2    all mistakes of a recipe at once (`.mistakes`)
    │   ├── PluginError    2    a plugin that does not load, or a name that no plugin defines
    │   ├── PictureError   2    a picture that cannot be read
    │   ├── WeightsError   2    a weights file that cannot be read or does not fit the network
    │   ├── OutputError    2    a result that cannot be written where it was asked for
    └── RunError           1    the run started and failed; the last good picture is saved, or the message says where it is
        ├── CallbackError  1    a callback raised; `__cause__` is what it raised
        ├── OutOfMemory    1    there is not enough memory, however small the tiles
        └── NotFinite      1    a loss became NaN or infinite, again after smaller moves

Any other exception that escapes is a bug of nstk or of a plugin, and shows its traceback.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar


class NstkError(Exception):
    """The root of what nstk raises on purpose."""

    exit_code: ClassVar[int] = 2


class UserError(NstkError):
    """Something that the user can mend."""


class RecipeError(UserError):
    """A recipe with mistakes: `mistakes` holds every one of them, in the order of the file."""

    def __init__(self, mistakes: Sequence[object]):
        self.mistakes = list(mistakes)
        super().__init__("\n".join(map(str, self.mistakes)))


class PluginError(UserError):
    """A plugin that does not load, or a name that no plugin defines."""


class PictureError(UserError):
    """A picture that cannot be read."""


class WeightsError(UserError):
    """A weights file that cannot be read, or that does not fit the network."""


class OutputError(UserError):
    """A result that cannot be written where it was asked for."""


class RunError(NstkError):
    """The run started and failed."""

    exit_code = 1


class CallbackError(RunError):
    """A callback raised; `__cause__` is what it raised."""


class OutOfMemory(RunError):
    """There is not enough memory."""


class NotFinite(RunError):
    """A loss became NaN or infinite."""
