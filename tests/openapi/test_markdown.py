"""The document as Markdown."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import Schema, fields, validate

from restkit import App, NotFound, Resource, operation, raises, returns, takes
from restkit.openapi.document import build
from restkit.openapi.markdown import to_markdown
from restkit.openapi.schema_words import words_of
from restkit.security import HTTPBearer
from restkit.testing import Client


class PieceSchema(Schema):
    """A piece."""

    id = fields.Int(dump_only=True)
    name = fields.Str(required=True, metadata={"description": "With a | in\nit."})
    kind = fields.Str(validate=validate.OneOf(["a", "b|c"]))
    parts = fields.List(fields.Nested(lambda: PieceSchema()))


class QuerySchema(Schema):
    """A query."""

    limit = fields.Int(load_default=5, validate=validate.Range(1, 50))


def _document() -> dict[str, Any]:
    app = App(
        "Pieces",
        version="3",
        description="# Not a heading\n\nText.",
        tags={"Pieces": "All pieces."},
        security=HTTPBearer(lambda token: None, description="A token."),
    )

    @app.route("/pieces/<name>")
    class Pieces(Resource):
        schema = PieceSchema

        @operation(deprecated=True)
        @takes(query=QuerySchema)
        @raises(NotFound)
        def get(self, name: str, query: dict[str, Any]) -> dict[str, Any]:
            """Read a piece."""
            return {}

        def put(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
            """Replace a piece."""
            return {}

    @app.get("/open", public=True)
    @returns(None, 200, media_types=["text/plain"])
    def read_open() -> str:
        return ""

    return build(app)


def test_the_page() -> None:
    """It has every operation with what it takes and gives, and every schema."""
    text = to_markdown(_document())
    lines = text.splitlines()
    assert lines[0] == "# Pieces 3"
    assert "\\# Not a heading" in lines
    assert "| `bearer` | http bearer. A token. |" in lines
    assert "## Pieces" in lines
    assert "All pieces." in lines
    assert "`GET /pieces/{name}` (deprecated)" in lines
    assert "Credentials: `bearer`." in lines
    assert "| `limit` | query | no | integer, at least `1`, at most `50`, default `5` |  |" in lines
    content = "`application/json`: [PieceInput](#schema-pieceinput)"
    assert f"Content (required): {content}" in lines
    assert "| 200 | `application/json`: [Piece](#schema-piece) | OK |" in lines
    assert "### Schema Piece" in lines
    assert "| `name` | yes | string | With a \\| in it. |" in lines
    assert '| `kind` | no | `"a"` \\| `"b\\|c"` |  |' in lines
    assert "| `parts` | no | list of [Piece](#schema-piece) |  |" in lines
    assert "It has no other members." in lines


def test_tables_are_whole() -> None:
    """Each row has as many cells as its table, whatever the texts contain."""
    rows = [line for line in to_markdown(_document()).splitlines() if line.startswith("|")]
    cells = [len(line.replace("\\|", "").split("|")) for line in rows]
    assert len(rows) > 20
    widths = [
        (before, here)
        for before, here, row in zip(cells, cells[1:], rows[1:], strict=False)
        if row.startswith("|---")
    ]
    assert widths
    assert all(before == here for before, here in widths)
    assert set(cells) == {4, 5, 6, 7}


def test_operations_without_credentials_and_in_other_versions() -> None:
    """Each version of OpenAPI makes a page."""
    app = App("Search")

    @app.query("/search")
    @takes(body=QuerySchema)
    def search(body: dict[str, Any]) -> list[str]:
        return []

    for version in ("3.0.4", "3.1.1", "3.2.0"):
        text = to_markdown(build(app, version=version))
        assert "`QUERY /search`" in text
        assert "Credentials" not in text


def test_webhooks() -> None:
    """They stand in a section of their own."""
    hook = {"post": {"summary": "A book was made.", "responses": {"204": {"description": "Done"}}}}
    app = App("Hooks", document={"webhooks": {"bookMade": hook}})
    lines = to_markdown(build(app)).splitlines()
    assert "## Webhooks" in lines
    assert "### bookMade" in lines
    assert "| 204 |  | Done |" in lines


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({}, "any value"),
        (True, "any value"),
        ({"type": "string", "format": "date"}, "string (date)"),
        ({"type": ["integer", "null"]}, "integer or null"),
        (
            {"type": "array", "items": {"type": "string"}, "maxItems": 3},
            "list of string, at most 3 items",
        ),
        ({"type": "object", "additionalProperties": {"type": "number"}}, "object of number"),
        (
            {"anyOf": [{"type": "string"}, {"$ref": "#/components/schemas/A B"}]},
            "string or [A B](#schema-a-b)",
        ),
        ({"const": "x`y"}, '``"x`y"``'),
        (
            {"type": "string", "minLength": 1, "pattern": "^a$"},
            'string, at least 1 characters, matches `"^a$"`',
        ),
        (
            {"type": "integer", "exclusiveMinimum": 0, "maximum": 2**63 - 1},
            "integer, more than `0`",
        ),
    ],
)
def test_words(schema: object, words: str) -> None:
    """A schema is one line of words."""
    assert words_of(schema) == words


def test_a_schema_without_end() -> None:
    """A schema that is many levels deep ends with any value; many values are cut off."""
    deep: dict[str, Any] = {"type": "string"}
    for _ in range(50):
        deep = {"type": "array", "items": deep}
    assert words_of(deep).endswith("any value")
    assert words_of({"enum": list(range(100))}).count("|") == 30


def test_the_markdown_is_served() -> None:
    """Its media type is that of RFC 7763."""
    response = Client(App("A")).get("/openapi.md")
    assert response.headers["Content-Type"] == "text/markdown; charset=utf-8"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
