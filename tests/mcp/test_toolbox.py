"""Tools as `tools/list` has them: schemas that stand alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from agents import FORMER, NEWEST, Agent, shelf_app
from jsonschema import Draft202012Validator
from marshmallow import Schema, fields

from restkit import App, NotFound, Resource, raises, returns, takes
from restkit.mcp import MCP


class TreeSchema(Schema):
    """A node that has nodes."""

    name = fields.Str(required=True)
    children = fields.List(fields.Nested(lambda: TreeSchema()))


class SearchSchema(Schema):
    """A query whose names are no names of arguments."""

    page_size = fields.Int(data_key="page[size]")
    tags = fields.List(fields.Str())
    body = fields.Str()


class HeadersSchema(Schema):
    """Headers of the verb, and one that the endpoint decides."""

    x_shop = fields.Str()
    prefer = fields.Str()


def _app() -> App:
    app = App("Trees")

    @app.route("/trees/<name>")
    class Trees(Resource):
        schema = TreeSchema

        @raises(NotFound)
        def get(self, name: str) -> dict[str, Any]:
            """Read a tree."""
            return {"name": name, "children": [{"name": "leaf"}]}

        def put(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
            """Plant a tree."""
            return body

    @app.get("/forests")
    @returns(TreeSchema)
    def list_forests() -> list[dict[str, Any]]:
        return []

    @app.get("/search")
    @takes(query=SearchSchema, headers=HeadersSchema)
    @returns(TreeSchema)
    def search(query: dict[str, Any], headers: dict[str, Any]) -> dict[str, Any]:
        return {"name": json.dumps([query, headers])}

    @app.post("/notes")
    @takes(body=str, media_types=["text/plain", "application/json"])
    def note(body: str) -> dict[str, str]:
        return {"text": body}

    app.install(MCP(["getTree", "search", "listForests"], writes=["replaceTree"]))
    return app


@pytest.mark.parametrize("version", [NEWEST, FORMER])
def test_schemas_stand_alone(version: str) -> None:
    """Each reference is to a definition of the schema itself, also of a schema within itself."""
    agents = [Agent(app, version) for app in (_app(), _with_shelf())]
    tools = [tool for agent in agents for tool in agent.tools().values()]
    found = [
        each[name] for each in tools for name in ("inputSchema", "outputSchema") if name in each
    ]
    assert len(found) == {NEWEST: 17, FORMER: 16}[version]
    for schema in found:
        Draft202012Validator.check_schema(schema)
        references = _references(schema)
        known = {f"#/$defs/{name}" for name in schema.get("$defs", {})}
        assert references <= known
        assert len(known) == len(references)
    assert "#/$defs/TreeSchema" in _references(found) or "#/$defs/Tree" in _references(found)


def _with_shelf() -> App:
    app = shelf_app()
    app.install(MCP(["Books", "listTitles"], writes=["createBook", "updateBook"]))
    return app


def _references(node: object) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*map(_references, node.values()))
    return set().union(*map(_references, node)) if isinstance(node, list) else set()


def test_arguments_are_parameters_and_members() -> None:
    """The members of the content are arguments, unless one has the name of a parameter."""
    tools = Agent(_app()).tools()
    plant = tools["replaceTree"]["inputSchema"]
    assert plant["properties"].keys() == {"name", "body"}
    assert plant["required"] == ["name", "body"]
    create = Agent(_with_shelf()).tools()["createBook"]["inputSchema"]
    assert create["properties"].keys() == {"title", "year"}
    assert create["required"] == ["title"]
    assert create["additionalProperties"] is False


def test_names_of_arguments() -> None:
    """Other characters are underscores, and `body` is the content alone; see the real request."""
    agent = Agent(_app())
    schema = agent.tools()["search"]["inputSchema"]
    assert schema["properties"].keys() == {"page_size_", "tags", "query_body", "X-Shop"}
    given = {"page_size_": 5, "tags": ["a", "b"], "query_body": "x", "X-Shop": "s"}
    result = agent.call("search", **given)
    assert json.loads(result["structuredContent"]["name"]) == [
        {"page_size": 5, "tags": ["a", "b"], "body": "x"},
        {"x_shop": "s"},
    ]


def test_output_schemas_hold() -> None:
    """Structured content is of the output schema, which is left out if it is no object before."""
    for version in (NEWEST, FORMER):
        agent = Agent(_with_shelf(), version)
        tools = agent.tools()
        created = agent.call("createBook", title="Emma")
        Draft202012Validator(tools["createBook"]["outputSchema"]).validate(
            created["structuredContent"]
        )
        titles = agent.call("listTitles")
        assert ("structuredContent" in titles) is (version == NEWEST)
        assert titles["content"] == [{"type": "text", "text": '["Emma"]'}]
    former = Agent(_with_shelf(), FORMER)
    problem = former.call("getBook", id=99)["structuredContent"]
    Draft202012Validator(former.tools()["getBook"]["outputSchema"]).validate(problem)
    assert "outputSchema" not in Agent(_app(), FORMER).tools()["listForests"]
    assert Agent(_app()).tools()["listForests"]["outputSchema"]["type"] == "array"


def test_schemas_are_short() -> None:
    """What costs an agent tokens and says nothing is left out."""
    text = json.dumps(Agent(_with_shelf()).tools())
    assert "u0000" not in text
    assert "examples" not in text
    assert "x-" not in text


def test_undocumented_operations() -> None:
    """An operation that the document does not have may be a tool."""
    app = App("Hidden")

    @app.route("/hidden")
    class Hidden(Resource):
        documented = False

        def get(self) -> dict[str, str]:
            """Read it."""
            return {"a": "b"}

    app.install(MCP(["getHidden"]))
    assert Agent(app).call("getHidden")["structuredContent"] == {"a": "b"}
    assert app.operations()[0].documented is False
