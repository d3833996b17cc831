"""A collection of a million rows: ``python -m tests.sqlalchemy.million --rows 1000000 --seed 1``.

gunicorn serves it from one worker process. A client asks for pages by keyset up to the last one,
filters, searches, counts, sums, and exports all of it as JSON Lines and as CSV. The content of each
row follows from its key, with which answers are compared; the kernel tells the worker's peak of
resident memory.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import Index, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

sys.path.append(str(Path(__file__).parents[1]))

from databases import database_url
from servers import free_port, serve_process, workers_of

from restkit import App
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database, FullText
from restkit.sqlalchemy.engines import Limits

__all__ = ["Answered", "Drawn", "answered", "app"]

_VARIABLE = "RESTKIT_TEST_MILLION_URL"
_HERE = Path(__file__)
_PLACES, _FACTOR = 1_000, 7_919
_WORDS = ("sea", "hill", "lake", "wood")
_RARE, _ONE_IN = "lighthouse", 1_000
_STEP = 10_000


class Base(DeclarativeBase):
    pass


class Record(Base):
    __tablename__ = "record"
    # An index of SQLite ends with the integer key by itself; PostgreSQL is told.
    __table_args__ = (
        Index("record_by_place", "place").ddl_if("sqlite"),
        Index("record_by_place_id", "place", "id").ddl_if("postgresql"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    place: Mapped[str] = mapped_column(String(20))
    value: Mapped[int]
    note: Mapped[str] = mapped_column(String(200))
    search = FullText("note")


class Records(CRUDResource[Record]):
    model = Record
    filters = ("place", "place__contains", "search", "id__lte")
    sorts = ("place",)
    groups = ("place",)
    aggregates = ("count", "value__sum")
    fields = True
    csv = True
    max_page_size = _STEP


def _app(url: str) -> App:
    app = App("Records")
    app.install(Database(url, limits=Limits(connections=2, overflow=0, statement=300)))
    app.add("/records", Records)
    return app


@dataclass(frozen=True)
class Drawn:
    """What the rows of the table are, by their keys.

    Attributes:
        rows: Their number.
        seed: The number that their content begins with.
    """

    rows: int
    seed: int

    def statement(self, kind: str) -> str:
        """Return the INSERT of the rows."""
        # The products of a million rows are more than 32 bits.
        numbers = "SELECT generate_series(1, CAST(:rows AS bigint))"
        if kind == "sqlite":
            numbers = "SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :rows"
        some = f"(n + :seed) * {_FACTOR}"
        words = " ".join(f"WHEN {number} THEN '{word}'" for number, word in enumerate(_WORDS))
        return (
            f"WITH RECURSIVE numbers(n) AS ({numbers}) "
            "INSERT INTO record (id, place, value, note) SELECT "
            f"n, 'place ' || ({some} % {_PLACES}), {some} % 997, "
            f"(CASE n % {len(_WORDS)} {words} END) || "
            f"(CASE n % {_ONE_IN} WHEN 0 THEN ' {_RARE}' ELSE '' END) || ' {'x' * 100}' "
            "FROM numbers"
        )

    def place(self, key: int) -> str:
        """Return the place of a row."""
        return f"place {(key + self.seed) * _FACTOR % _PLACES}"

    def value(self, key: int) -> int:
        """Return the value of a row."""
        return (key + self.seed) * _FACTOR % 997


@contextmanager
def _filled(kind: str, rows: int, seed: int) -> Generator[tuple[str, Drawn]]:
    drawn = Drawn(rows, seed)
    with tempfile.TemporaryDirectory() as folder, database_url(kind, Path(folder)) as url:
        database = Database(url, create=Base.metadata, limits=Limits(statement=1800))
        with database.engine.begin() as connection:
            connection.execute(sa.text(drawn.statement(kind)), {"rows": rows, "seed": seed})
        with database.engine.connect() as connection:
            outside = connection.execution_options(isolation_level="AUTOCOMMIT")
            outside.exec_driver_sql("VACUUM ANALYZE" if kind == "postgresql" else "ANALYZE")
        database.close()
        yield url, drawn


@dataclass(frozen=True)
class Answered:
    """What one kind of request has taken.

    Attributes:
        kind: The kind of request.
        milliseconds: The CPU time of the worker for one of them, without that of PostgreSQL.
        peak: The worker's peak of resident memory afterwards, in KiB.
    """

    kind: str
    milliseconds: float
    peak: int


class _Served:
    """A client of the collection, and its worker."""

    def __init__(self, base: str, worker: int, drawn: Drawn) -> None:
        self._connection = http.client.HTTPConnection(base.removeprefix("http://"), timeout=600)
        self._worker = worker
        self._drawn = drawn

    def close(self) -> None:
        self._connection.close()

    def ask(self, path: str, **headers: str) -> http.client.HTTPResponse:
        self._connection.request("GET", path, headers=headers)
        response = self._connection.getresponse()
        assert response.status == 200, response.read()
        return response

    def page(self, query: str, **headers: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.ask(f"/records?{query}", **headers).read())
        return found

    def measured(self, kind: str, work: Callable[[], object], times: int) -> Answered:
        """Do some work often, and say what the worker needed for it."""
        if times > 1:
            work()
        before = self._seconds()
        for _ in range(times):
            work()
        took = (self._seconds() - before) / times
        status = Path(f"/proc/{self._worker}/status").read_text("utf-8")
        peak = int(status.partition("VmHWM:")[2].split()[0])
        return Answered(kind, took * 1000, peak)

    def _seconds(self) -> float:
        """Return the CPU time of all threads of the worker, by the kernel's scheduler."""
        threads = Path(f"/proc/{self._worker}/task").iterdir()
        return sum(int((each / "schedstat").read_text().split()[0]) for each in threads) / 1e9

    def all(self) -> Iterator[Answered]:
        """Ask for everything, in an order in which each needs more memory than those before."""
        drawn = self._drawn
        place = drawn.place(1)
        count = len([key for key in range(1, drawn.rows + 1) if drawn.place(key) == place])
        rare = drawn.rows // _ONE_IN
        last = self._last_page()

        def has(found: dict[str, Any], expected: int) -> None:
            assert len(found["items"]) == min(expected, 100)

        yield self.measured("page 1 of 100", lambda: has(self.page("limit=100"), 100), 21)
        yield self.measured("the last page of 100", lambda: has(self.page(last), 100), 21)
        one = f"limit=100&place={quote(place)}"
        yield self.measured("filter by an index", lambda: has(self.page(one), count), 21)
        some = f"limit=100&sort=place&place__contains={quote(place[2:])}"
        yield self.measured("filter by a part of a text", lambda: has(self.page(some), count), 3)
        word = f"limit=100&search={_RARE}"
        yield self.measured("search, one in a thousand", lambda: has(self.page(word), rare), 3)
        word = f"limit=100&search={_WORDS[0]}"
        yield self.measured("search, one in four", lambda: has(self.page(word), 100), 3)
        yield self.measured("exact total", self._count, 3)
        yield self.measured("count and sum of 1,000 places", self._totals, 3)
        tenth = drawn.rows // 10
        part, whole = f"/records?id__lte={tenth}", "/records"
        for kind, lines in (("JSON Lines", self._lines), ("CSV", self._table)):
            yield self.measured(f"{kind}, a tenth", partial(lines, part, tenth), 1)
            yield self.measured(kind, partial(lines, whole, drawn.rows), 1)

    def _last_page(self) -> str:
        """Walk to the last page of 100, and see each row once."""
        seen, query = 0, f"limit={_STEP}&fields=id"
        left = self._drawn.rows - 100
        while seen < left:
            step = min(_STEP, left - seen)
            found = self.page(query.replace(f"limit={_STEP}", f"limit={step}"))
            keys = [each["id"] for each in found["items"]]
            assert keys == list(range(seen + 1, seen + step + 1))
            seen += step
            cursor = found["next"].partition("cursor=")[2].partition("&")[0]
            query = f"limit={_STEP}&fields=id&cursor={cursor}"
        return f"limit=100&cursor={cursor}"

    def _count(self) -> None:
        assert self.page("limit=1", Prefer="count=exact")["total"] == self._drawn.rows

    def _totals(self) -> None:
        keys, drawn = range(1, self._drawn.rows + 1), self._drawn
        found = json.loads(self.ask("/records/totals?group=place&limit=1000").read())["items"]
        expected = Counter(map(drawn.place, keys))
        assert {each["group"]["place"]: each["count"] for each in found} == expected
        assert sum(each["value__sum"] for each in found) == sum(map(drawn.value, keys))

    def _lines(self, path: str, rows: int) -> None:
        response = self.ask(path, Accept="application/x-ndjson")
        seen = 0
        for seen, line in enumerate(response, 1):
            assert line.startswith(b'{"id":%d,' % seen), line
        assert seen == rows
        assert json.loads(line)["place"] == self._drawn.place(rows)

    def _table(self, path: str, rows: int) -> None:
        response = self.ask(path, Accept="text/csv")
        seen = -1
        for seen, line in enumerate(response):
            assert line.startswith(b"%d," % seen if seen else b"id,"), line
        assert seen == rows
        assert line.split(b",")[1].decode() == self._drawn.place(rows)


def answered(kind: str, rows: int, seed: int) -> Iterator[Answered]:
    """Fill a table, and yield what each kind of request has taken.

    Args:
        kind: The kind of the database.
        rows: The number of rows.
        seed: The number that their content begins with.
    """
    port = free_port()
    with _filled(kind, rows, seed) as (url, drawn), tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "gunicorn", "--no-control-socket", f"{_HERE.stem}:app"]
        command += ["--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "2"]
        command += ["--timeout", "600", "--keep-alive", "600", "--log-level", "error"]
        command += ["--pid", f"{folder}/pid"]
        path = os.pathsep.join([str(_HERE.parents[2]), os.environ.get("PYTHONPATH", "")])
        environment = {_VARIABLE: url, "PYTHONPATH": path}
        with serve_process(command, port=port, cwd=_HERE.parent, environment=environment) as base:
            (worker,) = workers_of(Path(folder, "pid"))
            with closing(_Served(base, worker, drawn)) as served:
                yield from served.all()


app = _app(os.environ[_VARIABLE]) if _VARIABLE in os.environ else App("Nothing")


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.sqlalchemy.million", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--databases", default="sqlite,postgresql")
    options = parser.parse_args()
    print("| database | request | ms of CPU time | peak of memory, MiB |\n|---|---|---:|---:|")
    for kind in options.databases.split(","):
        for each in answered(kind, options.rows, options.seed):
            figures = (f"{each.milliseconds:,.1f}", f"{each.peak / 1024:.1f}")
            print("|", " | ".join((kind, each.kind, *figures)), "|", flush=True)


if __name__ == "__main__":
    _main()
