"""Idempotency-Key: what is asked for twice is done once, on each storage."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import redis
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields
from redis_server import redis_url
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import (
    App,
    Conflict,
    Request,
    Resource,
    Response,
    Upload,
    provide,
    raises,
    returns,
    takes,
)
from restkit.crud import CRUDResource
from restkit.errors import DeclarationError
from restkit.limits import Idempotency, MemoryStorage
from restkit.limits.redis import RedisStorage
from restkit.openapi.shared_components import expanded
from restkit.sqlalchemy import Database, IdempotencyRecord, SQLAlchemyStorage, Versioned
from restkit.testing import Client

REDIS = pytest.param("redis", marks=[pytest.mark.external, pytest.mark.redis])
STORAGES = ("memory", REDIS, *KINDS)


class Base(DeclarativeBase):
    pass


class Order(Versioned, Base):
    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(sa.String(50), unique=True)
    amount: Mapped[int] = mapped_column(default=1)


class Kept(IdempotencyRecord, Base):
    __tablename__ = "idempotency"


@dataclass
class Shop:
    """Is a service over a database, with a storage of keys of some kind."""

    app: App
    client: Client
    database: Database
    kind: str
    prefix: str
    clock: list[float]
    before: list[Callable[[], None]] = field(default_factory=list)

    def post(self, key: str | None = "k1", **body: Any) -> Any:
        headers = {} if key is None else {"Idempotency-Key": key}
        return self.client.post("/orders", json={"item": "tea", **body}, headers=headers)

    def count(self) -> int:
        with self.database.engine.connect() as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(Order)) or 0

    def expire(self) -> None:
        """Let the time of everything that is kept be over."""
        if self.kind == "memory":
            self.clock[0] += 10**6
        elif self.kind == "redis":
            with redis.Redis.from_url(redis_url()) as connection:
                for key in list(connection.scan_iter(f"{self.prefix}*")):
                    connection.pexpire(key, 1)
                    while connection.exists(key):
                        pass
        else:
            with self.database.engine.begin() as connection:
                connection.execute(
                    sa.text("UPDATE idempotency SET expires_at = '2001-01-01 00:00:00'")
                )


@contextmanager
def opened(kind: str, folder: Path, **options: Any) -> Iterator[Shop]:
    """Open a shop in an empty database."""
    prefix = f"restkit-test-{secrets.token_hex(6)}:"
    with (
        database_url("postgresql" if kind == "postgresql" else "sqlite", folder) as url,
        opened_at(url, kind, prefix, **options) as made,
    ):
        yield made


@contextmanager
def opened_at(url: str, kind: str, prefix: str, **options: Any) -> Iterator[Shop]:
    """Open a shop in a database, with its keys in Redis below a prefix."""
    clock = [0.0]
    database = Database(url, create=Base.metadata)
    storage: Any = SQLAlchemyStorage(Kept)
    if kind == "memory":
        storage = MemoryStorage(clock=lambda: clock[0])
    elif kind == "redis":
        storage = RedisStorage(redis_url(), prefix=prefix)
    before: list[Callable[[], None]] = []

    class Orders(CRUDResource[Order]):
        model = Order
        idempotency = Idempotency(storage, **options)

        def create(self, item: Order) -> Order:
            made = super().create(item)
            for each in before:
                each()
            return made

    app = App("Shop")
    app.install(database)
    app.add("/orders", Orders)
    try:
        yield Shop(app, Client(app), database, kind, prefix, clock, before)
    finally:
        database.close()
        if kind == "redis":
            storage.close()


@pytest.fixture(params=STORAGES)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    with opened(request.param, tmp_path) as made:
        yield made


def test_what_comes_again_is_answered_as_before(shop: Shop) -> None:
    """The second request gets the first one's status, headers and content, and is told so;
    nothing is written.
    """
    first, second = shop.post(), shop.post()
    assert first.status == 201
    assert second.status == 201
    assert first.data == second.data
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    for name in ("Location", "ETag", "Content-Type"):
        assert first.headers[name] == second.headers[name]
    assert shop.count() == 1


def test_a_change_is_made_once_although_its_precondition_holds_no_more(shop: Shop) -> None:
    """A PATCH that comes again is answered as before:
    its If-Match was decided when it came first.
    """
    made = shop.post(None)
    headers = {"If-Match": made.headers["ETag"], "Idempotency-Key": '"p 1"'}
    url = made.headers["Location"]
    first, second = (shop.client.patch(url, json={"amount": 5}, headers=headers) for _ in range(2))
    assert first.status == 200
    assert second.status == 200
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.headers["ETag"] == first.headers["ETag"] == shop.client.get(url).headers["ETag"]
    assert (
        shop.client.patch(
            url, json={"amount": 6}, headers={"If-Match": made.headers["ETag"]}
        ).status
        == 412
    )


def test_the_same_key_with_another_request_is_refused(shop: Shop) -> None:
    """Another content, URL or query under the key is a 422 that names the header;
    another pattern is another key.
    """
    made = shop.post()
    again = shop.post(item="milk")
    assert again.status == 422
    assert again.problem["errors"][0]["parameter"] == "Idempotency-Key"
    other = shop.post("k2", item="milk")
    headers = {"Idempotency-Key": "k1"}
    first = shop.client.patch(made.headers["Location"], json={"amount": 2}, headers=headers)
    assert first.status == 200
    assert "Idempotent-Replayed" not in first.headers
    assert (
        shop.client.patch(other.headers["Location"], json={"amount": 2}, headers=headers).status
        == 422
    )


def test_a_problem_is_not_kept(shop: Shop) -> None:
    """What failed has changed nothing: the request is tried anew, and may succeed."""
    other = shop.post(None)
    assert shop.post().status == 409
    assert shop.client.delete(other.headers["Location"]).status == 204
    again = shop.post()
    assert again.status == 201
    assert "Idempotent-Replayed" not in again.headers
    assert shop.post(amount="x").status == 422
    assert shop.post().headers["Idempotent-Replayed"] == "true"


def test_what_fails_at_its_end_leaves_neither_the_write_nor_the_answer(shop: Shop) -> None:
    """A method that fails after its write is rolled back with what was kept;
    the retry writes once.
    """

    def fail() -> None:
        raise Conflict("not now")

    shop.before.append(fail)
    assert shop.post().status == 409
    shop.before.clear()
    again = shop.post()
    assert again.status == 201
    assert "Idempotent-Replayed" not in again.headers
    assert shop.count() == 1


def test_eight_at_once_write_once(shop: Shop) -> None:
    """Of eight requests with one key one writes;
    the others get its answer, or a 409 while it is not there.
    """
    barrier = threading.Barrier(8)
    answers: list[Any] = []

    def send(number: int) -> None:
        barrier.wait()
        answers.append(
            Client(shop.app).post(
                "/orders", json={"item": "tea"}, headers={"Idempotency-Key": "k1"}
            )
        )

    threads = [threading.Thread(target=send, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert {response.status for response in answers} <= {201, 409}
    made = [response for response in answers if response.status == 201]
    assert len({response.data for response in made}) == 1
    assert sum("Idempotent-Replayed" not in response.headers for response in made) == 1
    assert all(
        "in progress" in response.problem["detail"]
        for response in answers
        if response.status == 409
    )
    assert shop.count() == 1
    assert shop.post().headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("kind", ["memory", REDIS, KINDS[1]])
def test_while_the_first_is_not_answered_the_second_is_a_conflict(
    kind: str, tmp_path: Path
) -> None:
    """A request that comes while the first one is being answered is a 409, and writes nothing."""
    with opened(kind, tmp_path) as shop:
        found: list[Any] = []

        def again() -> None:
            shop.before.clear()
            thread = threading.Thread(target=lambda: found.append(shop.post()))
            thread.start()
            thread.join()

        shop.before.append(again)
        assert shop.post().status == 201
        assert found[0].status == 409
        assert shop.count() == 1


DYING = """
import os, sys
from test_idempotency import opened_at

with opened_at(*sys.argv[1:]) as shop:
    shop.before.append(lambda: os._exit(9))
    shop.post()
"""


def wait_for_rollback(database: Database) -> None:
    """Wait until the server has noticed that the client of an open transaction is gone."""
    found = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'"
    )
    for _ in range(500):
        with database.engine.connect() as connection:
            if not connection.scalar(found):
                return
        time.sleep(0.02)
    raise AssertionError("the transaction of the dead worker is still open")


@pytest.mark.parametrize("kind", [REDIS, *KINDS])
def test_a_worker_that_dies_between_leaves_nothing_half_done(kind: str, tmp_path: Path) -> None:
    """Where the process dies after the write and before its commit, the retry writes, and once.

    In the database its key is free at once; in Redis when its lease is over.
    """
    with opened(kind, tmp_path) as shop:
        assert shop.count() == 0  # which makes the tables
        url = shop.database.engine.url.render_as_string(hide_password=False)
        command = [sys.executable, "-c", DYING, url, kind, shop.prefix]
        path = os.pathsep.join(
            [
                str(Path(__file__).parent),
                str(Path(__file__).parents[1]),
                str(Path(__file__).parents[2]),
            ]
        )
        done = subprocess.run(
            command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, check=False
        )
        assert done.returncode == 9, done.stderr.decode()
        if kind == "redis":
            assert shop.post().status == 409
            shop.expire()
        if kind == "postgresql":
            wait_for_rollback(shop.database)
        first, second = shop.post(), shop.post()
        assert first.status == 201
        assert "Idempotent-Replayed" not in first.headers
        assert second.status == 201
        assert second.headers["Idempotent-Replayed"] == "true"
        assert shop.count() == 1


def test_what_has_expired_is_forgotten(shop: Shop) -> None:
    """When its time is over, a key is as good as new: the request is done again."""
    assert shop.post().status == 201
    shop.expire()
    assert shop.post(item="milk").status == 201
    assert shop.post(item="milk").headers["Idempotent-Replayed"] == "true"
    assert shop.count() == 2


def test_records_that_have_expired_are_removed(tmp_path: Path) -> None:
    """The table of keys does not grow for ever:
    what has expired goes when something new is kept.
    """
    with opened("sqlite", tmp_path) as shop:
        for number in range(5):
            shop.post(f"k{number}", item=f"tea {number}")
        shop.expire()
        shop.post("k9", item="milk")
        with shop.database.engine.connect() as connection:
            assert connection.scalar(sa.select(sa.func.count()).select_from(Kept)) == 1


@pytest.mark.parametrize(
    "key", ['"', '""', "a b", '"a', 'a"b', "ä", '"a\\n"', "a,b", "a;b=1", "x" * 256, '"x"; a', ""]
)
def test_keys_that_are_malformed(tmp_path: Path, key: str) -> None:
    """A key that is no string of structured fields, nor a bare word, or too long, is a 400."""
    with opened("memory", tmp_path) as shop:
        response = shop.client.post(
            "/orders", json={"item": "tea"}, headers={"Idempotency-Key": key}
        )
        assert response.status == 400
        assert response.problem["errors"][0]["in"] == "header"
        assert shop.count() == 0


def test_both_ways_to_write_a_key(tmp_path: Path) -> None:
    """A key in quotes is the same as the bare one."""
    with opened("memory", tmp_path) as shop:
        assert shop.post("8e03978e-40d5-43e8-bc93-6894a57f9324").status == 201
        assert (
            shop.post('"8e03978e-40d5-43e8-bc93-6894a57f9324"').headers["Idempotent-Replayed"]
            == "true"
        )


def test_a_key_may_be_demanded(tmp_path: Path) -> None:
    """With `required` a request without a key is a 400, and the document says so."""
    with opened("memory", tmp_path, required=True) as shop:
        assert shop.post(None).status == 400
        assert shop.client.get("/orders").status == 200
        document = expanded(shop.client.get("/openapi.json").json)
        parameters = document["paths"]["/orders"]["post"]["parameters"]
        assert [each["required"] for each in parameters if each["name"] == "Idempotency-Key"] == [
            True
        ]


def test_the_document_says_what_is_enforced(tmp_path: Path) -> None:
    """POST and PATCH tell of the header, its failures and that of replays;
    other verbs have nothing of it.
    """
    with opened("memory", tmp_path) as shop:
        paths = expanded(shop.client.get("/openapi.json").json)["paths"]
        for operation in (paths["/orders"]["post"], paths["/orders/{id}"]["patch"]):
            assert "Takes the header `Idempotency-Key`" in operation["description"]
            assert "Idempotency-Key" not in {
                each["name"] for each in operation.get("parameters", ())
            }
            assert {"400", "409", "422", "503"} <= set(operation["responses"])
            statuses = [
                each for status, each in operation["responses"].items() if status.startswith("2")
            ]
            assert all("Idempotent-Replayed" in each["headers"] for each in statuses)
        for operation in (paths["/orders"]["get"], paths["/orders/{id}"]["put"]):
            assert "Idempotency-Key" not in str(operation)


class Token:
    """Is a scheme that believes whoever names himself."""

    name = "token"

    def document(self) -> dict[str, object]:
        return {"type": "http", "scheme": "bearer"}

    def authenticate(self, request: Request, scopes: object) -> object:
        text = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return {"sub": text} if text != "nobody" else object()


class NoteSchema(Schema):
    text = fields.Str(required=True)


def plain(storage: Any, **members: Any) -> tuple[App, list[str]]:
    """Make an App whose resource counts what it did."""
    done: list[str] = []

    class Notes(Resource):
        schema = NoteSchema
        idempotency = Idempotency(storage)

        @returns(NoteSchema, 200)
        def post(self, body: Any) -> Any:
            done.append(body["text"])
            return body

    app = App("Notes")
    app.add("/notes", type("Notes", (Notes,), members))
    return app, done


def test_callers_have_keys_of_their_own() -> None:
    """The same key of two callers is two keys;
    of a caller whose identity is not known it is a mistake.
    """
    app, done = plain(MemoryStorage(), security=(Token(),))

    def post(name: str) -> Any:
        headers = {"Authorization": f"Bearer {name}", "Idempotency-Key": "k"}
        return Client(app).post("/notes", json={"text": "x"}, headers=headers)

    assert [post("a").status, post("b").status, post("a").status] == [200, 200, 200]
    assert done == ["x", "x"]
    with pytest.raises(DeclarationError, match="caller="):
        post("nobody")


@pytest.mark.parametrize(("caller", "same"), [(("one", "one"), True), (("one", "two"), False)])
def test_callers_as_a_function_names_them(caller: tuple[str, str], same: bool) -> None:
    """A function of the program's may say who calls."""
    names = iter(caller)
    app, done = plain(
        MemoryStorage(),
        idempotency=Idempotency(MemoryStorage(), caller=lambda request: next(names)),
    )
    for _ in range(2):
        Client(app).post("/notes", json={"text": "x"}, headers={"Idempotency-Key": "k"})
    assert len(done) == (1 if same else 2)


def test_a_worker_that_died_lets_go_when_its_lease_is_over() -> None:
    """A mark that nobody takes away holds the key for the lease, and no longer."""
    clock = [0.0]
    storage = MemoryStorage(clock=lambda: clock[0])
    app, done = plain(storage)
    keep = storage.keep
    # what a process that is killed does not do any more
    storage.keep = lambda *given: None  # type: ignore[method-assign]
    headers = {"Idempotency-Key": "k"}
    Client(app).post("/notes", json={"text": "x"}, headers=headers)
    storage.keep = keep  # type: ignore[method-assign]  # the next worker lives
    assert Client(app).post("/notes", json={"text": "x"}, headers=headers).status == 409
    assert Client(app).post("/notes", json={"text": "y"}, headers=headers).status == 422
    clock[0] += 61
    assert Client(app).post("/notes", json={"text": "x"}, headers=headers).status == 200
    assert done == ["x", "x"]


def test_memory_is_bounded() -> None:
    """A storage that is full of keys that still hold takes no more of them: 503."""
    clock = [0.0]
    app, _ = plain(MemoryStorage(2, lambda: clock[0], share=1))

    def post(key: str) -> int:
        return (
            Client(app).post("/notes", json={"text": "x"}, headers={"Idempotency-Key": key}).status
        )

    assert [post(key) for key in ("a", "b", "c", "a")] == [200, 200, 503, 200]
    clock[0] += 10**6
    assert post("c") == 200


class TenantSchema(Schema):
    tenant = fields.Str(data_key="X-Tenant", load_default="")


class SessionSchema(Schema):
    session = fields.Str(load_default="")


class PlaceSchema(Schema):
    place = fields.Str(load_default="")


def meant(pattern: str = "/notes", **options: Any) -> App:
    """Return an App whose resource echoes all inputs that it declares."""

    class Notes(Resource):
        schema = NoteSchema
        idempotency = Idempotency(MemoryStorage())

        @takes(headers=TenantSchema, cookies=SessionSchema, query=PlaceSchema)
        @returns(NoteSchema, 200)
        def post(self, body: Any, headers: Any, cookies: Any, query: Any, **path: Any) -> Any:
            said = [self.request.headers.get("Authorization"), path]
            return {"text": f"{body} {headers} {cookies} {query} {said}"}

    app = App("Notes", **options)
    app.add(pattern, Notes, **({"host": "<tenant>.example"} if pattern == "/hosted" else {}))
    return app


@pytest.mark.parametrize(
    "other",
    [
        {"headers": {"X-Tenant": "two"}},
        {"headers": {"Cookie": "session=two"}},
        {"headers": {"Cookie": "other=two"}},
        {"headers": {"Authorization": "Bearer two"}},
        {"headers": {"If-Match": '"two"'}},
        {"url": "/notes?place=two"},
    ],
)
def test_another_request_does_not_get_a_stored_response(other: dict[str, Any]) -> None:
    """Declared headers, cookies and queries, preconditions and credentials are part of a key."""
    client = Client(meant())
    key = {"Idempotency-Key": "k"}

    def post(url: str = "/notes", headers: dict[str, str] | None = None) -> Any:
        return client.post(url, json={"text": "x"}, headers={**key, **(headers or {})})

    first = post()
    assert first.status == 200
    second = post(**other)
    assert "Idempotent-Replayed" not in second.headers
    assert second.status == 422 or second.json != first.json
    assert post().headers["Idempotent-Replayed"] == "true"
    assert post(**other).status in (200, 422)


class Base2(DeclarativeBase):
    pass


class Page(Base2):
    __tablename__ = "page"

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(sa.String(9))
    text: Mapped[str] = mapped_column(sa.String(20))


def tenant_of(request: Request) -> str:
    return request.headers.get("X-Tenant", "")


@pytest.mark.parametrize("mechanism", ["rule", "mapping", "expression"])
def test_tenants_of_a_collection_have_keys_of_their_own(mechanism: str) -> None:
    """A row rule or a scope separates keys, also by a header that nothing declares."""
    database = Database("sqlite://", create=Base2.metadata)
    members: dict[str, Any] = {"model": Page, "idempotency": Idempotency(MemoryStorage())}
    if mechanism == "rule":
        database.rows(
            Page,
            read=lambda me: Page.tenant == me,
            set={"tenant": lambda me: me},
            caller=tenant_of,
        )
    elif mechanism == "mapping":
        members["scope"] = lambda self: {"tenant": tenant_of(self.request)}
    else:
        members["scope"] = lambda self: Page.tenant == tenant_of(self.request)
    app = App("Pages")
    app.install(database)
    app.add("/pages", type("Pages", (CRUDResource,), {**members, "__module__": __name__}))
    client = Client(app)

    def post(tenant: str) -> Any:
        body = {"text": "x", **({"tenant": tenant} if mechanism == "expression" else {})}
        headers = {"X-Tenant": tenant, "Idempotency-Key": "k"}
        return client.post("/pages", json=body, headers=headers)

    one, two, again = post("one"), post("two"), post("one")
    assert [each.status for each in (one, two, again)] == [201, 201, 201]
    assert [each.json["tenant"] for each in (one, two, again)] == ["one", "two", "one"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in two.headers


def test_hosts_of_a_pattern_have_keys_of_their_own() -> None:
    """A variable in the host separates tenants: the same key is another one."""
    client = Client(meant("/hosted"))

    def post(host: str) -> Any:
        headers = {"Host": host, "Idempotency-Key": "k"}
        return client.post("/hosted", json={"text": "x"}, headers=headers)

    one, two, again = post("one.example"), post("two.example"), post("ONE.example")
    assert [each.status for each in (one, two, again)] == [200, 200, 200]
    assert "'tenant': 'two'" in two.json["text"]
    assert "Idempotent-Replayed" not in two.headers
    assert again.headers["Idempotent-Replayed"] == "true"


def test_memory_is_bounded_in_bytes() -> None:
    """A response that does not fit is not stored; its key stays taken, so nothing is done twice."""
    clock = [0.0]
    app, done = plain(MemoryStorage(100, lambda: clock[0], max_bytes=4000, share=1))

    def post(key: str, size: int) -> int:
        content = {"text": "x" * size}
        headers = {"Idempotency-Key": key}
        return Client(app).post("/notes", json=content, headers=headers).status

    assert [post("a", 5000), post("a", 5000)] == [200, 409]
    assert [post("b", 10), post("b", 10)] == [200, 200]
    assert [post(f"c{number}", 500) for number in range(6)][-1] == 503
    clock[0] += 10**6
    assert post("d", 500) == 200
    assert len(done) < 8


def test_one_caller_does_not_fill_the_memory_of_others() -> None:
    """A caller has its share of the keys and bytes; beyond it, it alone gets a 503."""
    app, _ = plain(MemoryStorage(8, share=0.25), security=(Token(),))

    def post(name: str, key: str) -> int:
        headers = {"Authorization": f"Bearer {name}", "Idempotency-Key": key}
        return Client(app).post("/notes", json={"text": "x"}, headers=headers).status

    assert [post("a", str(number)) for number in range(4)] == [200, 200, 503, 503]
    assert [post("b", str(number)) for number in range(3)] == [200, 200, 503]


@pytest.mark.parametrize("options", [{"size": 0}, {"max_bytes": 0}, {"share": 0}, {"share": 2}])
def test_limits_of_memory_that_cannot_be_are_refused(options: dict[str, Any]) -> None:
    """A storage without room, or a share of more than everything, is a mistake."""
    with pytest.raises(DeclarationError, match="MemoryStorage: size and max_bytes"):
        MemoryStorage(**options)


@pytest.mark.external
@pytest.mark.redis
def test_without_redis_nothing_is_done(caplog: pytest.LogCaptureFixture) -> None:
    """Where Redis does not answer it is not known what was done:
    503, no write, and a line in the log that says why.
    """
    storage = RedisStorage("redis://127.0.0.1:1/0", timeout=0.2)
    app, done = plain(storage)
    response = Client(app).post("/notes", json={"text": "x"}, headers={"Idempotency-Key": "k"})
    assert response.status == 503
    assert response.headers["Retry-After"] == "2"
    assert done == []
    assert "an idempotency key could not be claimed: " in caplog.text
    assert "127.0.0.1:1" in caplog.text
    assert Client(app).post("/notes", json={"text": "x"}).status == 200
    storage.close()


class FileSchema(Schema):
    file = Upload(required=True)


def test_forms_streams_and_responses() -> None:
    """A form is the same whatever its boundary; a stream is gathered;
    a Response is kept like an answer.
    """
    done: list[str] = []

    class Files(Resource):
        idempotency = Idempotency(MemoryStorage())

        @takes(files=FileSchema)
        @returns(media_types=["text/plain"])
        def post(self, files: Any) -> Iterator[str]:
            done.append(files["file"].stream.read().decode())
            yield "one "
            yield "two"

    class Raw(Resource):
        idempotency = Idempotency(MemoryStorage())

        @raises(Conflict)
        def post(self) -> Response:
            done.append("raw")
            return Response("made", 500 if len(done) == 2 else 200, content_type="text/plain")

    app = App("Files")
    app.add("/files", Files)
    app.add("/raw", Raw)
    headers = {"Idempotency-Key": "k"}
    for content, status in (("a", 200), ("a", 200), ("b", 422)):
        response = Client(app).post("/files", files={"file": ("a.txt", content)}, headers=headers)
        assert response.status == status
        assert status != 200 or response.text == "one two"
    assert done == ["a"]
    assert [Client(app).post("/raw", headers=headers).status for _ in range(3)] == [500, 200, 200]
    assert done == ["a", "raw", "raw"]


def test_what_cannot_be_meant_is_refused() -> None:
    """A class that is no Idempotency, times that are none,
    and a model without the columns are refused at start-up.
    """
    with pytest.raises(DeclarationError, match="Idempotency"):
        plain(MemoryStorage(), idempotency=True)
    with pytest.raises(DeclarationError, match="storage"):
        Idempotency(True)  # type: ignore[arg-type]  # the mistake
    with pytest.raises(DeclarationError, match="above 0"):
        Idempotency(MemoryStorage(), expiry=0)
    with pytest.raises(DeclarationError, match="IdempotencyRecord"):
        SQLAlchemyStorage(Order)  # type: ignore[arg-type]  # the mistake
    app, _ = plain(MemoryStorage(), idempotency=Idempotency(SQLAlchemyStorage(Kept)))
    with pytest.raises(DeclarationError, match="install"):
        Client(app).post("/notes", json={"text": "x"}, headers={"Idempotency-Key": "k"})


def test_it_is_for_the_verbs_that_are_named(tmp_path: Path) -> None:
    """With `methods` one verb takes the header, and demands it; the other one passes it over."""
    with opened("sqlite", tmp_path, required=True, methods=("POST",)) as shop:
        made = shop.post()
        assert shop.post(None).status == 400
        assert made.status == 201
        url, headers = made.headers["Location"], {"Idempotency-Key": "k1"}
        answers = [
            shop.client.patch(url, json={"amount": amount}, headers=headers) for amount in (2, 3)
        ]
        assert [response.json["amount"] for response in answers] == [2, 3]
        assert shop.client.patch(url, json={"amount": 4}).status == 200
        patch = shop.client.get("/openapi.json").json["paths"]["/orders/{id}"]["patch"]
        assert "Idempotency-Key" not in str(patch)
    for methods in (("PUT",), (), ("POST", "DELETE"), "POST"):
        with pytest.raises(DeclarationError):
            Idempotency(MemoryStorage(), methods=methods)


def test_a_response_is_kept_only_after_what_was_provided_is_closed() -> None:
    """A storage outside the database keeps nothing if the commit fails: the retry runs again."""
    outcomes = iter([RuntimeError("the commit failed"), None])
    done: list[str] = []

    def unit_of_work() -> Iterator[str]:
        yield "open"
        if error := next(outcomes):
            raise error

    class Notes(Resource):
        schema = NoteSchema
        idempotency = Idempotency(MemoryStorage())
        unit = provide(unit_of_work)

        @returns(NoteSchema, 200)
        def post(self, body: Any) -> Any:
            done.append(self.unit)
            return body

    app = App("Notes")
    app.add("/notes", Notes)
    responses = [
        Client(app, raise_errors=False).post(
            "/notes", json={"text": "x"}, headers={"Idempotency-Key": "k"}
        )
        for _ in range(2)
    ]
    assert [response.status for response in responses] == [500, 200]
    assert "Idempotent-Replayed" not in responses[1].headers
    assert done == ["open", "open"]


@pytest.mark.parametrize("caller", ["ada", 7, UUID(int=7)])
def test_callers_that_are_texts_numbers_or_uuids(caller: object) -> None:
    """A caller that is a plain value has keys of its own, and another type is another caller."""
    callers = iter([caller, f"other {caller}", caller])

    class Scheme(Token):
        def authenticate(self, request: Request, scopes: object) -> object:
            return next(callers)

    app, done = plain(MemoryStorage(), security=(Scheme(),))
    for _ in range(3):
        headers = {"Idempotency-Key": "k"}
        assert Client(app).post("/notes", json={"text": "x"}, headers=headers).status == 200
    assert done == ["x", "x"]


class Recorded(MemoryStorage):
    """A storage that notes the seconds that it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def claim(self, request: Any, key: str, mark: bytes, seconds: float, /) -> bytes | None:
        self.seconds.append(seconds)
        return super().claim(request, key, mark, seconds)

    def keep(self, request: Any, key: str, mark: bytes, data: bytes, seconds: float, /) -> None:
        self.seconds.append(seconds)
        super().keep(request, key, mark, data, seconds)


@pytest.mark.parametrize(
    ("options", "seconds", "longest"),
    [({}, [60, 86_400], 255), ({"lease": 5, "expiry": 9, "max_length": 20}, [5, 9], 20)],
    ids=["usual", "own"],
)
def test_how_long_a_key_and_its_response_last(
    options: dict[str, Any], seconds: list[float], longest: int
) -> None:
    """A minute in progress, a day when it is done, and 255 characters, unless options differ."""
    storage = Recorded()

    class Items(Resource):
        idempotency = Idempotency(storage, **options)

        def post(self) -> dict[str, int]:
            return {"id": 1}

    app = App("Items")
    app.add("/items", Items)
    client = Client(app)
    assert client.post("/items", headers={"Idempotency-Key": "a" * longest}).status == 200
    assert storage.seconds == seconds
    assert client.post("/items", headers={"Idempotency-Key": "a" * (longest + 1)}).status == 400
    assert client.post("/items", headers={"Idempotency-Key": f'"{"a" * longest}"'}).status == 200


@pytest.mark.parametrize("name", ["expiry", "lease", "max_length"])
def test_times_above_nothing(name: str) -> None:
    says = r"Idempotency: expiry, lease and max_length must be above 0\."
    for value in (0, -1):
        with pytest.raises(DeclarationError, match=says):
            Idempotency(MemoryStorage(), **{name: value})  # type: ignore[arg-type]  # a number
