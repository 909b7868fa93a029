"""How many cases there are, how long one may take, and what is done to files."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import struct

from hypothesis import HealthCheck, settings, strategies as st

CASES = int(os.environ.get("NSTK_FUZZ", "200"))
SECONDS = 20
"""More than any case takes, on a slow machine too."""


def fuzz(share):
    """So much of the cases. They share a folder, and any may be slow for once."""
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=round(share * CASES), deadline=None, suppress_health_check=checks)


class Hangs(BaseException):
    """Not an `Exception`, which a reader of damaged files takes for one of its own."""


@contextlib.contextmanager
def in_time():
    """Fails what takes too long; what hangs outside Python, where no signal is heard, ends the process with a traceback."""

    def give_up(number, frame):
        raise Hangs

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(SECONDS)
    faulthandler.dump_traceback_later(3 * SECONDS, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


NUMBERS = [0, 1, 2, 255, 256, 32767, 40_000, 65535, 65536, 100_000, 2**31 - 1, 2**31, 2**32 - 1]
NUMBERS += [0x7FC00000, 0x7F800000]  # NaN and infinity
RANDOM = st.randoms(use_true_random=True)
"""Places are drawn evenly: hypothesis would rather hit the first byte, which tells what kind of file it is."""


def damaged(data, random):
    """Bytes with up to four injuries, more of them at the beginning, where headers are."""
    made = bytearray(data)
    for _ in range(random.choice([1, 1, 2, 4])):
        at = int(random.random() ** random.choice([1, 3]) * len(made))
        size = random.randint(1, 64)
        kind = random.choice(["flip", "flip", "flip", "number", "number", "cut", "drop", "repeat", "insert"])
        if kind == "flip":
            made[at : at + 1] = random.randbytes(1)
        elif kind == "number":
            number = struct.pack(random.choice("<>") + "I", random.choice(NUMBERS))
            number = random.choice([number, number[:2], number[2:]])
            made[at : at + len(number)] = number
        elif kind == "cut":
            del made[at:]
        elif kind == "drop":
            del made[at : at + size]
        else:
            made[at:at] = made[at : at + size] if kind == "repeat" else random.randbytes(size)
    return bytes(made)


def not_refused(error, path):
    """False, once it is clear that what was said is one sentence about the file."""
    assert str(path) in str(error)
    assert "\n" not in str(error)
    return False
