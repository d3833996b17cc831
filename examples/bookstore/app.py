"""The App: settings, resources, and what the document says of the whole."""

from __future__ import annotations

from dataclasses import dataclass, replace

from restkit import App, Settings

from .resources import AuthorItem, Authors, BookCover, BookItem, Books


@dataclass(frozen=True, kw_only=True)
class BookstoreSettings(Settings):
    database_url: str = "sqlite:///bookstore.db"


def create_app(database_url: str | None = None) -> App:
    """Make the App; the database is opened when the first request comes.

    Args:
        database_url: SQLAlchemy's URL; by default what ``RESTKIT_DATABASE_URL`` says, or ``bookstore.db`` here.
    """
    settings = BookstoreSettings.load()
    if database_url is not None:
        settings = replace(settings, database_url=database_url)
    app = App(
        "Bookstore",
        version="1.0.0",
        description="Authors, their books, and the books' covers.",
        contact={"name": "The restkit developers", "url": "https://github.com/restkit/restkit"},
        license={"name": "MIT", "identifier": "MIT"},
        tags={"Authors": "People who wrote books.", "Books": "What is on the shelves."},
        settings=settings,
    )
    app.add("/authors", Authors)
    app.add("/authors/<int:author_id>", AuthorItem)
    app.add("/books", Books)
    app.add("/books/<int:book_id>", BookItem)
    app.add("/books/<int:book_id>/cover", BookCover)
    return app


app = create_app()
