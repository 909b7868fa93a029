"""What tests of several folders share."""

from __future__ import annotations


def failing(error):
    def fail(*args, **kwargs):
        raise error

    return fail
