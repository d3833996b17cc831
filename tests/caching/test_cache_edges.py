"""Stored responses where something is missing: the storage, a caller's patience, a response."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from restkit import App, Problem, Request, Resource, provide, raises
from restkit.caching import Cache, MemoryCache
from restkit.caching.changes import note_change, note_read
from restkit.caching.storage import CacheUnavailable, Key, StoredResponse
from restkit.i18n import Translations
from restkit.security import APIKey, HTTPBearer
from restkit.testing import Client, TestResponse


class Away(MemoryCache):
    """A storage that can be out of reach.

    Attributes:
        is_away: Whether it is.
    """

    is_away = False

    def begin(self) -> int:
        if self.is_away:
            raise CacheUnavailable
        return super().begin()

    def get(self, key: Key, /) -> tuple[int, StoredResponse | None]:
        if self.is_away:
            raise CacheUnavailable
        return super().get(key)


def _get(client: Client, **headers: str) -> TestResponse:
    return client.get("/", headers={name.replace("_", "-"): each for name, each in headers.items()})


def test_a_storage_out_of_reach_costs_responses_their_age_alone() -> None:
    app, calls, storage = App("Away"), [], Away(clock=lambda: 0.0)

    @app.get("/", cache=Cache(60, storage=storage))
    def get() -> int:
        calls.append(1)
        return len(calls)

    client = Client(app)
    assert _get(client).json == 1
    storage.is_away = True
    for number in (2, 3):
        found = _get(client)
        assert found.json == number
        assert found.headers["Cache-Control"] == "max-age=60, must-revalidate"
        assert "Age" not in found.headers
    assert _get(client, Cache_Control="max-age=5").json == 4
    only = _get(client, Cache_Control="only-if-cached")
    assert only.status == 504
    assert len(calls) == 4
    storage.is_away = False
    found = _get(client, Cache_Control="only-if-cached")
    assert (found.json, found.headers["Age"]) == (1, "0")


class Stopped(Problem):
    status = 500


class Impatient(Problem):
    status = 499


class Failing:
    """An App with a stored response that is stale, and whose function fails now."""

    def __init__(self, problem: type[Problem], **options: Any) -> None:
        self.now, self.fails, self.calls = 0.0, False, 0
        app = App("Failing")
        storage = MemoryCache(clock=lambda: self.now)

        @app.get("/", cache=Cache(60, storage=storage, **options))
        @raises(problem)
        def get() -> int:
            if self.fails:
                raise problem("Not now.")
            self.calls += 1
            return self.calls

        self.client = Client(app)


@pytest.mark.parametrize(("problem", "status"), [(Impatient, 499), (Stopped, 200)])
def test_which_errors_a_stale_response_replaces(problem: type[Problem], status: int) -> None:
    """Those of the server, from status 500."""
    failing = Failing(problem, stale_if_error=60)
    _get(failing.client)
    failing.now, failing.fails = 70.0, True
    assert _get(failing.client).status == status


def test_conditions_hold_for_a_response_in_place_of_an_error() -> None:
    failing = Failing(Stopped, stale_if_error=60)
    tag = _get(failing.client).headers["ETag"]
    failing.now, failing.fails = 70.0, True
    found = _get(failing.client, If_None_Match=tag)
    assert (found.status, found.headers["Age"]) == (304, "70")
    assert _get(failing.client, If_None_Match='"other"').status == 200


@pytest.mark.parametrize(
    ("age", "directives", "then"),
    [
        (60.0, "", (2, "0")),
        (89.9, "", (2, "0")),
        (90.0, "max-stale", (2, None)),
        (59.9, "", (1, "59")),
    ],
)
def test_when_another_response_is_made_after_a_stale_one(
    age: float, directives: str, then: tuple[int, str | None]
) -> None:
    """While it may be sent by itself, not if only the client allows it."""
    failing = Failing(Stopped, stale=30, stale_if_error=60)
    _get(failing.client)
    failing.now = age
    headers = {"Cache_Control": directives} if directives else {}
    assert _get(failing.client, **headers).json == 1
    found = _get(failing.client)
    assert (found.json, found.headers.get("Age")) == then


@pytest.mark.parametrize(
    ("wait", "directives", "waits"),
    [(30, "", True), (30, "no-cache", False), (30, "max-age=0", False), (0, "", False)],
)
def test_who_waits_for_another_request(wait: float, directives: str, waits: bool) -> None:
    """Nobody who wants a response of its own."""
    app, calls, begun, gate = App("Patience"), [], threading.Event(), threading.Event()

    @app.get("/", cache=Cache(60, wait=wait))
    def get() -> int:
        calls.append(1)
        number = len(calls)
        if number == 1:
            begun.set()
            gate.wait(20)
        return number

    client = Client(app)
    app.freeze()
    headers = {"Cache_Control": directives} if directives else {}
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(_get, client)
        assert begun.wait(20)
        second = pool.submit(_get, client, **headers)
        if waits:
            threading.Event().wait(0.2)
            assert not second.done()
            gate.set()
        assert second.result(15).json == (1 if waits else 2)
        gate.set()
        assert first.result(15).json == 1


@dataclass
class Caller:
    id: str


CALLERS = {"a": Caller("ada"), "t": Caller("tom")}


def test_a_response_that_is_made_anew_is_that_of_its_request() -> None:
    """Its path, its caller and its provided values, without the conditions of the client."""
    now = [0.0]
    closed: list[int] = []
    calls: list[str] = []

    def begin() -> Iterator[int]:
        yield len(calls)
        closed.append(len(calls))

    app = App("Anew", security=HTTPBearer(CALLERS.get))

    @app.route("/<name>")
    class Named(Resource):
        cache = Cache(60, stale=60, storage=MemoryCache(clock=lambda: now[0]))
        unit = provide(begin)

        def get(self, name: str) -> list[object]:
            calls.append(name)
            request = Request.current()
            assert self.unit >= 0
            return [name, request.caller.id, request.path, len(calls)]

    client, ada = Client(app), {"Authorization": "Bearer a"}
    first = client.get("/x", headers=ada)
    assert first.json == ["x", "ada", "/x", 1]
    now[0] = 70.0
    stale = client.get("/x", headers={**ada, "If-None-Match": first.headers["ETag"]})
    assert stale.status == 304
    assert len(closed) == 2
    found = client.get("/x", headers=ada)
    assert (found.json, found.headers["Age"]) == (["x", "ada", "/x", 2], "0")
    assert client.get("/x", headers={"Authorization": "Bearer t"}).json == ["x", "tom", "/x", 3]


def test_a_shared_response_is_that_of_every_caller() -> None:
    app, calls = App("Shared", security=HTTPBearer(CALLERS.get)), []

    @app.get("/", cache=Cache(60, shared=True))
    def get() -> int:
        calls.append(1)
        return len(calls)

    client = Client(app)
    found = [client.get("/", headers={"Authorization": f"Bearer {each}"}) for each in "at"]
    assert [each.json for each in found] == [1, 1]
    assert client.get("/").status == 401


def test_a_key_in_a_header_is_one_that_responses_vary_by() -> None:
    app = App("Keys", security=APIKey(header="X-Key", check=CALLERS.get))
    app.get("/", cache=Cache(60))(lambda: [Request.current().caller.id])
    client = Client(app)
    for key, name in (("a", "ada"), ("t", "tom"), ("a", "ada")):
        found = client.get("/", headers={"X-Key": key})
        assert found.json == [name]
        assert found.headers["Vary"] == "X-Key"


def test_each_language_has_responses_of_its_own() -> None:
    app = App("Languages")
    app.install(Translations(locales=["en", "de"]))
    app.get("/", cache=Cache(60))(lambda: str(Request.current().environ.get("HTTP_HOST")))
    client = Client(app)
    for language in ("de", "en"):
        ages = [
            "Age" in client.get("/", headers={"Accept-Language": language}).headers
            for _ in range(2)
        ]
        assert ages == [False, True]


def test_a_request_that_stores_nothing_holds_nobody_up() -> None:
    """The next one does not wait for a request that has ended."""
    app = App("Unstored")

    @app.get("/", cache=Cache(60, wait=60))
    def get() -> Any:
        return {}, {"Cache-Control": "no-store"}

    client = Client(app)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: [client.get("/").status for _ in "ab"]).result(15) == [200, 200]


def test_who_waited_too_long_gets_a_response_of_its_own() -> None:
    """What was made in the meantime is not sent once it is no longer fresh."""
    now, numbers = [0.0], [0]
    begun, gate = threading.Event(), threading.Event()

    class Aging(MemoryCache):
        def put(self, key: Any, stored: Any, /) -> bool:
            done = super().put(key, stored)
            now[0] += 60.0
            return done

    app = App("Aging")

    @app.get("/", cache=Cache(60, storage=Aging(clock=lambda: now[0]), wait=60))
    def get() -> int:
        numbers[0] += 1
        number = numbers[0]
        if number == 1:
            begun.set()
            gate.wait(20)
        return number

    client = Client(app)
    app.freeze()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(_get, client)
        assert begun.wait(20)
        second = pool.submit(_get, client)
        threading.Event().wait(0.2)
        assert not second.done()
        gate.set()
        assert first.result(15).json == 1
        assert second.result(15).json == 2


def test_a_cached_response_inside_another_one_takes_no_reads() -> None:
    """What a method reads after a request of its own counts for its own response."""
    app, calls = App("Nested"), [0]
    storage = MemoryCache()

    @app.get("/inner", cache=Cache(60, storage=storage))
    def inner() -> int:
        note_read(["inside"])
        return 1

    @app.get("/outer", cache=Cache(60, storage=storage))
    def outer() -> int:
        calls[0] += 1
        assert client.get("/inner").json == 1
        note_read(["after"])
        return calls[0]

    client = Client(app)
    assert [client.get("/outer").json for _ in "ab"] == [1, 1]
    note_change(["inside"])
    assert client.get("/outer").json == 1
    note_change(["after"])
    assert client.get("/outer").json == 2
