"""One session a request: when it begins, what it may do, how it ends,
and what is answered where the database fails.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.orm.exc import DetachedInstanceError

from restkit import (
    App,
    Conflict,
    DeclarationError,
    PreconditionFailed,
    Resource,
    ServiceUnavailable,
    provide,
    raises,
)
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database, Versioned, session
from restkit.sqlalchemy.engines import Limits
from restkit.testing import Client

POSTGRESQL = [pytest.mark.external, pytest.mark.postgresql]
SHORT = Limits(lock=0.3, statement=0.3, pool=0.3, connections=1, overflow=0)


class Base(DeclarativeBase):
    pass


class Note(Versioned, Base):
    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(200))
    # Held against at COMMIT, not before.
    parent_id: Mapped[int | None] = mapped_column(
        ForeignKey("note.id", deferrable=True, initially="DEFERRED")
    )


class Notes(CRUDResource[Note]):
    model = Note
    page_size = 100

    def create(self, item: Note) -> Note:
        made = super().create(item)
        if item.text == "refused":
            raise Conflict("This text is not wanted.")
        return made


class Service:
    """Is an App on a database, with what a test needs of both."""

    def __init__(self, url: str, limits: Limits) -> None:
        self.url = url
        self.database = Database(url, create=Base.metadata, limits=limits)
        self.app = App("Notes")
        self.app.install(self.database)
        self.app.add("/notes", Notes)
        self.app.add("/direct", self._direct())
        self.client = Client(self.app, raise_errors=False)
        self.begun: list[int] = []

    def _direct(self) -> type[Resource]:
        """Return a resource that runs the statement of a request's query,
        in the request's session.
        """
        database = self.database

        class Direct(Resource):
            session: Any = provide(database.session)
            same: Any = provide(database.session)
            documented = False

            @raises(ServiceUnavailable)
            def get(self) -> list[Any]:
                return self._run()

            @raises(ServiceUnavailable)
            def post(self) -> list[Any]:
                return self._run()

            def _run(self) -> list[Any]:
                assert self.session is self.same
                found = self.session.execute(sa.text(self.request.environ["test.statement"]))
                return [list(row) for row in found] if found.returns_rows else []

        return Direct

    def run(self, method: str, statement: str) -> Any:
        """Let a request run a statement."""
        return self.client.request(method, "/direct", environ={"test.statement": statement})

    def watch(self) -> list[str]:
        """Return a list that grows with each transaction that begins, and ends."""
        told: list[str] = []
        engine = self.database.engine
        sa.event.listen(engine, "begin", lambda connection: told.append("begin"))
        sa.event.listen(engine, "commit", lambda connection: told.append("commit"))
        sa.event.listen(engine, "rollback", lambda connection: told.append("rollback"))
        return told

    def connect(self) -> Any:
        """Open a connection of our own, beside the App's."""
        if self.url.startswith("sqlite"):
            return sqlite3.connect(
                self.url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False
            )
        return psycopg.connect(self.url, autocommit=True)

    def texts(self) -> set[str]:
        """Return what is stored, seen from outside."""
        connection = self.connect()
        try:
            return {text for (text,) in connection.execute("SELECT text FROM note").fetchall()}
        finally:
            connection.close()


@contextmanager
def serving(kind: str, folder: Path, limits: Limits | None = None) -> Generator[Service]:
    """Make a service on an empty database, whose tables are there."""
    with database_url(kind, folder) as url:
        service = Service(url, limits or Limits())
        try:
            assert service.client.get("/notes").status == 200
            yield service
        finally:
            service.database.close()


@pytest.fixture(params=KINDS)
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Service]:
    with serving(request.param, tmp_path) as made:
        yield made


@pytest.fixture(params=KINDS)
def hurried(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Service]:
    """Return a service that waits for nothing longer than a moment, and has one connection."""
    with serving(request.param, tmp_path, SHORT) as made:
        yield made


def is_unavailable(response: Any) -> bool:
    """Whether an answer is a 503 as it should be."""
    assert response.status == 503, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    assert int(response.headers["Retry-After"]) > 0
    return True


# when it begins, and how it ends


def test_a_session_begins_with_the_first_statement_and_ends_once(service: Service) -> None:
    """A request that is refused before it needs the database begins no transaction;
    others have one, ended once.
    """
    told = service.watch()
    assert service.client.post("/notes", json={"text": 5}).status == 422
    assert service.client.get("/notes/none").status == 404
    assert service.client.get("/notes?limit=0").status == 422
    assert told == []
    assert service.client.post("/notes", json={"text": "kept"}).status == 201
    assert told == ["begin", "commit"]
    assert service.client.get("/notes/999").status == 404
    assert told[2:] == ["begin", "rollback"]


def test_it_is_committed_before_the_response_starts(service: Service) -> None:
    """Whoever sees the status line finds what it speaks of in the database."""
    found: list[tuple[str, set[str]]] = []

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        def start(status: str, headers: Any, exc_info: Any = None) -> Any:
            found.append((status, service.texts()))
            return start_response(status, headers, exc_info)

        return service.app(environ, start)

    Client(application).post("/notes", json={"text": "kept"})
    assert found == [("201 Created", {"kept"})]


@pytest.mark.parametrize("content", [{"text": "refused"}, {"text": "kept", "parent_id": 77}])
def test_it_is_rolled_back_on_a_problem(service: Service, content: dict[str, Any]) -> None:
    """A problem that is raised behind a write takes the write back,
    and so does a constraint that fails at COMMIT.
    """
    response = service.client.post("/notes", json=content)
    assert response.status == 409
    assert response.headers["Content-Type"] == "application/problem+json"
    assert service.texts() == set()
    assert service.client.post("/notes", json={"text": "kept"}).status == 201
    assert service.texts() == {"kept"}


def test_safe_methods_only_read(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    """A GET that writes fails and is logged, whatever had the connection before;
    a POST on the same one writes.
    """
    insert = "INSERT INTO note (text, version) VALUES ('sneaked in', 1)"
    for _ in range(2):
        assert service.run("POST", "SELECT 1").json == [[1]]
        assert service.run("GET", insert).status == 500
        assert (
            "The transaction of a GET is read-only." in caplog.text
        )  # which the driver's words do not say
        caplog.clear()
        assert service.run("GET", "SELECT 1").json == [[1]]
        assert service.texts() == set()
    assert service.run("POST", insert).status == 200
    assert service.texts() == {"sneaked in"}


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("sqlite:////nowhere/at/all.db", "unable to open database file"),
        pytest.param("postgresql://nobody@127.0.0.1:1/x", "connection failed", id="postgresql"),
    ],
)
def test_a_database_that_cannot_be_had_is_told_in_the_log(
    url: str, cause: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The client hears that it may try again;
    who runs the service hears why, in one line without what was sent.
    """
    app = App("Notes")
    app.install(Database(url))
    app.add("/notes", Notes)
    client = Client(app, raise_errors=False)
    for response in (client.get("/notes"), client.post("/notes", json={"text": "a secret"})):
        assert is_unavailable(response)
        assert cause not in response.text
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    for record, method in zip(caplog.records, ("GET", "POST"), strict=True):
        line = record.getMessage()
        assert line.startswith(f"{method} /notes returned 503: ")
        assert cause in line
        assert "secret" not in line
        assert "\n" not in line


def test_sqlite_is_set_up(tmp_path: Path) -> None:
    """SQLite keeps a write-ahead log, waits for locks, holds foreign keys,
    and a commit is on the disk.
    """
    with serving("sqlite", tmp_path) as service:
        for name, value in {
            "journal_mode": "wal",
            "busy_timeout": 5000,
            "foreign_keys": 1,
            "synchronous": 2,
        }.items():
            assert service.run("GET", f"PRAGMA {name}").json == [[value]]


# what takes too long


def test_a_lock_that_is_not_had_in_time_is_a_503(hurried: Service) -> None:
    """A row that somebody else holds is waited for only so long;
    when it is free again, the same request works.
    """
    url = hurried.client.post("/notes", json={"text": "old"}).headers["Location"]
    other = hurried.connect()
    try:
        for statement in ("BEGIN", "UPDATE note SET text = 'held'"):
            other.execute(statement)
        assert is_unavailable(hurried.client.patch(url, json={"text": "new"}))
        assert hurried.client.get(url).json["text"] == "old"  # readers do not wait
        other.execute("ROLLBACK")
        assert hurried.client.patch(url, json={"text": "new"}).status == 200
    finally:
        other.close()


def test_a_pool_without_a_free_connection_is_a_503(hurried: Service) -> None:
    """Where all connections are in use one is waited for only so long,
    and had when it is free again.
    """
    with hurried.database.engine.connect():
        assert is_unavailable(hurried.client.get("/notes"))
    assert hurried.client.get("/notes").status == 200


@pytest.mark.external
@pytest.mark.postgresql
def test_a_statement_that_takes_too_long_is_a_503(tmp_path: Path) -> None:
    """PostgreSQL ends a statement after its time, and the connection serves on."""
    with serving("postgresql", tmp_path, SHORT) as service:
        assert is_unavailable(service.run("GET", "SELECT pg_sleep(30)"))
        assert service.run("GET", "SELECT 1").json == [[1]]


@pytest.mark.external
@pytest.mark.postgresql
def test_a_deadlock_is_a_503(tmp_path: Path) -> None:
    """Of two requests that wait for each other's rows one is answered 503, the other goes on."""
    with serving("postgresql", tmp_path) as service:
        database, meet = service.database, threading.Barrier(2, timeout=20)
        twice = App("Twice")
        twice.install(database)

        class Both(Resource):
            session: Any = provide(database.session)

            @raises(ServiceUnavailable)
            def post(self, first: int, second: int) -> None:
                change = sa.text("UPDATE note SET text = 'changed' WHERE id = :id")
                self.session.execute(change, {"id": first})
                meet.wait()
                self.session.execute(change, {"id": second})

        twice.add("/<int:first>/<int:second>", Both)
        one, two = (service.client.post("/notes", json={"text": "x"}).json["id"] for _ in range(2))
        answers: list[Any] = []

        def ask(path: str) -> None:
            answers.append(Client(twice).post(path))

        threads = [
            threading.Thread(target=ask, args=(path,))
            for path in (f"/{one}/{two}", f"/{two}/{one}")
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert sorted(response.status for response in answers) == [204, 503]
        assert all(is_unavailable(response) for response in answers if response.status == 503)


STATES = {
    "40001": 503,  # serialization_failure
    "40P01": 503,  # deadlock_detected
    "53100": 507,  # disk_full
    "53200": 503,  # out_of_memory
    "53300": 503,  # too_many_connections
    "55P03": 503,  # lock_not_available
    "57014": 503,  # query_canceled
    "57P01": 503,  # admin_shutdown
    "58030": 503,  # io_error
    "25006": 503,  # read_only_sql_transaction
    "23514": 422,  # check_violation
    "22003": 422,  # numeric_value_out_of_range
    "23P01": 409,  # exclusion_violation
    "42501": 500,  # insufficient_privilege: the program's mistake
}


@pytest.mark.external
@pytest.mark.postgresql
def test_what_postgresql_says_is_answered(tmp_path: Path) -> None:
    """Each state of PostgreSQL is answered with its status, stores nothing,
    and leaves the connection in order.
    """
    with serving("postgresql", tmp_path) as service:
        with service.connect() as connection:
            connection.execute(
                "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'as asked' USING ERRCODE = NEW.text; END $$"
            )
            connection.execute(
                "CREATE TRIGGER fail BEFORE INSERT ON note FOR EACH ROW EXECUTE FUNCTION fail()"
            )
        for state, status in STATES.items():
            response = service.client.post("/notes", json={"text": state})
            assert state == state
            assert response.status == status
            assert status != 503 or is_unavailable(response)
        assert service.texts() == set()


# a database that is lost, or takes nothing


@pytest.mark.external
@pytest.mark.postgresql
def test_lost_connections_are_replaced(tmp_path: Path) -> None:
    """A connection that is lost between requests is not noticed;
    one that is lost within a request is a 503.
    """
    end = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
        "current_database() AND pid <> "
    )
    with serving("postgresql", tmp_path) as service:
        with service.connect() as connection:
            connection.execute(f"{end} pg_backend_pid()")
        assert service.client.post("/notes", json={"text": "kept"}).status == 201
        assert is_unavailable(service.run("POST", "SELECT pg_terminate_backend(pg_backend_pid())"))
        assert service.client.get("/notes").status == 200
        assert service.texts() == {"kept"}


def test_a_read_only_database_is_a_503_for_writers(tmp_path: Path) -> None:
    """Readers go on where SQLite's file takes no changes; writers are told to try again."""
    with serving("sqlite", tmp_path) as service:
        service.client.post("/notes", json={"text": "kept"})
        path = service.url.removeprefix("sqlite:///")
        database = Database(f"sqlite:///file:{path}?mode=ro&uri=true")
        app = App("Notes")
        app.install(database)
        app.add("/notes", Notes)
        client = Client(app)
        try:
            assert [each["text"] for each in client.get("/notes").json["items"]] == ["kept"]
            assert is_unavailable(client.post("/notes", json={"text": "new"}))
            assert client.get("/notes").status == 200
        finally:
            database.close()


@pytest.mark.external
@pytest.mark.postgresql
def test_a_read_only_postgresql_is_a_503_for_writers_until_it_takes_changes_again(
    tmp_path: Path,
) -> None:
    """Readers go on where PostgreSQL takes no changes, as a standby does;
    when it does again, so do writers.
    """
    with serving("postgresql", tmp_path) as service:
        url = service.client.post("/notes", json={"text": "kept"}).headers["Location"]
        for read_only in ("on", "off"):
            with service.connect() as connection:
                connection.execute("SET default_transaction_read_only = off")
                name = connection.info.dbname
                connection.execute(
                    f'ALTER DATABASE "{name}" SET default_transaction_read_only = {read_only}'
                )
            service.database.engine.dispose()  # as a failover drops all connections
            assert service.client.get(url).json["text"] in ("kept", "new")
            answers = [
                service.client.patch(url, json={"text": "new"}),
                service.client.post("/notes", json={"text": "more"}),
                service.client.delete(url),
            ]
            if read_only == "on":
                assert all(is_unavailable(response) for response in answers)
                assert service.texts() == {"kept"}
            else:
                assert [response.status for response in answers] == [200, 201, 204]


def test_a_full_disk_is_a_507_until_there_is_room(tmp_path: Path) -> None:
    """Where SQLite has no page left the write is a 507, readers go on,
    and writers when there is room again.
    """
    with serving("sqlite", tmp_path, Limits(connections=1, overflow=0)) as service:
        pages = service.run("GET", "PRAGMA page_count").json[0][0]
        assert service.run("GET", f"PRAGMA max_page_count={pages + 3}").status == 200
        answers = [service.client.post("/notes", json={"text": "x" * 200}) for _ in range(200)]
        statuses = [response.status for response in answers]
        assert set(statuses) == {201, 507}
        assert answers[-1].headers["Content-Type"] == "application/problem+json"
        stored = service.connect()
        try:
            assert stored.execute("SELECT count(*) FROM note").fetchone()[0] == statuses.count(201)
        finally:
            stored.close()
        assert service.client.get("/notes").status == 200
        service.run("GET", f"PRAGMA max_page_count={pages + 1000}")
        assert service.client.post("/notes", json={"text": "y" * 200}).status == 201


# slow clients


def test_a_slow_reader_holds_up_no_writer(service: Service) -> None:
    """A stream that is not read to its end holds no lock:
    others write meanwhile, and it goes on as it began.
    """
    with service.database.engine.begin() as connection:
        connection.execute(
            sa.insert(Note), [{"text": "x" * 200, "version": 1} for _ in range(3000)]
        )
    lines = service.client.get("/notes", headers={"Accept": "application/x-ndjson"}, stream=True)
    chunks = lines.iter_chunks()
    first = next(chunks)
    assert service.client.post("/notes", json={"text": "written meanwhile"}).status == 201
    assert service.client.delete("/notes/3000").status == 204
    content = first + b"".join(chunks)
    assert len(content.splitlines()) == 3000


def test_a_reader_that_hangs_up_leaves_nothing_behind(hurried: Service) -> None:
    """The connection of a stream that is dropped half-way is free for the next request."""
    with hurried.database.engine.begin() as connection:
        connection.execute(
            sa.insert(Note), [{"text": "x" * 200, "version": 1} for _ in range(3000)]
        )
    for _ in range(3):
        with hurried.client.get(
            "/notes", headers={"Accept": "application/x-ndjson"}, stream=True
        ) as lines:
            next(lines.iter_chunks())
    assert hurried.client.post("/notes", json={"text": "new"}).status == 201


class Counted(Resource):
    """Beside the collection, in the same unit of work."""

    session = provide(session)

    def get(self) -> int:
        return self.session.scalar(sa.select(sa.func.count()).select_from(Note)) or 0

    @raises(Conflict)
    def post(self) -> None:
        self.session.add(Note(text="kept"))
        if self.request.args:
            raise Conflict("not now")


def test_the_session_of_the_app_is_provided(service: Service) -> None:
    """`session` is the Database's of the App, of a mounted App its own;
    what that may refuse is documented.
    """
    app = App("Counted", strict=False)
    app.install(service.database)
    app.add("/counted", Counted)
    outer = App("Outer", strict=False)
    outer.mount("/in", app)
    client = Client(outer)
    assert client.get("/in/counted").json == 0
    assert client.post("/in/counted").status == 204
    assert client.post("/in/counted?no=1").status == 409
    assert client.get("/in/counted").json == 1
    assert {each.method: each.statuses for each in app.operations()} == {
        "GET": {200, 406, 503},
        "POST": {204, 409, 503, 507},
    }


@pytest.mark.parametrize("databases", [0, 2])
def test_a_session_of_no_one_database_is_refused(databases: int) -> None:
    """Where the App has no Database, or several, the sentence says what to do."""
    app = App("Counted")
    for _ in range(databases):
        app.install(Database("sqlite://"))
    app.add("/counted", Counted)
    with pytest.raises(
        DeclarationError, match=f"'Counted' has {databases} Databases installed.*app.install"
    ):
        Client(app).get("/counted")


class Late(Resource):
    """Writes what somebody else has changed since it was read."""

    session = provide(session)

    @raises(PreconditionFailed)
    def put(self, note_id: int) -> None:
        note = self.session.get_one(Note, note_id)
        others = (
            sa.update(Note)
            .values(version=Note.version + 1)
            .execution_options(synchronize_session=False)
        )
        self.session.execute(others)
        note.text = "late"


@pytest.mark.parametrize(("headers", "status"), [({}, 409), ({"If-Match": '"1"'}, 412)])
def test_a_write_that_comes_too_late_is_no_500(
    service: Service, headers: dict[str, str], status: int
) -> None:
    """In a resource of one's own too a version that is gone is a conflict,
    or a precondition that is false.
    """
    app = App("Late", strict=False)
    app.install(service.database)
    app.add("/late/<int:note_id>", Late)
    note = service.client.post("/notes", json={"text": "first"}).json["id"]
    response = Client(app).put(f"/late/{note}", headers=headers)
    assert response.status == status
    assert response.problem["detail"].startswith("Another request changed or deleted the item.")
    assert service.texts() == {"first"}


def test_what_was_read_before_a_rollback_is_kept(tmp_path: Path) -> None:
    """The page of an error may show it; what was changed is not stored, and cannot be read."""
    database = Database(f"sqlite:///{tmp_path / 'kept.db'}", create=Base.metadata)
    with Session(database.engine) as own, own.begin():
        own.add_all([Note(id=1, text="read"), Note(id=2, text="changed")])
    app = App("Kept")
    app.install(database)
    seen: list[Note] = []

    @app.route("/kept")
    class Rows(Resource):
        rows = provide(session)

        @raises(Conflict)
        def post(self) -> None:
            """Fail."""
            seen.extend(self.rows.get_one(Note, number) for number in (1, 2))
            seen[1].text = "another"
            raise Conflict

    assert Client(app).post("/kept").status == 409
    assert seen[0].text == "read"
    with pytest.raises(DetachedInstanceError):
        _ = seen[1].text
    database.close()
