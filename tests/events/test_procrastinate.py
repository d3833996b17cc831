"""Procrastinate: jobs in the transaction of a request, run by its own worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import procrastinate
import psycopg
import pytest
from databases import database_url
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from restkit import App, Conflict, DeclarationError, enqueue
from restkit.crud import CRUDResource
from restkit.events import Outbox, Worker
from restkit.events.procrastinate import Procrastinate
from restkit.sqlalchemy import Database
from restkit.testing import Client

pytestmark = [pytest.mark.external, pytest.mark.postgresql]
done: list[Any] = []


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "item"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


def send_mail(item_id: int, *, kind: str = "new") -> None:
    done.append((item_id, kind))


def unnamed(*values: int) -> None:
    pass


class Items(CRUDResource[Item]):
    model = Item

    def create(self, item: Item) -> Item:
        made = super().create(item)
        enqueue(send_mail, made.id, kind="first")
        if made.name == "refused":
            raise Conflict("It was written, and then it failed.")
        return made


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    done.clear()
    with database_url("postgresql", tmp_path) as made:
        connector = procrastinate.SyncPsycopgConnector(conninfo=made)
        with procrastinate.App(connector=connector).open() as jobs:
            jobs.schema_manager.apply_schema()
        yield made


@pytest.fixture
def jobs(url: str) -> procrastinate.App:
    return procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    made = Database(url, create=Base.metadata)
    yield made
    made.close()


def stored(url: str) -> list[tuple[str, Any]]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT task_name, args FROM procrastinate_jobs ORDER BY id")
        return rows.fetchall()


def test_jobs_are_committed_with_the_data(
    url: str, jobs: procrastinate.App, database: Database
) -> None:
    """A rollback leaves no job, a commit one, which the worker of Procrastinate runs."""
    app = App("Shop", extensions=[database])
    app.install(Outbox(database, tasks=[send_mail], work=Procrastinate(jobs)))
    app.add("/items", Items)
    client = Client(app)
    assert client.post("/items", json={"name": "refused"}).status == 409
    assert stored(url) == []
    assert client.post("/items", json={"name": "lamp"}).status == 201
    (job,) = stored(url)
    assert job[0] == f"{__name__}:send_mail"
    assert job[1]["kind"] == "first"
    jobs.run_worker(wait=False, install_signal_handlers=False, listen_notify=False)
    assert done == [(job[1]["item_id"], "first")]


def test_tasks_of_its_own(url: str, jobs: procrastinate.App, database: Database) -> None:
    """What is decorated as a task already is enqueued as it is, with its name."""

    @jobs.task(name="own")
    def own(number: int) -> None:
        done.append(number)

    outbox = Outbox(database, work=Procrastinate(jobs))
    app = App("Shop", extensions=[database, outbox])

    @app.post("/own")
    def post() -> None:
        enqueue(own, 5)

    assert Client(app).post("/own").status == 204
    with Session(database.engine) as session:
        with session.begin():
            outbox.enqueue(own, number=6, session=session)
        session.begin()
        outbox.enqueue(own, 7, session=session)
        session.rollback()
    assert stored(url) == [("own", {"number": 5}), ("own", {"number": 6})]


def test_mistakes(url: str, jobs: procrastinate.App, database: Database, tmp_path: Path) -> None:
    """Each is one sentence when the program starts, or where it enqueues."""
    with pytest.raises(DeclarationError, match=r"expects a procrastinate.App, got 'jobs'"):
        Procrastinate("jobs")
    sqlite = Database(f"sqlite:///{tmp_path / 'a.db'}")
    with pytest.raises(DeclarationError, match="keeps its jobs in PostgreSQL"):
        Outbox(sqlite, tasks=[send_mail], work=Procrastinate(jobs))
    with pytest.raises(DeclarationError, match="has parameters without names"):
        Outbox(database, tasks=[unnamed], work=Procrastinate(jobs))
    outbox = Outbox(database, tasks=[send_mail], work=Procrastinate(jobs))
    app = App("Shop", extensions=[database, outbox])
    with pytest.raises(DeclarationError, match="has no work for a worker"):
        Worker(app)
    with Session(database.engine) as session, session.begin():
        with pytest.raises(DeclarationError, match="does not fit its parameters"):
            outbox.enqueue(send_mail, session=session)
        with pytest.raises(DeclarationError, match="the function is not declared"):
            outbox.enqueue(unnamed, 1, session=session)
    assert stored(url) == []
