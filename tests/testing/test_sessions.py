"""The session of the test client, read and changed between requests."""

from __future__ import annotations

from contextlib import closing, suppress
from pathlib import Path

import pytest
from sqlalchemy.orm import DeclarativeBase

from restkit import App
from restkit.html import Session, Sessions
from restkit.sqlalchemy import Database, SessionRecord, SQLStore
from restkit.testing import Client

KEY = "key of the sessions, never guessed"


class Base(DeclarativeBase):
    pass


class Stored(SessionRecord, Base):
    __tablename__ = "sessions"


def service(sessions: Sessions) -> App:
    app = App("Visits")
    app.install(sessions)

    @app.get("/visits")
    def visits(session: Session) -> dict[str, object]:
        session["visits"] = session.get("visits", 0) + 1
        return {"visits": session["visits"], "user": session.user_id}

    return app


@pytest.mark.parametrize("base_url", ["http://localhost", "https://shop.example"])
def test_a_session_is_read_and_changed(base_url: str) -> None:
    client = Client(service(Sessions([KEY])), base_url=base_url)
    with client.session() as session:
        session.login(7)
        session["visits"] = 10
    assert client.get("/visits").json == {"visits": 11, "user": "7"}

    with client.session() as session:
        assert session["visits"] == 11
        session.flash("a")
    with client.session() as session:
        assert [each.message for each in session.flashes()] == ["a"]
        session.logout()
    assert client.get("/visits").json == {"visits": 1, "user": None}


def test_a_session_of_a_mounted_app_in_a_store(tmp_path: Path) -> None:
    with closing(Database(f"sqlite:///{tmp_path / 'a.db'}", create=Base.metadata)) as database:
        inner, outer = service(Sessions([KEY], store=SQLStore(Stored))), App("Outer")
        inner.install(database)
        outer.mount("/inner", inner)
        client = Client(outer)
        with client.session() as session:
            session.login(7)

        assert client.get("/inner/visits").json == {"visits": 1, "user": "7"}


def test_an_error_changes_nothing() -> None:
    client = Client(service(Sessions([KEY])))
    with suppress(ValueError), client.session() as session:
        session["visits"] = 10
        raise ValueError

    assert client.get("/visits").json["visits"] == 1


def test_an_application_must_have_sessions() -> None:
    for app in (App("Plain"), lambda environ, start_response: []):
        with pytest.raises(RuntimeError, match="has no Sessions"), Client(app).session():
            pass


def test_a_session_that_is_only_read_stores_nothing() -> None:
    """No cookie is made for it."""
    client = Client(service(Sessions([KEY])))
    with client.session() as session:
        assert session.get("visits") is None
    response = client.get("/visits")
    assert response.json == {"visits": 1, "user": None}
