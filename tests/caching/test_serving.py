"""Stored responses: freshness, Vary, directives, stale ones, preconditions (RFC 9111, RFC 5861)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from restkit import (
    App,
    DeclarationError,
    NotFound,
    Request,
    Resource,
    Response,
    ServiceUnavailable,
    after_commit,
    provide,
    raises,
    returns,
)
from restkit.caching import Cache, MemoryCache
from restkit.openapi.shared_components import expanded
from restkit.testing import Client


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Counted:
    """An App with one cached function, which counts its calls.

    Attributes:
        calls: How often the function ran.
        clock: The clock of the storage.
    """

    def __init__(self, answer: Callable[[], Any] = dict, **options: Any) -> None:
        self.calls = 0
        self.clock = Clock()
        self.app = App("Counted")
        options.setdefault("seconds", 60)
        cache = Cache(**options, storage=MemoryCache(clock=self.clock))

        @self.app.get("/", cache=cache)
        def count(request: Request) -> Any:
            self.calls += 1
            return {"calls": self.calls, **answer()}

        self.client = Client(self.app)

    def get(self, **headers: str) -> tuple[int, Any, str | None]:
        """Return the status, the number of the call and the age of a response."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        found = self.client.get("/", headers=names)
        calls = found.json.get("calls") if found.status == 200 else None
        return found.status, calls, found.headers.get("Age")


def test_a_response_is_stored_and_has_its_age() -> None:
    counted = Counted()
    assert counted.get() == (200, 1, None)
    counted.clock.now += 59.5
    assert counted.get() == (200, 1, "59")
    counted.clock.now += 1
    assert counted.get() == (200, 2, None)
    first = counted.client.get("/")
    assert first.headers["Cache-Control"] == "max-age=60, must-revalidate"
    assert first.headers["ETag"].startswith('"')
    assert "Vary" not in first.headers


def test_head_gets_the_headers_of_the_stored_response() -> None:
    counted = Counted()
    assert counted.client.head("/").status == 200
    assert counted.calls == 1
    stored = counted.client.get("/")
    assert counted.calls == 2
    head = counted.client.head("/")
    assert counted.calls == 2
    assert head.headers["Content-Length"] == stored.headers["Content-Length"]
    assert head.headers["ETag"] == stored.headers["ETag"]
    assert head.headers["Age"] == "0"
    assert head.data == b""


@pytest.mark.parametrize(
    ("directive", "age", "found"),
    [
        ("no-cache", 0, (200, 2, None)),
        ("NO-CACHE", 0, (200, 2, None)),
        ("max-age=10", 10, (200, 1, "10")),
        ("max-age=10", 11, (200, 2, None)),
        ("max-age=0", 1, (200, 2, None)),
        ('max-age="10"', 11, (200, 2, None)),
        ("max-age=many", 1, (200, 2, None)),
        ("max-age=99999999999999999999", 59, (200, 1, "59")),
        ("min-fresh=30", 30, (200, 1, "30")),
        ("min-fresh=30", 31, (200, 2, None)),
        ("max-stale", 61, (200, 2, None)),
        ("no-store", 1, (200, 1, "1")),
        ("only-if-cached", 1, (200, 1, "1")),
        ("only-if-cached, max-age=0", 1, (504, None, None)),
        ("only-if-cached", 61, (504, None, None)),
        ("only-if-cached, no-cache", 0, (504, None, None)),
        ("", 1, (200, 1, "1")),
        ('===,;;"', 1, (200, 1, "1")),
    ],
)
def test_directives_of_requests(
    directive: str, age: float, found: tuple[int, Any, str | None]
) -> None:
    counted = Counted()
    counted.get()
    counted.clock.now += age
    assert counted.get(Cache_Control=directive) == found


def test_pragma_counts_without_cache_control() -> None:
    counted = Counted()
    counted.get()
    assert counted.get(Pragma="no-cache") == (200, 2, None)
    assert counted.get(Pragma="no-cache", Cache_Control="max-age=9") == (200, 2, "0")


def test_a_response_to_no_store_is_not_stored() -> None:
    counted = Counted()
    assert counted.get(Cache_Control="no-store") == (200, 1, None)
    assert counted.get() == (200, 2, None)
    assert counted.get() == (200, 2, "0")


def test_a_stale_response_is_sent_while_another_one_is_made() -> None:
    counted = Counted(stale=30)
    counted.get()
    counted.clock.now += 75
    assert counted.get() == (200, 1, "75")
    assert counted.calls == 2
    assert counted.get() == (200, 2, "0")
    counted.clock.now += 91
    assert counted.get() == (200, 3, None)
    header = "max-age=60, stale-while-revalidate=30, stale-if-error=30"
    assert counted.client.get("/").headers["Cache-Control"] == header


def test_max_stale_allows_what_is_kept() -> None:
    counted = Counted(stale=0, stale_if_error=100)
    counted.get()
    counted.clock.now += 80
    assert counted.get(Cache_Control="max-stale=19") == (200, 2, None)
    counted.clock.now += 80
    assert counted.get(Cache_Control="max-stale=20") == (200, 2, "80")
    assert counted.get(Cache_Control="max-stale") == (200, 2, "80")
    counted.clock.now += 80
    assert counted.get(Cache_Control="max-stale") == (200, 3, None)


def test_a_stale_response_is_sent_in_place_of_a_server_error() -> None:
    errors: list[Exception] = []

    def answer() -> dict[str, int]:
        if errors:
            raise errors[0]
        return {}

    counted = Counted(answer, stale=0, stale_if_error=30)
    counted.get()
    counted.clock.now += 80
    errors.append(ServiceUnavailable("Away."))
    assert counted.get() == (200, 1, "80")
    errors[0] = RuntimeError("broken")
    assert counted.get() == (200, 1, "80")
    errors[0] = NotFound("Gone.")
    with pytest.raises(Exception, match="does not declare"):
        counted.get()
    errors[0] = ServiceUnavailable("Away.")
    counted.clock.now += 11
    with pytest.raises(Exception, match="does not declare"):
        counted.get()


def test_problems_are_not_stored() -> None:
    app, calls = App("Problems"), []

    @app.get("/", cache=Cache(60))
    @raises(NotFound)
    def find() -> dict[str, int]:
        calls.append(1)
        if len(calls) == 1:
            raise NotFound("Not yet.")
        return {"calls": len(calls)}

    client = Client(app)
    assert [client.get("/").status for _ in range(3)] == [404, 200, 200]
    assert len(calls) == 2


def test_preconditions_are_evaluated_against_what_is_stored() -> None:
    counted = Counted()
    tag = counted.client.get("/").headers["ETag"]
    found = counted.client.get("/", headers={"If-None-Match": tag})
    assert found.status == 304
    assert found.data == b""
    assert found.headers["ETag"] == tag
    assert found.headers["Age"] == "0"
    assert found.headers["Cache-Control"] == "max-age=60, must-revalidate"
    assert "Content-Type" not in found.headers
    assert counted.client.get("/", headers={"If-None-Match": '"other"'}).status == 200
    assert counted.client.get("/", headers={"If-Match": '"other"'}).status == 200
    assert counted.client.head("/", headers={"If-None-Match": f"W/{tag}"}).status == 304
    assert counted.calls == 1


def test_a_conditional_request_stores_the_whole_response() -> None:
    app, calls = App("Conditional"), []

    @app.route("/")
    class Note(Resource):
        conditional = True
        cache = Cache(60)

        def get(self) -> dict[str, int]:
            calls.append(1)
            self.entity_tag = "v1"
            return {"calls": len(calls)}

        def put(self) -> None:
            self.entity_tag = "v1"

    client = Client(app)
    assert client.get("/", headers={"If-None-Match": '"v1"'}).status == 304
    assert client.get("/").json == {"calls": 1}
    assert client.get("/", headers={"If-Match": '"v2"'}).status == 412
    assert client.get("/", headers={"If-Match": '"v1"'}).status == 200
    assert len(calls) == 1
    assert client.put("/", headers={"If-Match": '"v2"'}).status == 412
    assert client.get("/").headers["Age"] == "0"
    assert client.put("/", headers={"If-Match": '"v1"'}).status == 204
    assert client.get("/").json == {"calls": 2}


@pytest.mark.parametrize(
    ("headers", "is_stored", "sent"),
    [
        ({"Cache-Control": "no-store"}, False, "no-store"),
        ({"Cache-Control": "no-cache"}, False, "no-cache"),
        ({"Cache-Control": "private, max-age=5"}, True, "private, max-age=5"),
        ({"Cache-Control": "max-age=0"}, False, "max-age=0"),
        ({"Cache-Control": "max-age=1, s-maxage=40"}, True, "max-age=1, s-maxage=40"),
        ({"Set-Cookie": "a=b"}, False, "max-age=60, must-revalidate"),
        ({"Vary": "*"}, False, "max-age=60, must-revalidate"),
        ({"Vary": "X-Tenant"}, False, "max-age=60, must-revalidate"),
        ({"Vary": "Accept"}, True, "max-age=60, must-revalidate"),
        ({"X-More": "1"}, True, "max-age=60, must-revalidate"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_headers_of_the_method(headers: dict[str, str], is_stored: bool, sent: str) -> None:
    app = App("Headers")

    @app.get("/", cache=Cache(60))
    def get() -> Any:
        return {}, headers

    client = Client(app)
    assert client.get("/").headers["Cache-Control"] == sent
    assert ("Age" in client.get("/").headers) is is_stored


def test_a_lifetime_of_the_method_is_never_longer() -> None:
    app, clock = App("Lifetimes"), Clock()

    @app.get("/", cache=Cache(60, stale=60, storage=MemoryCache(clock=clock)))
    def get() -> Any:
        return {}, {"Cache-Control": "max-age=10, must-revalidate"}

    client = Client(app)
    client.get("/")
    clock.now += 9
    assert client.get("/").headers["Age"] == "9"
    clock.now += 2
    assert "Age" not in client.get("/").headers


def test_the_key_has_host_target_query_and_media_type() -> None:
    app, calls = App("Keys"), []

    @app.get("/<name>", cache=Cache(60))
    @returns(None, media_types=("application/json", "text/plain"))
    def get(name: str, request: Request) -> Any:
        calls.append(1)
        return str(len(calls))

    client = Client(app)
    requests: list[tuple[str, dict[str, str]]] = [
        ("/a", {}),
        ("/c", {}),
        ("/a", {"Host": "other.example"}),
        ("/a", {"Accept": "text/plain"}),
    ]
    first = [client.get(path, headers=headers).text for path, headers in requests]
    again = [client.get(path, headers=headers).text for path, headers in requests]
    assert again == first
    assert len(set(first)) == len(requests)
    assert client.get("/a").headers["Vary"] == "Accept"


def test_declared_headers_and_cookies_are_in_the_key() -> None:
    from marshmallow import Schema, fields

    from restkit import takes

    class Tenant(Schema):
        x_tenant = fields.Str(data_key="X-Tenant")

    class Theme(Schema):
        theme = fields.Str()

    app, calls = App("Inputs"), []

    @app.get("/", cache=Cache(60, vary=["Accept-Language"]))
    @takes(headers=Tenant, cookies=Theme)
    def get(headers: Any, cookies: Any, request: Request) -> Any:
        calls.append(1)
        return [headers, cookies, request.headers.get("Accept-Language"), len(calls)]

    client = Client(app)
    variants: list[dict[str, str]] = [
        {},
        {"X-Tenant": "a"},
        {"X-Tenant": ""},
        {"Cookie": "theme=dark"},
        {"Accept-Language": "de"},
    ]
    first = [client.get("/", headers=each).json for each in variants]
    assert [client.get("/", headers=each).json for each in variants] == first
    assert len(calls) == len(variants)
    assert client.get("/").headers["Vary"] == "X-Tenant, Cookie, Accept-Language"


def test_one_of_many_requests_makes_a_response() -> None:
    app, calls, gate = App("Flight"), [], threading.Event()

    @app.get("/", cache=Cache(60, wait=10))
    def get() -> dict[str, int]:
        calls.append(1)
        gate.wait(10)
        return {"calls": len(calls)}

    client = Client(app)
    app.freeze()
    with ThreadPoolExecutor(12) as pool:
        found = [pool.submit(client.get, "/") for _ in range(12)]
        while not calls:
            threading.Event().wait(0.01)
        gate.set()
        assert {each.result().json["calls"] for each in found} == {1}
    assert len(calls) == 1


def test_nobody_waits_longer_than_declared() -> None:
    app, calls, gate = App("Patience"), [], threading.Event()

    @app.get("/", cache=Cache(60, wait=0.05))
    def get() -> dict[str, int]:
        calls.append(1)
        if len(calls) == 1:
            gate.wait(10)
        return {"calls": len(calls)}

    client = Client(app)
    app.freeze()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(client.get, "/")
        while not calls:
            threading.Event().wait(0.01)
        assert client.get("/").json == {"calls": 2}
        gate.set()
        assert first.result().status == 200


def test_those_who_wait_for_nothing_that_is_stored_go_on() -> None:
    app, calls, gate = App("Unstored"), [], threading.Event()

    @app.get("/", cache=Cache(60, wait=10))
    def get() -> Any:
        calls.append(1)
        gate.wait(10)
        return {}, {"Cache-Control": "no-store"}

    client = Client(app)
    app.freeze()
    with ThreadPoolExecutor(4) as pool:
        found = [pool.submit(client.get, "/") for _ in range(4)]
        while not calls:
            threading.Event().wait(0.01)
        gate.set()
        assert [each.result().status for each in found] == [200] * 4
    assert len(calls) == 4


def test_provided_values_end_with_each_request() -> None:
    app, ended = App("Provided"), []

    def begin() -> Iterator[int]:
        yield 1
        ended.append("closed")

    @app.route("/")
    class Note(Resource):
        cache = Cache(60)
        unit = provide(begin)

        def get(self) -> dict[str, int]:
            after_commit(lambda: ended.append("after"))
            return {"unit": self.unit}

    client = Client(app)
    assert client.get("/").json == client.get("/").json
    assert ended == ["closed", "after"]


def test_ready_responses_are_stored_and_streams_pass() -> None:
    app, calls = App("Ready"), []

    @app.get("/ready", cache=Cache(60))
    def ready() -> Response:
        calls.append("ready")
        return Response("text", mimetype="text/plain")

    @app.get("/stream", cache=Cache(60))
    def stream() -> Iterator[int]:
        calls.append("stream")
        return iter(map(int, "12345" * 10_000))

    client = Client(app)
    for _ in range(2):
        assert client.get("/ready").text == "text"
        assert len(client.get("/stream").json) == 50_000
    assert calls == ["ready", "stream", "stream"]
    assert "Age" in client.get("/ready").headers
    assert "Age" not in client.get("/stream").headers


def test_a_response_that_depends_on_something_outside_the_key_is_an_error() -> None:
    app = App("Unkeyed")

    @app.get("/", cache=Cache(60))
    def get(request: Request) -> Any:
        return [request.headers.get("X-Tenant")]

    with pytest.raises(DeclarationError, match=r"depends on x-tenant.*Cache\(vary="):
        Client(app).get("/")


def test_the_record_documents_the_cache() -> None:
    counted = Counted(stale=30)
    document = expanded(counted.client.get("/openapi.json").json)
    operation = document["paths"]["/"]["get"]
    headers = operation["responses"]["200"]["headers"]
    assert {"Cache-Control", "Age", "ETag"} <= headers.keys()
    assert "stale-while-revalidate=30" in headers["Cache-Control"]["description"]
    assert {"304", "504"} <= operation["responses"].keys()
    assert operation["x-cache"] == {"seconds": 60, "stale": 30, "staleIfError": 30}
    assert [each["name"] for each in operation["parameters"]] == ["If-None-Match"]


@pytest.mark.parametrize(
    ("read", "named"),
    [
        (lambda request: request.authorization, "authorization"),
        (lambda request: request.remote_addr, "the address of the client"),
        (lambda request: request.headers["X-Tenant"], "x-tenant"),
    ],
)
def test_a_response_that_depends_on_what_its_key_lacks_is_an_error(
    read: Callable[[Request], object], named: str
) -> None:
    """Otherwise one caller would get the response of another one."""
    app = App("Unkeyed")

    @app.get("/", cache=Cache(60))
    def get(request: Request) -> str:
        return str(read(request))

    with pytest.raises(DeclarationError, match=f"its response depends on {named}, which the key"):
        Client(app).get("/", headers={"X-Tenant": "a"})
