"""S3 by its own API: the listing of the bucket, and the lines of one object, counted without ClickHouse.

No event passes through here on its way: ClickHouse's s3() reads. This says what there is to read, whatever its name (a glob of the
engine's misses names with braces), and how many lines it has: the engine takes a cut .zst or .lz4 for a short one.
"""

from __future__ import annotations

import bz2
import lzma
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from clickvault.errors import ConfigurationError, DataError, StoreError
from clickvault.settings import Settings, stack_ready

PREFIX = "events/"
"""Where the bucket's events are; what lies elsewhere in it is not ours."""
PAGE = 1_000
CHUNK = 2**16
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_REFUSED = {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "NoSuchBucket"}


class Gone(DataError):
    """The object is not in the bucket any more."""


class Replaced(DataError):
    """Another object is in the bucket under this name."""


class Unreadable(DataError):
    """S3 does not give the object whole, or what it gives can't be decoded."""


@dataclass(frozen=True)
class S3Object:
    """An object as it was listed. `path` is that of ClickHouse's `_path`: the bucket, and the name in it; `etag` in quotes."""

    path: str
    etag: str
    bytes: int
    modified: datetime = field(default=NEVER, kw_only=True)

    @property
    def key(self) -> str:
        """Its name in the bucket."""
        return self.path.partition("/")[2]


def client(settings: Settings) -> Any:
    """A minio client whose waits are bounded."""
    ready = stack_ready(settings, "s3")
    return s3_client(ready.s3_url, ready.s3_access_key, ready.s3_secret_key)


def s3_client(url: str, access_key: str, secret_key: str) -> Any:
    """A minio client for `http://host:port` or `https://host`. It waits up to 60 s for an answer, and asks four times."""
    import certifi
    import urllib3
    from minio import Minio

    http = urllib3.PoolManager(
        timeout=urllib3.Timeout(connect=5, read=60),
        retries=urllib3.Retry(total=3, backoff_factor=0.3, status_forcelist=[500, 502, 503, 504]),
        cert_reqs="CERT_REQUIRED",
        ca_certs=os.environ.get("SSL_CERT_FILE") or certifi.where(),
    )
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    return Minio(parts.netloc, access_key=access_key, secret_key=secret_key, secure=secure, http_client=http)


@contextmanager
def translated(settings: Settings, what: str) -> Iterator[None]:
    """Errors of the client as StoreError (S3 is away, try again) or ConfigurationError (it refuses), beginning with `what`."""
    from minio.error import MinioException, S3Error
    from urllib3.exceptions import HTTPError

    try:
        yield
    except S3Error as error:
        said = f"{what}: S3 at {settings.s3_url} says {error.code}: {error.message}"
        if error.code in _REFUSED:
            raise ConfigurationError(
                said, hint="look at S3_URL, S3_BUCKET, S3_ACCESS_KEY and S3_SECRET_KEY; docs/security.md"
            ) from error
        raise StoreError(said, hint="clickvault status", store="s3") from error
    except (MinioException, HTTPError, OSError) as error:
        raise StoreError(
            f"{what}: S3 does not answer at {settings.s3_url}: {str(error)[:200]}",
            hint="clickvault status; clickvault up",
            store="s3",
        ) from error


def pages(settings: Settings, connection: Any, old_request: bool = False) -> Iterator[list[S3Object]]:
    """All objects with anything in them, in pages of up to 1,000, by name. `old_request`: by S3's first listing request."""
    page: list[S3Object] = []
    bucket = settings.s3_bucket
    with translated(settings, "listing the bucket"):
        for o in connection.list_objects(bucket, PREFIX, recursive=True, use_api_v1=old_request):
            if o.size:
                page.append(
                    S3Object(f"{bucket}/{o.object_name}", quoted(o.etag), o.size, modified=o.last_modified or NEVER)
                )
            if len(page) == PAGE:
                yield page
                page = []
    if page:
        yield page


def quoted(etag: str | None) -> str:
    """An etag as S3's headers give it, and ClickHouse's `_etag`: in quotes."""
    return '"' + (etag or "").strip('"') + '"'


def lines(settings: Settings, connection: Any, o: S3Object) -> int | None:
    """How many lines an object has; None where it is compressed in a way that only ClickHouse decodes.

    Raises Gone, Replaced or Unreadable; StoreError when S3 itself is away.
    """
    last = b"\n"
    count = 0
    new = _decoder(o.key)
    if new is None:
        check_there(settings, connection, o)
        return None
    for chunk in _decoded(_chunks(settings, connection, o), new, o):
        if chunk:
            count += chunk.count(b"\n")
            last = chunk[-1:]
    return count + (last != b"\n")


def check_there(settings: Settings, connection: Any, o: S3Object) -> None:
    """Raises Gone or Replaced unless this object is still in the bucket."""
    from minio.error import S3Error

    with translated(settings, o.path):
        try:
            found = connection.stat_object(settings.s3_bucket, o.key)
        except S3Error as error:
            if error.code in ("NoSuchKey", "NoSuchObject"):
                raise Gone(f"{o.path} is not in the bucket any more") from None
            _list_one(settings, connection)
            return  # S3 does not say: whoever reads it will be told why
    if quoted(found.etag) != o.etag:
        raise Replaced(f"{o.path} was replaced")


def _chunks(settings: Settings, connection: Any, o: S3Object) -> Iterator[bytes]:
    from minio.error import MinioException, S3Error
    from urllib3.exceptions import HTTPError

    response = None
    try:
        response = connection.get_object(settings.s3_bucket, o.key)
        if quoted(response.headers.get("ETag")) != o.etag:
            raise Replaced(f"{o.path} was replaced")
        yield from response.stream(CHUNK, decode_content=False)
    except S3Error as error:
        if error.code == "NoSuchKey":
            raise Gone(f"{o.path} is not in the bucket any more") from None
        _list_one(settings, connection)
        raise Unreadable(f"S3 does not give it: {error.code}: {error.message}") from error
    except (MinioException, HTTPError, OSError) as error:
        _list_one(settings, connection)
        raise Unreadable(f"S3 does not give it whole: {str(error)[:200]}") from error
    except ValueError as error:  # the client refuses some names: those with a part `.` or `..`
        raise Unreadable(f"its name: {error}") from error
    finally:
        if response is not None:
            with suppress(HTTPError, OSError):
                response.close()
                response.release_conn()


def _list_one(settings: Settings, connection: Any) -> None:
    """Raises StoreError unless S3 answers: then the fault is the object's own."""
    with translated(settings, "listing the bucket"):
        next(connection.list_objects(settings.s3_bucket, PREFIX), None)


def _decoder(key: str) -> Callable[[], Any] | None:
    """What makes a decoder for an object, by the ending of its name as ClickHouse reads it; None: not decoded here."""
    import lz4.frame
    import zstandard

    _, dot, ending = key.lower().rpartition(".")
    if ending in ("br", "snappy"):
        return None
    decoders: dict[str, Callable[[], Any]] = {
        "gz": lambda: zlib.decompressobj(31),
        "gzip": lambda: zlib.decompressobj(31),
        "deflate": zlib.decompressobj,
        "xz": lzma.LZMADecompressor,
        "lzma": lzma.LZMADecompressor,
        "bz2": bz2.BZ2Decompressor,
        "zst": zstandard.ZstdDecompressor().decompressobj,
        "zstd": zstandard.ZstdDecompressor().decompressobj,
        "lz4": lz4.frame.LZ4FrameDecompressor,
    }
    return decoders.get(ending, _Plain) if dot else _Plain


class _Plain:
    """The decoder of what is not compressed: it may end anywhere."""

    eof = True
    unused_data = b""

    def decompress(self, data: bytes) -> bytes:
        """The same."""
        return data


def _decoded(chunks: Iterator[bytes], new: Callable[[], Any], o: S3Object) -> Iterator[bytes]:
    """The contents, of one compressed stream or of several behind each other. Raises Unreadable, too, when they end within one."""
    import zstandard

    decoder, ended = new(), True
    for chunk in chunks:
        data = chunk
        while data:
            try:
                yield decoder.decompress(data)
            except (zlib.error, lzma.LZMAError, zstandard.ZstdError, OSError, EOFError, RuntimeError) as error:
                raise Unreadable(f"it can't be decoded: {error}") from error
            ended = decoder.eof
            data = decoder.unused_data if ended else b""
            if ended:
                decoder = new()
    if not ended:
        raise Unreadable("it ends in the middle of its compressed data")
