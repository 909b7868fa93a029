"""The version, in a module that imports nothing: the record of a run and the registry need it before `nstk` is complete."""

__version__ = "0.1.0"
