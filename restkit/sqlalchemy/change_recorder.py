"""The changes of a model's rows, noted in the transactions that make them.

A number alone does not order changes: a slow transaction takes its number early and commits late,
so a reader that has gone past the number would never see it. `change_log` reads them in the order
(transaction, number), below the oldest transaction that still runs.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping, Sequence
from weakref import WeakSet

import sqlalchemy as sa
from sqlalchemy import Connection, event
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstanceState, Mapper
from sqlalchemy.sql.functions import FunctionElement

from ..crud.store import AnyField
from .units import Units

__all__ = ["CHANGES", "changes_metadata", "record", "table_name"]

_AnyMapper = Mapper[object]
_MISSING = object()

changes_metadata = sa.MetaData()
"""The table of changes: for Alembic, ``target_metadata = [Base.metadata, changes_metadata]``."""

CHANGES = sa.Table(
    "restkit_changes",
    changes_metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("transaction_id", sa.BigInteger, nullable=False),
    sa.Column("model", sa.String(255), nullable=False),  # the name of its table
    sa.Column("key", sa.Text, nullable=False),  # attributes after the change, as JSON
    sa.Column("before", sa.Text),  # attributes before the change, as JSON; null of a new row
    sa.Column("created_at", sa.BigInteger, nullable=False),  # milliseconds since 1970
    sa.Column("is_floor", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Index("restkit_changes_order", "model", "transaction_id", "id"),
    sqlite_autoincrement=True,  # a number is used once
)
"""The changes of the rows of models that are followed."""


class current_transaction(FunctionElement[int]):  # noqa: N801  # used as a function
    """The number of the current transaction, of which savepoints are parts."""

    type = sa.BigInteger()
    inherit_cache = True


@compiles(current_transaction, "sqlite")
def _current_of_sqlite(*_: object, **__: object) -> str:
    return "0"  # one transaction writes at a time, so that numbers are in the order of commits


@compiles(current_transaction, "postgresql")
def _current_of_postgresql(*_: object, **__: object) -> str:
    return "CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT)"


class _Recorder:
    """The listener that notes the changes of one model's rows.

    Attributes:
        keys: The attributes that identify rows, of all logs.
        kept: The attributes that are kept of a row before a change.
        units: The databases whose changes are noted.
    """

    def __init__(self, mapper: _AnyMapper) -> None:
        self._mapper = mapper
        self.keys: dict[str, AnyField] = {}
        self.kept: dict[str, AnyField] = {}
        self.units: WeakSet[Units] = WeakSet()
        event.listen(mapper, "after_insert", self.inserted)
        event.listen(mapper, "before_update", self.updated)
        event.listen(mapper, "before_delete", self.deleted)

    def _is_followed(self, connection: Connection) -> bool:
        return any(each.owns(connection) for each in self.units)

    def inserted(self, _: _AnyMapper, connection: Connection, target: object) -> None:
        """Note a new row."""
        if self._is_followed(connection):
            self._write(connection, self._after(target, connection), None)

    def updated(self, _: _AnyMapper, connection: Connection, target: object) -> None:
        """Note a row that is about to change, if it is."""
        session = sa.inspect(target, raiseerr=True).session
        is_changed = session is not None and session.is_modified(target, include_collections=False)
        if is_changed and self._is_followed(connection):
            before = self._before(target, connection)
            self._write(connection, self._after(target, connection), before)

    def deleted(self, _: _AnyMapper, connection: Connection, target: object) -> None:
        """Note a row that is about to be removed."""
        if self._is_followed(connection):
            before = self._before(target, connection)
            self._write(connection, {name: before[name] for name in self.keys}, before)

    def _before(self, target: object, connection: Connection) -> dict[str, object]:
        """Return the attributes of a row as it is stored."""
        state: InstanceState[object] = sa.inspect(target, raiseerr=True)
        known = {**state.dict, **state.committed_state}
        return self._complete({**self.kept, **self.keys}, known, connection, state)

    def _after(self, target: object, connection: Connection) -> dict[str, object]:
        """Return the key of a row as it is written."""
        state: InstanceState[object] = sa.inspect(target, raiseerr=True)
        return self._complete(self.keys, state.dict, connection, state)

    def _complete(
        self,
        wanted: Mapping[str, AnyField],
        known: Mapping[str, object],
        connection: Connection,
        state: InstanceState[object],
    ) -> dict[str, object]:
        """Return attributes as JSON values; those that are not known are read."""
        found = {name: known.get(name, _MISSING) for name in wanted}
        # Expressions of SQL and values that were never read are known to the database alone.
        unread = [name for name, value in found.items() if not _is_plain(value)]
        if unread:
            columns = [self._mapper.columns[name].label(name) for name in unread]
            statement = sa.select(*columns)
            for column, value in zip(self._mapper.primary_key, self._identity(state), strict=True):
                statement = statement.where(column == value)
            row = connection.execute(statement).mappings().first()
            found.update(dict.fromkeys(unread) if row is None else row)
        return {name: wanted[name].serialize(name, {name: value}) for name, value in found.items()}

    def _identity(self, state: InstanceState[object]) -> Sequence[object]:
        if state.identity is not None:
            return state.identity
        return self._mapper.primary_key_from_instance(state.obj() or object())

    def _write(
        self,
        connection: Connection,
        now: Mapping[str, object],
        before: Mapping[str, object] | None,
    ) -> None:
        values = {
            "transaction_id": current_transaction(),
            "model": table_name(self._mapper),
            "key": json.dumps(now, default=str),
            "before": None if before is None else json.dumps(before, default=str),
            "created_at": int(time.time() * 1000),
        }
        connection.execute(sa.insert(CHANGES).values(values))


def _is_plain(value: object) -> bool:
    is_symbol = type(value).__module__.startswith("sqlalchemy")  # NO_VALUE, an expression of SQL
    return value is not _MISSING and not is_symbol


def table_name(mapper: _AnyMapper) -> str:
    """Return the name under which the changes of a model are noted."""
    return str(getattr(mapper.local_table, "fullname", mapper.local_table))


_recorders: dict[_AnyMapper, _Recorder] = {}
_lock = threading.Lock()


def record(
    mapper: _AnyMapper, units: Units, keys: Mapping[str, AnyField], kept: Mapping[str, AnyField]
) -> None:
    """Note the changes of a model's rows from now on.

    Args:
        mapper: The mapper of the model.
        units: The units of work of the database; changes in other databases are not noted.
        keys: The attributes that identify rows, with the fields that write them as JSON.
        kept: The attributes that are kept of a row as it was before a change.
    """
    with _lock:
        if mapper not in _recorders:
            _recorders[mapper] = _Recorder(mapper)
        recorder = _recorders[mapper]
        recorder.keys.update(keys)
        recorder.kept.update(kept)
        recorder.units.add(units)
