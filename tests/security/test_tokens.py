"""Tokens of a small service: rotation, reuse, races, keys, on every store."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from databases import KINDS, database_url
from redis_server import redis_url
from servers import free_port
from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from werkzeug.test import create_environ

from restkit import App, Conflict, DeclarationError, Request, ServiceUnavailable, raises
from restkit.security import (
    JWTBearer,
    Lifetimes,
    MemoryTokenStore,
    OAuth2,
    PasswordGrant,
    RedisTokenStore,
    SigningKey,
    Tokens,
    add_tokens,
)
from restkit.security import tokens as module
from restkit.sqlalchemy import Database, SQLTokenStore, TokenRecord, session
from restkit.testing import Client, TestResponse

SECRET = "s" * 40


def pem(made: Any = None) -> str:
    key = made or ed25519.Ed25519PrivateKey.generate()
    form = serialization.PrivateFormat.PKCS8
    found: bytes = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    return found.decode()


class Base(DeclarativeBase):
    pass


class StoredToken(TokenRecord, Base):
    __tablename__ = "refresh_tokens"


class Service:
    """An App that issues and takes tokens."""

    def __init__(self, store: Any, database: Database | None = None, **options: Any) -> None:
        self.users = {"ann": "correct horse"}
        self.roles: dict[str, list[str]] = {"ann": ["editor"]}
        self.tokens = Tokens(
            issuer="https://notes.example",
            audience="notes",
            keys=options.pop("keys", [SigningKey("k" * 40)]),
            secret=options.pop("secret", SECRET),
            store=store,
            **{"login": self.check, "claims": self.claims, **options},
        )
        self.app = App("Notes", security=self.tokens.scheme())
        if database is not None:
            self.app.install(database)
        add_tokens(self.app, self.tokens)
        self.app.get("/me")(lambda: {"ok": True})
        self.client = Client(self.app)

    def check(self, name: str, word: str) -> str | None:
        return name if self.users.get(name) == word else None

    def claims(self, name: str) -> dict[str, object] | None:
        return {"roles": self.roles[name]} if name in self.roles else None

    def log_in(self, password: str = "correct horse") -> TestResponse:
        form = {"grant_type": "password", "username": "ann", "password": password}
        return self.client.post("/token", data=form)

    def refresh(self, token: str) -> TestResponse:
        form = {"grant_type": "refresh_token", "refresh_token": token}
        return self.client.post("/token", data=form)

    def me(self, token: str) -> int:
        return self.client.get("/me", headers={"Authorization": f"Bearer {token}"}).status


@pytest.fixture(params=["memory", *KINDS, pytest.param("redis", marks=pytest.mark.redis)])
def make(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Service]]:
    if request.param == "memory":
        memory = MemoryTokenStore()
        yield lambda **options: Service(memory, **options)
    elif request.param == "redis":
        store = RedisTokenStore(redis_url(), prefix=f"test:{uuid4()}:")
        yield lambda **options: Service(store, **options)
    else:
        with database_url(request.param, tmp_path_factory.mktemp("tokens")) as url:
            database = Database(url, create=Base.metadata)
            yield lambda **options: Service(SQLTokenStore(StoredToken), database, **options)
            database.close()


def test_a_login_and_its_rotation(make: Callable[..., Service]) -> None:
    """Each refresh token is replaced; access tokens are those of the scheme."""
    service = make()
    first = service.log_in()
    assert first.status == 200
    assert first.headers["Cache-Control"] == "no-store"
    assert first.json["token_type"] == "Bearer"
    assert service.me(first.json["access_token"]) == 200
    claims = jwt.decode(first.json["access_token"], options={"verify_signature": False})
    assert (claims["sub"], claims["roles"], claims["aud"]) == ("ann", ["editor"], "notes")
    second = service.refresh(first.json["refresh_token"])
    assert second.json["refresh_token"] != first.json["refresh_token"]
    third = service.refresh(second.json["refresh_token"])
    assert service.me(third.json["access_token"]) == 200


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "password", "username": "ann", "password": "x"}, "invalid_grant"),
        ({"grant_type": "password", "username": "eve", "password": "x"}, "invalid_grant"),
        ({"grant_type": "password", "username": "ann"}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "é" * 43}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "a" * 43}, "invalid_grant"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
    ],
    ids=["password", "user", "none", "no token", "short", "letters", "unknown", "grant"],
)
def test_errors(form: dict[str, str], error: str) -> None:
    """Errors are those of RFC 6749, and no cache keeps them."""
    response = Service(MemoryTokenStore()).client.post("/token", data=form)
    assert (response.status, response.json["error"]) == (400, error)
    assert response.headers["Cache-Control"] == "no-store"


def test_a_copy_revokes_the_login(make: Callable[..., Service]) -> None:
    """Once the successor was used, the old token ends the login, whoever sends it."""
    service = make()
    first = service.log_in().json["refresh_token"]
    other = service.log_in().json["refresh_token"]
    second = service.refresh(first).json["refresh_token"]
    third = service.refresh(second).json["refresh_token"]
    assert service.refresh(first).status == 400
    assert service.refresh(third).status == 400
    assert service.refresh(other).status == 200


def test_a_repeated_refresh_within_the_grace_period(make: Callable[..., Service]) -> None:
    """A client whose response was lost gets the same successor."""
    service = make()
    first = service.log_in().json["refresh_token"]
    again = [service.refresh(first).json["refresh_token"] for _ in range(3)]
    assert len(set(again)) == 1
    assert service.refresh(again[0]).status == 200


def test_no_grace(make: Callable[..., Service]) -> None:
    """Without a grace period, the second use revokes the login."""
    service = make(lifetimes=Lifetimes(grace=0))
    first = service.log_in().json["refresh_token"]
    second = service.refresh(first).json["refresh_token"]
    assert service.refresh(first).status == 400
    assert service.refresh(second).status == 400


@pytest.mark.parametrize(("after", "status"), [(90, 200), (101, 400)], ids=["before", "after"])
def test_idle_tokens_end(
    make: Callable[..., Service], after: int, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token that nobody uses ends, and so does a login after its lifetime."""
    service = make(lifetimes=Lifetimes(idle=100, family=150))
    first = service.log_in().json["refresh_token"]
    start = module.time.time()
    monkeypatch.setattr(module.time, "time", lambda: start + after)
    second = service.refresh(first)
    assert second.status == status
    if status == 200:
        monkeypatch.setattr(module.time, "time", lambda: start + 151)
        assert service.refresh(second.json["refresh_token"]).status == 400


def test_secrets_rotate(make: Callable[..., Service]) -> None:
    """Logins of an old secret go on, and their next tokens are of the newest one."""
    new = "n" * 40
    old = make()
    first = old.log_in().json["refresh_token"]
    both = make(secret=[new, SECRET])
    second = both.refresh(first).json["refresh_token"]
    alone = make(secret=new)
    assert alone.refresh(first).status == 400, "it is of the old secret"
    third = alone.refresh(second).json["refresh_token"]
    assert old.refresh(third).status == 400, "it is of the new secret"
    assert both.refresh(third).status == 200


def test_a_copy_of_an_old_secret_revokes_the_login(make: Callable[..., Service]) -> None:
    old, both = make(), make(secret=["n" * 40, SECRET], lifetimes=Lifetimes(grace=0))
    first = old.log_in().json["refresh_token"]
    second = both.refresh(first).json["refresh_token"]
    assert both.refresh(first).status == 400
    assert both.refresh(second).status == 400


def test_a_repeated_refresh_over_a_rotation(make: Callable[..., Service]) -> None:
    """A response that was lost while the secrets changed is the same again."""
    old, both = make(), make(secret=["n" * 40, SECRET])
    first = old.log_in().json["refresh_token"]
    second = old.refresh(first).json["refresh_token"]
    assert both.refresh(first).json["refresh_token"] == second
    assert both.refresh(second).status == 200
    assert old.refresh(first).status == 400, "its successor was used"


def test_logging_out_with_a_token_of_an_old_secret(make: Callable[..., Service]) -> None:
    old, both = make(), make(secret=["n" * 40, SECRET])
    first = old.log_in().json["refresh_token"]
    assert both.client.post("/token/revoke", data={"token": first}).status == 204
    assert old.refresh(first).status == 400


def test_logging_out(make: Callable[..., Service]) -> None:
    """Any token of a login revokes it; unknown ones are no error."""
    service = make()
    first = service.log_in().json["refresh_token"]
    second = service.refresh(first).json["refresh_token"]
    other = service.log_in().json["refresh_token"]
    response = service.client.post("/token/revoke", data={"token": first})
    assert (response.status, response.headers["Cache-Control"]) == (204, "no-store")
    assert service.client.post("/token/revoke", data={"token": "x"}).status == 204
    assert service.refresh(second).status == 400
    assert service.refresh(other).status == 200


def test_who_is_gone_gets_no_more_tokens(make: Callable[..., Service]) -> None:
    """Claims are asked for at each refresh; None ends the login."""
    service = make()
    first = service.log_in().json["refresh_token"]
    roles = service.roles.pop("ann")
    assert service.refresh(first).status == 400
    service.roles["ann"] = roles
    assert service.refresh(first).status == 400


@pytest.mark.parametrize("attempt", range(5))
def test_parallel_refreshes_make_one_line(make: Callable[..., Service], attempt: int) -> None:
    """Of many requests with one token at once, all get the same successor, which is good."""
    service = make()
    service.me("x")
    first = service.log_in().json["refresh_token"]
    barrier = threading.Barrier(8)

    def refresh(_: int) -> TestResponse:
        barrier.wait()
        return service.refresh(first)

    with ThreadPoolExecutor(8) as pool:
        found = [*pool.map(refresh, range(8))]
    assert {each.status for each in found} == {200}
    assert len({each.json["refresh_token"] for each in found}) == 1
    assert service.refresh(found[0].json["refresh_token"]).status == 200


def test_nothing_at_rest_is_a_token(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The table has digests, which depend on the secret."""
    with database_url("sqlite", tmp_path_factory.mktemp("rest")) as url:
        database = Database(url, create=Base.metadata)
        service = Service(SQLTokenStore(StoredToken), database)
        first = service.log_in().json["refresh_token"]
        second = service.refresh(first).json["refresh_token"]
        with database.engine.connect() as connection:
            rows = repr(connection.exec_driver_sql("SELECT * FROM refresh_tokens").all())
        database.close()
    assert first not in rows
    assert second not in rows


def test_keys_rotate() -> None:
    """The newest key signs, older ones verify, others verify by the published set."""
    old, new = SigningKey(pem(), "EdDSA"), SigningKey(pem(), "EdDSA")
    before = Service(MemoryTokenStore(), keys=[old])
    service = Service(MemoryTokenStore(), keys=[new, old])
    token = before.log_in().json["access_token"]
    assert service.me(token) == 200
    assert service.me(service.log_in().json["access_token"]) == 200
    assert before.me(service.log_in().json["access_token"]) == 401
    published = service.client.get("/token/keys").json
    assert [each["kid"] for each in published["keys"]] == [new.key_id, old.key_id]
    assert "d" not in published["keys"][0]
    options = {"issuer": "https://notes.example", "audience": "notes", "algorithms": ["EdDSA"]}
    other = App("Other", security=JWTBearer(jwks=published, types=["at+jwt"], **options))
    other.get("/me")(lambda: {"ok": True})
    headers = {"Authorization": f"Bearer {token}"}
    assert Client(other).get("/me", headers=headers).status == 200


def test_a_token_is_verified_by_the_key_that_it_names() -> None:
    """Another key of the service does not verify it, although it has signed it."""
    first, second = pem(), pem()
    keys = [SigningKey(first, "EdDSA", key_id="1"), SigningKey(second, "EdDSA", key_id="2")]
    service = Service(MemoryTokenStore(), keys=keys)

    def signed(key_id: str) -> str:
        signer = Service(MemoryTokenStore(), keys=[SigningKey(second, "EdDSA", key_id=key_id)])
        token: str = signer.log_in().json["access_token"]
        return token

    assert service.me(signed("2")) == 200
    assert service.me(signed("1")) == 401


def test_elliptic_curves_and_secrets() -> None:
    """Other algorithms sign too; secrets are not published."""
    curve = SigningKey(pem(ec.generate_private_key(ec.SECP256R1())), "ES256")
    service = Service(MemoryTokenStore(), keys=[curve])
    assert service.me(service.log_in().json["access_token"]) == 200
    assert Service(MemoryTokenStore()).client.get("/token/keys").status == 404


def test_parameters_that_are_not_known_are_ignored() -> None:
    """RFC 6749, section 3.2, demands it; some clients send ``audience``, for example."""
    client = Service(MemoryTokenStore()).client
    form = {"grant_type": "password", "username": "ann", "password": "correct horse"}
    issued = client.post("/token", data={**form, "audience": "notes"})
    assert issued.status == 200
    token = {"token": issued.json["refresh_token"], "client_hint": "x"}
    assert client.post("/token/revoke", data=token).status == 204


def test_the_form_of_swagger_ui() -> None:
    """The scheme fits the password flow of OAuth 2."""
    service = Service(MemoryTokenStore())
    flows = OAuth2(service.tokens.scheme(), PasswordGrant(token_url="https://notes.example/token"))
    app = App("Notes", security=flows)
    app.get("/me")(lambda: {"ok": True})
    headers = {"Authorization": f"Bearer {service.log_in().json['access_token']}"}
    assert Client(app).get("/me", headers=headers).status == 200


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("/token", {"grant_type": "refresh_token", "refresh_token": "r" * 1000}, 400),
        ("/token/revoke", {"token": "r" * 1000}, 204),
    ],
    ids=["token", "revoke"],
)
def test_forms_are_small(path: str, form: dict[str, str], status: int) -> None:
    """Anybody may send them: more than 16 KiB are rejected before anything is looked up."""
    client = Service(MemoryTokenStore()).client
    assert client.post(path, data=form).status == status
    assert client.post(path, data={**form, "more": "x" * 17_000}).status == 413


def test_guesses_are_limited() -> None:
    """After ten failures of an address, right passwords get a 429 too."""
    service = Service(MemoryTokenStore())
    assert {service.log_in("wrong").status for _ in range(10)} == {400}
    assert service.log_in().status == 429


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"secret": "short"}, "at least 32 bytes"),
        ({"secret": [SECRET, "short"]}, "at least 32 bytes"),
        ({"secret": []}, "secret must be a string"),
        ({"secret": 5}, "not int"),
        ({"keys": []}, "newest first"),
        ({"keys": [SigningKey("k" * 40, key_id="a"), SigningKey("l" * 40, key_id="a")]}, "key_id"),
        ({"keys": [SigningKey("k" * 40), SigningKey(pem(), "EdDSA")]}, "mix secrets"),
        ({"store": {}}, "is not a store"),
    ],
    ids=["secret", "one of two", "no secrets", "number", "no keys", "names", "mixed", "store"],
)
def test_mistakes(change: dict[str, Any], message: str) -> None:
    """A mistake is an error when the program starts."""
    given: dict[str, Any] = {
        "issuer": "i",
        "audience": "a",
        "keys": [SigningKey("k" * 40)],
        "secret": SECRET,
        "store": MemoryTokenStore(),
        "login": lambda name, password: None,
    }
    with pytest.raises(DeclarationError, match=message):
        Tokens(**{**given, **change})


def test_a_public_key_cannot_sign() -> None:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public = ed25519.Ed25519PrivateKey.generate().public_key()
    with pytest.raises(DeclarationError, match="is a public key, which cannot sign"):
        SigningKey(public.public_bytes(serialization.Encoding.PEM, form), "EdDSA")


@pytest.mark.parametrize("key", ["short", pem()], ids=["secret", "pem"])
def test_keys_that_do_not_fit(key: str) -> None:
    """A key that does not fit its algorithm is an error."""
    with pytest.raises(DeclarationError):
        SigningKey(key)


class Member(Base):
    __tablename__ = "member"

    name: Mapped[str] = mapped_column(primary_key=True)


@pytest.mark.parametrize("kind", KINDS)
def test_users_are_read_in_the_session_of_the_request(kind: str, tmp_path: Path) -> None:
    """The token is stored in the same transaction: on SQLite, another one would wait for it."""

    def log_in(name: str, word: str) -> str | None:
        member = session(Request.current()).get(Member, name)
        return member.name if member else None

    def claims_of(name: str) -> dict[str, object] | None:
        return {} if session(Request.current()).get(Member, name) else None

    with database_url(kind, tmp_path) as url:
        database = Database(url, create=Base.metadata)
        service = Service(SQLTokenStore(StoredToken), database, login=log_in, claims=claims_of)
        with Session(database.engine) as opened, opened.begin():
            opened.add(Member(name="ann"))

        first = service.log_in()
        second = service.refresh(first.json["refresh_token"])

        assert first.status == 200
        assert second.status == 200
        assert service.me(second.json["access_token"]) == 200
        with Session(database.engine) as opened, opened.begin():
            opened.delete(opened.get_one(Member, "ann"))
        third = service.refresh(second.json["refresh_token"])
        assert third.status == 400
        assert third.json["error"] == "invalid_grant"
        with Session(database.engine) as opened:
            assert opened.scalars(select(StoredToken)).all() == []
        database.close()


@pytest.mark.parametrize("kind", KINDS)
def test_the_end_of_all_logins_belongs_to_the_transaction(kind: str, tmp_path: Path) -> None:
    """A change of a password ends them, unless it fails."""
    with database_url(kind, tmp_path) as url:
        database = Database(url, create=Base.metadata)
        service = Service(SQLTokenStore(StoredToken), database)

        app = App("Accounts", extensions=[database])

        @app.post("/leave/<int:is_good>")
        @raises(Conflict)
        def leave(is_good: int) -> dict[str, str]:
            request = Request.current()
            session(request).add(Member(name=f"ann{is_good}"))
            session(request).flush()
            service.tokens.revoke_subject(request, "ann")
            if not is_good:
                raise Conflict("No.")
            return {}

        first = service.log_in()
        assert Client(app).post("/leave/0").status == 409
        second = service.refresh(first.json["refresh_token"])
        assert second.status == 200
        assert Client(app).post("/leave/1").status == 200
        assert service.refresh(second.json["refresh_token"]).status == 400
        database.close()


@pytest.mark.parametrize("kind", KINDS)
def test_tokens_of_a_request_that_has_read(kind: str, tmp_path: Path) -> None:
    """A session that middleware or `load` has opened holds no lock that tokens wait for."""
    with database_url(kind, tmp_path) as url:
        database = Database(url, create=Base.metadata)
        service = Service(SQLTokenStore(StoredToken))
        app = App("Notes", security=service.tokens.scheme(), extensions=[database])
        add_tokens(app, service.tokens)

        @app.middleware
        def reading(request: Request, proceed: Callable[[Request], Any]) -> Any:
            session(request).scalars(select(Member)).all()
            return proceed(request)

        @app.post("/logout/<word>")
        def log_out(word: str) -> None:
            service.tokens.revoke(Request.current(), word)

        service.client = Client(app)
        first = service.log_in().json
        second = service.refresh(first["refresh_token"]).json
        other = service.log_in().json
        form = {"token": other["refresh_token"]}
        headers = {"Authorization": f"Bearer {second['access_token']}"}

        assert service.refresh("x" * 43).status == 400
        assert service.client.post("/token/revoke", data=form).status == 204
        assert service.refresh(other["refresh_token"]).status == 400
        path = f"/logout/{second['refresh_token']}"
        assert service.client.post(path, headers=headers).status == 204
        assert service.refresh(second["refresh_token"]).status == 400
        with Session(database.engine) as opened:
            assert opened.scalars(select(StoredToken)).all() == []
        database.close()


@pytest.mark.parametrize("returned", ["", False, True, 5, b"ann"], ids=repr)
def test_a_login_that_returns_no_subject(returned: Any) -> None:
    """`return ok and user.id` and the like log nobody in."""
    service = Service(MemoryTokenStore(), login=lambda name, word: returned)
    with pytest.raises(
        DeclarationError, match=r"login\(\) returned .* Return the subject as a text"
    ):
        service.log_in()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"login": 5}, r"Tokens\(login=\.\.\.\) must be a function"),
        ({"login": lambda name: name}, r"Tokens\(login=\.\.\.\)"),
        ({"claims": "roles"}, r"Tokens\(claims=\.\.\.\) must be a function"),
        ({"lifetimes": 5}, r"Tokens\(lifetimes=5\): give Lifetimes"),
        ({"lifetimes": Lifetimes(access=-5)}, r"Lifetimes\(access=-5\): it must be whole seconds"),
        ({"lifetimes": Lifetimes(idle=0.5)}, r"Lifetimes\(idle=0\.5\)"),  # type: ignore[arg-type]
        ({"keys": SigningKey("k" * 40)}, "keys must be a sequence of SigningKey"),
    ],
)
def test_arguments_that_cannot_be_meant(options: dict[str, Any], message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        Service(MemoryTokenStore(), **options)


def test_redis_that_is_away_is_a_problem() -> None:
    """Each use of the store is a 503 that the document names, none is passed over."""
    store = RedisTokenStore(f"redis://127.0.0.1:{free_port()}/0")
    service = Service(store)
    request = Request(create_environ("/"))
    for use in (
        lambda: store.revoke_subject(request, "ann"),
        lambda: store.revoke(request, "family"),
        lambda: store.family_of(request, "digest"),
        lambda: store.use(request, "digest", "next", 1, 2),
    ):
        with pytest.raises(ServiceUnavailable):
            use()
    assert service.log_in().status == 503
