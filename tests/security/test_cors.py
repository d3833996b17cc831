"""CORS: the fetch protocol, on every response and before every guard."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from marshmallow import Schema, fields

from restkit import (
    App,
    DeclarationError,
    Request,
    Resource,
    Response,
    access,
    operation,
    takes,
)
from restkit.openapi.shared_components import expanded
from restkit.security import CORS, APIKey, HTTPBearer
from restkit.testing import Client, TestResponse

HOME, FOREIGN = "https://app.example", "https://evil.example"
KEY = "0123456789abcdef"


class BookSchema(Schema):
    title = fields.Str(required=True)


class TraceSchema(Schema):
    trace = fields.Str(data_key="X-Trace")


def service(policy: CORS | None, **options: Any) -> Client:
    app = App("Books", cors=policy, **options)

    @app.route("/books")
    class Books(Resource):
        schema = BookSchema
        public = True

        @operation(response_headers={"X-Total": "How many there are."})
        @takes(headers=TraceSchema)
        def get(self, headers: dict[str, str]) -> list[dict[str, str]]:
            return []

        @access(security=APIKey(header="X-API-Key", keys={KEY: "ada"}))
        def post(self, body: dict[str, str]) -> dict[str, str]:
            return body

        @access(security=HTTPBearer(check={KEY: "ada"}.get))
        def delete(self) -> None: ...

    @app.get("/fails", public=True)
    def fails() -> dict[str, str]:
        raise RuntimeError("unexpected")

    return Client(app, raise_errors=False)


def preflight(
    client: Client, method: str = "GET", origin: str = HOME, path: str = "/books", **more: str
) -> TestResponse:
    headers = {"Origin": origin, "Access-Control-Request-Method": method}
    named = {name.replace("_", "-"): value for name, value in more.items()}
    return client.options(path, headers=headers | named)


def names(response: TestResponse, header: str) -> set[str]:
    return {each.strip() for each in response.headers.get(header, "").split(",") if each.strip()}


def of_cors(response: TestResponse) -> dict[str, str]:
    return {
        name: value
        for name, value in response.headers.items()
        if name.lower().startswith("access-control-")
    }


EVERY: list[tuple[str, str, int, dict[str, Any]]] = [
    ("GET", "/books", 200, {}),
    ("POST", "/books", 401, {"json": {"title": "Emma"}}),
    ("GET", "/nowhere", 404, {}),
    ("PATCH", "/books", 405, {}),
    ("GET", "/books", 406, {"headers": {"Accept": "image/png"}}),
    ("POST", "/books", 413, {"json": {"title": "x" * 200}, "headers": {"X-API-Key": KEY}}),
    ("POST", "/books", 415, {"content": b"x", "headers": {"X-API-Key": KEY}}),
    ("POST", "/books", 422, {"json": {}, "headers": {"X-API-Key": KEY}}),
    ("GET", "/fails", 500, {}),
    ("HEAD", "/books", 200, {}),
    ("OPTIONS", "/books", 204, {}),
    ("GET", "/openapi.json", 200, {}),
    ("GET", "/books", 400, {"headers": {"Host": "a b"}}),
]


@pytest.mark.parametrize(("method", "path", "status", "options"), EVERY)
def test_every_response_has_the_headers(
    method: str, path: str, status: int, options: dict[str, Any]
) -> None:
    client = service(CORS([HOME], credentials=True), max_body_size=100)
    headers = {"Origin": HOME, **options.pop("headers", {})}
    response = client.request(method, path, headers=headers, **options)
    assert response.status == status
    assert response.headers["Access-Control-Allow-Origin"] == HOME
    assert response.headers["Access-Control-Allow-Credentials"] == "true"
    assert "Origin" in names(response, "Vary")


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "",
        "null",
        FOREIGN,
        "http://app.example",
        "https://app.example:443",
        "https://app.example:8443",
        "https://app.example.evil.example",
        "https://evil-app.example",
        "https://xapp.example",
        "https://app.example/",
        "HTTPS://APP.EXAMPLE",
        "https://App.example",
        " https://app.example",
        f"{HOME}, {HOME}",
        f"{HOME} {FOREIGN}",
        f"{HOME}\x00",
        "*",
    ],
)
def test_other_origins_get_nothing_but_vary(origin: str | None) -> None:
    client = service(CORS([HOME], credentials=True))
    headers = {} if origin is None else {"Origin": origin}
    response = client.get("/books", headers=headers)
    assert response.status == 200
    assert of_cors(response) == {}
    assert names(response, "Vary") == {"Origin"}
    asked = client.options("/books", headers={**headers, "Access-Control-Request-Method": "GET"})
    assert asked.status == 204
    assert of_cors(asked) == {}
    assert "Origin" in names(asked, "Vary")


def test_a_preflight_comes_before_security() -> None:
    response = preflight(service(CORS([HOME], credentials=True)), "POST")
    assert response.status == 204
    assert response.body == b""
    assert "Content-Type" not in response.headers
    assert of_cors(response) == {
        "Access-Control-Allow-Origin": HOME,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Methods": "DELETE, GET, HEAD, POST",
        "Access-Control-Allow-Headers": "Accept, Accept-Language, Content-Type, X-API-Key",
        "Access-Control-Max-Age": "600",
    }
    assert names(response, "Vary") >= {"Origin", "Access-Control-Request-Method"}


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("GET", {"X-Trace"}),
        ("HEAD", {"X-Trace"}),
        ("POST", {"X-API-Key", "Content-Type"}),
        ("DELETE", {"Authorization"}),
    ],
)
def test_the_headers_of_a_preflight_are_those_of_the_operation(
    method: str, expected: set[str]
) -> None:
    response = preflight(service(CORS([HOME])), method)
    allowed = names(response, "Access-Control-Allow-Headers")
    assert allowed - {"Accept", "Accept-Language"} == expected


@pytest.mark.parametrize("method", ["PUT", "get", "Post", "BREW", ""])
def test_a_preflight_for_another_method(method: str) -> None:
    """The browser compares the methods itself, with their case."""
    response = preflight(service(CORS([HOME])), method)
    assert response.status == 204
    assert names(response, "Access-Control-Allow-Methods") == {"DELETE", "GET", "HEAD", "POST"}
    assert "Access-Control-Allow-Headers" not in response.headers


def test_the_preflight_of_an_unknown_url() -> None:
    response = preflight(service(CORS([HOME])), path="/nowhere")
    assert response.status == 404
    assert response.headers["Access-Control-Allow-Origin"] == HOME


def test_an_options_request_that_is_no_preflight() -> None:
    response = service(CORS([HOME])).options("/books", headers={"Origin": HOME})
    assert response.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, POST"


def test_methods_may_be_fewer() -> None:
    client = service(CORS([HOME], methods=["GET"]))
    response = preflight(client, "POST")
    assert response.headers["Access-Control-Allow-Methods"] == "GET"


@pytest.mark.parametrize(("given", "expected"), [(False, None), (True, "true")])
def test_private_networks_only_on_request(given: bool, expected: str | None) -> None:
    client = service(CORS([HOME], private_network=given))
    response = preflight(client, Access_Control_Request_Private_Network="true")
    assert response.headers.get("Access-Control-Allow-Private-Network") == expected
    without = preflight(client)
    assert "Access-Control-Allow-Private-Network" not in without.headers


def test_declared_response_headers_are_exposed() -> None:
    client = service(CORS([HOME], expose=["X-Request-Id"]))
    response = client.get("/books", headers={"Origin": HOME})
    assert names(response, "Access-Control-Expose-Headers") >= {"X-Total", "X-Request-Id"}
    failed = client.post("/books", json={"title": "x"}, headers={"Origin": HOME})
    assert "WWW-Authenticate" in names(failed, "Access-Control-Expose-Headers")
    unknown = client.get("/nowhere", headers={"Origin": HOME})
    assert names(unknown, "Access-Control-Expose-Headers") == {"X-Request-Id"}


def test_the_entity_tag_is_exposed_where_there_is_one() -> None:
    app = App("Books", cors=CORS([HOME]))
    item: dict[str, Any] = {"title": "Emma"}

    @app.route("/tagged")
    class Tagged(Resource):
        conditional = True

        def get(self) -> dict[str, Any]:
            self.entity_tag = "1"
            return item

        def put(self) -> dict[str, Any]:
            self.entity_tag = "1"
            self.entity_tag = "2"
            return item

    @app.get("/plain")
    def plain() -> dict[str, Any]:
        return item

    client = Client(app)
    for method, path, expected in (
        ("GET", "/tagged", True),
        ("HEAD", "/tagged", True),
        ("PUT", "/tagged", True),
        ("GET", "/plain", False),
    ):
        response = client.request(method, path, headers={"Origin": HOME})
        assert ("ETag" in response.headers) is expected
        assert ("ETag" in names(response, "Access-Control-Expose-Headers")) is expected


def test_every_origin_without_credentials() -> None:
    client = service(CORS("*"))
    for origin in (HOME, FOREIGN, "null"):
        response = client.get("/books", headers={"Origin": origin})
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in response.headers
        assert "Vary" not in response.headers
    assert "Access-Control-Allow-Origin" not in client.get("/books", headers={"Origin": ""}).headers


def test_the_headers_of_a_response_itself_do_not_count() -> None:
    """Otherwise a browser would see two origins, and refuse the response."""
    app = App("Own", cors=CORS([HOME]))

    @app.get("/own")
    def own() -> tuple[dict[str, str], int, dict[str, str]]:
        headers = {"access-control-allow-origin": "*", "Vary": "Accept, origin"}
        return {}, 200, headers

    response = Client(app).get("/own", headers={"Origin": HOME})
    assert response.headers.getlist("Access-Control-Allow-Origin") == [HOME]
    assert response.headers.getlist("Vary") == ["Origin, Accept"]
    assert of_cors(Client(app).get("/own")) == {}


def test_streams_responses_and_middleware() -> None:
    app = App("Streams", cors=CORS([HOME]))
    seen: list[str] = []

    @app.middleware
    def note(request: Request, proceed: Callable[[Request], Response]) -> Response:
        seen.append(request.method)
        return proceed(request)

    @app.get("/rows")
    def rows() -> Iterable[dict[str, int]]:
        yield from ({"n": n} for n in range(3))

    @app.get("/made")
    def made() -> Response:
        return Response("text", content_type="text/plain")

    client = Client(app, contract=False)
    for path in ("/rows", "/made"):
        response = client.get(path, headers={"Origin": HOME})
        assert response.headers["Access-Control-Allow-Origin"] == HOME
    assert seen == ["GET", "GET"]
    assert preflight(client, path="/made").status == 204
    assert seen == ["GET", "GET"]


def test_the_nearest_policy_applies() -> None:
    inner, plain, outer = App("Inner", cors=CORS([FOREIGN])), App("Plain"), App("Outer")
    outer.install(CORS([HOME]))
    for each in (inner, plain, outer):
        each.get("/here")(lambda: {"name": "x"})
    outer.mount("/inner", inner)
    outer.mount("/plain", plain)
    client = Client(outer)
    for path, origin, other in (
        ("/here", HOME, FOREIGN),
        ("/plain/here", HOME, FOREIGN),
        ("/inner/here", FOREIGN, HOME),
        ("/inner/nowhere", FOREIGN, HOME),
        ("/innermost", HOME, FOREIGN),
    ):
        right = client.get(path, headers={"Origin": origin})
        assert right.headers.get("Access-Control-Allow-Origin") == origin
        assert of_cors(client.get(path, headers={"Origin": other})) == {}
        assert of_cors(preflight(client, origin=other, path=path)) == {}
    document = client.get("/openapi.json").json
    policies = {path: item["get"]["x-cors"]["origins"] for path, item in document["paths"].items()}
    assert policies == {"/here": [HOME], "/plain/here": [HOME], "/inner/here": [FOREIGN]}


def test_patterns_that_overlap_are_one_url() -> None:
    app = App("Overlap", cors=CORS([HOME]))
    app.get("/<name>")(lambda name: {})
    app.post("/new")(lambda: {})
    response = preflight(Client(app), "GET", path="/new")
    assert names(response, "Access-Control-Allow-Methods") == {"GET", "HEAD", "POST"}


def test_the_document() -> None:
    client = service(CORS([HOME], credentials=True, max_age=5))
    document = expanded(client.get("/openapi.json").json)
    found = document["paths"]["/books"]["post"]
    assert found["x-cors"] == {"origins": [HOME], "credentials": True, "maxAge": 5}
    assert "Origin" in {each["name"] for each in found["parameters"]}
    for status, response in found["responses"].items():
        assert {"Access-Control-Allow-Origin", "Vary"} <= set(response["headers"]), status
    assert "options" not in document["paths"]["/books"]


def test_without_it_nothing_is_allowed() -> None:
    client = service(None)
    assert of_cors(client.get("/books", headers={"Origin": HOME})) == {}
    assert of_cors(preflight(client)) == {}


@pytest.mark.parametrize(
    ("origins", "options", "match"),
    [
        ("*", {"credentials": True}, "credentials"),
        (["*"], {"credentials": True}, "credentials"),
        (["*", HOME], {}, "besides"),
        ([], {}, "no origin"),
        (HOME, {}, "sequence of strings"),
        (["null"], {}, "sandboxed"),
        (["https://app.example/"], {}, "slash"),
        (["https://app.example/path"], {}, "path"),
        (["https://*.example"], {}, "wildcard"),
        (["app.example"], {}, "form"),
        (["https://App.example"], {}, "capital"),
        (["https://app.example:443"], {}, "usual port"),
        (["http://app.example:80"], {}, "usual port"),
        (["https://app.example:70000"], {}, "65535"),
        (["https://app.example:65536"], {}, "65535"),
        (["https://app.example:0"], {}, "65535"),
        (["https://app.example:0080"], {}, "65535"),
        (["https://bücher.example"], {}, "Punycode"),
        (["https://user@app.example"], {}, "form"),
        (["https:"], {}, "form"),
        ([HOME], {"headers": ["*"]}, "Name the headers"),
        ([HOME], {"headers": ["X Y"]}, "header name"),
        ([HOME], {"expose": "X-Total"}, "sequence of strings"),
        ([HOME], {"methods": ["get"]}, "capital letters"),
        ([HOME], {"methods": []}, "capital letters"),
        ([HOME], {"max_age": -1}, "seconds"),
        ([HOME], {"max_age": True}, "seconds"),
        ([HOME], {"credentials": "yes"}, "True or False"),
        ([HOME], {"private_network": "yes"}, "True or False"),
    ],
)
def test_mistakes(origins: Any, options: Any, match: str) -> None:
    with pytest.raises(DeclarationError, match=match):
        CORS(origins, **options)


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost:3000",
        "http://localhost:1",
        "http://localhost:65535",
        "capacitor://localhost",
        "http://[::1]:8080",
        "https://a.b-c.example",
    ],
)
def test_origins_of_all_kinds(origin: str) -> None:
    response = service(CORS([origin])).get("/books", headers={"Origin": origin})
    assert response.headers["Access-Control-Allow-Origin"] == origin


def test_two_policies_of_one_app() -> None:
    app = App("Twice", cors=CORS([HOME]))
    with pytest.raises(DeclarationError, match="has CORS already"):
        app.install(CORS([FOREIGN]))
