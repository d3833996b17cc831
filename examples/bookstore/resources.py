"""The URLs."""

from __future__ import annotations

from typing import Any

from restkit import NotFound, Resource, Response, provide, raises, returns, takes
from restkit.crud import CRUDResource
from restkit.limits import Idempotency
from restkit.sqlalchemy import SQLAlchemyStorage, session

from .models import Author, Book, Cover, Kept
from .schemas import AuthorSchema, BookSchema, CoverSchema

# A form that is sent twice is done once: POST and PATCH take an Idempotency-Key.
once = Idempotency(SQLAlchemyStorage(Kept))


class Authors(CRUDResource[Author]):
    """People who wrote books."""

    model = Author
    schema = AuthorSchema
    filters = ("name__contains", "born__gte", "born__lte")
    sorts = ("name", "born")
    idempotency = once


class Books(CRUDResource[Book]):
    """What is on the shelves."""

    model = Book
    schema = BookSchema
    filters = {
        "title": ("contains",),
        "genre": ("eq", "in"),
        "published": ("gte", "lte"),
        "pages": ("gte", "lte"),
        "price": ("lte",),
        "author_id": ("in",),
        "tags": ("has",),
    }
    sorts = ("title", "published", "pages")
    expand = ("author",)
    fields = True
    idempotency = once
    tags = ("Books",)


class BookCover(Resource):
    """Cover pictures: a resource of our own, in the unit of work of the collections."""

    session = provide(session)

    def book(self, book_id: int) -> Book:
        book = self.session.get(Book, book_id)
        if book is None:
            raise NotFound("There is no such book.")
        return book

    @raises(NotFound, description="There is no such book.")
    @returns(media_types=("image/png", "image/jpeg"), description="The picture.")
    @returns(status=204, description="The book has no cover yet.")
    def get(self, book_id: int) -> Response | None:
        """Look at a book's cover."""
        cover = self.book(book_id).cover
        return Response(cover.content, mimetype=cover.media_type) if cover is not None else None

    @takes(files=CoverSchema)
    @raises(NotFound, description="There is no such book.")
    def put(self, book_id: int, files: dict[str, Any]) -> None:
        """Upload a book's cover, in place of the one it has."""
        upload = files["cover"]
        self.book(book_id).cover = Cover(media_type=upload.mimetype, content=upload.read())
