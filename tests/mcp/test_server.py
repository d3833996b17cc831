"""The methods of MCP in both eras: each request by itself."""

from __future__ import annotations

import logging

import pytest
from agents import FORMER, NEWEST, Agent, shelf_app

from restkit import App
from restkit.mcp import MCP

_ERAS = (NEWEST, FORMER)
_SERVER = "io.modelcontextprotocol/serverInfo"


def _app() -> App:
    app = shelf_app()
    app.install(MCP(["Books", "listTitles"], writes=["Books"], instructions="Read first."))
    return app


def test_discovery_says_what_the_server_is() -> None:
    """`server/discover` has the versions, the capabilities and for how long that holds."""
    result = Agent(_app()).send("server/discover").json["result"]
    assert result == {
        "resultType": "complete",
        "supportedVersions": ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"],
        "capabilities": {"tools": {}},
        "instructions": "Read first.",
        "ttlMs": 3_600_000,
        "cacheScope": "public",
        "_meta": {_SERVER: {"name": "Shelf", "version": "1.2"}},
    }


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("2025-03-26", "2025-03-26"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        ("2024-11-05", "2025-11-25"),
        ("2026-07-28", "2025-11-25"),
        (7, "2025-11-25"),
    ],
)
def test_initialize_negotiates_the_version(asked: object, given: str) -> None:
    """A known version is taken, and the newest of its era stands for another one."""
    agent = Agent(_app())
    response = agent.client.post(
        "/mcp",
        json={
            "jsonrpc": "2.0",
            "id": "a",
            "method": "initialize",
            "params": {"protocolVersion": asked},
        },
    )
    assert response.json["id"] == "a"
    assert response.json["result"] == {
        "protocolVersion": given,
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "Shelf", "version": "1.2"},
        "instructions": "Read first.",
    }
    assert "Mcp-Session-Id" not in response.headers


def test_a_notification_is_accepted() -> None:
    """A message without an id gets 202 and no content."""
    agent = Agent(_app(), FORMER)
    message = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    response = agent.client.post("/mcp", json=message)
    assert response.status == 202
    assert response.body == b""


def test_ping_is_of_the_former_era() -> None:
    """2026-07-28 has no ping and no initialize, and earlier versions no discovery."""
    app = _app()
    assert Agent(app, FORMER).send("ping").json["result"] == {}
    assert Agent(app).send("ping").status == 404
    assert Agent(app, FORMER).send("server/discover").json["error"]["code"] == -32601


@pytest.mark.parametrize(("version", "status"), [(NEWEST, 404), (FORMER, 200)])
def test_an_unknown_method(version: str, status: int) -> None:
    """It is -32601, with the status of its era."""
    response = Agent(_app(), version).send("resources/list")
    assert response.status == status
    assert response.json["error"]["code"] == -32601
    assert "tools/call" in response.json["error"]["message"]


@pytest.mark.parametrize(("version", "status"), [(NEWEST, 400), (FORMER, 200)])
def test_an_unknown_tool(version: str, status: int) -> None:
    """It is -32602, with the tool that was probably meant."""
    response = Agent(_app(), version).send("tools/call", {"name": "getBok"})
    assert response.status == status
    assert response.json["error"] == {
        "code": -32602,
        "message": "Unknown tool. Did you mean 'getBook'?",
    }


@pytest.mark.parametrize("params", [{"arguments": {}}, {"name": "getBook", "arguments": [1]}])
def test_a_malformed_call(params: dict[str, object]) -> None:
    """A call without a name, or with a list of arguments, is -32602."""
    response = Agent(_app(), FORMER).send("tools/call", params)
    assert response.json["error"]["code"] == -32602


def test_there_is_one_page_of_tools() -> None:
    """A cursor is -32602; the list says for how long it holds."""
    agent = Agent(_app())
    assert agent.send("tools/list", {"cursor": "x"}).json["error"]["code"] == -32602
    result = agent.send("tools/list").json["result"]
    assert result["ttlMs"] == 300_000
    assert result["cacheScope"] == "public"
    assert result["resultType"] == "complete"


@pytest.mark.parametrize("version", _ERAS)
def test_tools_have_annotations(version: str) -> None:
    """Methods that only read say so, and those that replace or delete say that."""
    tools = Agent(_app(), version).tools()
    hints = {
        name: (
            each["annotations"]["readOnlyHint"],
            each["annotations"]["destructiveHint"],
            each["annotations"]["idempotentHint"],
        )
        for name, each in tools.items()
    }
    assert hints == {
        "listBooks": (True, False, True),
        "createBook": (False, False, False),
        "getBook": (True, False, True),
        "replaceBook": (False, True, True),
        "updateBook": (False, True, False),
        "deleteBook": (False, True, True),
        "listTitles": (True, False, True),
    }


def test_a_list_of_callers_is_private() -> None:
    """If callers have documents of their own, each has tools of its own, for no shared cache."""
    app = shelf_app(docs_by_caller=True)
    app.install(MCP(["Books"]))
    result = Agent(app).send("tools/list").json["result"]
    assert result["cacheScope"] == "private"
    assert [each["name"] for each in result["tools"]] == ["listBooks", "getBook"]


def test_many_tools_are_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    """41 tools are one too many, and 40 are not."""
    app = App("Wide")
    for number in range(41):
        app.add(f"/n{number}", _reading(number))
    app.install(MCP([f"getN{number}" for number in range(41)]))
    app.install(MCP([f"getN{number}" for number in range(40)], url="/fewer"))
    with caplog.at_level(logging.WARNING, "restkit"):
        app.freeze()
    assert [each.args[1] for each in caplog.records if isinstance(each.args, tuple)] == [41]


def _reading(number: int) -> type:
    from restkit import Resource

    def get(self: Resource) -> dict[str, int]:
        """Read it."""
        return {"number": number}

    return type(f"N{number}", (Resource,), {"get": get, "__module__": __name__})
