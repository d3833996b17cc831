"""`Service`: its probes, where they stand, and the mistakes that it reports."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from restkit import (
    App,
    CollisionError,
    DeclarationError,
    Proceed,
    Request,
    Response,
)
from restkit.caching import Cache
from restkit.html import Session, Sessions
from restkit.limits import Rate
from restkit.openapi import build
from restkit.security import HTTPS, Hosts, HTTPBearer, SecurityHeaders
from restkit.service import Service
from restkit.testing import Client


def fails() -> None:
    raise ValueError("postgresql://me:secret@db refused")


def works() -> None: ...


def service(app: App | None = None, **options: Any) -> Client:
    app = app or App("Shop")
    app.install(Service(**options))
    return Client(app)


@pytest.mark.parametrize("method", ["get", "head"])
@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_both_respond_to_get_and_head_and_are_not_stored(path: str, method: str) -> None:
    """A probe without a body has the same headers."""
    response = service().request(method.upper(), path)
    assert response.status == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Content-Type"] == "application/json"


def test_an_app_without_checks_is_alive_and_ready() -> None:
    client = service()
    assert client.get("/livez").json == {"status": "ok"}
    assert client.get("/readyz").json == {"status": "ok", "checks": {}}


@pytest.mark.parametrize(
    ("critical", "status", "state"), [(["db"], 503, "failed"), ([], 200, "degraded")]
)
def test_a_critical_check_that_fails_is_a_503(critical: list[str], status: int, state: str) -> None:
    """Another one is said, with status 200; neither says why."""
    response = service(checks={"db": fails, "stock": works}, critical=critical).get("/readyz")
    assert response.status == status
    assert response.json == {"status": state, "checks": {"db": "failed", "stock": "ok"}}


def test_live_runs_no_check() -> None:
    """A process lives although all that it depends on is away."""
    runs: list[int] = []
    client = service(checks={"db": lambda: runs.append(1)}, critical=["db"])
    assert client.get("/livez").status == 200
    assert runs == []


def test_a_hanging_check_does_not_block_the_response() -> None:
    released = threading.Event()
    client = service(checks={"hangs": lambda: released.wait(30)}, critical=["hangs"])
    begun = time.monotonic()
    assert client.get("/readyz").status == 503
    assert time.monotonic() - begun < 5
    released.set()


def test_draining_is_a_503_without_checks() -> None:
    """Only the readiness changes: requests and liveness are served."""
    runs: list[int] = []
    app = App("Shop")
    app.get("/")(lambda: "shop")
    extension = Service(checks={"db": lambda: runs.append(1)})
    app.install(extension)
    client = Client(app)
    assert not extension.is_draining
    extension.drain()
    assert extension.is_draining
    response = client.get("/readyz")
    assert response.status == 503
    assert response.json == {"status": "draining", "checks": {}}
    assert runs == []
    assert client.get("/livez").status == 200
    assert client.get("/").status == 200


def test_it_is_starting_until_the_app_has_started() -> None:
    """The state is that of the functions of the start; after the stop it is no longer ready."""
    extension = Service()
    app = App("Shop", extensions=[extension])
    seen: list[str] = []
    app.on_start(lambda: seen.append("begun"))
    assert extension.readiness() == ("starting", {})
    with app:
        assert extension.readiness() == ("ok", {})
    assert extension.readiness() == ("starting", {})
    assert seen == ["begun"]


# outside of the parts of the App


def test_they_are_outside_of_all_parts_of_an_app() -> None:
    """Security, permissions, limits, caches, middleware and sessions of the App do not apply."""
    calls: list[str] = []

    def watch(request: Request, proceed: Proceed) -> Response:
        calls.append(request.path)
        return proceed(request)

    def nobody(token: str) -> None:
        calls.append(token)

    app = App("Shop", security=HTTPBearer(nobody), limits=[Rate(1, per="hour")], cache=Cache(60))
    app.middleware(watch)
    app.install(Sessions(["0123456789abcdef0123456789abcdef"]))

    @app.get("/")
    def home(session: Session) -> str:
        return "shop"

    client = service(app)
    for _ in range(3):
        for path in ("/livez", "/readyz"):
            response = client.get(
                path, headers={"Cookie": "session=1", "Authorization": "Bearer x"}
            )
            assert response.status == 200
            assert "Set-Cookie" not in response.headers
            assert "RateLimit" not in response.headers
            assert response.headers["Cache-Control"] == "no-store"
    assert calls == []
    assert client.get("/").status == 401


def test_they_are_served_for_every_host_and_scheme() -> None:
    """A probe that gets a redirect or a 400 says the wrong thing."""
    app = App("Shop", extensions=[Hosts(["shop.example"]), HTTPS(), SecurityHeaders()])
    app.get("/")(lambda: "shop")
    client = service(app)
    for path in ("/livez", "/readyz"):
        response = client.get(path, headers={"Host": "10.0.0.7:8000"})
        assert response.status == 200
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert client.get("/", headers={"Host": "10.0.0.7:8000"}).status == 400
    assert client.get("/", headers={"Host": "shop.example"}).status == 308
    documented = build(app)["paths"]["/readyz"]["get"]["responses"]
    assert {"200", "503"} <= set(documented)
    assert {"308", "400", "401", "429"}.isdisjoint(documented)


def test_queries_of_probes_are_ignored() -> None:
    """Probes add parameters of their own to get past caches."""
    client = service()
    assert client.get("/livez?now=1").status == 200
    assert client.get("/readyz?now=1").status == 200


# the document


def test_the_document_has_both_with_their_schemas() -> None:
    app = App("Shop", extensions=[Service()])
    document = build(app)
    ready = document["paths"]["/readyz"]["get"]
    assert ready["tags"] == ["Service"]
    assert ready["operationId"] == "getReadiness"
    schemas = {
        status: ready["responses"][status]["content"]["application/json"]["schema"]
        for status in ("200", "503")
    }
    assert schemas["200"] == schemas["503"]
    assert document["paths"]["/livez"]["get"]["operationId"] == "getLiveness"


def test_an_option_leaves_them_out_of_the_document() -> None:
    app = App("Shop", extensions=[Service(documented=False)])
    app.get("/")(lambda: "shop")
    assert list(build(app)["paths"]) == ["/"]
    assert Client(app).get("/readyz").status == 200


def test_urls_are_options_and_none_turns_one_off() -> None:
    client = service(live="/health", ready=None)
    assert client.get("/health").status == 200
    for path in ("/livez", "/readyz"):
        assert client.get(path).status == 404


# mounted Apps


def test_a_mounted_app_keeps_its_own_probes() -> None:
    """Each responds at its URL with its own checks; those of the outermost App are at the root."""
    outer, inner = App("Monolith"), App("Stock")

    @outer.middleware
    def broken(request: Request, proceed: Proceed) -> Response:
        raise RuntimeError

    inner.install(Service(checks={"db": fails}, critical=["db"]))
    outer.mount("/stock", inner)
    outer.install(Service(checks={"queue": works}, critical=["queue"]))
    outer.install(Hosts(["shop.example"]))
    client = Client(outer)
    by_address = {"Host": "10.0.0.7"}
    assert client.get("/readyz", headers=by_address).json["checks"] == {"queue": "ok"}
    assert client.get("/stock/readyz", headers=by_address).json["checks"] == {"db": "failed"}
    assert client.get("/stock/livez", headers=by_address).status == 200


def test_probes_below_a_prefix_with_variables_have_no_exception() -> None:
    """Nobody can list such URLs, so the document says what holds: the host is checked."""
    outer, inner = App("Monolith"), App("Stock", extensions=[Service()])
    outer.install(Hosts(["shop.example"]))
    outer.mount("/<tenant>", inner)
    client = Client(outer)
    assert client.get("/a/readyz", headers={"Host": "10.0.0.7"}).status == 400
    assert client.get("/a/readyz", headers={"Host": "shop.example"}).status == 200
    assert "400" in build(outer)["paths"]["/{tenant}/readyz"]["get"]["responses"]


# mistakes


def takes_one(value: int) -> None: ...


async def waits() -> None: ...


def yields() -> Iterator[None]:
    yield


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"checks": ["db"]}, r"Service\(checks=...\) must be a mapping"),
        ({"checks": {"db": 3}}, "The check 'db' of a Service must be a function"),
        ({"checks": {"db": takes_one}}, "The check 'db' of a Service .*takes_one"),
        ({"checks": {"db": waits}}, "The check 'db' of a Service is async"),
        ({"checks": {"db": yields}}, "The check 'db' of a Service is a generator"),
        ({"checks": {"": works}}, "has the name ''"),
        ({"checks": {"a\nb": works}}, "has the name"),
        ({"checks": {3: works}}, "has the name 3"),
        ({"critical": "db", "checks": {"db": works}}, "must be a sequence of strings"),
        ({"critical": ["dd"], "checks": {"db": works}}, "names 'dd', .* the checks: 'db'"),
        ({"critical": ["db"]}, "names 'db', .* there are none"),
        ({"live": "livez"}, r"Service\(live=...\) must be a path without variables"),
        ({"ready": "/<x>"}, r"Service\(ready=...\) must be a path without variables"),
        ({"ready": 3}, r"Service\(ready=...\) must be a path without variables"),
        ({"documented": "no"}, r"Service\(documented=...\)"),
    ],
)
def test_mistakes_are_one_sentence(options: dict[str, Any], message: str) -> None:
    """They are found when the Service is made."""
    with pytest.raises(DeclarationError, match=message):
        Service(**options)


def test_two_services_in_one_app_are_refused() -> None:
    app = App("Shop", extensions=[Service()])
    with pytest.raises(DeclarationError, match="'Shop' has a Service already"):
        app.install(Service(live="/other"))


@pytest.mark.parametrize(
    "declare",
    [
        [lambda app: app.get("/readyz")(lambda: "mine"), lambda app: app.install(Service())],
        [lambda app: app.install(Service()), lambda app: app.get("/readyz")(lambda: "mine")],
        [lambda app: app.install(Service(live="/x", ready="/x"))],
    ],
)
def test_a_url_that_is_taken_is_one_sentence(declare: list[Callable[[App], object]]) -> None:
    app = App("Shop")

    def declare_all() -> None:
        for each in declare:
            each(app)

    with pytest.raises(CollisionError, match=r"GET /\w+ is declared twice: .*probes\.Readiness"):
        declare_all()
