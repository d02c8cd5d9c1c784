"""The process that is the embedded ClickHouse: `python -m clickvault.embedded.front HOME PORT`.

Started by `clickvault up`, which made the passwords it reads from the state file. Ends on SIGTERM: it takes no more
requests, ends the queries that run, closes the engine, and leaves after a deadline in any case. What was committed is
on disk either way.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import os
import resource
import shutil
import sys
import threading
import time
from pathlib import Path

import h11
import uvicorn

from clickvault.embedded import clickhouse
from clickvault.embedded.front import config, connections, fence, zones
from clickvault.embedded.front.access import Access
from clickvault.embedded.front.app import BrokenAnswer, Front
from clickvault.embedded.front.engine import Engine
from clickvault.embedded.import_chdb import import_chdb
from clickvault.embedded.state import State

_SECONDS_TO_CLOSE = 6.0
log = logging.getLogger("clickvault.front")


def main(home: Path, port: int) -> None:
    """Open the engine, serve until told to end, close the engine."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s.%(msecs)03d %(levelname)s %(message)s", datefmt="%Y-%m-%dT%H:%M:%S"
    )
    logging.Formatter.converter = time.gmtime
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").addFilter(_not_ours)

    folder = home / "clickhouse"
    spool = folder / "spool"
    shutil.rmtree(spool, ignore_errors=True)
    for path in (folder, folder / "data", spool):
        path.mkdir(mode=0o700, exist_ok=True)
    state = State(home)
    passwords = {
        clickhouse.OWNER: state.secret("clickhouse"),
        clickhouse.READER: state.secret("clickhouse_reader"),
    }
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
    chdb, written = import_chdb(), config.write(folder)
    settings, fixed = config.reader_settings(), config.fixed_settings()
    _import_late_ones()
    zones.copy(folder / "zones")
    os.environ["TMPDIR"] = str(spool)  # the engine hands certificates to PostgreSQL's client in files
    fence.give_up_capabilities(folder, folder / "data")
    fence.enter(folder, folder / "data", spool)
    engine = Engine(chdb, folder / "data", written)
    fence.close_pipes()
    log.info("ClickHouse %s on 127.0.0.1:%d", engine.version, port)
    access = Access(
        passwords,
        clickhouse.READER,
        engine.ai_functions,
        settings,
        fixed,
        engine.types,
        engine.sources,
    )
    names = frozenset(os.environ.get("CLICKVAULT_CLICKHOUSE_NAMES", "").lower().replace(",", " ").split())
    front = Front(engine, access, spool, names)
    server = uvicorn.Server(
        uvicorn.Config(
            front,
            host="127.0.0.1",
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            http=connections.Protocol,
            ws="none",
            timeout_keep_alive=60,
            timeout_graceful_shutdown=2,
            h11_max_incomplete_event_size=1 << 20,  # a long query in the URL: a server's http_max_uri_size
        )
    )
    asyncio.run(_serve(server, engine))
    threading.Timer(_SECONDS_TO_CLOSE, os._exit, (0,)).start()
    engine.close()
    log.info("closed")
    logging.shutdown()
    os._exit(0)


def _import_late_ones() -> None:
    """What is imported at its first use elsewhere: behind the fence it is not found."""
    for name in ("lz4.frame", "lz4.block", "zstandard", "clickhouse_cityhash.cityhash", "uvicorn.lifespan.on"):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


async def _serve(server: uvicorn.Server, engine: Engine) -> None:
    async def end_queries() -> None:
        while not server.should_exit:
            await asyncio.sleep(0.1)
        await asyncio.to_thread(engine.cancel_all)

    task = asyncio.create_task(end_queries())
    await server.serve()
    await task


def _not_ours(record: logging.LogRecord) -> bool:
    """Leave out the traceback of an answer that was broken on purpose, and of one to a client that broke the protocol."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, h11.LocalProtocolError):
        record.msg, record.args, record.exc_info = "no answer to a broken request: %s", (error,), None
    return not isinstance(error, BrokenAnswer)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
