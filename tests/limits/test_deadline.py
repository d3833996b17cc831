"""`Deadline`: a request that takes too long changes nothing, and gets a 503."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App, Resource, access, provide
from restkit.crud import CRUDResource
from restkit.errors import DeclarationError
from restkit.limits import Deadline, seconds_left
from restkit.sqlalchemy import Database
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with database_url(request.param, tmp_path) as url:
        database = Database(url)
        Base.metadata.create_all(database.engine)
        yield database
        database.close()


def _count(database: Database) -> int:
    with database.engine.connect() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(Note)) or 0


def test_a_late_write_is_rolled_back(database: Database) -> None:
    app = App("Notes", limits=[Deadline(0.2, retry_after=7)])
    app.install(database)
    waits = [0.0]

    @app.route("/notes")
    class Notes(CRUDResource[Note]):
        model = Note

        def create(self, item: Note) -> Note:
            made = super().create(item)
            time.sleep(waits[0])
            return made

    client = Client(app)
    assert client.post("/notes", json={"text": "in time"}).status == 201
    waits[0] = 0.25
    response = client.post("/notes", json={"text": "late"})
    assert response.status == 503
    assert response.headers["Retry-After"] == "7"
    assert response.json["detail"] == (
        "The request took too long, and nothing was changed. Retry later."
    )
    assert _count(database) == 1


def test_no_statement_begins_after_the_deadline(database: Database) -> None:
    app = App("Notes", limits=[Deadline(0.2)])
    app.install(database)
    reached: list[str] = []

    @app.route("/notes")
    class Notes(Resource):
        session = provide(database.session)

        def post(self) -> dict[str, str]:
            self.session.add(Note(text="first"))
            self.session.flush()
            reached.append("first")
            time.sleep(0.25)
            self.session.add(Note(text="second"))
            self.session.flush()
            reached.append("second")
            return {}

    assert Client(app).post("/notes").status == 503
    assert reached == ["first"]
    assert _count(database) == 0


def test_a_method_asks_how_much_is_left() -> None:
    app = App("Notes", limits=[Deadline(60)])
    found: list[float | None] = []

    @app.get("/notes")
    @access(limits=[Deadline(30)])
    def notes() -> dict[str, str]:
        found.extend([seconds_left(), seconds_left(3), seconds_left(1000)])
        return {}

    @app.get("/free")
    @access(limits=[])
    def free() -> dict[str, str]:
        found.extend([seconds_left(), seconds_left(3)])
        return {}

    client = Client(app)
    client.get("/notes")
    left, three, of_thousand = found
    assert left is not None
    assert 25 < left <= 30  # the earliest of both
    assert three == 3
    assert of_thousand is not None
    assert 25 < of_thousand <= 30
    found.clear()
    client.get("/free")
    assert found == [None, 3]
    assert seconds_left() is None  # there is no request


def test_a_late_list_is_not_sent() -> None:
    app = App("Notes", limits=[Deadline(0.5)])
    waits = [0.0]

    @app.get("/notes")
    def notes() -> Iterator[dict[str, int]]:
        time.sleep(waits[0])
        yield {"id": 1}

    client = Client(app)
    assert client.get("/notes").json == [{"id": 1}]
    waits[0] = 0.7
    assert client.get("/notes").status == 503


def test_the_document_says_the_deadline() -> None:
    app = App("Notes")

    @app.get("/notes")
    @access(limits=[Deadline(2.5)])
    def notes() -> dict[str, str]:
        return {}

    operation = Client(app).get("/openapi.json").json["paths"]["/notes"]["get"]
    assert operation["x-rate-limits"] == [{"deadline": 2.5}]
    assert "2.5 seconds" in operation["responses"]["503"]["description"]
    assert "Retry-After" in operation["responses"]["503"]["headers"]


@pytest.mark.parametrize(
    ("seconds", "retry_after", "message"),
    [
        (0, 1, r"Deadline\(0\): it must be a number of seconds, above 0"),
        (True, 1, r"Deadline\(True\)"),
        (float("nan"), 1, r"Deadline\(nan\)"),
        (10**6, 1, "at most 86400"),
        (1, 0, r"Deadline\(retry_after=0\)"),
    ],
)
def test_mistakes_are_told(seconds: float, retry_after: int, message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        Deadline(seconds, retry_after=retry_after)
