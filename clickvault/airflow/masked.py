"""Run a command, and write what it says with every secret in use replaced: python -m clickvault.airflow.masked [--log FILE] COMMAND...

Airflow masks secrets in its task logs; its scheduler copies each task's lines to its own output as they are. So its processes
never write to a file themselves: they write to this one, which passes lines on. It ends when the command does, with its code.
With --log the lines go to a file that is rotated: FILE.log, then FILE.1.log, FILE.2.log; such a process is one of those that the
supervisor keeps running, and this one sees that there is a supervisor.
"""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from threading import Thread
from typing import IO, Any

from clickvault.masking import masker, secrets_in_use
from clickvault.settings import get_settings

NOTES = Path("airflow", "processes.json")
"""The supervisor's notes, below the home."""
LOOK_SECONDS = 15.0
LAST_WORDS = 2.0  # seconds: workers that outlive the command hold its output open


LOG_BYTES = int(os.environ.get("CLICKVAULT_LOG_BYTES", 20_000_000))
LOG_FILES = 2
"""How large a log file gets, and how many older ones are kept beside it."""


class RotatedLog(io.RawIOBase):
    """A file that is written to its end, then set aside for a new one."""

    def __init__(self, path: Path) -> None:
        """Appends to what is there."""
        self.path = path
        self._file = path.open("ab")

    def write(self, line: Any) -> int:
        """Write a line; whole lines stand in one file."""
        if self._file.tell() + len(line) > LOG_BYTES:
            self._file.close()
            names = [self.path, *(self.path.with_suffix(f".{n}{self.path.suffix}") for n in range(1, LOG_FILES + 1))]
            for newer, older in reversed(list(pairwise(names))):
                if newer.exists():
                    newer.replace(older)
            self._file = self.path.open("ab")
        return self._file.write(line)

    def flush(self) -> None:
        """Hand it to the system."""
        self._file.flush()


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code (128 + signal where one ended it)."""
    to: Any = sys.stdout.buffer
    command = list(arguments)
    if command[0] == "--log":
        to, command = RotatedLog(Path(command[1])), command[2:]
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: child.send_signal(received))
    assert child.stdout is not None
    clean = masker(secrets_in_use(get_settings()))
    reader = Thread(target=_pass_on, args=(child.stdout, to, clean), daemon=True)
    reader.start()
    if isinstance(to, RotatedLog):
        Thread(target=_keep_watch, daemon=True).start()
    code = child.wait()
    reader.join(LAST_WORDS)
    return code if code >= 0 else 128 - code


def _keep_watch() -> None:
    """Start a supervisor when its notes grow old, which it writes every second or two: all of Airflow's processes could end with it."""
    while True:
        time.sleep(LOOK_SECONDS)
        with suppress(Exception):  # another one was quicker; a home that is just being made or removed
            home = get_settings().home
            if time.time() - (home / NOTES).stat().st_mtime > LOOK_SECONDS:
                from clickvault.airflow.server import keep_watch

                keep_watch(home)


def _pass_on(source: IO[bytes], to: Any, clean: Callable[[str], str]) -> None:
    for line in source:
        with suppress(OSError):  # a full disk: what is not read would hold up the command
            to.write(clean(line.decode("utf-8", errors="replace")).encode())
            to.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
