"""The first screen of the README, as checkers see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_type

from marshmallow import Schema, fields, validate

from restkit import App, NotFound, Resource, raises


@dataclass
class Book:
    title: str
    year: int | None = None
    id: int = 0


class BookSchema(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(required=True, validate=validate.Length(1, 200))
    year = fields.Int(allow_none=True, validate=validate.Range(1450, 2100))


app = App("Bookstore", version="1.0")
shelf: dict[int, Book] = {}


@app.route("/books")
class Books(Resource):
    """The shelf."""

    schema = BookSchema

    def get(self) -> list[Book]:
        """List the books."""
        return list(shelf.values())

    def post(self, body: Book) -> Book:
        """Put a book on the shelf."""
        body.id = len(shelf) + 1
        shelf[body.id] = body
        return body


@app.route("/books/<int:book_id>")
class BookItem(Resource):
    schema = BookSchema

    @raises(NotFound)
    def get(self, book_id: int) -> Book:
        """Read one book."""
        if book_id not in shelf:
            raise NotFound(f"no book {book_id}")
        return shelf[book_id]


assert_type(Books(), Books)
assert_type(Books().get(), list[Book])
assert_type(BookItem().get(7), Book)
