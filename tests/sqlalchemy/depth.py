"""What a page costs, near and far: ``python -m tests.sqlalchemy.depth --rows 1000000``.

Each page is asked of an App, through `CRUDResource`. Counted are the statements that it runs and
the rows that they
look at. On SQLite a function in each statement's WHERE counts them; on PostgreSQL EXPLAIN ANALYZE
of that statement
does, which tells the blocks too.
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy import Index, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

sys.path.append(str(Path(__file__).parents[1]))

from databases import database_url

from restkit import App
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database
from restkit.sqlalchemy.engines import Limits
from restkit.testing import Client

__all__ = ["ALLOWED", "PAGES", "SORTS", "Cost", "Measured", "opened"]

SORTS = ("", "title", "-title", "year", "-year", "year,title", "-year,-title")
SORTED = (("title",), ("year",), ("year", "title"))
PAGES = (1, 5_000, 10_000)
ALLOWED = 1.5  # times what page 1 costs
_NEXT = re.compile(r"cursor=([^&>]+)")


class Base(DeclarativeBase):
    pass


class Entry(Base):
    __tablename__ = "entry"
    # An index of SQLite ends with the integer key by itself; PostgreSQL is told.
    __table_args__ = (
        *(Index(f"by_{'_'.join(names)}", *names).ddl_if("sqlite") for names in SORTED),
        *(Index(f"by_{'_'.join(names)}_id", *names, "id").ddl_if("postgresql") for names in SORTED),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(100))
    year: Mapped[int | None]
    note: Mapped[str] = mapped_column(String(200))


class Entries(CRUDResource[Entry]):
    model = Entry
    sorts = ("title", "year")
    fields = True
    max_page_size = 10_000


@dataclass(frozen=True)
class Cost:
    """Is what one page cost.

    Attributes:
        statements: How many there were.
        rows: How many rows they looked at.
        work: Steps of SQLite's virtual machine, or blocks of 8 KiB that PostgreSQL looked at.
    """

    statements: int
    rows: int
    work: int


class Measured:
    """Is an App whose pages are measured."""

    def __init__(self, url: str, rows: int, size: int, seed: int) -> None:
        """Fill the table."""
        self.rows = rows
        self.size = size
        self._url = url
        self.database = Database(
            url, create=Base.metadata, limits=Limits(connections=1, overflow=0, statement=600)
        )
        self._app = App("Entries")
        self._app.install(self.database)
        self._app.add("/entries", Entries)
        self._client = Client(self._app, contract=False)
        self._statements: list[tuple[str, Any]] = []
        self._cursors: dict[str, dict[int, str]] = {}
        engine = self.database.engine
        sa.event.listen(engine, "before_cursor_execute", self._note)
        self._fill(engine, seed)

    def _note(
        self, connection: Any, cursor: Any, statement: str, parameters: Any, *more: object
    ) -> None:
        if statement.startswith("SELECT"):
            self._statements.append((statement, parameters))

    def _fill(self, engine: sa.Engine, seed: int) -> None:
        """Store rows; a tenth has no year, and titles and years are shared by many."""
        draw = random.Random(seed)
        with engine.begin() as connection:
            for begin in range(0, self.rows, 10_000):
                batch = [
                    {
                        "title": f"title {draw.randrange(1000):03}",
                        "year": None if draw.random() < 0.1 else draw.randrange(1900, 2000),
                        "note": "x" * draw.randrange(100, 200),
                    }
                    for _ in range(begin, min(begin + 10_000, self.rows))
                ]
                connection.execute(sa.insert(Entry), batch)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE" if self.is_postgresql else "ANALYZE")

    @property
    def is_postgresql(self) -> bool:
        """Whether it is PostgreSQL."""
        return self.database.engine.dialect.name == "postgresql"

    def path(self, sort: str, page: int) -> str:
        """Return the URL of a page, as its readers come to it: from cursor to cursor."""
        asked = f"&sort={sort}" if sort else ""
        wanted = (page - 1) * self.size
        known = self._cursors.setdefault(sort, {0: ""})
        passed = max(each for each in known if each <= wanted)
        while passed < wanted:
            step = min(wanted - passed, 10_000)
            response = self._client.get(f"/entries?limit={step}&fields=id{asked}{known[passed]}")
            passed += step
            known[passed] = f"&cursor={_NEXT.findall(response.json['next'])[0]}"
        return f"/entries?limit={self.size}{asked}{known[wanted]}"

    def ask(self, path: str) -> list[int]:
        """Ask for a page, and return its ids."""
        response = self._client.get(path)
        assert response.status == 200, response.text
        return [each["id"] for each in response.json["items"]]

    def is_null_at(self, sort: str, page: int) -> bool:
        """Return whether the first item of a page in an order by year has none."""
        (key,) = self.ids(sort, (page - 1) * self.size, 1)
        with self.database.engine.connect() as connection:
            return connection.scalar(sa.select(Entry.year).where(Entry.id == key)) is None

    def ids(self, sort: str, offset: int, count: int) -> list[int]:
        """Return the ids of a window of an order by year, as the database sorts them by itself."""
        sign = sa.desc if sort.startswith("-") else sa.asc
        statement = sa.select(Entry.id).order_by(
            sign(Entry.year.is_(None)), sign(Entry.year), sign(Entry.id)
        )
        with self.database.engine.connect() as connection:
            return list(connection.scalars(statement.offset(offset).limit(count)))

    def cost(self, path: str) -> Cost:
        """Return what a page costs."""
        self.ask(path)  # once, so that nothing is prepared when it is counted
        self._statements.clear()
        if self.is_postgresql:
            self.ask(path)
            return Cost(len(self._statements), *self._explained())
        with self._stepping() as steps:
            self.ask(path)
        statements = len(self._statements)
        with self._counting() as rows:
            self.ask(path)
        return Cost(statements, rows[0], steps[0])

    def _connection(self) -> Any:
        """Return the one connection that the pool has, which requests will have too."""
        raw = self.database.engine.raw_connection()
        connection = raw.dbapi_connection
        raw.close()
        return connection

    @contextmanager
    def _stepping(self) -> Generator[list[int]]:
        """Count the steps of SQLite's virtual machine."""
        steps = [0]

        def step() -> int:
            steps[0] += 1
            return 0

        connection = self._connection()
        connection.set_progress_handler(step, 1)
        try:
            yield steps
        finally:
            connection.set_progress_handler(None, 1)

    @contextmanager
    def _counting(self) -> Generator[list[int]]:
        """Count the rows that SQLite looks at;
        the function is asked of each that an index does not rule out.
        """
        rows = [0]

        def seen() -> int:
            rows[0] += 1
            return 1

        def rewritten(
            connection: Any, cursor: Any, statement: str, parameters: Any, *more: object
        ) -> tuple[str, Any]:
            if " WHERE " in statement.replace("\n", " "):
                return re.sub(r"\sWHERE ", " WHERE seen() AND ", statement), parameters
            return re.sub(r"\sORDER BY", " WHERE seen() ORDER BY", statement), parameters

        self._connection().create_function("seen", 0, seen)
        sa.event.listen(self.database.engine, "before_cursor_execute", rewritten, retval=True)
        try:
            yield rows
        finally:
            sa.event.remove(self.database.engine, "before_cursor_execute", rewritten)

    def _explained(self) -> tuple[int, int]:
        """Return the rows and blocks that the noted statements look at."""
        rows = blocks = 0
        with psycopg.connect(self._url) as connection:
            for statement, parameters in self._statements:
                found = connection.execute(
                    f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", parameters
                )
                plan = found.fetchone()[0][0]["Plan"]  # type: ignore[index]
                rows += sum(_looked_at(plan))
                blocks += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
        return rows, blocks

    def milliseconds(self, path: str, rounds: int) -> float:
        """Return the middle time of a request."""
        times = []
        for _ in range(rounds):
            began = time.perf_counter()
            self._client.get(path)
            times.append(time.perf_counter() - began)
        return statistics.median(times) * 1000

    def close(self) -> None:
        """Close the database."""
        self.database.close()


def _looked_at(plan: Mapping[str, Any]) -> Iterator[int]:
    """Yield the rows that each scan of a plan looked at."""
    if "Scan" in plan["Node Type"]:
        yield round(
            (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
        )
    for inner in plan.get("Plans", ()):
        yield from _looked_at(inner)


@contextmanager
def opened(kind: str, rows: int, size: int, seed: int = 1) -> Generator[Measured]:
    """Make a database of so many rows, whose page 10,000 is its last where size is right."""
    with tempfile.TemporaryDirectory() as folder, database_url(kind, Path(folder)) as url:
        measured = Measured(url, rows, size, seed)
        try:
            yield measured
        finally:
            measured.close()


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.sqlalchemy.depth", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--databases", default="sqlite,postgresql")
    options = parser.parse_args()
    print(
        "| database | sort | page | statements | rows | steps, blocks | ms "
        "|\n|---|---|---:|---:|---:|---:|---:|"
    )
    most = 0.0
    for kind in options.databases.split(","):
        with opened(kind, options.rows, options.rows // PAGES[-1], options.seed) as measured:
            for sort in SORTS:
                costs = []
                for page in PAGES:
                    path = measured.path(sort, page)
                    cost, took = measured.cost(path), measured.milliseconds(path, 51)
                    costs.append(cost)
                    row = (
                        kind,
                        f"`{sort}`" if sort else "none",
                        f"{page:,}",
                        cost.statements,
                        cost.rows,
                        cost.work,
                    )
                    print("|", " | ".join(map(str, (*row, f"{took:.2f}"))), "|", flush=True)
                near = costs[0]
                most = max(
                    most,
                    *(max(far.statements / near.statements, far.rows / near.rows) for far in costs),
                )
    print(f"\nThe most that a page costs of page 1, in statements or rows: {most:.2f}")
    if most >= ALLOWED:
        raise SystemExit(f"That is {ALLOWED} or more.")


if __name__ == "__main__":
    _main()
