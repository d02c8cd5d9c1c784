"""The command line: `clickvault`. Commands are thin: each opens a session, calls one stage and prints its result."""

from clickvault.cli.app import main

__all__ = ["main"]
