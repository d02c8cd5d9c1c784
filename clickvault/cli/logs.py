"""The log of the command line: what each step did, and each repair, on stderr, as text or as JSON lines.

Off by default (`--log-format`, CLICKVAULT_LOG_FORMAT switch it on). Log records of the stores' client libraries are left out:
their errors are raised and reported once.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Literal

Format = Literal["text", "json"]


def _said(record: logging.LogRecord) -> str:
    """The message without any secret in use; as it is where the settings themselves can't be read."""
    from clickvault.errors import ConfigurationError
    from clickvault.masking import masked
    from clickvault.settings import get_settings

    try:
        return masked(record.getMessage(), get_settings())
    except ConfigurationError:
        return record.getMessage()


class JsonLines(logging.Formatter):
    """A record as one line: time (UTC, ISO 8601), level, logger, message; with an exception its type, without its traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": _said(record),
        }
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line, ensure_ascii=False)


class TextLines(logging.Formatter):
    """A record as one line for a person; control characters are shown, never sent to the terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        from clickvault.cli.show import visible

        at = datetime.fromtimestamp(record.created).astimezone().isoformat(sep=" ", timespec="seconds")
        return f"{at} {record.levelname} {record.name}: {visible(_said(record))}"


def start(form: Format | None) -> None:
    """Write the log of clickvault to stderr in this form; None: nowhere."""
    logging.basicConfig(handlers=[logging.NullHandler()])
    if form is None:
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    log = logging.getLogger("clickvault")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
