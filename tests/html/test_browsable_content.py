"""What a browsable page shows of a response: JSON as markup, text, and where both are cut."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pytest

from restkit.html.browsable.content_view import Place, json_markup, plain_text
from restkit.html.browsable.exchange import ACCEPT, MOST_READ, Received, inner_environ, send


def no_link(value: object, at: Place) -> None:
    return None


def received(media_type: str, body: bytes, *, is_cut: bool = False) -> Received:
    return Received(200, [("content-type", media_type)], body, is_cut)


# JSON


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (None, '<span class="n">null</span>'),
        (True, '<span class="n">true</span>'),
        (1.5, '<span class="n">1.5</span>'),
        ("é", '<span class="s">&#34;é&#34;</span>'),
        ("a\u202eb", '<span class="s">&#34;a\\u202eb&#34;</span>'),
        (
            {"é\u200b": 1},
            '{\n  <span class="k">&#34;é\\u200b&#34;</span>: <span class="n">1</span>\n}',
        ),
        ("x" * 1998, f'<span class="s">&#34;{"x" * 1998}&#34;</span>'),
        (
            "x" * 2009,
            f'<span class="s">&#34;{"x" * 1999}</span><span class="cut">… 11 characters</span>',
        ),
        ({}, "{}"),
        ([], "[]"),
        ({"a": []}, '{\n  <span class="k">&#34;a&#34;</span>: []\n}'),
        ([{}, {}], "[\n  {},\n  {}\n]"),
        (
            {"a": [1, 2], "b": {"c": None}},
            '{\n  <span class="k">&#34;a&#34;</span>: [\n    <span class="n">1</span>,\n'
            '    <span class="n">2</span>\n  ],\n  <span class="k">&#34;b&#34;</span>: {\n'
            '    <span class="k">&#34;c&#34;</span>: <span class="n">null</span>\n  }\n}',
        ),
    ],
)
def test_json_is_indented(data: object, shown: str) -> None:
    """Objects and lists have a line for each member, unless they are empty."""
    assert json_markup(data, no_link) == (shown, False)


@pytest.mark.parametrize(
    ("url", "attributes"),
    [
        ("/authors/1", 'href="/authors/1"'),
        ("https://a.example/", 'href="https://a.example/" rel="noreferrer"'),
        ("http://a.example/", 'href="http://a.example/" rel="noreferrer"'),
        ("#schema-Book", 'href="#schema-Book"'),
        ("", 'href=""'),
    ],
)
def test_values_are_links(url: str, attributes: str) -> None:
    """Another site does not learn the URL of the page."""
    assert json_markup(7, lambda value, at: url)[0] == f"<a {attributes}>7</a>"


def test_the_place_of_a_value() -> None:
    """A member has its object, an item of a list the name of the list."""
    inner = {"d": 3, "e": [{"f": 4}]}
    data = {"a": 1, "b": [2], "c": inner}
    seen: list[tuple[object, Place]] = []
    json_markup(data, lambda value, at: seen.append((value, at)))
    assert seen == [
        (1, Place("a", data, ())),
        (2, Place("b", None, ())),
        (3, Place("d", inner, ("c",))),
        (4, Place("f", {"f": 4}, ("c", "e"))),
    ]
    seen.clear()
    json_markup(["x"], lambda value, at: seen.append((value, at)))
    assert seen == [("x", Place("", None, ()))]


def test_json_is_cut_after_a_hundred_thousand_characters() -> None:
    """A page of exactly so many characters is whole; of a larger one the beginning is shown."""

    def whole(last: int) -> list[str]:
        return [*["x" * 1900] * 51, "y" * last]

    needed = 100_000 - len(json_markup(whole(0), no_link)[0])
    assert 0 < needed < 1900
    text, is_cut = json_markup(whole(needed), no_link)
    assert len(text) == 100_000
    assert not is_cut
    text, is_cut = json_markup(whole(needed + 1), no_link)
    assert len(text) == 100_001
    assert is_cut
    longer, is_cut = json_markup([*whole(needed + 1), 1, 2, 3], no_link)
    assert is_cut
    assert longer.startswith(text[:-40])
    assert len(longer) < 100_100


@pytest.mark.parametrize(
    ("of", "text", "is_cut"),
    [
        (received("text/plain; charset=utf-8", b"a\xff"), "a\ufffd", False),
        (received("TEXT/CSV", b"a,b"), "a,b", False),
        (received("text/plain", b"a", is_cut=True), "a", True),
        (received("text/plain", "a\u200bb".encode()), "a\\u200bb", False),
        (received("application/atom+xml", b"<a/>"), "<a/>", False),
        (received("application/yaml", b"a: 1"), "a: 1", False),
        (received("application/javascript", b"a()"), "a()", False),
        (received("application/json", b"{"), "{", False),
        (received("application/octet-stream", b"a"), "", True),
        (received("application/octet-stream", b""), "", False),
        (received("text/plain", b""), "", False),
        (received("text/plain", b"a\0"), "", True),
        (received("text/plain", b"a" * 999 + b"\0"), "", True),
        (received("text/plain", b"a" * 1000 + b"\0"), "a" * 1000 + "\0", False),
        (received("text/plain", b"a" * 100_000), "a" * 100_000, False),
        (received("text/plain", b"a" * 100_001), "a" * 100_000, True),
        (Received(200, [], b"a"), "", True),
    ],
)
def test_text_that_is_no_json(of: Received, text: str, is_cut: bool) -> None:
    """What is no text is not shown."""
    assert plain_text(of) == (text, is_cut)


# the request and the response


@pytest.mark.parametrize(
    ("of", "data"),
    [
        (received("application/json; charset=utf-8", b"[1]"), [1]),
        (received("Application/Problem+JSON", b"{}"), {}),
        (received("application/json", b"[1]", is_cut=True), None),
        (received("application/json", b""), None),
        (received("application/json", b"[1"), None),
        (received("text/json", b"[1]"), None),
        (received("application/x+json+zip", b"[1]"), None),
        (Received(200, [], b"[1]"), None),
    ],
)
def test_the_json_of_a_response(of: Received, data: object) -> None:
    assert of.data() == data


def test_headers_of_a_response() -> None:
    """Any case, and all values of a name."""
    found = Received(200, [("Vary", "A"), ("x", "1"), ("vary", "B")], b"")
    assert [found.header(name) for name in ("VARY", "X", "y")] == ["A, B", "1", ""]
    assert found.media_type == ""
    assert found[2:] == (b"", False, 0.0)


ENVIRON: dict[str, Any] = {
    "REQUEST_METHOD": "POST",
    "QUERY_STRING": "a=1",
    "PATH_INFO": "/x",
    "CONTENT_TYPE": "text/plain",
    "CONTENT_LENGTH": "3",
    "HTTP_TRANSFER_ENCODING": "chunked",
    "HTTP_ACCEPT": "text/html",
    "HTTP_IF_NONE_MATCH": '"a"',
    "HTTP_IF_MODIFIED_SINCE": "x",
    "HTTP_IF_RANGE": '"a"',
    "HTTP_RANGE": "bytes=0-1",
    "HTTP_UPGRADE_INSECURE_REQUESTS": "1",
    "HTTP_COOKIE": "a=1",
    "wsgi.input": io.BytesIO(b"abc"),
}


def test_the_request_of_a_page_without_content() -> None:
    """It asks for JSON, and has nothing of what the browser says about the page."""
    inner = inner_environ(ENVIRON, "GET", "b=2", headers={"If-Match": '"t"', "Cookie": "b=2"})
    assert inner.pop("wsgi.input").read() == b""
    assert inner == {
        "REQUEST_METHOD": "GET",
        "QUERY_STRING": "b=2",
        "PATH_INFO": "/x",
        "HTTP_ACCEPT": ACCEPT,
        "HTTP_COOKIE": "b=2",
        "HTTP_IF_MATCH": '"t"',
    }


@pytest.mark.parametrize("body", [b"{}", io.BytesIO(b"{}")])
def test_the_request_of_a_form(body: Any) -> None:
    inner = inner_environ(ENVIRON, "PUT", "", content=("application/json", body, 2))
    assert inner["CONTENT_TYPE"] == "application/json"
    assert inner["CONTENT_LENGTH"] == "2"
    assert inner["wsgi.input"].read() == b"{}"
    assert "HTTP_TRANSFER_ENCODING" not in inner
    assert ENVIRON["CONTENT_TYPE"] == "text/plain"


class Content:
    """Chunks that say how often they were closed."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.chunks = chunks
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        yield from self.chunks

    def close(self) -> None:
        self.closed += 1


def app_of(content: Iterable[bytes]) -> Callable[..., Iterable[bytes]]:
    def app(environ: Mapping[str, object], start: Callable[..., object]) -> Iterable[bytes]:
        start("500 Wrong", [("a", "1")])
        start("201 Created", [("b", "2")])
        return content

    return app


@pytest.mark.parametrize(
    ("sizes", "size", "is_cut"),
    [
        ([999_999, 1], 1_000_000, False),
        ([999_999, 2], 1_000_000, True),
        ([0], 0, False),
        ([MOST_READ - 1, 1], MOST_READ, False),
        ([MOST_READ, 1], MOST_READ, True),
        ([MOST_READ, 1, 1], MOST_READ, True),
        ([MOST_READ + 5], MOST_READ, True),
    ],
)
def test_a_response_is_read_up_to_a_million_bytes(
    sizes: list[int], size: int, is_cut: bool
) -> None:
    """The last start of the response counts, and its content is closed."""
    content = Content(b"x" * each for each in sizes)
    found = send(app_of(content), {})
    assert (found.status, found.headers) == (201, [("b", "2")])
    assert (len(found.body), found.is_cut) == (size, is_cut)
    assert content.closed == 1
    assert 0 < found.seconds < time.perf_counter()  # no time since some point in the past


def test_a_response_that_fails_is_closed_too() -> None:
    def failing() -> Iterator[bytes]:
        yield b"x"
        raise OSError("gone")

    content = Content(failing())
    with pytest.raises(OSError, match="gone"):
        send(app_of(content), {})
    assert content.closed == 1


def test_the_function_of_start_response_is_not_for_use() -> None:
    def app(environ: Mapping[str, object], start: Callable[..., Any]) -> Iterable[bytes]:
        start("200 OK", [])(b"x")
        return []

    with pytest.raises(TypeError, match="write"):
        send(app, {})
