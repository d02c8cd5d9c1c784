"""Rendering: from the contracts to SQL. Pure: no store is asked anything here.

`Renderer` holds the Jinja environment that every template in templates/ is rendered with. A template sees `registry`,
what the caller passes, and these filters: `ch` and `pg` quote an identifier (after checking it),
`ch_type` and `pg_type` give a field's column type, `lit` quotes a text for either engine.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import CodeType
from typing import Any

import jinja2
from jinja2.bccache import Bucket

from clickvault.contract import Domain, FieldSpec, Registry
from clickvault.contract.language import BLANK_PATTERN, DAY_PATTERN, TIME_PATTERN, UUID_PATTERN
from clickvault.contract.validation import MAX_MESSAGE_BYTES
from clickvault.contract.vault import VaultSpec, vault_of
from clickvault.errors import ConfigurationError, ContractError
from clickvault.resources import TEMPLATES

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}\Z")


def check_identifier(name: str) -> str:
    """`name` if it is a plain identifier of at most 63 characters; ContractError otherwise."""
    if not _IDENTIFIER.match(name):
        raise ContractError(f"not an identifier of at most 63 characters: {name!r}")
    return name


def ch_identifier(name: str) -> str:
    """A ClickHouse identifier in backticks; a dotted one part by part."""
    return ".".join(f"`{check_identifier(part)}`" for part in name.split("."))


def pg_identifier(name: str) -> str:
    """A PostgreSQL identifier in double quotes; a dotted one part by part."""
    return ".".join(f'"{check_identifier(part)}"' for part in name.split("."))


def literal(value: str) -> str:
    """A text literal that ClickHouse reads; the values come from contracts and settings, never from messages."""
    if "\0" in value:
        raise ContractError("a literal has no NUL character")
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def ch_type(field: FieldSpec, nested: bool = False) -> str:
    """The ClickHouse column type of a field; whole numbers take the smallest type that holds their range."""
    match field.kind:
        case "uuid":
            base = "UUID"
        case "string":
            base = "String"
        case "enum":
            if nested:
                base = "String"
            else:
                return "LowCardinality(Nullable(String))" if field.optional else "LowCardinality(String)"
        case "int":
            base = _int_type(int(field.low or 0), int(field.high or 0))
        case "float":
            base = "Float64"
        case "bool":
            base = "Bool"
        case "time":
            base = "DateTime64(6, 'UTC')"
        case "date":
            base = "Date32"
        case "list":
            return (
                f"Array(Tuple({', '.join(f'{ch_identifier(i.name)} {ch_type(i, nested=True)}' for i in field.items)}))"
            )
    return f"Nullable({base})" if field.optional else base


def _int_type(low: int, high: int) -> str:
    for bits in (8, 16, 32, 64):
        if low >= 0 and high < 2**bits and bits < 64:
            return f"UInt{bits}"
        if -(2 ** (bits - 1)) <= low and high < 2 ** (bits - 1):
            return f"Int{bits}"
    raise ContractError(f"no 64-bit type holds {low} to {high}")


def pg_type(field: FieldSpec) -> str:
    """The PostgreSQL column type of a field: as wide as the ClickHouse type, so that nothing wraps on the way."""
    return {
        "uuid": "uuid", "string": "text", "enum": "text", "int": "bigint", "float": "double precision",
        "bool": "boolean", "time": "timestamptz", "date": "date", "list": "jsonb",
    }[field.kind]  # fmt: skip


def ch_backfill(field: FieldSpec) -> str:
    """What the field has in events from before it was required, for ClickHouse."""
    text = literal(str(field.backfill))
    match field.kind:
        case "int" | "float":
            return repr(field.backfill)
        case "bool":
            return "true" if field.backfill else "false"
        case "uuid":
            return f"toUUID({text})"
        case "time":
            return f"parseDateTime64BestEffort({text}, 6, 'UTC')"
        case "date":
            return f"toDate32({text})"
    return text


def ch_time(value: datetime) -> str:
    """A time as ClickHouse reads it, to the microsecond."""
    return f"toDateTime64('{value:%Y-%m-%d %H:%M:%S.%f}', 6, 'UTC')"


def pg_backfill(field: FieldSpec) -> str:
    """The same for PostgreSQL, whose column knows its type."""
    value = str(field.backfill)
    return "'" + value.replace("'", "''") + "'"


class _Compiled(jinja2.BytecodeCache):
    """Templates that were compiled in this process, by name and content: another `Renderer` of the same files need not do it again."""

    def __init__(self) -> None:
        self.code: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self.code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self.code[bucket.key, bucket.checksum] = bucket.code


_COMPILED = _Compiled()


class Renderer:
    """Renders the templates for the domains of `registry`, as for one server: cluster.py says what a cluster makes of it.

    `parameters` are what the settings say of the marts' parameters, see clickvault/marts/headers.py.
    """

    def __init__(
        self,
        registry: Registry,
        folder: Path | None = None,
        parameters: Mapping[str, int] | None = None,
    ) -> None:
        self.registry = registry
        self.parameters = dict(parameters or {})
        self.folder = folder or TEMPLATES

    @cached_property
    def _environment(self) -> jinja2.Environment:
        env = jinja2.Environment(
            loader=jinja2.ChoiceLoader([jinja2.FileSystemLoader(self.folder), self._domains()]),
            bytecode_cache=_COMPILED,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            autoescape=False,  # SQL, not HTML: `ch`, `pg` and `lit` quote
        )
        env.filters |= {
            "ch": ch_identifier,
            "pg": pg_identifier,
            "lit": literal,
            "ch_type": ch_type,
            "pg_type": pg_type,
            "ch_backfill": ch_backfill,
            "ch_time": ch_time,
            "pg_backfill": pg_backfill,
        }
        env.globals |= {
            "max_message_bytes": MAX_MESSAGE_BYTES, "uuid_pattern": UUID_PATTERN, "time_pattern": TIME_PATTERN,
            "day_pattern": DAY_PATTERN, "blank_pattern": BLANK_PATTERN, "registry": self.registry, "vault_of": vault_of,
        }  # fmt: skip
        return env

    def _domains(self) -> jinja2.PrefixLoader:
        """The templates of the domains: domains/<name>/marts/... wherever the domain's folder lies."""
        folders = {d.name: jinja2.FileSystemLoader(d.folder) for d in self.registry.domains if d.folder}
        return jinja2.PrefixLoader({"domains": jinja2.PrefixLoader(folders)})

    def templates(self, domain: Domain, kind: str) -> list[tuple[str, Path]]:
        """The templates of a domain's folder (marts, quality): the name that `render` takes, and the file."""
        return [(f"domains/{domain.name}/{kind}/{p.name}", p) for p in domain.files(kind, "*.sql.j2")]

    def render(self, template: str, **values: Any) -> str:
        """The text of a template, by its path under templates/, or domains/<name>/... ConfigurationError if there is none."""
        try:
            return self._environment.get_template(template).render(**values)
        except jinja2.TemplateNotFound as error:
            raise ConfigurationError(f"no template {template!r}", hint="clickvault render --list") from error

    def vaults(self) -> list[VaultSpec]:
        """The vault structures of every event type, in the order of declaration."""
        return [vault_of(event) for event in self.registry.events.values()]


def statements(sql: str) -> list[str]:
    """The statements of a rendered file: they end in a line whose last character is `;` outside comments."""
    out: list[str] = []
    lines: list[str] = []
    for line in sql.splitlines():
        if not line.strip() and not lines:
            continue
        lines.append(line)
        if line.rstrip().endswith(";") and not line.lstrip().startswith("--"):
            statement = "\n".join(lines).strip().removesuffix(";").strip()
            if any(part.strip() and not part.lstrip().startswith("--") for part in statement.splitlines()):
                out.append(statement)
            lines = []
    if any(part.strip() and not part.lstrip().startswith("--") for part in lines):
        out.append("\n".join(lines).strip())
    return out
