"""`Client`: a service over a socket, and an App in this process, as one and the same."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx2
import pytest
from servers import free_port
from stock_service import OutOfStock, served, stock

from restkit import (
    App,
    BadGateway,
    Conflict,
    DeclarationError,
    Forbidden,
    InternalServerError,
    NotFound,
    Problem,
    Request,
    ServiceUnavailable,
    Settings,
    UnprocessableContent,
)
from restkit.client import Client, Method, PeerFailed, PeerUnavailable, Reply
from restkit.openapi import build
from restkit.openapi.document import to_yaml

Make = Callable[..., Client]


@pytest.fixture(params=["socket", "in process"])
def client_of(request: pytest.FixtureRequest) -> Iterator[Make]:
    """Return a function that makes a client of the service."""
    app = stock()
    if request.param == "in process":
        yield lambda **options: Client(app, **options)
        return
    with served(app) as url:
        made: list[Client] = []

        def make(**options: object) -> Client:
            made.append(Client(url, name="Stock", **options))  # type: ignore[arg-type]
            return made[-1]

        yield make
        for each in made:
            each.close()


def echoed(client: Client, **arguments: object) -> str:
    found: str = client.echo(**arguments)["url"]
    return found


def test_operations_are_methods(client_of: Make) -> None:
    """By operationId, as Python writes names; the document is fetched before the first call."""
    client = client_of()
    assert client.get_item(sku="caf\xe9 & more") == {"sku": "caf\xe9 & more"}
    made = client.reserve(sku="a", quantity=2, valid_until=date(2027, 1, 31))
    assert made == {"sku": "a", "quantity": 2, "validUntil": "2027-01-31", "number": 1}
    assert client.cancel(number=1) is None
    assert client.text() == "caf\xe9"
    assert {"get_item", "reserve", "cancel"} <= {*dir(client)}


def test_methods_are_also_found_by_their_operation_id(client_of: Make) -> None:
    client = client_of()
    assert client.operation("getItem")(sku="a") == {"sku": "a"}
    assert client.operation("getItem").operation.path == "/items/{sku}"
    with pytest.raises(LookupError, match="has no operation 'getThing'"):
        client.operation("getThing")


def test_arguments_are_named_as_in_the_document_or_in_python(client_of: Make) -> None:
    """Members of the content as well as parameters; the content may also be given whole."""
    client = client_of()
    assert (
        client.reserve(sku="a", quantity=1, validUntil="2027-01-31")["validUntil"] == "2027-01-31"
    )
    assert client.reserve(body={"sku": "b", "quantity": 1})["sku"] == "b"
    assert client.echo(**{"X-Shop-Language": "de"})["headers"]["x-shop-language"] == "de"
    assert client.echo(x_shop_language="fr")["headers"]["x-shop-language"] == "fr"


def test_values_are_written_as_the_document_says(client_of: Make) -> None:
    client = client_of()
    assert echoed(client, kind="a b&c", exact=True) == "/echo?kind=a+b%26c&exact=true"
    assert echoed(client, tags=["x", "y,z"]) == "/echo?tags=x&tags=y%2Cz"
    assert echoed(client, since=date(2027, 1, 31), kind=None) == "/echo?since=2027-01-31"


def test_a_reply_has_status_and_headers(client_of: Make) -> None:
    reply = client_of().reserve.reply(sku="a", quantity=1)
    assert isinstance(reply, Reply)
    assert reply.status == 201
    assert reply.headers["content-type"] == "application/json"
    assert reply.data["number"] == 1  # type: ignore[index]
    assert reply.etag is None


@pytest.mark.parametrize(("sku", "kind"), [("none", NotFound), ("secret", Forbidden)])
def test_a_problem_is_raised_as_its_class(client_of: Make, sku: str, kind: type[Problem]) -> None:
    with pytest.raises(kind) as caught:
        client_of().get_item(sku=sku)
    assert caught.type is kind
    assert caught.value.detail == f"There is nothing about {len(sku)} letters."


def test_invalid_input_is_raised_with_its_errors(client_of: Make) -> None:
    """The pointers are those of the service."""
    with pytest.raises(UnprocessableContent) as caught:
        client_of().reserve(sku="a", quantity=0)
    assert [each["pointer"] for each in caught.value.errors] == ["/quantity"]
    with pytest.raises(UnprocessableContent) as caught:
        client_of().echo(since="soon")
    assert caught.value.errors[0]["location"] == "query"


def test_a_problem_of_the_service_is_raised_as_the_class_that_is_given(client_of: Make) -> None:
    """Its members are those of the response; the constructor of the class is not called."""
    client = client_of(problems=[OutOfStock])
    with pytest.raises(OutOfStock) as caught:
        client.reserve(sku="a", quantity=99)
    assert caught.value.detail == str(caught.value) == "There are too few."
    assert caught.value.extensions == {"left": 3}
    assert caught.value.to_dict() == {
        "type": OutOfStock.type,
        "title": "Out of stock",
        "status": 409,
        "detail": "There are too few.",
        "left": 3,
    }


def test_an_unknown_problem_is_one_of_its_status_with_its_type(client_of: Make) -> None:
    with pytest.raises(Conflict) as caught:
        client_of().reserve(sku="a", quantity=99)
    assert caught.value.type == OutOfStock.type
    assert caught.value.title == "Out of stock"
    assert caught.value.extensions == {"left": 3}


def test_the_time_to_wait_is_kept(client_of: Make) -> None:
    with pytest.raises(ServiceUnavailable) as caught:
        client_of().busy()
    assert caught.value.headers == {"Retry-After": "7"}


def test_a_failure_of_the_service_is_a_500(client_of: Make) -> None:
    with pytest.raises(InternalServerError) as caught:
        client_of().broken()
    assert "secret" not in str(caught.value)


def test_a_failure_in_this_process_has_its_exception_as_the_cause() -> None:
    with pytest.raises(InternalServerError) as caught:
        Client(stock()).broken()
    assert isinstance(caught.value.__cause__, RuntimeError)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c: c.get_item(), r"Stock\.get_item\(\) lacks the argument 'sku'"),
        (lambda c: c.get_item(sku=None), "lacks the argument 'sku'"),
        (lambda c: c.reserve(sku="a", quantit=1), "no argument 'quantit'. Did you mean 'quantity'"),
        (lambda c: c.text(z=1), "It takes: if_match, if_none_match"),
        (lambda c: c.reserve(sku="a", body={}), "both body= and 'sku'"),
        (lambda c: c.get_item(sku=".."), r"'sku': '\.\.' cannot be a part of a path"),
        (lambda c: c.get_item(sku=""), "cannot be a part of a path"),
        (lambda c: c.get_item(sku=object()), "a object cannot be written as a text"),
        (lambda c: c.echo(x_shop_language="a\r\nb: c"), "printable ASCII characters only"),
        (lambda c: c.echo(x_shop_language="\xe9"), "printable ASCII characters only"),
    ],
)
def test_wrong_arguments_are_type_errors(call: Callable[[Client], object], message: str) -> None:
    """They are the caller's mistakes, found before a request is sent."""
    with pytest.raises(TypeError, match=message):
        call(Client(stock()))


def test_an_unknown_operation_is_an_attribute_error(client_of: Make) -> None:
    client = client_of()
    with pytest.raises(AttributeError, match=r"has no operation 'reserv'\. Did you mean 'reserve'"):
        client.reserv
    assert not hasattr(client, "_private")


def test_unknown_operations_are_found_at_the_start(client_of: Make) -> None:
    """By the constructor if the document is known, and by `check` otherwise."""
    with pytest.raises(DeclarationError, match="Stock has no operation 'reserveAll'"):
        client_of(operations=["reserve", "reserveAll"]).check()
    assert client_of(operations=["reserve", "getItem", "get_item"]).check()
    with pytest.raises(DeclarationError, match="has no operation 'reserveAll'"):
        Client(stock(), operations=["reserveAll"])


def test_a_service_that_is_away_does_not_keep_a_program_from_starting(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """`check` logs it, and the first call raises a 503."""
    client = Client(f"http://127.0.0.1:{free_port()}", operations=["reserve"])
    assert client.check() is False
    assert "does not respond" in caplog.text
    with pytest.raises(PeerUnavailable, match="cannot be reached") as caught:
        client.reserve(sku="a", quantity=1)
    assert caught.value.status == 503


def test_check_asks_each_time() -> None:
    """It is a check of readiness."""
    with served(stock()) as url:
        client = Client(url)
        assert client.check() is True
        assert client.check() is True
    assert client.check() is False
    client.close()


def test_the_document_is_fetched_once_by_many_threads() -> None:
    fetched: list[str] = []
    app = stock()

    def counting(environ: dict[str, object], start_response: object) -> object:
        fetched.append(str(environ["PATH_INFO"]))
        return app(environ, start_response)  # type: ignore[arg-type]

    client = Client(counting)  # type: ignore[arg-type]  # it is a WSGI application
    results: list[object] = []
    threads = [
        threading.Thread(target=lambda: results.append(client.get_item(sku="a"))) for _ in range(8)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert results == [{"sku": "a"}] * 8
    assert fetched.count("/openapi.json") == 1


@pytest.mark.parametrize("suffix", [".json", ".yaml"])
def test_the_document_may_be_given(tmp_path: Path, suffix: str) -> None:
    """As an object or a file: then none is fetched."""
    document = build(stock())
    path = tmp_path / f"stock{suffix}"
    path.write_text(to_yaml(document) if suffix == ".yaml" else json.dumps(document), "utf-8")
    asked: list[str] = []
    inner = stock()

    def app(environ: dict[str, object], start_response: object) -> object:
        asked.append(str(environ["PATH_INFO"]))
        return inner(environ, start_response)  # type: ignore[arg-type]

    for given in (document, path, str(path)):
        client = Client(app, document=given)  # type: ignore[arg-type]
        assert client.get_item(sku="a") == {"sku": "a"}
    assert asked == ["/items/a"] * 3


def test_schemas_that_name_each_other_are_read_once() -> None:
    """Forty of them, each with two ways to the next one, have a trillion ways through."""
    names = [f"Node{number}" for number in range(40)]
    at = "#/components/schemas/"
    below = {name: {"$ref": f"{at}{following}"} for name, following in pairwise(names)}
    schemas: dict[str, Any] = {
        name: {"anyOf": [each, each], "properties": {name: {"type": "string"}}}
        for name, each in below.items()
    }
    schemas[names[-1]] = {"allOf": [{"$ref": f"{at}{names[0]}"}]}
    content = {"application/json": {"schema": {"$ref": f"{at}{names[0]}"}}}
    send = {"operationId": "send", "requestBody": {"content": content}, "responses": {}}
    document = {
        "openapi": "3.1.0",
        "paths": {"/": {"post": send}},
        "components": {"schemas": schemas},
    }
    client = Client("http://nodes", document=document)
    with pytest.raises(TypeError, match=r"Did you mean 'node_?0'"):
        client.send(node_0x="a")


def test_a_document_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"nothing\.json cannot be read"):
        Client("http://stock", document=tmp_path / "nothing.json")
    with pytest.raises(DeclarationError, match="needs an OpenAPI document"):
        Client("http://stock", document={"swagger": "2.0"})


def test_a_service_without_a_document_is_named() -> None:
    plain = App("Plain")

    @plain.get("/")
    def home() -> str:
        return ""

    with served(plain) as url:
        client = Client(url, document_url="/nothing.json")
        with pytest.raises(PeerFailed, match=r"/nothing\.json responded with 404"):
            client.home()
        client.close()


def test_headers_go_with_each_request(client_of: Make) -> None:
    """A function is asked each time, for credentials that change."""
    tokens = iter(["first", "second", "third"])
    client = client_of(headers=lambda: {"Authorization": f"Bearer {next(tokens)}"})
    client.echo  # fetches the document, if it has to
    seen = [client.echo()["headers"]["authorization"] for _ in range(2)]
    assert seen in (["Bearer first", "Bearer second"], ["Bearer second", "Bearer third"])
    fixed = client_of(headers={"X-Api-Key": "k"}).echo()["headers"]
    assert fixed["x-api-key"] == "k"
    assert fixed["user-agent"] == "restkit"


def test_cookies_of_one_call_are_not_sent_with_another() -> None:
    """A client serves all callers of a service."""
    app = App("Cookies")

    @app.get("/")
    def home(request: Request) -> tuple[dict[str, str], int, dict[str, str]]:
        return {"cookie": request.headers.get("Cookie", "")}, 200, {"Set-Cookie": "a=b"}

    with served(app) as url:
        client = Client(url)
        assert [client.home(), client.home()] == [{"cookie": ""}] * 2
        client.close()


def respond(status: str, content_type: str, content: bytes) -> Client:
    """Return a client of a service that is no restkit App."""
    document = {
        "openapi": "3.1.0",
        "paths": {"/x": {"get": {"operationId": "x", "responses": {"200": {}, "404": {}}}}},
    }

    def app(environ: object, start_response: Callable[..., object]) -> list[bytes]:
        start_response(status, [("Content-Type", content_type)])
        return [content]

    return Client(app, document=document, name="Other")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "content_type", "content", "kind"),
    [
        ("404 Not Found", "text/html", b"<p>", NotFound),
        ("404 Not Found", "application/json", b'{"error": "x"}', NotFound),
        ("403 Forbidden", "text/html", b"<p>", PeerFailed),
        ("403 Forbidden", "application/problem+json", b"{}", Forbidden),
        ("403 Forbidden", "application/problem+json", b"{", Forbidden),
        ("503 Down", "text/html", b"<p>", ServiceUnavailable),
        ("500 Broken", "text/html", b"<p>", PeerFailed),
        ("200 OK", "application/json", b"{", PeerFailed),
        ("200 OK", "application/json", b'{"a": 1, "a": 2}', PeerFailed),
    ],
)
def test_other_services(
    status: str, content_type: str, content: bytes, kind: type[Problem]
) -> None:
    """An error that neither is a problem nor is declared is a 502, as is invalid JSON."""
    with pytest.raises(kind) as caught:
        respond(status, content_type, content).x()
    assert caught.type is kind
    assert "Other" in str(caught.value)


def test_redirects_are_not_followed() -> None:
    """Credentials would go along."""
    with pytest.raises(PeerFailed, match="responded with 302"):
        respond("302 Found", "text/plain", b"").x()


def test_other_content_is_bytes() -> None:
    assert respond("200 OK", "image/png", b"\x89PNG").x() == b"\x89PNG"
    assert respond("200 OK", "text/plain; charset=iso-8859-1", b"\xe9").x() == "\xe9"
    assert respond("204 No Content", "text/plain", b"").x() is None


def test_a_transport_of_ones_own() -> None:
    """A cache, a proxy, or a mock."""

    def handle(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json={"url": str(request.url)})

    client = Client(
        "http://stock/v1/", document=build(stock()), transport=httpx2.MockTransport(handle)
    )
    assert client.get_item(sku="a") == {"url": "http://stock/v1/items/a"}


@pytest.mark.parametrize(
    "target",
    ["stock", "ftp://stock", "http://", "http://a/?b=c", "http://u:p@a", "http://a:x", 5, App],
)
def test_wrong_targets_are_refused(target: object) -> None:
    with pytest.raises(DeclarationError, match=r"Client\(\) expects the URL of a service"):
        Client(target)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "options",
    [
        {"timeout": 0},
        {"timeout": True},
        {"document_url": "x"},
        {"operations": "x"},
        {"forward": "x"},
    ],
)
def test_wrong_options_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(DeclarationError):
        Client("http://stock", **options)  # type: ignore[arg-type]


def test_names_of_the_client_itself_get_an_underscore() -> None:
    app = App("Doors")

    @app.post("/close")
    def close() -> dict[str, str]:
        return {"door": "closed"}

    client = Client(app)
    assert client.close_() == {"door": "closed"}
    assert isinstance(client.close_, Method)
    assert "POST /close" in repr(client.close_)


def test_two_operations_of_one_name_are_told_apart_by_their_ids() -> None:
    node = {"responses": {"200": {}}}
    document = {
        "openapi": "3.0.3",
        "paths": {
            "/a": {"get": {"operationId": "getA", **node}},
            "/b": {"get": {"operationId": "GetA", **node}},
        },
    }
    client = Client("http://stock", document=document)
    with pytest.raises(AttributeError, match="several operations of stock: getA, GetA"):
        client.get_a
    assert client.operation("getA").operation.path == "/a"
    assert client.operation("GetA").operation.path == "/b"


def test_a_client_is_closed_and_used_again() -> None:
    with served(stock()) as url, Client(url) as client:
        assert client.get_item(sku="a") == {"sku": "a"}
        client.close()
        assert client.get_item(sku="b") == {"sku": "b"}
        assert repr(client) == f"<Client of {url.removeprefix('http://')}: {url}>"


def _raw_peer(*responses: bytes) -> tuple[str, threading.Thread]:
    """Serve bytes from a socket, one response after the other."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listening:
            for each in responses:
                connection, _ = listening.accept()
                with connection:
                    connection.recv(65_536)
                    connection.sendall(each)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return f"http://127.0.0.1:{listening.getsockname()[1]}", thread


_TEXTS = {
    "openapi": "3.1.0",
    "info": {"title": "Texts", "version": "1"},
    "paths": {
        "/text": {
            "get": {
                "operationId": "text",
                "responses": {
                    "200": {
                        "description": "",
                        "content": {"text/plain": {"schema": {"type": "string"}}},
                    }
                },
            }
        }
    },
}


@pytest.mark.parametrize(
    "charset", ["bogus", "base64", "idna", "punycode", "unicode_escape", "undefined", "x" * 5_000]
)
def test_text_in_an_unknown_charset(charset: str) -> None:
    """It is a failure of the other service, as invalid JSON is."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset={charset}\r\n"
    url, thread = _raw_peer(
        f"{head}Content-Length: 2\r\nConnection: close\r\n\r\n\xff\xfe".encode("latin-1")
    )
    with Client(url, document=_TEXTS) as texts, pytest.raises(PeerFailed, match="unknown charset"):
        texts.text()
    thread.join(timeout=5)


def test_the_check_of_a_service_behind_a_failing_proxy() -> None:
    """A 502 comes from the proxy: the service itself does not respond."""
    bad = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    url, _ = _raw_peer(bad, bad, bad)
    with Client(url, document=_TEXTS, retries=0) as texts:
        with pytest.raises(BadGateway):
            texts.text()
        assert not texts.check()


@pytest.mark.parametrize(
    "hosts",
    [["stock.example"], ["*.stock.example"], ["*.a.example", "b.example:8443"], ["[::1]"]],
    ids=repr,
)
def test_an_app_in_this_process_is_called_by_its_host(hosts: list[str]) -> None:
    """`https` and `hosts` stop clients from outside, and no call in the process."""
    app = App("Stock", settings=Settings(https=True, hosts=hosts))

    @app.get("/items")
    def items() -> dict[str, int]:
        return {"lamp": 1}

    with Client(app) as client:
        assert client.items() == {"lamp": 1}
        assert client.check()


@pytest.mark.parametrize(
    "options",
    [
        {"breaker": 0.7},
        {"breaker": "on"},
        {"breaker": None},
        {"timeout": float("nan")},
        {"timeout": float("inf")},
        {"timeout": True},
        {"headers": 5},
        {"headers": "Authorization"},
        {"problems": [5]},
        {"problems": Conflict},
    ],
    ids=repr,
)
def test_options_that_cannot_be_meant(options: dict[str, Any]) -> None:
    (name,) = options
    with pytest.raises(DeclarationError, match=rf"^Client\({name}="):
        Client(App("Stock"), **options)
