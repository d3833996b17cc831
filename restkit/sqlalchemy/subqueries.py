"""Attributes that read rows by subqueries: ``column_property`` and hybrids.

Loader criteria restrict the models that a subquery names, and not the tables. Rows of the model
itself are read by an alias, which tells them from the items of the statement.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import cache
from typing import cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.ext.hybrid import HybridExtensionType
from sqlalchemy.orm import Mapper, with_loader_criteria
from sqlalchemy.sql import visitors
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from ..errors import DeclarationError
from .typed_columns import expression_of_hybrid

__all__ = ["OWN_ALIAS", "check_subqueries", "on_alias", "reads_itself", "subqueried"]

OWN_ALIAS = "restkit_item"
"""The start of the names of aliases for items of a collection, which are no related rows."""
_AnyMapper = Mapper[object]
_Expression = sa.ColumnElement[object]
_MARK = "restkit_is_restricted"


@cache
def subqueried(mapper: _AnyMapper) -> frozenset[_AnyMapper]:
    """Return the mappers of the other models whose rows the attributes of a model read."""
    found: set[_AnyMapper] = set()
    for other in mapper.registry.mappers:
        reads = (_selects(each, other.local_table) for _, each in _expressions(mapper))
        if not _is_related(other, mapper) and any(reads):
            found.add(other)
    return frozenset(found)


@cache
def reads_itself(mapper: _AnyMapper) -> bool:
    """Return whether attributes of a model read rows of the model by subqueries."""
    return any(_Reading(mapper, expression).is_of_itself for _, expression in _expressions(mapper))


def on_alias(mapper: _AnyMapper, condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Return a condition for loader criteria of a model that holds for its aliases alone.

    Args:
        mapper: The mapper of the model.
        condition: The condition on the rows that the aliases stand for.
    """
    return _OnAlias(mapper.base_mapper.primary_key[0], condition)


class _OnAlias(FunctionElement[bool]):
    """A condition that is true where a column is one of its table, and not of an alias."""

    inherit_cache = True
    name = "on_alias"
    type = sa.Boolean()


@compiles(_OnAlias)
def _compile_on_alias(element: _OnAlias, compiler: SQLCompiler, **options: object) -> str:
    marker, condition = element.clauses
    table = cast("sa.Column[object]", marker).table
    if isinstance(table, sa.Table) or str(table.name).startswith(OWN_ALIAS):
        return "1 = 1"
    return compiler.process(condition, **options)


def check_subqueries(
    mapper: _AnyMapper, hidden: Collection[_AnyMapper], *, by: str, further: str = ""
) -> None:
    """Reject subqueries that loader criteria do not restrict, as they name tables, not models.

    Args:
        mapper: The mapper of the model with the attributes.
        hidden: The mappers of models with rows that a caller may not see.
        by: The rule that hides them: ``"row rule"``.
        further: A sentence with another remedy.

    Raises:
        DeclarationError: There is one that reads rows of such a model.
    """
    for name, expression in _expressions(mapper) if hidden else ():
        reading = _Reading(mapper, expression)
        for other in sorted(hidden, key=lambda each: each.class_.__qualname__):
            if (other.single and other.inherits in hidden) or reading.is_restricted(other):
                continue
            model = other.class_.__qualname__
            remedy = f"Name the model in it: select(func.count({model}.id)), and not "
            if _is_related(other, mapper):
                remedy = f"Name an alias of the model in it: other = aliased({model}), and not "
            raise DeclarationError(
                f"{mapper.class_.__qualname__}.{name} has a subquery over the table of {model}, "
                f"which the {by} of {model} cannot restrict. {remedy}{model}.__table__."
                + (further and f" {further}")
            )


def _is_related(other: _AnyMapper, mapper: _AnyMapper) -> bool:
    """Return whether two models take part in one inheritance, so that conditions hold for both."""
    return other.base_mapper is mapper.base_mapper


def _expressions(mapper: _AnyMapper) -> Iterator[tuple[str, _Expression]]:
    """Yield the attributes of a model that have a subquery, with their expressions."""
    for name, expression in _computed(mapper):
        if any(isinstance(each, sa.Select) for each in visitors.iterate(expression)):
            yield name, expression


def _computed(mapper: _AnyMapper) -> Iterator[tuple[str, _Expression]]:
    for prop in mapper.column_attrs:
        if not isinstance(prop.columns[0], sa.Column):
            yield prop.key, prop.columns[0]
    for name, each in mapper.all_orm_descriptors.items():
        is_hybrid = each.extension_type is HybridExtensionType.HYBRID_PROPERTY
        if is_hybrid and not name.startswith("_"):
            found = expression_of_hybrid(mapper, name)
            if found is not None:
                yield name, found


def _selects(expression: _Expression, table: sa.FromClause) -> int:
    """Return how many SELECTs of an expression name a table, perhaps one further out."""
    selects = (each for each in visitors.iterate(expression) if isinstance(each, sa.Select))
    return sum(_names(each, table) for each in selects)


def _names(select: sa.Select[tuple[object, ...]], table: sa.FromClause) -> bool:
    # An annotated table equals its table, and is not the same object.
    sources = (part for each in select.get_final_froms() for part in visitors.iterate(each))
    return any(each == table for each in sources if isinstance(each, sa.FromClause))


class _Reading:
    """An attribute of a model in a statement over the model, as SQL."""

    def __init__(self, mapper: _AnyMapper, expression: _Expression) -> None:
        """Make the statement."""
        self._mapper = mapper
        self._statement = sa.select(getattr(mapper.class_, _key_of(mapper)), expression)

    @property
    def is_of_itself(self) -> bool:
        """Whether a subquery reads rows of the model, or of one in its inheritance."""
        tables = self._mapper.base_mapper.self_and_descendants
        return any(self._reads(each) > 0 for each in tables if not each.single)

    def is_restricted(self, other: _AnyMapper) -> bool:
        """Return whether loader criteria restrict all rows of a model that subqueries read."""
        condition: sa.ColumnElement[bool] = sa.literal_column(_MARK, sa.Boolean())
        if _is_related(other, self._mapper):
            condition = on_alias(other, condition)
        mark = with_loader_criteria(other.class_, condition, include_aliases=True)
        compiled = _compiled(self._statement.options(mark))
        if compiled is None:
            return True  # no statement without its database
        marks = str(compiled).count(_MARK)
        return marks >= self._reads(other, compiled)

    def _reads(self, other: _AnyMapper, compiled: _Counting | None = None) -> int:
        """Return how often subqueries read the table of a model."""
        found = compiled or _compiled(self._statement)
        if found is None:
            return 0
        is_outer = self._mapper.isa(other) or other in self._mapper.with_polymorphic_mappers
        return found.reads.count(other.local_table) - is_outer


def _key_of(mapper: _AnyMapper) -> str:
    return mapper.get_property_by_column(mapper.primary_key[0]).key


class _Counting(SQLCompiler):
    """A compiler that counts the tables from which SELECTs read.

    Attributes:
        reads: The tables, as often as a FROM has them.
    """

    @property
    def reads(self) -> list[sa.FromClause]:
        """The tables of all FROM clauses so far."""
        known: list[sa.FromClause] = self.__dict__.setdefault("_reads", [])
        return known

    def visit_table(
        self, table: sa.Table, asfrom: bool = False, *given: object, **options: object
    ) -> str:
        """Count a table that stands in FROM."""
        if asfrom:
            self.reads.append(table)
        visit: Callable[..., str] = super().visit_table
        return visit(table, asfrom, *given, **options)


def _compiled(statement: sa.ClauseElement) -> _Counting | None:
    """Return a statement as SQL of the first database that has its expressions."""
    for make in (postgresql.dialect, sqlite.dialect, DefaultDialect):
        dialect: sa.Dialect = make()
        own = dialect.statement_compiler
        dialect.statement_compiler = type("Counting", (_Counting, own), {})
        try:
            compiled = statement.compile(dialect=dialect)
        except SQLAlchemyError:
            continue
        return compiled if isinstance(compiled, _Counting) else None
    return None
