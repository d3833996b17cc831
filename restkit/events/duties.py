"""The work of a worker for a row: it runs a function, hands the row on, or sends a webhook."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import logging
import ssl
import time
from collections.abc import Callable, Iterator
from functools import partial

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ..errors import CollisionError, DeclarationError, MissingExtraError
from ..records import Record
from ..service.correlation import continued_trace
from .addresses import Unreachable
from .claims import Row, remove
from .emitting import Emitter
from .outbox import Outbox
from .outbox_rows import Owner
from .outcomes import DONE, Outcome
from .secret_keys import signing_keys
from .sending import Reply, post
from .signing import SigningKey, signatures
from .tables import OUTBOX, database_now
from .tasks import Task, takes_app
from .webhooks import Webhooks

__all__ = ["Duties", "Duty", "duties_of"]

_log = logging.getLogger("restkit.worker")
_AT_ONCE = 500
_AGENT = "restkit-webhooks (Standard Webhooks 1.0.0)"


class Duty(Record):
    """The work of a worker for rows of one kind and name.

    Attributes:
        run: Makes one attempt at a row.
        concurrency: The most rows of one receiver at once, 0 for any number.
    """

    run: Callable[[Row], Outcome]
    concurrency: int = 0


Duties = dict[tuple[str, str], Duty]
"""The duties of a worker on one database, by the kind and name of rows."""


def duties_of(
    extension: Emitter, engine: Engine, app: Owner
) -> Iterator[tuple[tuple[str, str], Duty]]:
    """Yield the duties of an Outbox or of Webhooks.

    Args:
        extension: The extension.
        engine: The engine of its database.
        app: The App that it is installed on, for tasks that take it.
    """
    if isinstance(extension, Outbox):
        for path, task in extension.tasks.items() if extension.work is None else ():
            relayed = extension.relay is not None
            run = partial(_relay, extension) if relayed else partial(_run, _bound(task, app))
            yield ("task", path), Duty(run)
        for event in extension.events.values():
            yield ("relay", event.type), Duty(partial(_relay, extension))
    elif isinstance(extension, Webhooks):
        sender = _Sender(extension, engine)
        for event in extension.events.values():
            yield ("event", event.type), Duty(sender.fan_out)
            yield ("delivery", event.type), Duty(sender.deliver, extension.concurrency)


def add_duties(duties: Duties, more: Iterator[tuple[tuple[str, str], Duty]]) -> None:
    """Add duties to those of the same database.

    Raises:
        CollisionError: Two extensions of several Apps have the same one.
    """
    for key, duty in more:
        if key in duties:
            raise CollisionError(
                f"Two extensions on one Database have the {key[0]} {key[1]!r}. Install one "
                "extension on both Apps, or give each event a type of its own."
            )
        duties[key] = duty


def _bound(task: Task, app: Owner) -> Task:
    """Return a task with its App, if it takes one."""
    return partial(task, app=app) if takes_app(task) else task


def _run(task: Task, row: Row) -> Outcome:
    called = json.loads(row.body)
    with continued_trace(row.traceparent or "", row.message_id):
        task(*called["args"], **called["kwargs"])
    return DONE


def _relay(outbox: Outbox, row: Row) -> Outcome:
    if outbox.relay is not None:
        with continued_trace(row.traceparent or "", row.message_id):
            outbox.relay(outbox.message_of(row))
    return DONE


class _Sender:
    """The sender of the webhooks of one extension."""

    def __init__(self, webhooks: Webhooks, engine: Engine) -> None:
        self._webhooks = webhooks
        self._engine = engine
        self._context = ssl.create_default_context()

    def fan_out(self, row: Row) -> Outcome:
        """Replace an event with a delivery for each endpoint, in one transaction."""
        audience = json.loads(row.audience or "{}")
        with Session(self._engine) as session, session.begin():
            if not remove(session.connection(), row):
                return Outcome(is_removed=True)  # another worker has it
            values = {
                "kind": "delivery",
                "name": row.name,
                "body": row.body,
                "message_id": row.message_id,
                "created_at": row.created_at,
                "traceparent": row.traceparent,
                "due_at": database_now(),
            }
            statement = sa.insert(OUTBOX).values(values)
            found = self._webhooks.endpoints.receivers(session, row.name, audience)
            while some := list(itertools.islice(found, _AT_ONCE)):
                session.connection().execute(statement, [{"receiver": each} for each in some])
        return Outcome(is_removed=True)

    def deliver(self, row: Row) -> Outcome:
        """Send a webhook once."""
        receiver = str(row.receiver)
        endpoints = self._webhooks.endpoints
        with Session(self._engine) as session:
            endpoint = endpoints.of(session, receiver)
        if endpoint is None:
            return DONE  # it is gone or disabled
        try:
            keys = signing_keys(endpoint.secrets, f"The endpoint {receiver}")
            reply = self._send(endpoint.url, keys, row)
        except (Unreachable, DeclarationError, MissingExtraError) as error:
            return Outcome(str(error))
        if reply.status == 410:
            with Session(self._engine) as session, session.begin():
                endpoints.disable(session, receiver)
            _log.warning("The endpoint %s is gone (410), and was disabled", receiver)
            return DONE
        if 200 <= reply.status <= 299:
            return DONE
        return Outcome(f"The status is {reply.status}.", reply.retry_after or 0)

    def _send(self, url: str, keys: list[SigningKey], row: Row) -> Reply:
        moment = dt.datetime.fromtimestamp(row.created_at / 1000, dt.UTC)
        timestamp = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        head = f'{{"type":{json.dumps(row.name)},"timestamp":"{timestamp}","data":'
        content = f"{head}{row.body}}}".encode()
        now = str(int(time.time()))
        headers = {
            "User-Agent": _AGENT,
            "webhook-id": row.message_id,
            "webhook-timestamp": now,
            "webhook-signature": signatures(keys, row.message_id, now, content),
        }
        return post(
            url,
            content,
            headers,
            opened=self._webhooks.opened,
            timeout=self._webhooks.timeout,
            context=self._context,
        )
