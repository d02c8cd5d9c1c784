"""Run a command, and write what it says with every secret in use replaced: python -m clickvault.airflow.masked COMMAND...

Airflow masks secrets in its task logs; its scheduler copies each task's lines to its own output as they are. So its processes
never write to a file themselves: they write to this one, which passes lines on. It ends when the command does, with its code.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from threading import Thread
from typing import IO

from clickvault.masking import masker, secrets_in_use
from clickvault.settings import get_settings

LAST_WORDS = 2.0  # seconds: workers that outlive the command hold its output open


def main(command: Sequence[str]) -> int:
    """Run the command; returns its exit code (128 + signal where one ended it)."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: child.send_signal(received))
    assert child.stdout is not None
    clean = masker(secrets_in_use(get_settings()))
    reader = Thread(target=_pass_on, args=(child.stdout, sys.stdout.buffer, clean), daemon=True)
    reader.start()
    code = child.wait()
    reader.join(LAST_WORDS)
    return code if code >= 0 else 128 - code


def _pass_on(source: IO[bytes], to: IO[bytes], clean: Callable[[str], str]) -> None:
    for line in source:
        to.write(clean(line.decode("utf-8", errors="replace")).encode())
        to.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
