"""Sending: each configured target gets the alert, or it is kept for that target; what was kept goes first.

The order of a sending, and what a crash costs:
  1. the kept messages of the target, oldest first    one that was just sent may be sent twice
  2. the new one                                      it is lost with the process that had it
  3. kept ones that were refused again and again      as 1; it may be the message that the target does not like
  4. keep what could not be sent                      nothing
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from typing import Any

from clickvault.alerts.message import Alert
from clickvault.alerts.outbox import Kept, Outbox
from clickvault.errors import ClickvaultError
from clickvault.masking import masked
from clickvault.settings import Settings

log = logging.getLogger("clickvault.alerts")
PATIENCE = 3
"""A message that was tried so often holds up no other one any more."""
AT_ONCE = 20
"""So many kept messages go with a new one at most: a run's end does not wait for hundreds."""


@dataclass(frozen=True)
class Outcome:
    """What came of a sending: messages sent to a target, and those that wait for it."""

    target: str
    sent: int
    kept: int


def name_of(address: str) -> str:
    """What a target is called where its address must not be said: its kind, and a hash."""
    scheme = address.partition("://")[0].lower()
    kind = "".join(c for c in scheme if c.isalnum())[:12] or "target"
    return f"{kind}-{hashlib.sha256(address.encode()).hexdigest()[:8]}"


def outbox_of(settings: Settings) -> Outbox:
    """The outbox of these settings."""
    return Outbox(settings.home / "alerts")


def alert(settings: Settings, message: Alert) -> list[Outcome]:
    """Send a message to every target; keep it for those that can't be reached. Raises nothing; one outcome a target.

    Without a target it goes to the log.
    """
    message = Alert(masked(message.title, settings), masked(message.body, settings), message.level)
    if not settings.alerts:
        level = logging.ERROR if message.level == "failure" else logging.INFO
        log.log(level, "%s\n%s", message.title, message.body)
        return []
    outbox = outbox_of(settings)
    outcomes = []
    try:
        with outbox.locked():
            for address in settings.alerts:
                outcomes.append(_to_one(settings, outbox, address, message, AT_ONCE))
    except (ClickvaultError, OSError, ValueError) as error:
        log.error("alerts: %s; %s: %s", masked(str(error), settings), message.title, message.body)
        for address in settings.alerts[len(outcomes) :]:
            outcomes.append(_keep(outbox, name_of(address), message))
    return outcomes


def send_kept(settings: Settings) -> list[Outcome]:
    """Try again to send what is kept. One outcome a target, of targets that are configured no longer, too.

    Raises StoreError when another process is sending for long.
    """
    outbox = outbox_of(settings)
    with outbox.locked(60.0):
        outcomes = [_to_one(settings, outbox, address, None, None) for address in settings.alerts]
        known = {o.target for o in outcomes}
        for target in sorted({k.target for k in outbox.kept()} - known):
            outcomes.append(Outcome(target, 0, len(outbox.kept(target))))
    return outcomes


def _to_one(settings: Settings, outbox: Outbox, address: str, message: Alert | None, limit: int | None) -> Outcome:
    target, sent = name_of(address), 0
    service = _service(settings, address)
    waiting = outbox.kept(target)
    hopeful = [k for k in waiting if k.tries < PATIENCE]

    def again(kept: Kept) -> bool:
        nonlocal sent
        done = _send(settings, service, target, kept.alert)
        if done:
            outbox.sent(kept)
            sent += 1
        else:
            outbox.tried(kept)
        return done

    there = all(again(kept) for kept in hopeful[:limit])  # up to the first that is refused
    if message and (not there or len(hopeful) > sent):
        outbox.keep(target, message, tries=0)  # in the order of the runs
    elif message and _send(settings, service, target, message):
        sent += 1
    elif message:
        outbox.keep(target, message)
        there = False
    if there:
        refused = 0
        for kept in [k for k in waiting if k.tries >= PATIENCE][:limit]:
            refused += not again(kept)
            if refused == PATIENCE:
                break
    return Outcome(target, sent, len(outbox.kept(target)))


def _keep(outbox: Outbox, target: str, message: Alert) -> Outcome:
    try:
        outbox.keep(target, message, tries=0)
        return Outcome(target, 0, 1)
    except OSError as error:  # a full disk: the log has the whole text
        log.error("alerts: could not be kept: %s", error.strerror)
        return Outcome(target, 0, 0)


def _service(settings: Settings, address: str) -> Any:
    """Apprise's service of an address; None where it knows none such."""
    from apprise import Apprise, OverflowMode

    # Apprise tells the addresses it can't use, with the tokens in them: what matters is said by us.
    logging.getLogger("apprise").setLevel(logging.CRITICAL)
    service = Apprise.instantiate(address)
    if service is None:
        log.error("alerts: %s is no address that Apprise knows; see CLICKVAULT_ALERTS", name_of(address))
        return None
    service.overflow_mode = OverflowMode.SPLIT  # what is too long for one message goes in several
    if service.secure_protocol == "tgram" and settings.telegram_api:
        service.notify_url = f"{settings.telegram_api.rstrip('/')}/bot"
    return service


def _send(settings: Settings, service: Any, target: str, message: Alert) -> bool:
    """Whether the target took the message. Apprise tells a failure by what it returns, not by raising."""
    if service is None:
        return False
    try:
        from apprise import Apprise

        # By Apprise, not by the service itself: it writes a plain text in the service's own format (HTML, Markdown),
        # where what stands in angle brackets would be taken for markup, and lost.
        sender = Apprise()
        sender.add(service)
        done = bool(sender.notify(message.body, title=message.title, notify_type=message.level, body_format="text"))
    except Exception as error:  # whatever a service of Apprise's many raises: the alert is kept
        log.error("alerts: %s: %s", target, masked(f"{type(error).__name__}: {error}", settings))
        return False
    if not done:
        log.warning("alerts: %s did not take %r; it is kept: clickvault alerts", target, message.title)
    return done
