"""What a stream of a whole collection takes of its worker: ``python -m tests.sqlalchemy.streams
--rows 100000``.

gunicorn serves a `CRUDResource`, in one worker process of its own, to a client that asks for
everything as JSON Lines.
The kernel tells the worker's peak of resident memory: after one page, after a tenth of the rows,
and after all of them.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

sys.path.append(str(Path(__file__).parents[1]))

from databases import database_url
from servers import free_port, serve_process, workers_of

from restkit import App
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database
from restkit.sqlalchemy.engines import Limits

__all__ = ["NDJSON", "Streamed", "app", "filled", "serving"]

NDJSON = "application/x-ndjson"
_VARIABLE = "RESTKIT_TEST_STREAMS_URL"
_HERE = Path(__file__)


class Base(DeclarativeBase):
    pass


class Measure(Base):
    __tablename__ = "measure"

    id: Mapped[int] = mapped_column(primary_key=True)
    place: Mapped[str] = mapped_column(String(40))
    value: Mapped[float]
    note: Mapped[str] = mapped_column(String(200))


class Measures(CRUDResource[Measure]):
    model = Measure
    filters = ("place", "id__lte")
    sorts = ("value",)


def _app(url: str) -> App:
    app = App("Measures")
    app.install(Database(url, limits=Limits(connections=1, overflow=0, pool=2)))
    app.add("/measures", Measures)
    return app


@contextmanager
def filled(kind: str, rows: int) -> Generator[str]:
    """Make a database of so many rows, half of them of the place "here",
    and remove it afterwards.
    """
    with tempfile.TemporaryDirectory() as folder, database_url(kind, Path(folder)) as url:
        database = Database(url, create=Base.metadata)
        with database.engine.begin() as connection:
            for begin in range(0, rows, 10_000):
                batch = [
                    {
                        "place": "here" if number % 2 else "there",
                        "value": -number / 8,
                        "note": "x" * 150,
                    }
                    for number in range(begin, min(begin + 10_000, rows))
                ]
                connection.execute(sa.insert(Measure), batch)
        database.close()
        yield url


class Streamed:
    """Is a client of a served collection, and the worker that serves it.

    Attributes:
        worker: The id of the worker's process.
    """

    def __init__(self, base: str, worker: int) -> None:
        """Say where it is."""
        self._address = base.removeprefix("http://")
        self.worker = worker

    def ask(
        self, path: str, accept: str
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        """Ask, and return the connection and the answer, of which nothing has been read."""
        connection = http.client.HTTPConnection(self._address, timeout=60)
        connection.request("GET", path, headers={"Accept": accept})
        return connection, connection.getresponse()

    def read(self, path: str, lines: int) -> int:
        """Read so many lines, and return the worker's peak by then;
        each line is JSON, and none is lost.
        """
        connection, response = self.ask(path, NDJSON)
        assert response.status == 200
        assert response.headers["Content-Type"] == NDJSON
        seen = 0
        for line in response:
            seen += 1
            assert set(json.loads(line)) == {"id", "place", "value", "note"}
        connection.close()
        assert seen == lines
        return self.peak()

    def page(self) -> int:
        """Read a page, and return the worker's peak by then."""
        connection, response = self.ask("/measures?limit=100", "application/json")
        assert len(json.loads(response.read())["items"]) == 100
        connection.close()
        return self.peak()

    def peak(self) -> int:
        """Return the worker's peak of resident memory so far, in KiB."""
        status = Path(f"/proc/{self.worker}/status").read_text("utf-8")
        return int(status.partition("VmHWM:")[2].split()[0])


@contextmanager
def serving(url: str) -> Generator[Streamed]:
    """Serve the collection from one worker process."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "gunicorn", "--no-control-socket", f"{_HERE.stem}:app"]
        command += [
            "--bind",
            f"127.0.0.1:{port}",
            "--workers",
            "1",
            "--threads",
            "2",
            "--log-level",
            "error",
        ]
        command += ["--pid", f"{folder}/pid"]
        path = os.pathsep.join([str(_HERE.parents[2]), os.environ.get("PYTHONPATH", "")])
        environment = {_VARIABLE: url, "PYTHONPATH": path}
        with serve_process(command, port=port, cwd=_HERE.parent, environment=environment) as base:
            (worker,) = workers_of(Path(folder, "pid"))
            yield Streamed(base, worker)


app = _app(os.environ[_VARIABLE]) if _VARIABLE in os.environ else App("Nothing")


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.sqlalchemy.streams", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--databases", default="sqlite,postgresql")
    options = parser.parse_args()
    tenth = options.rows // 10
    print(
        f"| database | a page of 100 | {tenth:,} rows | {options.rows:,} rows | seconds "
        "|\n|---|---:|---:|---:|---:|"
    )
    for kind in options.databases.split(","):
        with filled(kind, options.rows) as url, serving(url) as streamed:
            peaks = [streamed.page(), streamed.read(f"/measures?id__lte={tenth}", tenth)]
            began = time.perf_counter()
            peaks.append(streamed.read("/measures", options.rows))
            took = time.perf_counter() - began
        print(
            "|",
            " | ".join((kind, *(f"{each / 1024:.1f}" for each in peaks), f"{took:.1f}")),
            "|",
            flush=True,
        )


if __name__ == "__main__":
    _main()
