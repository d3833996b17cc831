"""restkit over a database: a model, and one class."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database

from ..database import database_url

__all__ = ["database"]


class Base(DeclarativeBase):
    pass


class Book(Base):
    __tablename__ = "book"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    author: Mapped[str] = mapped_column(String(100))
    isbn: Mapped[str] = mapped_column(String(20))
    pages: Mapped[int]
    price: Mapped[float]
    rating: Mapped[float]
    available: Mapped[bool]
    published: Mapped[dt.date]
    added: Mapped[dt.datetime]


class Books(CRUDResource[Book]):
    model = Book


def database() -> Any:
    app = App("Bookstore")
    app.install(Database(database_url()))
    app.add("/books", Books)
    return app
