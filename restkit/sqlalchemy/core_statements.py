"""Statements of SQLAlchemy Core that are compiled once, and rows as dicts.

PERF: SQLAlchemy spends 270 thousand instructions on the context and the result of a statement. A
statement of this module goes to the driver's cursor directly, with SQLAlchemy's own SQL text and
the own processors of its types.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa
from sqlalchemy import Connection, Dialect, Engine
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase

from ..compiler.writer import Writer
from .infinite_moments import quick_loaders
from .kept_cursors import Pooled, keep_cursor, length_check, new_cursor, take_cursor
from .lent_connections import (
    LENT_DRIVERS,
    AnyConnection,
    LentConnection,
    class_has_listeners,
    translated,
)
from .row_makers import Description, Make, Row, Types, row_maker
from .silence import Silence
from .unreadable_values import MISFITS, replaces_wrong_bytes

if TYPE_CHECKING:
    from psycopg import Cursor
    from psycopg.abc import Loader

__all__ = ["AnySelect", "CoreStatement", "Row"]

AnySelect = sa.Select[Any]
"""A SELECT statement of any columns."""
_Source = AnySelect | UpdateBase
_Parameters = Sequence[object] | Mapping[str, object]
_Bind = Callable[[Mapping[str, object]], _Parameters]


class CoreStatement:
    """A statement that returns rows.

    Attributes:
        source: The statement.
    """

    __slots__ = ("_form", "_is_kept", "_is_long", "_keys", "_types", "_watchers", "source")

    def __init__(
        self,
        source: _Source,
        types: Types,
        *,
        keys: Sequence[str] = (),
        is_kept: bool = True,
        is_long: bool = False,
    ) -> None:
        """Keep a statement.

        Args:
            source: The statement.
            types: The attribute and the type of each of its columns.
            keys: The keys of the columns that it writes parameters to.
            is_kept: Whether it runs more than once, so that it is worth while to compile it here.
            is_long: Whether it is a SELECT of many rows.
        """
        self.source = source
        self._is_long = is_long
        self._is_kept = is_kept
        self._keys = keys
        self._types = types
        self._form: _CompiledForm | None = None
        self._watchers: _Watchers | None = None

    def rows(self, connection: AnyConnection, values: Mapping[str, object]) -> list[Row]:
        """Run the statement and return all rows.

        Args:
            connection: A connection with a transaction, or a lent one, which nobody watches.
            values: The values of its parameters.

        Raises:
            SQLAlchemyError: The database rejects the statement, as from ``connection.execute``.
        """
        form = self._form_for(connection.dialect) if self._is_kept else None
        if form is not None and form.is_direct and not self._is_watched(connection):
            try:
                parameters = form.parameters(values)
            except Exception:  # noqa: BLE001  # types of users may raise any
                return self._executed(connection, values)  # which raises SQLAlchemy's own exception
            return form.run(connection, parameters)
        return self._executed(connection, values)

    def _is_watched(self, connection: AnyConnection) -> bool:
        if isinstance(connection, LentConnection):
            return False
        watchers = self._watchers
        if watchers is None or watchers.engine is not connection.engine:
            watchers = self._watchers = _Watchers(connection.engine)
        return watchers.exist(connection)

    def _form_for(self, dialect: Dialect) -> _CompiledForm:
        form = self._form
        if form is None or form.dialect is not dialect:
            form = self._form = _CompiledForm(
                self.source, self._types, self._keys, dialect, is_long=self._is_long
            )
        return form

    def _executed(self, connection: AnyConnection, values: Mapping[str, object]) -> list[Row]:
        found = connection.execute(self.source, values)
        names = [name for name, _ in self._types]
        return [dict(zip(names, row, strict=True)) for row in found]


class _CompiledForm:
    """The SQL text of a statement for one dialect, with the conversions of its values.

    Attributes:
        dialect: The dialect.
        is_direct: Whether the text and the conversions are all that the statement needs.
        parameters: The function from values by name to the parameters that the driver takes.
    """

    def __init__(
        self,
        source: _Source,
        types: Types,
        keys: Sequence[str],
        dialect: Dialect,
        *,
        is_long: bool,
    ) -> None:
        """Compile a statement."""
        self.dialect = dialect
        # SQLite's own cursors cost little, and keep a read alive.
        self._keeps = dialect.driver == "psycopg" and not is_long
        self._are_short = length_check(types)
        compiled = source.compile(dialect=dialect, column_keys=keys)
        self._text: str = compiled.string
        self._types = types
        self._make: Make | None = None
        self.is_direct = dialect.driver in LENT_DRIVERS and _is_complete(compiled)
        self.parameters = _binder(compiled, dialect)
        # A statement that writes must not run again.
        self._is_quick = dialect.driver == "psycopg" and isinstance(source, sa.Select)
        self._loaders = _Loaders({})

    def run(self, connection: AnyConnection, parameters: _Parameters) -> list[Row]:
        """Return the rows of a driver's cursor.

        Raises:
            SQLAlchemyError: The database rejects the statement, or the connection is lost.
        """
        dialect, pooled, loaders = self.dialect, connection.connection, self._loaders
        cursor = take_cursor(pooled, loaders) if self._keeps else None
        if cursor is None:
            cursor = loaders.cursor(pooled)
        is_kept = False
        try:
            dialect.do_execute(cursor, self._text, parameters)
            found = self._all(cursor, loaders)
            make, description = self._make, cursor.description
            if make is None:
                make = self._make = row_maker(self._types, dialect, description)
                if self._is_quick:
                    self._loaders = _Loaders(quick_loaders(cast("Cursor[object]", cursor)))
            elif self._keeps and self._are_short(found):
                keep_cursor(pooled, loaders, cursor)
                is_kept = True
        except _UnreadableMoment:
            return self.run(connection, parameters)
        except dialect.loaded_dbapi.Error as error:
            if replaces_wrong_bytes(pooled, error):
                return self.run(connection, parameters)
            raise self._translated(error, connection, parameters, cursor) from error
        finally:
            if not is_kept:
                cursor.close()
        return self._made(make, found, description)

    def _made(
        self, make: Make, found: Sequence[Sequence[object]], description: Description
    ) -> list[Row]:
        """Return rows as dicts, with None for values that the types cannot read."""
        try:
            return make(found)
        except MISFITS:
            make = row_maker(self._types, self.dialect, description, is_guarded=True)
            return make(found)

    def _translated(
        self,
        error: Exception,
        connection: AnyConnection,
        parameters: _Parameters,
        cursor: DBAPICursor,
    ) -> BaseException:
        """Return SQLAlchemy's exception for a driver's, after a lost connection is given up."""
        made = translated(error, connection, text=self._text, parameters=parameters, cursor=cursor)
        if getattr(made, "connection_invalidated", False):
            connection.invalidate(error)
        return made

    def _all(self, cursor: DBAPICursor, loaders: _Loaders) -> Sequence[Sequence[object]]:
        """Return all rows of a cursor.

        Raises:
            _UnreadableMoment: There is a moment beyond Python's calendar, so that the statement is
                to be run again; from now on it takes the loaders that suit all moments.
        """
        try:
            return cursor.fetchall()
        except self.dialect.loaded_dbapi.DataError as error:
            if not loaders.quick:
                raise
            self._loaders, self._is_quick = _Loaders({}), False
            raise _UnreadableMoment from error


class _Loaders:
    """The loaders of a statement's cursors, by which its cursors are kept.

    Attributes:
        quick: The loaders of moments, by type, that not all moments suit.
    """

    __slots__ = ("quick",)

    def __init__(self, quick: Mapping[int, type[Loader]]) -> None:
        self.quick = quick

    def cursor(self, pooled: Pooled) -> DBAPICursor:
        """Return a new cursor with the loaders."""
        made = new_cursor(pooled)
        for oid, loader in self.quick.items():
            cast("Cursor[object]", made).adapters.register_loader(oid, loader)
        return made


class _UnreadableMoment(Exception):
    """Raised when a quick loader cannot read a moment."""


def _is_complete(compiled: SQLCompiler) -> bool:
    """Return whether SQLAlchemy adds nothing to a compiled statement when it is executed."""
    return not (
        compiled.insert_prefetch
        or compiled.update_prefetch
        or compiled.post_compile_params
        or compiled.literal_execute_params
        or compiled.escaped_bind_names
    )


def _binder(compiled: SQLCompiler, dialect: Dialect) -> _Bind:
    """Generate the function from the values of a statement to the driver's parameters."""
    writer = Writer()
    order = (compiled.positiontup or []) if compiled.positional else list(compiled.binds)
    values: list[str] = []
    for number, name in enumerate(order):
        parameter = compiled.binds[name]
        value = f"values[{name!r}]"
        if not parameter.required:
            writer.set(f"fixed_{number}", parameter.effective_value)
            value = f"fixed_{number}"
        convert = parameter.type.dialect_impl(dialect).bind_processor(dialect)
        if convert is not None:
            writer.set(f"convert_{number}", convert)
            value = f"convert_{number}({value})"
        values.append(value if compiled.positional else f"{name!r}: {value}")
    made = "".join(f"{value}, " for value in values)
    with writer.block("def bind(values):"):
        writer.line(f"return ({made})" if compiled.positional else f"return {{{made}}}")
    bind: _Bind = writer.run("parameters of a statement")["bind"]
    return bind


_EVENTS = ("before_cursor_execute", "after_cursor_execute", "before_execute", "after_execute")
_DIALECT_EVENTS = ("do_execute", "handle_error")


class _Watchers:
    """Those who see, log or change the statements of an engine.

    PERF: events of a connection itself cost ten times as much.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._silence = Silence(
            [(engine.dispatch, _EVENTS), (engine.dialect.dispatch, _DIALECT_EVENTS)]
        )

    def exist(self, connection: Connection) -> bool:
        """Return whether there are any for a connection of the engine."""
        engine = self.engine
        if class_has_listeners() or (not self._silence.holds and _has_listeners(engine)):
            return True
        return "schema_translate_map" in connection.get_execution_options() or (
            engine.logger.isEnabledFor(logging.INFO)
        )


def _has_listeners(engine: Engine) -> bool:
    events = [getattr(engine.dispatch, name) for name in _EVENTS]
    return any(events) or bool(
        engine.dialect.dispatch.do_execute or engine.dialect.dispatch.handle_error
    )
