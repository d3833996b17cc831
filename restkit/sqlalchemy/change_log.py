"""The changes of a model's rows, read in the order of their transactions."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol, cast

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapper, Session
from sqlalchemy.sql import visitors

from ..crud.changes import Change, ChangePlace
from ..crud.scopes import Clause
from ..crud.store import Attribute, RuledRows
from ..errors import DeclarationError
from .change_recorder import CHANGES, changes_metadata, record, table_name
from .scopes import expression_of
from .units import Units

__all__ = ["FollowingMixin", "SQLAlchemyChangeLog"]

_log = logging.getLogger("restkit")
_AnyMapper = Mapper[object]
_BACKENDS = ("sqlite", "postgresql")
_AT_ONCE = 1000
_LOWER, _HALF = 2**32 - 1, 2**31
# The snapshot of the statement is taken first: what ran then and has ended since is complete, and
# what still runs is in one of the views. Both are readable for every role.
_RUNNING = sa.text(
    """SELECT CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS TEXT) AS BIGINT), ARRAY(
        SELECT CAST(CAST(backend_xid AS TEXT) AS BIGINT) FROM pg_stat_activity
        WHERE backend_xid IS NOT NULL AND (datname IS NULL OR datname = current_database())
        UNION ALL SELECT CAST(CAST(transaction AS TEXT) AS BIGINT) FROM pg_prepared_xacts
        WHERE database = current_database())"""
)


class _Rows(Protocol):
    """The part of a transaction that a log reads with."""

    session: Session


class SQLAlchemyChangeLog:
    """The changes of the rows of one model; see `crud.changes.ChangeLog`."""

    def __init__(
        self,
        mapper: _AnyMapper,
        attributes: Mapping[str, Attribute],
        soft_delete: str | None,
        units: Units,
    ) -> None:
        """Prepare the log.

        Args:
            mapper: The mapper of the model.
            attributes: The attributes of its store.
            soft_delete: The attribute that marks removed rows.
            units: The units of work of the database.
        """
        self._mapper = mapper
        self._attributes = attributes
        self._soft_delete = soft_delete
        self._units = units
        self._table = table_name(mapper)
        self._lock = threading.Lock()
        self._known: tuple[float, ChangePlace | None] | None = None

    def note(self, keys: Collection[str], needed: Collection[str] | None) -> None:
        """Note changes from now on; see `crud.changes.Followed`."""
        columns = self._mapper.column_attrs.keys()
        fields = {name: each.field for name, each in self._attributes.items() if name in columns}
        kept = fields if needed is None else {*needed, self._soft_delete or ""}
        own = {name: fields[name] for name in keys}
        before = {name: each for name, each in fields.items() if name in kept}
        record(self._mapper, self._units, own, before)

    def last(self, age: float, /) -> ChangePlace | None:
        """Return the place of the last change; see `crud.changes.ChangeLog`."""
        with self._lock:
            now = time.monotonic()
            if self._known is None or now - self._known[0] > age:
                self._known = (now, self._read_last())
            return self._known[1]

    def _read_last(self) -> ChangePlace | None:
        table, bound = CHANGES.c, self._bound()
        statement = self._places().where(table.transaction_id < bound)
        return self._place(statement.order_by(table.transaction_id.desc(), table.id.desc()))

    def _bound(self) -> int:
        """Return the number below which all transactions that may write have ended.

        A statement that begins after this sees all their changes. Only transactions of this
        database count: ``pg_snapshot_xmin`` alone would wait for those of others on the server too.
        """
        if self._units.engine.dialect.name == "sqlite":
            return 1
        with self._units.engine.connect() as connection:
            following, running = connection.execute(_RUNNING).one()
        numbers = [int(each) for each in running]
        found = [_whole(each, int(following)) for each in numbers]
        return min([int(following), *found])

    def floor(self) -> ChangePlace | None:
        """Return the place below which changes were removed."""
        return self._place(self._places().where(CHANGES.c.is_floor))

    def _places(self) -> sa.Select[int, int]:
        table = CHANGES.c
        return sa.select(table.transaction_id, table.id).where(table.model == self._table)

    def _place(self, statement: sa.Select[int, int]) -> ChangePlace | None:
        with self._units.engine.connect() as connection:
            row = connection.execute(statement.limit(1)).first()
        return None if row is None else ChangePlace(*row)

    def after(
        self, rows: object, place: ChangePlace, until: ChangePlace, most: int, /
    ) -> Sequence[Change]:
        """Return changes behind a place; see `crud.changes.ChangeLog`."""
        table = CHANGES.c
        own = sa.tuple_(table.transaction_id, table.id)
        statement = (
            sa.select(table.transaction_id, table.id, table.key, table.before)
            .where(table.model == self._table)
            .where(own > sa.tuple_(*place), own <= sa.tuple_(*until))
            .order_by(table.transaction_id, table.id)
            .limit(most)
        )
        found = cast("_Rows", rows).session.execute(statement)
        return [
            Change(
                ChangePlace(number, own), self._values_of(key), before and self._values_of(before)
            )
            for number, own, key, before in found
        ]

    def _values_of(self, text: str) -> dict[str, object]:
        stored: dict[str, object] = json.loads(text)
        loaded: dict[str, object] = {}
        for name, value in stored.items():
            if name in self._attributes:  # the model may have lost it since
                field = self._attributes[name].field
                loaded[name] = None if value is None else field.deserialize(value)
        return loaded

    def saw(self, rows: object, before: Mapping[str, object], scope: Clause, /) -> bool:
        """Return whether the caller could see a row; see `crud.changes.ChangeLog`.

        The conditions of the row rule and of the scope are evaluated by the database, with the
        values of the row in place of its columns.
        """
        if self._soft_delete is not None and before.get(self._soft_delete) not in (None, False):
            return False
        model = self._mapper.class_
        readable: Clause = rows.readable() if isinstance(rows, RuledRows) else True
        condition = sa.and_(expression_of(model, readable), expression_of(model, scope))
        names = self._mapper.column_attrs.keys()
        columns = {self._mapper.columns[name]: name for name in names}
        lost: list[str] = []

        def replaced(element: object, **_: object) -> sa.ColumnElement[object] | None:
            plain = _plain_column(element)
            if plain is None or plain not in columns:
                return None
            name = columns[plain]
            if name not in before:
                lost.append(name)
            return sa.literal(before.get(name), plain.type)

        found = visitors.replacement_traverse(condition, {}, replaced)
        if lost:  # another program has noted less; SECURITY: who could see the row is not known
            return False
        session = cast("_Rows", rows).session
        return session.scalar(sa.select(sa.literal(1)).where(found)) is not None

    def prune(self, keep: float, /) -> None:
        """Remove old changes, except the newest of them, which becomes the floor."""
        table = CHANGES.c
        own = table.model == self._table
        place = sa.tuple_(table.transaction_id, table.id)
        limit = int((time.time() - keep) * 1000)
        try:
            until = self.last(0)
            old = self._places().where(table.created_at < limit)
            if until is not None:
                old = old.where(place <= sa.tuple_(*until))
            old = old.order_by(table.transaction_id, table.id).limit(_AT_ONCE)
            with self._units.engine.begin() as connection:
                found = connection.execute(old).all()
                if len(found) < 2:
                    return
                last = sa.tuple_(*found[-1])
                floor = sa.update(CHANGES).where(own, place == last).values(is_floor=True)
                connection.execute(sa.delete(CHANGES).where(own, place < last))
                connection.execute(floor)
        except SQLAlchemyError:  # another process removes them, or the database only reads
            _log.info("Old changes of %s were not removed", self._table, exc_info=True)


def _whole(number: int, following: int) -> int:
    """Return the number of a transaction in 64 bits.

    Args:
        number: Its lower 32 bits.
        following: The whole number of a transaction that is less than 2^31 away.
    """
    near = (following & ~_LOWER) | number
    if near - following > _HALF:
        return near - _LOWER - 1
    return near + _LOWER + 1 if following - near > _HALF else near


def _plain_column(element: object) -> sa.Column[object] | None:
    """Return the column of a table that an element of an expression is, without annotations."""
    deannotate: Callable[[], object] | None = getattr(element, "_deannotate", None)
    # ORM attributes name columns with annotations; SQLAlchemy has no public name for this.
    plain = element if deannotate is None else deannotate()
    return plain if isinstance(plain, sa.Column) else None


class FollowingMixin:
    """The changes of the rows of a store; see `crud.changes.Followed`."""

    mapper: _AnyMapper
    attributes: Mapping[str, Attribute]
    soft_delete: str | None
    _units: Units | None
    _backend: str

    def follow(
        self, keys: Collection[str], needed: Collection[str] | None, /
    ) -> SQLAlchemyChangeLog:
        """Note the changes of the model's rows from now on; see `crud.changes.Followed`.

        Raises:
            DeclarationError: The model takes part in inheritance, a key is not a column, or the
                database is neither PostgreSQL nor SQLite.
        """
        called = f"The changes of {self.mapper.class_.__qualname__} cannot be followed"
        if self._units is None or self._backend not in _BACKENDS:
            raise DeclarationError(f"{called}: that needs a Database on PostgreSQL or SQLite.")
        if self.mapper.inherits or len(self.mapper.self_and_descendants) > 1:
            raise DeclarationError(f"{called}: it takes part in inheritance.")
        if lacking := sorted(set(keys).difference(self.mapper.column_attrs.keys())):
            raise DeclarationError(f"{called}: its key {lacking[0]!r} is not a column.")
        self._units.create_also(changes_metadata)
        log = SQLAlchemyChangeLog(self.mapper, self.attributes, self.soft_delete, self._units)
        log.note(keys, needed)
        return log
