"""The contract of a URL as its browsable page shows it."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import Schema, fields

from restkit import (
    App,
    NotFound,
    Resource,
    Scheme,
    access,
    anonymous,
    operation,
    raises,
    returns,
    takes,
)
from restkit.html.browsable.contract_view import OperationView, contract_view
from restkit.security import APIKey, ClientCredentials, HTTPBasic, HTTPBearer, OAuth2


class AuthorSchema(Schema):
    name = fields.Str()


class BookSchema(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(required=True)
    author = fields.Nested(AuthorSchema)


class QuerySchema(Schema):
    page = fields.Int(required=True, metadata={"description": "The page."})
    size = fields.Int()


def check(*given: str) -> str:
    return given[0]


KEY = APIKey(check, header="X-Key", name="key")
BASIC = HTTPBasic(check, name="basic")
OAUTH = OAuth2(
    HTTPBearer(check),
    ClientCredentials("https://a.example/token", scopes={"read": "Read.", "write": "Write."}),
)


def view_of(app: App, method: str = "GET") -> tuple[OperationView, dict[str, str]]:
    """Return the view of one operation, and the schemas with the text of each."""
    chosen = [each for each in app.operations() if each.method == method]
    (found,), schemas = contract_view(app, chosen)
    return found, {each.name: each.text for each in schemas}


@pytest.mark.parametrize(
    ("security", "shown"),
    [
        (KEY, ["key (apiKey header)"]),
        (BASIC, ["basic (http basic)"]),
        (KEY | BASIC, ["key (apiKey header)", "basic (http basic)"]),
        (KEY & BASIC, ["key (apiKey header) and basic (http basic)"]),
        (KEY | anonymous, ["key (apiKey header)", "None."]),
        (OAUTH.scopes("read", "write"), ["oauth2 (oauth2 read write)"]),
        (OAUTH.scopes("read") & KEY, ["oauth2 (oauth2 read) and key (apiKey header)"]),
    ],
)
def test_the_ways_to_authenticate(security: Scheme, shown: list[str]) -> None:
    """Each alternative has its schemes, with their kinds and the scopes that are demanded."""
    app = App("Shop")

    @app.get("/books")
    @access(security=security)
    def read() -> dict[str, str]:
        return {}

    assert list(view_of(app)[0].security) == shown


def test_an_operation_has_everything_that_its_document_has() -> None:
    app = App("Shop")

    @app.route("/books/<int:book_id>")
    class Book(Resource):
        schema = BookSchema

        @takes(query=QuerySchema)
        @operation(deprecated=True, extensions={"x-stage": {"beta": True}})
        @raises(NotFound, description="There is no such book.")
        def put(self, body: dict[str, Any], book_id: int, query: dict[str, Any]) -> dict[str, Any]:
            """Change a book.

            With everything in it.
            """
            return body

    found, schemas = view_of(app, "PUT")
    assert found[:3] == ("PUT", "/books/{book_id}", "replaceBook")
    assert found.summary == "Change a book."
    assert found.description == "With everything in it."
    assert found.deprecated is True
    parameters = [(each.name, each.place, each.required) for each in found.parameters]
    assert parameters == [
        ("book_id", "path", True),
        ("page", "query", True),
        ("size", "query", False),
    ]
    assert [each.description for each in found.parameters] == ["", "The page.", ""]
    assert "integer" in found.parameters[1].schema.text
    assert [(each.media_type, each.schema.name) for each in found.content] == [
        ("application/json", "BookInput")
    ]
    responses = {each.status: each for each in found.responses}
    assert {"200", "404", "422"} <= set(responses)
    assert responses["404"].description.endswith("There is no such book.")
    assert [each.schema.name for each in responses["200"].content] == ["Book"]
    assert [each.media_type for each in responses["422"].content] == ["application/problem+json"]
    assert found.extensions[0][0] == "x-stage"
    assert found.security == []
    assert {"Book", "BookInput", "Author"} <= set(schemas)
    assert 'href="#schema-Author"' in schemas["Book"]
    assert "href" not in schemas["Author"]


def test_responses_that_operations_share() -> None:
    """A response that the document has once is shown with each operation."""
    app = App("Shop")

    @app.route("/books/<int:book_id>")
    class Book(Resource):
        schema = BookSchema

        @raises(NotFound)
        def get(self, book_id: int) -> Any:
            return {}

        @raises(NotFound)
        def delete(self, book_id: int) -> None:
            return None

    views, _ = contract_view(app, app.operations())
    assert [each.method for each in views] == ["GET", "DELETE"]
    for view in views:
        (missing,) = (each for each in view.responses if each.status == "404")
        assert missing.description == "There is nothing at this URL."
        assert [each.schema and each.schema.name for each in missing.content] == ["Problem"]


def test_content_without_a_schema() -> None:
    """The page itself is no content of the contract."""
    app = App("Shop", browsable="always")

    @app.get("/file")
    @returns(media_types=("text/csv",), headers={"X-Size": "The size."})
    def read() -> bytes:
        return b""

    found, _ = view_of(app)
    (response,) = (each for each in found.responses if each.status == "200")
    assert [each.media_type for each in response.content] == ["text/csv"]
    assert "string" in response.content[0].schema.text
    assert ("X-Size", "The size.") in response.headers
    assert found.deprecated is False
    assert (found.content, found.parameters, found.extensions) == ([], [], [])


def test_content_that_may_be_anything() -> None:
    app = App("Shop")

    @app.get("/any")
    def read() -> Any:
        return {}

    found, _ = view_of(app)
    (response,) = (each for each in found.responses if each.status == "200")
    assert [(each.media_type, each.schema) for each in response.content] == [
        ("application/json", None)
    ]
