"""Agents for tests: messages of MCP in both eras, and a shelf whose operations are tools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields, validate

from restkit import App
from restkit.crud import CRUDResource, MemoryStore
from restkit.testing import Client
from restkit.testing.response import TestResponse

__all__ = ["FORMER", "NEWEST", "Agent", "Books", "shelf_app"]

NEWEST = "2026-07-28"
FORMER = "2025-11-25"
_PREFIX = "io.modelcontextprotocol"


class AgentBookSchema(Schema):
    """A book of the shelf."""

    id = fields.Int(dump_only=True)
    title = fields.Str(required=True)
    year = fields.Int(allow_none=True, validate=validate.Range(1450))


@dataclass
class Book:
    """A book."""

    title: str = ""
    year: int | None = None
    id: int | None = None


class Books(CRUDResource[Book]):
    """The shelf."""

    model = Book
    schema = AgentBookSchema


def shelf_app(**options: Any) -> App:
    """Return an App with books, and a list without an object around it."""
    app = App("Shelf", version="1.2", secret_key="0123456789abcdef0123456789abcdef", **options)
    kind = type("Books", (Books,), {"store": MemoryStore(Book), "__module__": __name__})
    app.add("/books", kind)

    @app.get("/titles")
    def list_titles() -> list[str]:
        """List the titles."""
        return ["Emma"]

    return app


class Agent:
    """A program that sends messages of one version of MCP."""

    def __init__(self, app: App, version: str = NEWEST, url: str = "/mcp", **headers: str) -> None:
        self.client = Client(app)
        self.version = version
        self.url = url
        self.headers = headers

    def message(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return a message as the version demands it."""
        given = dict(params or {})
        if self.version == NEWEST:
            given["_meta"] = {
                f"{_PREFIX}/protocolVersion": NEWEST,
                f"{_PREFIX}/clientCapabilities": {},
            }
        return {"jsonrpc": "2.0", "id": 7, "method": method, "params": given}

    def head(self, message: dict[str, Any]) -> dict[str, str]:
        """Return the headers of a message as the version demands them."""
        headers = {"Accept": "application/json, text/event-stream", **self.headers}
        headers["MCP-Protocol-Version"] = self.version
        if self.version == NEWEST:
            headers["Mcp-Method"] = message["method"]
            if message["method"] == "tools/call":
                headers["Mcp-Name"] = message["params"]["name"]
        return headers

    def send(self, method: str, params: dict[str, Any] | None = None) -> TestResponse:
        """Send a request, and return the response."""
        message = self.message(method, params)
        return self.client.post(self.url, json=message, headers=self.head(message))

    def tools(self) -> dict[str, dict[str, Any]]:
        """Return the tools by name."""
        return {each["name"]: each for each in self.send("tools/list").json["result"]["tools"]}

    def call(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        """Call a tool, and return its result."""
        response = self.send("tools/call", {"name": name, "arguments": arguments})
        result: dict[str, Any] = response.json["result"]
        return result
