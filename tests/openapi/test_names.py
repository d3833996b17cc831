"""The names in a document: operationIds and components, and the refusal of collisions."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from marshmallow import Schema, fields

from restkit import App, Resource
from restkit.declarations import operation, takes
from restkit.errors import CollisionError
from restkit.openapi import check_names, component_names, operation_id


class BookSchema(Schema):
    title = fields.Str()


class CategorySchema(Schema):
    name = fields.Str()


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


class CategoriesResource(Resource):
    schema = CategorySchema

    def get(self) -> list[Any]:
        return []

    def post(self, body: Any) -> Any: ...


class ReportView(Resource):
    def get(self) -> Any: ...

    def post(self) -> Any: ...


class BookCover(Resource):
    schema = BookSchema

    def put(self, body: Any) -> Any: ...


def _ids(resource: type[Resource], pattern: str = "/x") -> list[str]:
    app = App("Names")
    app.add(pattern, resource)
    return sorted(operation_id(op) for op in app.operations() if op.documented)


def test_a_collection_lists_and_creates() -> None:
    """GET that answers many is list with the class's name; POST is create with the item's."""
    assert _ids(Books) == ["createBook", "listBooks"]


def test_an_item_is_read_replaced_updated_and_deleted() -> None:
    """The class's suffix Item is no part of the name."""
    assert _ids(BookItem, "/x/<int:id>") == ["deleteBook", "getBook", "replaceBook", "updateBook"]


def test_the_singular_of_a_class_is_that_of_its_schema() -> None:
    """Categories with a CategorySchema have one Category."""
    assert _ids(CategoriesResource) == ["createCategory", "listCategories"]


def test_a_class_that_says_more_than_its_schema_has_a_singular_too() -> None:
    """What an `OldBooks` of books has one of is an `OldBook`."""
    made = type("OldBooks", (Books,), {})
    assert _ids(made) == ["createOldBook", "listOldBooks"]


def test_a_class_without_a_schema_gives_its_own_name() -> None:
    """The suffix View is no part of the name."""
    assert _ids(ReportView) == ["createReport", "getReport"]


def test_a_class_that_is_called_otherwise_than_its_schema_keeps_its_name() -> None:
    """The cover of a book is not the book, though it has its schema."""
    assert _ids(BookCover) == ["replaceBookCover"]


def test_a_function_gives_its_name_in_camel_case() -> None:
    """The function of a route is the operation."""
    app = App("Names")

    @app.get("/a")
    def say_hello_twice() -> Any:
        return {}

    assert [operation_id(op) for op in app.operations() if op.documented] == ["sayHelloTwice"]


def test_a_given_operation_id_is_taken() -> None:
    """@operation(operation_id=...) wins."""

    class Named(Resource):
        @operation(operation_id="other")
        def get(self) -> Any: ...

    assert _ids(Named) == ["other"]


def test_two_operations_of_one_id_collide() -> None:
    """The refusal names both places."""
    app = App("Names")
    app.add("/a", Books)
    with pytest.raises(CollisionError, match=r"test_names\.Books\.get and .*test_names\.Books\.get both have"):
        app.add("/b", Books)


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
    with pytest.raises(CollisionError, match=r"BookSchema \(in .*Books\.get\) and .*BookSchema \(in .*Shelves\.get\)"):
        app.add("/b", Shelves)


def test_what_is_not_documented_claims_no_name() -> None:
    """Resources that are not in the document cannot collide in it."""

    class Hidden(Books):
        documented = False

        def post(self, body: Any) -> Any: ...

    app = App("Names")
    app.add("/a", Books)
    app.add("/b", Hidden)
    check_names(app.operations())


def test_component_names_say_class_and_place() -> None:
    """Each claim is a name, the class that it means, and where."""
    app = App("Names")
    app.add("/a/<int:id>", BookItem)
    claims = {(name, declared) for op in app.operations() for name, declared, _ in component_names(op)}
    assert ("BookPatch", BookSchema) in claims
    assert ("Book", BookSchema) in claims


def test_a_query_schema_claims_no_name() -> None:
    """Parameters are written one by one."""

    class Found(Resource):
        @takes(query=BookSchema)
        def get(self, query: Any) -> Any: ...

    app = App("Names")
    app.add("/a", Found)
    assert [name for op in app.operations() for name, _, _ in component_names(op)] == ["Problem"] * len(
        [op for op in app.operations() if op.failures]
    )


def test_the_room_is_entered_without_apispec_and_yaml() -> None:
    """Importing restkit.openapi loads neither, nor jinja2, nor Swagger UI's package."""
    program = (
        "import sys, restkit.openapi; "
        "print([name for name in ('apispec', 'yaml', 'jinja2', 'swagger_ui') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
