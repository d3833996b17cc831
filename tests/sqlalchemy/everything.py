"""A model that has a column of each type, for tests of derived schemas."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit.sqlalchemy import UTCDateTime

__all__ = ["Base", "Colour", "Everything"]


class Base(DeclarativeBase):
    pass


class Colour(enum.Enum):
    RED = "#f00"
    BLUE = "#00f"


class Lower(sa.TypeDecorator[str]):
    """Is text that is kept in small letters."""

    impl = sa.String(20)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return None if value is None else value.lower()


class Everything(Base):
    """One of each."""

    __tablename__ = "everything"

    id: Mapped[int] = mapped_column(primary_key=True)
    small: Mapped[int | None] = mapped_column(sa.SmallInteger)
    plain: Mapped[int | None] = mapped_column(sa.Integer, doc="A plain number.")
    big: Mapped[int | None] = mapped_column(sa.BigInteger)
    short: Mapped[str | None] = mapped_column(sa.String(5))
    text: Mapped[str | None] = mapped_column(sa.Text)
    wide: Mapped[str | None] = mapped_column(sa.Unicode(10))
    colour: Mapped[Colour | None]
    size: Mapped[str | None] = mapped_column(sa.Enum("S", "M", "L", name="size"))
    flag: Mapped[bool | None]
    day: Mapped[dt.date | None]
    clock: Mapped[dt.time | None]
    local: Mapped[dt.datetime | None] = mapped_column(sa.DateTime)
    moment: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    span: Mapped[dt.timedelta | None] = mapped_column(sa.Interval)
    price: Mapped[Decimal | None] = mapped_column(sa.Numeric(8, 2))
    ratio: Mapped[float | None] = mapped_column(sa.Double)
    code: Mapped[uuid.UUID | None]
    extra: Mapped[Any | None] = mapped_column(sa.JSON)
    blob: Mapped[bytes | None] = mapped_column(sa.LargeBinary(20))
    lower: Mapped[str | None] = mapped_column(Lower)
    level: Mapped[int] = mapped_column(default=3)
    state: Mapped[str] = mapped_column(sa.String(10), server_default="new")
    twice: Mapped[int | None] = mapped_column(sa.Computed("plain / 2", persisted=True))
