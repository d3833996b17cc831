"""Hosts, proxies, HTTPS and security headers: before routing, and on every response."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from restkit import App, DeclarationError, Request, Response, SettingError
from restkit.security import CORS, HTTPS, Hosts, HTTPBearer, Proxies, SecurityHeaders
from restkit.testing import Client, TestResponse


def service(*guards: Any, **options: Any) -> Client:
    app = App("Books", **options)
    for each in guards:
        app.install(each)

    @app.get("/me")
    def me(request: Request) -> dict[str, Any]:
        return {"address": request.remote_addr, "url": request.url}

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "up"}

    @app.get("/fails")
    def fails() -> dict[str, str]:
        raise RuntimeError("unexpected")

    return Client(app, raise_errors=False)


def called(client: Client, host: str | None, path: str = "/me", **options: Any) -> TestResponse:
    headers = {} if host is None else {"Host": host}
    return client.get(path, headers=headers | options.pop("headers", {}), **options)


# hosts


@pytest.mark.parametrize(
    "host",
    [
        "api.example",
        "API.Example",
        "api.example:8443",
        "api.example.",
        "localhost:8000",
        "a.books.example",
        "a.b.books.example:80",
        "[::1]:9000",
    ],
)
def test_own_hosts(host: str) -> None:
    client = service(hosts=["api.example", "localhost:8000", "*.books.example", "[::1]"])
    assert called(client, host).status == 200
    assert called(client, host).status == 200  # remembered


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "10.0.0.7",
        "localhost",
        "localhost:8001",
        "books.example",
        "evilbooks.example",
        "api.example.evil.example",
        "xapi.example",
        "api.example@evil.example",
        "api.example:x",
        "api.example/evil",
        "api.example, evil.example",
        "",
        "[::2]",
        "*.books.example",
    ],
)
def test_other_hosts(host: str) -> None:
    client = service(hosts=["api.example", "localhost:8000", "*.books.example", "[::1]"])
    for path in ("/me", "/nowhere", "/openapi.json"):
        response = called(client, host, path)
        assert response.status == 400
        assert response.headers["Content-Type"] == "application/problem+json"
        assert host not in response.text or host == ""


def test_health_checks_have_any_host() -> None:
    client = service(Hosts(["api.example"], exempt=["/health"]))
    assert called(client, "10.0.0.7", "/health").status == 200
    assert called(client, "10.0.0.7", "/health/").status == 400
    assert called(client, "10.0.0.7").status == 400
    document = called(client, "api.example", "/openapi.json").json["paths"]
    assert "400" in document["/me"]["get"]["responses"]
    assert "400" not in document["/health"]["get"]["responses"]


def test_middleware_sees_what_is_refused() -> None:
    app, seen = App("Seen", hosts=["api.example"], cors=CORS(["https://app.example"])), []

    @app.middleware
    def note(request: Request, proceed: Any) -> Response:
        response = proceed(request)
        seen.append(response.status_code)
        return response

    client = Client(app)
    response = called(client, "evil.example", headers={"Origin": "https://app.example"})
    assert response.status == 400
    assert response.headers["Access-Control-Allow-Origin"] == "https://app.example"
    assert seen == [400]


def test_hosts_of_a_mounted_app() -> None:
    inner, outer = App("Inner", hosts=["inner.example"]), App("Outer", hosts=["outer.example"])
    inner.get("/here")(lambda: {})
    outer.get("/here")(lambda: {})
    outer.mount("/inner", inner)
    client = Client(outer)
    assert called(client, "inner.example", "/inner/here").status == 200
    assert called(client, "outer.example", "/inner/here").status == 400
    assert called(client, "outer.example", "/here").status == 200
    assert called(client, "inner.example", "/here").status == 400


def test_settings_of_operators(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESTKIT_HOSTS", "api.example,localhost")
    monkeypatch.setenv("RESTKIT_PROXIES", "1")
    client = service(hosts=["other.example"])
    assert called(client, "localhost").status == 200
    assert called(client, "other.example").status == 400
    forwarded = {"X-Forwarded-For": "192.0.2.9"}
    assert called(client, "localhost", headers=forwarded).json["address"] == "192.0.2.9"


# proxies

FOR = "X-Forwarded-For"


@pytest.mark.parametrize(
    ("count", "header", "expected"),
    [
        (1, "192.0.2.1", "192.0.2.1"),
        (1, "6.6.6.6, 192.0.2.1", "192.0.2.1"),
        (2, "6.6.6.6, 192.0.2.1, 10.0.0.1", "192.0.2.1"),
        (2, "192.0.2.1,10.0.0.1", "192.0.2.1"),
        (2, "192.0.2.1", "127.0.0.1"),
        (1, "192.0.2.1:4711", "192.0.2.1"),
        (1, "[2001:db8::1]:4711", "2001:db8::1"),
        (1, "2001:DB8:0::1", "2001:db8::1"),
        (1, "::ffff:192.0.2.1", "192.0.2.1"),
        (1, "unknown", "127.0.0.1"),
        (1, "", "127.0.0.1"),
        (1, "192.0.2.1, ", "127.0.0.1"),
        (1, "192.0.2.999", "127.0.0.1"),
        (1, "1.2", "127.0.0.1"),
        (1, "<script>", "127.0.0.1"),
    ],
)
def test_the_address_counts_from_the_right(count: int, header: str, expected: str) -> None:
    client = service(proxies=count)
    assert client.get("/me", headers={FOR: header}).json["address"] == expected


def test_without_proxies_nothing_is_believed() -> None:
    headers = {FOR: "6.6.6.6", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}
    found = service().get("/me", headers=headers).json
    assert found == {"address": "127.0.0.1", "url": "http://localhost/me"}


def test_scheme_and_host() -> None:
    headers = {FOR: "192.0.2.1", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "api.example"}
    assert service(proxies=1).get("/me", headers=headers).json["url"] == "https://api.example/me"
    headers = {"X-Forwarded-Proto": "javascript", "X-Forwarded-Host": "evil.example, api.example"}
    assert service(proxies=1).get("/me", headers=headers).json["url"] == "http://api.example/me"
    assert service(proxies=1, hosts=["api.example"]).get("/me", headers=headers).status == 200
    evil = {"X-Forwarded-Host": "evil.example"}
    assert service(proxies=1, hosts=["api.example"]).get("/me", headers=evil).status == 400


@pytest.mark.parametrize("count", [-1, 21, "many", True])
def test_numbers_of_proxies(count: Any) -> None:
    with pytest.raises(SettingError, match="proxies"):
        App("Books", proxies=count)
    with pytest.raises(DeclarationError, match="number of reverse proxies"):
        Proxies(0)


# https


def test_http_is_redirected() -> None:
    client = service(https=True)
    response = client.get("/me", query={"q": "a b", "r": "ü"})
    assert response.status == 308
    assert response.headers["Location"] == "https://localhost/me?q=a+b&r=%C3%BC"
    assert "Strict-Transport-Security" not in response.headers
    port = called(client, "api.example:8000", "/a%20b%3Fc%C3%BC//d")
    assert port.headers["Location"] == "https://api.example/a%20b%3Fc%C3%BC//d"
    assert client.post("/nowhere", json={}).status == 308
    assert called(client, "a b").status == 400


@pytest.mark.parametrize("guard", [HTTPS(), SecurityHeaders()], ids=["HTTPS", "SecurityHeaders"])
def test_made_responses_have_the_headers_too(guard: Any) -> None:
    """A Response of the user, of a stream and after a middleware is no plain one."""
    app = App("Books", proxies=1)
    app.install(guard)

    @app.get("/made")
    def made() -> Response:
        return Response("text", content_type="text/plain")

    @app.get("/bare")
    def bare() -> Response:
        return Response(None, status=204)

    @app.get("/rows")
    def rows() -> Iterable[dict[str, int]]:
        yield {"n": 1}

    client = Client(app, contract=False)
    name = "Strict-Transport-Security" if isinstance(guard, HTTPS) else "X-Content-Type-Options"
    for path in ("/made", "/bare", "/rows"):
        response = client.get(path, headers={"X-Forwarded-Proto": "https"})
        assert response.status in (200, 204)
        assert len(response.headers.getlist(name)) == 1


@pytest.mark.parametrize("path", ["//evil.example", "/\\evil.example", "/%0d%0aSet-Cookie:x"])
def test_a_redirect_stays_on_its_host(path: str) -> None:
    response = called(service(https=True), "localhost", f"http://localhost{path}")
    assert response.headers["Location"].startswith("https://localhost/")
    assert "\n" not in response.headers["Location"]
    assert "Set-Cookie" not in response.headers


def test_responses_by_https_have_hsts() -> None:
    guard = HTTPS(hsts=timedelta(days=730), subdomains=True, preload=True, exempt=["/health"])
    client = service(guard, proxies=1)
    secure = {"X-Forwarded-Proto": "https"}
    for path, status in (("/me", 200), ("/nowhere", 404), ("/fails", 500)):
        response = client.get(path, headers=secure)
        assert response.status == status
        expected = "max-age=63072000; includeSubDomains; preload"
        assert response.headers["Strict-Transport-Security"] == expected
    assert client.get("/health").status == 200
    assert "Strict-Transport-Security" not in client.get("/health").headers
    document = client.get("/openapi.json", headers=secure).json["paths"]
    assert "308" in document["/me"]["get"]["responses"]
    assert "308" not in document["/health"]["get"]["responses"]


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"hsts": 3600}, "timedelta"),
        ({"hsts": timedelta(-1)}, "timedelta"),
        ({"preload": True}, "subdomains"),
        ({"preload": True, "subdomains": True, "hsts": timedelta(days=30)}, "365"),
        ({"exempt": ["health"]}, "not a path"),
        ({"subdomains": "yes"}, "True or False"),
    ],
)
def test_mistakes_with_https(options: Any, match: str) -> None:
    with pytest.raises(DeclarationError, match=match):
        HTTPS(**options)


# security headers

POLICY = "default-src 'none'; frame-ancestors 'none'"


@pytest.mark.parametrize(
    ("path", "status"), [("/me", 200), ("/nowhere", 404), ("/fails", 500), ("/openapi.json", 200)]
)
def test_every_response_has_security_headers(path: str, status: int) -> None:
    response = service(SecurityHeaders()).get(path)
    assert response.status == status
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response.headers["Content-Security-Policy"] == POLICY


def test_pages_keep_their_own_policy() -> None:
    app = App("Pages")
    app.install(SecurityHeaders(frame_ancestors="'self'", resource_policy="same-site"))

    @app.get("/own")
    def own() -> Response:
        headers = {"content-security-policy": "script-src 'self'", "Referrer-Policy": "origin"}
        return Response("<p>", content_type="text/html", headers=headers)

    @app.get("/page")
    def page() -> Response:
        return Response("<p>", content_type="text/html")

    client = Client(app, contract=False)
    headers = client.get("/own").headers
    assert headers.getlist("Content-Security-Policy") == ["script-src 'self'"]
    assert headers.getlist("Referrer-Policy") == ["origin"]
    assert headers["Cross-Origin-Resource-Policy"] == "same-site"
    assert client.get("/page").headers["Content-Security-Policy"] == "frame-ancestors 'self'"
    docs = client.get("/docs")
    assert len(docs.headers.getlist("Content-Security-Policy")) == 1


def test_the_headers_of_a_method_win_over_the_security_headers() -> None:
    app = App("Data")
    app.install(SecurityHeaders())

    @app.get("/own")
    def own() -> tuple[dict[str, str], int, dict[str, str]]:
        return {}, 200, {"referrer-policy": "origin"}

    headers = Client(app).get("/own").headers
    assert headers.getlist("Referrer-Policy") == ["origin"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == POLICY


def test_a_401_and_a_preflight_have_them_too() -> None:
    app = App("Guarded", security=HTTPBearer({}.get), cors=CORS(["https://app.example"]))
    app.install(SecurityHeaders())
    app.get("/me")(lambda: {})
    client = Client(app)
    headers = {"Origin": "https://app.example", "Access-Control-Request-Method": "GET"}
    for response in (client.get("/me"), client.options("/me", headers=headers)):
        assert response.status in (401, 204)
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    app_document = {each.path: each for each in app.operations()}
    failures = app_document["/me"].failures
    assert all("Referrer-Policy" in {h.name for h in each.headers} for each in failures)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"referrer": "a\nb"}, "control character"),
        ({"resource_policy": "none"}, "same-origin"),
        ({"frame_ancestors": ""}, "string"),
    ],
)
def test_mistakes_with_security_headers(options: Any, match: str) -> None:
    with pytest.raises(DeclarationError, match=match):
        SecurityHeaders(**options)


@pytest.mark.parametrize(
    ("hosts", "match"),
    [
        ([], "no host"),
        (["https://api.example"], "not a host name"),
        (["API.example"], "small letters"),
        (["*"], "not a host name"),
        (["api.*"], "not a host name"),
        ("api.example", "sequence of strings"),
    ],
)
def test_mistakes_with_hosts(hosts: Any, match: str) -> None:
    with pytest.raises(DeclarationError, match=match):
        Hosts(hosts)


@pytest.mark.parametrize("guard", [Hosts(["a"]), Proxies(1), HTTPS(), SecurityHeaders()])
def test_each_guard_once(guard: Any) -> None:
    app = App("Twice")
    app.install(guard)
    with pytest.raises(DeclarationError, match="already"):
        app.install(guard)
