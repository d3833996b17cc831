"""KeySet: the keys of an issuer over a real socket, fetched rarely and kept in an outage."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from issuer import KEYS, NOW, OTHER_RSA, Server, jwk, serve, token

from restkit import App, DeclarationError, ServiceUnavailable
from restkit.security import JWTBearer, KeySet
from restkit.testing import Client

FIRST = jwk(KEYS["RS256"], kid="1")
SECOND = jwk(OTHER_RSA, kid="2")


@pytest.fixture
def server() -> Iterator[Server]:
    with serve() as running:
        running.answer("/keys", {"keys": [FIRST]})
        yield running


def service(keys: Any, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr("restkit.security.jwt_bearer.time.time", lambda: NOW)
    jwt = JWTBearer(issuer="https://id.example", audience="books", algorithms=["RS256"], jwks=keys)
    app = App("Books", security=jwt)
    app.get("/")(lambda: {})
    return Client(app)


def bearer(key_id: str | None, key: Any = None, **claims: Any) -> dict[str, str]:
    header = {} if key_id is None else {"kid": key_id}
    return {"Authorization": f"Bearer {token('RS256', header, key, **claims)}"}


def test_keys_are_fetched_once(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    client = service(f"{server.url}/keys", monkeypatch)
    assert server.asked == []
    for number in range(3):
        assert client.get("/", headers=bearer("1", jti=str(number))).status == 200
    assert client.get("/", headers=bearer(None)).status == 200
    assert server.asked == ["/keys"]


def test_old_keys_are_fetched_again(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = KeySet(f"{server.url}/keys", max_age=1e-9, cooldown=0)
    client = service(keys, monkeypatch)
    assert client.get("/", headers=bearer("1", jti="1")).status == 200
    server.answer("/keys", {"keys": [SECOND]})
    assert client.get("/", headers=bearer("1", jti="2")).status == 401
    assert client.get("/", headers=bearer("2", OTHER_RSA)).status == 200


def test_a_new_key_is_found(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    client = service(KeySet(f"{server.url}/keys", cooldown=0), monkeypatch)
    assert client.get("/", headers=bearer("1")).status == 200
    server.answer("/keys", {"keys": [FIRST, SECOND]})
    assert client.get("/", headers=bearer("2", OTHER_RSA)).status == 200
    assert server.asked == ["/keys", "/keys"]


def test_a_withdrawn_key_ends_the_tokens_that_it_signed(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token that was verified a moment ago is verified again after the keys have changed."""
    client = service(KeySet(f"{server.url}/keys", cooldown=0), monkeypatch)
    assert client.get("/", headers=bearer("1")).status == 200
    server.answer("/keys", {"keys": [SECOND]})
    assert client.get("/", headers=bearer("1")).status == 200, "the new keys are not known yet"
    assert client.get("/", headers=bearer("2", OTHER_RSA)).status == 200
    assert client.get("/", headers=bearer("1")).status == 401


def test_keys_that_are_the_same_keep_verified_tokens(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = KeySet(f"{server.url}/keys", max_age=1e-9, cooldown=0)
    client = service(keys, monkeypatch)
    for number in range(3):
        assert client.get("/", headers=bearer("1", jti=str(number))).status == 200
    assert len(server.asked) == 3
    assert client.get("/", headers=bearer("1", jti="0")).status == 200
    assert len(server.asked) == 3, "the token was verified before, so that no key is needed"


def test_unknown_keys_are_asked_for_rarely(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    client = service(f"{server.url}/keys", monkeypatch)
    for number in range(20):
        assert client.get("/", headers=bearer(f"x{number}")).status == 401
    assert server.asked == ["/keys"]
    assert client.get("/", headers=bearer("1")).status == 200


@pytest.mark.parametrize(
    "answer",
    [(b"no JSON", 200), ({"keys": []}, 200), ({"error": 1}, 500), ([], 200), ({"keys": 5}, 200)],
)
def test_the_last_keys_stay_in_use(
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    answer: tuple[object, int],
    caplog: pytest.LogCaptureFixture,
) -> None:
    keys = KeySet(f"{server.url}/keys", max_age=1e-9, cooldown=0)
    client = service(keys, monkeypatch)
    assert client.get("/", headers=bearer("1", jti="1")).status == 200
    server.answer("/keys", *answer)
    assert client.get("/", headers=bearer("1", jti="2")).status == 200
    assert "issuer" in caplog.text


def test_without_keys_it_is_a_503(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    keys = KeySet(f"{server.url}/none", cooldown=0.5)
    client = service(keys, monkeypatch)
    response = client.get("/", headers=bearer("1"))
    assert (response.status, response.headers["Retry-After"]) == (503, "1")
    assert response.json["detail"] == "The keys of the issuer cannot be fetched. Retry later."
    assert client.get("/", headers=bearer("1")).status == 503
    assert server.asked == ["/none"]
    assert "responds with 404" in caplog.text
    server.answer("/none", {"keys": [FIRST]})
    time.sleep(0.6)
    assert client.get("/", headers=bearer("1")).status == 200


@pytest.mark.parametrize(
    "url", ["http://id.example/keys", "file:///etc/passwd", "ftp://127.0.0.1/", "http://[::1/"]
)
def test_redirects_lead_to_https_only(
    server: Server, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    server.answer("/moved", {}, 302, Location=url)
    client = service(f"{server.url}/moved", monkeypatch)
    assert client.get("/", headers=bearer("1")).status == 503


def test_a_redirect_on_this_machine(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.answer("/moved", {}, 302, Location="/keys")
    client = service(f"{server.url}/moved", monkeypatch)
    assert client.get("/", headers=bearer("1")).status == 200


def test_large_sets_are_not_read(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.answer("/keys", {"keys": [FIRST], "x": "y" * 600_000})
    client = service(f"{server.url}/keys", monkeypatch)
    assert client.get("/", headers=bearer("1")).status == 503


def test_a_server_that_dribbles_is_left(server: Server) -> None:
    left = threading.Event()

    def dribble(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        try:
            for _ in range(60):
                handler.wfile.write(b" ")
                handler.wfile.flush()
                time.sleep(0.02)
        except OSError:
            left.set()

    server.answers["/slow"] = dribble
    keys = KeySet(f"{server.url}/slow", timeout=0.1)
    began = time.monotonic()
    with pytest.raises(Exception, match="The keys of the issuer cannot be fetched"):
        keys.find("1", "RS256")
    assert time.monotonic() - began < 3
    # A fetch that goes on does not hold up the end of the program.
    assert all(each.daemon for each in threading.enumerate() if each.name == "restkit-fetch")
    assert left.wait(5)


def dribble(first: bytes, each: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    """Return an answer that goes on for 2.5 seconds, a few bytes at a time."""

    def write(handler: BaseHTTPRequestHandler) -> None:
        with contextlib.suppress(OSError):
            handler.wfile.write(first)
            for _ in range(50):
                handler.wfile.write(each)
                handler.wfile.flush()
                time.sleep(0.05)

    return write


@pytest.mark.parametrize(
    ("first", "each"),
    [
        (b"HTTP/1.1 200 OK\r\nX: ", b"a"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
    ],
)
def test_the_time_out_holds_for_every_part(server: Server, first: bytes, each: bytes) -> None:
    server.answers["/slow"] = dribble(first, each)
    # Long enough for every thread to begin on a busy machine: one that is late asks again.
    keys = KeySet(f"{server.url}/slow", timeout=1, cooldown=0)
    began = time.monotonic()
    waiting = [threading.Thread(target=_find, args=(keys,)) for _ in range(4)]
    for thread in waiting:
        thread.start()
    for thread in waiting:
        thread.join(10)
    assert time.monotonic() - began < 5
    assert server.asked == ["/slow"]


def _find(keys: KeySet) -> None:
    with pytest.raises(ServiceUnavailable):
        keys.find("1", "RS256")


def test_threads_use_the_old_keys_while_one_fetches() -> None:
    fetching, finish = threading.Event(), threading.Event()
    fetched: list[str] = []

    def fetch(url: str) -> object:
        fetched.append(url)
        if len(fetched) > 1:
            fetching.set()
            finish.wait(10)
        return {"keys": [FIRST]}

    keys = KeySet("https://id.example/keys", max_age=1e-9, cooldown=0, fetch=fetch)
    assert len(keys.find("1", "RS256")) == 1
    slow = threading.Thread(target=keys.find, args=("1", "RS256"))
    slow.start()
    assert fetching.wait(10)
    assert len(keys.find("1", "RS256")) == 1
    assert len(fetched) == 2
    finish.set()
    slow.join(10)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"max_age": 0}, "KeySet: max_age must be positive, got 0"),
        ({"timeout": -1}, "KeySet: timeout must be positive, got -1"),
        ({"url": "http://127.0.0.2/"}, "is not an https URL"),
        ({"url": "https://[::1/"}, "is not an https URL"),
        ({"url": "https://"}, "is not an https URL"),
        ({"url": "https://ada@id.example/"}, "is not an https URL"),
        ({"url": 5}, "is not an https URL"),
    ],
)
def test_mistakes_are_told(options: dict[str, Any], says: str) -> None:
    with pytest.raises(DeclarationError, match=says):
        KeySet(**{"url": "https://id.example/keys"} | options)
