"""Alerts: what a person is told of a run, sent by Apprise (Telegram, e-mail, and what else it knows), and never lost.

`message` writes the text, `send` sends it, `outbox` keeps what could not be sent until it can, `journal` decides what is told at
once, what in a digest, and what was told already. To alert never fails: at worst a text lies in the outbox, and the log says so.
"""

from clickvault.alerts.journal import over, report, send_due, trouble, troubles
from clickvault.alerts.message import Alert, RunReport, alert_of
from clickvault.alerts.outbox import Kept, Outbox
from clickvault.alerts.send import Outcome, alert, send_kept

__all__ = [
    "Alert",
    "Kept",
    "Outbox",
    "Outcome",
    "RunReport",
    "alert",
    "alert_of",
    "over",
    "report",
    "send_due",
    "send_kept",
    "trouble",
    "troubles",
]
