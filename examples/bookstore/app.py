"""The App: settings, resources, and what the document says of the whole."""

from __future__ import annotations

from dataclasses import dataclass

from restkit import App, Settings
from restkit.sqlalchemy import Database

from .models import Base
from .resources import Authors, BookCover, Books


@dataclass(frozen=True, kw_only=True)
class BookstoreSettings(Settings):
    database_url: str = "sqlite:///bookstore.db"
    create_tables: bool = True


def create_app(database: Database | None = None) -> App:
    """Make the App; the database is opened when the first request comes.

    Args:
        database: By default the database of ``RESTKIT_DATABASE_URL``, or ``bookstore.db`` here. If
            ``RESTKIT_CREATE_TABLES`` is false, the migrations make the tables.
    """
    settings = BookstoreSettings.load(browsable=True)
    if database is None:
        database = Database(
            settings.database_url, create=Base.metadata if settings.create_tables else None
        )
    app = App(
        "Bookstore",
        version="2.0.0",
        description="Authors, their books, and the books' covers.",
        contact={"name": "The restkit developers", "url": "https://github.com/restkit/restkit"},
        license={"name": "MIT", "identifier": "MIT"},
        tags={"Authors": "People who wrote books.", "Books": "What is on the shelves."},
        settings=settings,
        extensions=[database],
    )
    app.add("/authors", Authors)
    app.add("/authors/<int:author_id>/books", Books, name="AuthorBooks", methods={"GET"})
    app.add("/books", Books)
    app.add("/books/<int(max=2147483647):book_id>/cover", BookCover)
    return app


app = create_app()
