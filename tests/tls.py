"""TLS before servers that speak none here: what a proxy with certificates does in production. The clients' side is the real one."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import trustme

SSL_REQUEST = bytes.fromhex("0000000804d2162f")
"""What a PostgreSQL client sends first where it wants TLS; the answer is one byte."""


class Authority:
    """An authority that no machine trusts, its certificate in a file, and a certificate of 127.0.0.1 by it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        made = trustme.CA()
        self.file = folder / "authority.pem"
        made.cert_pem.write_to_path(self.file)
        self.server = made.issue_cert("127.0.0.1", "localhost")
        self.server.private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
        self.pem = folder / "server.pem"

    def context(self) -> ssl.SSLContext:
        """Of a server."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.server.configure_cert(context)
        return context


@contextmanager
def before(port: int, authority: Authority, postgres: bool = False) -> Iterator[int]:
    """Listen on a port with TLS, and hand on to `port` what comes; nothing comes through unencrypted. Yields the port."""
    context = authority.context()
    listener = socket.create_server(("127.0.0.1", 0))

    def copy(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def serve(client: socket.socket) -> None:
        with suppress(OSError), client:
            if postgres:
                if client.recv(8) != SSL_REQUEST:
                    return
                client.sendall(b"S")
            with (
                context.wrap_socket(client, server_side=True) as encrypted,
                socket.create_connection(("127.0.0.1", port)) as server,
            ):
                back = threading.Thread(target=copy, args=(server, encrypted), daemon=True)
                back.start()
                copy(encrypted, server)
                back.join()

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
