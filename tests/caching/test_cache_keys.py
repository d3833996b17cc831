"""Never one caller's response for another: identities, scopes, row rules, hostile requests."""

from __future__ import annotations

import logging
from dataclasses import dataclass, make_dataclass
from typing import Any, ClassVar

import pytest

from restkit import App, DeclarationError, Request, Resource, access
from restkit.caching import Cache, MemoryCache
from restkit.crud import CRUDResource, MemoryStore
from restkit.security import APIKey, HTTPBearer, role
from restkit.testing import Client


@dataclass
class User:
    id: str
    roles: tuple[str, ...] = ()


ADA, TOM = User("ada", ("staff",)), User("tom")
TOKENS: dict[str, Any] = {"a": ADA, "t": TOM, "a2": User("ada"), "a3": ADA}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def private(cache: Cache, **options: Any) -> tuple[Client, list[str]]:
    app, calls = App("Private", security=HTTPBearer(TOKENS.get), **options), []

    @app.get("/me", cache=cache)
    def me(request: Request[User]) -> str:
        calls.append(request.caller.id)
        return request.caller.id

    return Client(app), calls


def test_each_caller_has_responses_of_its_own() -> None:
    client, calls = private(Cache(60))
    for _ in range(2):
        assert client.get("/me", headers=bearer("a")).text == '"ada"'
        assert client.get("/me", headers=bearer("t")).text == '"tom"'
        assert client.get("/me").status == 401
        assert client.get("/me", headers=bearer("wrong")).status == 401
    assert calls == ["ada", "tom"]
    found = client.get("/me", headers=bearer("a3"))  # another token of the same caller
    assert "Age" in found.headers
    assert found.headers["Cache-Control"] == "private, max-age=60, must-revalidate"
    assert found.headers["Vary"] == "Authorization"
    client.get("/me", headers=bearer("a2"))  # the same caller with other roles
    assert calls == ["ada", "tom", "ada"]


def test_permissions_are_asked_before_the_cache() -> None:
    app = App("Staff", security=HTTPBearer(TOKENS.get))

    @app.get("/", permission=role("staff"), cache=Cache(60, shared=True))
    def staff() -> str:
        return "secret"

    client = Client(app)
    assert client.get("/", headers=bearer("a")).status == 200
    assert client.get("/", headers=bearer("t")).status == 403
    assert client.get("/").status == 401
    assert "Age" in client.get("/", headers=bearer("a")).headers


def test_a_shared_response_must_not_depend_on_the_caller() -> None:
    client, _ = private(Cache(60, shared=True))
    with pytest.raises(DeclarationError, match="depends on the caller"):
        client.get("/me", headers=bearer("a"))


def test_claims_but_those_of_one_token_are_in_the_key() -> None:
    tokens = {
        "1": {"sub": "ada", "tenant": "x", "iat": 1, "exp": 2},
        "2": {"sub": "ada", "tenant": "y", "iat": 1, "exp": 2},
        "3": {"sub": "ada", "tenant": "x", "iat": 3, "exp": 4},
    }
    app, calls = App("Claims", security=HTTPBearer(tokens.get)), []

    @app.get("/", cache=Cache(60))
    def get(request: Request[dict[str, Any]]) -> str:
        calls.append(request.caller["tenant"])
        return str(request.caller["tenant"])

    client = Client(app)
    assert [client.get("/", headers=bearer(each)).json for each in "123"] == ["x", "y", "x"]
    assert calls == ["x", "y"]


def test_a_caller_without_identity_is_an_error() -> None:
    nobody = {"n": object()}
    app = App("Nobody", security=HTTPBearer(nobody.get))
    app.get("/", cache=Cache(60))(lambda: "x")
    app.get("/keyed", cache=Cache(60, key=lambda request: "same"))(lambda: "x")
    with pytest.raises(DeclarationError, match="has no identity"):
        Client(app).get("/", headers=bearer("n"))
    assert Client(app).get("/keyed", headers=bearer("n")).status == 200


def test_rows_of_one_caller() -> None:
    note = make_dataclass("Note", [("text", str), ("owner", str, ""), ("id", int, 0)])
    store = MemoryStore(note)
    store.rows(note, read=lambda me: {"owner": me.id}, set={"owner": lambda me: me.id})
    app = App("Rows", security=HTTPBearer(TOKENS.get))
    app.install(store)
    app.add("/notes", type("Notes", (CRUDResource,), {"model": note, "cache": Cache(60)}))
    client = Client(app)
    key = client.post("/notes", json={"text": "mine"}, headers=bearer("a")).json["id"]
    for _ in range(2):
        assert client.get(f"/notes/{key}", headers=bearer("a")).status == 200
        assert client.get(f"/notes/{key}", headers=bearer("t")).status == 404
        assert len(client.get("/notes", headers=bearer("a")).json["items"]) == 1
        assert client.get("/notes", headers=bearer("t")).json["items"] == []
    assert "Age" in client.get("/notes", headers=bearer("a")).headers
    wrong = type("Wrong", (CRUDResource,), {"model": note, "cache": Cache(60, shared=True)})
    app = App("Wrong", security=HTTPBearer(TOKENS.get))
    app.install(store)
    app.add("/notes", wrong)
    with pytest.raises(DeclarationError, match="row rule"):
        app.freeze()


def test_a_scope_by_a_header_separates_tenants() -> None:
    page = make_dataclass("Page", [("text", str), ("tenant", str, ""), ("id", int, 0)])
    store = MemoryStore(page)

    class Pages(CRUDResource[Any]):
        model = page
        scoped = ("tenant",)
        cache = Cache(60, vary=["X-Tenant"])

        def scope(self) -> dict[str, object]:
            return {"tenant": self.request.headers.get("X-Tenant", "")}

    app = App("Tenants")
    app.install(store)
    app.add("/pages", Pages)
    client = Client(app)
    client.post("/pages", json={"text": "one"}, headers={"X-Tenant": "a"})
    for _ in range(2):
        assert len(client.get("/pages", headers={"X-Tenant": "a"}).json["items"]) == 1
        assert client.get("/pages", headers={"X-Tenant": "b"}).json["items"] == []
        assert client.get("/pages").json["items"] == []


UNKEYED: dict[str, Any] = {
    "X-Forwarded-Host": lambda request: request.headers.get("X-Forwarded-Host"),
    "X-Original-URL": lambda request: request.headers["X-Original-Url"],
    "X-HTTP-Method-Override": lambda request: "X-HTTP-Method-Override" in request.headers,
    "Cookie": lambda request: request.cookies.get("theme"),
    "X-Every": lambda request: sorted(request.headers.keys()),
    "User-Agent": lambda request: request.user_agent.string,
    "Accept-Language": lambda request: str(request.accept_languages),
    "X-List": lambda request: request.headers.getlist("X-List"),
}


@pytest.mark.parametrize("name", UNKEYED)
def test_headers_outside_the_key_poison_nothing(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """In production a response that depends on such a header is not stored, and logged once."""
    app = App("Poison")

    @app.get("/", cache=Cache(60))
    def get(request: Request) -> Any:
        return [UNKEYED[name](request)]

    client = Client(app, contract=False)
    evil = {name: "theme=evil", "X-More": "evil"}
    with caplog.at_level(logging.ERROR, "restkit"):
        first = client.get("/", headers=evil).text
        clean = client.get("/", headers={name: "theme=good"}).text
        assert client.get("/", headers=evil).text == first
    assert "evil" not in clean
    assert len(caplog.records) == 1
    # A `SecretsFilter` of another test may hide what follows the name of a header.
    assert "is cached, but its response depends on" in caplog.text


def test_what_middleware_found_is_not_forgotten() -> None:
    """A tenant that middleware reads from a header is an attribute, or a state, of the request."""

    class Tenant:
        name = ""

    def by_attribute(request: Any, proceed: Any) -> Any:
        request.tenant = request.headers.get("X-Tenant")
        return proceed(request)

    def by_state(request: Request, proceed: Any) -> Any:
        request.state(Tenant).name = request.headers.get("X-Tenant", "")
        return proceed(request)

    app = App("Middleware")
    app.middleware(by_attribute)
    app.middleware(by_state)
    app.get("/attribute", cache=Cache(60))(_attribute)
    app.get("/state", cache=Cache(60))(lambda: [Request.current().state(Tenant).name])
    key = Cache(60, key=lambda request: request.state(Tenant).name)
    app.get("/keyed", cache=key)(lambda: [Request.current().state(Tenant).name])
    app.get("/unused", cache=Cache(60))(lambda: [1])
    client = Client(app)
    with pytest.raises(DeclarationError, match=r"depends on request\.tenant"):
        client.get("/attribute", headers={"X-Tenant": "a"})
    with pytest.raises(DeclarationError, match=r"request\.state\(.*Tenant\)"):
        client.get("/state", headers={"X-Tenant": "a"})
    for _ in range(2):
        assert client.get("/keyed", headers={"X-Tenant": "a"}).json == ["a"]
        assert client.get("/keyed", headers={"X-Tenant": "b"}).json == ["b"]
    client.get("/unused")
    assert "Age" in client.get("/unused").headers


def _attribute() -> list[str]:
    request: Any = Request.current()
    return [request.tenant]


def test_credentials_that_nobody_asked_for_are_not_stored() -> None:
    app, calls = App("Open"), []

    @app.get("/", cache=Cache(60))
    def get(request: Request) -> Any:
        calls.append(1)
        return [request.environ.get("HTTP_AUTHORIZATION")]

    client = Client(app)
    assert client.get("/", headers=bearer("secret")).json == ["Bearer secret"]
    assert client.get("/").json == [None]
    assert client.get("/", headers=bearer("other")).json == ["Bearer other"]
    assert "Age" not in client.get("/", headers=bearer("secret")).headers
    assert "Age" in client.get("/").headers


@pytest.mark.parametrize(
    "path", ["/me/x.css", "/me;x.css", "/me%0ax.css", "/me.css", "/me/", "//me", "/me%3fx.css"]
)
def test_web_cache_deception(path: str) -> None:
    """A suffix that looks like a static file gives nobody the page of another caller."""
    client, _ = private(Cache(60))
    client.get("/me", headers=bearer("a"))
    client.get(path, headers=bearer("a"))
    assert client.get(path).status in (401, 404, 308, 400)
    assert "ada" not in client.get(path, headers=bearer("t")).text


def test_host_scheme_and_prefix_are_in_the_key() -> None:
    app = App("Hosts")
    app.get("/", cache=Cache(60))(lambda: [Request.current().url_root])
    client = Client(app)
    environs: list[dict[str, str]] = [
        {"HTTP_HOST": "a.example"},
        {"HTTP_HOST": "evil.example"},
        {"wsgi.url_scheme": "https", "HTTP_HOST": "a.example"},
        {"SCRIPT_NAME": "/shop", "HTTP_HOST": "a.example"},
    ]
    found = [client.get("/", environ=each).text for each in environs]
    assert [client.get("/", environ=each).text for each in environs] == found
    assert len(set(found)) == len(environs)


def test_keys_of_an_api_in_a_cookie_vary() -> None:
    app = App("Cookies", security=APIKey(cookie="key", check=TOKENS.get))
    app.get("/", cache=Cache(60))(lambda: [Request.current().caller.id])
    client = Client(app)
    assert client.get("/", headers={"Cookie": "key=a"}).json == ["ada"]
    found = client.get("/", headers={"Cookie": "key=t; theme=dark"})
    assert found.json == ["tom"]
    assert found.headers["Vary"] == "Cookie"


def test_huge_numbers_of_keys_are_bounded() -> None:
    storage = MemoryCache(size=200_000)
    app = App("Many")
    app.get("/<int:number>", cache=Cache(60, storage=storage))(_numbered)
    client = Client(app)
    for number in range(1000):
        client.get(f"/{number}")
        client.get("/0")
    assert storage.size <= 200_000
    assert 10 < len(storage) < 200
    assert "Age" in client.get("/0").headers
    assert "Age" not in client.get("/1").headers


def _numbered(number: int) -> str:
    return "x" * 1000


def test_a_response_over_the_largest_size_is_not_stored() -> None:
    storage = MemoryCache(size=10_000, largest=5_000)
    app = App("Large")
    app.get("/", cache=Cache(60, storage=storage))(lambda: "x" * 6_000)
    client = Client(app)
    client.get("/")
    assert len(storage) == 0
    assert client.get("/").status == 200


def test_the_nearest_declaration_holds() -> None:
    inner, app = App("Inner"), App("Outer", cache=Cache(10))

    @inner.route("/class")
    class Classy(Resource):
        cache = Cache(30)

        def get(self) -> int:
            return 1

        def post(self) -> int:
            return 1

    @inner.route("/verb")
    class Verb(Classy):
        @access(cache=Cache(40))
        def get(self) -> int:
            return 1

    @inner.route("/off")
    class Off(Classy):
        @access(cache=False)
        def get(self) -> int:
            return 1

    inner.get("/mount")(lambda: 1)
    app.get("/app")(lambda: 1)
    app.get("/function", cache=Cache(50))(lambda: 1)
    app.mount("/in", inner, cache=Cache(20))
    client = Client(app)
    expected = {
        "/in/class": 30,
        "/in/verb": 40,
        "/in/off": None,
        "/in/mount": 20,
        "/app": 10,
        "/function": 50,
    }
    for path, seconds in expected.items():
        found = client.get(path).headers.get("Cache-Control")
        assert found == (None if seconds is None else f"max-age={seconds}, must-revalidate"), path


def test_field_masks_separate_callers() -> None:
    item = make_dataclass("Priced", [("name", str), ("cost", int, 0), ("id", int, 0)])
    store = MemoryStore(item)

    class Items(CRUDResource[Any]):
        model = item
        masks: ClassVar[Any] = {"cost": role("staff")}
        cache = Cache(60)

    app = App("Masks", security=HTTPBearer(TOKENS.get))
    app.install(store)
    app.add("/items", Items)
    client = Client(app)
    client.post("/items", json={"name": "a", "cost": 3}, headers=bearer("a"))
    for _ in range(2):
        assert client.get("/items/1", headers=bearer("a")).json["cost"] == 3
        assert "cost" not in client.get("/items/1", headers=bearer("a2")).json
        assert "cost" not in client.get("/items", headers=bearer("t")).json["items"][0]
    assert "Age" in client.get("/items/1", headers=bearer("a")).headers
