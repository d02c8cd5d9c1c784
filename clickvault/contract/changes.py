"""A contract as it is kept, and what differs between the one that the stores were made for and the one that is declared now.

`written` is what the ledger `ops.contracts` keeps of an event type (clickvault/ingest/versions.py), `read` its inverse; `breaking` names
each change that events from before, or their rows, do not survive as they are, and says what to do. Pure: no store is asked.

| kind | what | the way |
|---|---|---|
| renamed | a field is gone, and a required one of its type is new | `Renamed(renamed_from="...")` |
| required | a field is required now that earlier events lack | `Backfill(value)`; a key or a member of a list: optional |
| removed | a field or an event type is gone | `--accept-breaking`: what is there stays |
| limits | a narrower length, range, enumeration, pattern or window | `--accept-breaking`: it binds from now on |
| type | another type | another field |
| hub | a key of another hub | another event type |
| key | another role, folding, combination of keys or child key | another event type |
| satellite | an attribute moves into a satellite that was there | a satellite of another name |
| link | another kind of link | another event type |
| topic | another topic: what waits in the old one is read no more | `--accept-breaking`, once nothing waits there |
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from clickvault.contract import language as lang
from clickvault.contract.spec import EventSpec, FieldSpec

BreakingKind = Literal[
    "renamed", "required", "removed", "limits", "type", "hub", "key", "satellite", "link", "topic", "domain"
]

_UNSAID = ("meaning", "filled", "after", "actor", "dimension")
"""Of a field, what neither a verdict nor a row of the vault depends on."""
_ROLES = ("hub", "ref", "sat")
_WORDS: dict[str, Any] = {"hub": lang.Hub, "ref": lang.Ref, "multi_active": lang.MultiActive}
_LINKS = {c.__name__: c for c in (lang.Transaction, lang.Historized, lang.Effectivity)}
_ACCEPT = "clickvault init --accept-breaking, if it is meant"
_ANOTHER = "declare another event type for it, and leave this one as it is"


@dataclass(frozen=True)
class Breaking:
    """One breaking change: what of which field, and the way out. `acceptable`: --accept-breaking is one."""

    kind: BreakingKind
    where: str
    detail: str
    way: str
    acceptable: bool = False


# ── keeping a contract ────────────────────────────────────────────────────────────────────────────────────────


def written(event: EventSpec) -> str:
    """An event type as canonical JSON: equal texts, equal contracts. What has its default is left out."""
    kept = {name: getattr(event, name) for name in ("event_type", "class_name", "domain", "group", "topic")}
    kept["link"] = event.link and {"is": type(event.link).__name__, **_plain(event.link)}
    kept["envelope"] = [_plain(f) for f in event.envelope]
    kept["fields"] = [_plain(f) for f in event.fields]
    return json.dumps(kept, sort_keys=True, ensure_ascii=False)


def read(text: str) -> EventSpec:
    """The event type that `written` wrote; what is not kept of one is empty."""
    kept = json.loads(text)
    link = kept.pop("link")
    values = {f.name: _default(f, "") for f in dataclasses.fields(EventSpec)} | {"nodes": (), "relations": ()}
    values |= kept
    values["link"] = link and _known(_LINKS[link.pop("is")], link)
    values["envelope"] = tuple(map(_field, kept["envelope"]))
    values["fields"] = tuple(map(_field, kept["fields"]))
    return EventSpec(**values)


def rules(event: EventSpec) -> str:
    """What of an event type a verdict depends on: equal texts, the same messages are accepted."""
    fields = [replace(f, hub=None, ref=None, sat="", backfill=None) for f in event.all_fields]
    return json.dumps([event.event_type, *(_plain(f) for f in fields)], sort_keys=True)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {
            f.name: _plain(getattr(value, f.name))
            for f in dataclasses.fields(value)
            if f.name not in _UNSAID and getattr(value, f.name) != _default(f, dataclasses.MISSING)
        }
    return [_plain(v) for v in value] if isinstance(value, tuple) else value


def _default(field: dataclasses.Field[Any], otherwise: Any) -> Any:
    return otherwise if field.default is dataclasses.MISSING else field.default


def _field(kept: dict[str, Any]) -> FieldSpec:
    values = {name: _known(_WORDS[name], value) if name in _WORDS else value for name, value in kept.items()}
    values["items"] = tuple(map(_field, kept.get("items", ())))
    found: FieldSpec = _known(FieldSpec, values)
    return found


def _known(kind: Any, values: dict[str, Any]) -> Any:
    """An instance from what was kept of it, without what another version knew besides."""
    names = {f.name for f in dataclasses.fields(kind)}
    return kind(**{n: tuple(v) if isinstance(v, list) else v for n, v in values.items() if n in names})


# ── comparing ─────────────────────────────────────────────────────────────────────────────────────────────────


def breaking(before: EventSpec, after: EventSpec, partial: bool = False) -> list[Breaking]:
    """The breaking changes of one event type. `partial`: of `before` only names, kinds and optionality are known."""
    found = []
    if not partial and before.link != after.link:
        found.append(Breaking("link", after.event_type, f"is {after.link}, was {before.link}", _ANOTHER))
    if not partial and before.topic != after.topic:
        way = f'topic="{before.topic}" in the class; or, once all of it is landed, {_ACCEPT}'
        what = f"comes by topic {after.topic}, came by {before.topic}: what waits there is read no more"
        found.append(Breaking("topic", after.event_type, what, way, True))
    declared = after.fields if partial else after.all_fields
    pairs = {f.name: earlier(before, f) for f in declared}
    claimed = {old.name for old in pairs.values() if old}
    gone = [f for f in before.all_fields if f.name not in claimed]
    likely = _likely_names([f for f in after.fields if not pairs[f.name]], gone)
    for f in declared:
        where, old = f"{after.event_type}.{f.name}", pairs[f.name]
        if old is None:
            found += _added(where, f, after, likely.get(f.name, ""))
        else:
            found += _changed(where, old, f, partial)
            if (
                old.sat
                and f.sat not in ("", old.sat)
                and f.sat in {g.sat for g in before.fields}
                and after.link != lang.Transaction()
            ):
                way = f'Sat("...") of another name than {f.sat}, whose rows are there without it'
                found.append(Breaking("satellite", where, f"moves into {f.sat}, was in {old.sat}", way))
    for f in gone:
        where = f"{after.event_type}.{f.name}"
        if not partial and f.hub_name and (f.hub or before.link is not None):
            if f.name not in likely.values():
                found.append(Breaking("key", where, f"is gone, a key of hub {f.hub_name}", _ANOTHER))
        elif f.name not in likely.values():
            found.append(Breaking("removed", where, "is gone: messages that bring it are rejected", _ACCEPT, True))
    return found


def earlier(before: EventSpec, field: FieldSpec) -> FieldSpec | None:
    """The field as it was declared before, under its name or an earlier one; None for a new one."""
    known = {f.name: f for f in before.all_fields}
    return next((known[name] for name in field.names if name in known), None)


def _likely_names(new: list[FieldSpec], gone: list[FieldSpec]) -> dict[str, str]:
    """Which of the fields that are gone a new required one may be, by its type: a rename that nobody has told."""
    left, found = list(gone), {}
    for f in new:
        if f.optional or f.backfill is not None:
            continue
        known = next((g for g in left if g.kind == f.kind and g.hub_name in ("", f.hub_name)), None)
        if known:
            left.remove(known)
            found[f.name] = known.name
    return found


def _added(where: str, f: FieldSpec, event: EventSpec, likely: str) -> Iterator[Breaking]:
    if likely:
        way = f'Renamed(renamed_from="{likely}") on {f.name}'
        if f.sat:
            way += f", or Backfill(value) if it is another field than {likely}"
        yield Breaking("renamed", where, f"is new and required, and {likely} is gone", way)
    elif f.hub_name and event.link is not None and not (f.optional and isinstance(event.link, lang.Transaction)):
        yield Breaking("key", where, "is new among the keys of a link", _ANOTHER)
    elif f.optional or f.backfill is not None or (f.kind == "list" and not f.low):
        return
    elif f.hub_name:
        yield Breaking(
            "required", where, "is a key that earlier events lack", f"make it optional: {f.name}: ... | None = None"
        )
    elif f.kind == "list":
        yield Breaking("required", where, "is a list that earlier events lack", "let it be empty: Length(0, n)")
    else:
        yield Breaking(
            "required",
            where,
            "is required, and earlier events lack it",
            f"Backfill(value) on {f.name}, or make it optional",
        )


def _changed(where: str, old: FieldSpec, f: FieldSpec, partial: bool) -> Iterator[Breaking]:
    """What of a field is breaking that was there before."""
    if old.kind != f.kind and not (partial or {old.kind, f.kind} == {"string", "enum"}):
        yield Breaking("type", where, f"is {f.kind}, was {old.kind}", "give the new type to a field of another name")
        return
    if partial and not {old.kind, f.kind} <= {"string", "enum"} and old.kind != f.kind:
        yield Breaking("type", where, f"is {f.kind}, was {old.kind}", "give the new type to a field of another name")
        return
    if old.optional and not f.optional and f.backfill is None:
        way = f"leave it optional, or Backfill(value) on {f.name}" if f.sat else "leave it optional"
        yield Breaking("required", where, "is required, was optional", way)
    if partial:
        return
    if old.hub_name != f.hub_name or bool(old.hub) != bool(f.hub):
        yield Breaking("hub", where, f"is {_key(f)}, was {_key(old)}", _ANOTHER)
    elif old.role != f.role or bool(old.hub and old.hub.fold) != bool(f.hub and f.hub.fold):
        yield Breaking("key", where, f"is {_key(f)}, was {_key(old)}", _ANOTHER)
    if old.multi_active and f.multi_active and old.multi_active.child_key != f.multi_active.child_key:
        yield Breaking(
            "key", where, f"has child key {f.multi_active.child_key}, had {old.multi_active.child_key}", _ANOTHER
        )
    for what in narrower(old, f):
        yield Breaking("limits", where, what, _ACCEPT, True)
    yield from _changed_members(where, old, f)


def _changed_members(where: str, old: FieldSpec, f: FieldSpec) -> Iterator[Breaking]:
    known = {i.name: i for i in old.items}
    for item in f.items:
        if item.name in known:
            yield from _changed(f"{where}.{item.name}", known[item.name], item, False)
        elif not item.optional:
            yield Breaking(
                "required", f"{where}.{item.name}", "is required, and earlier members lack it", "make it optional"
            )
    for name in known.keys() - {i.name for i in f.items}:
        yield Breaking("removed", f"{where}.{name}", "is gone from the members", "leave it declared, as optional")


def _key(f: FieldSpec) -> str:
    return str(f.hub or f.ref or "no key")


def narrower(old: FieldSpec, f: FieldSpec) -> list[str]:
    """The limits that messages of before may break, in words."""
    found = []
    if old.kind == f.kind:
        if f.low is not None and old.low is not None and f.low > old.low:
            found.append(f"at least {f.low:,}, was {old.low:,}")
        if f.high is not None and old.high is not None and f.high < old.high:
            found.append(f"at most {f.high:,}, was {old.high:,}")
        if gone := [c for c in old.choices if c not in f.choices]:
            found.append(f"no longer {', '.join(gone)}")
    elif f.kind == "enum":
        found.append(f"only {', '.join(f.choices)}, was any text")
    elif not all(_fits(f, choice) for choice in old.choices):
        found.append("a text that not every value of the enumeration is")
    if new := [p for p in f.patterns if p not in old.patterns and old.kind == f.kind]:
        found.append(f"matches {', '.join(new)}")
    if f.since > old.since and f.kind == "time":
        found.append(f"from {f.since} on, was {old.since or 'any time'}")
    if f.since and old.since and f.ahead < old.ahead:
        found.append(f"at most {f.ahead} s ahead, was {old.ahead} s")
    return found


def _fits(f: FieldSpec, text: str) -> bool:
    return (f.low or 0) <= len(text) <= (f.high or 0) and all(re.search(p, text) for p in f.patterns)
