"""Mixins for common columns: a version for entity tags, and creation and update times."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from .types import UTCDateTime

__all__ = ["Timestamps", "Versioned"]


def _next_version(version: int | None) -> int:
    # A new row under an old key must not start at 1: an old entity tag would match it.
    return secrets.randbits(40) + 1 if version is None else version + 1


class Versioned:
    """A mixin with a ``version`` that each UPDATE increases; it is the item's entity tag."""

    version: Mapped[int] = mapped_column(BigInteger, nullable=False, info={"generated": True})

    @declared_attr.directive
    @classmethod
    def __mapper_args__(cls) -> dict[str, object]:
        """Let SQLAlchemy compare the version that was read in every UPDATE and DELETE."""
        return {"version_id_col": cls.version, "version_id_generator": _next_version}


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _made(context: Any) -> dt.datetime:
    # A row without updates has the same time in both columns.
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
