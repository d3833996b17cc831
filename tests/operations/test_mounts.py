"""Tests of mounts with variables and hosts: routing, URLs, Location and documents."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

import pytest
from werkzeug.routing import BaseConverter

from restkit import (
    App,
    CollisionError,
    DeclarationError,
    NotFound,
    Request,
    Resource,
    operation,
    provide,
    raises,
)
from restkit.crud import CRUDResource, MemoryStore
from restkit.openapi.shared_components import expanded
from restkit.testing import Client


@raises(NotFound)
def language() -> str:
    """Return the language of the URL, if there are texts in it."""
    given = str(Request.current().mount_parameters["language"])
    if given == "fr":
        raise NotFound("There are no texts in this language.")
    return given


class About(Resource):
    language = provide(language)

    def get(self) -> dict[str, str]:
        """Tell the language, and the URLs of this page."""
        other = self.app.url_for(About, language="de")
        return {"language": self.language, "own": self.app.url_for(About), "other": other}


class Chapter(Resource):
    def get(self, number: int) -> dict[str, int]:
        """Read a chapter."""
        return {"number": number}


def site(prefix: str = "/<any(de,en,fr):language>") -> tuple[App, App]:
    outer, pages = App("Site"), App("Pages")
    pages.add("/about", About)
    pages.add("/chapters/<int:number>", Chapter)
    outer.mount(prefix, pages, defaults={"language": "en"})

    @outer.get("/")
    def home() -> dict[str, str]:
        return {"about": outer.url_for(About)}

    return outer, pages


def test_variables_of_a_prefix_are_of_the_request_and_no_arguments() -> None:
    """Methods below the mount take their own variables alone; the others are of the request."""
    client = Client(site()[0])
    assert client.get("/de/about").json["language"] == "de"
    assert client.get("/en/chapters/3").json == {"number": 3}
    assert client.get("/it/about").status == 404
    assert client.get("/about").status == 404


def test_urls_have_the_variables_of_the_current_request() -> None:
    """`url_for` takes variables of the mount from the request, from the defaults, or as given."""
    outer, pages = site()
    client = Client(outer)
    assert client.get("/fr/chapters/3").status == 200
    known = client.get("/de/about").json
    assert known["own"] == "/de/about"
    assert known["other"] == "/de/about"
    assert client.get("/en/about").json["other"] == "/de/about"
    assert client.get("/").json == {"about": "/en/about"}
    assert pages.url_for(Chapter, number=3) == "/en/chapters/3"
    assert pages.url_for(Chapter, number=3, language="fr") == "/fr/chapters/3"
    with pytest.raises(LookupError, match="'it'"):
        pages.url_for(About, language="it")


def test_a_default_may_be_a_function() -> None:
    """A function without parameters returns the value for `url_for` when it is asked."""
    languages = ["de"]
    outer, pages = App("Site"), App("Pages")
    pages.add("/about", About)
    outer.mount("/<language>", pages, defaults={"language": lambda: languages[0]})
    assert outer.url_for(About) == "/de/about"
    languages[0] = "en"
    assert outer.url_for(About) == "/en/about"


def test_without_a_value_there_is_no_url() -> None:
    """A variable of a mount without a value and without a default makes no URL."""
    outer, pages = App("Site"), App("Pages")
    pages.add("/about", About)
    outer.mount("/<language>", pages)
    with pytest.raises(LookupError, match="There is no URL"):
        outer.url_for(About)


def test_the_document_has_the_variables_of_a_prefix() -> None:
    """The outer document has them as path parameters, the inner one as its own server."""
    client = Client(site()[0])
    paths = expanded(client.get("/openapi.json").json)["paths"]
    assert [*paths] == ["/", "/{language}/about", "/{language}/chapters/{number}"]
    about, chapter = paths["/{language}/about"]["get"], paths["/{language}/chapters/{number}"]
    names = [each["name"] for each in chapter["get"]["parameters"]]
    assert names == ["language", "number"]
    assert about["parameters"][0]["schema"]["enum"] == ["de", "en", "fr"]
    assert "404" in about["responses"]
    inner = client.get("/de/openapi.json").json
    assert inner["servers"] == [{"url": "/de"}]
    assert [*inner["paths"]] == ["/about", "/chapters/{number}"]


def test_a_value_can_be_prepared() -> None:
    """A factory of `provide` turns the variable into a value, or into a documented 404."""
    response = Client(site()[0]).get("/fr/about")
    assert response.status == 404
    assert response.problem["detail"] == "There are no texts in this language."


def test_unknown_urls_below_a_variable_belong_to_the_mounted_app() -> None:
    """Middleware of the mounted App sees its unknown URLs, with the variables of the mount."""
    outer, pages = site()
    seen: list[object] = []

    @pages.middleware
    def watch(request: Request, proceed: Callable[..., object]) -> object:
        seen.append(request.mount_parameters.get("language"))
        return proceed(request)

    client = Client(outer)
    for path, found in (
        ("/de/nothing", ["de"]),
        ("/de", ["de"]),
        ("/de/", ["de"]),
        ("/it/nothing", []),
        ("/nothing", []),
    ):
        seen.clear()
        assert client.get(path).status == 404, path
        assert seen == found, path


@dataclass
class Note:
    text: str
    id: int = 0


class Notes(CRUDResource[Note]):
    store = MemoryStore(Note)


def test_items_of_a_collection_below_variables() -> None:
    """A collection below a variable creates, lists and links its items there."""
    outer, inner = App("Outer"), App("Inner")

    class Own(Notes):
        store = MemoryStore(Note)

    inner.add("/notes", Own)
    outer.mount("/<tenant>", inner)
    client = Client(outer)
    made = client.post("/a/notes", json={"text": "x"})
    assert made.headers["Location"] == "/a/notes/1"
    assert client.get("/a/notes/1").json["text"] == "x"
    client.post("/a/notes", json={"text": "y"})
    page = client.get("/a/notes?limit=1")
    assert page.json["next"].startswith("/a/notes?")


def tenants() -> tuple[App, App]:
    outer, inner = App("Outer"), App("Inner")

    @inner.get("/me")
    def me() -> dict[str, str]:
        tenant = str(Request.current().mount_parameters["tenant"])
        return {
            "tenant": tenant,
            "own": inner.url_for(me),
            "other": inner.url_for(me, tenant="b"),
            "external": inner.url_for(me, _external=True),
        }

    outer.mount("/", inner, host="<tenant>.example.com")

    @outer.get("/only")
    def only() -> dict[str, str]:
        return {"url": outer.url_for(me, tenant="a")}

    return outer, inner


def test_an_app_may_have_hosts() -> None:
    """A mount with a host responds there alone; URLs are paths on the own host."""
    client = Client(tenants()[0])
    assert client.get("/me").status == 404
    assert client.get("/me", headers={"Host": "a.example.com"}).json == {
        "tenant": "a",
        "own": "/me",
        "other": "//b.example.com/me",
        "external": "http://a.example.com/me",
    }
    assert client.get("/only").json == {"url": "//a.example.com/me"}
    assert client.get("/only", headers={"Host": "a.example.com"}).json == {"url": "/me"}


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("a.example.com:8000", "//b.example.com:8000/me"),
        ("A.example.com", "//b.example.com/me"),
        ("a.example.com:80", "//b.example.com/me"),
    ],
)
def test_urls_of_other_hosts_have_the_port_of_the_request(host: str, url: str) -> None:
    """The pattern of a host has no port: that of the request leads to the same server."""
    found = Client(tenants()[0]).get("/me", headers={"Host": host}).json
    assert found["other"] == url
    assert found["own"] == "/me"


def test_hosts_in_documents() -> None:
    """An operation of a host has the host as its server; the App's own document has none."""
    outer, _ = tenants()
    client = Client(outer)
    paths = client.get("/openapi.json").json["paths"]
    assert "servers" not in paths["/only"]["get"]
    assert paths["/me"]["get"]["servers"] == [
        {"url": "//{tenant}.example.com", "variables": {"tenant": {"default": "tenant"}}}
    ]
    assert "parameters" not in paths["/me"]["get"]
    inner = client.get("/openapi.json", headers={"Host": "a.example.com"}).json
    assert inner["info"]["title"] == "Inner"
    assert inner["servers"] == [{"url": "/"}]


def test_servers_of_the_document_say_scheme_and_path() -> None:
    """A host takes the scheme and the path of the App's own server, and choices become an enum."""
    app = App("Hosts", servers=["https://example.com/v1/"])
    app.get("/x", host="<any(de,en):lang>.example.com")(lambda lang: {})
    server = Client(app).get("/openapi.json").json["paths"]["/x"]["get"]["servers"]
    assert server == [
        {
            "url": "https://{lang}.example.com/v1",
            "variables": {"lang": {"enum": ["de", "en"], "default": "de"}},
        }
    ]


def test_one_resource_on_several_hosts_is_one_operation() -> None:
    """A class on two hosts has both as servers, and none if it is on every host too."""

    class Hello(Resource):
        def get(self) -> dict[str, str]:
            """Greet."""
            return {}

    app = App("Hosts")
    for host in ("a.example.com", "b.example.com"):
        app.add("/x", Hello, host=host)
    found = Client(app).get("/openapi.json").json["paths"]["/x"]["get"]["servers"]
    assert [each["url"] for each in found] == ["//a.example.com", "//b.example.com"]
    everywhere = App("Hosts")
    everywhere.add("/x", Hello, host="a.example.com")
    everywhere.add("/x", Hello)
    assert "servers" not in Client(everywhere).get("/openapi.json").json["paths"]["/x"]["get"]


def test_two_operations_of_one_path_on_two_hosts_are_refused() -> None:
    """A document would have only one of them; documented=False on one mends it."""
    app = App("Hosts")
    app.get("/x", host="a.example.com")(lambda: {"host": "a"})
    with pytest.raises(CollisionError, match="another operation on another host"):
        app.get("/x")(lambda: {"host": ""})

    @app.get("/x")
    @operation(documented=False)
    def everywhere() -> dict[str, str]:
        return {"host": ""}

    client = Client(app)
    assert client.get("/x", headers={"Host": "a.example.com"}).json == {"host": "a"}
    assert client.get("/x").json == {"host": ""}


def test_two_apps_of_hosts_have_their_own_documents() -> None:
    """Apps with the same URLs on several hosts are mounted with documented=False."""
    outer = App("Outer")
    for name in ("a", "b"):
        inner = App(name)
        inner.get("/me")(lambda: {})
        outer.mount("/", inner, host=f"{name}.example.com", documented=False)
    client = Client(outer)
    for name in ("a", "b"):
        document = client.get("/openapi.json", headers={"Host": f"{name}.example.com"}).json
        assert document["info"]["title"] == name
    assert client.get("/openapi.json").json["paths"] == {}


def test_mounts_of_mounts() -> None:
    """Variables of several mounts join, those of a host as well."""
    outer, middle, inner = App("Outer"), App("Middle"), App("Inner")

    @inner.get("/x/<int:number>")
    def show(number: int) -> dict[str, object]:
        given = dict(Request.current().mount_parameters)
        return {**given, "number": number, "url": inner.url_for(show, number=9)}

    middle.mount("/<int:year>", inner)
    outer.mount("/<language>", middle, host="<tenant>.example.com")
    found = Client(outer).get("/de/2026/x/1", headers={"Host": "a.example.com"}).json
    url = "/de/2026/x/9"
    assert found == {"tenant": "a", "language": "de", "year": 2026, "number": 1, "url": url}


def _same_variable() -> None:
    inner = App("Inner")
    inner.add("/x/<int:number>", Chapter)
    App("Outer").mount("/<number>", inner)


def _same_variable_later() -> None:
    inner = App("Inner")
    App("Outer").mount("/<number>", inner)
    inner.add("/x/<int:number>", Chapter)


def _two_hosts() -> None:
    inner = App("Inner")
    inner.get("/x", host="a.example.com")(lambda: {})
    App("Outer").mount("/", inner, host="b.example.com")


def _unknown_default() -> None:
    App("Outer").mount("/<language>", App("Inner"), defaults={"lang": "en"})


def _rest_of_the_path() -> None:
    App("Outer").mount("/<path:rest>", App("Inner"))


def _unknown_converter() -> None:
    App("Outer").mount("/<nope:rest>", App("Inner"))


def _no_text() -> None:
    App("Outer").mount("/x", App("Inner"), host=5)  # type: ignore[arg-type]  # the mistake


def _url() -> None:
    App("Outer").mount("/x", App("Inner"), host="https://a.example.com/")


def _path() -> None:
    App("Outer").mount("/x", App("Inner"), host="a.example.com/x")


def _port() -> None:
    App("Outer").mount("/x", App("Inner"), host="a.example.com:8000")


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (_path, "host must be a pattern of hosts"),
        (_port, "host must be a pattern of hosts"),
        (_same_variable, "'number' of '/x/<int:number>' is also one of the mount"),
        (_same_variable_later, "'number' of '/x/<int:number>' is also one of the mount"),
        (_two_hosts, "for the host 'a.example.com', but its App is mounted for the host 'b"),
        (_unknown_default, "defaults has 'lang', but the variables of the mount are: language"),
        (_rest_of_the_path, "one segment"),
        (_unknown_converter, "cannot be read"),
        (_no_text, "host must be a pattern of hosts"),
        (_url, "host must be a pattern of hosts"),
    ],
)
def test_mistakes_of_mounts(mistake: Callable[[], None], message: str) -> None:
    """A mount that cannot be meant is refused when it is made, with what to do."""
    with pytest.raises(DeclarationError, match=message):
        mistake()


def test_the_endpoint_of_flask_for_static_files_is_known() -> None:
    with pytest.raises(LookupError, match=r"static\('style.css'\) in templates"):
        App("Files").url_for("static", filename="style.css")


def test_a_long_name_without_a_url_is_cut_in_the_message() -> None:
    """A name may be what a client sent: it is neither compared with others nor repeated whole."""
    app = App("Names")
    app.get("/x", name="x" * 300)(lambda: {})
    with pytest.raises(LookupError) as raised:
        app.url_for("y" * 100_000)
    assert "Did you mean" not in str(raised.value)
    assert len(str(raised.value)) < 400


def calls_of_last_mount(count: int) -> int:
    """Return how many functions are called to mount one App more on so many."""
    outer, last = App("Outer"), App("Last")
    for number in range(count):
        inner = App(f"Inner {number}")
        inner.get("/part")(lambda: {})
        outer.mount(f"/inner-{number}", inner)
    last.get("/part")(lambda: {})
    calls = 0

    def note(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    gc.disable()  # a garbage collection calls functions of its own
    sys.setprofile(note)
    try:
        outer.mount("/last", last)
    finally:
        sys.setprofile(before)
        gc.enable()
    return calls


def test_a_mount_does_not_cost_more_with_the_apps_mounted_before() -> None:
    calls_of_last_mount(1)  # what the first mount loads is loaded
    assert calls_of_last_mount(60) <= calls_of_last_mount(20) + 20


def test_converters_of_one_name_collide_below_mounts_and_after_them() -> None:
    class One(BaseConverter):
        regex = "one"

    class Other(BaseConverter):
        regex = "other"

    outer, middle, inner = App("Outer"), App("Middle"), App("Inner")
    inner.converters["number"] = One
    inner.get("/<number:key>")(lambda key: {})
    middle.mount("/inner", inner)
    outer.mount("/middle", middle)
    beside = App("Beside")
    beside.converters["number"] = Other
    beside.get("/<number:key>")(lambda key: {})
    with pytest.raises(CollisionError, match=r"'Inner' and 'Beside' .* named 'number'"):
        outer.mount("/beside", beside)
    outer.converters["number"] = Other
    with pytest.raises(CollisionError, match=r"'Inner' and 'Outer' .* named 'number'"):
        outer.get("/<number:key>")(lambda key: {})
    outer.converters["number"] = One
    outer.get("/<number:key>")(lambda key: {})
    assert Client(outer).get("/middle/inner/one").status == 200
    assert Client(outer).get("/one").status == 200


def test_an_app_may_change_its_converters_until_a_pattern_needs_them() -> None:
    class First(BaseConverter):
        regex = "first"

    class Second(BaseConverter):
        regex = "second"

    app = App("Changed")
    app.converters["number"] = First
    app.get("/plain")(lambda: {})
    app.converters["number"] = Second
    app.get("/<number:key>")(lambda key: {"key": key})
    assert Client(app).get("/second").json == {"key": "second"}
