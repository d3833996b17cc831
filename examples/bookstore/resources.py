"""The URLs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.exc import StaleDataError

from restkit import (
    Conflict,
    Header,
    NotFound,
    PreconditionFailed,
    Request,
    Resource,
    Response,
    parse_prefer,
    provide,
    raises,
    returns,
    takes,
)

from .models import Author, Book, Cover, session
from .schemas import AuthorSchema, BookPageSchema, BookSchema, CoverSchema, PageSchema, PreferSchema, SearchSchema


def conflict(error: IntegrityError, request: Request) -> Conflict:
    return Conflict("Something else in the store is in the way: a name is taken, or still in use.")


def stale(error: StaleDataError, request: Request) -> PreconditionFailed:
    return PreconditionFailed("Somebody else changed it in the meantime.")


class StoreResource(Resource):
    """Is what the resources of the store have in common: a session, and what its errors mean."""

    session = provide(session)
    problem_handlers = {IntegrityError: conflict, StaleDataError: stale}

    def find_author(self, author_id: int) -> Author:
        author = self.session.get(Author, author_id)
        if author is None:
            raise NotFound(f"There is no author {author_id}.")
        return author

    def find_book(self, book_id: int) -> Book:
        book = self.session.get(Book, book_id, options=[joinedload(Book.author)])
        if book is None:
            raise NotFound(f"There is no book {book_id}.")
        return book

    def author_of(self, body: dict[str, Any]) -> Author:
        author = self.session.get(Author, body["author_id"])
        if author is None:
            raise Conflict(
                "The author is not one of this store.",
                errors=[{"pointer": "/author_id", "detail": "There is no such author.", "code": "unknown"}],
            )
        return author


class Authors(StoreResource):
    """People who wrote books."""

    schema = AuthorSchema

    @takes(query=PageSchema)
    def get(self, query: dict[str, int]) -> list[Author]:
        """List the authors.

        In the order of their ids; `after` continues behind an id.
        """
        statement = select(Author).where(Author.id > query["after"]).order_by(Author.id).limit(query["limit"])
        return list(self.session.scalars(statement))

    @raises(Conflict, description="There is an author of this name.")
    def post(self, body: dict[str, Any]) -> Author:
        """Add an author."""
        author = Author(**body)
        self.session.add(author)
        self.session.flush()
        return author


class AuthorItem(StoreResource):
    schema = AuthorSchema

    @raises(NotFound, description="There is no such author.")
    def get(self, author_id: int) -> Author:
        """Read one author."""
        return self.find_author(author_id)

    @raises(NotFound, description="There is no such author.")
    @raises(Conflict, description="There is an author of this name.")
    def put(self, author_id: int, body: dict[str, Any]) -> Author:
        """Replace an author."""
        author = self.find_author(author_id)
        author.name = body["name"]
        author.born = body.get("born")
        self.session.flush()
        return author

    @raises(NotFound, description="There is no such author.")
    @raises(Conflict, description="The author still has books.")
    def delete(self, author_id: int) -> None:
        """Remove an author who has no books."""
        author = self.find_author(author_id)
        if author.books:
            raise Conflict("The author still has books.")
        self.session.delete(author)


class Books(StoreResource):
    """What is on the shelves."""

    schema = BookSchema

    @takes(query=SearchSchema)
    @returns(
        BookPageSchema,
        headers={"Link": Header("Link", "The next page, as rel=next (RFC 8288).")},
        description="One page of books.",
    )
    def get(self, query: dict[str, Any]) -> Any:
        """Search the books.

        All conditions must hold; pages go by id, `next` continues.
        """
        statement = select(Book).options(joinedload(Book.author)).where(Book.id > query["after"])
        for condition in _conditions(query):
            statement = statement.where(condition)
        limit = query["limit"]
        found = list(self.session.scalars(statement.order_by(Book.id).limit(limit + 1)))
        page = found[:limit]
        if len(found) <= limit:
            return {"items": page, "next": None}
        again = {name: self.request.args.getlist(name) for name in self.request.args if name != "after"}
        url = self.app.url_for(Books, **again, after=page[-1].id)
        return {"items": page, "next": url}, {"Link": f'<{url}>; rel="next"'}

    @raises(Conflict, description="There is no such author.")
    def post(self, body: dict[str, Any]) -> Book:
        """Add a book."""
        book = Book(**body, author=self.author_of(body))
        self.session.add(book)
        self.session.flush()
        return book


def _conditions(query: dict[str, Any]) -> list[ColumnElement[bool]]:
    """Say what the parameters that were given mean to the database."""
    meanings: dict[str, Callable[[Any], ColumnElement[bool]]] = {
        "q": lambda words: Book.title.icontains(words, autoescape=True),
        "genre": lambda genre: Book.genre == genre,
        "published_from": lambda day: Book.published >= day,
        "published_to": lambda day: Book.published <= day,
        "min_pages": lambda pages: Book.pages >= pages,
        "max_pages": lambda pages: Book.pages <= pages,
        "author_id": lambda ids: Book.author_id.in_(ids),
    }
    conditions = [meaning(query[name]) for name, meaning in meanings.items() if name in query]
    return conditions + [_has_tag(tag) for tag in query.get("tags", ())]


def _has_tag(tag: str) -> ColumnElement[bool]:
    each = func.json_each(Book.tags).table_valued("value")
    return exists(select(1).select_from(each).where(each.c.value == tag))


class BookItem(StoreResource):
    schema = BookSchema
    conditional = True

    @raises(NotFound, description="There is no such book.")
    def get(self, book_id: int) -> Book:
        """Read one book."""
        book = self.find_book(book_id)
        self.entity_tag = book.version
        return book

    @raises(NotFound, description="There is no such book.")
    @raises(Conflict, description="There is no such author.")
    def put(self, book_id: int, body: dict[str, Any]) -> Book:
        """Replace a book."""
        absent: dict[str, Any] = {"published": None, "pages": None, "price": None, "tags": []}
        return self._change(book_id, {**absent, **body})

    @takes(headers=PreferSchema)
    @returns(BookSchema)
    @returns(status=204, description="Changed; with `Prefer: return=minimal`.")
    @raises(NotFound, description="There is no such book.")
    @raises(Conflict, description="There is no such author.")
    def patch(self, book_id: int, headers: dict[str, str], body: dict[str, Any]) -> Any:
        """Change some members of a book."""
        book = self._change(book_id, body)
        if parse_prefer(headers.get("prefer")).get("return") == "minimal":
            return None, 204
        return book

    @raises(NotFound, description="There is no such book.")
    def delete(self, book_id: int) -> None:
        """Remove a book."""
        book = self.find_book(book_id)
        self.entity_tag = book.version
        self.session.delete(book)

    def _change(self, book_id: int, values: dict[str, Any]) -> Book:
        book = self.find_book(book_id)
        self.entity_tag = book.version
        if "author_id" in values:
            book.author = self.author_of(values)
        for name, value in values.items():
            setattr(book, name, value)
        self.session.flush()
        self.entity_tag = book.version
        return book


class BookCover(StoreResource):
    """Pictures of what is on the shelves."""

    @raises(NotFound, description="There is no such book.")
    @returns(media_types=("image/png", "image/jpeg"), description="The picture.")
    @returns(status=204, description="The book has no cover yet.")
    def get(self, book_id: int) -> Response | None:
        """Look at a book's cover."""
        cover = self.find_book(book_id).cover
        return Response(cover.content, mimetype=cover.media_type) if cover is not None else None

    @takes(files=CoverSchema)
    @raises(NotFound, description="There is no such book.")
    def put(self, book_id: int, files: dict[str, Any]) -> None:
        """Upload a book's cover, in place of the one it has."""
        book = self.find_book(book_id)
        upload = files["cover"]
        book.cover = Cover(media_type=upload.mimetype, content=upload.read())
