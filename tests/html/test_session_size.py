"""Sessions that would be larger than a cookie: what is refused, what the programmer learns."""

from __future__ import annotations

import json
import re

import pytest
from marshmallow import fields

from restkit import App, takes
from restkit.html import Session, Sessions
from restkit.openapi import build
from restkit.testing import Client, TestResponse

KEY = "key " + "a" * 28


def is_private(response: TestResponse) -> bool:
    return response.headers["Cache-Control"] == "no-store" and "Cookie" in response.headers["Vary"]


def full_service() -> App:
    """An App that stores what clients send, in each of the ways."""
    app = App("Full")
    app.install(Sessions([KEY]))

    @app.post("/name")
    @takes(body={"name": fields.Str(), "value": fields.Str()})
    def name(body: dict[str, str], session: Session) -> dict[str, int]:
        session[body["name"]] = body["value"]
        return {"size": len(session)}

    @app.post("/list")
    @takes(body={"value": fields.Str()})
    def add(body: dict[str, str], session: Session) -> None:
        session.setdefault("list", []).append(body["value"])

    @app.post("/flash")
    @takes(body={"value": fields.Str()})
    def flash(body: dict[str, str], session: Session) -> None:
        session.flash(body["value"])

    @app.post("/login")
    @takes(body={"value": fields.Str()})
    def login(body: dict[str, str], session: Session) -> None:
        session.login(body["value"])

    @app.get("/names")
    def names(session: Session) -> list[str]:
        return list(session)

    @app.get("/token")
    def token(session: Session) -> str:
        return session.csrf_token

    return app


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/name", r"session\['b'\] makes"),
        ("/list", r"session\['list'\] makes"),
        ("/flash", "The flash messages make"),
        ("/login", "The id of the user makes"),
    ],
)
def test_what_a_cookie_cannot_hold_is_refused(
    path: str, named: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The client gets a 413 and keeps its session; the log names the key and the remedy."""
    client = Client(full_service())
    assert client.post("/name", json={"name": "a", "value": "kept"}).status == 200
    sent = {"value": "x" * 3000} | ({"name": "b"} if path == "/name" else {})
    response = client.post(path, json=sent)
    assert response.status == 413
    assert "no room" in response.problem["detail"]
    assert "Set-Cookie" not in response.headers
    assert is_private(response)
    assert client.get("/names").json == ["a"]
    (line,) = [each.getMessage() for each in caplog.records if "browsers keep" in each.message]
    assert re.match(named, line)
    assert re.search(r"\d{4} characters long.* at most 3800\..*Sessions\(store=", line)


def test_a_session_grows_to_its_limit_and_stays_usable() -> None:
    """Whoever fills a session can still load pages with a token, and have it refreshed."""
    now = 1_000_000.0
    app = full_service()
    app.extensions.clear()
    app.install(Sessions([KEY], clock=lambda: now))
    client = Client(app)
    statuses = [
        client.post("/name", json={"name": f"n{at}", "value": "x" * 100}).status for at in range(40)
    ]
    known = statuses.count(200)
    assert statuses == [200] * known + [413] * (40 - known)
    assert 15 < known < 30
    assert client.get("/token").status == 200
    now += 7200
    response = client.get("/names")
    assert len(response.json) == known
    assert len(response.headers["Set-Cookie"].partition(";")[0]) <= 3800 + len("session=")


def test_the_limit_is_in_the_document() -> None:
    document = build(full_service())
    assert "413" in document["paths"]["/names"]["get"]["responses"]
    assert "more than the 3800 characters that a cookie holds" in json.dumps(document)


def test_a_name_that_a_client_chose_writes_no_log_lines(caplog: pytest.LogCaptureFixture) -> None:
    client = Client(full_service())
    name = "a\nERROR forged"
    assert client.post("/name", json={"name": name, "value": "x" * 4000}).status == 413
    assert any("a\\nERROR forged" in each.getMessage() for each in caplog.records)
    assert not any("\n" in each.getMessage() for each in caplog.records)


def test_lone_surrogates_are_stored() -> None:
    app = App("Surrogates")
    app.install(Sessions([KEY]))

    @app.get("/put")
    def put_it(session: Session) -> None:
        session["text"] = "\ud800"

    @app.get("/get")
    def get_it(session: Session) -> dict[str, bool]:
        return {"same": session["text"] == "\ud800"}

    client = Client(app)
    assert client.get("/put").status == 204
    assert client.get("/get").json == {"same": True}
