"""A blog with pages: accounts, posts with pictures, search, and moderation, on SQLite.

Run it with ``restkit run examples.site``; ``RESTKIT_DATABASE_URL`` says where the data is.
"""

from .app import app, create_app

__all__ = ["app", "create_app"]
