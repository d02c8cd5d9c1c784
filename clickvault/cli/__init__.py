"""The command line: `clickvault`. Commands are thin: each opens a session, calls one stage and prints its result."""

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line. Interrupted while its modules are still read, it ends as quietly as later."""
    try:
        from clickvault.cli.app import main as run
    except KeyboardInterrupt:
        sys.exit(130)
    run()
