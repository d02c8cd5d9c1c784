"""Runs statements on the engine as its one user; `python as_user.py DATA CONFIG [FORMAT] < statements.json`: a child of test_clickhouse_access.

Prints a JSON list: for each statement "" (with a format: the result) or the engine's error.
"""

from __future__ import annotations

import json
import sys

from clickvault.embedded.import_chdb import import_chdb


def main() -> None:
    data, config, *wanted = sys.argv[1:]
    engine = import_chdb().connect(f"{data}?config-file={config}&log-level=none")
    said = []
    for statement in json.load(sys.stdin):
        try:
            said.append(engine.query(statement, wanted[0] if wanted else "Null").bytes().decode())
        except RuntimeError as error:
            said.append(str(error).splitlines()[0])
    print(json.dumps(said))


if __name__ == "__main__":
    main()
