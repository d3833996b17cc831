"""Limits: rates, failures and concurrency, at every level and under races."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import create_environ

from restkit import (
    App,
    DeclarationError,
    Request,
    Resource,
    Response,
    Unauthorized,
    access,
    raises,
)
from restkit.limits import (
    Concurrency,
    CountersUnavailable,
    Failures,
    MemoryCounters,
    Rate,
    Usage,
    address,
    principal,
)
from restkit.permissions import role
from restkit.security import CORS, HTTPBearer
from restkit.testing import Client

QUOTA = "https://iana.org/assignments/http-problem-types#quota-exceeded"


class Clock:
    """A clock that stands still until it is set."""

    now = 600.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def service(*limits: Any, **options: Any) -> Client:
    app = App("Notes", limits=limits or None, **options)
    app.get("/notes")(lambda: {})
    return Client(app)


def statuses(call: Callable[[], Any], count: int) -> list[int]:
    return [call().status for _ in range(count)]


def test_one_more_than_the_quota(clock: Clock) -> None:
    client = service(Rate(3, per="minute", counters=MemoryCounters(clock=clock)))
    clock.now += 15
    first = client.get("/notes")
    assert first.headers["RateLimit-Policy"] == '"3-per-minute";q=3;w=60'
    assert first.headers["RateLimit"] == '"3-per-minute";r=2;t=45'
    assert statuses(lambda: client.get("/notes"), 2) == [200, 200]
    refused = client.get("/notes")
    assert refused.status == 429
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.json["type"] == QUOTA
    assert refused.json["violated-policies"] == ["3-per-minute"]
    wait = int(refused.headers["Retry-After"])
    assert refused.headers["RateLimit"] == f'"3-per-minute";r=0;t={wait}'
    clock.now += wait - 1.1
    assert client.get("/notes").status == 429
    clock.now += 1.1
    assert client.get("/notes").status == 200


def test_the_window_slides(clock: Clock) -> None:
    """A burst at the end of one window leaves no room for another at the start of the next."""
    client = service(Rate(10, per=10, counters=MemoryCounters(clock=clock)))
    clock.now += 9.9
    assert statuses(lambda: client.get("/notes"), 11).count(200) == 10
    clock.now += 0.2
    assert statuses(lambda: client.get("/notes"), 10).count(200) == 0
    clock.now += 5
    assert statuses(lambda: client.get("/notes"), 10).count(200) == 5
    clock.now += 30
    assert statuses(lambda: client.get("/notes"), 11).count(200) == 10


@pytest.mark.parametrize("quota", [1, 2, 10])
@pytest.mark.parametrize("late", [0.0, 2.5, 9.5])
def test_a_retry_after_the_told_time_succeeds_and_none_before(quota: int, late: float) -> None:
    """Within a window, and in the next one, where the one before weighs too much."""
    clock = Clock()
    counters = MemoryCounters(clock=clock)
    for start in (0.0, 10.0):
        clock.now = start + late
        while (usage := counters.take("", quota, 10.0, "ada")).is_allowed:
            assert 0 <= usage.remaining < quota
        allowed = clock.now + usage.seconds
        clock.now = allowed - 0.01
        assert not counters.take("", quota, 10.0, "ada").is_allowed
        clock.now = allowed + 0.01
        assert counters.take("", quota, 10.0, "ada").is_allowed


def test_several_windows(clock: Clock) -> None:
    """A request that one limit rejects does not count for another."""
    counters = MemoryCounters(clock=clock)
    hourly = Rate(4, per="hour", counters=counters, name="hourly")
    client = service(Rate(3, per="second", counters=counters, name="burst"), hourly)
    both = client.get("/notes").headers["RateLimit-Policy"]
    assert both == '"burst";q=3;w=1, "hourly";q=4;w=3600'
    assert statuses(lambda: client.get("/notes"), 4) == [200, 200, 429, 429]
    clock.now += 2
    assert client.get("/notes").status == 200
    refused = client.get("/notes")
    assert refused.json["violated-policies"] == ["hourly"]
    assert int(refused.headers["Retry-After"]) > 3000


def test_levels_add_up() -> None:
    """App, mount, class and verb; an empty list takes away those further out."""
    inner = App("Inner", limits=[Rate(50, per="hour", name="inner")])
    outer = App("Outer", limits=[Rate(100, per="hour", name="outer")])

    @inner.route("/notes")
    class Notes(Resource):
        limits = (Rate(20, per="hour", name="class"),)

        def get(self) -> dict[str, str]:
            return {}

        @access(limits=[Rate(10, per="hour", name="verb")])
        def post(self) -> dict[str, str]:
            return {}

        @access(limits=[])
        def put(self) -> dict[str, str]:
            return {}

    @inner.get("/health", limits=[])
    def health() -> dict[str, str]:
        return {}

    @inner.get("/own", limits=[Rate(5, per="hour", name="route")])
    def own() -> dict[str, str]:
        return {}

    outer.mount("/v1", inner, limits=[Rate(70, per="hour", name="mount")])
    alone = App("Alone")
    alone.get("/x")(lambda: {})
    outer.mount("/free", alone, limits=[])
    client = Client(outer)

    def names(method: str, path: str) -> list[str]:
        header = client.request(method, path).headers.get("RateLimit-Policy", "")
        return [each.split('"')[1] for each in header.split(", ") if each]

    assert names("GET", "/v1/notes") == ["class", "inner", "mount", "outer"]
    assert names("POST", "/v1/notes") == ["verb", "class", "inner", "mount", "outer"]
    assert names("PUT", "/v1/notes") == []
    assert names("GET", "/v1/health") == []
    assert names("GET", "/v1/own") == ["route", "inner", "mount", "outer"]
    assert names("GET", "/free/x") == []
    assert names("GET", "/openapi.json") == ["outer"]


def test_one_object_is_one_count() -> None:
    shared = Rate(3, per="hour")
    app = App("Shared")
    app.get("/a", limits=[shared])(lambda: {})
    app.get("/b", limits=[shared])(lambda: {})
    app.get("/c", limits=[Rate(3, per="hour")])(lambda: {})
    client = Client(app)
    paths = ["/a", "/b", "/a", "/b", "/c"]
    assert [client.get(path).status for path in paths] == [200, 200, 200, 429, 200]


def test_addresses_are_counted_apart() -> None:
    client = service(Rate(1, per="hour"), proxies=1)

    def get(given: str) -> int:
        return client.get("/notes", headers={"X-Forwarded-For": given}).status

    assert [get("192.0.2.1"), get("192.0.2.2"), get("192.0.2.1")] == [200, 200, 429]
    assert get("6.6.6.6, 192.0.2.1") == 429
    assert [get("2001:db8::1"), get("2001:db8::2"), get("2001:db8:0:1::1")] == [200, 429, 200]


USERS: dict[str, dict[str, object]] = {
    "token-of-ada": {"sub": "ada", "roles": ["editor"]},
    "token-of-tom": {"sub": "tom", "roles": []},
}


def guarded(*limits: Any, **options: Any) -> Client:
    app = App("Guarded", security=HTTPBearer(USERS.get), limits=limits, **options)
    app.get("/notes")(lambda: {})
    app.get("/open", public=True)(lambda: {})
    app.get("/edit", permission=role("editor"))(lambda: {})
    return Client(app)


def bearer(token: str) -> dict[str, Any]:
    return {"headers": {"Authorization": f"Bearer {token}"}}


def test_principals_are_counted_apart() -> None:
    client = guarded(Rate(2, per="hour", key=principal))
    ada, tom = bearer("token-of-ada"), bearer("token-of-tom")
    assert statuses(lambda: client.get("/notes", **ada), 3) == [200, 200, 429]
    assert client.get("/notes", **tom).status == 200
    # Before authentication nobody is counted, and after it before permissions are asked.
    assert client.get("/notes").status == 401
    assert statuses(lambda: client.get("/edit", **tom), 2) == [403, 429]
    assert statuses(lambda: client.get("/open"), 3) == [200, 200, 429]


def test_an_address_is_counted_before_authentication() -> None:
    client = guarded(Rate(2, per="hour", key=address))
    assert statuses(lambda: client.get("/notes"), 3) == [401, 401, 429]


def test_a_function_of_the_request() -> None:
    def tenant(request: Request) -> str | None:
        found = request.headers.get("X-Tenant")
        return None if found == "free" else found or "none"

    client = service(Rate(1, per="hour", key=tenant))
    for given, expected in (("a", 200), ("a", 429), ("b", 200), ("free", 200), ("free", 200)):
        assert client.get("/notes", headers={"X-Tenant": given}).status == expected


def test_failures_are_limited_by_address() -> None:
    client = guarded(Failures(3, per="minute"))
    right, wrong = bearer("token-of-ada"), bearer("guess")
    assert statuses(lambda: client.get("/notes", **right), 20) == [200] * 20
    assert statuses(lambda: client.get("/notes", **wrong), 4) == [401, 401, 401, 429]
    refused = client.get("/notes", **right)
    assert refused.status == 429
    assert refused.json["violated-policies"] == ["3-failures"]
    assert client.get("/open").status == 200


def test_failures_of_a_login_method() -> None:
    app = App("Login")
    limit = Failures(2, per="minute", statuses=[401, 403])

    @app.post("/login", limits=[limit])
    @raises(Unauthorized)
    def login(request: Request) -> dict[str, str]:
        raise Unauthorized("Wrong.", headers={"WWW-Authenticate": "Login"})

    @app.get("/other", limits=[limit])
    def other() -> dict[str, str]:
        return {}

    client = Client(app)
    assert statuses(lambda: client.post("/login"), 3) == [401, 401, 429]
    assert client.get("/other").status == 200


def test_a_304_is_not_counted() -> None:
    app = App("Tags", limits=[Rate(2, per="hour")])

    @app.route("/note")
    class Note(Resource):
        conditional = True

        def get(self) -> dict[str, str]:
            self.entity_tag = "1"
            return {}

    client = Client(app)
    known = {"headers": {"If-None-Match": '"1"'}}
    assert client.get("/note").status == 200
    assert statuses(lambda: client.get("/note", **known), 9) == [304] * 9
    assert statuses(lambda: client.get("/note"), 2) == [200, 429]


def test_a_304_gives_back_what_it_took_and_no_more() -> None:
    app = App("Tags", limits=[Rate(4, per="hour")])

    @app.route("/note")
    class Note(Resource):
        conditional = True

        def get(self) -> dict[str, str]:
            self.entity_tag = "1"
            return {}

    client = Client(app)
    known = {"headers": {"If-None-Match": '"1"'}}
    assert statuses(lambda: client.get("/note"), 2) == [200] * 2
    assert client.get("/note", **known).status == 304
    assert statuses(lambda: client.get("/note"), 3) == [200, 200, 429]


def test_urls_and_methods_without_an_operation_are_not_counted() -> None:
    client = service(Rate(1, per="hour"), cors=CORS(["https://app.example"]))
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "GET"}
    assert client.get("/nowhere").status == 404
    assert client.post("/notes").status == 405
    assert statuses(lambda: client.options("/notes", headers=asked), 3) == [204] * 3
    assert client.get("/notes").status == 200
    refused = client.get("/notes", headers={"Origin": "https://app.example"})
    assert refused.status == 429
    exposed = refused.headers["Access-Control-Expose-Headers"]
    assert {"Retry-After", "RateLimit", "RateLimit-Policy"} <= set(exposed.split(", "))


# races


def race(call: Callable[[], int], count: int) -> list[int]:
    """Call a function in threads that start together."""
    barrier = threading.Barrier(count)

    def run(_: int) -> int:
        barrier.wait(10)
        return call()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@pytest.mark.parametrize("attempt", range(5))
def test_exactly_the_quota_passes_a_race(attempt: int, clock: Clock) -> None:
    client = service(
        Rate(7, per="minute", counters=MemoryCounters(clock=clock)),
        Rate(20, per="hour", counters=MemoryCounters(clock=clock)),
    )
    found = race(lambda: client.get("/notes").status, 24)
    assert found.count(200) == 7
    assert found.count(429) == 17


def test_exactly_the_failures_pass_a_race(clock: Clock) -> None:
    entered = threading.Semaphore(0)

    def slow(token: str) -> object:
        entered.release()
        time.sleep(0.05)
        return USERS.get(token)

    app = App("Slow", security=HTTPBearer(slow))
    app.get("/notes", limits=[Failures(5, per="minute", counters=MemoryCounters(clock=clock))])(
        lambda: {}
    )
    client = Client(app)
    found = race(lambda: client.get("/notes", **bearer("guess")).status, 20)
    assert found.count(401) == 5
    assert found.count(429) == 15


def test_slots_are_as_many_as_declared() -> None:
    entered, leave = threading.Semaphore(0), threading.Event()
    app = App("Slow", limits=[Concurrency(3, retry_after=7)])

    @app.get("/slow")
    def slow() -> dict[str, str]:
        entered.release()
        assert leave.wait(10)
        return {}

    app.get("/quick")(lambda: {})
    client = Client(app)
    with ThreadPoolExecutor(3) as pool:
        running = [pool.submit(client.get, "/slow") for _ in range(3)]
        for _ in running:
            assert entered.acquire(timeout=10)
        refused = client.get("/quick")
        assert refused.status == 503
        assert refused.headers["Retry-After"] == "7"
        leave.set()
        assert [each.result().status for each in running] == [200, 200, 200]
    assert statuses(lambda: client.get("/quick"), 5) == [200] * 5


def test_a_stream_has_its_slot_until_its_end() -> None:
    app = App("Streams", limits=[Concurrency(1)])

    @app.get("/rows")
    def rows() -> Iterator[dict[str, int]]:
        for number in range(100_000):
            yield {"number": number}

    @app.get("/fails")
    def fails() -> dict[str, str]:
        raise RuntimeError("unexpected")

    client = Client(app, raise_errors=False)
    assert statuses(lambda: client.get("/fails"), 3) == [500] * 3
    started: list[str] = []
    environ = create_environ("/rows")

    def start(status: str, headers: object, *error: object) -> Callable[[bytes], object]:
        started.append(status)
        return lambda data: None

    body = app(environ, start)
    chunks = iter(body)
    next(chunks)
    assert started == ["200 OK"]
    assert client.get("/fails").status == 503
    body.close()  # type: ignore[attr-defined]
    assert client.get("/fails").status == 500
    assert client.head("/rows").status == 200
    assert client.get("/fails").status == 500


def test_a_request_that_is_broken_off_frees_its_slot() -> None:
    """As by a worker that is told to stop: the exception is none that becomes a response."""
    app = App("Broken", limits=[Concurrency(1)])

    @app.get("/stops")
    def stops() -> dict[str, str]:
        raise SystemExit(3)

    @app.get("/quick")
    def quick() -> dict[str, str]:
        return {}

    client = Client(app)
    for _ in range(2):
        with pytest.raises(SystemExit):
            client.get("/stops")
        assert client.get("/quick").status == 200


# counters


def test_counters_are_bounded(clock: Clock) -> None:
    counters = MemoryCounters(size=3, clock=clock)
    for number in range(10):
        assert counters.take("scope", 1, 60, str(number)).is_allowed
    assert not counters.take("scope", 1, 60, "9").is_allowed
    assert counters.take("scope", 1, 60, "0").is_allowed  # it was forgotten


class Away:
    """Counters that cannot be reached."""

    def take(self, scope: str, quota: int, window: float, identity: str, /) -> Usage:
        raise CountersUnavailable

    def add(self, scope: str, identity: str, window: float, index: int, amount: int, /) -> None:
        raise CountersUnavailable


def test_counters_that_are_away() -> None:
    """Quotas open, without headers that would be wrong; failures close."""
    response = service(Rate(1, per="hour", counters=Away())).get("/notes")
    assert response.status == 200
    assert "RateLimit" not in response.headers
    client = guarded(Failures(1, per="hour", counters=Away()))
    refused = client.get("/notes", **bearer("token-of-ada"))
    assert refused.status == 503
    assert "Retry-After" in refused.headers
    assert client.get("/open").status == 200


# documents


def test_the_document() -> None:
    limits = [Rate(5, per="minute", name="burst"), Failures(3, per="hour"), Concurrency(9)]
    client = guarded(*limits)
    found = client.get("/openapi.json", **bearer("token-of-ada")).json
    operation = found["paths"]["/notes"]["get"]
    assert operation["x-rate-limits"] == [
        {"name": "burst", "quota": 5, "window": 60.0, "key": "address"},
        {"name": "3-failures", "quota": 3, "window": 3600.0, "key": "address"},
        {"concurrency": 9},
    ]
    responses = {
        status: found["components"]["responses"].get(each.get("$ref", "").rpartition("/")[2], each)
        for status, each in operation["responses"].items()
    }
    assert {"429", "503"} <= set(responses)
    assert "Retry-After" in responses["429"]["headers"]
    assert "Retry-After" in responses["503"]["headers"]
    assert {"RateLimit", "RateLimit-Policy"} <= set(responses["200"]["headers"])
    assert "violated-policies" in str(found)
    opened = found["paths"]["/open"]["get"]["x-rate-limits"]
    assert opened[1:] == [{"concurrency": 9}]


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: Rate(0, per="minute"), "number of requests"),
        (lambda: Rate(True, per="minute"), "number of requests"),
        (lambda: Rate(1, per="fortnight"), "second, minute"),
        (lambda: Rate(1, per=0), "above 0"),
        (lambda: Rate(1, per=timedelta(0)), "above 0"),
        (lambda: Rate(1, per="hour", key="address"), "key must be"),  # type: ignore
        (lambda: Rate(1, per="hour", name='a"b'), "printable"),
        (lambda: Rate(1, per="hour", name="a\\"), "backslashes"),
        (lambda: Rate(1, per="hour", counters=object()), "MemoryCounters"),  # type: ignore
        (lambda: Failures(1, per="hour", statuses=[200]), "400 to 499"),
        (lambda: Failures(0, per="hour"), "number of failures"),
        (lambda: Concurrency(0), "numbers from 1"),
        (lambda: MemoryCounters(0), "1 or more"),
        (lambda: App("x", limits=Rate(1, per="hour")), "list of limits"),  # type: ignore
        (lambda: App("x", limits=[5]), "list of limits"),  # type: ignore
        (lambda: App("x").get("/", limits="many")(dict), "list of limits"),  # type: ignore
        (lambda: access(limits=[Rate]), "list of limits"),  # type: ignore
    ],
)
def test_mistakes(make: Callable[[], Any], match: str) -> None:
    with pytest.raises(DeclarationError, match=match):
        make()


def test_a_caller_without_an_identity() -> None:
    app = App("Odd", security=HTTPBearer(lambda token: object()))
    app.get("/notes", limits=[Rate(1, per="hour", key=principal)])(lambda: {})
    with pytest.raises(DeclarationError, match="has no identity"):
        Client(app).get("/notes", **bearer("token"))


def test_a_refused_request_counts_for_the_limits_that_allow_it_no_more(clock: Clock) -> None:
    """What other limits have counted is taken back exactly."""
    counters = MemoryCounters(clock=clock)
    wide = Rate(5, per="hour", counters=counters)
    app = App("Two")
    app.get("/few", limits=[wide, Rate(1, per="minute", counters=counters)])(lambda: {})
    app.get("/many", limits=[wide])(lambda: {})
    client = Client(app)
    assert statuses(lambda: client.get("/few"), 9) == [200, *[429] * 8]
    assert statuses(lambda: client.get("/many"), 6) == [*[200] * 4, 429, 429]


def test_responses_of_every_kind_have_the_headers() -> None:
    app = App("Kinds", limits=[Rate(9, per="minute", name="all")])
    app.get("/value")(lambda: {})
    app.get("/ready")(lambda: Response(b"{}", content_type="application/json"))

    @app.get("/stream")
    def stream() -> Iterator[int]:
        yield 1

    client = Client(app)
    for path in ("/value", "/ready", "/stream"):
        assert client.get(path).headers["RateLimit-Policy"] == '"all";q=9;w=60', path
