"""A model with a column of each kind, for tests of what a database may have stored in them."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit.sqlalchemy import UTCDateTime

__all__ = ["Base", "Color", "Reading", "Station"]


class Base(DeclarativeBase):
    pass


class Color(enum.Enum):
    RED = "red"


class Station(Base):
    __tablename__ = "station"

    id: Mapped[int] = mapped_column(primary_key=True)
    opened: Mapped[dt.date | None]
    changed: Mapped[dt.datetime | None]
    readings: Mapped[list[Reading]] = relationship(back_populates="station")


class Reading(Base):
    __tablename__ = "reading"

    id: Mapped[int] = mapped_column(primary_key=True)
    station_id: Mapped[int | None] = mapped_column(sa.ForeignKey("station.id"))
    note: Mapped[str | None]
    count: Mapped[int | None]
    ratio: Mapped[float | None]
    amount: Mapped[Decimal | None] = mapped_column(sa.Numeric(10, 2))
    ok: Mapped[bool | None]
    day: Mapped[dt.date | None]
    hour: Mapped[dt.time | None]
    at: Mapped[dt.datetime | None]
    seen: Mapped[dt.datetime | None] = mapped_column(UTCDateTime())
    lasted: Mapped[dt.timedelta | None]
    token: Mapped[uuid.UUID | None]
    color: Mapped[Color | None]
    data = mapped_column(sa.JSON)
    blob: Mapped[bytes | None]
    station: Mapped[Station | None] = relationship(back_populates="readings")
