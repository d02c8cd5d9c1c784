"""The contract as Python reads it: accept or refuse one message, exactly as ClickHouse does.

The pipeline judges in ClickHouse (templates/ingest). This is the other side of the property test that holds the
two together, what the generator builds its events with, and what `clickvault contract check` runs over a file.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from clickvault.contract.language import BLANK

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from clickvault.contract.language import Event
    from clickvault.contract.registry import Registry
    from clickvault.contract.spec import EventSpec, FieldSpec

MAX_MESSAGE_BYTES = 1_000_000
"""A longer message is rejected: no event is that large, and both parsers stay far from their limits."""


def judge(raw: bytes, registry: Registry, received_at: datetime | None = None) -> Event | list[str]:
    """The event that `raw` is, or the list of what is wrong with it (never empty).

    `received_at` (UTC, default now) is what "in the future" is measured from.
    """
    received_at = received_at or datetime.now(UTC)
    if not raw:
        return ["empty message"]
    if len(raw) > MAX_MESSAGE_BYTES:
        return [f"larger than {MAX_MESSAGE_BYTES} bytes"]
    if raw.startswith(b"\xef\xbb\xbf"):
        return ["starts with a byte-order mark"]
    repeated: list[str] = []

    def whole(text: str) -> int | _Huge:
        return int(text) if len(text) <= 20 and -(2**63) <= int(text) < 2**64 else _Huge()

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [k for k, _ in items]
        repeated.extend(n for n in names if names.count(n) > 1)
        return dict(items)

    def fraction(text: str) -> float:
        if math.isinf(float(text)):
            raise OverflowError(text)
        return float(text)

    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return ["not UTF-8"]
    try:
        value = json.loads(text, object_pairs_hook=pairs, parse_int=whole, parse_float=fraction, parse_constant=_refuse)
        if "\\u" in text:
            json.dumps(value, default=str, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return ["half a surrogate pair: a character cut in two"]
    except OverflowError:
        return ["a number out of range"]
    except (ValueError, RecursionError):
        return ["not JSON"]
    if not isinstance(value, dict):
        return ["not a JSON object"]
    if repeated:
        return [f"{name}: given twice" for name in dict.fromkeys(repeated)]
    spec = registry.events.get(str(value.get("event_type")))
    if spec is None:
        return ["unknown event type"]
    if now := _names_of_now(spec, value):
        value = {now.get(name, name): v for name, v in value.items()}
        raw = _with_names(raw, now)
    huge = [f"{name}: out of range" for name in _huge(spec.all_fields, value)]
    if huge:  # Pydantic takes a whole number of any size for a fraction, ClickHouse none beyond 64 bits
        return huge
    try:
        return spec.model.model_validate_json(raw, context={"received_at": received_at})
    except ValidationError as error:
        return [f"{_name(e)}: {_why(e)}" for e in error.errors()]


class _Huge:
    """A whole number beyond 64 bits, which ClickHouse reads as a text."""


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _huge(fields: Iterable[FieldSpec], value: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """The fields for numbers in which a whole number beyond 64 bits stands, those of lists' members included."""
    for field in fields:
        found = value.get(field.name)
        if isinstance(found, _Huge) and field.kind in ("int", "float"):
            yield prefix + field.name
        elif field.items and isinstance(found, list):
            for member in found:
                yield from _huge(field.items, member, f"{field.name}.") if isinstance(member, dict) else ()


def _name(error: ErrorDetails) -> str:
    """The field, without the number of a list's member."""
    return ".".join(p for p in error["loc"] if isinstance(p, str)) or "message"


def _why(error: ErrorDetails) -> str:
    """What is wrong with a field, in the pipeline's words where Pydantic's would mislead."""
    if error["type"] != "missing" and error["input"] is None:
        return "is null"
    return {"missing": "missing", "extra_forbidden": "not declared"}.get(error["type"], error["msg"])


def _names_of_now(spec: EventSpec, value: dict[str, Any]) -> dict[str, str]:
    """The names of fields that a message uses as they were before, with those of now."""
    used = {f.name: next((n for n in f.names if n in value), f.name) for f in spec.fields if f.renamed_from}
    return {old: name for name, old in used.items() if old != name}


def _with_names(raw: bytes, now: dict[str, str]) -> bytes:
    """The message under the names of now. Whole numbers that no field holds are none any more."""
    items = json.loads(raw, parse_int=lambda text: int(text) if len(text) <= 20 else 0.5).items()
    return json.dumps({now.get(name, name): value for name, value in items}).encode()


def broken_rules(event: Event, received_at: datetime | None) -> list[str]:
    """The rules that need more than one field, or a clock: type, operation, time windows, NUL characters."""
    spec = event.spec
    broken = []
    if event.event_type != spec.event_type:
        broken.append(f"event_type: is {event.event_type}, not {spec.event_type}")
    if event.op.value not in spec.ops:
        broken.append(f"op: not one of {', '.join(spec.ops)}")
    for field in spec.all_fields:
        value = getattr(event, field.name)
        broken += [f"{name}: {why}" for name, why in _broken_values(field, value, field.name, received_at)]
        if field.multi_active:
            keys = [getattr(m, field.multi_active.child_key) for m in value]
            if len(set(keys)) < len(keys):
                broken.append(f"{field.name}: two members of one {field.multi_active.child_key}")
    return broken


def _broken_values(field: FieldSpec, value: Any, name: str, received_at: datetime | None) -> Iterator[tuple[str, str]]:
    """Name and fault of each value that is outside its window or has a NUL character, members of lists included."""
    if isinstance(value, list):
        for member in value:
            for item in field.items:
                yield from _broken_values(item, getattr(member, item.name), f"{name}.{item.name}", received_at)
    elif isinstance(value, str):
        if "\0" in value:
            yield name, "has a NUL character"
        if field.hub_name and BLANK.match(value):
            yield name, "a key that is blank"
    elif field.since and value is not None:
        since = datetime.fromisoformat(field.since).replace(tzinfo=UTC)
        if value < since or (received_at and value > received_at + timedelta(seconds=field.ahead)):
            yield name, "outside its window"
