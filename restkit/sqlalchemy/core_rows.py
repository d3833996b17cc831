"""Rows as dicts: the transaction of requests that nobody's ORM classes or events take part in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection
from sqlalchemy.exc import StatementError

from ..crud.query import ListQuery, Page
from ..crud.row_paths import RowOpener, RowUse
from ..request import Request
from ..resource import Owner
from .constraints import is_unbindable
from .core_checks import is_observed, reading_obstacle
from .core_selecting import CoreSelecting
from .core_statements import Row
from .selecting import Selecting
from .units import AnyMapper, SessionFactory, Units

__all__ = ["CoreRows", "row_opener"]


class CoreTable:
    """The statements on the table of one model.

    Attributes:
        mapper: The mapper of the model.
        selecting: The maker of SELECT statements.
    """

    def __init__(
        self,
        mapper: AnyMapper,
        selecting: Selecting,
        names: Collection[str],
        session: SessionFactory,
        units: Units,
    ) -> None:
        """Prepare the statements.

        Args:
            mapper: The mapper of the model.
            selecting: The maker of the statements of whole items.
            names: The attributes of a row, each a column.
            session: The factory of a request's session.
            units: The units of work of the database.
        """
        self.mapper = mapper
        self.selecting = CoreSelecting(mapper, selecting, names)
        self._session = session
        self._units = units

    def connection(self, request: Request, app: Owner) -> Connection:
        """Return the connection of a request, which sees what its session has written."""
        return self._units.used(self._session, self.mapper, request, app)[0]


class CoreRows:
    """The transaction of one request on one table."""

    def __init__(self, table: CoreTable, request: Request, app: Owner) -> None:
        """Combine a table and a request."""
        self._table = table
        self._request = request
        self._app = app

    @property
    def _connection(self) -> Connection:
        return self._table.connection(self._request, self._app)

    def list(self, query: ListQuery, /) -> Page[object]:
        """Return one page, without a total."""
        selecting, connection = self._table.selecting, self._connection
        found: list[Row] = []
        for part in selecting.parts(query):
            statement, values = selecting.rows_of_page(query, part, len(found))
            found += statement.rows(connection, values)
            if query.limit is not None and len(found) > query.limit:
                break
        return page_of(found, query)

    def get(self, key: object, /, *, scope: Mapping[str, object], lock: bool) -> Row | None:
        """Return the row of a key, or None; a lock reads its latest state."""
        statement = self._table.selecting.row(scope=scope, lock=lock, removed=False)
        values = {"key": key, **{f"scope_{name}": value for name, value in scope.items()}}
        try:
            found = statement.rows(self._connection, values)
        except StatementError as error:
            if not is_unbindable(error):
                raise
            return None  # the type of the key's column rejects the key, so that no row has it
        return found[0] if found else None


def row_opener(
    mapper: AnyMapper, selecting: Selecting, use: RowUse, session: SessionFactory, units: Units
) -> RowOpener | str:
    """Return how to open transactions for an action, or why it needs the ORM.

    Args:
        mapper: The mapper of the model.
        selecting: The maker of the statements of whole items.
        use: What the action does with the model's attributes.
        session: The factory of a request's session.
        units: The units of work of the database.
    """
    keys = (mapper.get_property_by_column(each).key for each in mapper.primary_key)
    needed = {*use.reads, *keys}
    reason = reading_obstacle(mapper, needed)
    if reason:
        return reason
    table = CoreTable(mapper, selecting, needed, session, units)

    def opener(request: Request, app: Owner) -> CoreRows | None:
        known = units.opened(session, request, app) or units.pattern
        if is_observed(mapper, known, writes=bool(use.writes)):
            return None
        return CoreRows(table, request, app)

    return opener


def page_of(found: Sequence[Row], query: ListQuery) -> Page[object]:
    """Return the page of the rows that its statements have returned, one more than it has."""
    has_more = query.limit is not None and len(found) > query.limit
    items: list[object] = list(found[: query.limit] if has_more else found)
    if query.before is not None:
        items.reverse()
        return Page(items, True, has_more)
    return Page(items, has_more, query.after is not None)
