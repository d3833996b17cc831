"""`Cache` as a declaration: refused at start-up, or passed with a reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from restkit import App, DeclarationError, Resource, access, takes
from restkit.caching import Cache, MemoryCache
from restkit.crud import CRUDResource
from restkit.html import FileResponse, Session, Sessions
from restkit.sse import Event, EventStream
from restkit.testing import Client

WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "zero": (lambda: Cache(0), "stores nothing"),
    "negative": (lambda: Cache(-1), "number of seconds"),
    "text": (lambda: Cache("60"), "number of seconds"),  # type: ignore[arg-type]
    "true": (lambda: Cache(True), "number of seconds"),
    "nan": (lambda: Cache(float("nan")), "number of seconds"),
    "stale": (lambda: Cache(60, stale=-1), "stale=-1"),
    "vary-text": (lambda: Cache(60, vary="Accept-Language"), "sequence of strings"),
    "vary-all": (lambda: Cache(60, vary=["*"]), "would store nothing"),
    "vary-name": (lambda: Cache(60, vary=["a b"]), "not a header name"),
    "vary-cookie": (lambda: Cache(60, vary=["Cookie"]), "cookies= input"),
    "shared": (lambda: Cache(60, shared="yes"), "must be True or False"),  # type: ignore[arg-type]
    "key": (lambda: Cache(60, key=lambda: ""), "key"),  # type: ignore[arg-type]
    "storage": (lambda: Cache(60, storage={}), "must be a storage"),  # type: ignore[arg-type]
    "memory": (lambda: MemoryCache(size=0), "1 or more bytes"),
    "largest": (lambda: MemoryCache(largest=-1), "1 or more bytes"),
    "access": (lambda: access(cache=60), "must be a Cache"),  # type: ignore[arg-type]
    "app": (lambda: App("A", cache=Cache), "must be a Cache"),  # type: ignore[arg-type]
    "mount": (lambda: App("A").mount("/b", App("B"), cache={}), "must be a Cache"),  # type: ignore[arg-type]
    "route": (lambda: App("A").get("/", cache=1)(lambda: 1), "must be a Cache"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_meant(name: str) -> None:
    make, message = WRONG[name]
    with pytest.raises(DeclarationError, match=message):
        make()


def test_times_may_be_timedeltas() -> None:
    cache = Cache(dt.timedelta(minutes=1), stale=dt.timedelta(seconds=30), client=0)
    assert (cache.seconds, cache.stale, cache.stale_if_error) == (60, 30, 30)
    sent = cache.directives(private=True)
    assert sent == "private, max-age=0, stale-while-revalidate=30, stale-if-error=30"


def events(app: App, cache: Any) -> None:
    @app.route("/", cache=cache)
    class Ticks(EventStream):
        def get(self) -> Iterator[Event[str]]:
            yield Event("tick")


def file(app: App, cache: Any) -> None:
    @app.get("/", cache=cache)
    def get() -> FileResponse:
        return FileResponse(Path(__file__))


def session(app: App, cache: Any) -> None:
    app.install(Sessions(keys=["k" * 32]))

    @app.get("/", cache=cache)
    def get(session: Session) -> dict[str, Any]:
        return dict(session)


def generator(app: App, cache: Any) -> None:
    @app.get("/", cache=cache)
    def get() -> Iterator[int]:
        yield 1


def nothing(app: App, cache: Any) -> None:
    @app.get("/", cache=cache)
    def get() -> None:
        return None


def content(app: App, cache: Any) -> None:
    @app.get("/", cache=cache)
    @takes(body=bytes)
    def get(body: bytes) -> str:
        return "x"


OBSTACLES = {
    "an event stream": events,
    "sends a file": file,
    "has a session": session,
    "streams its response": generator,
    "no response with status 200": nothing,
    "content of its requests": content,
}


@pytest.mark.parametrize("reason", OBSTACLES)
def test_operations_that_cannot_be_cached(reason: str) -> None:
    """Refused if the operation itself declares a cache, passed if its App does."""
    app = App("Refused")
    OBSTACLES[reason](app, Cache(60))
    with pytest.raises(DeclarationError, match=f"has a cache, but .*{reason}"):
        app.freeze()
    app = App("Passed", cache=Cache(60))
    OBSTACLES[reason](app, None)
    operation = app.operations()[0]
    assert operation.cache is not None
    assert not operation.cache
    assert reason in operation.cache.obstacle
    assert "x-cache" not in operation.extensions
    assert 504 not in operation.statuses


def test_only_get_is_cached() -> None:
    app = App("Verbs")
    with pytest.raises(DeclarationError, match="only responses of GET"):
        app.post("/", cache=Cache(60))(lambda: 1)
    with pytest.raises(DeclarationError, match="only responses of GET"):

        @app.route("/class")
        class Writes(Resource):
            cache = Cache(60)

            def post(self) -> int:
                return 1

    with pytest.raises(DeclarationError, match=r"post.*only responses of GET"):

        @app.route("/verb")
        class Verb(Resource):
            def get(self) -> int:
                return 1

            @access(cache=Cache(60))
            def post(self) -> int:
                return 1


def test_other_verbs_of_a_cached_class_have_no_cache() -> None:
    app = App("Class")

    @app.route("/")
    class Note(Resource):
        cache = Cache(60)

        def get(self) -> int:
            return 1

        def post(self) -> int:
            return 1

        def query(self) -> int:
            return 1

    assert [each.method for each in app.operations() if each.cache] == ["GET"]
    found = Client(app).post("/")
    assert "Cache-Control" not in found.headers


def test_a_misspelt_cache_is_an_error() -> None:
    with pytest.raises(DeclarationError, match=r"Did you mean cache\?"):

        @App("Spelling").route("/")
        class Note(Resource):
            cahce = Cache(60)

            def get(self) -> int:
                return 1


def test_actions_of_a_collection() -> None:
    from dataclasses import make_dataclass

    from restkit.crud import MemoryStore

    made = make_dataclass("Item", [("name", str), ("id", int, 0)])

    class Items(CRUDResource[Any]):
        model = made
        store = MemoryStore(made)

        @access(cache=Cache(60))
        def list(self, query: Any) -> Any:
            return super().list(query)

    app = App("Actions")
    app.add("/items", Items)
    assert [each.path for each in app.operations() if each.cache] == ["/items"]
    client = Client(app)
    client.get("/items")
    assert "Age" in client.get("/items").headers
    client.post("/items", json={"name": "a"})
    assert len(client.get("/items").json["items"]) == 1


def test_other_representations_of_a_list_pass() -> None:
    from dataclasses import make_dataclass

    from restkit.crud import MemoryStore

    made = make_dataclass("Row", [("name", str), ("id", int, 0)])
    members = {"model": made, "store": MemoryStore(made)}
    app = App("Lists")
    app.add("/rows", type("Rows", (CRUDResource,), {**members, "csv": True, "cache": Cache(60)}))
    client = Client(app)
    client.post("/rows", json={"name": "a"})
    for _ in range(2):
        csv = client.get("/rows", headers={"Accept": "text/csv"})
        lines = client.get("/rows", headers={"Accept": "application/x-ndjson"})
        json = client.get("/rows")
        assert "a" in csv.text.splitlines()[1]
        assert lines.text.count("\n") == 1
        assert len(json.json["items"]) == 1
        assert csv.headers["Vary"] == json.headers["Vary"] == "Prefer, Accept"
    assert "Age" in json.headers
    assert "Age" not in lines.headers
