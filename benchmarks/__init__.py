"""How fast nstk is: against the machine's limit, against its peer, and against the article's own loop.

    python -m benchmarks                # everything, in one run on one machine
    python -m benchmarks --quick        # does it run? the figures mean nothing

Each part is a module with a `measure` function. What is timed runs in a fresh process; what is compared runs in turns, because
the speed of a machine drifts.
"""
