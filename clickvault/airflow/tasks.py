"""The bodies of the DAGs' tasks: each opens a session, makes one call into a stage, and says in a line what came of it.

A task returns a small object: {"rows": how many rows it moved, ...}; the alert of the run adds them up. What goes wrong is left
to the stage's own errors, which know whether another try is worth it (clickvault.errors.is_transient).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from clickvault.errors import ConfigurationError, ReconciliationError

if TYPE_CHECKING:
    from clickvault.session import Session

log = logging.getLogger("clickvault.tasks")
Summary = dict[str, Any]
Progress = Callable[[str, int, int], None]
SETTLE_ROUNDS = 3
"""So often reconciliation is done, and what is not yet done is done before: sources that are not ours do not stand still."""


def context() -> Any:
    """Airflow's context of the running task."""
    from airflow.sdk import get_current_context

    return get_current_context()


def _stage(step: str, work: Callable[[Session, Progress], Summary], subject: str = "") -> Summary:
    """Do a piece of work in a session; a line when it begins and one when it is done, or why it is not."""
    from airflow.sdk.exceptions import AirflowTaskTimeout
    from airflow.sdk.log import mask_secret

    from clickvault.airflow.connections import from_airflow
    from clickvault.errors import ClickvaultError, is_transient
    from clickvault.masking import masked, secrets_in_use, written
    from clickvault.session import open_session
    from clickvault.settings import get_settings

    here = context()
    name = f"{step} {subject}".strip()
    logging.getLogger("kafka").setLevel(logging.WARNING)  # each connection that is opened and closed is a line
    settings = from_airflow(get_settings())
    for secret in secrets_in_use(settings):
        for form in written(secret):
            mask_secret(form)
    began = time.monotonic()
    log.info("%s: begins (run %s)", name, here["run_id"])
    try:
        with open_session(settings) as s:
            found = work(s, _progress(name))
    except (Exception, AirflowTaskTimeout) as error:
        said = masked(f"{type(error).__name__}: {error}", settings)
        hint = f"; try: {error.hint}" if isinstance(error, ClickvaultError) and error.hint else ""
        log.error("%s: %s%s (run %s)", name, said, hint, here["run_id"])
        ti = here["ti"]
        retried = is_transient(error) or isinstance(error, AirflowTaskTimeout)  # clickvault.airflow.dags.TransientOnly
        last = not retried or ti.try_number > ti.max_tries
        ti.xcom_push(key="error", value={"error": said, "try": ti.try_number, "last": last})
        raise
    counts = ", ".join(f"{key} {value:,}" for key, value in found.items() if isinstance(value, int))
    log.info("%s: done in %.1f s: %s (run %s)", name, time.monotonic() - began, counts, here["run_id"])
    return found


def _progress(name: str) -> Progress:
    last = [""]

    def tell(what: str, done: int, total: int) -> None:
        if what != last[0]:
            last[0] = what
            log.debug("%s: %s (%s of %s)", name, what, done, total)

    return tell


def _total(found: Iterable[dict[str, Any]], *columns: str) -> Summary:
    rows = list(found)
    return {column: sum(int(r[column]) for r in rows) for column in columns}


# ── 0 and 1: schema, events ───────────────────────────────────────────────────────────────────────────────────


def init_schemas() -> Summary:
    """Make or migrate topics, ClickHouse and PostgreSQL: `clickvault init`."""
    from clickvault.pipeline import migrate as schema

    def work(s: Session, tell: Progress) -> Summary:
        changes = schema.init(s.settings, s.renderer, s.ch, s.pg, lambda what: tell(what, 0, 0))
        return {"rows": 0, "changes": len(changes)}

    return _stage("init", work)


def nothing_left_to_change() -> Summary:
    """See that what was made is what is declared: `clickvault plan` is empty."""
    from clickvault.pipeline import migrate as schema

    def work(s: Session, _tell: Progress) -> Summary:
        left = schema.plan(s.settings, s.renderer, s.ch, s.pg)
        if left:
            raise ConfigurationError(f"{len(left)} objects still differ, e.g. {left[0].name}", hint="clickvault plan")
        return {"rows": 0, "changes": 0}

    return _stage("plan", work)


def generate_events() -> Summary:
    """Make the world's events up to the end of the run's interval (or of the period that was asked for), and send them; none without a world."""
    from clickvault.demo.continue_until import follow, period
    from clickvault.demo.demo import DemoWorld
    from clickvault.generator.worlds import has_world

    here = context()
    params = here["params"]
    world = DemoWorld(users=params["users"], days=params["days"])
    to, dirt = params["target"], params["dirt"]

    def work(s: Session, tell: Progress) -> Summary:
        if not has_world(s.renderer.registry):  # its events come from elsewhere
            return {"rows": 0, "events": 0}
        if params["from"] and params["until"]:
            made = period(s, _moment(params["from"]), _moment(params["until"]), to, dirt, world, tell)
        elif params["from"] or params["until"]:
            raise ConfigurationError("a period has both ends: from and until")
        else:
            end = here.get("data_interval_end")
            until = _plain(end) if end else datetime.now(UTC).replace(second=0, microsecond=0)
            found = follow(s, until, to, dirt, world, tell)
            if found is None:
                return {"rows": 0, "events": 0}
            made = found
        return {"rows": made.messages, "events": made.events, "broken": made.rejected, "doubled": made.duplicates}

    return _stage("generate", work)


def _plain(moment: Any) -> datetime:
    """A moment of Airflow's, which counts in a way of its own, as one of Python's."""
    return datetime.fromtimestamp(moment.timestamp(), UTC)


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(
            f"a time must be written as 2026-01-31 or 2026-01-31T12:00:00Z, got {text!r}"
        ) from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


# ── 2: ingestion ──────────────────────────────────────────────────────────────────────────────────────────────


def consumers() -> Summary:
    """See that every topic group is consumed, and say how far behind each is: `clickvault lag`."""
    from clickvault.ingest.consumers import queues, require_alive

    def work(s: Session, _tell: Progress) -> Summary:
        found = queues(s.settings, s.renderer, s.ch)
        for q in found:
            log.info("consumers %s: %s of them, %s messages behind %s", q.group, q.consumers, f"{q.lag:,}", q.says)
        require_alive(found)
        return {"rows": 0, "groups": len(found), "lag": sum(q.lag for q in found)}

    return _stage("consumers", work)


def land(source: str) -> Summary:
    """Wait until what Kafka has is landed, or load the new S3 objects: `clickvault ingest`."""
    from clickvault.pipeline.steps import ingest

    def work(s: Session, tell: Progress) -> Summary:
        (found,) = ingest(s, tell, (source,))
        return {
            "rows": found["messages"],
            "objects": found["objects"],
            "empty": found["empty"],
            "expired": found["expired"],
            "source": found["source"],
            "unread": [dict(u) for u in found["unread"]],
        }

    return _stage("ingest", work, source)


def all_read(landed: Summary) -> Summary:
    """See that everything could be read: what could not is set aside, and named here, while the load of the rest goes on."""
    from clickvault.pipeline.steps import require_read

    def work(_s: Session, _tell: Progress) -> Summary:
        require_read([landed])
        return {"rows": 0}

    return _stage("read", work)


def rejected_share() -> Summary:
    """See that no more messages are refused than may be: `clickvault quality --check rejected`."""
    return _check("rejected share", ["rejected"])


def _check(step: str, only: list[str] | None) -> Summary:
    from clickvault.pipeline.steps import quality
    from clickvault.quality import breaches, require

    def work(s: Session, tell: Progress) -> Summary:
        results = quality(s, tell, only)
        for r in results:
            if not r.passed or only:
                log.info("%s: %s %s: %s of %s rows; %s", step, r.check, r.subject, r.value, r.rows, r.sample)
        require(results)
        warnings = len(breaches(results, "warning"))
        return {"rows": 0, "checks": len({r.check for r in results}), "warnings": warnings}

    return _stage(step, work)


# ── 3 and 4: vault, graph ─────────────────────────────────────────────────────────────────────────────────────


def new_event_types(owners: bool) -> list[str]:
    """The event types with valid, distinct events that the vault does not have: owners of hubs, or the others."""
    from clickvault.pipeline.steps import waiting

    found: list[str] = []

    def work(s: Session, _tell: Progress) -> Summary:
        events = s.renderer.registry.events
        found.extend(name for name in waiting(s) if (events[name].hub_field is not None) == owners)
        return {"rows": 0, "event types": len(found)}

    _stage("new", work, "owners of hubs" if owners else "others")
    return found


def load(event_type: str) -> Summary:
    """Stage what is new of an event type, deduplicated, and merge it into the vault in one transaction."""
    from clickvault.pipeline.steps import load as stage

    def work(s: Session, tell: Progress) -> Summary:
        found = _total(stage(s, tell, [event_type]), "staged", "hubs", "links", "sats", "effs")
        return {"rows": found["staged"], **{k: v for k, v in found.items() if k != "staged"}}

    return _stage("load", work, event_type)


def snapshots() -> Summary:
    """Bring PIT and bridge tables up to what is in the vault."""
    from clickvault.pipeline.steps import snapshots as stage

    def work(s: Session, tell: Progress) -> Summary:
        return _total(stage(s, tell), "rows", "days_built", "days_touched")

    return _stage("snapshots", work)


def measure_graph() -> Summary:
    """Sync the graph, measure what changed of it, write the scores back: `clickvault graph`."""
    from clickvault.pipeline.steps import graph

    def work(s: Session, tell: Progress) -> Summary:
        found = graph(s, tell)
        return {"rows": sum(int(r.get("nodes", 0)) for r in found if r["computed"]), "relations": len(found)}

    return _stage("graph", work)


# ── 5, 6, 7: marts, reconciliation and checks, maintenance ─────────────────────────────────────────────────────────────


def build_marts() -> Summary:
    """Rebuild the run's days, or without a window those that are out of date: `clickvault marts`."""
    from clickvault.pipeline.steps import marts

    here = context()

    def work(s: Session, tell: Progress) -> Summary:
        start, end = mart_window(here)
        log.info("marts: %s", f"the window {start} to {end}" if start else "the days that are out of date")
        return _total(marts(s, tell, start, end), "rows", "days")

    return _stage("marts", work)


def mart_window(here: Any) -> tuple[date, date] | tuple[None, None]:
    """The days [start, end) of a run: the parameters', or those of a scheduled or backfilled interval; else none."""
    params = here["params"]
    if params["from"] and params["to"]:
        return _moment(params["from"]).date(), _moment(params["to"]).date()
    if params["from"] or params["to"]:
        raise ConfigurationError("a window has both ends: from, and to (the day after the last one)")
    if here["dag_run"].run_type in ("scheduled", "backfill"):
        return _plain(here["data_interval_start"]).date(), _plain(here["data_interval_end"]).date()
    return None, None


def settle_and_reconcile() -> Summary:
    """Do what is not yet done of the pipeline, and reconcile: `clickvault run` and `clickvault reconcile`."""
    from clickvault.pipeline.steps import STEPS, check

    def work(s: Session, tell: Progress) -> Summary:
        for left in reversed(range(SETTLE_ROUNDS)):
            for name in ("ingest", "load", "graph", "marts"):
                STEPS[name](s, tell)
            reconciliations = STEPS["reconcile"](s, tell, whole=True)
            try:
                check(reconciliations)
                break
            except ReconciliationError as error:
                if not left:
                    raise
                log.info("reconcile: %s; counted again", error.message)
        return {"rows": 0, "checks": len(reconciliations)}

    return _stage("reconcile", work)


def quality_checks() -> Summary:
    """Run every check and keep the results; a breach of level error fails the run: `clickvault quality`."""
    return _check("quality", None)


def maintain(step: str) -> Summary:
    """One step of the maintenance: `clickvault maintenance --step`."""
    from clickvault.pipeline.maintenance import maintain as stage

    def work(s: Session, tell: Progress) -> Summary:
        found = stage(s, tell, [step])
        for r in found:
            log.info("maintenance %s: %s (%s rows, %.1f s)", step, r["what"], f"{r['rows']:,}", r["seconds"])
        return {"rows": 0, "done": len(found)}

    return _stage("maintenance", work, step)


def send_kept_alerts() -> Summary:
    """Send the alerts that could not be sent: `clickvault alerts send`. What can't be sent now waits on."""
    from clickvault.alerts import send_kept

    def work(s: Session, _tell: Progress) -> Summary:
        found = send_kept(s.settings)
        return {"rows": 0, "sent": sum(o.sent for o in found), "kept": sum(o.kept for o in found)}

    return _stage("alerts", work)
