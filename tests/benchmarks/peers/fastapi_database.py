"""FastAPI with SQLModel over a database, as SQLModel's documentation has it.

There are models of their own to read and to write, a session by dependency, and plain functions,
which FastAPI runs in
threads.
"""

# NOTE: No "annotations" from __future__: FastAPI must see the models.

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Query
from pydantic import NaiveDatetime
from sqlmodel import Field, Session, SQLModel, create_engine, select

from ..database import database_url

__all__ = ["database"]


class BookBase(SQLModel):
    title: str = Field(max_length=200)
    author: str = Field(max_length=100)
    isbn: str = Field(max_length=20)
    pages: int
    price: float
    rating: float
    available: bool
    published: dt.date
    added: NaiveDatetime


class Book(BookBase, table=True):
    id: int | None = Field(default=None, primary_key=True)


class BookCreate(BookBase):
    pass


class BookPublic(BookBase):
    id: int


class BookUpdate(SQLModel):
    title: str | None = Field(default=None, max_length=200)
    author: str | None = Field(default=None, max_length=100)
    isbn: str | None = Field(default=None, max_length=20)
    pages: int | None = None
    price: float | None = None
    rating: float | None = None
    available: bool | None = None
    published: dt.date | None = None
    added: NaiveDatetime | None = None


def database() -> Any:
    url = database_url()
    threads = {"check_same_thread": False} if url.startswith("sqlite") else {}
    engine = create_engine(url, connect_args=threads)

    def get_session() -> Iterator[Session]:
        with Session(engine) as session:
            yield session

    SessionDep = Annotated[Session, Depends(get_session)]
    app = FastAPI()

    @app.post("/books", response_model=BookPublic, status_code=201)
    def create_book(book: BookCreate, session: SessionDep) -> Any:
        db_book = Book.model_validate(book)
        session.add(db_book)
        session.commit()
        session.refresh(db_book)
        return db_book

    @app.get("/books", response_model=list[BookPublic])
    def read_books(
        session: SessionDep,
        offset: int = 0,
        limit: Annotated[int, Query(le=100)] = 100,
    ) -> Any:
        return session.exec(select(Book).offset(offset).limit(limit)).all()

    @app.get("/books/{book_id}", response_model=BookPublic)
    def read_book(book_id: int, session: SessionDep) -> Any:
        book = session.get(Book, book_id)
        if not book:
            raise HTTPException(status_code=404, detail="Book not found")
        return book

    @app.patch("/books/{book_id}", response_model=BookPublic)
    def update_book(book_id: int, book: BookUpdate, session: SessionDep) -> Any:
        db_book = session.get(Book, book_id)
        if not db_book:
            raise HTTPException(status_code=404, detail="Book not found")
        db_book.sqlmodel_update(book.model_dump(exclude_unset=True))
        session.add(db_book)
        session.commit()
        session.refresh(db_book)
        return db_book

    return app
