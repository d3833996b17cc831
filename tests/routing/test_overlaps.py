"""Several patterns of one URL: each method is answered wherever a pattern takes it,
or the mount fails.
"""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.routing import BaseConverter

from restkit import App, CollisionError, NotFound, Resource, raises
from restkit.response import PlainResponse
from restkit.routing.patterns import parse_pattern
from restkit.routing.router import Handler, Route
from restkit.testing import Client


def resource(**methods: str) -> type[Resource]:
    """Return a class whose methods return a text and the values of their variables."""

    def made(text: str) -> Any:
        @raises(NotFound)
        def method(self: Resource, **values: object) -> dict[str, object]:
            return {"by": text, **{name: str(value) for name, value in values.items()}}

        return method

    members = {name: made(text) for name, text in methods.items()}
    return type("Things", (Resource,), {**members, "documented": False})


def app_of(*patterns: tuple[str, type[Resource]], **settings: Any) -> App:
    app = App("Overlaps", **settings)
    for index, (pattern, each) in enumerate(patterns):
        app.add(pattern, each, name=f"things-{index}")
    return app


@pytest.mark.parametrize(
    ("first", "second", "url"),
    [
        ("/things/<int:id>", "/things/<slug>", "/things/5"),
        ("/things/<slug>", "/things/<int:id>", "/things/5"),
        ("/things/<int:id>", "/things/<int:other>", "/things/5"),
        ("/things/<int:id>", "/things/<string(length=1):id>", "/things/5"),
        ("/things/latest", "/things/<slug>", "/things/latest"),
        ("/things/<slug>", "/things/latest", "/things/latest"),
        ("/things/<path:rest>", "/things/a/b", "/things/a/b"),
        ("/things/<path:rest>", "/things/<slug>/b", "/things/a/b"),
        ("/<kind>/5", "/things/<int:id>", "/things/5"),
        ("/<kind>-s/5", "/things-s/<int:id>", "/things-s/5"),
        ("/things/<uuid:id>", "/things/<slug>", "/things/6f1c2c3e-8c1f-4a55-9d33-0a4c3b1f9e77"),
        ("/things/<any(a, b):kind>", "/things/<slug>", "/things/a"),
        ("/things/<int:id>/", "/things/<slug>/", "/things/5/"),
    ],
)
def test_each_method_is_answered_where_a_pattern_takes_it(
    first: str, second: str, url: str
) -> None:
    """GET of one pattern and DELETE of another work on one URL; Allow and HEAD know both."""
    client = Client(
        app_of((first, resource(get="first", put="first")), (second, resource(delete="second")))
    )
    assert client.get(url).json["by"] == "first"
    assert client.put(url).json["by"] == "first"
    assert client.delete(url).json["by"] == "second"
    assert client.head(url).status == 200
    allow = "DELETE, GET, HEAD, OPTIONS, PUT"
    assert client.options(url).headers["Allow"] == allow
    refused = client.patch(url)
    assert refused.status == 405
    assert refused.headers["Allow"] == allow


def test_a_url_of_one_pattern_has_the_methods_of_that_pattern() -> None:
    """Where only one of the patterns matches, the methods of the other are refused."""
    client = Client(
        app_of(("/things/<int:id>", resource(get="a")), ("/things/<slug>", resource(delete="b")))
    )
    assert client.get("/things/abc").status == 405
    assert client.get("/things/abc").headers["Allow"] == "DELETE, OPTIONS"
    assert client.delete("/things/5").json == {"by": "b", "slug": "5"}
    assert client.get("/things/5").json == {"by": "a", "id": "5"}


def test_three_patterns_of_one_url() -> None:
    """Fixed text goes first, then numbers, then text; each method by the first that has it."""
    client = Client(
        app_of(
            ("/things/<slug>", resource(get="slug", put="slug", delete="slug")),
            ("/things/<int:id>", resource(get="number", put="number")),
            ("/things/5", resource(get="five")),
        )
    )
    assert client.get("/things/5").json["by"] == "five"
    assert client.put("/things/5").json["by"] == "number"
    assert client.delete("/things/5").json["by"] == "slug"


def test_a_written_options_goes_before_a_derived_one() -> None:
    """OPTIONS of the second pattern responds although the first one would have a derived one."""
    client = Client(
        app_of(("/things/<int:id>", resource(get="a")), ("/things/<slug>", resource(options="b")))
    )
    assert client.options("/things/5").json["by"] == "b"


def test_a_pattern_without_the_method_does_not_redirect() -> None:
    """A slash that only another method's pattern has sends nobody away from the right one."""
    client = Client(
        app_of(
            ("/things/<int:id>/", resource(get="with")),
            ("/things/<slug>", resource(delete="without")),
        )
    )
    assert client.delete("/things/5").json["by"] == "without"
    assert client.get("/things/5").status == 308
    assert client.get("/things/5/").json["by"] == "with"


@pytest.mark.parametrize("trailing_slash", ["redirect", "strict", "ignore"])
def test_patterns_overlap_under_each_policy_of_slashes(trailing_slash: Any) -> None:
    """The policy of slashes changes nothing about which pattern has a method."""
    client = Client(
        app_of(
            ("/things/<int:id>", resource(get="a")),
            ("/things/<slug>", resource(delete="b")),
            trailing_slash=trailing_slash,
        )
    )
    assert client.delete("/things/5").json["by"] == "b"
    if trailing_slash == "ignore":
        assert client.delete("/things/5/").json["by"] == "b"


def test_patterns_of_hosts_and_mounts_overlap_too() -> None:
    """A method that a host's pattern lacks comes from the pattern of every host, or a mount."""
    app, mounted = App("Outer"), App("Inner")
    mounted.add("/<slug>", resource(delete="mounted"))
    app.add("/v1/things", resource(get="host"), host="<tenant>.example.com")
    app.add("/v1/things", resource(put="every host"), name="other")
    app.mount("/v1", mounted)
    client = Client(app, base_url="http://shop.example.com")
    assert client.get("/v1/things").json == {"by": "host", "tenant": "shop"}
    assert client.put("/v1/things").json["by"] == "every host"
    assert client.delete("/v1/things").json == {"by": "mounted", "slug": "things"}
    assert client.options("/v1/things").headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, PUT"
    other = Client(app)
    assert other.get("/v1/things").status == 405
    assert other.get("/v1/things").headers["Allow"] == "DELETE, OPTIONS, PUT"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("/things/<int:id>", "/things/<int:other>"),
        ("/things/<id>", "/things/<string:other>"),
        ("/things/<default:id>", "/things/<other>"),
        ("/things/<string(length=2):a>/x", "/things/<string(length=2):b>/x"),
        ("/things/<string( length = 2 ):a>", "/things/<string(length=2):b>"),
    ],
)
def test_one_method_of_one_shape_is_a_collision(first: str, second: str) -> None:
    """Two patterns that differ only in the names of their variables cannot both have a method."""
    app = app_of((first, resource(get="a")))
    with pytest.raises(CollisionError, match=r"GET .* is declared twice"):
        app.add(second, resource(get="b"), name="other")
    app.add(second, resource(put="b"), name="other")


def test_a_document_has_one_operation_for_a_path_and_method() -> None:
    """Two documented GETs whose paths the document cannot tell apart fail when they are added."""
    app = App("Documented")
    app.get("/things/<int:id>")(lambda id: {})
    with pytest.raises(CollisionError, match=r"GET /things/<id>.*one operation in the document"):
        app.get("/things/<id>")(lambda id: {})
    app.delete("/things/<id>")(lambda id: None)
    client = Client(app)
    assert client.get("/things/5").status == 200
    assert client.delete("/things/5").status == 204
    path = client.get("/openapi.json").json["paths"]["/things/{id}"]
    assert {"get", "delete"} <= set(path)


@pytest.mark.parametrize("url", ["/things/<int:id>", "/things/<int:id>/"])
@pytest.mark.parametrize(
    ("method", "status"), [("GET", 200), ("DELETE", 500), ("OPTIONS", 500), ("HEAD", 200)]
)
def test_a_converter_that_fails_is_a_500_for_the_method_of_its_pattern(
    url: str, method: str, status: int
) -> None:
    """The error of a converter is no 405 where another pattern of the URL matches too."""

    class Failing(BaseConverter):
        regex = "[0-9]+"
        weight = 200

        def to_python(self, value: str) -> str:
            raise RuntimeError(value)

    app = App("Failing")
    app.converters["failing"] = Failing
    app.add(url, resource(get="number"))
    app.add("/things/<failing:id>", resource(delete="failing", options="failing"), name="failing")
    response = Client(app, raise_errors=False).request(method, "/things/5")
    if url.endswith("/") and status == 200:
        assert response.status == 308
        assert response.headers["Location"] == "/things/5/"
    else:
        assert response.status == status
    assert response.headers.get("Allow") is None


def test_a_route_has_each_method_once() -> None:
    """A second handler of a method is refused in the words of both declarations."""

    def respond(*_: object) -> PlainResponse:
        return PlainResponse(204, [], b"")

    route = Route(parse_pattern("/things", "", {}))
    handler = Handler(respond, None, App("A"), respond, ())
    route.add("GET", handler, "a.py:1")
    with pytest.raises(CollisionError, match=r"GET /things .* by a\.py:1 and by b\.py:2"):
        route.add("GET", handler, "b.py:2")
    assert list(route.handlers) == ["GET"]
