"""Event streams: typed events of one type and of several."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from marshmallow import Schema, fields

from restkit import App
from restkit.sse import Event, EventStream


@dataclass
class Tick:
    id: int
    price: str


class TickSchema(Schema):
    id = fields.Int()
    price = fields.Str()


app = App("Prices")


@app.route("/prices")
class Prices(EventStream):
    schema = TickSchema
    events = {"sold": TickSchema, "note": None}

    def get(self, last_event_id: int | None) -> Iterator[Event[Tick] | Event[str] | None]:
        while self.wait(15):
            yield Event(Tick(1, "2"), id=last_event_id or 1, retry=3000)
            yield Event("text", event="note")
            yield None


@app.route("/words")
class Words(EventStream):
    def get(self, last_event_id: str | None) -> Iterator[Event[str]]:
        return iter([Event(last_event_id or "")])


price: str = Event(Tick(1, "2")).value.price
