"""The versions of MCP, and the headers that must match the content since 2026-07-28."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from agents import FORMER, NEWEST, Agent, shelf_app

from restkit.mcp import MCP

_VERSION = "io.modelcontextprotocol/protocolVersion"
_CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"


def _agent(version: str = NEWEST) -> Agent:
    app = shelf_app()
    app.install(MCP(["Books"]))
    return Agent(app, version)


def _sent(headers: dict[str, str | None], meta: dict[str, Any], method: str = "tools/list") -> Any:
    agent = _agent()
    message = agent.message(method, {"name": "listBooks"})
    for name, value in meta.items():
        message["params"]["_meta"][name] = value
        if value is None:
            del message["params"]["_meta"][name]
    sent = {**agent.head(message), **headers}
    return agent.client.post(
        "/mcp", json=message, headers={name: value for name, value in sent.items() if value}
    )


@pytest.mark.parametrize(
    ("headers", "method"),
    [
        ({"MCP-Protocol-Version": None}, "tools/list"),
        ({"MCP-Protocol-Version": FORMER}, "tools/list"),
        ({"Mcp-Method": None}, "tools/list"),
        ({"Mcp-Method": "tools/call"}, "tools/list"),
        ({"Mcp-Method": "Tools/List"}, "tools/list"),
        ({"Mcp-Name": None}, "tools/call"),
        ({"Mcp-Name": "getBook"}, "tools/call"),
        ({"Mcp-Name": "listBooks,getBook"}, "tools/call"),
        ({"Mcp-Name": "=?base64?!?="}, "tools/call"),
        ({"Mcp-Name": "=?base64?/w==?="}, "tools/call"),
    ],
)
def test_headers_that_do_not_match(headers: dict[str, str | None], method: str) -> None:
    """A header that is missing or has another value is -32020."""
    response = _sent(headers, {}, method)
    assert response.status == 400
    assert response.json["id"] == 7
    assert response.json["error"]["code"] == -32020


def test_an_encoded_name() -> None:
    """The name of a tool may be encoded in its header."""
    name = f"=?base64?{base64.b64encode(b'listBooks').decode()}?="
    assert _sent({"Mcp-Name": name}, {}, "tools/call").status == 200


@pytest.mark.parametrize("name", [_VERSION, _CAPABILITIES])
@pytest.mark.parametrize("value", [None, 7, []])
def test_metadata_that_is_missing(name: str, value: object) -> None:
    """Both members are required, and of their types."""
    response = _sent({}, {name: value})
    assert response.status == 400
    assert response.json["error"]["code"] == -32602


@pytest.mark.parametrize("version", ["1900-01-01", "2024-11-05", "2099-01-01", "x" * 500])
def test_an_unknown_version(version: str) -> None:
    """It is -32022 with the versions that are supported."""
    response = _sent({"MCP-Protocol-Version": version}, {_VERSION: version})
    assert response.status == 400
    assert response.json["error"] == {
        "code": -32022,
        "message": "Unsupported protocol version",
        "data": {
            "supported": ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"],
            "requested": version[:64],
        },
    }


@pytest.mark.parametrize("message", [{"id": 1}, {}])
def test_an_unknown_version_in_the_header_alone(message: dict[str, Any]) -> None:
    """Requests and notifications without metadata are refused alike."""
    response = _agent().client.post(
        "/mcp",
        json={"jsonrpc": "2.0", "method": "tools/list", **message},
        headers={"MCP-Protocol-Version": "2099-01-01"},
    )
    assert response.status == 400
    assert response.json["error"]["code"] == -32022


def test_an_old_version_is_not_stateless() -> None:
    """Metadata of a version that has none, without its header, is a mismatch."""
    response = _sent({"MCP-Protocol-Version": NEWEST}, {_VERSION: FORMER})
    assert response.json["error"]["code"] == -32020


@pytest.mark.parametrize("version", ["2025-11-25", "2025-06-18", "2025-03-26"])
def test_former_versions(version: str) -> None:
    """They need no metadata, and their results have none."""
    result = _agent(version).send("tools/list").json["result"]
    assert result.keys() == {"tools"}


def test_without_a_version() -> None:
    """A request without the header is one of 2025-03-26."""
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    assert _agent().client.post("/mcp", json=message).json["result"].keys() == {"tools"}
