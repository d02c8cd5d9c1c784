"""Dashboards for Tableau: a .twbx each, a workbook with the rows of its tiles inside as .hyper extracts.

The extracts are written by Tableau's own library (the extra `tableau`), the workbook by tableau_workbook.py. Whoever opens
one needs no connection: a newer one is written by running the export again.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from clickvault.dashboards.model import Filter
from clickvault.dashboards.questions import Asked
from clickvault.dashboards.tableau.workbook import Kind, Sheet, components, workbook
from clickvault.errors import ConfigurationError
from clickvault.stores.clickhouse import rows

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from clickvault.dashboards.model import Dashboard
    from clickvault.sql.render import Renderer

Progress = Callable[[str, int, int], None]
_KINDS: dict[str, Kind] = {
    "Date": "date", "Date32": "date", "DateTime": "datetime", "DateTime64": "datetime", "Bool": "boolean", "Float64": "real",
    "Float32": "real", "Decimal": "real",
}  # fmt: skip


def kind_of(ch_type: str) -> Kind:
    """What Tableau takes a ClickHouse type for; what it does not know is text."""
    base = ch_type
    for wrapper in ("LowCardinality(", "Nullable("):
        base = base.removeprefix(wrapper)
    base = base.split("(")[0].rstrip(")")
    return "integer" if base.lstrip("U").startswith("Int") else _KINDS.get(base, "string")


def extract_sql(renderer: Renderer, a: Asked) -> str:
    """The question of a tile's extract: by its dimensions and the columns of its filters, what its metrics are computed of."""
    by = list(dict.fromkeys([*(c for _, c in a.filters), *a.dimensions])) or [a.view.time]
    top = a.tile.chart in ("rank", "table") and not a.tile.newest and bool(a.dimensions)

    def everything(choice: Filter, column: str) -> str:
        return ""

    columns = {name: "sum" if c.how == "sum" else "any" for name, c in components(a.metrics).items()}
    return renderer.render(
        "dashboards/extract.sql.j2", asked=a, by=by, columns=columns, top=top, renderer=renderer, everything=everything
    )


def export(
    ch: Client,
    renderer: Renderer,
    dashboards: Sequence[tuple[Dashboard, Sequence[Asked]]],
    out: Path,
    progress: Progress | None = None,
) -> list[Path]:
    """Write <out>/<dashboard>.twbx for each of them. Raises ConfigurationError where Tableau's library is not installed."""
    try:
        import tableauhyperapi
    except ImportError as error:
        raise ConfigurationError(
            "Tableau's library for extracts is not installed", hint="pip install 'clickvault[tableau]'"
        ) from error
    out.mkdir(parents=True, exist_ok=True)
    written = []
    with (
        TemporaryDirectory() as folder,
        tableauhyperapi.HyperProcess(
            tableauhyperapi.Telemetry.DO_NOT_SEND_USAGE_DATA_TO_TABLEAU, parameters={"log_dir": folder}
        ) as hyper,
    ):
        for number, (dashboard, tiles) in enumerate(dashboards):
            if progress:
                progress(f"tableau: {dashboard.name}", number, len(dashboards))
            sheets = []
            path = out / f"{dashboard.name}.twbx"
            part = path.with_suffix(".part")
            with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as package:
                for a in tiles:
                    file = Path(folder) / f"{a.name}.hyper"
                    sheet = _extract(ch, renderer, a, hyper, file)
                    package.write(file, sheet.extract)
                    sheets.append(sheet)
                package.writestr(f"{dashboard.name}.twb", workbook(dashboard, sheets))
            part.replace(path)
            written.append(path)
    return written


def _extract(ch: Client, renderer: Renderer, a: Asked, hyper: Any, file: Path) -> Sheet:
    """Write one tile's rows to a .hyper file; returns what the workbook says of it."""
    from tableauhyperapi import NULLABLE, Connection, CreateMode, Inserter, SqlType, TableDefinition, TableName

    types = {
        "date": SqlType.date, "datetime": SqlType.timestamp, "integer": SqlType.big_int, "real": SqlType.double,
        "string": SqlType.text, "boolean": SqlType.bool,
    }  # fmt: skip
    sql = extract_sql(renderer, a)
    # An answer without rows names no columns.
    columns = {c["name"]: kind_of(c["type"]) for c in rows(ch, f"DESCRIBE TABLE ({sql})")}
    columns |= dict.fromkeys(components(a.metrics), "real")
    table = TableDefinition(
        TableName("Extract", "Extract"), [TableDefinition.Column(n, types[k](), NULLABLE) for n, k in columns.items()]
    )
    with Connection(hyper.endpoint, str(file), CreateMode.CREATE_AND_REPLACE) as connection:
        connection.catalog.create_schema("Extract")
        connection.catalog.create_table(table)
        with Inserter(connection, table) as inserter:
            inserter.add_rows([_row(row, list(columns.values())) for row in ch.query(sql).result_rows])
            inserter.execute()
    return Sheet(a, columns, [(f, c) for f, c in a.filters if f.name != "time"])


def _row(row: Sequence[Any], kinds: Sequence[Kind]) -> list[Any]:
    return [_value(v, k) for v, k in zip(row, kinds, strict=True)]


def _value(value: Any, kind: Kind) -> Any:
    match kind:
        case _ if value is None:
            return None
        case "real":
            return float(value) if isinstance(value, int | float | Decimal) else None
        case "datetime":
            return value.replace(tzinfo=None) if isinstance(value, datetime) else value
        case "string":
            return str(value)
        case _:
            return value
