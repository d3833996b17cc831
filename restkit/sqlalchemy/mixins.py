"""Columns that most tables want: a version for entity tags, and when a row was made and changed."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from .types import UTCDateTime

__all__ = ["Timestamps", "Versioned"]


def _next_version(version: int | None) -> int:
    # A row that is made anew under an old key does not begin at 1: a tag of the old one would hold for it.
    return secrets.randbits(40) + 1 if version is None else version + 1


class Versioned:
    """A mixin with a ``version`` that each UPDATE increases; it is the item's entity tag."""

    version: Mapped[int] = mapped_column(BigInteger, nullable=False, info={"generated": True})

    @declared_attr.directive
    @classmethod
    def __mapper_args__(cls) -> dict[str, object]:
        """Let SQLAlchemy hold every UPDATE and DELETE against the version that was read."""
        return {"version_id_col": cls.version, "version_id_generator": _next_version}


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _made(context: Any) -> dt.datetime:
    # What was never changed has the same moment in both.
    made = context.get_current_parameters().get("created_at")
    return made if isinstance(made, dt.datetime) else _now()


class Timestamps:
    """A mixin with ``created_at`` and ``updated_at`` in UTC, which clients cannot write."""

    created_at: Mapped[dt.datetime] = mapped_column(
        UTCDateTime(), default=_now, info={"generated": True}
    )
    updated_at: Mapped[dt.datetime] = mapped_column(
        UTCDateTime(), default=_made, onupdate=_now, info={"generated": True}
    )
