"""A bookstore: authors, their books, and the books' covers, on SQLite.

Run it with ``restkit run examples.bookstore``; ``RESTKIT_DATABASE_URL`` says where the data is.
"""

from .app import app, create_app

__all__ = ["app", "create_app"]
