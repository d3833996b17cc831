"""Bodies without a schema, texts and streams; queries that something else reads too."""

from __future__ import annotations

from typing import IO, Any

import pytest
from marshmallow import EXCLUDE, Schema, fields

from restkit import App, Contribution, DeclarationError, Operation, Parameter, takes
from restkit.testing import Client

OCTETS = "application/octet-stream"


class QuerySchema(Schema):
    a = fields.Str()
    key = fields.Str()


class LooseSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    a = fields.Str()


class Keys:
    """An extension that reads the query parameter ``key`` of every operation."""

    def install(self, app: App) -> None:
        pass

    def contribute(self, operation: Operation) -> Contribution:
        return Contribution(parameters=(Parameter("key", "query"),))


def reading(declared: Any, **options: Any) -> Client:
    """Return a client of an App that reads a body to its end."""
    app = App("Bodies", **options)

    @app.post("/stream")
    @takes(body=declared, media_types=[OCTETS] if declared is not str else ["text/plain"])
    def stream(body):  # type: ignore[no-untyped-def]
        content = body if isinstance(body, (str, bytes)) else body.read()
        return {"content": content if isinstance(content, str) else content.decode("latin-1")}

    return Client(app)


@pytest.mark.parametrize(
    ("declared", "kind"), [(bytes, OCTETS), (str, "text/plain"), (IO[bytes], OCTETS)]
)
def test_a_body_may_be_empty(declared: Any, kind: str) -> None:
    client = reading(declared)
    for content in (b"", b"abc"):
        response = client.post("/stream", content=content, content_type=kind)
        assert response.json == {"content": content.decode()}


def test_a_text_that_is_not_utf_8() -> None:
    response = reading(str).post("/stream", content=b"ab\xff", content_type="text/plain")
    assert response.status == 400
    assert "The body is not UTF-8 at byte 2." in response.text


@pytest.mark.parametrize("declared", [bytes, IO[bytes]])
def test_a_stream_without_a_length_is_bounded(declared: Any) -> None:
    client = reading(declared, max_upload_size=10)
    for size, status in ((10, 200), (11, 413)):
        response = client.post("/stream", content=b"x" * size, content_type=OCTETS)
        assert response.status == status


def test_a_parameter_that_an_extension_reads_is_not_unknown() -> None:
    app = App("Queries")
    app.install(Keys())

    @app.get("/none")
    def none() -> dict[str, str]:
        return {}

    @app.get("/strict")
    @takes(query=Schema.from_dict({"a": fields.Str()}))
    def strict(query: dict[str, Any]) -> dict[str, Any]:
        return query

    @app.get("/both")
    @takes(query=QuerySchema)
    def both(query: dict[str, Any]) -> dict[str, Any]:
        return query

    @app.get("/loose")
    @takes(query=LooseSchema)
    def loose(query: dict[str, Any]) -> dict[str, Any]:
        return query

    client = Client(app)
    assert client.get("/none?key=1").json == {}
    assert client.get("/strict?key=1&a=2").json == {"a": "2"}
    assert client.get("/both?key=1&a=2").json == {"a": "2", "key": "1"}
    assert client.get("/loose?key=1&a=2&b=3").json == {"a": "2"}
    for url in ("/none?other=1", "/strict?key=1&other=2", "/both?other=2"):
        response = client.get(url)
        assert [each["parameter"] for each in response.problem["errors"]] == ["other"]


def test_a_media_type_that_nothing_reads_is_a_mistake() -> None:
    app = App("Bodies")

    @takes(body=QuerySchema, media_types=["application/x-own"])
    def post(body: dict[str, Any]) -> None: ...

    with pytest.raises(DeclarationError, match="takes application/x-own, which no handler reads"):
        app.post("/")(post)
