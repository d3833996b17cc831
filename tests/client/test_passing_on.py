"""What requests to another service have of the request that causes them."""

from __future__ import annotations

from typing import Any

import pytest
from stock_service import served, stock

from restkit import App, Request
from restkit.client import Client
from restkit.service import Service
from restkit.testing import Client as Caller

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SENT = {
    "Authorization": "Bearer secret",
    "Accept-Language": "de",
    "Cookie": "session=secret",
    "X-Request-Id": "order-7",
    "traceparent": PARENT,
    "tracestate": "vendor=1",
}


def seen(*, has_service: bool = True, url: str = "", **options: Any) -> dict[str, str]:
    """Return the headers that the other service gets."""
    client = Client(url or stock(), **options)
    app = App("Shop", extensions=[Service()] if has_service else [])

    @app.get("/")
    def home() -> object:
        return client.echo()["headers"]

    found: dict[str, str] = Caller(app).get("/", headers=SENT).json
    client.close()
    return found


def test_the_request_id_and_the_trace_go_along() -> None:
    """The span is that of this service."""
    headers = seen()
    assert headers["x-request-id"] == "order-7"
    assert headers["traceparent"].startswith("00-0af7651916cd43dd8448eb211c80319c-")
    assert headers["traceparent"].endswith("-01")
    assert headers["traceparent"] != PARENT
    assert headers["tracestate"] == "vendor=1"


def test_over_a_socket_too() -> None:
    with served(stock()) as url:
        headers = seen(url=url)
    assert headers["x-request-id"] == "order-7"
    assert headers["traceparent"].startswith("00-0af7651916cd43dd8448eb211c80319c-")


def test_without_a_service_extension_there_is_no_id() -> None:
    headers = seen(has_service=False)
    assert "x-request-id" not in headers
    assert "traceparent" not in headers


def test_the_principal_goes_along_only_where_that_is_said() -> None:
    """Another service need not learn the credentials of callers."""
    headers = seen()
    assert "authorization" not in headers
    assert "accept-language" not in headers
    headers = seen(forward=["Authorization", "Accept-Language"])
    assert headers["authorization"] == "Bearer secret"
    assert headers["accept-language"] == "de"


def test_cookies_never_go_along() -> None:
    assert "cookie" not in seen(forward=["Authorization"])


def test_credentials_of_the_service_itself() -> None:
    """They take the place of those of the caller."""
    headers = seen(forward=["authorization"], headers={"Authorization": "Bearer own"})
    assert headers["authorization"] == "Bearer own"


def test_a_request_with_no_such_header_passes_none_on() -> None:
    assert "x-tenant" not in seen(forward=["X-Tenant"])


def test_outside_of_a_request_there_is_nothing_to_pass_on() -> None:
    headers = Client(stock(), forward=["Authorization"]).echo()["headers"]
    assert not {"authorization", "x-request-id", "traceparent"} & headers.keys()


@pytest.mark.parametrize("name", ["x-request-id", "traceparent", "x-request-timeout-ms"])
def test_what_the_client_sends_itself_is_no_argument(name: str) -> None:
    """Although the document of a Service names these headers."""
    app = App("Stock", extensions=[Service()])

    @app.get("/")
    def home() -> str:
        return ""

    names = [each.name.lower() for each in Client(app).home.operation.parameters]
    assert name not in names


@pytest.mark.parametrize("is_socket", [True, False], ids=["socket", "in process"])
@pytest.mark.parametrize("value", ["Bearer \xe9", "Bearer \xc3\xa9"])
def test_bytes_of_a_header_go_along_as_they_are(value: str, is_socket: bool) -> None:
    """RFC 9110, section 5.5: a field value may have bytes beyond ASCII."""
    received: list[str] = []
    peer = App("Peer")

    @peer.get("/echo")
    def echo() -> dict[str, str]:
        received.append(Request.current().environ["HTTP_AUTHORIZATION"])
        return {}

    def ask(client: Client) -> None:
        app = App("Shop")

        @app.get("/")
        def home() -> dict[str, str]:
            client.echo()
            return {}

        assert Caller(app).get("/", headers={"Authorization": value}).status == 200

    if is_socket:
        with served(peer) as url, Client(url, forward=["Authorization"]) as client:
            ask(client)
    else:
        ask(Client(peer, forward=["Authorization"]))
    assert received == [value]
