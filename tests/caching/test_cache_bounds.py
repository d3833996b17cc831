"""Stored responses at their bounds: the last second, the last byte, and what is a byte too long."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from restkit import App, DeclarationError, Resource, ServiceUnavailable, raises
from restkit.caching import Cache, CacheUnavailable, MemoryCache
from restkit.caching.storage import StoredResponse
from restkit.security import HTTPBearer
from restkit.testing import Client

YEAR = 366 * 24 * 3600
ERROR = "error"


class Counted:
    """An App with one cached function, and a clock that tests set.

    Attributes:
        now: The time.
        fails: Whether the function raises a server error.
    """

    def __init__(self, **options: Any) -> None:
        self.now = 1000.0
        self.fails = False
        self._calls = 0
        app = App("Counted")
        storage = MemoryCache(clock=lambda: self.now)

        @app.get("/", cache=Cache(60, storage=storage, **options))
        @raises(ServiceUnavailable)
        def count() -> int:
            if self.fails:
                raise ServiceUnavailable("Away.")
            self._calls += 1
            return self._calls

        self._client = Client(app)

    def get(self, directives: str = "") -> tuple[object, str | None]:
        """Return the number of the call and the age of a response."""
        headers = {"Cache-Control": directives} if directives else {}
        found = self._client.get("/", headers=headers)
        return (found.json if found.status == 200 else found.status), found.headers.get("Age")


NEW = (2, None)


@pytest.mark.parametrize(
    ("options", "age", "directives", "expected"),
    [
        ({}, -5, "", (1, "0")),
        ({}, 0, "", (1, "0")),
        ({}, 59.9, "", (1, "59")),
        ({}, 60, "", NEW),
        ({}, 60, "max-stale", NEW),
        ({}, 0, "max-age=0", (1, "0")),
        ({}, 0.5, "max-age=0", NEW),
        ({}, 59, "min-fresh=1", (1, "59")),
        ({}, 59, "min-fresh=2", NEW),
        ({}, 59, "min-fresh=0", (1, "59")),
        ({"stale": 30}, 60, "", (1, "60")),
        ({"stale": 30}, 89.9, "", (1, "89")),
        ({"stale": 30}, 90, "", NEW),
        ({"stale": 30}, 60, "min-fresh=1", NEW),
        ({"stale": 30}, 60, "min-fresh=0", (1, "60")),
        ({"stale": 30}, 75, "max-stale=1", (1, "75")),
        ({"stale_if_error": 30}, 60, "", NEW),
        ({"stale_if_error": 30}, 61, "max-stale=1", (1, "61")),
        ({"stale_if_error": 30}, 61.5, "max-stale=1", NEW),
        ({"stale_if_error": 30}, 89.9, "max-stale", (1, "89")),
        ({"stale_if_error": 30}, 90, "max-stale", NEW),
        ({"stale_if_error": 30}, 60, "max-stale=9, max-age=60", (1, "60")),
        ({"stale_if_error": 30}, 60, "max-stale=9, max-age=59", NEW),
        ({"stale_if_error": 30}, 75, "max-stale, min-fresh=1", NEW),
        ({"stale": 30, "stale_if_error": 0}, 89.9, "max-stale", (1, "89")),
        ({"stale": 10, "stale_if_error": 30}, 70, "", NEW),
        ({"stale": 10, "stale_if_error": 30}, 70, "max-stale", (1, "70")),
    ],
)
def test_how_long_a_response_is_sent(
    options: dict[str, Any], age: float, directives: str, expected: tuple[object, str | None]
) -> None:
    counted = Counted(**options)
    assert counted.get() == (1, None)
    counted.now += age
    assert counted.get(directives) == expected


@pytest.mark.parametrize(
    ("options", "age", "expected"),
    [
        ({}, 60, (503, None)),
        ({"stale": 30}, 90, (503, None)),
        ({"stale_if_error": 30}, 60, (1, "60")),
        ({"stale_if_error": 30}, 89.9, (1, "89")),
        ({"stale_if_error": 30}, 90, (503, None)),
        ({"stale": 10}, 65, (1, "65")),
        ({"stale": 10, "stale_if_error": 0}, 70, (503, None)),
    ],
)
def test_how_long_a_response_is_sent_in_place_of_a_server_error(
    options: dict[str, Any],
    age: float,
    expected: tuple[object, str | None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The log has the error, whose response nobody sees."""
    counted = Counted(**options)
    counted.get()
    counted.fails = True
    counted.now += age
    with caplog.at_level(logging.ERROR, "restkit"):
        assert counted.get() == expected
    failed = [each for each in caplog.records if "a stored response was sent" in each.message]
    assert len(failed) == (expected == (1, str(int(age))) and "stale" not in options)
    assert all(each.exc_info for each in failed)


def test_a_response_that_cannot_be_made_anew_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    counted = Counted(stale=30)
    counted.get()
    counted.fails = True
    counted.now += 65
    with caplog.at_level(logging.ERROR, "restkit"):
        assert counted.get() == (1, "65")
    (record,) = caplog.records
    assert "failed to be made anew" in record.message
    counted.fails = False
    assert counted.get() == (1, "65")
    assert counted.get() == (2, "0")


@pytest.mark.parametrize(
    ("options", "private", "expected"),
    [
        ({}, False, "max-age=60, must-revalidate"),
        ({}, True, "private, max-age=60, must-revalidate"),
        ({"client": 0}, False, "max-age=0, must-revalidate"),
        ({"client": 5.9}, False, "max-age=5, must-revalidate"),
        ({"stale": 30}, False, "max-age=60, stale-while-revalidate=30, stale-if-error=30"),
        ({"stale": 30, "stale_if_error": 0}, False, "max-age=60, stale-while-revalidate=30"),
        ({"stale_if_error": 30}, False, "max-age=60, stale-if-error=30"),
    ],
)
def test_what_clients_are_told(options: dict[str, Any], private: bool, expected: str) -> None:
    assert Cache(60, **options).directives(private=private) == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {"seconds": 60}),
        ({"stale": 5}, {"seconds": 60, "stale": 5, "staleIfError": 5}),
        ({"stale": 5, "stale_if_error": 0}, {"seconds": 60, "stale": 5}),
        ({"stale_if_error": 9}, {"seconds": 60, "staleIfError": 9}),
        ({"shared": True}, {"seconds": 60, "shared": True}),
    ],
)
def test_what_the_document_has(options: dict[str, Any], expected: dict[str, object]) -> None:
    assert Cache(60, **options).document == expected


@pytest.mark.parametrize("name", ["seconds", "stale", "stale_if_error", "client", "wait"])
def test_a_time_is_at_most_a_year(name: str) -> None:
    given: dict[str, Any] = {"seconds": 60, name: YEAR}
    assert getattr(Cache(**given), name) == YEAR
    for wrong in (YEAR + 1, -0.1):
        with pytest.raises(DeclarationError, match=f"{name}={wrong}"):
            Cache(**{**given, name: wrong})


@pytest.mark.parametrize(
    ("headers", "options", "is_stored"),
    [
        ({"Cache-Control": "max-age=1"}, {}, True),
        ({"Cache-Control": "max-age=1, s-maxage=0"}, {}, False),
        ({"Cache-Control": "max-age=many"}, {}, False),
        ({"Cache-Control": "private"}, {}, True),
        ({"Cache-Control": "private"}, {"shared": True}, False),
        ({"Cache-Control": "public"}, {"shared": True}, True),
        ({"Vary": "Accept, HOST , authorization"}, {}, True),
        ({"Vary": "Accept-Language"}, {"vary": ["accept-language"]}, True),
        ({"Vary": "Accept, X-Own"}, {}, False),
    ],
    ids=str,
)
def test_which_responses_are_stored(
    headers: dict[str, str], options: dict[str, Any], is_stored: bool
) -> None:
    app = App("Headers")

    @app.get("/", cache=Cache(60, **options), security=HTTPBearer({"t": "ada"}.get))
    def get() -> Any:
        return {}, headers

    client, caller = Client(app), {"Authorization": "Bearer t"}
    client.get("/", headers=caller)
    assert ("Age" in client.get("/", headers=caller).headers) is is_stored


@pytest.mark.parametrize("directive", ["must-revalidate", "proxy-revalidate"])
def test_a_method_may_forbid_stale_responses(directive: str) -> None:
    app, now = App("Strict"), [0.0]
    storage = MemoryCache(clock=lambda: now[0])

    @app.get("/", cache=Cache(60, stale=30, storage=storage))
    def get() -> Any:
        return {}, {"Cache-Control": directive}

    client = Client(app)
    for age, is_stored in ((0.0, False), (59.0, True), (60.0, False)):
        now[0] = age
        assert ("Age" in client.get("/").headers) is is_stored


class Loaded(Resource):
    """An item that is loaded before its method runs."""

    def load(self) -> str:
        return "item"

    def get(self) -> str:
        return "found"


@pytest.mark.parametrize(("age", "is_stored"), [(0.0, True), (59.9, True), (60.0, False)])
def test_what_is_loaded_before_is_never_stale(age: float, is_stored: bool) -> None:
    """A response would be made of an object that is as old as the response."""
    app, now = App("Loaded"), [1000.0]
    options: dict[str, Any] = {"stale": 30, "stale_if_error": 0}
    cache = Cache(60, storage=MemoryCache(clock=lambda: now[0]), **options)
    app.add("/", type("Item", (Loaded,), {"cache": cache}))
    client = Client(app)
    client.get("/")
    now[0] += age
    assert ("Age" in client.get("/").headers) is is_stored


class Failing(MemoryCache):
    """A storage that is away for some of its calls.

    Attributes:
        calls: The names of the methods that fail.
    """

    calls: tuple[str, ...] = ()

    def begin(self) -> int:
        if "begin" in self.calls:
            raise CacheUnavailable("away")
        return super().begin()

    def get(self, key: Any, /) -> tuple[int, StoredResponse | None]:
        if "get" in self.calls:
            raise CacheUnavailable("away")
        return super().get(key)


def test_what_began_while_the_storage_was_away_is_not_stored() -> None:
    """What `load` has read may be older than a change that nobody has seen since."""
    app, storage = App("Away"), Failing()
    app.add("/", type("Item", (Loaded,), {"cache": Cache(60, storage=storage)}))
    client = Client(app)
    storage.calls = ("begin",)
    assert ["Age" in client.get("/").headers for _ in range(2)] == [False, False]
    storage.calls = ()
    assert ["Age" in client.get("/").headers for _ in range(2)] == [False, True]


def test_who_waits_for_a_response_needs_no_storage() -> None:
    """The storage may go away while another request makes the response."""
    app, storage, calls, gate = App("Flight"), Failing(), [0], threading.Event()

    @app.get("/", cache=Cache(60, wait=10, storage=storage))
    def get() -> int:
        calls[0] += 1
        if calls[0] == 1:
            gate.wait(10)
            storage.calls = ("get",)
        return calls[0]

    client = Client(app)
    app.freeze()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(client.get, "/")
        while not calls[0]:
            time.sleep(0.01)
        second = pool.submit(client.get, "/")
        time.sleep(0.1)
        gate.set()
        assert [first.result().json, second.result().json] == [1, 2]


# the memory


def stored(body: bytes = b"", *, begun: int = 0, tags: tuple[str, ...] = ()) -> StoredResponse:
    return StoredResponse([], body, 0.0, 60.0, 0.0, 0.0, begun, tags)


def size_of(response: StoredResponse) -> int:
    cache = MemoryCache()
    assert cache.put(("k",), response)
    return cache.size


@pytest.mark.parametrize(
    ("options", "is_stored"),
    [
        (lambda size: {"size": size}, True),
        (lambda size: {"size": size - 1}, False),
        (lambda size: {"largest": size}, True),
        (lambda size: {"largest": size - 1}, False),
        (lambda size: {"size": size, "largest": 2 * size}, True),
    ],
)
def test_the_largest_response(options: Callable[[int], dict[str, Any]], is_stored: bool) -> None:
    response = stored(b"x" * 100)
    cache = MemoryCache(**options(size_of(response)))
    assert cache.put(("k",), response) is is_stored
    assert len(cache) == is_stored


def test_texts_and_content_count() -> None:
    """Names of headers, tags and parts of the key take more room than their characters."""
    plain = size_of(stored())
    assert plain > 500
    assert size_of(stored(b"x" * 1000)) == plain + 1000
    assert size_of(stored(tags=("t" * 100,))) > plain + 100
    cache = MemoryCache()
    cache.put(("k",), stored()._replace(headers=[("n" * 100, "v" * 50)]))
    assert cache.size > plain + 150


@pytest.mark.parametrize(("room", "left"), [(0, ["a", "b"]), (-1, ["b"])])
def test_the_oldest_makes_room(room: int, left: list[str]) -> None:
    size = size_of(stored())
    cache = MemoryCache(size=2 * size + room)
    for name in "ab":
        cache.put((name,), stored())
    assert [name for name in "ab" if cache.get((name,))[1]] == left
    assert cache.size == size * len(left)


def test_what_was_asked_for_is_kept_once() -> None:
    """The oldest response that nobody has asked for makes room."""
    cache = MemoryCache(size=2 * size_of(stored()))
    cache.put(("a",), stored())
    cache.put(("b",), stored())
    cache.get(("a",))
    cache.put(("c",), stored())
    assert cache.get(("b",))[1] is None
    assert len(cache) == 2  # "a" was asked for
    cache.put(("d",), stored())
    assert [name for name in "abcd" if cache.get((name,))[1]] == ["c", "d"]
    cache.put(("e",), stored())
    assert [name for name in "cde" if cache.get((name,))[1]] == ["d", "e"]


def test_a_response_takes_the_place_of_the_one_before() -> None:
    cache = MemoryCache(size=2 * size_of(stored()))
    cache.put(("a",), stored())
    for _ in range(3):
        cache.put(("b",), stored())
    assert cache.get(("a",))[1]
    assert (len(cache), cache.size) == (2, 2 * size_of(stored()))


def test_which_responses_are_valid() -> None:
    """Those that were begun after the last change of each of their tags."""
    cache = MemoryCache()
    assert cache.begin() == 0
    assert cache.put(("a",), stored(tags=("x", "y")))
    cache.invalidate(("z",))
    assert cache.begin() == 1
    assert cache.get(("a",))[1]
    cache.invalidate(("y",))
    assert cache.get(("a",)) == (2, None)
    assert (len(cache), cache.size) == (0, 0)
    assert not cache.put(("a",), stored(begun=1, tags=("y",)))
    assert cache.put(("a",), stored(begun=1, tags=("z",)))
    assert cache.put(("b",), stored(begun=2, tags=("y",)))


def test_the_first_change_counts() -> None:
    cache = MemoryCache()
    cache.put(("a",), stored(tags=("x",)))
    cache.invalidate(("x",))
    assert cache.get(("a",)) == (1, None)


def test_a_cleared_memory_takes_no_response_that_was_begun_before() -> None:
    cache = MemoryCache()
    cache.invalidate(("x",))
    cache.put(("a",), stored(begun=1))
    cache.clear()
    assert (len(cache), cache.size, cache.begin()) == (0, 0, 2)
    assert cache.get(("a",)) == (2, None)
    assert not cache.put(("a",), stored(begun=1))
    assert cache.put(("a",), stored(begun=2, tags=("x",)))
    assert cache.get(("a",))[1]


@pytest.mark.parametrize("name", ["size", "largest"])
@pytest.mark.parametrize("value", [0, True, 1.0])
def test_sizes_are_numbers_of_bytes(name: str, value: Any) -> None:
    options: dict[str, Any] = {name: 1}
    MemoryCache(**options)
    options[name] = value
    with pytest.raises(DeclarationError, match=rf"MemoryCache\({name}={value!r}\)"):
        MemoryCache(**options)


def test_the_names_of_unknown_targets_are_told() -> None:
    app = App("Weather")
    app.get("/", cache=Cache(60, tags=["wind", "rain"]))(lambda: 1)
    app.cache.invalidate("wind", "rain")
    with pytest.raises(LookupError, match=r"has the tag 'sun'\. It has rain, wind\."):
        app.cache.invalidate("sun")
    with pytest.raises(LookupError, match="5 is not cached in the App 'Weather'"):
        app.cache.invalidate(5)
