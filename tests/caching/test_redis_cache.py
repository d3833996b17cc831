"""Stored responses in Redis: shared by processes, and away without slowing everything down."""

from __future__ import annotations

import logging
import secrets
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import redis
from hanging import Hanging
from redis_server import redis_url

from restkit import App, DeclarationError, Resource
from restkit.caching import Cache, CacheUnavailable, StoredResponse
from restkit.caching.redis import RedisCache
from restkit.testing import Client

pytestmark = [pytest.mark.external, pytest.mark.redis]


@pytest.fixture
def prefix() -> str:
    return f"test-{secrets.token_hex(8)}:"


@pytest.fixture
def storage(prefix: str) -> Iterator[RedisCache]:
    with closing(RedisCache(redis_url(), prefix=prefix)) as made:
        yield made


class Shelf:
    """An App whose books are in a list that all workers share in this test."""

    def __init__(self, storage: RedisCache, books: list[str], **options: Any) -> None:
        app = self.app = App("Shelf")
        self.calls = 0

        @app.route("/books")
        class Books(Resource):
            cache = Cache(60, storage=storage, **options)

            def get(_) -> list[str]:
                self.calls += 1
                return list(books)

            def post(_) -> list[str]:
                books.append("Emma")
                return []

        self.client = Client(app)

    def get(self, **headers: str) -> tuple[Any, bool]:
        """Return the books, and whether the response was stored."""
        found = self.client.get("/books", headers=headers)
        assert found.status == 200
        return found.json, "Age" in found.headers


def test_workers_share_responses_and_changes(prefix: str, storage: RedisCache) -> None:
    books: list[str] = []
    with closing(RedisCache(redis_url(), prefix=prefix)) as other:
        one, two = Shelf(storage, books), Shelf(other, books)
        assert one.get() == ([], False)
        assert two.get() == ([], True)
        assert two.client.post("/books").status == 200
        assert one.get() == (["Emma"], False)
        assert two.get() == (["Emma"], True)
        two.app.cache.clear()
        assert one.get() == (["Emma"], False)


def test_lost_keys_make_nothing_valid_again(prefix: str, storage: RedisCache) -> None:
    """If Redis evicts the changes, responses from before are not valid."""
    books: list[str] = []
    shelf = Shelf(storage, books)
    shelf.get()
    client = redis.Redis.from_url(redis_url())
    with closing(client):
        assert client.delete(f"{prefix}changes") == 1
        assert shelf.get() == ([], False)
        assert shelf.get() == ([], True)
        client.delete(f"{prefix}changes")
        shelf.client.post("/books")
        assert shelf.get() == (["Emma"], False)
        keys = [key for key in client.scan_iter(f"{prefix}*") if not key.endswith(b"changes")]
        for key in keys:
            assert 0 < client.pttl(key) <= 60_000
            client.hset(key, "data", b"[]\nnot stored by restkit")
    assert shelf.get() == (["Emma"], False)


def test_a_response_that_was_begun_before_a_change(storage: RedisCache) -> None:
    number = storage.begin()
    stored = StoredResponse([], b"old", storage.clock(), 60, 0, 0, number, ("a", "b"))
    assert storage.put(("key",), stored)
    assert storage.get(("key",))[1] is not None
    storage.invalidate(["c"])
    assert storage.get(("key",))[1] is not None
    storage.invalidate(["b"])
    assert storage.get(("key",))[1] is None
    assert storage.put(("key",), stored)
    assert storage.get(("key",))[1] is None
    assert storage.begin() > number
    assert not storage.put(("key",), stored._replace(body=b"x" * 2_000_000))


def test_many_tags(storage: RedisCache) -> None:
    tags = tuple(f"tag {number}" for number in range(5_000))
    stored = StoredResponse([], b"x", storage.clock(), 60, 0, 0, storage.begin(), tags)
    storage.put(("many",), stored)
    found = storage.get(("many",))[1]
    assert found is not None
    assert found.body == b"x"
    storage.invalidate([tags[4_321]])
    assert storage.get(("many",))[1] is None


def test_conditions_and_stale_responses(storage: RedisCache) -> None:
    now = [time.time()]
    storage.clock = lambda: now[0]
    books: list[str] = []
    shelf = Shelf(storage, books, stale=30)
    tag = shelf.client.get("/books").headers["ETag"]
    assert shelf.client.get("/books", headers={"If-None-Match": tag}).status == 304
    now[0] += 70
    books.append("Emma")  # by hand, so that nothing tells the cache
    assert shelf.get() == ([], True)
    assert shelf.get() == (["Emma"], True)
    assert shelf.client.head("/books").headers["ETag"] != tag


def test_a_redis_that_hangs_is_not_asked_again_at_once(caplog: pytest.LogCaptureFixture) -> None:
    with closing(Hanging()) as server, closing(RedisCache(server.url, timeout=0.1)) as away:
        shelf = Shelf(away, [])
        began = time.monotonic()
        with caplog.at_level(logging.WARNING, "restkit"):
            assert [shelf.get() for _ in range(20)] == [([], False)] * 20
            assert shelf.client.post("/books").status == 200
        assert time.monotonic() - began < 1.5
        assert server.connections == 1
        assert len(caplog.records) == 1
        refused = shelf.client.get("/books", headers={"Cache-Control": "only-if-cached"})
        assert refused.status == 504


def test_a_redis_that_hangs_for_long_is_asked_ever_less_often() -> None:
    """The pauses grow: 0.1, 0.2, 0.4 and 0.8 seconds, each after one request that waits."""
    with closing(Hanging()) as server:
        with closing(RedisCache(server.url, timeout=0.02, pause=0.1)) as away:
            shelf, end = Shelf(away, []), time.monotonic() + 1.4
            while time.monotonic() < end:
                assert shelf.get() == ([], False)
                time.sleep(0.01)
        assert 3 <= server.connections <= 4


def test_a_redis_that_is_stopped() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"redis://127.0.0.1:{port}/0"
    with closing(RedisCache(url, timeout=0.2, pause=0.001)) as away:
        shelf = Shelf(away, [])
        assert [shelf.get() for _ in range(3)] == [([], False)] * 3
        assert shelf.client.post("/books").status == 200
        assert shelf.get() == (["Emma"], False)
        with pytest.raises(CacheUnavailable):
            away.begin()


def test_changes_that_redis_missed_are_told_before_anything_else(
    prefix: str, storage: RedisCache
) -> None:
    """A worker that could not tell Redis of a write gets no response from before the write."""
    books: list[str] = []
    shelf = Shelf(storage, books)
    assert shelf.get() == ([], False)
    assert shelf.get() == ([], True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(storage, "_change", _failing)
        patch.setattr(storage._outage, "pause", 0.0001)
        assert shelf.client.post("/books").status == 200
        time.sleep(0.001)
        assert shelf.get() == (["Emma"], False)
    time.sleep(0.001)
    assert shelf.get() == (["Emma"], False)
    assert shelf.get() == (["Emma"], True)


def _failing(**_: object) -> object:
    raise redis.ConnectionError("away")


@pytest.mark.parametrize("name", ["timeout", "pause", "largest"])
@pytest.mark.parametrize("value", [0, -1])
def test_times_and_sizes_are_positive(name: str, value: int) -> None:
    with pytest.raises(DeclarationError, match="above 0"):
        RedisCache(**{name: value})  # type: ignore[arg-type]


PROGRAM = """
    import sys
    from sqlalchemy import String
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
    from restkit import App
    from restkit.caching import Cache
    from restkit.caching.redis import RedisCache
    from restkit.crud import CRUDResource
    from restkit.sqlalchemy import Database
    from restkit.testing import Client

    class Base(DeclarativeBase): ...

    class Note(Base):
        __tablename__ = "notes"
        id: Mapped[int] = mapped_column(primary_key=True)
        text: Mapped[str] = mapped_column(String(20))

    url, prefix, database = sys.argv[1:]
    storage = RedisCache(url, prefix=prefix)

    class Notes(CRUDResource[Note]):
        model = Note
        cache = Cache(3600, storage=storage)

    app = App("Notes")
    app.install(Database(database, create=Base.metadata))
    app.add("/notes", Notes)
    client = Client(app)
    for line in sys.stdin:
        method, path, *text = line.split()
        content = {"json": {"text": text[0]}} if text else {}
        found = client.request(method, path, **content)
        shown = found.json.get("text") if path != "/notes" else len(found.json.get("items", [1]))
        print(found.status, shown, "Age" in found.headers, flush=True)
"""


class Worker:
    """A process of its own with an App over one database and one Redis."""

    def __init__(self, file: Path, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(file), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def send(self, request: str) -> str:
        """Send a request, and return what the process prints of the response."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(request + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=20)


def test_two_processes_never_disagree(prefix: str, tmp_path: Path) -> None:
    """After a write of one process is acknowledged, the other one never sends an older response."""
    file = tmp_path / "program.py"
    file.write_text(textwrap.dedent(PROGRAM))
    arguments = (redis_url(), prefix, f"sqlite:///{tmp_path}/notes.db")
    with closing(Worker(file, *arguments)) as one, closing(Worker(file, *arguments)) as two:
        assert one.send("POST /notes first") == "201 1 False"
        for number in range(20):
            writer, reader = (one, two) if number % 2 else (two, one)
            reader.send("GET /notes/1")
            assert reader.send("GET /notes/1").endswith("True")
            assert writer.send(f"PATCH /notes/1 n{number}") == f"200 n{number} False"
            assert reader.send("GET /notes/1") == f"200 n{number} False"
            assert writer.send("GET /notes/1") == f"200 n{number} True"
