"""`python -m core.cli`: the same as `portico`."""

from core.cli import main

main()
