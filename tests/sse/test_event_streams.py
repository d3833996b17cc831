"""Event streams in process: what is sent, declared, documented and checked."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from marshmallow import Schema, fields
from werkzeug.test import Client as WerkzeugClient

from restkit import (
    App,
    ContractError,
    DeclarationError,
    NotFound,
    Proceed,
    Request,
    Response,
    provide,
    raises,
    returns,
    stream_shutdown,
)
from restkit.html import Session, Sessions
from restkit.openapi import build
from restkit.sse import Event, EventStream, stop_streams, stop_streams_with
from restkit.testing import Client


@dataclass
class Tick:
    id: int
    price: str


class TickSchema(Schema):
    id = fields.Int(required=True)
    price = fields.Str(required=True)


class Gone(Schema):
    id = fields.Int(required=True)


TICKS = [Tick(1, "10.5"), Tick(2, "11"), Tick(3, "9")]


class Ticks(EventStream):
    """The prices."""

    schema = TickSchema
    events = {"gone": Gone, "note": None}
    retry = 3000

    def get(self, last_event_id: int | None) -> Iterator[Event[Any] | None]:
        """Follow the prices."""
        for tick in TICKS[last_event_id or 0 :]:
            yield Event(tick, id=tick.id)
        yield None
        yield Event({"id": 1}, event="gone")
        yield Event("one\r\ntwo\rthree\n", event="note")


@pytest.fixture
def client() -> Client:
    app = App("Prices")
    app.add("/ticks", Ticks)
    return Client(app)


def test_events_are_written_as_the_standard_says(client: Client) -> None:
    response = client.get("/ticks", headers={"Last-Event-ID": "2"})
    assert response.text == (
        "retry: 3000\n\n"
        'id: 3\ndata: {"id":3,"price":"9"}\n\n'
        ":\n\n"
        'event: gone\ndata: {"id":1}\n\n'
        "event: note\ndata: one\ndata: two\ndata: three\ndata: \n\n"
    )
    assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Accel-Buffering"] == "no"
    assert "Content-Length" not in response.headers


def test_a_client_reads_events_one_by_one(client: Client) -> None:
    with client.get("/ticks", stream=True) as response:
        events = response.iter_events()
        first = next(events)
        assert (first.event, first.id, first.retry) == ("message", "1", 3000)
        assert first.json == {"id": 1, "price": "10.5"}
        assert next(events).id == "2"
    note = list(client.get("/ticks").iter_events())[-1]
    assert (note.event, note.data, note.id) == ("note", "one\ntwo\nthree\n", "3")


def test_other_responses_have_no_events(client: Client) -> None:
    with pytest.raises(ValueError, match="not an event stream"):
        next(client.get("/openapi.json").iter_events())


def test_the_stream_begins_before_its_first_event() -> None:
    """The code of a generator runs after the status was sent."""
    begun: list[str] = []

    class Quiet(EventStream):
        def get(self) -> Iterator[Event[str]]:
            begun.append("begun")
            yield Event("text")

    app = App("Quiet")
    app.add("/", Quiet)
    client = Client(app)
    with client.get("/", stream=True) as response:
        chunks = response.iter_chunks()
        assert next(chunks) == b":\n\n"
        assert begun == []
        assert next(chunks) == b"data: text\n\n"
    assert client.head("/").headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert begun == ["begun"]


@pytest.mark.parametrize("text", ["x", "1.5", "-1", "9" * 19, "9" * 40, "\u0662"])
def test_an_id_that_is_no_number_is_invalid(client: Client, text: str) -> None:
    response = client.get(
        "/ticks", headers={"Last-Event-ID": text.encode("utf-8").decode("latin-1")}
    )
    assert response.status == 422
    assert response.problem["errors"][0]["in"] == "header"
    assert response.problem["errors"][0]["parameter"] == "Last-Event-ID"


def test_an_id_of_text_is_utf_8() -> None:
    class Echo(EventStream):
        def get(self, last_event_id: str | None) -> Iterator[Event[str]]:
            yield Event(repr(last_event_id), id="Zoë")

    app = App("Echo")
    app.add("/", Echo)
    client = Client(app)
    sent = "Zoë".encode().decode("latin-1")
    assert next(client.get("/", headers={"Last-Event-ID": sent}).iter_events()).data == "'Zoë'"
    event = next(client.get("/").iter_events())
    assert (event.data, event.id) == ("None", "Zoë")


def test_the_document_has_the_header_and_each_event_type(client: Client) -> None:
    operation = client.get("/openapi.json").json["paths"]["/ticks"]["get"]
    assert operation["operationId"] == "streamTicks"
    header = operation["parameters"][0]
    assert (header["name"], header["in"]) == ("Last-Event-ID", "header")
    assert header["schema"]["type"] == "integer"
    assert "422" in operation["responses"]
    found = operation["responses"]["200"]
    for name in ("Cache-Control", "X-Accel-Buffering"):
        assert found["headers"][name]["required"] is True
    content = found["content"]["text/event-stream"]
    assert content["schema"] == {"type": "string"}
    message, gone, note = content["x-itemSchema"]["oneOf"]
    assert message["properties"]["data"] == {
        "type": "string",
        "contentMediaType": "application/json",
        "contentSchema": {"$ref": "#/components/schemas/Tick"},
    }
    assert gone["properties"]["event"] == {"const": "gone"}
    assert gone["required"] == ["data", "event"]
    assert note["properties"]["data"] == {"type": "string"}
    components = client.get("/openapi.json").json["components"]["schemas"]
    assert {"Tick", "Gone"} <= components.keys()


@pytest.mark.parametrize("version", ["3.0.4", "3.1.1", "3.2.0"])
def test_3_2_has_a_keyword_for_events(version: str) -> None:
    app = App("Prices")
    app.add("/ticks", Ticks)
    document = build(app, version=version)
    responses = document["paths"]["/ticks"]["get"]["responses"]
    content = responses["200"]["content"]["text/event-stream"]
    keyword = "itemSchema" if version == "3.2.0" else "x-itemSchema"
    assert content[keyword]["oneOf"][0]["required"] == ["data"]
    assert ("schema" in content) is (version != "3.2.0")


def test_no_parameter_no_header_in_the_document() -> None:
    class Plain(EventStream):
        def get(self) -> Iterator[Event[str]]:
            yield Event("x")

    app = App("Plain")
    app.add("/", Plain)
    operation = Client(app).get("/openapi.json").json["paths"]["/"]["get"]
    assert "parameters" not in operation


# units of work


def test_a_unit_of_work_ends_before_the_first_byte_and_with_each_event() -> None:
    log: list[str] = []

    def transaction() -> Iterator[int]:
        log.append("open")
        try:
            yield len(log)
        except BaseException:
            log.append("rolled back")
            raise
        log.append("committed")

    class Rows(EventStream):
        unit = provide(transaction)

        def get(self) -> Iterator[Event[str]]:
            assert self.unit
            return self.rows()

        def rows(self) -> Iterator[Event[str]]:
            for name in "ab":
                assert self.unit
                log.append(name)
                yield Event(name)
            assert self.unit
            log.append("waits")
            assert self.wait(0)
            log.append("goes on")

    app = App("Rows")
    app.add("/", Rows)
    with Client(app).get("/", stream=True) as response:
        assert log == ["open", "committed"]
        events = response.iter_events()
        next(events)
        assert log[2:] == ["open", "a", "committed"]
        assert next(events, None) is not None
        assert next(events, None) is None
    assert log[5:] == ["open", "b", "committed", "open", "waits", "committed", "goes on"]


def test_the_generator_is_closed_when_the_client_goes() -> None:
    closed: list[str] = []

    class Rows(EventStream):
        def get(self) -> Iterator[Event[str]]:
            try:
                while True:
                    yield Event("x")
            finally:
                closed.append("closed")

    app = App("Rows")
    app.add("/", Rows)
    with Client(app).get("/", stream=True) as response:
        next(response.iter_events())
    assert closed == ["closed"]


def test_checks_before_the_iterator_are_problems() -> None:
    class Rows(EventStream):
        @raises(NotFound)
        @returns(status=204, description="There will be no further events.")
        def get(self, name: str) -> Iterator[Event[str]] | None:
            if name == "unknown":
                raise NotFound("There is no such stream.")
            return None if name == "over" else iter([Event(name)])

    app = App("Rows")
    app.add("/<name>", Rows)
    client = Client(app)
    assert client.get("/unknown").status == 404
    assert client.get("/over").status == 204  # a browser does not reconnect
    assert client.get("/a").text == ":\n\ndata: a\n\n"


def test_a_session_is_read_but_not_changed_after_the_first_byte() -> None:
    class Rows(EventStream):
        def get(self, session: Session) -> Iterator[Event[str]]:
            session["before"] = "a"
            return self.rows(session)

        def rows(self, session: Session) -> Iterator[Event[str]]:
            yield Event(session["before"])
            session["after"] = "b"
            yield Event("never")

    app = App("Rows")
    app.install(Sessions(keys=["a long secret text, from the settings"]))
    app.add("/", Rows)
    with Client(app).get("/", stream=True) as response:
        assert response.headers["Set-Cookie"].startswith("session=")
        events = response.iter_events()
        assert next(events).data == "a"
        with pytest.raises(RuntimeError, match="after the response has begun"):
            next(events)


def test_middleware_passes_events_on() -> None:
    app = App("Prices")

    @app.middleware
    def named(request: Request, proceed: Proceed) -> Response:
        response = proceed(request)
        response.headers["X-Server"] = "a"
        return response

    app.add("/ticks", Ticks)
    with Client(app).get("/ticks", stream=True) as response:
        assert response.headers["X-Server"] == "a"
        assert next(response.iter_events()).id == "1"


def test_a_server_without_threads_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    class Alone(EventStream):
        def get(self) -> Iterator[Event[str]]:
            yield Event("x")

    app = App("Alone")
    app.add("/", Alone)
    plain = WerkzeugClient(app)
    for _ in range(2):
        plain.get("/", environ_overrides={"wsgi.multithread": False}).close()
    assert [each.getMessage()[:27] for each in caplog.records] == ["test_event_streams.test_a_s"]
    assert "gthread" in caplog.text


# the end


@pytest.fixture
def running() -> Iterator[None]:
    yield
    stream_shutdown._stopped.clear()
    stream_shutdown._conditions.clear()


class Endless(EventStream):
    max_age = None

    def get(self) -> Iterator[Event[str] | None]:
        """Follow the text."""
        while self.wait(0):
            yield Event("x")
        raise AssertionError("a stream that has to end asks for no further event")


@pytest.mark.parametrize("how", ["all", "worker"])
def test_streams_end_with_their_worker(running: None, how: str) -> None:
    class Worker:
        alive = True

    worker = Worker()
    stop_streams_with(worker)
    app = App("Endless")
    app.add("/", Endless)
    with Client(app).get("/", stream=True) as response:
        events = response.iter_events()
        assert next(events).data == "x"
        if how == "all":
            stop_streams()
        worker.alive = how == "all"
        assert next(events, None) is None
    assert not stream_shutdown.wait(60)  # at once


def test_a_stream_ends_at_its_age() -> None:
    class Old(Endless):
        max_age = 0

    app = App("Old")
    app.add("/", Old)
    assert Client(app).get("/").text == ":\n\n"


def test_a_stream_ends_after_an_hour_unless_said_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Hourly(Endless):
        max_age = EventStream.max_age

    now = time.monotonic()
    app = App("Hourly")
    app.add("/", Hourly)
    with Client(app).get("/", stream=True) as response:
        events = response.iter_events()
        assert next(events).data == "x"
        monkeypatch.setattr(time, "monotonic", lambda: now + 3599)
        assert next(events).data == "x"
        monkeypatch.setattr(time, "monotonic", lambda: now + 3601)
        assert [*events] == []


# mistakes


def _stream(**members: Any) -> type[EventStream]:
    return type("Rows", (EventStream,), members)


def _generator(self: EventStream) -> Iterator[Event[str]]:
    """Follow the rows."""
    yield Event("x")


def _one(self: EventStream) -> Event[str]:
    return Event("x")


def _typed(self: EventStream, last_event_id: str) -> Iterator[Event[str]]:
    yield Event(last_event_id)


def _short(self: EventStream) -> Iterator[Event[Tick]]:
    yield Event(TICKS[0])


class LongSchema(TickSchema):
    currency = fields.Str()


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"put": _generator}, "responds to GET, POST and QUERY"),
        ({"get": raises(NotFound)(_generator)}, "after the status 200 was sent"),
        ({"get": returns(TickSchema)(_generator)}, "status 200, which is the event stream"),
        ({"get": _one}, "must return an iterator of events"),
        ({"get": _typed}, "annotate last_event_id with str"),
        ({"get": _generator, "conditional": True}, "no entity tag"),
        ({"get": _generator, "events": ["a"]}, "must be a mapping"),
        ({"get": _generator, "events": {"error": None}}, "neither 'error' nor 'open'"),
        ({"get": _generator, "events": {"a\nb": None}}, "printable text"),
        ({"get": _generator, "schema": Gone, "events": {"message": Gone}}, "the same events"),
        ({"get": _generator, "retry": -1}, "milliseconds: 3000"),
        ({"get": _generator, "max_age": "1"}, "seconds: 3600"),
        ({"get": _short, "schema": LongSchema}, "has no 'currency'"),
    ],
)
def test_mistakes_at_start_up(members: dict[str, Any], message: str) -> None:
    app = App("Rows")
    with pytest.raises(DeclarationError, match=message):
        app.add("/", _stream(**members))


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("text", "yielded str. Yield Event"),
        (Event("x", event="other"), "declares message, gone, note"),
        (Event({"a": 1}, event="note"), "its data is text"),
        (Event({"price": 1}), "is not TickSchema|event that is not"),
    ],
)
def test_events_outside_the_declaration(item: object, message: str) -> None:
    def get(self: EventStream) -> Iterator[Any]:
        yield item

    app = App("Rows")
    app.add("/", _stream(get=get, schema=TickSchema, events=dict(Ticks.events)))
    with pytest.raises((DeclarationError, ContractError), match=message):
        Client(app).get("/")


def test_what_is_no_iterator_is_rejected() -> None:
    def get(self):  # type: ignore[no-untyped-def]
        return "text"

    app = App("Rows")
    app.add("/", _stream(get=get))
    with pytest.raises(DeclarationError, match="an event stream is an iterator"):
        Client(app).get("/")


@pytest.mark.parametrize(
    "make",
    [
        lambda: Event("x", id="a\nb"),
        lambda: Event("x", id="a\0b"),
        lambda: Event("x", id="a" * 1025),
        lambda: Event("x", retry=-1),
    ],
)
def test_ids_that_a_client_could_not_send(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"Event\("):
        make()


def test_an_event_shows_itself() -> None:
    assert repr(Event("x", id=3, event="a")) == "Event('x', id='3', event='a')"


def test_a_post_streams_its_answer() -> None:
    """As interfaces of language models do; a browser reads it with fetch()."""

    class Question(Schema):
        text = fields.Str(required=True)

    from restkit import takes

    class Answers(EventStream):
        @takes(body=Question)
        def post(self, body: dict[str, str]) -> Iterator[Event[str]]:
            """Answer a question."""
            for word in body["text"].split():
                yield Event(word)

    app = App("Answers")
    app.add("/", Answers)
    client = Client(app)
    response = client.post("/", json={"text": "one two"})
    assert response.status == 200
    assert [each.data for each in response.iter_events()] == ["one", "two"]
    assert client.post("/", json={}).status == 422
    assert json.loads(client.get("/openapi.json").text)["paths"]["/"]["post"]["requestBody"]
