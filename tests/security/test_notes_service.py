"""Attacks on the notes by origins, hosts, sizes and numbers of requests, and on what is stored."""

from __future__ import annotations

import http.client
import itertools
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from notes_target import HS256, KEY, PLAN, Attack, Target
from servers import free_port, serve_process

from examples.notes.app import NotesSettings, create_app
from restkit.testing import Client

ROOT = Path(__file__).parents[2]
OURS = "https://notes.example"


def test_origins(target: Target) -> None:
    """Only the origin of the service's pages may read, byte for byte, on every response."""
    foreign = [
        "null",
        "",
        "https://notes.example.",
        "https://notes.example:443",
        "https://NOTES.example",
    ]
    foreign += [
        "http://notes.example",
        "https://notes.example.evil.example",
        "https://evilnotes.example",
    ]
    foreign += [
        "https://evil.example/https://notes.example",
        "https://notes.example/",
        "notes.example",
    ]
    foreign += [
        "https://a.notes.example",
        "https://notes.example https://evil.example",
        "*",
        "file://",
    ]
    foreign += ["https://notes.example@evil.example", "https://notes.example%60.evil.example"]
    places = [
        ("GET", "/notes", target.bob, 200),
        ("GET", "/notes", {}, 401),
        ("GET", "/x", {}, 404),
    ]
    places += [
        ("PATCH", "/notes/3", target.reader, 403),
        ("GET", "/health", {}, 200),
        ("PUT", "/notes", {}, 405),
    ]
    for origin, (method, path, who, status) in itertools.product([OURS, *foreign], places):
        response = target.client.request(method, path, headers=who | {"Origin": origin})
        allowed = response.headers.get("Access-Control-Allow-Origin")
        assert response.status == status
        assert allowed == (OURS if origin == OURS else None), (origin, path)
        assert "Origin" in response.headers["Vary"]
        assert "Access-Control-Allow-Credentials" not in response.headers
    for origin, method in itertools.product(
        [OURS, *foreign], ("GET", "DELETE", "PUT", "TRACE", "x")
    ):
        asked = {"Origin": origin, "Access-Control-Request-Method": method}
        asked["Access-Control-Request-Private-Network"] = "true"
        response = target.client.options("/notes/1", headers=asked)
        assert response.status == 204
        assert (response.headers.get("Access-Control-Allow-Origin") == OURS) == (origin == OURS)
        allowed = response.headers.get("Access-Control-Allow-Methods", "")
        assert method not in ("TRACE", "x") or method not in allowed
        assert "Access-Control-Allow-Private-Network" not in response.headers


def test_hosts_and_sizes(target: Target) -> None:
    hosts = [
        "evil.example",
        "notes.example.evil.example",
        "notes.example@evil.example",
        "NOTES.evil",
    ]
    hosts += ["10.0.0.1", "notes.example:x", "notes.example/x", "notes example", "[::1", "a" * 300]
    attacks = []
    for host, path in itertools.product(hosts, ("/notes", "/notes/1", "/openapi.json", "/x")):
        attacks.append(Attack("GET", path, {400}, target.bob | {"Host": host}))
    for host in hosts[:4]:
        forwarded = {"X-Forwarded-Host": host, "Forwarded": f"host={host}"}
        attacks.append(Attack("GET", "/notes", {200}, target.bob | forwarded))
        malformed = {400} if "@" in host else {200}
        attacks.append(Attack("GET", "/health", malformed, {"Host": host}))
    for size in (4097, 10_000, 100_000):
        attacks.append(Attack("GET", f"/notes?title__contains={'a' * size}", {414}, target.bob))
        attacks.append(Attack("GET", f"/notes/2?{'a' * size}", {414}, target.bob))
        attacks.append(Attack("GET", f"/notes/{'1' * size}", {414}, target.bob))
    attacks += [
        Attack("GET", "/notes", {431}, target.bob | {"X-Long": "a" * size})
        for size in (10_241, 20_000)
    ]
    many = target.bob | {f"X-{number}": "a" * 200 for number in range(100)}
    attacks.append(Attack("GET", "/notes", {431}, many))
    big = b'{"title": "' + b"a" * 2_100_000 + b'"}'
    json = target.bob | {"Content-Type": "application/json"}
    for method, path in (
        ("POST", "/notes"),
        ("PUT", "/notes/3"),
        ("PATCH", "/notes/3"),
        ("POST", "/notes/bulk"),
    ):
        attacks.append(Attack(method, path, {413}, json, content=big))
        attacks.append(
            Attack(method, path, {401}, {"Content-Type": "application/json"}, content=big)
        )
        contents = (
            b"[" * 5000,
            b'{"a":' * 5000,
            b"9" * 5000,
            b"\xff",
            b"{}{}",
            b'{"title": NaN}',
        )
        attacks += [Attack(method, path, {400, 422}, json, content=each) for each in contents]
    attacks += [
        Attack("GET", f"/notes?limit={limit}", {422}, target.bob)
        for limit in ("0", "-1", "101", "1e9", "9" * 400, "x", "")
    ]
    assert target.wrong(attacks) == []


def test_stored_responses_are_of_their_caller(target: Target) -> None:
    """Callers take turns at the same URLs: each gets what it gets without a cache."""
    callers = [
        target.ann,
        target.bob,
        target.staff,
        target.reader,
        {"X-API-Key": KEY},
        {},
        target.bearer(scope=""),
    ]
    paths = ["/notes", "/notes/1", "/notes/2", "/notes?sort=-title", "/notes/totals", "/comments"]
    paths += [
        "/notes?expand=comments",
        "/notes?fields=id",
        "/notes/2/comments",
        "/comments?expand=note",
    ]
    for path in paths:
        first = [target.client.get(path, headers=each) for each in callers]
        again = [target.client.get(path, headers=each) for each in reversed(callers)]
        fresh = [
            target.client.get(path, headers=each | {"Cache-Control": "no-cache"})
            for each in callers
        ]
        seen = [
            [(each.status, each.content) for each in found] for found in (first, again[::-1], fresh)
        ]
        assert seen[0] == seen[1] == seen[2], path
        assert {each.status for each in first[5:]} <= {401, 403}
        for response, caller in zip(first, callers, strict=True):
            assert PLAN not in response.text or caller == target.ann
            assert "public" not in response.headers.get("Cache-Control", "")
    tag = target.client.get("/notes/2", headers=target.ann).headers["ETag"]
    for who, status in (
        ({}, 401),
        (target.bearer(scope=""), 403),
        ({"Authorization": "Bearer x"}, 401),
    ):
        assert target.client.get("/notes/2", headers=who | {"If-None-Match": tag}).status == status


def test_stored_responses_follow_roles_and_rows(target: Target) -> None:
    """A lost role and a note that is shared no more are seen at once."""
    staff, former = target.bearer(sub="eve", roles=["staff"]), target.bearer(sub="eve")
    path = "/notes/2"
    for _ in range(3):
        assert "rating" in target.client.get(path, headers=staff).json
        assert "rating" not in target.client.get(path, headers=former).json
        assert target.client.get("/notes?sort=rating", headers=staff).status == 200
        assert target.client.get("/notes?sort=rating", headers=former).status == 422
    for shared, status in ((False, 404), (True, 200)):
        target.client.get(path, headers=former)
        change = {"shared": shared}
        assert target.client.patch(path, json=change, headers=target.ann).status == 200
        assert target.client.get(path, headers=former).status == status
        listed = target.client.get("/notes", headers=former).json["items"]
        assert (2 in [each["id"] for each in listed]) == shared


def _at_once(url: str, count: int, headers: dict[str, str], path: str = "/notes") -> Counter[int]:
    """Send requests at the same moment, and count the statuses."""
    begin = threading.Barrier(count)
    place = urlsplit(url).netloc

    def send(_: int) -> int:
        connection = http.client.HTTPConnection(place, timeout=60)
        try:
            connection.connect()
            begin.wait(60)
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            response.read()
            return response.status
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as threads:
        return Counter(threads.map(send, range(count)))


@contextmanager
def _serving(folder: Path) -> Iterator[str]:
    """Serve the notes by gunicorn with small quotas."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "--no-control-socket",
        "examples.notes.app:create_app()",
    ]
    command += ["--bind", f"127.0.0.1:{port}", "--threads", "16", "--log-level", "error"]
    environment = {
        "RESTKIT_DATABASE_URL": f"sqlite:///{folder / 'notes.db'}",
        "RESTKIT_JWT_KEY": HS256.verifier,
        "RESTKIT_REQUESTS_PER_MINUTE": "40",
        "RESTKIT_FAILURES_PER_MINUTE": "7",
    }
    with serve_process(command, port=port, cwd=ROOT, environment=environment, seconds=90) as url:
        yield url


def test_races_on_quotas(tmp_path: Path) -> None:
    """Of many requests at one moment, exactly as many as the quota pass."""
    with _serving(tmp_path) as url:
        for name in ("carl", "dora", "emil"):
            assert _at_once(url, 60, HS256.bearer(sub=name)) == {200: 40, 429: 20}
        # Other tokens of the same caller, and other URLs, are the same quota.
        other = HS256.bearer(sub="carl", roles=["staff"])
        assert _at_once(url, 10, other, "/comments") == {429: 10}
        assert _at_once(url, 30, {"Authorization": "Bearer guess"}) == {401: 7, 429: 23}
        # While guesses are too many, a right token is no answer to them.
        assert _at_once(url, 5, HS256.bearer(sub="fay")) == {429: 5}
        assert _at_once(url, 5, {}, "/health") == {200: 5}


@contextmanager
def _silent() -> Iterator[int]:
    """Listen on a port, accept, and never answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def _closed() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


@pytest.mark.parametrize("kind", ["stopped", "hanging"])
def test_redis_away(tmp_path: Path, kind: str) -> None:
    """Without Redis, guesses are refused by 503 at once, and health does not need it."""
    with _silent() as silent:
        port = silent if kind == "hanging" else _closed()
        settings = NotesSettings(
            database_url=f"sqlite:///{tmp_path / 'notes.db'}",
            jwt_key=HS256.verifier,
            archive_key=KEY,
            redis_url=f"redis://127.0.0.1:{port}/0",
        )
        client = Client(create_app(settings))
        ann, bob = HS256.bearer(sub="ann"), HS256.bearer(sub="bob")
        assert client.get("/notes", headers=ann).status == 503  # composes the App
        time.sleep(2.1)  # the pause after which Redis is asked again
        for who, path in itertools.product(
            (ann, bob, {}, {"X-API-Key": KEY}), ("/notes", "/comments")
        ):
            began = time.monotonic()
            response = client.get(path, headers=who)
            assert time.monotonic() - began < 1.5
            assert response.status == 503
            assert response.headers["Content-Type"] == "application/problem+json"
            assert "Retry-After" in response.headers
            assert "RateLimit" not in response.headers
            assert "redis" not in response.text.lower()
        began = time.monotonic()
        assert client.get("/health").status == 200
        assert time.monotonic() - began < 1.5
