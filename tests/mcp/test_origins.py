"""The pages whose scripts may call the endpoint."""

from __future__ import annotations

from typing import Any

import pytest
from agents import FORMER, Agent, shelf_app

from restkit.mcp import MCP
from restkit.security import CORS

_REBOUND = {"Origin": "http://evil.example:8000", "Host": "evil.example:8000"}


def _status(options: dict[str, Any], origins: list[str], headers: dict[str, str]) -> int:
    app = shelf_app(**options)
    app.install(MCP(["Books"], origins=origins))
    return Agent(app, FORMER, **headers).send("tools/list").status


@pytest.mark.parametrize(
    ("options", "origins", "headers", "status"),
    [
        ({}, [], {}, 200),
        ({}, [], {"Origin": "http://evil.example"}, 403),
        ({}, [], _REBOUND, 403),
        ({}, [], {"Origin": "null"}, 403),
        ({}, [], {"Origin": "http://["}, 403),
        ({}, [], {"Origin": "http://localhost:3000", "Host": "localhost:8000"}, 200),
        ({}, [], {"Origin": "http://[::1]:3000", "Host": "127.0.0.1:8000"}, 200),
        ({}, [], {"Origin": "http://localhost:3000", "Host": "api.example"}, 403),
        ({}, [], {"Origin": "http://localhost.evil.example", "Host": "localhost"}, 403),
        ({}, [], {"Origin": "http://a@localhost", "Host": "evil.example"}, 403),
        ({}, ["https://agent.example"], {"Origin": "https://agent.example"}, 200),
        ({}, ["https://agent.example"], {"Origin": "https://other.example"}, 403),
        ({"cors": CORS(["https://page.example"])}, [], {"Origin": "https://page.example"}, 200),
        ({"cors": CORS(["https://page.example"])}, [], {"Origin": "https://x.example"}, 403),
        ({"cors": CORS("*")}, [], {"Origin": "https://x.example"}, 200),
        (
            {"hosts": ["api.example"]},
            [],
            {"Origin": "http://api.example", "Host": "api.example"},
            200,
        ),
        (
            {"hosts": ["api.example"]},
            [],
            {"Origin": "http://evil.example", "Host": "api.example"},
            403,
        ),
        ({"hosts": ["api.example"]}, [], _REBOUND, 400),
    ],
)
def test_origins(
    options: dict[str, Any], origins: list[str], headers: dict[str, str], status: int
) -> None:
    """A page that the program does not name may not call, also under the name of the server."""
    assert _status(options, origins, headers) == status
