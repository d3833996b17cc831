"""A Store over SQLAlchemy 2: the database of an App, and models as collections and schemas.

Needs the extra ``sql``, and for PostgreSQL the extra ``postgres``.
"""

from . import requirements as requirements  # first: it names the extra that is missing
from .change_recorder import changes_metadata
from .database import Database, session
from .engines import Limits
from .fulltext import FullText, without_searches
from .idempotency import IdempotencyRecord, SQLAlchemyStorage
from .mixins import Timestamps, Versioned
from .session_resource import Page, SessionResource, Window
from .sessions import SessionRecord, SQLStore
from .store import SQLAlchemyStore
from .tokens import SQLTokenStore, TokenRecord
from .types import UTCDateTime

__all__ = [
    "Database",
    "FullText",
    "IdempotencyRecord",
    "Limits",
    "Page",
    "SQLAlchemyStorage",
    "SQLAlchemyStore",
    "SQLStore",
    "SQLTokenStore",
    "SessionRecord",
    "SessionResource",
    "Timestamps",
    "TokenRecord",
    "UTCDateTime",
    "Versioned",
    "Window",
    "changes_metadata",
    "session",
    "without_searches",
]
