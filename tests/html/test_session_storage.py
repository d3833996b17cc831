"""Verified cookies are remembered: a bounded number, and only while they are valid."""

from __future__ import annotations

from datetime import timedelta

import pytest

from restkit import App
from restkit.html import Session, Sessions
from restkit.testing import Client

KEY = "key of the sessions, never guessed"


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def counting(**options: object) -> App:
    app = App("Counter")
    app.install(Sessions([KEY], **options))  # type: ignore[arg-type]

    @app.post("/set/<int:number>")
    def set_it(number: int, session: Session) -> None:
        session["n"] = number

    @app.get("/n")
    def read(session: Session) -> dict[str, object]:
        return {"n": session.get("n")}

    return app


def cookies(app: App, count: int) -> list[str]:
    made = []
    for number in range(count):
        response = Client(app).post(f"/set/{number}")
        made.append(response.headers["Set-Cookie"].partition(";")[0])
    return made


def test_valid_cookies_are_read_whatever_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """SECURITY: memory does not grow with the cookies that clients have."""
    monkeypatch.setattr("restkit.html.session_storage._MOST_VERIFIED", 3)
    monkeypatch.setattr("restkit.html.sessions._MOST_FRESH", 3)
    app = counting()
    sessions = next(each for each in app.extensions if isinstance(each, Sessions))
    client = Client(app)
    made = cookies(app, 8)
    assert len(made) == 8
    for number, cookie in enumerate(made):
        for _ in range(2):
            assert client.get("/n", headers={"Cookie": cookie}).json == {"n": number}
        kept = len(sessions._fresh[0]), len(vars(sessions._storage)["_verified"])
        assert kept == (number % 3 + 1, number % 3 + 1)


def test_a_remembered_cookie_expires() -> None:
    clock = Clock()
    app = counting(clock=clock, idle=timedelta(seconds=100), absolute=timedelta(seconds=150))
    (cookie,) = cookies(app, 1)
    client = Client(app)
    seen = []
    for passed in (0, 9, 99, 100, 101):
        clock.now = 1_800_000_000.0 + passed
        seen.append(client.get("/n", headers={"Cookie": cookie}).json["n"])
    assert seen == [0, 0, 0, None, None]


def test_a_long_header_is_read_without_being_remembered() -> None:
    app = counting()
    sessions = next(each for each in app.extensions if isinstance(each, Sessions))
    (cookie,) = cookies(app, 1)
    client = Client(app)
    for length, kept in ((4097, 0), (4096, 1)):
        header = f"{cookie}; x=".ljust(length, "y")
        assert client.get("/n", headers={"Cookie": header}).json == {"n": 0}
        assert len(sessions._fresh[0]) == kept
