"""What could not be sent, kept in <home>/alerts: a file a message and target, until it is sent.

A target is known by a hash of its address: the address has a token or a password in it, and stays in the settings.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from clickvault.alerts.message import Alert
from clickvault.errors import StoreError


@dataclass(frozen=True)
class Kept:
    """A message that waits: for which target, since when, how often it was tried."""

    id: str
    kept_at: str
    target: str
    tries: int
    title: str
    body: str
    level: str

    @property
    def alert(self) -> Alert:
        """The message itself."""
        return Alert(self.title, self.body, self.level)


class Outbox:
    """The folder of kept messages. Each is written whole or not at all, for its owner only."""

    def __init__(self, folder: Path) -> None:
        """`folder` is made when something is kept in it."""
        self.folder = folder

    @contextmanager
    def locked(self, seconds: float = 10.0, name: str = "lock") -> Iterator[None]:
        """One sender at a time, so that nothing is sent twice. Raises StoreError when another one takes too long."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.folder / name).open("w") as file:
            deadline = time.monotonic() + seconds
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise StoreError(
                            "another process has been sending alerts", hint="clickvault alerts send"
                        ) from None
                    time.sleep(0.05)
            yield

    def keep(self, target: str, alert: Alert, tries: int = 1) -> Kept:
        """Keep a message for a target. Names sort in the order in which messages were kept."""
        now = datetime.now(UTC)
        kept = Kept(f"{now:%Y%m%dT%H%M%S%f}-{target}", now.isoformat(), target, tries, **asdict(alert))
        self._write(kept)
        return kept

    def _write(self, kept: Kept) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.folder / f"{kept.id}.json"
        part = path.with_suffix(".part")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(asdict(kept), file, indent=1, ensure_ascii=False)
        part.replace(path)

    def tried(self, kept: Kept) -> None:
        """One more try that came to nothing."""
        self._write(Kept(**{**asdict(kept), "tries": kept.tries + 1}))

    def sent(self, kept: Kept) -> None:
        """It is sent: keep it no longer."""
        (self.folder / f"{kept.id}.json").unlink(missing_ok=True)

    def kept(self, target: str | None = None) -> list[Kept]:
        """What waits, the oldest first; of one target, or of all."""
        found = [Kept(**json.loads(path.read_text(encoding="utf-8"))) for path in sorted(self.folder.glob("*.json"))]
        return [k for k in found if target is None or k.target == target]

    def forget(self, days: int) -> int:
        """Remove what has waited for longer than so many days. Returns how many."""
        limit = datetime.now(UTC) - timedelta(days=days)
        old = [k for k in self.kept() if datetime.fromisoformat(k.kept_at) < limit]
        for kept in old:
            self.sent(kept)
        return len(old)
