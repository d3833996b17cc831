"""Sessions on the server, in Redis and in a database: ids, logins, expiry, concurrent requests."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import redis
import sqlalchemy as sa
from databases import KINDS, database_url
from redis_server import redis_url
from servers import free_port, serve_process
from sqlalchemy.orm import DeclarativeBase

from restkit import App, Conflict, DeclarationError, raises
from restkit.html import Session, Sessions
from restkit.html.redis import RedisStore
from restkit.sqlalchemy import Database, SessionRecord, SQLStore
from restkit.testing import Client

KEY, OTHER = "key of the sessions, never guessed", "another key, which is never guessed"
ROOT = Path(__file__).parents[2]


class Base(DeclarativeBase):
    pass


class Stored(SessionRecord, Base):
    __tablename__ = "sessions"


Service = Callable[..., App]


@pytest.fixture(
    params=[pytest.param("redis", marks=[pytest.mark.external, pytest.mark.redis]), *KINDS]
)
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Service]:
    """Return a function that makes an App whose sessions are in one store."""
    if request.param == "redis":
        with closing(RedisStore(redis_url(), prefix=f"test-{secrets.token_hex(8)}:")) as store:
            yield lambda **options: application(store, **options)
        return
    with database_url(request.param, tmp_path) as url:
        database = Database(url, create=Base.metadata)

        def make(**options: Any) -> App:
            app = application(SQLStore(Stored), **options)
            app.install(database)
            return app

        yield make
        database.close()


def application(store: Any, **options: Any) -> App:
    app = App("Visits")
    app.install(Sessions(**{"keys": [KEY], "store": store, **options}))
    barrier = threading.Barrier(2, timeout=10)

    @app.post("/set/<name>/<value>")
    def set_it(name: str, value: str, session: Session) -> None:
        session[name] = value

    @app.post("/remove/<name>")
    def remove(name: str, session: Session) -> None:
        del session[name]

    @app.get("/all")
    def everything(session: Session) -> dict[str, object]:
        return {**session, "user": session.user_id}

    @app.post("/login")
    def login(session: Session) -> None:
        session.login(7)

    @app.post("/logout")
    def logout(session: Session) -> None:
        session.logout()

    @app.post("/raise")
    @raises(Conflict)
    def raise_it(session: Session) -> None:
        session["a"] = "lost"
        raise Conflict

    @app.post("/together/<name>")
    def together(name: str, session: Session) -> None:
        """Change the session while another request has it."""
        len(session)
        barrier.wait()
        session[name] = "set"

    @app.post("/late")
    def late(session: Session) -> None:
        """Change a session that another request ends in the meantime."""
        len(session)
        barrier.wait()
        barrier.wait()
        session["late"] = "set"

    @app.post("/end")
    def end(session: Session) -> None:
        barrier.wait()
        session.logout()

    @app.post("/ended")
    def ended() -> None:
        barrier.wait()

    return app


def test_values_are_kept_and_removed(service: Service) -> None:
    client = Client(service())
    client.post("/set/a/é")
    client.post("/set/b/2")
    assert client.get("/all").json == {"a": "é", "b": "2", "user": None}
    client.post("/remove/a")

    assert client.get("/all").json == {"b": "2", "user": None}
    client.post("/remove/b")
    assert client.get_cookie("session") is None


def test_the_cookie_has_an_id_alone(service: Service) -> None:
    client = Client(service())
    client.post("/set/a/secret-of-the-session")
    found = client.get_cookie("session")

    assert found is not None
    identifier, _, signature = found.rpartition(".")
    assert len(identifier) == len(signature) == 43, "256 bits each"


def test_a_login_renews_the_id_and_a_logout_removes_the_session(service: Service) -> None:
    app = service()
    client, copied = Client(app), Client(app)
    client.post("/set/a/1")
    planted = client.get_cookie("session")
    client.post("/login")
    logged_in = client.get_cookie("session")
    assert planted != logged_in
    assert client.get("/all").json == {"user": "7"}

    copied.set_cookie("session", str(planted))
    assert copied.get("/all").json == {"user": None}, "the old id is gone"
    copied.set_cookie("session", str(logged_in))
    assert copied.get("/all").json == {"user": "7"}
    client.post("/logout")
    assert client.get_cookie("session") is None
    assert copied.get("/all").json == {"user": None}, "a copied cookie ends with the logout"


def test_an_id_that_a_client_made_up_is_never_taken(service: Service) -> None:
    app = service()
    own = Client(app)
    own.post("/set/a/1")
    good = str(own.get_cookie("session"))
    for value in ("", "a", "a.b", good[1:], good.swapcase(), good.partition(".")[0], "x" * 3900):
        client = Client(app)
        client.set_cookie("session", value)
        assert client.get("/all").json == {"user": None}
        client.post("/set/b/2")
        assert client.get_cookie("session") not in (value, good)
    assert own.get("/all").json == {"a": "1", "user": None}


def test_keys_are_rotated(service: Service) -> None:
    client = Client(service())
    client.post("/set/a/1")
    old = str(client.get_cookie("session"))
    rotated = Client(service(keys=[OTHER, KEY]))
    rotated.set_cookie("session", old)
    rotated.post("/set/b/2")
    new = str(rotated.get_cookie("session"))
    newest = Client(service(keys=[OTHER]))
    newest.set_cookie("session", new)

    assert newest.get("/all").json == {"a": "1", "b": "2", "user": None}
    assert new.partition(".")[0] == old.partition(".")[0], "the id is the same"


def test_ages_are_those_of_the_session(service: Service) -> None:
    now = [1_800_000_000.0]
    app = service(clock=lambda: now[0], idle=timedelta(hours=1))
    client = Client(app)
    client.post("/set/a/1")
    now[0] += 3599
    assert client.get("/all").json == {"a": "1", "user": None}
    now[0] += 3601
    assert client.get("/all").json == {"user": None}
    client.post("/set/b/2")
    assert client.get("/all").json == {"b": "2", "user": None}


def test_a_failed_unit_of_work_changes_nothing(service: Service) -> None:
    client = Client(service())
    client.post("/set/a/1")
    assert client.post("/raise").status == 409

    assert client.get("/all").json["a"] == "1"


def _at_once(calls: list[Callable[[], object]]) -> None:
    threads = [threading.Thread(target=call) for call in calls]
    for each in threads:
        each.start()
    for each in threads:
        each.join(20)


def test_concurrent_requests_keep_each_others_values(service: Service) -> None:
    app = service()
    client = Client(app)
    client.post("/set/a/1")
    cookie = str(client.get_cookie("session"))

    def change(name: str) -> Callable[[], object]:
        other = Client(app)
        other.set_cookie("session", cookie)
        return lambda: other.post(f"/together/{name}")

    _at_once([change("b"), change("c")])
    assert client.get("/all").json == {"a": "1", "b": "set", "c": "set", "user": None}


def test_a_session_that_has_ended_stays_ended(service: Service) -> None:
    app = service()
    client = Client(app)
    client.post("/login")
    cookie = str(client.get_cookie("session"))
    late, end = Client(app), Client(app)
    late.set_cookie("session", cookie)
    end.set_cookie("session", cookie)

    def ending() -> None:
        end.post("/end")
        end.post("/ended")

    _at_once([lambda: late.post("/late"), ending])
    assert client.get("/all").json == {"user": None}


PROGRAM = """
from sqlalchemy.orm import DeclarativeBase
from restkit import App
from restkit.html import Session, Sessions
from restkit.html.redis import RedisStore
from restkit.sqlalchemy import Database, SessionRecord, SQLStore

class Base(DeclarativeBase):
    pass

class Stored(SessionRecord, Base):
    __tablename__ = "sessions"

app = App("Visits")
app.install(Sessions([{key!r}], store={store}))
app.install(Database({database!r}, create=Base.metadata))

@app.post("/login")
def login(session: Session) -> None:
    session.login(7)

@app.get("/user")
def user(session: Session) -> dict[str, object]:
    return {{"user": session.user_id}}
"""


@pytest.mark.external
@pytest.mark.parametrize("server", ["gunicorn", "waitress"])
@pytest.mark.parametrize("store", ["RedisStore({redis!r}, prefix={prefix!r})", "SQLStore(Stored)"])
def test_over_a_socket(server: str, store: str, tmp_path: Path) -> None:
    """Two workers have the same sessions; a page of another origin logs nobody in."""
    database, prefix = f"sqlite:///{tmp_path / 'a.db'}", f"test-{secrets.token_hex(8)}:"
    made = store.format(redis=redis_url() if "Redis" in store else "", prefix=prefix)
    (tmp_path / "visits.py").write_text(PROGRAM.format(key=KEY, store=made, database=database))
    port = free_port()
    commands = {
        "gunicorn": [
            "gunicorn",
            "--no-control-socket",
            "-w",
            "2",
            "-b",
            f"127.0.0.1:{port}",
            "visits:app",
        ],
        "waitress": ["waitress", f"--listen=127.0.0.1:{port}", "visits:app"],
    }
    command = [sys.executable, "-m", *commands[server]]
    path = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])}
    with serve_process(command, port=port, cwd=tmp_path, environment=path) as url:
        with urlopen(Request(f"{url}/login", b"", {"Origin": url})) as response:
            cookie = response.headers["Set-Cookie"].partition(";")[0]
            assert response.headers["Cache-Control"] == "no-store"
        for _ in range(6):
            with urlopen(Request(f"{url}/user", headers={"Cookie": cookie})) as page:
                assert json.load(page) == {"user": "7"}
        with pytest.raises(HTTPError) as refused:
            urlopen(Request(f"{url}/login", b"", {"Origin": "http://evil.example"}))
        assert refused.value.code == 403
        refused.value.close()


# each store


@pytest.mark.external
@pytest.mark.redis
def test_redis_knows_hashes_of_ids_and_when_they_expire() -> None:
    prefix, url = f"test-{secrets.token_hex(8)}:", redis_url()
    with closing(RedisStore(url, prefix=prefix)) as store, closing(redis.Redis.from_url(url)) as db:
        client = Client(application(store, idle=timedelta(hours=1)))
        client.post("/set/a/1")
        identifier = str(client.get_cookie("session")).partition(".")[0]
        key = f"{prefix}{hashlib.sha256(identifier.encode()).hexdigest()}"

        assert [each.decode() for each in db.keys(f"{prefix}*")] == [key]
        assert db.hget(key, ":a") == b'"1"'
        assert 3500 < db.ttl(key) <= 3600
        client.post("/logout")
        assert db.keys(f"{prefix}*") == []


def test_redis_may_be_away(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (
        closing(RedisStore(f"redis://127.0.0.1:{port}/0", timeout=1)) as store,
        caplog.at_level(logging.WARNING, "restkit"),
    ):
        client = Client(application(store))
        responses = client.get("/openapi.json").json["paths"]["/all"]["get"]["responses"]
        assert "503" in responses
        assert client.get("/all").status == 200, "a client without a cookie has no session"
        response = client.post("/set/a/1")
    assert response.status == 503
    assert response.headers["Retry-After"] == "2"
    assert response.headers["Cache-Control"] == "no-store"
    assert "the store of the sessions failed" in caplog.text


@pytest.mark.external
@pytest.mark.redis
def test_redis_may_go_away_while_a_session_is_used(caplog: pytest.LogCaptureFixture) -> None:
    """To read and to remove a session are a 503 as well, and nothing is lost."""
    with (
        closing(RedisStore(redis_url(), prefix=f"test-{secrets.token_hex(8)}:")) as store,
        closing(RedisStore("redis://127.0.0.1:1/0", timeout=1)) as gone,
        caplog.at_level(logging.WARNING, "restkit"),
    ):
        client = Client(application(store))
        client.post("/set/a/1")
        working, lost = store._redis, gone._redis
        store._redis = lost
        assert client.get("/all").status == 503
        store._redis = SimpleNamespace(hgetall=working.hgetall, delete=lost.delete)  # type: ignore[assignment]
        assert client.post("/logout").status == 503
        store._redis = working
        assert client.get("/all").json["a"] == "1"
        client.post("/logout")
    assert caplog.text.count("the store of the sessions failed") == 2


def test_the_table_forgets_expired_sessions(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'a.db'}", create=Base.metadata)
    app = application(SQLStore(Stored), idle=timedelta(seconds=1))
    app.install(database)
    client = Client(app)
    client.post("/set/a/1")
    with database.engine.begin() as connection:
        connection.execute(sa.update(Stored).values(expires_at=sa.func.datetime("2000-01-01")))
    assert client.get("/all").json == {"user": None}
    Client(app).post("/set/a/1")
    with database.engine.connect() as connection:
        rows = connection.execute(sa.select(Stored.key, Stored.fields)).all()
    database.close()

    assert len(rows) == 1
    assert str(client.get_cookie("session")).partition(".")[0] not in str(rows)


def test_a_store_needs_its_model_and_its_database() -> None:
    class Wrong:
        pass

    with pytest.raises(DeclarationError, match="expects a model with the mixin SessionRecord"):
        SQLStore(Wrong)  # type: ignore[arg-type]
    client = Client(application(SQLStore(Stored)))
    with pytest.raises(DeclarationError, match="has 0 Databases installed"):
        client.post("/set/a/1")
