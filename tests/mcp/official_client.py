"""A program for the official client of MCP, 1.x or 2.x: calls every tool of the shelf.

It prints what it got as JSON. ``python official_client.py URL MODE [TOKEN]``; the mode is that of
2.x: ``auto``, ``legacy`` or a version.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

CALLS: list[tuple[str, dict[str, Any]]] = [
    ("createBook", {"title": "Emma", "year": 1815}),
    ("createBook", {"title": "Emma"}),
    ("createBook", {"title": "Persuasion", "year": 1817}),
    ("listBooks", {"limit": 1}),
    ("getBook", {"id": 1}),
    ("getBook", {"id": 99}),
    ("updateBook", {"id": 1, "year": 1816}),
    ("createBook", {"year": 1}),
    ("listTitles", {}),
    ("deleteBook", {"id": 1}),
    ("listBooks", {"colour": "red"}),
]


def shown(result: Any) -> dict[str, Any]:
    """Return a result as JSON values, as both clients have it."""
    data = result.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {name: data.get(name) for name in ("content", "structuredContent", "isError")}


@asynccontextmanager
async def session_of_1(url: str, token: str) -> AsyncGenerator[Any]:
    """Open a session of the client 1.x."""
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with (
        streamablehttp_client(url, headers=headers) as (read, write, _),
        ClientSession(read, write) as session,
    ):
        started = await session.initialize()
        yield session, started.protocolVersion


@asynccontextmanager
async def session_of_2(url: str, mode: str, token: str) -> AsyncGenerator[Any]:
    """Open a connection of the client 2.x."""
    import httpx2
    from mcp import Client
    from mcp.client.streamable_http import streamable_http_client

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with (
        httpx2.AsyncClient(headers=headers) as http,
        Client(streamable_http_client(url, http_client=http), mode=mode) as client,
    ):
        yield client, client.protocol_version


async def run(url: str, mode: str, token: str) -> dict[str, Any]:
    """Call everything."""
    from importlib.metadata import version

    is_old = version("mcp").startswith("1.")
    opened = session_of_1(url, token) if is_old else session_of_2(url, mode, token)
    async with opened as (client, protocol):
        listed = await client.list_tools()
        tools = [tool.model_dump(mode="json", by_alias=True) for tool in listed.tools]
        calls = [shown(await client.call_tool(name, given)) for name, given in CALLS]
        try:
            await client.call_tool("nothing", {})
            unknown = None
        except Exception as error:  # the two clients have classes of their own
            unknown = getattr(error, "code", None) or error.error.code
        return {
            "mcp": version("mcp"),
            "protocol": protocol,
            "tools": tools,
            "calls": calls,
            "unknown": unknown,
        }


if __name__ == "__main__":
    url, mode, *rest = sys.argv[1:]
    print(json.dumps(asyncio.run(run(url, mode, rest[0] if rest else ""))))
