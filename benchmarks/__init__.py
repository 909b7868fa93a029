"""How fast nstk is: against the machine's limit, against its peer, and against the article's own loop.

    python -m benchmarks                # everything, in one run on one machine
    python -m benchmarks --quick        # shows whether everything runs; the figures mean nothing

Each part is a module with a `measure` function. Whatever is timed runs in a fresh process, and runs that are compared take
turns, because the speed of a machine drifts.
"""
