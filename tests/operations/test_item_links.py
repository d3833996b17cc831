"""Which member of a new item's content is in its URL."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from marshmallow import Schema, fields

from restkit import App, Resource, returns
from restkit.testing import Client


class NumberedSchema(Schema):
    id = fields.Int()
    n = fields.Int()


class KeyedSchema(Schema):
    number = fields.Int(data_key="bookId", attribute="book_id")


class RenamedSchema(Schema):
    id = fields.Int(data_key="theNumber")


class DatedSchema(Schema):
    day = fields.Date()


class PairSchema(Schema):
    shelf = fields.Int(data_key="theShelf")
    place = fields.Int()


def location(schema: Any, content: Any, item: str) -> str | None:
    """Return the Location of a POST to /books that has a content."""

    class Books(Resource):
        @returns(schema, status=201)
        def post(self):  # type: ignore[no-untyped-def]
            return content

    class Book(Resource):
        @returns(NumberedSchema)
        def get(self, **variables: object) -> dict[str, int]:
            return {}

    app = App("Books")
    app.add("/books", Books)
    app.add(item, Book)
    return Client(app, contract=False).post("/books").headers.get("Location")


@pytest.mark.parametrize(
    ("schema", "content", "item", "expected"),
    [
        (NumberedSchema, {"id": 7, "n": 1}, "/books/<int:id>", "/books/7"),
        (NumberedSchema, {"id": 7, "n": 1}, "/books/<int:book_id>", "/books/7"),
        (NumberedSchema, {"id": 7, "n": 1}, "/books/<int:book_n>", "/books/1"),
        (NumberedSchema, {"id": 7, "n": 1}, "/books/<int:number>", None),
        (NumberedSchema, {"n": 1}, "/books/<int:id>", None),
        (NumberedSchema, {"id": None}, "/books/<int:id>", None),
        (NumberedSchema(many=True), [{"id": 7}], "/books/<int:id>", None),
        (KeyedSchema, {"book_id": 7}, "/books/<int:book_id>", "/books/7"),
        (KeyedSchema, {"book_id": 7}, "/books/<int:number>", "/books/7"),
        (RenamedSchema, {"id": 7}, "/books/<int:book_id>", "/books/7"),
        (DatedSchema, {"day": dt.date(2024, 1, 2)}, "/books/<day>", "/books/2024-01-02"),
        (PairSchema, {"shelf": 1, "place": 2}, "/books/<int:shelf>/<int:place>", None),
        (NumberedSchema, {"id": 1, "n": 2}, "/books/<int:id>/<int:n>", None),
    ],
)
def test_the_location_of_a_new_item(
    schema: Any, content: Any, item: str, expected: str | None
) -> None:
    assert location(schema, content, item) == expected
