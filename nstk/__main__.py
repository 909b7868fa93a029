"""`python -m nstk`."""

from .cli import main

main()
