"""The names in a document: operationIds and components, and the refusal of collisions."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from marshmallow import Schema, fields

from restkit import App, Resource
from restkit.decorators import takes
from restkit.errors import CollisionError
from restkit.openapi import component_names


class BookSchema(Schema):
    title = fields.Str()


class Books(Resource):
    schema = BookSchema

    def get(self) -> list[Any]:
        return []

    def post(self, body: Any) -> Any:
        return body


class BookItem(Resource):
    schema = BookSchema

    def get(self, id: int) -> Any: ...

    def put(self, id: int, body: Any) -> Any: ...

    def patch(self, id: int, body: Any) -> Any: ...

    def delete(self, id: int) -> None: ...


def test_two_schemas_of_one_component_name_collide() -> None:
    """The refusal names both classes and both places; nested schemas count."""
    other = type("BookSchema", (Schema,), {"isbn": fields.Str()})

    class ShelfSchema(Schema):
        books = fields.List(fields.Nested(other))

    class Shelves(Resource):
        schema = ShelfSchema

        def get(self) -> list[Any]:
            return []

    app = App("Names")
    app.add("/a", Books)
    with pytest.raises(
        CollisionError,
        match=r"BookSchema \(in .*Books\.get\) and .*BookSchema \(in .*Shelves\.get\)",
    ):
        app.add("/b", Shelves)


def test_what_is_not_documented_claims_no_name() -> None:
    """Resources that are not in the document cannot collide in it."""

    class Hidden(Books):
        documented = False

        def post(self, body: Any) -> Any: ...

    app = App("Names")
    app.add("/a", Books)
    app.add("/b", Hidden)
    assert {"/a", "/b"} == {operation.path for operation in app.operations()}


def test_component_names_say_class_and_place() -> None:
    """Each claim is a name, the class that it means, and where."""
    app = App("Names")
    app.add("/a/<int:id>", BookItem)
    claims = {
        (name, declared) for op in app.operations() for name, declared, _ in component_names(op)
    }
    assert ("BookPatch", BookSchema) in claims
    assert ("Book", BookSchema) in claims


def test_a_query_schema_claims_no_name() -> None:
    """Parameters are written one by one."""

    class Found(Resource):
        @takes(query=BookSchema)
        def get(self, query: Any) -> Any: ...

    app = App("Names")
    app.add("/a", Found)
    assert [name for op in app.operations() for name, _, _ in component_names(op)] == [
        "Problem"
    ] * len([op for op in app.operations() if op.failures])


def test_the_room_is_entered_without_apispec_and_yaml() -> None:
    """Importing restkit.openapi loads neither, nor jinja2, nor Swagger UI's package."""
    program = (
        "import sys, restkit.openapi; "
        "print([name for name in ('apispec', 'yaml', 'jinja2', 'swagger_ui') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
