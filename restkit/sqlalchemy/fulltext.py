"""Full-text search, declared on a model: FTS5 on SQLite, tsvector with a GIN index on PostgreSQL.

A search finds the items that contain all its words. The words are never query syntax.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, cast

import sqlalchemy as sa
from marshmallow import fields
from sqlalchemy import event
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapper
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from ..crud.store import Attribute
from ..errors import DeclarationError

__all__ = [
    "FullText",
    "attributes_of_searches",
    "is_search_index",
    "searches_of",
    "without_searches",
]

_INFO = "restkit_fulltext"
_SHADOWS = ("data", "idx", "content", "docsize", "config")
"""The tables in which SQLite keeps what a virtual table of FTS5 has."""
_indexes: set[str] = set()
_LANGUAGE = re.compile(r"[a-z_]+")


class FullText:
    """A full-text search over columns of a model.

    ::

        class Book(Base):
            ...
            search = FullText("title", "summary")

        class Books(CRUDResource[Book]):
            model = Book
            filters = ("search",)  # ?search=pride prejudice

    The index is created with the table. For an existing table, a migration executes the statements
    of ``Book.search.statements(Book, dialect)``.
    """

    def __init__(self, *columns: str, language: str = "simple") -> None:
        """Declare the search.

        Args:
            columns: Text attributes of the model.
            language: ``"simple"`` compares words and ignores case. Another text search
                configuration of PostgreSQL, such as ``"english"``, compares stems. SQLite has stems
                for English only.

        Raises:
            DeclarationError: No column is given, or the language is not a valid name.
        """
        if not columns or not all(isinstance(each, str) for each in columns):
            raise DeclarationError(
                "FullText wants the names of its columns: FullText('title', 'summary')."
            )
        if not _LANGUAGE.fullmatch(language):
            raise DeclarationError(
                f"FullText(language={language!r}) is no text search configuration of PostgreSQL."
            )
        self.columns = columns
        self.language = language
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def statements(self, model: type, dialect: Dialect) -> list[str]:
        """Return the statements that create and fill the index of a table.

        Args:
            model: The mapped class.
            dialect: The dialect of the connection: ``op.get_bind().dialect`` in an Alembic
                migration.

        Raises:
            DeclarationError: restkit does not support full-text search on this database.
        """
        return self._made(sa.inspect(model), dialect)

    def _made(self, mapper: Mapper[object], dialect: Dialect) -> list[str]:
        if dialect.name == "sqlite":
            return _sqlite_statements(self, mapper, dialect)
        if dialect.name == "postgresql":
            table = cast("sa.Table", mapper.local_table)
            quote = dialect.identifier_preparer
            text = _vector(self.language, [quote.quote(each.name) for each in self.found(mapper)])
            name = quote.quote(self.index(table))
            return [f"CREATE INDEX {name} ON {quote.format_table(table)} USING gin ({text})"]
        raise DeclarationError(f"FullText works on SQLite and PostgreSQL, not on {dialect.name}.")

    def index(self, table: sa.Table) -> str:
        """Return the name of the index, or of SQLite's virtual table."""
        return f"{table.name}_{self.name}_fts"

    def found(self, mapper: Mapper[object]) -> list[sa.Column[object]]:
        """Return the columns.

        Raises:
            DeclarationError: The model lacks a column, or the column is not text.
        """
        found = [mapper.columns.get(name) for name in self.columns]
        for name, column in zip(self.columns, found, strict=True):
            if (
                column is None
                or not isinstance(column.type, sa.String)
                or isinstance(column.type, sa.Enum)
            ):
                raise DeclarationError(
                    f"{mapper.class_.__qualname__}.{self.name} searches {name!r}, which is not a "
                    "text column of the model. Name columns of type String or Text."
                )
        return cast("list[sa.Column[object]]", found)

    def matches(
        self, mapper: Mapper[object], words: sa.BindParameter[str]
    ) -> sa.ColumnElement[bool]:
        """Return the condition for rows that contain all the words."""
        table = cast("sa.Table", mapper.local_table)
        names: list[sa.ColumnElement[Any]] = [
            sa.literal_column(each) for each in (self.language, self.index(table))
        ]
        key = table.primary_key.columns[0]
        return _Matches(*names, sa.type_coerce(words, _Words()), key, *self.found(mapper))


class _Words(sa.TypeDecorator[str]):
    """The words of a search, quoted for FTS5, so that none is an operator."""

    impl = sa.String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or dialect.name != "sqlite":
            return value
        return " ".join('"{}"'.format(word.replace('"', '""')) for word in value.split()) or '""'


class _Matches(FunctionElement[bool]):
    """The condition of a search: language, index, words, then the key and the table's columns."""

    inherit_cache = True
    type = sa.Boolean()

    def self_group(self, against: Any = None) -> Any:
        # PERF: SQLAlchemy would compare the function with 1, and SQLite would not use the index.
        return self


def _parts(
    element: _Matches, compiler: SQLCompiler, **options: Any
) -> tuple[str, str, str, str, list[str]]:
    language, index, words, key, *columns = element.clauses
    name = compiler.preparer.quote(cast("Any", index).name)
    texts = [compiler.process(each, **options) for each in (words, key, *columns)]
    return cast("Any", language).name, name, texts[0], texts[1], texts[2:]


@compiles(_Matches, "sqlite")
def _match_sqlite(element: _Matches, compiler: SQLCompiler, **options: Any) -> str:
    _, index, words, key, _ = _parts(element, compiler, **options)
    return f"({key} IN (SELECT rowid FROM {index} WHERE {index} MATCH {words}))"  # noqa: S608  # quoted names


@compiles(_Matches, "postgresql")
def _match_postgresql(element: _Matches, compiler: SQLCompiler, **options: Any) -> str:
    language, _, words, _, columns = _parts(element, compiler, **options)
    return f"({_vector(language, columns)} @@ plainto_tsquery('{language}', {words}))"


def _vector(language: str, columns: Sequence[str]) -> str:
    """Return the indexed expression; a condition uses the index only if it has the same one."""
    text = " || ' ' || ".join(f"coalesce({column}, '')" for column in columns)
    return f"to_tsvector('{language}', {text})"


def _sqlite_statements(search: FullText, mapper: Mapper[object], dialect: Dialect) -> list[str]:
    """Return the statements for an index outside of the table, which triggers maintain.

    FTS5 calls it external content.
    """
    table = cast("sa.Table", mapper.local_table)
    quote = dialect.identifier_preparer.quote
    key = table.primary_key.columns[0]
    if len(table.primary_key) != 1 or not isinstance(key.type, sa.Integer):
        # Only an INTEGER PRIMARY KEY is the row's own id; others may get another one by VACUUM.
        raise DeclarationError(
            f"{mapper.class_.__qualname__}: FullText on SQLite wants a primary key of one integer."
        )
    columns = [each.name for each in search.found(mapper)]
    name, rows, own = quote(search.index(table)), quote(table.name), ", ".join(map(quote, columns))
    tokenize = f"{'porter ' if search.language == 'english' else ''}unicode61 remove_diacritics 0"
    content = table.name.replace("'", "''")
    rowid = key.name.replace("'", "''")

    def values(row: str) -> str:
        return ", ".join(f"{row}.{quote(each)}" for each in (key.name, *columns))

    gone = f"INSERT INTO {name} ({name}, rowid, {own}) VALUES ('delete', {values('old')});"  # noqa: S608  # quoted names
    come = f"INSERT INTO {name} (rowid, {own}) VALUES ({values('new')});"  # noqa: S608  # quoted names
    events = {"INSERT": come, "DELETE": gone, "UPDATE": f"{gone} {come}"}
    triggers = [
        f"CREATE TRIGGER {quote(f'{search.index(table)}_{event.lower()}')} "
        f"AFTER {event} ON {rows} BEGIN {action} END"
        for event, action in events.items()
    ]
    options = f"content='{content}', content_rowid='{rowid}', tokenize='{tokenize}'"
    return [
        f"CREATE VIRTUAL TABLE {name} USING fts5({own}, {options})",
        *triggers,
        f"INSERT INTO {name} ({name}) VALUES ('rebuild')",  # noqa: S608  # quoted names
    ]


def _searches(mapper: Mapper[object]) -> dict[str, FullText]:
    found: dict[str, FullText] = {}
    for kind in reversed(mapper.class_.__mro__):
        found.update(
            {name: each for name, each in vars(kind).items() if isinstance(each, FullText)}
        )
    return found


def searches_of(
    mapper: Mapper[object],
) -> dict[str, Callable[[sa.BindParameter[str]], sa.ColumnElement[bool]]]:
    """Return by name the function that makes the condition of each declared search."""
    return {name: partial(search.matches, mapper) for name, search in _searches(mapper).items()}


def attributes_of_searches(mapper: Mapper[object]) -> dict[str, Attribute]:
    """Return the searches of a model as attributes for filters, not for sorting or writing."""
    operators: Any = frozenset({"search"})
    return {
        name: Attribute(
            name, fields.Str(), False, operators, generated=True, searched=search.columns
        )
        for name, search in _searches(mapper).items()
    }


@event.listens_for(Mapper, "after_mapper_constructed")
def _attach(mapper: Mapper[object], kind: type) -> None:
    """Create and drop the index of each search with its table."""
    table = mapper.local_table
    for name, search in _searches(mapper).items():
        known: set[str] = (
            table.info.setdefault(_INFO, set()) if isinstance(table, sa.Table) else set()
        )
        if not isinstance(table, sa.Table) or name in known:
            continue
        known.add(name)
        _indexes.add(search.index(table))
        search.found(mapper)
        event.listen(table, "after_create", _creator(search, mapper))
        event.listen(table, "before_drop", _dropper(search))


def is_search_index(name: str) -> bool:
    """Return whether a name is that of the index of a declared search."""
    return name in _indexes


def without_searches(metadata: sa.MetaData) -> Callable[[str | None, str, object], bool]:
    """Return an ``include_name`` for Alembic that passes over the indexes of full-text searches.

    They are not in the metadata, so that ``alembic revision --autogenerate`` would drop them::

        context.configure(..., include_name=without_searches(Base.metadata))

    Args:
        metadata: The metadata of the models.
    """
    declared = [
        f"{table.name}_{name}_fts"
        for table in metadata.tables.values()
        for name in table.info.get(_INFO, ())
    ]
    shadows = [f"{name}_{part}" for name in declared for part in _SHADOWS]
    kept = frozenset(declared + shadows)
    return lambda name, kind, parents: kind not in ("table", "index") or name not in kept


def _creator(search: FullText, mapper: Mapper[object]) -> Callable[..., None]:
    def create(table: sa.Table, connection: sa.Connection, **given: Any) -> None:
        for statement in search._made(mapper, connection.dialect):
            connection.exec_driver_sql(statement)

    return create


def _dropper(search: FullText) -> Callable[..., None]:
    def drop(table: sa.Table, connection: sa.Connection, **given: Any) -> None:
        if connection.dialect.name == "sqlite":
            name = connection.dialect.identifier_preparer.quote(search.index(table))
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {name}")

    return drop
