"""`SessionResource`: a Resource over the session of the request, for rows of any model."""

from __future__ import annotations

from typing import TypeVar

from marshmallow import Schema, fields, validate
from sqlalchemy import Select, delete, func, inspect, select
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm.exc import StaleDataError

from ..crud.query import Page
from ..decorators import raises
from ..dependencies import provide
from ..problems import NotFound
from ..resource import Resource
from .database import session

__all__ = ["Page", "SessionResource", "Window"]

M = TypeVar("M")


class Window(Schema):
    """The query parameters of a list with ``limit`` and ``offset``; subclass it to add filters."""

    limit = fields.Int(load_default=20, validate=validate.Range(1, 100))
    offset = fields.Int(load_default=0, validate=validate.Range(0, 1_000_000))


class SessionResource(Resource):
    """The base of resources that read and write rows, if `CRUDResource` does not fit.

    ::

        class BookItem(SessionResource):
            schema = BookSchema

            def get(self, isbn: str) -> Book:
                return self.find(Book, isbn=isbn)

            def put(self, isbn: str, body: dict[str, str]) -> Book:
                return self.save(self.find(Book, isbn=isbn), **body)

    Attributes:
        session: The session of the request.
    """

    session = provide(session)

    @raises(NotFound)
    def find(self, model: type[M], /, **attributes: object) -> M:
        """Return the row with these values of attributes, which are unique together.

        Verbs that call it have the 404 in their document.

        Raises:
            NotFound: There is no such row, or a row rule hides it.
        """
        found = self.session.scalars(select(model).filter_by(**attributes)).unique().one_or_none()
        if found is None:
            raise NotFound(f"There is no such {model.__name__.lower()}.")
        return found

    def save(self, row: M, /, **values: object) -> M:
        """Set attributes of a new or stored row, write it, and return it as it is stored.

        Raises:
            TypeError: The model has no such attribute.
            StaleDataError: Another request has deleted the row, which becomes a 409.
        """
        known = inspect(type(row)).all_orm_descriptors
        for name, value in values.items():
            if name not in known:
                raise TypeError(f"{type(row).__name__} has no attribute {name!r}.")
            setattr(row, name, value)
        if row not in self.session:  # add() fails if a related row was discarded
            self.session.add(row)
        self.session.flush()
        state = inspect(row)
        assert state is not None  # the session has it
        try:
            self.session.refresh(row)
        except InvalidRequestError as error:
            if not state.persistent:
                raise
            # Without a change there was no UPDATE, which would have said so.
            raise StaleDataError("The row was deleted meanwhile.") from error
        return row

    def discard(self, model: type[object], /, **attributes: object) -> None:
        """Delete the rows with these values of attributes; there may be none.

        It is one statement: rows that the caller may not write stay, and the cascades are those of
        the database, not those of relationships. To follow those, or to respond with 403, delete
        the row that `find` returns: ``self.session.delete(self.find(Book, isbn=isbn))``.
        """
        self.session.execute(delete(model).filter_by(**attributes))

    def page(self, rows: Select[M], /, limit: int, offset: int) -> Page[M]:
        """Return a page of rows, with the total of all pages.

        Args:
            rows: A select of a model, in an order.
            limit: The largest number of rows, as in `Window`.
            offset: The number of rows to skip.
        """
        every = rows.order_by(None).subquery()
        total = self.session.scalar(select(func.count()).select_from(every))
        found = self.session.scalars(rows.limit(limit).offset(offset)).unique().all()
        return Page(found, total=total)
