"""Which operations are tools, and the sentences about those that cannot be one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from agents import Agent, shelf_app
from marshmallow import Schema, fields

from restkit import App, DeclarationError, Resource, operation, takes
from restkit.mcp import MCP
from restkit.sse import Event, EventStream


class CookieSchema(Schema):
    sid = fields.Str(required=True)


class NoteSchema(Schema):
    text = fields.Str()


def test_tags_choose_what_reads() -> None:
    """A tag in tools means its operations that only read, and in writes the others."""
    app = shelf_app()
    app.install(MCP(["Books"]))
    app.install(MCP(["listTitles"], writes=["Books"], url="/editors"))
    assert [*Agent(app).tools()] == ["listBooks", "getBook"]
    assert [*Agent(app, url="/editors").tools()] == [
        "createBook",
        "replaceBook",
        "updateBook",
        "deleteBook",
        "listTitles",
    ]


def test_operations_of_mounted_apps() -> None:
    """They are tools by their operationIds, and called below their prefix."""
    app = App("Outer")
    app.mount("/shelf", shelf_app())
    app.install(MCP(["listTitles"]))
    assert Agent(app).call("listTitles")["structuredContent"] == ["Emma"]


def test_a_mounted_endpoint() -> None:
    """An endpoint of a mounted App has the tools of that App, below the values of its prefix."""
    inner = App("Inner")

    @inner.get("/names/<name>")
    def get_name(name: str) -> dict[str, str]:
        from restkit import Request

        return {"name": name, "tenant": str(Request.current().mount_parameters["tenant"])}

    inner.install(MCP(["getName"]))
    outer = App("Outer")
    outer.mount("/t/<tenant>", inner)
    agent = Agent(outer, url="/t/acme/mcp")
    assert agent.call("getName", name="x")["structuredContent"] == {"name": "x", "tenant": "acme"}


@pytest.mark.parametrize(
    ("tools", "writes", "sentence"),
    [
        (["listBoks"], [], "neither an operationId nor a tag. Did you mean 'listBooks'"),
        (["xyz"], [], "`restkit routes` prints the operationIds"),
        (["createBook"], [], "'createBook', which writes. Name it in writes="),
        ([], ["listBooks"], "'listBooks', which only reads. Name it in tools="),
        ([], ["Titles"], "the tag 'Titles', of which no operation writes"),
    ],
)
def test_names_that_are_none(tools: list[str], writes: list[str], sentence: str) -> None:
    """A name that cannot be meant is refused when the App is composed."""
    app = shelf_app()
    app.install(MCP(tools, writes=writes))
    with pytest.raises(DeclarationError, match=sentence):
        app.freeze()


@pytest.mark.parametrize("name", ["a" * 65, "read.note", "read note"])
def test_operation_ids_that_are_no_names(name: str) -> None:
    """The name of a tool has at most 64 letters, digits, hyphens and underscores."""
    app = App("Notes")

    @app.get("/note")
    @operation(operation_id=name)
    def note() -> dict[str, str]:
        return {}

    app.install(MCP([name]))
    with pytest.raises(DeclarationError, match=r"at most 64 letters.*operation_id="):
        app.freeze()


class _Streams(EventStream):
    def get(self) -> Iterator[Event[str]]:
        """Send events."""
        yield Event("tick")


class _Forms(Resource):
    @takes(form=NoteSchema)
    def post(self, form: dict[str, object]) -> None:
        """Send a form."""


class _Bytes(Resource):
    @takes(body=bytes, media_types=["image/png"])
    def post(self, body: bytes) -> None:
        """Send a picture."""


class _Cookies(Resource):
    @takes(cookies=CookieSchema)
    def get(self, cookies: dict[str, object]) -> dict[str, str]:
        """Read a cookie."""
        return {}


@pytest.mark.parametrize(
    ("resource", "tools", "writes", "sentence"),
    [
        (_Streams, ["Things"], [], "a stream of events"),
        (_Forms, [], ["Things"], "takes a form or files"),
        (_Bytes, [], ["Things"], "takes image/png, and a tool sends JSON"),
        (_Cookies, ["Things"], [], "needs a cookie"),
    ],
)
def test_operations_that_cannot_be_tools(
    resource: type[Resource], tools: list[str], writes: list[str], sentence: str
) -> None:
    """What a tool can neither send nor wait for is refused."""
    app = App("Things")
    app.add("/things", type("Things", (resource,), {"tags": ("Things",), "__module__": __name__}))
    app.install(MCP(tools, writes=writes))
    with pytest.raises(DeclarationError, match=sentence):
        app.freeze()


def test_an_operation_id_that_is_a_tag_too() -> None:
    """A name with two meanings is refused."""
    app = App("Twice")

    @app.get("/a")
    @operation(operation_id="a", tags=["x"])
    def first() -> dict[str, str]:
        return {}

    @app.get("/b")
    @operation(operation_id="b", tags=["a"])
    def second() -> dict[str, str]:
        return {}

    app.install(MCP(["a"]))
    with pytest.raises(DeclarationError, match="an operationId and the tag of other operations"):
        app.freeze()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"tools": []}, "has no tools"),
        ({"tools": "listBooks"}, "tools"),
        ({"tools": ["a"], "url": "mcp"}, "path without variables"),
        ({"tools": ["a"], "url": "/<x>"}, "path without variables"),
        ({"tools": ["a"], "origins": ["https://a.example/"]}, "not an origin"),
        ({"tools": ["a"], "authorization_servers": ["id"]}, "must have URLs"),
        ({"tools": ["a"], "largest_result": 0}, "number of bytes"),
        ({"tools": ["a"], "instructions": None}, "must be a text"),
        ({"tools": ["a"], "public": 1}, "public"),
        ({"tools": ["a"], "documented": "no"}, "documented"),
        ({"tools": ["a"], "public": True, "security": []}, "Remove one of them"),
    ],
)
def test_options_that_cannot_be_meant(options: dict[str, Any], sentence: str) -> None:
    """They are refused at once."""
    with pytest.raises(DeclarationError, match=sentence):
        MCP(**options)
