"""The setting ``redis_url``: one Redis for the counts of limits and the stored responses."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator

import pytest
import redis
from redis_server import redis_url

from restkit import App, SettingError
from restkit.caching import Cache, MemoryCache
from restkit.errors import MissingExtraError
from restkit.limits import Concurrency, Failures, MemoryCounters, Rate
from restkit.security import HTTPBearer
from restkit.testing import Client


@pytest.fixture
def name() -> Iterator[str]:
    """Yield the name of an App, whose keys are removed from Redis afterwards."""
    called = f"Notes {uuid.uuid4().hex}"
    yield called
    server = redis.Redis.from_url(redis_url())
    for key in server.scan_iter(f"restkit:{called}:*"):
        server.delete(key)
    server.close()


def keys(name: str) -> set[str]:
    """Return the kinds of keys of an App."""
    server = redis.Redis.from_url(redis_url())
    found = {key.decode().split(":")[2] for key in server.scan_iter(f"restkit:{name}:*")}
    server.close()
    return found


def worker(name: str, *, url: str | None = None) -> Client:
    """Return a client of one worker of a service."""
    app = App(
        name,
        security=HTTPBearer({"t": "ann"}.get),
        limits=[Rate(3, per="day"), Failures(2, per="day"), Concurrency(9)],
        redis_url=redis_url() if url is None else url,
    )
    calls: list[int] = []

    @app.get("/notes", cache=Cache(60))
    def notes() -> dict[str, int]:
        calls.append(1)
        return {"calls": len(calls)}

    @app.post("/notes")
    def add() -> None:
        """Add a note."""

    return Client(app)


TOKEN = {"Authorization": "Bearer t"}


def test_workers_share_counts_and_responses(name: str) -> None:
    first, second = worker(name), worker(name)
    assert first.get("/notes", headers=TOKEN).json == {"calls": 1}
    assert second.get("/notes", headers=TOKEN).json == {"calls": 1}
    assert second.post("/notes", headers=TOKEN).status == 204
    assert first.post("/notes", headers=TOKEN).status == 429
    assert keys(name) == {"limits", "cache"}


def test_a_write_of_one_worker_invalidates_the_responses_of_another(name: str) -> None:
    first, second = worker(name), worker(name)
    assert second.get("/notes", headers=TOKEN).json == {"calls": 1}
    assert first.post("/notes", headers=TOKEN).status == 204
    assert second.get("/notes", headers=TOKEN).json == {"calls": 2}


def test_failed_logins_are_counted_together(name: str) -> None:
    first, second = worker(name), worker(name)
    assert first.get("/notes").status == 401
    assert second.get("/notes").status == 401
    assert first.get("/notes", headers=TOKEN).status == 429


def test_services_of_one_redis_count_apart(name: str) -> None:
    first, other = worker(name), worker(f"{name}:b")
    for _ in range(3):
        assert first.post("/notes", headers=TOKEN).status == 204
    assert first.post("/notes", headers=TOKEN).status == 429
    assert other.post("/notes", headers=TOKEN).status == 204


def test_without_the_setting_each_worker_has_its_own(name: str) -> None:
    first, second = worker(name, url=""), worker(name, url="")
    for each in (first, second):
        for _ in range(3):
            assert each.post("/notes", headers=TOKEN).status == 204
    assert keys(name) == set()


def test_what_is_declared_nearer_stays(name: str) -> None:
    """Counters and storages of their own are not those of the App."""
    app = App(name, redis_url=redis_url())
    own = Rate(3, per="day", counters=MemoryCounters())
    stored = Cache(60, storage=MemoryCache())
    app.get("/", limits=[own], cache=stored)(lambda: {"a": 1})
    assert Client(app).get("/").status == 200
    assert keys(name) == set()


def test_the_outermost_app_decides(name: str) -> None:
    """Mounted Apps count and store where the App around them does."""
    inner = App("Inner")
    inner.get("/", limits=[Rate(3, per="day")], cache=Cache(60))(lambda: {"a": 1})
    outer = App(name, redis_url=redis_url())
    outer.mount("/in", inner)
    assert Client(outer).get("/in/").status == 200
    assert keys(name) == {"limits", "cache"}


def test_documents_are_counted_together(name: str) -> None:
    """The limits of an App hold for its document, also if no operation has them."""

    def service() -> Client:
        app = App(name, redis_url=redis_url(), limits=[Rate(2, per="day")])
        app.get("/", limits=[])(lambda: {"a": 1})
        return Client(app)

    first, second = service(), service()
    assert first.get("/openapi.json").status == 200
    assert second.get("/openapi.json").status == 200
    assert first.get("/openapi.json").status == 429
    assert keys(name) == {"limits"}


def test_the_environment_names_redis(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESTKIT_REDIS_URL", redis_url())
    app = App(name)
    app.get("/", limits=[Rate(3, per="day")])(lambda: {"a": 1})
    assert Client(app).get("/").status == 200
    assert keys(name) == {"limits"}


@pytest.mark.parametrize("url", ["127.0.0.1:6379", "http://127.0.0.1", "localhost"])
def test_another_url(url: str) -> None:
    says = "redis_url must begin with redis://, rediss:// or unix://"
    with pytest.raises(SettingError, match=says):
        App("Notes", redis_url=url)


@pytest.mark.parametrize(("limits", "cache"), [([Rate(3, per="day")], None), ([], Cache(60))])
def test_without_the_extra(
    limits: list[Rate], cache: Cache | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The start says what to install."""
    for module in ("restkit.limits.redis_counters", "restkit.caching.redis"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, "redis", None)
    app = App("Notes", redis_url="redis://127.0.0.1:1/0")
    app.get("/", limits=limits, cache=cache)(lambda: {})
    says = r"The setting redis_url needs a package .*: pip install 'restkit\[redis\]'"
    with pytest.raises(MissingExtraError, match=says):
        app.freeze()


def test_an_app_without_limits_and_caches_needs_no_redis() -> None:
    app = App("Notes", redis_url="redis://127.0.0.1:1/0")
    app.get("/")(lambda: {"a": 1})
    assert Client(app).get("/").status == 200
