"""Real receivers of alerts on this machine: an SMTP server, and an HTTP server that answers as Telegram's Bot API does."""

from __future__ import annotations

import json
import random
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from clickvault.embedded.process import PORT_RANGE, port_free

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # Apprise looks for a module of Python's that is on its way out
    import apprise.plugins.email
    import apprise.plugins.telegram  # noqa: F401

TOKEN = "123456789:AAExampleTokenOfATest_0123456789abc"
CHAT = "4242424242"


def free_port() -> int:
    """A port that nobody listens on now: any, since another run of the tests looks for one, too."""
    while not port_free(port := random.randint(*PORT_RANGE)):
        pass
    return port


@dataclass
class Telegram:
    """What arrived at sendMessage: the texts, in order."""

    port: int
    texts: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    chats: set[str] = field(default_factory=set)
    fail: bool = False
    refuses: str = ""
    """It takes no text with this in it; nor, as Telegram, one of more than 4,096 characters."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def telegram(port: int | None = None, into: Telegram | None = None) -> Iterator[Telegram]:
    """A Bot API server; `into` goes on with what one that was stopped had received."""
    found = into or Telegram(port or free_port())

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            _, bot, method = self.path.split("/")
            assert method == "sendMessage"
            found.tokens.add(bot.removeprefix("bot"))
            found.chats.add(str(body["chat_id"]))
            bad = len(body["text"]) > 4_096 or bool(found.refuses and found.refuses in body["text"])
            if not (found.fail or bad):
                found.texts.append(body["text"])
            answer = json.dumps({"ok": not (found.fail or bad), "result": {"message_id": len(found.texts)}}).encode()
            self.send_response(500 if found.fail else 400 if bad else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", found.port), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Mailbox:
    """What arrived: subject and text of each mail, in order."""

    port: int
    mails: list[tuple[str, str]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"mailto://127.0.0.1:{self.port}?from=clickvault@example.org&to=operator@example.org&format=text"


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """An SMTP server that keeps what it gets."""
    from aiosmtpd.controller import Controller

    found = Mailbox(free_port())

    class Handler:
        async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
            mail = message_from_bytes(envelope.content, policy=policy.default)
            part = mail.get_body(("plain",))
            found.mails.append((str(mail["Subject"]), part.get_content() if part else ""))
            return "250 OK"

    controller = Controller(Handler(), hostname="127.0.0.1", port=found.port)
    controller.start()
    try:
        yield found
    finally:
        controller.stop()
