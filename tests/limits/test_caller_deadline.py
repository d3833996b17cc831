"""`CallerDeadline`: the time that the caller has is that of the request."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App
from restkit.crud import CRUDResource
from restkit.errors import DeclarationError
from restkit.limits import CallerDeadline, Deadline, seconds_left
from restkit.openapi import build
from restkit.sqlalchemy import Database
from restkit.testing import Client

HEADER = "X-Request-Timeout-Ms"
ENVOY = "X-Envoy-Expected-Rq-Timeout-Ms"


def slow(seconds: float = 0.0, **options: float) -> tuple[Client, list[float | None]]:
    """Return a client of an App whose method takes a time, and what it knew of its deadline."""
    app = App("Slow", extensions=[CallerDeadline(**options)])
    called: list[float | None] = []

    @app.get("/")
    def home() -> str:
        called.append(seconds_left())
        time.sleep(seconds)
        return ""

    return Client(app), called


def test_a_spent_deadline_is_a_504_before_the_method() -> None:
    """Nobody waits for the response any more."""
    client, called = slow()
    response = client.get("/", headers={HEADER: "0"})
    assert response.status == 504
    assert response.json["detail"] == "The time of the caller is over. Nothing was changed."
    assert "Retry-After" not in response.headers
    assert called == []


def test_a_method_knows_what_is_left() -> None:
    client, called = slow()
    assert client.get("/", headers={HEADER: "1500"}).status == 200
    assert called[0] is not None
    assert 1 < called[0] <= 1.5


def test_a_method_that_takes_longer_is_a_504() -> None:
    client, called = slow(0.06)
    assert client.get("/", headers={HEADER: "30"}).status == 504
    assert len(called) == 1


def test_its_changes_are_rolled_back(tmp_path: Path) -> None:
    class Base(DeclarativeBase):
        pass

    class Note(Base):
        __tablename__ = "notes"
        id: Mapped[int] = mapped_column(primary_key=True)
        text: Mapped[str]

    database = Database(f"sqlite:///{tmp_path / 'notes.db'}")
    Base.metadata.create_all(database.engine)
    app = App("Notes", extensions=[database, CallerDeadline()])

    @app.route("/notes")
    class Notes(CRUDResource[Note]):
        model = Note

        def create(self, item: Note) -> Note:
            made = super().create(item)
            time.sleep(0.15)
            return made

    client = Client(app)
    assert client.post("/notes", json={"text": "a"}, headers={HEADER: "100"}).status == 504
    assert client.post("/notes", json={"text": "b"}, headers={HEADER: "9000"}).status == 201
    with database.engine.connect() as connection:
        assert connection.scalars(sa.select(Note.text)).all() == ["b"]
    database.close()


@pytest.mark.parametrize("text", ["", "-1", "1.5", "soon", "1e3", "\xb2", "1, 2", "9" * 10])
def test_another_value_is_ignored(text: str) -> None:
    client, called = slow()
    assert client.get("/", headers={HEADER: text}).status == 200
    assert called == [None]


def test_the_header_of_envoy_is_read_too() -> None:
    """The nearer deadline applies."""
    client, called = slow()
    client.get("/", headers={ENVOY: "2000"})
    client.get("/", headers={ENVOY: "9000", HEADER: "2000"})
    client.get("/", headers={ENVOY: "2000", HEADER: "9000"})
    assert [round(each or 0) for each in called] == [2, 2, 2]


def test_the_service_has_the_last_word() -> None:
    """No request has more than `longest`, whatever its caller says."""
    client, called = slow(longest=1.0)
    client.get("/", headers={HEADER: "60000"})
    client.get("/")
    assert [round(each or 0) for each in called] == [1, 1]


def test_the_nearer_of_two_deadlines_applies() -> None:
    app = App("Two", extensions=[CallerDeadline()], limits=[Deadline(0.05, retry_after=7)])

    @app.get("/")
    def home() -> str:
        time.sleep(0.1)
        return ""

    client = Client(app)
    assert client.get("/", headers={HEADER: "9000"}).status == 503
    assert client.get("/", headers={HEADER: "10"}).status == 504


def test_a_header_of_ones_own() -> None:
    app = App("Own", extensions=[CallerDeadline(header="X-Left")])

    @app.get("/")
    def home() -> str:
        return ""

    assert Client(app).get("/", headers={"X-Left": "0"}).status == 504
    assert Client(app).get("/", headers={HEADER: "0"}).status == 200


def test_the_document_has_the_headers_and_the_504() -> None:
    app = App("Shop", extensions=[CallerDeadline()])

    @app.get("/")
    def home() -> str:
        return ""

    printed = build(app)
    operation = printed["paths"]["/"]["get"]
    names = [each.get("name") for each in operation["parameters"]]
    assert names == [HEADER, ENVOY]
    assert "504" in operation["responses"]


@pytest.mark.parametrize("longest", [0, -1, True, "5", 90000])
def test_wrong_numbers_are_refused(longest: float) -> None:
    with pytest.raises(DeclarationError, match=r"CallerDeadline\(longest="):
        CallerDeadline(longest=longest)
