"""Response and Answer: what goes out, and what cannot stand in a header."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from restkit import App, Request, Response, returns
from restkit.response import PlainResponse, header_items, is_stream, status_line
from restkit.testing import Client


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (200, "200 OK"),
        (204, "204 No Content"),
        (413, "413 Content Too Large"),
        (416, "416 Range Not Satisfiable"),
        (422, "422 Unprocessable Content"),
        (418, "418 I'm a Teapot"),
        (299, "299 Unknown"),
        (599, "599 Unknown"),
    ],
)
def test_status_lines(status: int, line: str) -> None:
    """A status line is the code and RFC 9110's phrase, on every version of Python."""
    assert status_line(status).lower() == line.lower()


def test_headers_as_mapping_or_pairs() -> None:
    """Headers come as a mapping or as pairs, which may repeat a name; values become text."""
    assert header_items({"X-A": "b"}) == [("X-A", "b")]
    assert header_items([("X-A", "b"), ("X-A", "c")]) == [("X-A", "b"), ("X-A", "c")]
    assert header_items({"X-A": 5}) == [("X-A", "5")]  # type: ignore[dict-item]
    assert header_items({"X-A": "\xe9\t "}) == [("X-A", "\xe9\t ")]


@pytest.mark.parametrize(
    "header",
    [
        ("X-A", "a\r\nSet-Cookie: b"),
        ("X-A", "a\nb"),
        ("X-A", "a\rb"),
        ("X-A", "a\x00b"),
        ("X-A", "a\x7fb"),
        ("X-A", "\u20ac"),
        ("X-A", "\ud800"),
        ("X A", "b"),
        ("X-A\r\nX-B", "b"),
        ("X-A:", "b"),
        ("", "b"),
        ("X-\xe9", "b"),
        (None, "b"),
        (5, "b"),
    ],
)
def test_what_cannot_be_a_header_is_refused(header: Any) -> None:
    """A name or value that would break the head of the answer is an error."""
    with pytest.raises(ValueError, match="header"):
        header_items([header])


def test_a_method_cannot_inject_headers() -> None:
    """A line break in a header that a method returns is a 500, not a second header."""
    app = App("Injection")

    @app.get("/tuple")
    @returns(None, headers={"X-A": "Anything."})
    def tuple_() -> Any:
        return {}, {"X-A": "a\r\nX-Evil: b"}

    client = Client(app, raise_errors=False)
    response = client.get("/tuple")
    assert response.problem["status"] == 500
    assert "X-Evil" not in response.headers


def test_an_answer_becomes_a_response() -> None:
    """For a middleware an answer is a Response with the same status, headers and content."""
    response = PlainResponse(
        201, [("Content-Type", "text/plain"), ("X-A", "1"), ("X-A", "2")], b"made"
    ).to_response()
    assert response.status_code == 201
    assert response.get_data() == b"made"
    assert response.headers.getlist("X-A") == ["1", "2"]
    assert response.headers.getlist("Content-Type") == ["text/plain"]


def test_streams_are_told_from_bytes() -> None:
    """An answer streams where its content is still to be made."""
    assert not is_stream(PlainResponse(200, [], b""))
    assert is_stream(PlainResponse(200, [], iter([b""])))
    assert not is_stream(Response("text"))
    assert is_stream(Response(iter(["text"])))


def test_a_middleware_may_change_a_stream() -> None:
    """A streamed answer passes through a middleware as a stream."""
    app = App("Stream")

    @app.middleware
    def mark(request: Request, proceed: Any) -> Response:
        response = proceed(request)
        response.headers["X-Streamed"] = str(response.is_streamed).lower()
        return response

    @app.get("/x")
    @returns(None, media_types=["text/plain"])
    def get() -> Iterator[str]:
        yield "a"
        yield "b"

    answer = Client(app).get("/x", stream=True)
    assert answer.headers["X-Streamed"] == "true"
    assert list(answer.iter_chunks()) == [b"a", b"b"]


def test_a_response_passes_through() -> None:
    """A Response of the method's own goes out as it is."""
    app = App("Own")

    @app.get("/x")
    def get() -> Response:
        return Response("own", 203, {"X-A": "b"}, mimetype="text/csv")

    response = Client(app, contract=False).get("/x")
    assert response.status == 203
    assert response.text == "own"
    assert response.headers["X-A"] == "b"
    assert response.media_type == "text/csv"
