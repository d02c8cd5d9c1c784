"""`python -m clickvault` is `clickvault`."""

from clickvault.cli import main

main()
