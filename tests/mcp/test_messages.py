"""Messages of JSON-RPC: what is none gets an error of the protocol, never a 500."""

from __future__ import annotations

import json

import pytest
from agents import FORMER, Agent, shelf_app

from restkit import Resource
from restkit.mcp import MCP
from restkit.security import HTTPBearer
from restkit.testing import TestResponse


class Secret(Resource):
    """A secret."""

    security = (HTTPBearer(lambda token: None),)

    def get(self) -> dict[str, str]:
        """Get the secret."""
        return {}


def _agent() -> Agent:
    app = shelf_app()
    app.install(MCP(["Books"]))
    return Agent(app, FORMER)


_HOSTILE: list[tuple[str, bytes, int]] = [
    ("empty", b"", -32700),
    ("no JSON", b"{", -32700),
    ("UTF-16", "{}".encode("utf-16"), -32700),
    ("duplicate members", b'{"jsonrpc": "2.0", "id": 1, "id": 2, "method": "ping"}', -32700),
    ("a huge id", b'{"jsonrpc": "2.0", "id": ' + b"9" * 5000 + b', "method": "ping"}', -32700),
    ("an id over 64 bits", b'{"jsonrpc": "2.0", "id": 9223372036854775808}', -32700),
    ("deep", b'{"a":' * 2000 + b"1" + b"}" * 2000, -32700),
    ("NaN", b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"a": NaN}}', -32700),
    ("a surrogate", b'{"jsonrpc": "2.0", "id": "\\ud800", "method": "ping"}', -32700),
    ("an empty batch", b"[]", -32600),
    ("a long batch", b"[" + b",".join([b"{}"] * 11) + b"]", -32600),
    ("a session in a batch", b'[{"jsonrpc": "2.0", "id": 1, "method": "initialize"}]', -32600),
    ("a number", b"7", -32600),
    ("null", b"null", -32600),
    ("another version", b'{"jsonrpc": "1.0", "id": 1, "method": "ping"}', -32600),
    ("no version", b'{"id": 1, "method": "ping"}', -32600),
    ("a response", b'{"jsonrpc": "2.0", "id": 1, "result": {}}', -32600),
    ("a method that is none", b'{"jsonrpc": "2.0", "id": 1, "method": 7}', -32600),
    ("an empty method", b'{"jsonrpc": "2.0", "id": 1, "method": ""}', -32600),
    ("a null id", b'{"jsonrpc": "2.0", "id": null, "method": "ping"}', -32600),
    ("an id that is true", b'{"jsonrpc": "2.0", "id": true, "method": "ping"}', -32600),
    ("a fraction as id", b'{"jsonrpc": "2.0", "id": 1.5, "method": "ping"}', -32600),
    ("a list as id", b'{"jsonrpc": "2.0", "id": [1], "method": "ping"}', -32600),
    (
        "a long id",
        json.dumps({"jsonrpc": "2.0", "id": "x" * 1001, "method": "ping"}).encode(),
        -32600,
    ),
    ("params of a list", b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": [1]}', -32602),
]


@pytest.mark.parametrize(
    ("content", "code"), [each[1:] for each in _HOSTILE], ids=[e[0] for e in _HOSTILE]
)
def test_no_message(content: bytes, code: int) -> None:
    """It is a 400 with the code of the fault, which does not repeat the content."""
    response = _agent().client.post(
        "/mcp", content=content, headers={"Content-Type": "application/json"}
    )
    assert response.status == 400
    assert response.json["jsonrpc"] == "2.0"
    assert response.json["error"]["code"] == code
    assert "ping" not in response.json["error"]["message"]


def _batch(*messages: object, version: str | None = None) -> TestResponse:
    headers = {} if version is None else {"MCP-Protocol-Version": version}
    return _agent().client.post("/mcp", json=[*messages], headers=headers)


@pytest.mark.parametrize("version", [None, "2025-03-26"])
def test_batches(version: str | None) -> None:
    """Version 2025-03-26 has them: each request gets its response, notifications get none."""
    params = {"name": "createBook", "arguments": {"title": "Emma"}}
    found = _batch(
        {"jsonrpc": "2.0", "id": 1, "method": "ping"},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": "b", "method": "tools/call", "params": params},
        {"jsonrpc": "2.0", "id": 3, "method": "unknown"},
        {"jsonrpc": "2.0", "id": 4, "method": 7},
        [],
        version=version,
    )
    assert found.status == 200
    assert [each["id"] for each in found.json] == [1, "b", 3, 4, None]
    assert found.json[0]["result"] == {}
    codes = [each["error"]["code"] for each in found.json[1:]]
    assert codes == [-32602, -32601, -32600, -32600]


def test_a_batch_of_notifications() -> None:
    """It is a 202 without content."""
    found = _batch({"jsonrpc": "2.0", "method": "notifications/cancelled"})
    assert (found.status, found.content) == (202, b"")


@pytest.mark.parametrize("version", ["2025-06-18", "2025-11-25", "2026-07-28", "x"])
def test_versions_without_batches(version: str) -> None:
    """2025-06-18 removed them."""
    found = _batch({"jsonrpc": "2.0", "id": 1, "method": "ping"}, version=version)
    assert found.status == 400
    assert found.json["error"]["code"] == -32600


def test_a_call_of_a_batch_that_needs_a_token() -> None:
    """The response is the 401 of the App."""
    app = shelf_app(security=HTTPBearer(lambda token: None))
    app.install(MCP(["Books"], public=True))
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "listBooks"}}
    assert Agent(app, FORMER).client.post("/mcp", json=[call]).status == 401


def test_a_batch_loses_no_answer() -> None:
    """A later call that needs a token is an error in the list, and the others are done."""
    app = shelf_app()
    app.add("/secret", Secret)
    app.install(MCP(["Books", "Secret"], public=True))
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    calls = [
        {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": {"name": name}}
        for number, name in ((2, "listBooks"), (3, "getSecret"), (4, "listBooks"))
    ]
    client = Agent(app, FORMER).client
    found = client.post("/mcp", json=[ping, *calls])
    assert found.status == 200
    assert [each["id"] for each in found.json] == [1, 2, 3, 4]
    assert found.json[2]["error"]["code"] == 401
    assert ["result" in each for each in found.json] == [True, True, False, True]
    notification = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    alone = client.post("/mcp", json=[notification, calls[1]])
    assert alone.status == 401
    assert alone.headers["WWW-Authenticate"].startswith("Bearer")


def test_the_id_of_an_invalid_request_is_sent_back() -> None:
    """An id that could be read is that of the error; another one is null."""
    client = _agent().client
    given = {"jsonrpc": "2.0", "id": "a", "method": "ping", "params": 7}
    assert client.post("/mcp", json=given).json["id"] == "a"
    assert client.post("/mcp", json={"jsonrpc": "2.0", "id": {}, "method": "x"}).json["id"] is None


@pytest.mark.parametrize("number", [0, -1, 2**63 - 1, "", "ü", "x" * 1000])
def test_ids(number: int | str) -> None:
    """Integers and texts come back as they are."""
    message = {"jsonrpc": "2.0", "id": number, "method": "ping"}
    assert _agent().client.post("/mcp", json=message).json["id"] == number


def test_http_decides_before_the_message() -> None:
    """Another media type, another method and an Accept without JSON are problems of HTTP."""
    client = _agent().client
    assert client.post("/mcp", content=b"{}", headers={"Content-Type": "text/plain"}).status == 415
    assert client.get("/mcp").status == 405
    assert client.get("/mcp").headers["Allow"] == "OPTIONS, POST"
    assert client.delete("/mcp").status == 405
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    assert client.post("/mcp", json=ping, headers={"Accept": "text/event-stream"}).status == 406


def test_content_that_is_too_large() -> None:
    """The limit of the App holds."""
    app = shelf_app(max_body_size=1000)
    app.install(MCP(["Books"]))
    response = Agent(app).client.post("/mcp", json={"a": "x" * 2000})
    assert response.status == 413


def test_arguments_may_be_as_deep_as_content() -> None:
    """The levels of a message around the arguments do not count."""
    nested: object = 1
    for _ in range(62):
        nested = [nested]
    agent = _agent()
    response = agent.send("tools/call", {"name": "getBook", "arguments": {"id": nested}})
    assert response.json["result"]["isError"] is True
