"""A Store over SQLAlchemy 2: the database of an App, and models as collections and schemas.

Needs the extra ``sql``, and for PostgreSQL the extra ``postgres``.
"""

from . import requirements as requirements  # first: it names the extra that is missing
from .database import Database, session
from .engines import Limits
from .fulltext import FullText, without_searches
from .idempotency import IdempotencyRecord, SQLAlchemyStorage
from .mixins import Timestamps, Versioned
from .sessions import SessionRecord, SQLStore
from .store import SQLAlchemyStore
from .tokens import SQLTokenStore, TokenRecord
from .types import UTCDateTime

__all__ = [
    "Database",
    "FullText",
    "IdempotencyRecord",
    "Limits",
    "SQLAlchemyStorage",
    "SQLAlchemyStore",
    "SQLStore",
    "SQLTokenStore",
    "SessionRecord",
    "Timestamps",
    "TokenRecord",
    "UTCDateTime",
    "Versioned",
    "session",
    "without_searches",
]
