"""Responses as results of tools: JSON, texts, pictures and headers."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import pytest
from agents import FORMER, Agent
from marshmallow import Schema, fields

from restkit import App, Response, SeeOther, returns
from restkit.crud import CRUDResource, MemoryStore
from restkit.mcp import MCP


def _sending(content: bytes, media_type: str) -> App:
    app = App("Files")

    @app.get("/file")
    @returns(None, 200, media_types=[media_type])
    def read_file() -> Response:
        return Response(content, content_type=media_type)

    app.install(MCP(["readFile"]))
    return app


@pytest.mark.parametrize(
    ("content", "media_type", "block"),
    [
        ("ü".encode(), "text/csv; charset=utf-8", {"type": "text", "text": "ü"}),
        (b"\x89PNG", "image/png", {"type": "image", "data": "iVBORw==", "mimeType": "image/png"}),
        (b"RIFF", "audio/wav", {"type": "audio", "data": "UklGRg==", "mimeType": "audio/wav"}),
        (b"{}\n{}\n", "application/x-ndjson", {"type": "text", "text": "{}\n{}\n"}),
        (
            b"%PDF\xff",
            "application/pdf",
            {
                "type": "resource",
                "resource": {
                    "uri": "urn:content",
                    "mimeType": "application/pdf",
                    "blob": base64.b64encode(b"%PDF\xff").decode(),
                },
            },
        ),
    ],
)
def test_content(content: bytes, media_type: str, block: dict[str, object]) -> None:
    """Content is a block of its kind."""
    result = Agent(_sending(content, media_type.partition(";")[0])).call("readFile")
    assert result["content"] == [block]
    assert result["isError"] is False
    assert "structuredContent" not in result


def test_no_content_and_redirects() -> None:
    """A 204 is a text; a redirect is an error, since the agent has to go elsewhere."""
    app = App("Moves")

    @app.delete("/thing")
    def delete_thing() -> None:
        return None

    @app.get("/old")
    def read_old() -> SeeOther:
        return SeeOther("/new")

    app.install(MCP(["readOld"], writes=["deleteThing"]))
    agent = Agent(app, FORMER)
    assert agent.call("deleteThing")["content"] == [{"type": "text", "text": "204 No Content"}]
    moved = agent.call("readOld")
    assert moved["isError"] is True
    assert moved["structuredContent"]["status"] == 303
    assert moved["structuredContent"]["location"].endswith("/new")


@dataclass
class Part:
    """A part."""

    name: str = ""
    id: int | None = None


class PartSchema(Schema):
    """A part."""

    id = fields.Int(dump_only=True)
    name = fields.Str(required=True)


class Parts(CRUDResource[Part]):
    """Parts that two writers may not change at once."""

    model = Part
    schema = PartSchema
    conditional = "required"
    store = MemoryStore(Part)


def test_entity_tags() -> None:
    """If a tool demands If-Match, results say the ETag, and the argument is its value."""
    app = App("Parts")
    app.add("/parts", Parts)
    app.install(MCP(["Parts"], writes=["Parts"]))
    agent = Agent(app)
    assert "If-Match" in agent.tools()["updatePart"]["inputSchema"]["required"]
    agent.call("createPart", name="wheel")
    read = agent.call("getPart", id=1)
    tag = read["content"][1]["text"].removeprefix("ETag: ")
    changed = {"id": 1, "name": "rim", "If-Match": tag}
    assert agent.call("updatePart", **changed)["structuredContent"]["name"] == "rim"
    assert agent.call("updatePart", **changed)["structuredContent"]["status"] == 412
