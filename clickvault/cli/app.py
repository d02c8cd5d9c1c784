"""The application: all commands, and how errors become messages and exit codes.

Exit codes: 0 done, 1 an error (`Error:` and `Try:` on stderr), reconciliation that does not balance, a breached check or an unread source, 2 wrong
usage, 130 interrupted.
"""

from __future__ import annotations

import errno
import os
import sys
from typing import Annotated

import typer

from clickvault.cli import (
    airflow,
    alerts,
    care,
    dashboards,
    logs,
    look,
    pipeline,
    produce,
    project,
    quality,
    stack,
    targets,
)
from clickvault.errors import ClickvaultError, ConfigurationError, StoreError, extra_of, hint_for

app = typer.Typer(
    help="Event pipeline from Kafka and S3 through ClickHouse, a PostgreSQL Data Vault and a graph to marts, rendered from contracts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (project, stack, produce, pipeline, quality, look, dashboards, targets, care, alerts, airflow):
    module.register(app)


@app.callback()
def _options(
    log_format: Annotated[
        logs.Format | None,
        typer.Option("--log-format", envvar="CLICKVAULT_LOG_FORMAT", help="Write a log to stderr: text or json."),
    ] = None,
) -> None:
    logs.start(log_format)


_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)
_CLIENTS = ("clickhouse_connect", "psycopg2", "kafka", "minio", "urllib3", "neo4j")


def main() -> None:
    """Run the command line."""
    from clickvault.cli.show import error, say

    try:
        code = app(standalone_mode=False)
    except ClickvaultError as problem:
        error(problem)
        code = 1
    except typer.Abort:
        code = 130
    except KeyboardInterrupt:
        say("interrupted; run the command again to continue")
        code = 130
    except BrokenPipeError:  # `clickvault ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as problem:
        if hasattr(problem, "exit_code") and hasattr(problem, "show"):  # a wrong call, as click reports it
            problem.show()
            code = int(problem.exit_code)
        elif os.environ.get("CLICKVAULT_DEBUG"):
            raise
        elif type(problem).__module__.split(".")[0] in _CLIENTS:
            from clickvault.stores.clickhouse import server_said

            said = server_said(problem)
            error(StoreError(f"{type(problem).__name__}: {said}", hint=hint_for(said) or "clickvault status"))
            code = 1
        elif isinstance(problem, ModuleNotFoundError) and (extra := extra_of(problem.name or "")):
            error(
                ConfigurationError(
                    f"{problem.name} is not installed: it comes with the extra {extra!r}",
                    hint=f"pip install 'clickvault[{extra}]'",
                )
            )
            code = 1
        elif isinstance(problem, OSError) and problem.errno in _DISK:
            about = f"{problem.filename}: " if problem.filename else ""
            error(
                StoreError(
                    f"{about}{problem.strerror}",
                    hint=hint_for(problem.strerror or "") or "check the file's permissions",
                )
            )
            code = 1
        else:
            raise
    sys.exit(code or 0)
