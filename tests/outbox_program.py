"""A program with an outbox, for tests that run its worker in processes of their own.

``OUTBOX_DATABASE`` is SQLAlchemy's URL, ``OUTBOX_MARKS`` a file that gets a line for each task.
"""

from __future__ import annotations

import os
import time

from marshmallow import Schema, fields
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App, Resource, enqueue, takes
from restkit.events import EndpointRecord, Event, Outbox, Webhooks, emit
from restkit.sqlalchemy import Database


class Base(DeclarativeBase):
    pass


class Endpoint(EndpointRecord, Base):
    __tablename__ = "endpoint"

    id: Mapped[int] = mapped_column(primary_key=True)


class Number(Schema):
    number = fields.Int(required=True)


class Made(Event):
    """A number was made."""

    type = "number.made"
    schema = Number


def mark(number: int) -> None:
    """Note that a task ran; a line this short is written whole."""
    _write(f"{number}\n")


def slow(number: int, seconds: float) -> None:
    """Take some time."""
    _write(f"start {number}\n")
    time.sleep(seconds)
    _write(f"end {number}\n")


def wrong() -> None:
    """Fail."""
    raise LookupError("nothing there")


def _write(text: str) -> None:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    descriptor = os.open(os.environ["OUTBOX_MARKS"], flags, 0o600)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


database = Database(os.environ.get("OUTBOX_DATABASE", "sqlite://"), create=Base.metadata)
webhooks = Webhooks(
    database, events=[Made], endpoints=Endpoint, private_networks=["127.0.0.0/8"], concurrency=8
)
outbox = Outbox(database, tasks=[mark, slow, wrong])
app = App("Numbers", extensions=[database, webhooks, outbox])


@app.route("/tasks")
class Tasks(Resource):
    @takes(body=Number)
    def post(self, body: dict[str, int]) -> None:
        enqueue(mark, body["number"])


@app.route("/events")
class Events(Resource):
    @takes(body=Number)
    def post(self, body: dict[str, int]) -> None:
        emit(Made, body)
