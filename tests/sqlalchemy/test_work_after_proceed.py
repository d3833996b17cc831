"""Work of a middleware after ``proceed``, on each store: committed and closed, or rolled back."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App, Conflict, Proceed, Request, Resource, Response, provide, raises
from restkit.crud import CRUDResource, MemoryStore
from restkit.sqlalchemy import Database, session
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(200))
    # Checked at COMMIT, not before.
    parent_id: Mapped[int | None] = mapped_column(
        ForeignKey("note.id", deferrable=True, initially="DEFERRED")
    )


class Notes(CRUDResource[Note]):
    model = Note

    def create(self, item: Note) -> Note:
        made = super().create(item)
        if item.text == "refused":
            raise Conflict("This text is not wanted.")
        return made


class Nothing(Resource):
    def post(self) -> dict[str, str]:
        return {}


class Through(Resource):
    session = provide(session)

    def post(self) -> dict[str, str]:
        self.session.execute(sa.text("SELECT 1"))
        return {}


class Service:
    """An App whose middleware writes a row after ``proceed``."""

    def __init__(self, url: str) -> None:
        self.database = Database(url, create=Base.metadata)
        self.parent: int | None = None
        self.refuses = False
        app = App("Notes")
        app.install(self.database)
        app.middleware(self.audit)
        app.add("/notes", Notes)
        app.add("/nothing", Nothing)
        app.add("/through", Through)
        self.client = Client(app)
        self.told: list[str] = []
        for name in ("begin", "commit", "rollback"):
            sa.event.listen(self.database.engine, name, self._teller(name))

    def _teller(self, name: str) -> Any:
        return lambda connection: self.told.append(name)

    @raises(Conflict)
    def audit(self, request: Request, proceed: Proceed) -> Response:
        response = proceed(request)
        note = Note(text=f"audit {response.status_code}", parent_id=self.parent)
        session(request).add(note)
        if self.refuses:
            raise Conflict("Too late.")
        return response


@pytest.fixture(params=KINDS)
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Service]:
    with database_url(request.param, tmp_path) as url:
        made = Service(url)
        try:
            yield made
        finally:
            made.database.close()


@contextmanager
def _outside(service: Service) -> Generator[Any]:
    """Open a connection beside the App's."""
    url = service.database.engine.url
    if url.get_backend_name() == "sqlite":
        connection: Any = sqlite3.connect(str(url.database), isolation_level=None, timeout=0.5)
    else:
        plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
        connection = psycopg.connect(plain, autocommit=True)
    try:
        yield connection
    finally:
        connection.close()


def _texts(service: Service) -> list[str]:
    """Return the stored texts, and write a row, which needs the lock of SQLite's writers."""
    with _outside(service) as connection:
        found = connection.execute("SELECT text FROM note ORDER BY id").fetchall()
        connection.execute("INSERT INTO note (text) VALUES ('outside')")
    pool: Any = service.database.engine.pool
    assert pool.checkedout() == 0
    return [text for (text,) in found]


@pytest.mark.parametrize(
    ("path", "units", "kept"),
    [
        ("/nothing", 1, ["audit 200"]),
        ("/notes", 2, ["kept", "audit 201"]),
        ("/through", 2, ["audit 200"]),
    ],
)
def test_a_session_touched_after_proceed_is_committed_and_closed(
    service: Service, path: str, units: int, kept: list[str]
) -> None:
    """The method used nothing of the database, a connection alone, or the session itself."""
    body = {"text": "kept"} if path == "/notes" else None
    assert service.client.post(path, json=body).status < 300
    assert service.told == ["begin", "commit"] * units
    assert _texts(service) == kept


def test_a_middleware_records_a_refused_request(service: Service) -> None:
    """The method's work is rolled back; that of the middleware after it is committed."""
    assert service.client.post("/notes", json={"text": "refused"}).status == 409
    assert _texts(service) == ["audit 409"]


def test_a_problem_after_proceed_leaves_the_methods_work_committed(service: Service) -> None:
    """The middleware's own work is rolled back."""
    service.refuses = True
    assert service.client.post("/notes", json={"text": "kept"}).status == 409
    assert _texts(service) == ["kept"]


def test_a_failed_commit_after_proceed_is_the_response(service: Service) -> None:
    """The response does not start before the middleware's work is committed."""
    service.parent = 999
    response = service.client.post("/notes", json={"text": "kept"})
    assert (response.status, response.json["status"]) == (409, 409)
    assert _texts(service) == ["kept"]


@dataclass
class Entry:
    text: str
    id: int = 0


@pytest.mark.parametrize("path", ["/entries", "/nothing"])
def test_a_store_in_memory_written_after_proceed_is_committed(path: str) -> None:
    """The rows are kept, and no other writer has to wait."""
    store = MemoryStore(Entry)
    app = App("Entries")

    class Entries(CRUDResource[Entry]):
        model = Entry

    Entries.store = store

    @app.middleware
    def audit(request: Request, proceed: Proceed) -> Response:
        response = proceed(request)
        if request.method == "POST":
            store.open(request, request.app).add(Entry(f"audit {response.status_code}"))
        return response

    app.add("/entries", Entries)
    app.add("/nothing", Nothing)
    client = Client(app)
    for _ in range(2):
        assert client.post(path, json={"text": "kept"} if path == "/entries" else None).status < 300
    found = [each["text"] for each in client.get("/entries").json["items"]]
    assert found == (["kept", "audit 201"] if path == "/entries" else ["audit 200"]) * 2
