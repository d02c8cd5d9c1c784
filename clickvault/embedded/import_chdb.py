"""Import chDB without the start and stop of an engine that `import chdb` does to learn its version.

Stopping an engine sets a process-wide "shutdown" mark in ClickHouse, and with it every Kafka-engine table fails
("Shutdown was called", code 49), and a data folder that holds one cannot even be opened. Seen with chdb-core 26.3 to
26.9. So the package's `connect` is replaced by a stand-in while its `__init__` runs. For the same reason the last
connection of a process must stay open until the process ends.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from clickvault.errors import StoreError

_LIBRARY = "_chdb.abi3.so"
_RTLD_DEEPBIND = 0x8  # as the package does on Linux: the engine's own symbols come first


def import_chdb() -> ModuleType:
    """The extension module `chdb._chdb`, ready for `connect(path)`. Only the first import of a process counts."""
    if "chdb" in sys.modules:
        raise RuntimeError("chdb was imported before: Kafka tables will not work in this process")
    spec = importlib.util.find_spec("chdb")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    library = next((path for path in (Path(folder) / _LIBRARY for folder in folders) if path.exists()), None)
    if library is None:
        raise StoreError(
            "The package chdb-core is not installed", hint="pip install 'clickvault[embedded]'", store="clickhouse"
        )
    if sys.platform == "linux":
        ctypes.CDLL(str(library), mode=os.RTLD_NOW | _RTLD_DEEPBIND)
    extension_spec = importlib.util.spec_from_file_location("chdb._chdb", library)
    assert extension_spec is not None
    assert extension_spec.loader is not None
    extension = importlib.util.module_from_spec(extension_spec)
    sys.modules["chdb._chdb"] = extension
    extension_spec.loader.exec_module(extension)

    def stand_in(*_: Any, **__: Any) -> SimpleNamespace:
        answer = SimpleNamespace(bytes=lambda: b'"unknown"\n')
        return SimpleNamespace(query=lambda *_, **__: answer, close=lambda: None)

    real, extension.connect = extension.connect, stand_in  # type: ignore[attr-defined]
    try:
        importlib.import_module("chdb")
    finally:
        extension.connect = real  # type: ignore[attr-defined]
    return extension
