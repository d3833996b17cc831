"""The SQLite file that the programs over a database answer from:
one for all that only read, else each its own.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from .cases import SHELVED, shelved

__all__ = ["URL", "database_url", "fill_postgresql", "make_database", "shared_database"]

URL = "RESTKIT_BENCHMARK_URL"
"""The variable with the URL of a database in place of SQLite's file."""
_SHARED = "RESTKIT_BENCHMARK_DATABASE"
_TABLE = """\
CREATE TABLE book (
    id INTEGER NOT NULL PRIMARY KEY,
    title VARCHAR(200) NOT NULL,
    author VARCHAR(100) NOT NULL,
    isbn VARCHAR(20) NOT NULL,
    pages INTEGER NOT NULL,
    price FLOAT NOT NULL,
    rating FLOAT NOT NULL,
    available BOOLEAN NOT NULL,
    published DATE NOT NULL,
    added DATETIME NOT NULL
)"""


def database_url() -> str:
    """Return the URL of the database that a program answers from."""
    return os.environ.get(URL) or f"sqlite:///{make_database()}"


def fill_postgresql(url: str) -> None:
    """Make the table in a database of PostgreSQL, with its rows."""
    text = _TABLE.replace("INTEGER NOT NULL PRIMARY KEY", "SERIAL PRIMARY KEY")
    text = text.replace("DATETIME", "TIMESTAMP").replace("FLOAT", "DOUBLE PRECISION")
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text(text))
        rows = [vars(shelved(number)) for number in range(1, SHELVED + 1)]
        names = ", ".join(rows[0])
        values = ", ".join(f":{name}" for name in rows[0])
        connection.execute(sa.text(f"INSERT INTO book ({names}) VALUES ({values})"), rows)
        connection.execute(sa.text("SELECT setval('book_id_seq', (SELECT max(id) FROM book))"))
    engine.dispose()


@contextmanager
def shared_database() -> Generator[None]:
    """Let the processes that are started meanwhile answer from one file."""
    os.environ[_SHARED] = str(make_database())
    try:
        yield
    finally:
        del os.environ[_SHARED]


def make_database() -> Path:
    """Return the file that is shared, or make one, which is removed when the process ends.

    Moments in it are as SQLAlchemy writes them.
    """
    if shared := os.environ.get(_SHARED):
        return Path(shared)
    folder = Path(tempfile.mkdtemp(prefix="restkit-benchmark-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "books.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")  # it stays with the file, for every program
        connection.execute(_TABLE)
        for number in range(1, SHELVED + 1):
            row = {**vars(shelved(number))}
            row["published"] = row["published"].isoformat()
            row["added"] = row["added"].isoformat(" ", "microseconds")
            connection.execute(
                f"INSERT INTO book VALUES ({', '.join('?' * len(row))})", list(row.values())
            )
    connection.close()
    return path
