"""The manifest: what was sent, and what is expected to become of it.

It is the generator's side of the accounts: messages by target, topic and object; clean events by type; dirty messages
by kind with the reason that each must be rejected with.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any


@dataclass
class Delivered:
    """What a writer did: messages, by topic (Kafka: acknowledged), and by object or file with its number of lines."""

    messages: int = 0
    topics: dict[str, int] = field(default_factory=dict)
    objects: dict[str, int] = field(default_factory=dict)


@dataclass
class Manifest:
    """What one run of the generator made. Times are RFC 3339.

    `clean` counts distinct valid events by type, late ones included. `dirt` counts dirty messages by kind; of these
    `duplicates` are further copies of clean events, `late` are clean events sent days after their time, and the others
    are to be rejected: `reasons` has for each kind how many with which reason. `messages` = clean + dirt - late.
    """

    seed: int = 0
    users: int = 0
    world_start: str = ""
    start: str = ""
    end: str = ""
    clean: Counter[str] = field(default_factory=Counter)
    dirt: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    by_target: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    delivered: dict[str, Delivered] = field(default_factory=dict)

    @property
    def events(self) -> int:
        """Distinct valid events."""
        return self.clean.total()

    @property
    def duplicates(self) -> int:
        """Copies of clean events that were sent again."""
        return self.dirt["duplicate"]

    @property
    def late(self) -> int:
        """Clean events that were held back."""
        return self.dirt["late"]

    @property
    def rejected(self) -> int:
        """Messages that must be rejected."""
        return self.dirt.total() - self.duplicates - self.late

    @property
    def messages(self) -> int:
        """Messages sent, to all targets together."""
        return self.events + self.duplicates + self.rejected

    def as_dict(self) -> dict[str, Any]:
        """The manifest as plain values, with its totals."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        plain["clean"], plain["dirt"] = dict(self.clean), dict(self.dirt)
        plain["delivered"] = {target: asdict(done) for target, done in self.delivered.items()}
        plain["reasons"] = {kind: dict(counts) for kind, counts in self.reasons.items()}
        plain["by_target"] = {target: dict(counts) for target, counts in self.by_target.items()}
        totals = {name: getattr(self, name) for name in ("events", "messages", "duplicates", "late", "rejected")}
        return {**plain, **totals}

    def to_json(self) -> str:
        """The manifest as indented JSON."""
        return json.dumps(self.as_dict(), indent=2, sort_keys=True)

    def save(self, path: Path) -> None:
        """Write the manifest to a file."""
        path.write_text(self.to_json() + "\n", encoding="utf-8")
