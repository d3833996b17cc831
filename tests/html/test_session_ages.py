"""How long sessions are valid, to the second."""

from __future__ import annotations

from datetime import timedelta

import pytest

from restkit import App
from restkit.html import Session, Sessions
from restkit.testing import Client

KEY = "key of the sessions, never guessed"
START = 1_800_000_000


class Clock:
    now = START

    def __call__(self) -> float:
        return self.now


def client_of(clock: Clock, *, remember: bool) -> Client:
    app = App("Ages")
    app.install(
        Sessions(
            [KEY],
            clock=clock,
            idle=timedelta(seconds=100),
            absolute=timedelta(seconds=250),
            remember=timedelta(seconds=1000),
        )
    )

    @app.post("/login")
    def login(session: Session) -> None:
        session.login(1, remember=remember)

    @app.get("/user")
    def user(session: Session) -> dict[str, object]:
        return {"user": session.user_id}

    @app.post("/change/<int:number>")
    def change(number: int, session: Session) -> None:
        session["n"] = number

    client = Client(app)
    client.post("/login")
    return client


def users(client: Client, clock: Clock, *passed: float) -> list[object]:
    found = []
    for each in passed:
        clock.now = START + each  # type: ignore[assignment]
        found.append(client.get("/user").json["user"])
    return found


@pytest.mark.parametrize(
    ("passed", "seen"),
    [
        ([99], ["1"]),
        ([100], [None]),
        ([9.5, 108], ["1", None]),
        ([10, 109], ["1", "1"]),
        ([10, 110], ["1", None]),
        ([90, 180, 249], ["1", "1", "1"]),
        ([90, 180, 250], ["1", "1", None]),
        ([100, 50], [None, None]),
    ],
)
def test_a_session_is_idle_and_old(passed: list[float], seen: list[object]) -> None:
    clock = Clock()
    assert users(client_of(clock, remember=False), clock, *passed) == seen


@pytest.mark.parametrize(
    ("passed", "seen"), [([999], ["1"]), ([1000], [None]), ([500, 999], ["1", "1"])]
)
def test_a_remembered_one_counts_from_the_login(passed: list[float], seen: list[object]) -> None:
    clock = Clock()
    assert users(client_of(clock, remember=True), clock, *passed) == seen


@pytest.mark.parametrize(("passed", "left"), [(0, 1000), (1, 999), (400.5, 600), (999, 1)])
def test_the_browser_keeps_a_remembered_one_as_long(passed: float, left: int) -> None:
    clock = Clock()
    client = client_of(clock, remember=True)
    clock.now = START + passed  # type: ignore[assignment]
    header = client.post("/change/1").headers["Set-Cookie"]
    assert f"; Max-Age={left};" in header


def test_the_browser_forgets_others_when_it_closes() -> None:
    client = client_of(Clock(), remember=False)
    header = client.post("/change/1").headers["Set-Cookie"]
    assert "Max-Age" not in header
    assert "Expires" not in header


@pytest.mark.parametrize("passed", [9, 10])
def test_a_tenth_of_the_idle_age_refreshes(passed: int) -> None:
    clock = Clock()
    client = client_of(clock, remember=False)
    clock.now = START + passed
    assert ("Set-Cookie" in client.get("/user").headers) is (passed == 10)
    clock.now = START + passed + 1
    assert ("Set-Cookie" in client.get("/user").headers) is (passed == 9)
