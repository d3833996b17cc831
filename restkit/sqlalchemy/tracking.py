"""Which tables a statement reads and writes, for the response cache.

PERF: nothing is followed before a program has a cache. Then the dialect of an engine is asked at
each statement; listeners of SQLAlchemy's events would end the quick paths of `core_statements` and
`lent_connections`.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from weakref import WeakSet

from sqlalchemy import Engine, MetaData, Table, event

from ..caching.changes import note_change, note_read, reading, when_active
from ..caching.handle import table_tag
from ..caching.storage import EVERYTHING

__all__ = ["TableTracker"]

_NAME = r'(?:"[^"]+"|`[^`]+`|\[[^\]]+\]|[\w$]+)'
_WRITE = re.compile(
    r"\b(?:insert\s+(?:or\s+\w+\s+)?into|replace\s+into|update(?:\s+or\s+\w+)?(?:\s+only)?"
    r"|delete\s+from(?:\s+only)?|merge\s+into|truncate(?:\s+table)?(?:\s+only)?)"
    rf"\s+((?:{_NAME}\s*\.\s*)*{_NAME})",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d][\w$]*")
_READING = frozenset(
    (
        *("select", "with", "values", "show", "explain", "pragma", "set", "begin", "commit"),
        *("rollback", "savepoint", "release", "start", "declare", "fetch", "close", "lock"),
        *("analyze", "vacuum", "table", "reset", "listen", "notify", "unlisten", "discard"),
    )
)
_ACTIONS = ("CASCADE", "SET NULL", "SET DEFAULT")
_Execute = Callable[..., None]


class TableTracker:
    """The statements of a database's engines."""

    def __init__(self) -> None:
        """Follow nothing yet."""
        self._metadata: list[MetaData] = []
        self._waiting: WeakSet[Engine] = WeakSet()
        self._written: dict[int, set[str]] = {}
        self._lock = threading.Lock()
        self._is_active = False
        when_active(self._activate)

    def know(self, model: type) -> None:
        """Note the tables of a model, whose foreign keys may change rows of other tables."""
        found = getattr(model, "metadata", None)
        if isinstance(found, MetaData) and not any(each is found for each in self._metadata):
            self._metadata.append(found)

    def follow(self, engine: Engine) -> None:
        """Follow the statements of an engine, once there is a cache."""
        if not self._is_active:
            self._waiting.add(engine)
            return
        dialect = engine.dialect
        if not hasattr(dialect, "restkit_tracker"):
            for name in ("do_execute", "do_executemany", "do_execute_no_params"):
                execute: _Execute = getattr(dialect, name)
                setattr(dialect, name, partial(self._executed, execute))
            setattr(dialect, "restkit_tracker", self)  # noqa: B010  # not an attribute of Dialect
        event.listen(engine, "checkin", self._given_back)

    def _activate(self) -> None:
        self._is_active = True
        waiting, self._waiting = self._waiting, WeakSet()
        for engine in waiting:
            self.follow(engine)

    def _executed(
        self, execute: _Execute, cursor: object, statement: str, *rest: object, **named: object
    ) -> None:
        """Execute a statement, and note the tables that it reads and writes."""
        found = reading.get()
        if found is not None:
            note_read(_words(statement))
        writes = _tables(statement)
        if writes:
            driver = getattr(cursor, "connection", None)
            with self._lock:
                self._written.setdefault(id(driver), set()).update(writes)
        execute(cursor, statement, *rest, **named)

    def _given_back(self, connection: object, record: object) -> None:
        """Tell of writes when their connection is given back to the pool, after the commit."""
        if not self._written:
            return
        shared = getattr(connection, "shared", None)  # that of `Database.rolled_back`
        driver = connection if shared is None else shared.driver
        with self._lock:
            found = self._written.pop(id(driver), set()) | self._written.pop(id(None), set())
        if EVERYTHING in found:
            note_change({EVERYTHING})
        elif found:
            note_change({table_tag(name) for name in self._with_dependents(found)})

    def _with_dependents(self, names: Iterable[str]) -> set[str]:
        """Return tables, and those whose rows the database changes along with theirs."""
        found = {*names}
        tables = [table for each in self._metadata for table in each.tables.values()]
        dependents = _dependents(tables)
        waiting = [*found]
        while waiting:
            for name in dependents.get(waiting.pop(), ()):
                if name not in found:
                    found.add(name)
                    waiting.append(name)
        return found


def _dependents(tables: Iterable[Table]) -> dict[str, set[str]]:
    """Return the tables with a foreign key that acts on their own rows, by the other table."""
    found: dict[str, set[str]] = {}
    for table in tables:
        for key in table.foreign_keys:
            actions = (key.ondelete, key.onupdate)
            if any(each and each.upper() in _ACTIONS for each in actions):
                other = key.target_fullname.split(".")[-2]
                found.setdefault(other.lower(), set()).add(table.name.lower())
    return found


@lru_cache(maxsize=2048)
def _words(statement: str) -> frozenset[str]:
    """Return the tags of all names in a statement, among which are those of its tables.

    Text, subqueries and every dialect are read without a parser. A name that is not one of a table
    does no harm: nothing changes under it.
    """
    return frozenset(table_tag(word) for word in _WORD.findall(statement))


@lru_cache(maxsize=2048)
def _tables(statement: str) -> frozenset[str]:
    """Return the names of the tables that a statement writes, in lower case."""
    found: set[str] = set()
    for match in _WRITE.finditer(statement):
        last = re.split(rf"\.\s*(?={_NAME}$)", match[1])[-1]
        found.update(word.lower() for word in _WORD.findall(last))
    first = _WORD.search(statement)
    if not found and first is not None and first[0].lower() not in _READING:
        return frozenset({EVERYTHING})  # a procedure, or a change of the schema
    return frozenset(found)
