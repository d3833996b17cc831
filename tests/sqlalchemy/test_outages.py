"""Faults under load: killed workers, a database that crashes, a full disk,
and clients that are slow to read.
"""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from faults import own_postgresql
from library import Author, Book, library
from library_service import serving
from programs import find_program, program_missing
from races import Reply, Writers
from servers import workers_of

from restkit.sqlalchemy.engines import Limits, make_engine
from restkit.testing import Client

CLIENTS = 6


class Load:
    """Is clients that store authors, as fast as they can, until they are stopped."""

    def __init__(self, base: str) -> None:
        self.replies: list[Reply] = []
        self.stored: list[str] = []
        self.broken = 0
        self._writers = Writers(base, CLIENTS)
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(CLIENTS)]

    def _run(self) -> None:
        while not self._stopped.is_set():
            name = uuid.uuid4().hex
            try:
                reply = self._writers.ask("POST", "/authors", {"name": name})
            except (OSError, http.client.HTTPException):
                self.broken += 1  # the process that was to answer is gone
                time.sleep(0.01)
                continue
            self.replies.append(reply)
            if reply.status == 201:
                self.stored.append(name)
            else:
                time.sleep(0.01)

    def wait(self, reached: Callable[[], bool]) -> None:
        """Wait until something is so; the clients go on."""
        deadline = time.monotonic() + 120
        while not reached():
            assert time.monotonic() < deadline, (
                f"{len(self.replies)} answers, {self.broken} broken connections"
            )
            time.sleep(0.01)

    def more(self, count: int) -> None:
        """Wait until so many more are stored."""
        begin = len(self.stored)
        self.wait(lambda: len(self.stored) >= begin + count)

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()
        self._writers.close()


def names_in(url: str) -> set[str]:
    """Return the names that are stored, seen from outside."""
    engine = make_engine(url, Limits(), {})
    try:
        with engine.connect() as connection:
            return set(connection.scalars(sa.select(Author.name)))
    finally:
        engine.dispose()


@pytest.mark.parametrize("kind", KINDS)
def test_no_acknowledged_write_is_lost_where_workers_are_killed(kind: str, tmp_path: Path) -> None:
    """Whatever was answered 201 is stored, though workers die in the middle of requests;
    nothing is answered 5xx.
    """
    pid_file = tmp_path / "pid"
    with (
        database_url(kind, tmp_path) as url,
        serving(url, "--pid", str(pid_file)) as base,
        Load(base) as load,
    ):
        for _ in range(4):
            load.more(20)
            alive = workers_of(pid_file)
            os.kill(alive[0], signal.SIGKILL)
            load.wait(lambda dead=alive[0]: len({*workers_of(pid_file)} - {dead}) == 2)
        load.more(20)
        load.__exit__()
        assert load.broken
        assert {reply.status for reply in load.replies} == {201}
        assert {*load.stored} <= names_in(url)


@pytest.mark.external
@pytest.mark.postgresql
def test_a_database_that_crashes_is_a_503_until_it_is_back() -> None:
    """While PostgreSQL is down all is 503 with Retry-After;
    then it works again, and no acknowledged write is lost.
    """
    with (
        own_postgresql() as server,
        serving(server.url, threads=CLIENTS) as base,
        Load(base) as load,
    ):
        for _ in range(2):
            load.more(50)
            server.stop()
            begin = len(load.replies)
            load.wait(
                lambda begin=begin: any(reply.status == 503 for reply in load.replies[begin:])
            )
            server.start()
            load.more(50)
        load.__exit__()
        assert {reply.status for reply in load.replies} == {201, 503}
        unavailable = [reply for reply in load.replies if reply.status == 503]
        assert all(int(reply.headers["Retry-After"]) > 0 for reply in unavailable)
        assert {reply.headers["Content-Type"] for reply in unavailable} == {
            "application/problem+json"
        }
        assert load.broken == 0
        assert {*load.stored} <= names_in(server.url)


@pytest.mark.external
@pytest.mark.postgresql
def test_a_service_starts_before_its_database() -> None:
    """A service whose database is not there yet answers 503, and works when it is."""
    with own_postgresql() as server:
        server.stop()
        with library(server.url) as app:
            client = Client(app)
            response = client.get("/books")
            assert response.status == 503
            assert response.headers["Retry-After"] == "2"
            server.start()
            assert client.get("/books").status == 200


@contextmanager
def small_disk(size: int) -> Generator[Path]:
    """Mount a file system of so many MiB."""
    mount = [find_program("mount", packages="mount")]
    root = [] if os.geteuid() == 0 else [find_program("sudo", packages="sudo"), "-n"]
    folder = Path(tempfile.mkdtemp(prefix="restkit-disk-"))
    options = ["-t", "tmpfs", "-o", f"size={size}m,mode=777", "restkit", folder]
    done = subprocess.run([*root, *mount, *options], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        folder.rmdir()
        reason = f"a small file system cannot be mounted ({done.stderr.strip()})"
        program_missing(reason, "mount sudo", otherwise="and run as root, or let sudo mount")
    try:
        yield folder
    finally:
        subprocess.run([*root, "umount", folder], check=True)
        folder.rmdir()


def fill(client: Client) -> int:
    """Store books until there is no room, and return how many there was room for."""
    for count in range(20_000):
        response = client.post(
            "/books", json={"title": "x" * 200, "chapters": [{"heading": "y" * 100}] * 100}
        )
        if response.status != 201:
            assert response.status == 507, response.text
            assert response.media_type == "application/problem+json", response.text
            return count
    raise AssertionError("the disk has no end")


def holds_when_full(url: str, make_room: Callable[[], object]) -> None:
    """Fill a disk, and hold what must be so then, and when there is room again."""
    with library(url) as app:
        client = Client(app)
        assert client.get("/books").status == 200
        count = fill(client)
        prefer = {"Prefer": "count=exact"}
        assert client.get("/books?limit=1", headers=prefer).json["total"] == count > 0
        make_room()
        assert client.post("/books", json={"title": "x" * 200}).status == 201
        assert client.get("/books?limit=1", headers=prefer).json["total"] == count + 1


def test_a_full_disk_under_sqlite() -> None:
    """Where SQLite's disk is full writers are answered 507, readers go on,
    and writers when there is room again.
    """
    with small_disk(4) as folder:
        ballast = folder / "ballast"
        ballast.write_bytes(bytes(2**19))
        holds_when_full(f"sqlite:///{folder}/library.db", ballast.unlink)


@pytest.mark.external
@pytest.mark.postgresql
def test_a_full_disk_under_postgresql() -> None:
    """The same of PostgreSQL, whose tables stand on a disk of their own."""
    with own_postgresql() as server, small_disk(11) as folder:
        ballast, place = folder / "ballast", folder / "place"
        ballast.write_bytes(bytes(2**19))
        subprocess.run([*server.prefix, "mkdir", place], check=True, cwd="/")
        engine = make_engine(server.url, Limits(), {"isolation_level": "AUTOCOMMIT"})
        try:
            with engine.connect() as connection:
                connection.exec_driver_sql(f"CREATE TABLESPACE small LOCATION '{place}'")
                connection.exec_driver_sql("CREATE DATABASE full_disk TABLESPACE small")
            holds_when_full(f"{server.url.rpartition('/')[0]}/full_disk", ballast.unlink)
        finally:
            engine.dispose()
            server.stop()


# slow clients


def dawdle(base: str) -> socket.socket:
    """Ask for all books as JSON Lines, and read the first of the answer only."""
    address = urlsplit(base)
    client = socket.create_connection((address.hostname or "", address.port or 0), timeout=30)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.sendall(
        b"GET /books HTTP/1.1\r\nHost: localhost\r\nAccept: application/x-ndjson\r\n\r\n"
    )
    assert client.recv(1000).startswith(b"HTTP/1.1 200")
    return client


def filled(url: str, count: int) -> None:
    """Make the tables, and store so many books."""
    with library(url) as app:
        assert Client(app).get("/books").status == 200
    engine = make_engine(url, Limits(statement=300), {})
    row: dict[str, Any] = {"title": "x" * 200, "version": 1}
    with engine.begin() as connection:
        for begin in range(0, count, 10_000):
            connection.execute(sa.insert(Book), [row] * min(10_000, count - begin))
    engine.dispose()


@pytest.fixture(params=KINDS)
def large(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of a database whose books fill more than the buffers of a socket: 12 MB."""
    with database_url(request.param, tmp_path) as url:
        filled(url, 30_000)
        yield url


def test_slow_readers_hold_up_nobody(large: str) -> None:
    """While clients leave their answers unread others read and write;
    those who hang up leave nothing behind.
    """
    with serving(large, workers=2, threads=4) as base:
        readers = [dawdle(base) for _ in range(3)]
        writers = Writers(base, 1)
        try:
            for _ in range(20):
                made = writers.ask("POST", "/books", {"title": "meanwhile"})
                assert made.status == 201
                assert writers.ask("PATCH", made.headers["Location"], {"year": 1815}).status == 200
                assert writers.ask("DELETE", "/books/1").status in (204, 404)
            for reader in readers:
                reader.close()
            assert writers.ask("GET", "/books?limit=1").status == 200
        finally:
            writers.close()
