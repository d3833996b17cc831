"""INSERT, UPDATE and DELETE statements of a model's table, which return the row as it is stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from itertools import groupby
from typing import cast

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.dml import UpdateBase

from ..crud.store import KeyTaken, StaleWrite, UniqueViolation
from .construction import keeps_null
from .core_statements import CoreStatement, Row
from .lent_connections import AnyConnection
from .units import AnyMapper
from .violations import violations
from .writing_connections import whole

__all__ = ["CoreWriting", "mark_of"]

_MAX_SHAPES = 256
_MAX_KEYS = 10_000  # SQLite has at most 32,766 parameters
_WHERE = "restkit_"
"""The prefix of the parameters of conditions; those of SET have the keys of columns."""


class CoreWriting:
    """The writer of the rows of one table.

    Attributes:
        version: The attribute that changes with each change of a row; None without one.
    """

    def __init__(self, mapper: AnyMapper, identity: frozenset[str], names: Collection[str]) -> None:
        """Make the writer.

        Args:
            mapper: The mapper of the model.
            identity: The attributes that identify an item.
            names: The attributes of a row that statements return.
        """
        self._mapper = mapper
        self._identity = identity
        self._table = cast("sa.Table", mapper.local_table)  # `reading_obstacle` excludes others
        self._names = tuple(sorted(names))
        self._types = [(name, mapper.columns[name].type) for name in self._names]
        version = mapper.version_id_col
        self.version = None if version is None else mapper.get_property_by_column(version).key
        keys = [mapper.get_property_by_column(each).key for each in mapper.primary_key]
        self._integer_keys = [
            name for name in keys if isinstance(mapper.columns[name].type, sa.Integer)
        ]
        self._where = keys if self.version is None else [*keys, self.version]
        self._columns = {
            each.key: str(mapper.columns[each.key].key) for each in mapper.column_attrs
        }
        self._kept: dict[tuple[str, ...], CoreStatement] = {}

    def insert(self, connection: AnyConnection, item: Row, key: str) -> None:
        """Insert an item and set its attributes as they are stored.

        Args:
            connection: A connection with a transaction.
            item: The attributes of the item.
            key: The attribute that identifies it in its URL.

        Raises:
            KeyTaken: An item with the key exists; the transaction can go on.
        """
        values = self._inserted(item)
        if values.get(key) is None:
            item.update(self._insert(connection, values))
            return
        try:
            with whole(connection).begin_nested():
                item.update(self._insert(connection, values))
        except UniqueViolation as error:
            if self._identity == frozenset(error.names):
                raise KeyTaken(error.names) from error
            raise

    def insert_many(
        self, connection: Connection, items: Sequence[Mapping[str, object]]
    ) -> list[Row] | None:
        """Insert items in their order, and return them as they are stored.

        Args:
            connection: A connection with a transaction.
            items: The attributes of the items.

        Returns:
            None if a value is an expression of SQL; then nothing was written.

        Raises:
            Violation: A constraint rejects an item; nothing was written.
        """
        rows = [self._inserted(item) for item in items]
        if any(isinstance(each, sa.ClauseElement) for row in rows for each in row.values()):
            return None
        with connection.begin_nested():
            if connection.dialect.name == "postgresql":
                return self._insert_together(connection, rows)
            # Several rows of one INSERT come in any order, and no network is saved.
            return [self._insert(connection, row) for row in rows]

    def _insert_together(self, connection: Connection, rows: Sequence[Row]) -> list[Row]:
        """Insert rows by one statement for those that have the same attributes in turn."""
        columns = [self._mapper.columns[name] for name in self._names]
        source = sa.insert(self._table).returning(*columns, sort_by_parameter_order=True)
        found: list[Row] = []
        given = (self._divided(row)[0] for row in rows)
        with violations(self._mapper, {}, connection.dialect):
            for _, same in groupby(given, key=sorted):
                made = connection.execute(source, list(same))
                found += [dict(zip(self._names, row, strict=True)) for row in made]
        return found

    def _inserted(self, item: Mapping[str, object]) -> Row:
        """Return the values that an INSERT writes."""
        values = {
            name: value
            for name, value in item.items()
            if value is not None or self._is_null_inserted(name)
        }
        if self.version is not None and callable(self._mapper.version_id_generator):
            values[self.version] = self._mapper.version_id_generator(None)
        return values

    def _is_null_inserted(self, name: str) -> bool:
        """Return whether None is written, also where the column has a default."""
        column = self._mapper.columns[name]
        return column.type.should_evaluate_none or keeps_null(column)

    def _insert(self, connection: AnyConnection, values: Row) -> Row:
        return self._run("INSERT", connection, values, {})[0]

    def update(self, connection: AnyConnection, item: Row, values: Mapping[str, object]) -> None:
        """Set attributes of an item, and store them if nobody changed its row since it was read.

        Raises:
            StaleWrite: Somebody did.
        """
        changed = {
            name: value for name, value in values.items() if self._differs(item, name, value)
        }
        if not changed:
            return
        if self.version is not None and callable(self._mapper.version_id_generator):
            changed[self.version] = self._mapper.version_id_generator(item[self.version])
        found = self._run("UPDATE", connection, changed, self._read(item))
        if not found:
            raise StaleWrite
        item.update(found[0])

    def _differs(self, item: Row, name: str, value: object) -> bool:
        """Return whether a value is another one than that of the row, as the ORM decides it."""
        if name not in item or isinstance(value, sa.ClauseElement):
            return True  # not read: no response has the value of a load_only field
        return not self._mapper.columns[name].type.compare_values(value, item[name])

    def delete(self, connection: AnyConnection, item: Row) -> None:
        """Delete the row of an item, if nobody changed it since it was read.

        Raises:
            StaleWrite: Somebody did.
        """
        found = self._run("DELETE", connection, {}, self._read(item))
        if not found and self.version is not None:
            raise StaleWrite

    def update_many(
        self, connection: Connection, items: Sequence[Row], values: Mapping[str, object]
    ) -> None:
        """Set the same attributes of several items, whose rows are locked.

        Raises:
            StaleWrite: One of the rows is gone.
        """
        changed = dict(values)
        if self.version is not None and callable(self._mapper.version_id_generator):
            if not self.is_counted:
                for item in items:
                    self.update(connection, item, values)
                return
            changed[self.version] = self._mapper.columns[self.version] + 1
        given, expressions = self._divided(changed)
        statement = sa.update(self._table).values({**given, **expressions})
        with violations(self._mapper, values, connection.dialect):
            self._run_many(connection, statement, items)

    @cached_property
    def is_counted(self) -> bool:
        """Whether each version is the number after the one before it, as SQLAlchemy counts them."""
        generate = self._mapper.version_id_generator
        if self.version is None or not callable(generate):
            return False
        if not isinstance(self._mapper.columns[self.version].type, sa.Integer):
            return False
        return [generate(number) for number in (1, 2, 41)] == [2, 3, 42]

    def delete_many(self, connection: Connection, items: Sequence[Row]) -> None:
        """Delete several items, whose rows are locked.

        Raises:
            StaleWrite: One of the rows is gone.
        """
        with violations(self._mapper, {}, connection.dialect):
            self._run_many(connection, sa.delete(self._table), items)

    def _run_many(
        self, connection: Connection, statement: sa.Update | sa.Delete, items: Sequence[Row]
    ) -> None:
        keys = [self._mapper.get_property_by_column(each).key for each in self._mapper.primary_key]
        for start in range(0, len(items), _MAX_KEYS):
            chunk = items[start : start + _MAX_KEYS]
            found = self._are(keys, chunk)
            if connection.execute(statement.where(found)).rowcount != len(chunk):
                raise StaleWrite

    def _are(self, keys: Sequence[str], items: Sequence[Row]) -> sa.ColumnElement[bool]:
        """Return the condition of the rows of some items."""
        columns = [self._mapper.columns[name] for name in keys]
        if len(keys) == 1:
            return columns[0].in_([item[keys[0]] for item in items])
        pairs = [tuple(map(item.__getitem__, keys)) for item in items]
        return sa.tuple_(*columns).in_(pairs)

    def _read(self, item: Row) -> Row:
        return {f"{_WHERE}{name}": item[name] for name in self._where}

    def _run(
        self, verb: str, connection: AnyConnection, values: Row, identity: Row
    ) -> Sequence[Row]:
        """Run a statement that writes, and return the row as it is stored afterwards."""
        given, expressions = self._divided(values)
        shape = (verb, *sorted(given))
        statement = None if expressions else self._kept.get(shape)
        if statement is None:
            is_kept = not expressions and len(self._kept) < _MAX_SHAPES
            source = self._source(verb, expressions)
            statement = CoreStatement(source, self._types, keys=sorted(given), is_kept=is_kept)
            if is_kept:
                self._kept[shape] = statement
        try:
            found = statement.rows(connection, {**given, **identity})
        except SQLAlchemyError:
            with violations(self._mapper, values, connection.dialect):
                raise
        # SQLite 3.40 returns a rowid as REAL from a table that has a REAL column.
        for row in found:
            for name in self._integer_keys:
                if type(row[name]) is float:
                    row[name] = int(cast("float", row[name]))
        return found

    def _divided(self, values: Row) -> tuple[Row, Row]:
        """Return values by the keys of their columns: parameters, and expressions of SQL."""
        given: Row = {}
        expressions: Row = {}
        for name, value in values.items():
            key = self._columns[name]
            (expressions if isinstance(value, sa.ClauseElement) else given)[key] = value
        return given, expressions

    def _source(self, verb: str, expressions: Row) -> UpdateBase:
        columns = [self._mapper.columns[name] for name in self._names]
        if verb == "INSERT":
            made = sa.insert(self._table)
            return (made.values(expressions) if expressions else made).returning(*columns)
        found = [(f"{_WHERE}{name}", self._mapper.columns[name]) for name in self._where]
        where = [each == sa.bindparam(name, type_=each.type) for name, each in found]
        if verb == "DELETE":
            return sa.delete(self._table).where(*where).returning(*columns)
        changed = sa.update(self._table).where(*where)
        return (changed.values(expressions) if expressions else changed).returning(*columns)


def mark_of(kind: sa.types.TypeEngine[object]) -> object:
    """Return the value of a column that marks a row as removed: True, or the present time.

    Args:
        kind: The type of the column.
    """
    if isinstance(kind, sa.Boolean):
        return True
    now = dt.datetime.now(dt.UTC)
    aware = getattr(kind, "timezone", False) or getattr(kind, "aware", False)
    return now if aware else now.replace(tzinfo=None)
