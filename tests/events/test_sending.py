"""What a webhook is sent to: public addresses that were checked, over TLS, within its time."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from certificates import certificate
from marshmallow import fields
from receivers import Receiver, serve
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from restkit import App
from restkit.events import (
    EndpointRecord,
    Event,
    Webhooks,
    Worker,
    new_secret,
    outbox_metadata,
)
from restkit.sqlalchemy import Database

OUTBOX = outbox_metadata.tables["restkit_outbox"]
_lookup = socket.getaddrinfo


class Base(DeclarativeBase):
    pass


class Endpoint(EndpointRecord, Base):
    __tablename__ = "endpoint"

    id: Mapped[int] = mapped_column(primary_key=True)


class Ping(Event):
    type = "ping"
    schema = {"n": fields.Int()}


@pytest.fixture
def send(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Return a function that sends an event to a URL, and returns the error of the attempt."""
    database = Database(f"sqlite:///{tmp_path / 'a.db'}", create=Base.metadata)

    def send(url: str, **options: Any) -> str:
        webhooks = Webhooks(database, events=[Ping], endpoints=Endpoint, **options)
        app = App("Shop", extensions=[database, webhooks])
        with Session(database.engine) as session, session.begin():
            session.execute(sa.delete(OUTBOX))
            session.execute(sa.delete(Endpoint))
            session.add(Endpoint(url=url, events=["*"], secrets=[new_secret()]))
            webhooks.emit(Ping, {"n": 1}, session=session)
        assert Worker(app).run_due() == 2
        with database.engine.connect() as connection:
            return "; ".join(connection.scalars(sa.select(OUTBOX.c.error)))

    yield send
    database.close()


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def port(receiver: Receiver) -> Iterator[int]:
    with serve(receiver) as base:  # type: ignore[arg-type]
        yield int(base.rpartition(":")[2])


ADDRESSES = [
    "127.0.0.1",
    "127.1.2.3",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "224.0.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "[::1]",
    "[::]",
    "[fe80::1]",
    "[fc00::1]",
    "[fec0::1]",
    "[ff02::1]",
    "[ff0e::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:10.0.0.1]",
    "[::127.0.0.1]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::10.0.0.1]",
    "[64:ff9b:1::1]",
    "[2002:7f00:1::]",
    "[2001:0:1::1]",
    "[2001:db8::1]",
    "[2001:2::1]",
    "[3fff::1]",
    "[5f00::1]",
    "[100::1]",
    "192.0.0.9",
    "192.88.99.1",
    "168.63.129.16",
    "2130706433",
    "0x7f.1",
    "0177.0.0.1",
    "localhost",
]


@pytest.mark.parametrize("host", ADDRESSES)
def test_addresses_that_are_not_public(host: str, send: Callable[..., str]) -> None:
    """However they are written, the worker does not connect to them."""
    error = send(f"https://{host}:1/")
    assert error in (
        "The host has no public address.",
        "The name of the host has no address.",
        "The URL is not an https URL with a host.",
    )


URLS = {
    "ftp://example.com/": "not an https URL",
    "file:///etc/passwd": "not an https URL",
    "https://": "not an https URL",
    "https:///path": "not an https URL",
    "https://a b/": "not an https URL",
    "https://a_b%0d%0aX: y/": "invalid",
    "https://a_b%0d%0aX/": "not an https URL",
    "https://user:word@example.com/": "has a user name or a password",
    "https://@example.com/": "has a user name or a password",
    "https://example.com:99999/": "invalid",
    "https://example.com:x/": "invalid",
    "https://[::1/": "invalid",
    "https://exa\u2028mple.com/": "",
    "not a url": "not an https URL",
    "": "not an https URL",
}


@pytest.mark.parametrize("url", URLS)
def test_urls_that_cannot_be_sent_to(
    url: str, send: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is an error of the delivery, and no name is looked up."""
    looked: list[object] = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *each, **more: looked.append(each))
    assert URLS[url] in send(url)
    assert looked == []


def test_http_is_for_opened_networks(
    send: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret content must not cross the internet in clear text."""
    _resolve(monkeypatch, {"hooks.test": ["93.184.216.34"]})
    assert send("http://hooks.test/") == "Webhooks are sent to https URLs only."
    assert send("http://hooks.test/", private_networks=["127.0.0.0/8"]).startswith("Webhooks are")


def _resolve(monkeypatch: pytest.MonkeyPatch, names: dict[str, list[str]]) -> list[str]:
    """Let names have these addresses, one after the other; return the names that were asked."""
    asked: list[str] = []

    def lookup(host: str, port: int, *more: Any, **options: Any) -> Any:
        if host not in names:
            return _lookup(host, port, *more, **options)
        asked.append(host)
        addresses = names[host]
        address = addresses.pop(0) if len(addresses) > 1 else addresses[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    return asked


def test_the_checked_address_is_the_one_that_is_connected_to(
    send: Callable[..., str], monkeypatch: pytest.MonkeyPatch, receiver: Receiver, port: int
) -> None:
    """The name is resolved once: a second answer could be another address (DNS rebinding)."""
    asked = _resolve(monkeypatch, {"hooks.test": ["127.0.0.1", "127.0.0.2"]})
    assert send(f"http://hooks.test:{port}/a?b=1", private_networks=["127.0.0.1/32"]) == ""
    assert asked == ["hooks.test"]
    ((headers, _),) = receiver.got
    assert headers["host"] == f"hooks.test:{port}"
    asked = _resolve(monkeypatch, {"hooks.test": ["127.0.0.2"]})
    assert send(f"http://hooks.test:{port}/", private_networks=["127.0.0.1/32"]) == (
        "The host has no public address."
    )
    assert len(receiver.got) == 1


def test_names_with_other_letters(
    send: Callable[..., str], monkeypatch: pytest.MonkeyPatch, receiver: Receiver, port: int
) -> None:
    """They are resolved and sent in ASCII (IDNA)."""
    asked = _resolve(monkeypatch, {"xn--bcher-kva.test": ["127.0.0.1"]})
    url = f"http://BÜCHER.test:{port}/wörk/a%20b?x=ü\u2028#part"
    assert send(url, private_networks=["127.0.0.0/8"]) == ""
    assert asked == ["xn--bcher-kva.test"]
    assert receiver.got[0][0]["host"] == f"xn--bcher-kva.test:{port}"


def test_a_second_address_if_the_first_is_closed(
    send: Callable[..., str], monkeypatch: pytest.MonkeyPatch, receiver: Receiver, port: int
) -> None:
    """Every address of a name may be tried."""

    def both(host: str, number: int, *more: Any, **options: Any) -> Any:
        if host != "hooks.test":
            return _lookup(host, number, *more, **options)
        one = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*one, ("127.0.0.9", number)), (*one, ("127.0.0.1", number))]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    assert send(f"http://hooks.test:{port}/", private_networks=["127.0.0.0/8"]) == ""
    assert len(receiver.got) == 1


# responses


@contextlib.contextmanager
def listening(behave: Callable[[socket.socket], None]) -> Generator[str]:
    """Serve one connection by a function, and return the URL."""
    server = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                with connection, contextlib.suppress(OSError):
                    connection.recv(65536)
                    behave(connection)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


def _drip(connection: socket.socket) -> None:
    for each in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100:
        connection.send(bytes([each]))
        time.sleep(0.1)


def _endless(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for number in range(5000):
        connection.sendall(b"X-%d: %s\r\n" % (number, b"x" * 100))


ANSWERS: dict[str, tuple[Callable[[socket.socket], None], str]] = {
    "interim": (
        lambda one: one.sendall(b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200\r\n\r\n"),
        "",
    ),
    "http 1.0": (lambda one: one.sendall(b"HTTP/1.0 202 Fine\r\n\r\nlong content"), ""),
    "no http": (lambda one: one.sendall(b"220 smtp ready\r\n\r\n"), "The connection failed"),
    "nothing": (lambda one: None, "The connection failed"),
    "half": (lambda one: one.sendall(b"HTTP/1.1 200 OK\r\nX: "), "The connection failed"),
    "endless": (_endless, "The connection failed"),
    "silence": (lambda one: time.sleep(1), "There is no response within 0.5 seconds."),
    "a byte at a time": (_drip, "There is no response within 0.5 seconds."),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_responses(name: str, send: Callable[..., str]) -> None:
    """Whatever a receiver does, an attempt ends within its time, and memory."""
    behave, expected = ANSWERS[name]
    with listening(behave) as url:
        started = time.monotonic()
        error = send(url, private_networks=["127.0.0.0/8"], timeout=0.5)
        assert time.monotonic() - started < 3
    assert error.startswith(expected)
    assert bool(error) == bool(expected)


def test_nobody_listens(send: Callable[..., str]) -> None:
    """A refused connection is an error of the attempt."""
    with listening(lambda one: None) as url:
        pass
    error = send(url, private_networks=["127.0.0.0/8"])
    assert error == "The connection failed: ConnectionRefusedError."


# TLS


def test_tls_verifies_the_name(
    send: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The certificate must be of the name in the URL, although the address was resolved before."""
    path = certificate(tmp_path, "hooks.test")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    names: list[str | None] = []
    context.sni_callback = lambda one, name, whole: names.append(name)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    _resolve(monkeypatch, {"hooks.test": ["127.0.0.1"], "other.test": ["127.0.0.1"]})

    def behave(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(65536)
            secured.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

    server = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        for _ in range(2):
            connection, _ = server.accept()
            with connection, contextlib.suppress(OSError):
                behave(connection)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    port = server.getsockname()[1]
    urls = [f"https://{host}:{port}/" for host in ("hooks.test", "other.test")]
    errors = [send(url, private_networks=["127.0.0.0/8"]) for url in urls]
    thread.join(10)
    server.close()
    assert errors[0] == ""
    assert errors[1].startswith("TLS failed: CERTIFICATE_VERIFY_FAILED")
    assert names == ["hooks.test", "other.test"]
