"""The command line: `clickvault`. Commands are thin: each opens a session, calls one stage, and shows what came of it."""

from clickvault.cli.app import main

__all__ = ["main"]
