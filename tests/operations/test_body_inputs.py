"""Bodies by media type: JSON or a form of one schema, several schemas, raw content."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, BinaryIO

import pytest
from marshmallow import Schema, fields

from restkit import App, DeclarationError, Resource, Settings, returns, takes
from restkit.testing import Client

FORM = "application/x-www-form-urlencoded"
VENDOR = "application/vnd.short+json"


class TitleSchema(Schema):
    title = fields.Str(required=True)
    year = fields.Int()


@dataclass
class Title:
    title: str
    year: int = 0


class LongSchema(Schema):
    title = fields.Str(required=True)
    text = fields.Str(required=True)


def served(function: Any, **declared: Any) -> App:
    app = App("T", settings=declared.pop("settings", Settings()))
    app.post("/x")(takes(**declared)(returns(None)(function)))
    return app


def content_of(app: App) -> dict[str, Any]:
    operation = Client(app).get("/openapi.json").json["paths"]["/x"]["post"]
    return dict(operation["requestBody"]["content"])


def echo(body: dict[str, Any]) -> Any:
    return body


def test_json_or_a_form() -> None:
    """One operation takes JSON and both kinds of form of one schema."""
    types = ["application/json", FORM, "multipart/form-data"]
    app = served(echo, body=TitleSchema, media_types=types)
    said = content_of(app)
    assert list(said) == types
    assert said["application/json"]["schema"]["$ref"].startswith("#/components/schemas/Title")
    assert set(said[FORM]["schema"]["properties"]) == {"title", "year"}
    client = Client(app)
    assert client.post("/x", json={"title": "a", "year": 1}).json == {"title": "a", "year": 1}
    assert client.post("/x", data={"title": "a", "year": "1"}).json == {"title": "a", "year": 1}
    sent = client.post("/x", data={"title": "a", "year": "1"}, files={})
    assert sent.json == {"title": "a", "year": 1}
    assert client.post("/x", json={"title": "a", "year": "1"}).status == 422
    wrong = client.post("/x", data={"year": "b", "more": "c"}).json["errors"]
    assert {each["pointer"]: each["code"] for each in wrong} == {
        "/title": "required",
        "/year": "invalid",
        "/more": "unknown",
    }
    refused = client.post("/x", content=b"<a/>", content_type="text/xml")
    assert refused.status == 415
    assert refused.headers["Accept"] == ", ".join(types)


def test_json_or_a_form_as_a_class() -> None:
    """Both arrive as the class that the annotation names."""

    def name(body: Title) -> Any:
        return type(body).__name__

    client = Client(served(name, body=TitleSchema, media_types=["application/json", FORM]))
    assert client.post("/x", json={"title": "a"}).json == "Title"
    assert client.post("/x", data={"title": "a"}).json == "Title"


def test_a_class_schema_as_a_form() -> None:
    """The schema of a class may be taken as a form too."""

    class Titles(Resource):
        schema = TitleSchema

        @takes(media_types=["application/json", FORM])
        def post(self, body: dict[str, Any]) -> Any:
            return body

    app = App("T")
    app.add("/x", Titles)
    assert Client(app).post("/x", data={"title": "a"}).status == 201


def test_a_schema_for_each_media_type() -> None:
    """A body has a schema for each of several media types."""
    app = served(echo, body={"application/json": LongSchema, VENDOR: TitleSchema})
    said = content_of(app)
    assert said["application/json"]["schema"] != said[VENDOR]["schema"]
    client = Client(app)
    assert client.post("/x", json={"title": "a"}).status == 422
    assert client.post("/x", json={"title": "a", "text": "b"}).status == 200
    short = client.post("/x", content=b'{"title": "a"}', content_type=VENDOR)
    assert short.json == {"title": "a"}


def test_a_schema_or_raw_content() -> None:
    """A body may be data in one media type, and bytes in another."""

    def kind(body: Any) -> Any:
        return type(body).__name__

    client = Client(served(kind, body={"application/json": TitleSchema, "text/csv": bytes}))
    assert client.post("/x", json={"title": "a"}).json == "dict"
    assert client.post("/x", content=b"a,b", content_type="text/csv").json == "bytes"


def test_media_types_are_declared_once() -> None:
    """Media types in body= and in media_types= contradict each other."""
    with pytest.raises(DeclarationError, match="Remove media_types"):
        served(echo, body={"text/csv": bytes}, media_types=["text/csv"])


def size(body: bytes) -> Any:
    return len(body)


@pytest.mark.parametrize(
    ("declared", "sent", "status"),
    [
        (["image/png"], "image/png", 200),
        (["image/png"], "image/gif", 415),
        (["image/*"], "image/gif", 200),
        (["image/*"], "text/plain", 415),
        (["*/*"], "text/plain; charset=latin-1", 200),
        (["*/*"], "", 200),
        (None, "application/octet-stream", 200),
        (None, "", 200),
        (None, "image/png", 415),
        (["image/png", "*/*"], "video/mp4", 200),
    ],
)
def test_raw_bytes(declared: list[str] | None, sent: str, status: int) -> None:
    """Raw content of the declared media types and ranges arrives as bytes."""
    app = served(size, body=bytes, media_types=declared)
    headers = {"Content-Type": sent} if sent else {}
    response = Client(app).post("/x", content=b"\x00\xff\x01", headers=headers)
    assert response.status == status
    assert response.json == 3 if status == 200 else response.problem["status"] == 415
    assert list(content_of(app)) == (declared or ["application/octet-stream"])


def test_raw_content_is_documented() -> None:
    """The document says that content is binary or text, and how large it may be."""
    app = served(size, body=bytes, media_types=["image/png"], max_size=10)
    assert content_of(app) == {
        "image/png": {"schema": {"type": "string", "format": "binary", "maxLength": 10}}
    }
    responses = Client(app).get("/openapi.json").json["paths"]["/x"]["post"]["responses"]
    assert {"400", "413", "415"} <= set(responses)


def read(body: BinaryIO) -> Any:
    parts = iter(lambda: body.read(2), b"")
    return [part.decode("latin-1") for part in parts]


@pytest.mark.parametrize("kind", [BinaryIO, IO[bytes]])
def test_streams(kind: Any) -> None:
    """Raw content arrives as a stream, also where it is chunked."""
    app = served(read, body=kind, media_types=["video/*"])
    client = Client(app)
    assert client.post("/x", content=b"abc", content_type="video/mp4").json == ["ab", "c"]
    assert client.post("/x", content=b"", content_type="video/mp4").json == []

    def chunks() -> Iterator[bytes]:
        yield b"ab"
        yield b"c"

    assert client.post("/x", content=chunks(), content_type="video/mp4").json == ["ab", "c"]


@pytest.mark.parametrize(("function", "kind"), [(size, bytes), (read, BinaryIO)])
@pytest.mark.parametrize("by_setting", [False, True])
def test_raw_content_has_a_limit(function: Any, kind: Any, by_setting: bool) -> None:
    """Raw content over its limit is a 413, whether its length is announced or not."""
    limit: dict[str, Any] = {"max_size": 4}
    if by_setting:
        limit = {"settings": Settings(max_upload_size=4)}
    client = Client(served(function, body=kind, **limit))
    octets = "application/octet-stream"
    assert client.post("/x", content=b"abcd", content_type=octets).status == 200
    assert client.post("/x", content=b"abcde", content_type=octets).status == 413
    chunked = client.post("/x", content=iter([b"abc", b"de"]), content_type=octets)
    assert chunked.status == 413
    assert chunked.headers["Content-Type"] == "application/problem+json"


def test_raw_text() -> None:
    """Raw text arrives as str, and has to be UTF-8."""

    def shout(body: str) -> Any:
        return body.upper()

    app = served(shout, body=str)
    assert content_of(app) == {"text/plain": {"schema": {"type": "string"}}}
    client = Client(app)
    assert client.post("/x", content="é".encode(), content_type="text/plain").json == "É"
    assert client.post("/x", content=b"\xe9", content_type="text/plain").status == 400
    latin = client.post("/x", content=b"\xe9", content_type="text/plain; charset=latin-1")
    assert latin.status == 415


@pytest.mark.parametrize(("kind", "name"), [(bytes, "bytes"), (str, "str"), (BinaryIO, "BinaryIO")])
def test_raw_content_arrives_as_annotated(kind: Any, name: str) -> None:
    """An annotation that raw content does not have is rejected."""

    def wrong(body: dict[str, Any]) -> Any:
        return body

    with pytest.raises(DeclarationError, match=f"is passed as {name}"):
        served(wrong, body=kind)


def test_sizes_of_schemas() -> None:
    """max_size holds for bodies with a schema as well."""
    client = Client(served(echo, body=TitleSchema, max_size=20))
    assert client.post("/x", json={"title": "a"}).status == 200
    assert client.post("/x", json={"title": "a" * 20}).status == 413


@pytest.mark.parametrize("wrong", [0, -1, "1 MB", 1.5])
def test_sizes_are_numbers_of_bytes(wrong: Any) -> None:
    """A size that is no number of bytes is rejected."""
    with pytest.raises(DeclarationError, match="number of bytes"):
        takes(body=bytes, max_size=wrong)


def test_content_is_still_there() -> None:
    """A method may still ask the request for content that arrived as bytes."""

    class Files(Resource):
        @takes(body=bytes)
        @returns(None)
        def post(self, body: bytes) -> Any:
            return body == self.request.get_data()

    app = App("T")
    app.add("/x", Files)
    sent = Client(app).post("/x", content=b"abc", content_type="application/octet-stream")
    assert sent.json is True
