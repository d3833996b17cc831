"""The content of responses: handlers, media types and ranges, several schemas of one status."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import pytest
from marshmallow import Schema, fields

from restkit import App, DeclarationError, Handler, Resource, returns
from restkit.crud import CRUDResource, MemoryStore
from restkit.json_parsing import loads_json
from restkit.testing import Client


class LongSchema(Schema):
    title = fields.Str(required=True)
    text = fields.Str(required=True)


class ShortSchema(Schema):
    title = fields.Str(required=True)


BOOK = {"title": "Emma", "text": "..."}


def spaced(value: Any) -> bytes:
    """Write JSON in a way that no other writer of restkit has."""
    return json.dumps(value, separators=(" , ", " : ")).encode()


def app_of(function: Any, *declared: Any, handlers: tuple[Handler, ...] = ()) -> App:
    app = App("T")
    for handler in handlers:
        app.media.register(handler)
    for each in declared:
        function = each(function)
    app.get("/x")(function)
    return app


def content_of(app: App, status: str = "200") -> dict[str, Any]:
    responses = Client(app).get("/openapi.json").json["paths"]["/x"]["get"]["responses"]
    return dict(responses[status]["content"])


VENDOR = "application/vnd.short+json"
SPACED = Handler("application/json", loads_json, spaced)


def test_two_schemas_of_one_status() -> None:
    """One status has a schema for each of two media types; Accept chooses."""
    app = app_of(
        lambda: BOOK,
        returns(ShortSchema, media_types=[VENDOR]),
        returns(LongSchema, media_types=["application/json"]),
    )
    said = content_of(app)
    assert said["application/json"]["schema"]["$ref"].endswith("/Long")
    assert said[VENDOR]["schema"]["$ref"].endswith("/Short")
    client = Client(app)
    assert client.get("/x").json == BOOK
    short = client.get("/x", headers={"Accept": VENDOR})
    assert short.headers["Content-Type"] == VENDOR
    assert short.json == {"title": "Emma"}
    assert client.get("/x", headers={"Accept": "text/html"}).status == 406


def test_lists_of_one_status_in_two_media_types() -> None:
    """The return annotation says for both schemas that there are many."""

    def books() -> list[Any]:
        return [BOOK]

    app = app_of(
        books,
        returns(ShortSchema, media_types=[VENDOR]),
        returns(LongSchema),
    )
    assert Client(app).get("/x").json == [BOOK]
    assert Client(app).get("/x", headers={"Accept": VENDOR}).json == [{"title": "Emma"}]


def test_data_and_a_file_of_one_status() -> None:
    """One of the media types of a status may have no schema."""

    class Books(Resource):
        @returns(LongSchema)
        @returns(media_types=["text/csv"])
        def get(self) -> Any:
            return "title\r\nEmma" if self.request.response_media_type == "text/csv" else BOOK

    app = App("T")
    app.add("/x", Books)
    assert content_of(app)["text/csv"]["schema"] == {"type": "string"}
    assert Client(app).get("/x", headers={"Accept": "text/csv"}).text == "title\r\nEmma"


@pytest.mark.parametrize(
    ("first", "second"),
    [(None, None), (None, ["application/json"]), (["text/csv", VENDOR], [VENDOR])],
)
def test_one_media_type_has_one_schema(first: Any, second: Any) -> None:
    """Two schemas of one status in one media type are rejected, with the remedy."""
    with pytest.raises(DeclarationError, match="twice for one media type"):
        app_of(
            lambda: BOOK,
            returns(ShortSchema, media_types=first),
            returns(LongSchema, media_types=second),
        )


@pytest.mark.parametrize(
    "declared",
    [
        returns(LongSchema),
        returns(None),
        returns(LongSchema, media_types=["application/vnd.long+json"]),
        returns(None, media_types=["application/geo+json"]),
    ],
)
def test_another_json_writer(declared: Any) -> None:
    """A registered handler of JSON writes every kind of JSON."""
    app = app_of(lambda: BOOK, declared, handlers=(SPACED,))
    assert Client(app).get("/x").data == spaced(BOOK)


def test_another_json_writer_of_many_and_of_streams() -> None:
    """A registered handler of JSON writes lists, and each item of a stream."""

    def books() -> list[Any]:
        return [BOOK, BOOK]

    def stream() -> Iterator[Any]:
        yield BOOK
        yield BOOK

    app = app_of(books, returns(ShortSchema), handlers=(SPACED,))
    assert Client(app).get("/x").data == spaced([{"title": "Emma"}] * 2)
    app = app_of(stream, returns(ShortSchema), handlers=(SPACED,))
    assert Client(app).get("/x").data == b"[" + b",".join([spaced({"title": "Emma"})] * 2) + b"]"


def test_another_json_writer_of_collections() -> None:
    """A registered handler of JSON writes what a CRUDResource has serialized already."""

    class NoteSchema(Schema):
        id = fields.Int(dump_only=True)
        text = fields.Str(required=True)

    @dataclass
    class Note:
        text: str
        id: int = 0

    class Notes(CRUDResource[Note]):
        schema = NoteSchema
        store = MemoryStore(Note)

    app = App("T")
    app.media.register(SPACED)
    app.add("/notes", Notes)
    client = Client(app)
    created = client.post("/notes", json={"text": "a"})
    assert created.data == spaced({"id": 1, "text": "a"})
    assert created.headers["Location"].endswith("/notes/1")
    assert client.get("/notes/1").data == spaced({"id": 1, "text": "a"})


def test_a_handler_of_plain_text() -> None:
    """A registered handler of text/plain is used for schemas too."""
    handler = Handler("text/plain", bytes.decode, lambda value: f"<{value}>".encode())
    app = app_of(
        lambda: BOOK, returns(ShortSchema, media_types=["text/plain"]), handlers=(handler,)
    )
    assert Client(app).get("/x").text == "<{'title': 'Emma'}>"


@pytest.mark.parametrize(
    "media_type", ["text/event-stream", "text/plain", "text/csv", "application/xml", "image/*"]
)
def test_schemas_that_nothing_writes(media_type: str) -> None:
    """A schema in a media type without a handler is rejected where it is declared."""
    with pytest.raises(DeclarationError, match="which no handler serializes"):
        app_of(lambda: BOOK, returns(LongSchema, media_types=[media_type]))


def test_event_streams_are_text() -> None:
    """A stream of events without a schema is documented as text."""

    def events() -> Iterator[str]:
        yield "data: 1\n\n"
        yield "data: 2\n\n"

    app = app_of(events, returns(media_types=["text/event-stream"]))
    assert content_of(app) == {"text/event-stream": {"schema": {"type": "string"}}}
    response = Client(app).get("/x")
    assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert response.text == "data: 1\n\ndata: 2\n\n"


def test_ranges_of_media_types() -> None:
    """A range matches as Accept does, and the method says which type it sends."""

    class Pictures(Resource):
        @returns(media_types=["image/*"])
        def get(self) -> Any:
            return b"GIF89a", {"Content-Type": "image/gif"}

    app = App("T")
    app.add("/x", Pictures)
    client = Client(app)
    for accept in ("image/gif", "image/*", "*/*", "text/html;q=0.5, image/png"):
        response = client.get("/x", headers={"Accept": accept})
        assert response.status == 200
        assert response.headers["Content-Type"] == "image/gif"
    assert client.get("/x", headers={"Accept": "text/html"}).status == 406
    assert client.get("/x", headers={"Accept": "image/*;q=0"}).status == 406
    assert list(content_of(app)) == ["image/*"]


def test_content_of_a_range_needs_its_type() -> None:
    """Content without a Content-Type is a mistake if only a range is declared."""
    app = app_of(lambda: b"GIF89a", returns(media_types=["image/*"]))
    with pytest.raises(DeclarationError, match="returned content without its media type"):
        Client(app).get("/x")


@pytest.mark.parametrize(
    ("value", "media_type"),
    [
        ("a", "text/plain; charset=utf-8"),
        (b"a", "application/octet-stream"),
        ({"a": 1}, "application/json"),
        ([1], "application/json"),
    ],
)
def test_content_of_any_type(value: Any, media_type: str) -> None:
    """Under */* text and bytes are what they are, and everything else is JSON."""
    app = app_of(lambda: value, returns(media_types=["*/*"]))
    assert Client(app).get("/x").headers["Content-Type"] == media_type


@pytest.mark.parametrize("wrong", ["*/json", "image/p*", "Text/CSV", "text/csv; charset=utf-8"])
def test_media_types_that_are_none(wrong: str) -> None:
    """What is neither a media type nor a range is rejected where it is declared."""
    with pytest.raises(DeclarationError, match="is not a media type"):
        returns(media_types=[wrong])


@pytest.mark.parametrize(
    "value",
    [
        (200, {"a": 1}),
        (201, BOOK, {"X-A": "b"}),
        (HTTPStatus.OK, [1]),
        (404, "gone"),
        (200, None),
    ],
)
def test_status_first(value: Any) -> None:
    """A tuple that begins with a status is a mistake, and the message has the right order."""
    app = app_of(lambda: value, returns(None))
    with pytest.raises(DeclarationError, match="return data, status, or return data, status, head"):
        Client(app).get("/x")


def test_numbers_are_data() -> None:
    """A number may be data: with a status behind it, or alone."""
    assert Client(app_of(lambda: (200, 200), returns(None))).get("/x").json == 200
    assert Client(app_of(lambda: (7, {"X-A": "b"}), returns(None))).get("/x").json == 7
    assert Client(app_of(lambda: 404, returns(None))).get("/x").json == 404


@pytest.mark.parametrize("status", [200, 201, 202])
@pytest.mark.parametrize("headers", [(), ({"X-A": "b"},)])
def test_none_with_a_status_is_no_content(status: int, headers: Any) -> None:
    """A method that returns None with a declared status sends that status without content."""
    app = app_of(lambda: (None, status, *headers), returns(status=status))
    response = Client(app).get("/x")
    assert response.status == status
    assert response.data == b""
    assert response.headers["Content-Length"] == "0"
    assert ("X-A" in response.headers) is bool(headers)


def test_none_with_a_status_is_within_the_contract(caplog: pytest.LogCaptureFixture) -> None:
    """In production, a declared status without content is no line of the log."""
    client = Client(app_of(lambda: (None, 202), returns(status=202)), contract=False)
    assert client.get("/x").status == 202
    assert caplog.text == ""


def test_no_content_beside_a_range() -> None:
    """A 204 beside a range of media types needs no Content-Type."""
    app = app_of(lambda: (None, 204), returns(media_types=["image/*"]), returns(status=204))
    assert Client(app).get("/x").status == 204


def test_none_where_a_schema_is_declared() -> None:
    """A declared schema has content: None with its status is outside the contract."""
    app = app_of(lambda: (None, 201), returns(LongSchema, 201))
    with pytest.raises(Exception, match=r"which it declares with LongSchema\. Return the data"):
        Client(app).get("/x")


def test_files_are_sent_as_they_are() -> None:
    """Bytes of a declared media type need no handler."""
    app = app_of(lambda: io.BytesIO(b"x").read(), returns(media_types=["image/png"]))
    assert Client(app).get("/x").headers["Content-Type"] == "image/png"
