"""Request ids: taken or made, in the request and on every response."""

from __future__ import annotations

import os
import random
import re

import pytest

from restkit import App, NotFound, Proceed, Request, Response, raises
from restkit.caching import Cache
from restkit.openapi import build
from restkit.security import CORS, Hosts, SecurityHeaders
from restkit.service import Service, outgoing_headers
from restkit.testing import Client

NAME = "X-Request-Id"
MADE = re.compile("[0-9a-f]{32}")


def shop() -> App:
    app = App(
        "Shop",
        extensions=[Service(), Hosts(["localhost", "127.0.0.1"]), CORS(["https://a.example"])],
    )

    @app.get("/")
    def home(request: Request) -> str:
        return request.id

    @app.get("/missing")
    @raises(NotFound)
    def missing() -> str:
        raise NotFound

    @app.get("/broken")
    def broken() -> str:
        raise RuntimeError

    @app.get("/own")
    def own(request: Request) -> tuple[str, int, dict[str, str]]:
        return "", 200, {"x-request-id": "own"}

    @app.get("/response")
    def response() -> Response:
        return Response("text", headers={NAME: "own"})

    return app


@pytest.fixture(scope="module")
def client() -> Client:
    return Client(shop(), raise_errors=False)


@pytest.mark.parametrize("given", ["a", "order-7", "A.b_c-9", "x" * 128])
def test_an_id_is_taken(client: Client, given: str) -> None:
    response = client.get("/", headers={NAME: given})
    assert response.headers[NAME] == given
    assert response.json == given


@pytest.mark.parametrize(
    "given", ["", "x" * 129, "a b", "a,b", "\xe9", "a;b", "${jndi:x}", "a\tb", "a/b", '"a"', "a "]
)
def test_another_text_is_replaced(client: Client, given: str) -> None:
    """The client's text is nowhere in the response."""
    response = client.get("/", headers={NAME: given})
    assert MADE.fullmatch(response.headers[NAME])
    assert response.json == response.headers[NAME]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("HEAD", "/", 200),
        ("OPTIONS", "/", 204),
        ("OPTIONS", "*", 204),
        ("DELETE", "/", 405),
        ("GET", "/nothing", 404),
        ("GET", "/missing", 404),
        ("GET", "/broken", 500),
        ("GET", "/?unknown=1", 422),
        ("GET", "/own", 200),
        ("GET", "/response", 200),
        ("GET", "/livez", 200),
        ("GET", "/readyz", 200),
        ("GET", "/openapi.json", 200),
    ],
)
def test_every_response_has_it_once(client: Client, method: str, path: str, status: int) -> None:
    """Of the App, of routing, and of exceptions alike; and the id of each request alone."""
    first = client.request(method, path, headers={NAME: "order-6"})
    assert first.headers.getlist(NAME) == ["order-6"]
    response = client.request(method, path, headers={NAME: "order-7"})
    assert response.status == status
    assert response.headers.getlist(NAME) == ["order-7"]


def test_what_is_refused_before_routing_has_it(client: Client) -> None:
    response = client.get("/", headers={NAME: "order-7", "Host": "evil.example"})
    assert response.status == 400
    assert response.headers[NAME] == "order-7"


def test_a_preflight_has_it(client: Client) -> None:
    asked = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
    response = client.request("OPTIONS", "/", headers={**asked, NAME: "order-7"})
    assert response.headers["Access-Control-Allow-Methods"]
    assert response.headers[NAME] == "order-7"


def test_ids_do_not_repeat_with_the_seed_of_a_program(client: Client) -> None:
    found: set[str] = set()
    for _ in range(20):
        random.seed(7)
        found.add(client.get("/").headers[NAME])
    assert len(found) == 20


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_forked_processes_make_ids_of_their_own(client: Client) -> None:
    """What was made in advance is not used by two workers of a preloaded App."""
    client.get("/")
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, str(client.get("/").headers[NAME]).encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(reading, 100).decode()
    os.close(reading)
    os.close(writing)
    assert MADE.fullmatch(theirs)
    assert theirs not in {client.get("/").headers[NAME] for _ in range(300)}


def test_a_response_from_the_cache_has_the_id_of_its_request() -> None:
    app = App("Shop", extensions=[Service()])
    app.get("/", cache=Cache(60))(lambda: "home")
    client = Client(app)
    found = [
        client.get("/", headers={NAME: f"order-{number}"}).headers.getlist(NAME)
        for number in range(3)
    ]
    assert found == [["order-0"], ["order-1"], ["order-2"]]


def test_the_document_has_the_headers() -> None:
    """Each operation reads them, and each response, problems included, has the id."""
    (operation,) = [each for each in shop().operations() if each.path == "/"]
    names = [each.name for each in operation.parameters]
    assert names == ["Origin", NAME, "traceparent", "tracestate"]
    assert not any(each.required for each in operation.parameters)
    responses = [*operation.outputs, *operation.failures]
    assert len(responses) > 1
    for response in responses:
        assert [each.required for each in response.headers if each.name == NAME] == [True]
    assert f"'{NAME}'" in str(build(shop())["paths"]["/"]["get"]["responses"]["200"])


def test_without_a_service_there_is_none() -> None:
    app = App("Plain")
    app.get("/")(lambda: [Request.current().id, outgoing_headers(Request.current())])
    response = Client(app).get("/")
    assert response.json == ["", {}]
    assert NAME not in response.headers


def test_outside_of_requests_there_are_no_headers() -> None:
    assert outgoing_headers() == {}


def test_headers_for_other_services_have_the_id_that_came() -> None:
    app = App("Shop", extensions=[Service()])
    app.get("/")(lambda: [outgoing_headers(), outgoing_headers(Request.current())])
    current, named = Client(app).get("/", headers={NAME: "order-7"}).json
    assert current == named
    assert current[NAME] == "order-7"


def test_the_ids_of_mounted_apps_are_those_of_the_outermost_service() -> None:
    """One id is read, and one header sent, although both Apps have a Service."""
    outer, inner = App("Monolith", extensions=[Service()]), App("Stock", extensions=[Service()])
    inner.get("/")(lambda: Request.current().id)
    outer.mount("/stock", inner)
    response = Client(outer).get("/stock/", headers={NAME: "order-7"})
    assert response.json == "order-7"
    assert response.headers.getlist(NAME) == ["order-7"]


@pytest.mark.parametrize("prefix", ["/stock", "/<tenant>"])
def test_a_mounted_app_alone_may_have_a_service(prefix: str) -> None:
    """Then only its responses have ids, also below a prefix with variables."""
    outer, inner = App("Monolith"), App("Stock", extensions=[Service(), SecurityHeaders()])
    outer.get("/")(lambda: "home")
    inner.get("/items")(lambda: "items")
    outer.mount(prefix, inner)
    client = Client(outer)
    assert client.get("/stock/items", headers={NAME: "order-7"}).headers[NAME] == "order-7"
    assert NAME not in client.get("/").headers


def test_middleware_sees_the_id() -> None:
    app = App("Shop", extensions=[Service()])
    seen: list[str] = []

    @app.middleware
    def watch(request: Request, proceed: Proceed) -> Response:
        seen.append(request.id)
        return proceed(request)

    app.get("/")(lambda: "home")
    Client(app).get("/", headers={NAME: "order-7"})
    Client(app).get("/nothing", headers={NAME: "order-8"})
    assert seen == ["order-7", "order-8"]
