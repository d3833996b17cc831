"""INSERT .. ON CONFLICT: rows that are created, or replaced if one has the same unique value."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.sql.schema import CallableColumnDefault

from .column_values import takes_context
from .core_statements import Row
from .core_writes import CoreWriting
from .units import AnyMapper
from .violations import violations

if TYPE_CHECKING:
    from sqlalchemy.sql.schema import ColumnDefault

__all__ = ["CoreUpserting"]

_Insert = postgresql.Insert | sqlite.Insert
_DIALECTS: Mapping[str, Callable[[sa.Table], _Insert]] = {
    "postgresql": postgresql.insert,
    "sqlite": sqlite.insert,
}
_CREATED = "restkit_created"
_Upserted = tuple[Row, bool]
_Condition = sa.ColumnElement[bool]


class CoreUpserting:
    """The upserts of the rows of one table."""

    def __init__(
        self,
        mapper: AnyMapper,
        live: _Condition | None,
        names: Collection[str],
        writing: CoreWriting,
    ) -> None:
        """Make them.

        Args:
            mapper: The mapper of the model.
            live: The condition of rows that are not soft-deleted; None without soft deletion.
            names: The attributes of a row that statements return.
            writing: The writer of rows that are known to exist or not.
        """
        self._mapper = mapper
        self._live = live
        self._table = cast("sa.Table", mapper.local_table)  # `reading_obstacle` excludes others
        self._names = tuple(sorted(names))
        self._writing = writing
        is_generated = callable(mapper.version_id_generator)
        self._version = writing.version if is_generated else None

    def upsert(
        self,
        connection: Connection,
        rows: Sequence[Mapping[str, object]],
        written: Sequence[Collection[str]],
        identity: Sequence[str],
        scope: Mapping[str, object],
    ) -> list[_Upserted | None] | None:
        """Create or replace rows.

        Args:
            connection: A connection with a transaction.
            rows: The attributes of new rows, in the order in which rows are locked.
            written: The attributes that each replaces if a row with the same value exists.
            identity: The attributes that are unique together.
            scope: The attributes that rows must have to be replaced.

        Returns:
            Each row as it is stored, and whether it is new; None for a row that must not be
            replaced. None in place of the list if the database or the values need other ways.

        Raises:
            Violation: A constraint rejects a row; nothing was written.
        """
        insert = _DIALECTS.get(connection.dialect.name)
        if insert is None or not self._is_possible(rows, written):
            return None
        known = self._known(connection, rows, identity)
        found: dict[tuple[object, ...], _Upserted] = {}
        with violations(self._mapper, {}, connection.dialect), connection.begin_nested():
            for names, values in self._grouped(rows, written):
                statement = self._statement(insert(self._table), names, identity, scope)
                for made in connection.execute(statement, values).mappings():
                    row = {name: made[name] for name in self._names}
                    key = _picked(row, identity)
                    found[key] = (row, made[_CREATED] if known is None else key not in known)
        return [found.get(_picked(row, identity)) for row in rows]

    def _is_possible(
        self, rows: Sequence[Mapping[str, object]], written: Sequence[Collection[str]]
    ) -> bool:
        """Return whether values can stand in one statement, and be compared by the database."""
        if self._version is not None and not self._writing.is_counted:
            return False
        if any(map(_depends_on_the_row, self._table.columns)):
            return False
        types = [self._mapper.columns[name].type for name in set().union(*written)]
        if any(isinstance(kind, (sa.JSON, sa.ARRAY)) for kind in types):
            return False
        pairs = (pair for row in rows for pair in row.items())
        return all(self._is_plain(name, value) for name, value in pairs)

    def _is_plain(self, name: str, value: object) -> bool:
        """Return whether a new row and a replaced one get the same value."""
        if value is not None:
            return not isinstance(value, sa.ClauseElement)
        column = self._mapper.columns[name]
        # The ORM leaves None to the default of a new row.
        return column.default is None and column.server_default is None

    def _known(
        self, connection: Connection, rows: Sequence[Mapping[str, object]], identity: Sequence[str]
    ) -> set[tuple[object, ...]] | None:
        """Return which rows exist; None on PostgreSQL, which says it of each row itself."""
        if connection.dialect.name == "postgresql":
            return None
        columns = [self._mapper.columns[name] for name in identity]
        wanted = [_picked(row, identity) for row in rows]
        is_among = sa.tuple_(*columns).in_(wanted)
        return set(map(tuple, connection.execute(sa.select(*columns).where(is_among))))

    def _grouped(
        self, rows: Sequence[Mapping[str, object]], written: Sequence[Collection[str]]
    ) -> Iterator[tuple[Sequence[str], list[Row]]]:
        """Yield the attributes that rows replace, and the values of rows with the same ones."""
        pairs = zip(rows, written, strict=True)
        for (_, names), each in groupby(pairs, key=lambda pair: (sorted(pair[0]), sorted(pair[1]))):
            yield names, [self._values(row) for row, _ in each]

    def _values(self, row: Mapping[str, object]) -> Row:
        values = {str(self._mapper.columns[name].key): value for name, value in row.items()}
        generate = self._mapper.version_id_generator
        if self._version is not None and callable(generate):
            values[str(self._mapper.columns[self._version].key)] = generate(None)
        return values

    def _statement(
        self,
        insert: _Insert,
        names: Sequence[str],
        identity: Sequence[str],
        scope: Mapping[str, object],
    ) -> ReturningInsert[Any]:
        columns = self._mapper.columns
        conditions = [columns[name] == value for name, value in scope.items()]
        if self._live is not None:
            conditions.append(self._live)
        upserting = insert.on_conflict_do_update(
            index_elements=[columns[name] for name in identity],
            set_=self._set(insert, names),
            where=sa.and_(sa.true(), *conditions),
        )
        returned = [columns[name].label(name) for name in self._names]
        # The system column of PostgreSQL is 0 in a row that nobody has updated or locked.
        text = "0" if isinstance(insert, sqlite.Insert) else "(xmax = 0)"
        is_new: sa.ColumnElement[bool] = sa.literal_column(text)
        return upserting.returning(*returned, is_new.label(_CREATED))

    def _set(self, insert: _Insert, names: Sequence[str]) -> Row:
        """Return the values that are set in an existing row.

        If it has the same values, the row keeps its version and its stamps.
        """
        columns = self._mapper.columns
        new = {columns[name]: insert.excluded[str(columns[name].key)] for name in names}
        differs = [column.is_distinct_from(value) for column, value in new.items()]
        changed = sa.or_(sa.false(), *differs)
        sets: Row = {column.name: value for column, value in new.items()}
        for column in self._table.columns:
            if column.onupdate is not None and column not in new:
                sets[column.name] = sa.case((changed, _updated(column)), else_=column)
        if self._version is not None:
            version = columns[self._version]
            sets[version.name] = version + sa.case((changed, 1), else_=0)
        return sets


def _picked(row: Mapping[str, object], names: Sequence[str]) -> tuple[object, ...]:
    return tuple(row[name] for name in names)


def _depends_on_the_row(column: sa.Column[object]) -> bool:
    """Return whether an UPDATE computes a value of a column from others of the same row."""
    default = column.onupdate
    return isinstance(default, CallableColumnDefault) and takes_context(default)


def _updated(column: sa.Column[object]) -> object:
    """Return the value that an UPDATE gives a column."""
    default = cast("ColumnDefault", column.onupdate)
    given = cast("Callable[[object], object]", getattr(default, "arg", default))
    if default.is_callable:
        return sa.literal(given(None), column.type)
    return sa.literal(given, column.type) if default.is_scalar else given
