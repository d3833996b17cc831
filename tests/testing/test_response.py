"""What the client hands back: status, headers, content, problems, streams."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response

from restkit.testing import Client, TestResponse

from .programs import Program, answer, bare


def test_answer() -> None:
    """An answer has its status as a number, its headers, bytes, text and media type."""
    response = answer(
        response="é".encode("latin-1"), status=201, content_type="text/plain; charset=latin-1"
    )
    assert response.status == 201
    assert response.body == b"\xe9"
    assert response.data == b"\xe9"
    assert response.text == "é"
    assert response.media_type == "text/plain"
    assert response.headers["content-type"] == "text/plain; charset=latin-1"
    assert repr(response) == "<TestResponse 201 text/plain, 1 bytes>"


def test_json_of_an_answer() -> None:
    """The property json is the decoded content;
    other responses are a clear error that quotes their beginning.
    """
    assert answer(response="[1]", content_type="application/vnd.own+json").json == [1]
    with pytest.raises(
        ValueError, match=r"The response 200 to GET http://localhost/ is text/html, not JSON: b'<p>"
    ):
        _ = answer(response="<p>" + "x" * 500, content_type="text/html").json
    with pytest.raises(ValueError, match=r"says it is application/json, but Expecting .*: b'\{'"):
        _ = answer(response="{", content_type="application/json").json
    with pytest.raises(ValueError, match="is without a Content-Type, not JSON: b''"):
        _ = bare().json


def test_problem_of_an_answer() -> None:
    """The property problem is the members of a problem; any other answer is a clear error."""
    response = answer(
        response='{"status": 404}', status=404, content_type="application/problem+json"
    )
    assert response.problem == {"status": 404}
    with pytest.raises(ValueError, match="is not a problem but text/plain: b'x'"):
        _ = answer(response="x").problem
    with pytest.raises(ValueError, match="is not a problem but empty"):
        _ = bare().problem


def test_stream() -> None:
    """stream=True hands the answer over before its content is made, chunk by chunk."""
    made: list[str] = []

    def chunks() -> Iterator[bytes]:
        try:
            for each in ("a", "b", "c"):
                made.append(each)
                yield each.encode()
        finally:
            made.append("closed")

    client = Client(Program(lambda request: Response(chunks())))
    response = client.get("/", stream=True)
    assert made == ["a"]  # PEP 3333: the headers come with the first chunk
    assert repr(response) == "<TestResponse 200 text/plain, stream>"
    stream = response.iter_chunks()
    assert next(stream) == b"a"
    assert next(stream) == b"b"
    assert made == ["a", "b"]
    assert response.body == b"c"
    assert made == ["a", "b", "c", "closed"]

    made.clear()
    with client.get("/", stream=True) as response:
        assert response.status == 200
    assert made == ["a", "closed"]


@pytest.mark.parametrize(
    "content", [b'{"a": [1]}', b"[1, 2]", b'"text"', b"7", b"1.5"], ids=lambda each: each.decode()
)
def test_json_may_be_called(content: bytes) -> None:
    """`json` is the value, and `json()` is the same value, as requests and httpx have it."""
    it = answer(response=content, content_type="application/json")
    assert it.json == json.loads(content)
    assert it.json() == json.loads(content)
    assert json.dumps(it.json) == json.dumps(json.loads(content))


@pytest.mark.parametrize("content", [b"null", b"true", b"false"])
def test_json_constants(content: bytes) -> None:
    """null, true and false are Python's own constants."""
    it = answer(response=content, content_type="application/json")
    assert it.json is json.loads(content)


def test_names_of_other_clients() -> None:
    """`status_code` and `content` are the status and the body."""
    it = answer(response=b"text", status=201, content_type="text/plain")
    assert it.status_code == 201
    assert it.content == b"text"


def made(status: int, media_type: str, body: bytes) -> TestResponse:
    headers = Headers([("Content-Type", media_type)] if media_type else [])
    return TestResponse(status, headers, [body], method="GET", url="http://localhost/a")


@pytest.mark.parametrize(
    ("status", "media_type", "says"),
    [
        (200, "application/problem+json", "is not a problem but application/problem+json: b'{}'"),
        (399, "application/problem+json", "is not a problem but application/problem+json: b'{}'"),
        (400, "application/json", "is not a problem but application/json: b'{}'"),
        (404, "", "is not a problem but empty: b'{}'"),
    ],
)
def test_what_is_no_problem_is_told(status: int, media_type: str, says: str) -> None:
    """By its status, and by its media type."""
    with pytest.raises(ValueError, match=r"^The response \d+ to GET http://localhost/a ") as raised:
        assert made(status, media_type, b"{}").problem
    assert str(raised.value).endswith(says)
    assert made(400, "application/problem+json", b'{"a": 1}').problem == {"a": 1}


@pytest.mark.parametrize(
    ("media_type", "body", "says"),
    [
        ("text/plain", b"x" * 200, f"is text/plain, not JSON: {b'x' * 200!r}"),
        ("text/plain", b"x" * 201, f"is text/plain, not JSON: {b'x' * 200!r}..."),
        ("", b"x", "is without a Content-Type, not JSON: b'x'"),
        ("application/json", b"x", "says it is application/json, but Expecting value"),
        ("application/a+json", b"x", "says it is application/a+json, but Expecting value"),
    ],
)
def test_what_is_no_json_is_told_with_its_beginning(
    media_type: str, body: bytes, says: str
) -> None:
    """Two hundred bytes of it."""
    with pytest.raises(ValueError, match=r"^The response 200 to GET ") as raised:
        assert made(200, media_type, body).json
    assert says in str(raised.value)
    assert str(raised.value).endswith("...") is (len(body) > 200)
