"""What operations are called: operationIds of collections, items and functions,
and their collisions.
"""

from __future__ import annotations

import functools
from typing import Any

import pytest
from marshmallow import Schema, fields

from restkit import App, Resource
from restkit.decorators import operation
from restkit.errors import CollisionError
from restkit.operations.operation_ids import operation_id


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


def test_a_function_without_a_name_is_called_by_its_method_and_url() -> None:
    """A lambda, and a partial function, is named so that every client can be generated."""
    app = App("Names")
    app.get("/a")(lambda: {})
    app.get("/b-c/<int:item_id>")(functools.partial(lambda kind, item_id: {}, "kind"))
    assert [operation_id(op) for op in app.operations() if op.documented] == ["getA", "getBCItemId"]


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
    with pytest.raises(
        CollisionError,
        match=r"test_operation_ids\.Books\.get and .*test_operation_ids\.Books\.get both have",
    ):
        app.add("/b", Books)
