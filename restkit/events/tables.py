"""The table of the outbox, and the clock of its database."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

__all__ = ["OUTBOX", "database_now", "outbox_metadata"]

outbox_metadata = sa.MetaData()
"""The tables of the events: for Alembic, ``target_metadata = [Base.metadata, outbox_metadata]``."""

OUTBOX = sa.Table(
    "restkit_outbox",
    outbox_metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("message_id", sa.String(40), nullable=False),
    sa.Column("kind", sa.String(10), nullable=False),  # task, relay, event, delivery
    sa.Column("name", sa.String(255), nullable=False),  # the type of an event, or an import path
    sa.Column("body", sa.Text, nullable=False),  # JSON
    sa.Column("receiver", sa.Text),  # the key of an endpoint, as JSON; of deliveries
    sa.Column("audience", sa.Text),  # the attributes of the endpoints of an event, as JSON
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    # Milliseconds since 1970; while a worker has the row, the end of its lease; null: given up.
    sa.Column("due_at", sa.BigInteger),
    sa.Column("lease", sa.String(32)),  # a random text of the worker that has claimed the row
    sa.Column("created_at", sa.BigInteger, nullable=False),  # milliseconds since 1970
    sa.Column("traceparent", sa.String(55)),  # that of the request, with a Service
    sa.Column("error", sa.Text),  # the last failure, for people
    sa.Index("restkit_outbox_due", "due_at"),
)
"""The tasks and events that were committed and are not done yet."""


class database_now(FunctionElement[int]):  # noqa: N801  # used as a function
    """The milliseconds since 1970 by the clock of the database, which all workers share."""

    type = sa.BigInteger()
    inherit_cache = True


@compiles(database_now, "sqlite")
def _now_of_sqlite(*_: object, **__: object) -> str:
    return "CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER)"


@compiles(database_now, "postgresql")
def _now_of_postgresql(*_: object, **__: object) -> str:
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"
