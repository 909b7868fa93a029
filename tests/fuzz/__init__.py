"""Whatever a stranger sends is read, or refused in a sentence: no traceback, no hang, no file where none belongs.

200 cases in all. `NSTK_FUZZ=2000 pytest tests/fuzz` tries so many, in some minutes.
"""
