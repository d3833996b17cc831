"""Bad inputs of every kind at the bookstore under gunicorn get the response that is declared."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from databases import KINDS as DATABASES
from databases import database_url

from .attack import HOST, MARKER, Attack, message
from .oracle import Document, faults_of
from .run import KINDS, make, run
from .wire import Malformed, Received, read_responses

EACH = 8
SEED = 20261129
PROBLEM = {"type": "about:blank", "title": "Not Found", "status": 404}
DOCUMENT = Document(
    {
        "paths": {
            "/books/{id}": {
                "get": {
                    "responses": {
                        "200": {"content": {"application/json": {"schema": {"type": "object"}}}},
                        "404": {"content": {"application/problem+json": {}}},
                    }
                }
            }
        }
    }
)


@pytest.mark.parametrize("kind", DATABASES)
def test_bad_inputs(kind: str, tmp_path: Path) -> None:
    """A few inputs of each kind; `python -m tests.bad_inputs` sends as many as one likes."""
    with database_url(kind, tmp_path) as url:
        report = run(url, tmp_path, each=EACH, seed=SEED)
    assert report.wrong == []
    assert len(report.sent) >= 25
    assert report.sent.total() == EACH * len(KINDS)
    # Most of them reach the application, which refuses most of these.
    assert report.statuses.total() > report.sent.total() / 2
    refused = sum(count for status, count in report.statuses.items() if status >= 400)
    assert refused > report.statuses.total() / 2


@pytest.mark.parametrize("kind", KINDS)
def test_attacks_come_of_their_seed(kind: str) -> None:
    made = [make(kind, number, SEED) for number in range(20)]
    assert made == [make(kind, number, SEED) for number in range(20)]
    assert len(set(made)) > 5
    assert KINDS[kind](Random(1)) == KINDS[kind](Random(1))


def judged(response: Received, attack: Attack | None = None, method: str = "GET") -> list[str]:
    sent = attack or Attack((b"",), path="/books/1")
    return list(faults_of(sent, method, response, DOCUMENT))


def problem(status: int = 404, **members: Any) -> Received:
    content = json.dumps(PROBLEM | {"status": status} | members).encode()
    headers = {"server": "x", "content-type": "application/problem+json"}
    return Received(status, headers, content)


def test_a_declared_problem_is_right() -> None:
    assert judged(problem()) == []
    content = Received(200, {"content-type": "application/json"}, b'{"id": 1}')
    assert judged(content) == []


HTML = {"content-type": "text/plain"}
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("response", "fault"),
    [
        (problem(500), "status 500"),
        (problem(409), "not declared"),
        (problem(405), "405 without allow"),
        (problem(title=""), "another status"),
        (problem(detail=MARKER.decode()), "repeats the input"),
        (problem(detail="Traceback"), "traceback"),
        (problem(detail="x" * 70_000), "bytes"),
        (Received(404, HTML, b"x"), "404 with"),
        (Received(404, problem().headers, b"{"), "no JSON"),
        (Received(200, JSON, b"[]"), "not as declared"),
        (Received(200, HTML, b"x"), "not declared"),
        (Received(200, JSON | {"x": "\xff"}, b"{}"), "odd bytes"),
        (Received(200, JSON | {"location": "//evil.example"}, b"{}"), "another host"),
    ],
)
def test_wrong_responses_are_seen(response: Received, fault: str) -> None:
    assert any(fault in each for each in judged(response)), judged(response)


def test_accepted_input_is_seen() -> None:
    accepted = Received(200, JSON, b"{}")
    attack = Attack((b"",), path="/books/1", refused=True, statuses=(422,))
    assert len(judged(accepted, attack)) == 2
    assert judged(problem(), attack)[0].startswith("status 404, not one of")


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nX: a\x00b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX y: a\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 999 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
    ],
)
def test_malformed_responses_are_seen(data: bytes) -> None:
    with pytest.raises(Malformed):
        read_responses(data, ["GET"])


def test_responses_in_a_row() -> None:
    data = (
        b"HTTP/1.1 100 Continue\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"
        b"HTTP/1.1 404 Not Found\r\nServer: x\r\nContent-Length: 3\r\n\r\n"
        b"HTTP/1.1 204 No Content\r\n\r\n"
    )
    found = read_responses(data, ["GET", "HEAD", "DELETE"])
    assert [(each.status, each.body) for each in found] == [(200, b"ab"), (404, b""), (204, b"")]


def test_messages_are_sent_as_they_are() -> None:
    raw = message("G T", "/\xff", [b"A:\x00"], b"{", kind=None)
    lines = [b"G T /\xff HTTP/1.1", b"Host: " + HOST, b"Connection: close", b"Content-Length: 1"]
    assert raw == b"\r\n".join([*lines, b"A:\x00", b"", b"{"])
