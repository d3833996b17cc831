"""SELECT statements of a model's columns, without its class."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.sql.base import ExecutableOption

from ..crud.query import ListQuery
from .core_statements import AnySelect, CoreStatement
from .keysets import WHOLE, Part
from .lent_connections import AnyConnection
from .loading import Visible
from .selecting import Selecting
from .stored_places import MAX_STATEMENTS
from .units import AnyMapper

__all__ = ["CoreSelecting"]


class CoreSelecting(Selecting):
    """The maker of the SELECT statements of some columns of one model."""

    def __init__(self, mapper: AnyMapper, base: Selecting, names: Collection[str]) -> None:
        """Make the maker.

        Args:
            mapper: The mapper of the model.
            base: The maker of the statements of whole items.
            names: The attributes to select, each a column.
        """
        super().__init__(mapper, base.key, base.live, base.searches)
        self._names = tuple(sorted(names))
        self._kept: dict[object, CoreStatement] = {}
        self._placing: dict[object, CoreStatement] = {}

    def rows_of_page(
        self, query: ListQuery, part: Part = WHOLE, found: int = 0
    ) -> tuple[CoreStatement, Mapping[str, object]]:
        """Return the statement of a page, or of a part of it, and its parameters."""
        statement, parameters = self.page(query, part, found)
        kept = self._kept.get(statement)
        if kept is None:  # clients have asked for too many other shapes
            kept = self._statement(statement, self._chosen(query), is_kept=False)
        return kept, parameters

    def placed_rows(self, query: ListQuery, connection: AnyConnection) -> ListQuery:
        """Return a query whose window begins where its cursor's row stands."""
        if query.after is None and query.before is None:
            return query

        def read(source: AnySelect, parameters: Mapping[str, object]) -> Sequence[object]:
            statement = self._placing.get(source)
            if statement is None:
                types = [(each.name, each.type) for each in source.selected_columns]
                statement = CoreStatement(source, types)
                if len(self._placing) < MAX_STATEMENTS:
                    self._placing[source] = statement
            (row,) = statement.rows(connection, parameters)
            return [*row.values()]

        return self.places.placed(query, connection.dialect.name, read)

    def row(self, *, scope: Mapping[str, object], lock: bool, removed: bool) -> CoreStatement:
        """Return the statement of one item, with the parameters ``key`` and ``scope_...``."""
        statement = self.one(scope=scope, lock=lock, expand=(), removed=removed)
        kept = self._kept.get(statement)
        if kept is None:
            kept = self._kept[statement] = self._statement(statement, self._names, is_long=False)
        return kept

    def _keep(self, shape: object, statement: AnySelect, query: ListQuery) -> None:
        super()._keep(shape, statement, query)
        if shape in self._statements:
            self._kept[statement] = self._statement(statement, self._chosen(query))

    def _statement(
        self,
        source: AnySelect,
        names: Sequence[str],
        *,
        is_kept: bool = True,
        is_long: bool = True,
    ) -> CoreStatement:
        types = [(name, self._mapper.columns[name].type) for name in names]
        return CoreStatement(source, types, is_kept=is_kept, is_long=is_long)

    def _select(self, query: ListQuery | None) -> AnySelect:
        return sa.select(*(self._mapper.columns[name] for name in self._chosen(query)))

    def _options(
        self, expand: Sequence[str], visible: Visible | None = None
    ) -> Iterator[ExecutableOption]:
        return iter(())  # rows have no relations

    def _chosen(self, query: ListQuery | None) -> Sequence[str]:
        """Return the attributes that a query needs."""
        if query is None or query.fields is None:
            return self._names
        return sorted({*query.fields, self.key, *(each.name for each in query.order)})
