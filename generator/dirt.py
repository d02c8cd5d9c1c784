"""Dirt: messages that break exactly one rule each, made from clean events, with the reason they must be rejected with.

Three kinds are special: a `duplicate` is a clean message sent again, accepted once; a `late` one is a clean message
held back for days, accepted; an `empty` one exists in Kafka only, where a line of a file can't be empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random
from typing import Any

import orjson

from clickvault.contract import EventSpec, FieldSpec

Event = dict[str, Any]
Dirty = tuple[str, str]
"""The message, and the reason."""

DUPLICATE, LATE, EMPTY = "duplicate", "late", "empty"
_FUTURE = "2090-01-01T00:00:00.000000Z"
_BAD_TIMES = ("yesterday", "2026-02-30T10:00:00Z", "2026-01-05 10:00:00", "1767600000", "2026-13-01T00:00:00.000000Z")
_BAD_DAYS = ("tomorrow", "2026-02-30", "2026-1-5", "05.01.2026", "2026-01-05T10:00:00Z")
_UNKNOWN_TYPES = ("poke", "wave", "user_login", "heartbeat")


def _text(event: Event) -> str:
    return orjson.dumps(event).decode()


def _own(spec: EventSpec, event: Event, kinds: Iterable[str]) -> list[FieldSpec]:
    return [f for f in spec.fields if f.kind in kinds and f.name in event]


def _envelope(spec: EventSpec, name: str) -> FieldSpec:
    return next(f for f in spec.envelope if f.name == name)


def _broken_json(spec: EventSpec, event: Event, text: str, r: Random) -> Dirty:
    cut = text[: r.randrange(10, len(text))]
    return r.choice([cut, cut, text.replace('":"', '"="', 1)]), "not JSON"


def _json_array(spec: EventSpec, event: Event, text: str, r: Random) -> Dirty:
    return f"[{text}]", "not a JSON object"


def _json_number(spec: EventSpec, event: Event, text: str, r: Random) -> Dirty:
    return str(r.randrange(10**9)), "not a JSON object"


def _empty(spec: EventSpec, event: Event, text: str, r: Random) -> Dirty:
    return "", "empty message"


def _missing_field(spec: EventSpec, event: Event, text: str, r: Random) -> Dirty:
    names = [f.name for f in spec.all_fields if not f.optional and f.name != "event_type"]
    name = r.choice(names)
    return _text({k: v for k, v in event.items() if k != name}), f"{name}: missing"


def _wrong_type(spec: EventSpec, event: Event, text: str, r: Random) -> Dirty:
    fields = _own(spec, event, ("int", "bool", "string"))
    field = r.choice([*fields, _envelope(spec, "schema_version"), _envelope(spec, "producer")])
    value: object
    match field.kind:
        case "int":
            value, what = str(event[field.name]), "a whole number"
        case "bool":
            value, what = str(event[field.name]).lower(), "true or false"
        case _:
            value, what = r.randrange(1000), "a text"
    return _text({**event, field.name: value}), f"{field.name}: not {what}"


def _out_of_range(spec: EventSpec, event: Event, text: str, r: Random) -> Dirty:
    field = r.choice([*_own(spec, event, ("int",)), _envelope(spec, "schema_version")])
    assert field.low is not None  # no number is declared without a range
    assert field.high is not None
    if r.random() < 0.5:
        return _text({**event, field.name: int(field.low) - 1}), f"{field.name}: below {field.low}"
    return _text({**event, field.name: int(field.high) + 1}), f"{field.name}: above {field.high}"


def _unknown_value(spec: EventSpec, event: Event, text: str, r: Random) -> Dirty:
    field = r.choice([*_own(spec, event, ("enum",)), _envelope(spec, "op")])
    return _text({**event, field.name: "upsert"}), f"{field.name}: not one of the allowed values"


def _bad_time(spec: EventSpec, event: Event, text: str, r: Random) -> Dirty:
    field = r.choice([_envelope(spec, "event_time"), *_own(spec, event, ("time", "date"))])
    values, what = (_BAD_DAYS, "day") if field.kind == "date" else (_BAD_TIMES, "time")
    return _text({**event, field.name: r.choice(values)}), f"{field.name}: not a {what}"


def _future_time(spec: EventSpec, event: Event, text: str, r: Random) -> Dirty:
    field = r.choice([_envelope(spec, "event_time"), *_own(spec, event, ("time",))])
    return _text({**event, field.name: _FUTURE}), f"{field.name}: in the future"


def _too_long(spec: EventSpec, event: Event, text: str, r: Random) -> Dirty:
    free = [f for f in _own(spec, event, ("string",)) if not f.patterns]
    field = r.choice([*free, _envelope(spec, "producer")])
    assert field.high is not None  # no text is declared without a length
    most = int(field.high)
    value = str(event[field.name])
    return _text({**event, field.name: value + "x" * (most + 1 - len(value))}), f"{field.name}: longer than {most}"


def _repeated_key(spec: EventSpec, event: Event, text: str, r: Random) -> Dirty:
    name = r.choice([n for n in event if n != "event_type"])
    return f"{text[:-1]},{_text({name: event[name]})[1:]}", f"{name}: given twice"


def _unknown_event_type(spec: EventSpec, event: Event, text: str, r: Random) -> Dirty:
    return _text({**event, "event_type": r.choice(_UNKNOWN_TYPES)}), "unknown event type"


_MAKERS: dict[str, Callable[[EventSpec, Event, str, Random], Dirty]] = {
    "broken_json": _broken_json,
    "json_array": _json_array,
    "json_number": _json_number,
    EMPTY: _empty,
    "missing_field": _missing_field,
    "wrong_type": _wrong_type,
    "out_of_range": _out_of_range,
    "unknown_value": _unknown_value,
    "bad_time": _bad_time,
    "future_time": _future_time,
    "too_long": _too_long,
    "repeated_key": _repeated_key,
    "unknown_event_type": _unknown_event_type,
}
KINDS = (*_MAKERS, DUPLICATE, LATE)


def make(kind: str, spec: EventSpec, text: str, event_id: str, r: Random) -> Dirty:
    """A dirty message of a kind, made from the clean `text`, and the reason that it must be rejected with.

    It has an id of its own: were it repaired and sent again, it would be no duplicate of the clean one.
    """
    event: Event = orjson.loads(text)
    if "event_id" in event:
        event["event_id"] = event_id
    return _MAKERS[kind](spec, event, _text(event), r)
