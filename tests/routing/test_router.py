"""Routing: patterns, converters, hosts and slashes."""

from __future__ import annotations

import copy
import json
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import urlopen
from uuid import UUID

import pytest
from jsonschema import Draft202012Validator
from marshmallow import Schema, fields
from servers import serve
from werkzeug.routing import BaseConverter, Map, Rule

from restkit import App, CollisionError, DeclarationError, Resource, operation
from restkit.routing.patterns import parse_pattern
from restkit.testing import Client

PLAIN = App.__call__  # Werkzeug's server sets variables that the WSGI validator rejects


def client_of(*patterns: str, **settings: Any) -> Client:
    """Return a client of an app whose every pattern answers with the pattern and its variables."""
    app = App("Routes", **settings)
    for pattern in patterns:
        app.get(pattern, name=pattern)(
            lambda pattern=pattern, **values: {"pattern": pattern, "values": repr(values)}
        )
    return Client(app)


@pytest.mark.parametrize(
    ("pattern", "path", "value"),
    [
        ("/<int:v>", "/0", 0),
        ("/<int:v>", "/9223372036854775807", 2**63 - 1),
        ("/<int(signed=True):v>", "/-5", -5),
        ("/<float:v>", "/1.5", 1.5),
        ("/<v>", "/a b", "a b"),
        ("/<v>", "/%C3%A9", "é"),
        ("/<path:v>", "/a/b/c", "a/b/c"),
        ("/<any(red,blue):v>", "/blue", "blue"),
        ("/<string(length=2):v>", "/de", "de"),
    ],
)
def test_converters(pattern: str, path: str, value: object) -> None:
    """Werkzeug's converters hand over typed values."""
    assert client_of(pattern).get(path).json["values"] == repr({"v": value})


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("/<int:v>", "/99999999999999999999999"),
        ("/<int:v>", "/9223372036854775808"),
        ("/<int:v>", "/" + "9" * 5000),
        ("/<int:v>", "/-1"),
        ("/<int:v>", "/%D9%A3"),
        ("/<int:v>", "/1_0"),
        ("/<int(max=5):v>", "/6"),
        ("/<float:v>", "/1"),
        ("/<float:v>", "/" + "9" * 400 + ".0"),
        ("/<v>", "/a%00b"),
        ("/<path:v>", "/a/%00"),
        ("/<uuid:v>", "/12345678"),
        ("/<any(red,blue):v>", "/green"),
        ("/x", "/X"),
        ("/x", "/x/"),
        ("/x", "/%ff"),
    ],
)
def test_what_matches_no_pattern_is_404(pattern: str, path: str) -> None:
    """A value outside of its converter is a 404 problem, never a 500."""
    response = client_of(pattern).get(path)
    assert response.status == 404
    assert response.json["title"] == "Not Found"


def test_paths_are_documented_typed() -> None:
    """Each converter says its JSON Schema; one of a user's may say its own."""

    class Slug(BaseConverter):
        regex = "[a-z-]+"
        json_schema = {"type": "string", "pattern": "^[a-z-]+$"}

    app = App("Typed")
    app.converters["slug"] = Slug
    app.get("/<int(min=1, max=9):a>/<uuid:b>/<any(x,y):c>/<slug:d>/<float:e>")(
        lambda a, b, c, d, e: {}
    )
    (operation,) = app.operations()
    assert operation.path == "/{a}/{b}/{c}/{d}/{e}"
    schemas = {each.name: dict(each.schema) for each in operation.path_parameters}
    assert schemas == {
        "a": {"type": "integer", "format": "int64", "minimum": 1, "maximum": 9},
        "b": {
            "type": "string",
            "format": "uuid",
            "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
        },
        "c": {"type": "string", "enum": ["x", "y"]},
        "d": {"type": "string", "pattern": "^[a-z-]+$"},
        "e": {
            "type": "number",
            "description": "decimal notation with a point and the fewest digits, as 1.5 or 2.0",
            "minimum": 0,
        },
    }
    assert Client(app).get(f"/3/{'0' * 8}-0000-0000-0000-{'0' * 12}/x/a-b/1.0").status == 200


@pytest.mark.parametrize("policy", ["redirect", "strict", "ignore"])
def test_mixed_segments_win_where_werkzeug_prefers_them(policy: str) -> None:
    """A segment with fixed text around its variable goes before a variable alone,
    whatever else stands there.
    """
    client = client_of(
        "/files/<string:name>", "/files/<name>.json", "/files/fixed.json", trailing_slash=policy
    )
    assert client.get("/files/a.json").json["pattern"] == "/files/<name>.json"
    assert client.get("/files/a").json["pattern"] == "/files/<string:name>"
    assert client.get("/files/fixed.json").json["pattern"] == "/files/fixed.json"


def test_static_paths_win() -> None:
    """A path without variables goes before one with, whatever their order."""
    client = client_of("/<v>", "/fixed")
    assert client.get("/fixed").json["pattern"] == "/fixed"
    assert client.get("/other").json["pattern"] == "/<v>"


def test_non_ascii_patterns() -> None:
    """A pattern may have letters of any script."""
    assert client_of("/bücher").get("/b%C3%BCcher").status == 200


@pytest.mark.parametrize(
    ("policy", "status"), [("redirect", 308), ("strict", 404), ("ignore", 200)]
)
def test_trailing_slash_policies(policy: str, status: int) -> None:
    """A URL that lacks the pattern's last slash is redirected, absent or served,
    as the setting says.
    """
    client = client_of("/a/", trailing_slash=policy)
    response = client.get("/a", headers={"Host": "evil.example"})
    assert response.status == status
    assert client.get("/a/").status == 200
    if policy == "redirect":
        assert response.headers["Location"] == "/a/"


def test_redirects_stay_on_the_host() -> None:
    """A redirect that merges slashes is relative and keeps the query."""
    client = client_of("/a/b/")
    response = client.get("//a//b?q=1", headers={"Host": "evil.example"})
    assert response.status in (308, 404)
    if response.status == 308:
        assert response.headers["Location"].startswith("/a/")


def test_host_patterns() -> None:
    """A pattern of the host goes before one for every host, and its variables are arguments."""
    app = App("Hosts")

    @app.get("/x", host="<tenant>.example.com")
    def tenant(tenant: str) -> dict[str, str]:
        return {"tenant": tenant}

    @app.get("/x")
    @operation(documented=False)
    def everyone() -> dict[str, str]:
        return {"tenant": ""}

    @app.get("/only")
    def only() -> dict[str, str]:
        return {}

    client = Client(app)
    assert client.get("/x", headers={"Host": "a.example.com"}).json == {"tenant": "a"}
    assert client.get("/x", headers={"Host": "a.example.com:8000"}).json == {"tenant": "a"}
    assert client.get("/x", headers={"Host": "other.org"}).json == {"tenant": ""}
    assert client.get("/only", headers={"Host": "a.example.com"}).status == 200
    assert app.url_for(tenant, tenant="b") == "//b.example.com/x"


@pytest.mark.parametrize(
    "pattern", ["x", "", "/<nope:x>", "/<int:x", "/<int(:x>", "/<x>/<x>", "/<None>"]
)
def test_bad_patterns_are_refused(pattern: str) -> None:
    """A pattern that Werkzeug cannot read is a start-up error that shows it."""
    with pytest.raises(DeclarationError, match="URL pattern"):
        App("Bad").get(pattern)(lambda **values: {})


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        (
            5,
            "The URL pattern 5 must be a string that begins with '/'. The pattern comes first: "
            "app.add('/books', Books).",
        ),
        (
            "^books$",
            "The URL pattern '^books$' must be a string that begins with '/'. Write '/books'.",
        ),
    ],
)
def test_what_is_no_path_is_refused(pattern: Any, message: str) -> None:
    """A pattern that is no text, or is not rooted, is refused with what to write."""

    class Books(Resource):
        def get(self) -> dict[str, int]:
            return {}

    with pytest.raises(DeclarationError) as refused:
        App("Bad").add(pattern, Books)
    assert str(refused.value) == message


def test_converters_of_mounted_apps_must_agree() -> None:
    """Two Apps with different converters of one name collide when they are mounted,
    or when one is used.
    """
    top, low = App("Top"), App("Low")
    top.converters["c"] = type("A", (BaseConverter,), {})
    low.converters["c"] = type("B", (BaseConverter,), {})
    top.get("/<c:x>")(lambda x: {})
    low.get("/<c:x>")(lambda x: {})
    with pytest.raises(CollisionError, match="'Top' and 'Low'"):
        top.mount("/low", low)
    late = App("Late")
    top.mount("/late", late)
    late.converters["c"] = type("C", (BaseConverter,), {})
    with pytest.raises(CollisionError, match="'Top' and 'Late'"):
        late.get("/<c:x>")(lambda x: {})


@pytest.mark.parametrize(
    "path", ["/" + "a/" * 2000, "/" + "a" * 100_000, "/a//../b", "/./x", "/%2e%2e/x", "//y"]
)
def test_absurd_paths(path: str) -> None:
    """Long, deep and dotted paths are answered at once, with a 404 or a redirect on this host."""
    response = client_of("/x", "/<v>/<int:w>").get(path)
    assert response.status in (404, 308)


def test_signed_integers_are_within_64_bits() -> None:
    """A signed integer in a path is within 64 bits on both sides;
    a `min` of the pattern's own holds.
    """
    app = App("Signed")
    app.get("/x/<int(signed=True):n>")(lambda n: {"n": n})
    app.get("/y/<int(signed=True, min=5):n>")(lambda n: {"n": n})
    client = Client(app)
    for number, status in (
        (2**63 - 1, 200),
        (2**63, 404),
        (-(2**63), 200),
        (-(2**63) - 1, 404),
        (-9999999999999999999, 404),
    ):
        assert client.get(f"/x/{number}").status == status, number
    assert [client.get(f"/y/{number}").status for number in (5, 4)] == [200, 404]


@pytest.mark.parametrize("query", ["a\r\nX: y", "\x00", "\xe9", "a b", "<>", "%0d%0a", "\x7f\x1f"])
def test_the_query_of_a_redirect_is_safe(query: str) -> None:
    """Whatever the query is, the Location of a redirect is printable ASCII without a space."""
    app = App("Redirect")
    app.get("/x/")(lambda: {})
    location = Client(app).get("/x", environ={"QUERY_STRING": query}).headers["Location"]
    assert location.startswith("/x/?")
    assert all("!" <= char <= "~" for char in location)


@pytest.mark.parametrize(
    "path", ["/p/%5Cevil.com", "/p//evil.com", "//evil.com", "/%5C%5Cevil.com", "/p/%0d%0aX: y"]
)
def test_no_url_is_redirected_to_another_host(path: str) -> None:
    """No URL is redirected to another host."""
    app = App("Open")
    app.get("/p/<path:rest>/")(lambda rest: {})
    app.get("/<path:rest>/")(lambda rest: {})
    response = Client(app).get(path, environ={"HTTP_HOST": "forged.example"})
    location = response.headers.get("Location", "/")
    assert location.startswith("/")
    assert location[1:2] not in ("/", "\\")
    assert "\r" not in location


def test_what_stands_before_the_app_is_quoted() -> None:
    """A SCRIPT_NAME of any characters is percent-encoded in redirects and URLs that are built."""
    app = App("Root")
    app.get("/x/", name="x")(lambda: {"url": app.url_for("x")})
    client = Client(app)
    root = {"SCRIPT_NAME": "/\u20ac a".encode().decode("latin-1")}
    assert client.get("/x", environ=root).headers["Location"] == "/%E2%82%AC%20a/x/"
    assert client.get("/x/", environ=root).json == {"url": "/%E2%82%AC%20a/x/"}


def test_a_hosts_own_docs_leave_the_pages_to_other_hosts() -> None:
    """A resource of one host at `/docs` takes nothing from the pages of every other host."""
    app = App("Hosts")
    app.get("/docs", host="a.example.com")(lambda: {"own": True})
    client = Client(app)
    assert client.get("/docs", headers={"Host": "a.example.com"}).json == {"own": True}
    assert (
        client.get("/docs", headers={"Host": "b.example.com"})
        .headers["Content-Type"]
        .startswith("text/html")
    )


def test_locations_on_hosts_are_of_their_own_host() -> None:
    """Two hosts with the same patterns link each to its own items."""
    app = App("Hosts")

    class Things(Resource):
        schema = ThingSchema
        documented = False

        def post(self, body: dict[str, int]) -> dict[str, int]:
            return {"id": 1, **body}

    class Thing(Resource):
        schema = ThingSchema
        documented = False

        def get(self, thing_id: int) -> dict[str, int]:
            return {}

    for host in ("a.example.com", "b.example.com"):
        app.add("/things", Things, host=host)
        app.add("/things/<int:thing_id>", Thing, host=host)
    client = Client(app)
    for host in ("a.example.com", "b.example.com"):
        response = client.post("/things", json={"n": 1}, environ={"HTTP_HOST": host})
        assert response.headers["Location"] == "/things/1"


class ThingSchema(Schema):
    id = fields.Int(dump_only=True)
    n = fields.Int()


@pytest.mark.parametrize(
    "pattern", ["/books?sort=title", "/books#top", "/books\n", "/books/<int:book_id>?x", "/a\0"]
)
def test_a_pattern_that_no_path_matches_is_refused(pattern: str) -> None:
    """A pattern or prefix with a character that no path of a request has is rejected."""
    remedy = r"Declare query parameters with @takes" if set("?#") & {*pattern} else "Remove it"
    with pytest.raises(DeclarationError, match=f"which cannot occur in a path. {remedy}"):
        parse_pattern(pattern, "", {})
    if "<" not in pattern:
        with pytest.raises(DeclarationError, match=f"which cannot occur in a path. {remedy}"):
            App("Outer").mount(pattern, App("Inner"))


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/a//b", "has an empty segment"),
        ("//a", "has an empty segment"),
        ("/a//", "has an empty segment"),
        ("/a/./b", r"has the segment '\.', which clients remove"),
        ("/a/../b", r"has the segment '\.\.', which clients remove"),
        ("/a/..", r"has the segment '\.\.', which clients remove"),
        ("/.", r"has the segment '\.', which clients remove"),
        ("/a%20b", "contains %20, a percent-encoded character"),
        ("/a/%2e%2e/b", "contains %2e, a percent-encoded character"),
        ("/%C3%A4", "contains %C3, a percent-encoded character"),
    ],
)
def test_paths_that_clients_or_servers_change_are_refused(path: str, message: str) -> None:
    """A path that no request has as it is written is rejected in patterns and in mounts."""
    with pytest.raises(DeclarationError, match=f"The URL pattern .* {message}"):
        App("Routes").get(path)(lambda: {})
    with pytest.raises(DeclarationError, match=rf"mount\(.*\) of the App 'Inner' {message}"):
        App("Outer").mount(path, App("Inner"))


@pytest.mark.parametrize("pattern", ["/a/<path:x>//b", "/<int:x>/../b", "/a//<x>"])
def test_the_segments_beside_variables_are_checked(pattern: str) -> None:
    """A segment that no request has is found beside variables as well."""
    with pytest.raises(DeclarationError, match="segment"):
        App("Routes").get(pattern)(lambda x: {})


@pytest.mark.parametrize("mounted", [False, True])
def test_paths_of_any_other_character_work_on_a_server(mounted: bool) -> None:
    """A request over a socket finds a path with spaces, letters of any script and other signs."""
    app = App("Served")
    paths = ["/a b", "/ä", "/..a", "/a..", "/a;b=1", "/100%", "/a%zz", "/~+|", "/a\\b"]
    for index, path in enumerate(paths):
        target = App(f"Inner{index}") if mounted else app
        target.get(path)(lambda path=path: {"found": path})
        target.get(f"{path}/<int:x>")(lambda x: {"found": x})
        if mounted:
            app.mount(path, target)
    with serve(lambda environ, start: PLAIN(app, environ, start)) as url:
        for path in paths:
            prefix = quote(path) if mounted else ""
            for rest, found in ((quote(path), path), (f"{quote(path)}/5", 5)):
                with urlopen(f"{url}{prefix}{rest}") as response:
                    assert json.load(response) == {"found": found}


@pytest.mark.parametrize(
    "converter",
    [
        "int(max=a)",
        "int(min=5, max=1)",
        "float(min=2.0, max=1.0)",
        "string(minlength=5, maxlength=2)",
    ],
)
def test_bounds_that_nothing_is_between_are_refused(converter: str) -> None:
    """A converter whose bounds are no numbers, or the wrong way round,
    is refused with the pattern.
    """
    with pytest.raises(
        DeclarationError, match=r"The URL pattern .* cannot be read: nothing is from .* to "
    ):
        parse_pattern(f"/books/<{converter}:key>", "", {})


def _dotted() -> App:
    """Return an App whose patterns match every text, as segments, rests and parts of segments."""
    app = App("Dotted")
    for pattern in ("/s/<v>", "/s/<v>/end", "/p/<path:v>", "/m/.<v>", "/m/v-<v>"):
        app.get(pattern, name=pattern)(lambda v: {"v": v})
    app.get("/two/<v><int:w>", name="two")(lambda v, w: {"v": v})
    return app


def test_segments_that_clients_remove_match_nothing_on_a_server() -> None:
    """The segments ``.`` and ``..`` are a 404 over a socket, quoted or not, wherever they stand."""
    app = _dotted()
    refused = [
        *("/s/.", "/s/..", "/s/%2e", "/s/%2E%2e", "/s/.%2e", "/s/../end", "/s/%2e/end", "/m/.."),
        *("/p/..", "/p/a/..", "/p/../a", "/p/a/./b", "/p/a%2F..%2Fb", "/p/%2e%2e%2fa", "/m/.%2e"),
        *("/s/..%2Fend", "/p/a%2f..", "/s/%2e%2e/"),
    ]
    served = {
        "/s/...": "...",
        "/s/.a": ".a",
        "/s/a..": "a..",
        "/s/%252e": "%2e",
        "/s/..%5C": "..\\",
        "/p/..a/.b": "..a/.b",
        "/p/a/...": "a/...",
        "/m/v-..": "..",
        "/m/...": "..",
    }
    with serve(lambda environ, start: PLAIN(app, environ, start)) as url:
        for path in refused:
            with pytest.raises(HTTPError) as raised:
                urlopen(f"{url}{path}")
            assert raised.value.status == 404, path
            raised.value.close()
        for path, value in served.items():
            with urlopen(f"{url}{path}") as response:
                assert json.load(response) == {"v": value}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("/s/<v>", text) for text in (".", "..")),
        *(("/s/<v>/end", text) for text in (".", "..")),
        *(("/p/<path:v>", text) for text in (".", "..", "a/..", "./a", "a/./b", "a/../b")),
        ("/m/.<v>", "."),
    ],
)
def test_no_url_has_a_segment_that_clients_remove(name: str, value: str) -> None:
    """`url_for` raises a LookupError that names the variable."""
    with pytest.raises(LookupError, match=f"with v='{value}': the pattern does not match"):
        _dotted().url_for(name, v=value)


@pytest.mark.parametrize(
    ("name", "value", "url"),
    [
        ("/s/<v>", "...", "/s/..."),
        ("/s/<v>", "%2e", "/s/%252e"),
        ("/s/<v>", "?/.", None),
        ("/p/<path:v>", "..a/b..", "/p/..a/b.."),
        ("/m/.<v>", "..", "/m/..."),
        ("/m/v-<v>", "..", "/m/v-.."),
    ],
)
def test_points_are_part_of_other_segments(name: str, value: str, url: str | None) -> None:
    """A text that only contains points is a value like others."""
    app = _dotted()
    if url is None:
        with pytest.raises(LookupError):
            app.url_for(name, v=value)
    else:
        assert app.url_for(name, v=value) == url
        assert Client(app).get(url).json == {"v": value}


def test_the_query_of_a_url_may_have_dot_segments() -> None:
    """Only the path of a URL is normalised, so a query may have any value."""
    url = _dotted().url_for("/s/<v>", v="a", _query={"next": "/../b/."})
    assert url == "/s/a?next=%2F..%2Fb%2F."


def test_an_item_without_a_reachable_url_has_no_location() -> None:
    """A 201 whose key is ``..`` sends no Location, which clients would resolve to another URL."""

    class ThingSchema(Schema):
        name = fields.Str(required=True)

    class Things(Resource):
        schema = ThingSchema

        def post(self, body: dict[str, Any]) -> dict[str, Any]:
            return body

    class Thing(Resource):
        schema = ThingSchema

        def get(self, name: str) -> dict[str, Any]:
            return {"name": name}

    app = App("Things", contract="off")
    app.add("/things", Things)
    app.add("/things/<name>", Thing)
    client = Client(app, contract=False)
    assert client.post("/things", json={"name": "..a"}).headers["Location"] == "/things/..a"
    for name in (".", ".."):
        response = client.post("/things", json={"name": name})
        assert response.status == 201
        assert "Location" not in response.headers


def test_the_document_excludes_segments_that_clients_remove() -> None:
    """The schemas of texts and paths reject what the routes do not match."""
    parameters = {
        pattern: parse_pattern(pattern, "", {}).parameters[0].schema
        for pattern in ("/<v>", "/<string(length=3):v>", "/<path:v>")
    }
    assert parameters["/<v>"]["not"] == {"enum": [".", ".."]}
    assert "not" not in parameters["/<string(length=3):v>"]
    checker = Draft202012Validator(dict(parameters["/<path:v>"]))
    for refused in (".", "..", "a/..", "../a", "a/./b", "a/../b"):
        assert not checker.is_valid(refused), refused
    for valid in ("a", "a/b", "...", ".a/b.", "a/..b"):
        assert checker.is_valid(valid), valid


@pytest.mark.parametrize("prefix", ["/{x}", "/a/{x:int}", "/:x", "/*", "/(?P<x>a)"])
def test_a_prefix_in_the_syntax_of_another_framework_is_refused(prefix: str) -> None:
    """A variable of a prefix is written as in a pattern."""
    with pytest.raises(DeclarationError, match=r"mount\(.*\) of the App 'Inner' .* [Ww]rit"):
        App("Outer").mount(prefix, App("Inner"))


@pytest.mark.parametrize("rule", ["/", "/a", "/a/", "/a/b.json", "/é", "/a|b", "/a>", "/~x/1"])
def test_patterns_without_variables_are_read_as_werkzeug_reads_them(rule: str) -> None:
    """A pattern without variables has the path, and builds the URL, that Werkzeug reads in it."""
    known = Rule(rule, endpoint="it")
    rules = Map([known])
    pattern = parse_pattern(rule, "", {})
    read = "".join(data for _, data in known._trace[1:])
    assert (pattern.path, pattern.parameters, pattern.shape) == (read, (), read)
    app = App("Read")
    app.get(rule)(lambda: {"found": True})
    assert app.url_for(app.entries()[0].name) == rules.bind("localhost").build("it")
    assert Client(app).get(quote(rule, safe="/>|~")).json == {"found": True}


def test_slashes_of_a_program_without_variables() -> None:
    """Without a variable in any pattern, a missing slash is a 308 and another path a 404."""
    client = client_of("/a/", "/b")
    missing = client.get("/a")
    assert missing.status == 308
    assert missing.headers["Location"] == "/a/"
    assert client.get("/b/").status == 404
    assert client.get("/c").status == 404
    assert client.get("/a/").status == 200


def test_a_name_of_a_built_in_converter_is_refused_without_variables() -> None:
    """A converter with the name of a built-in one is refused also by a path without variables."""
    with pytest.raises(DeclarationError, match="name of a built-in"):
        parse_pattern("/a", "", {"int": BaseConverter})


@pytest.mark.parametrize(
    ("pattern", "number", "matches"),
    [
        ("/<int:n>", 10**17, True),
        ("/<int:n>", 10**18 - 1, True),
        ("/<int:n>", 10**18, True),
        ("/<int:n>", 2**63 - 1, True),
        ("/<int:n>", 2**63, False),
        ("/<int(min=5):n>", 4, False),
        ("/<int(min=5):n>", 5, True),
        ("/<int(max=5):n>", 6, False),
        ("/<int(min=0):n>", 0, True),
        ("/<int(signed=True):n>", -(10**18), True),
        ("/<int(signed=True):n>", -(2**63) - 1, False),
    ],
)
def test_integers_at_their_bounds(pattern: str, number: int, matches: bool) -> None:
    """A number is found within its bounds, short or long, and a 404 beyond them."""
    app = App("Numbers")
    app.get(pattern)(lambda n: {"n": n})
    response = Client(app).get(f"/{number}")
    assert response.status == (200 if matches else 404)
    if matches:
        assert response.json == {"n": number}


def test_uuids_are_whole() -> None:
    """The UUID of a path equals the one of its text, and is copied and hashed like it."""
    app = App("Keys")
    made: list[UUID] = []
    app.get("/<uuid:key>")(lambda key: made.append(key))
    text = "6f1c2c3e-8c1f-4a55-9d33-0a4c3b1f9e77"
    assert Client(app, contract=False).get(f"/{text}").status in (200, 204)
    assert made == [UUID(text)]
    assert copy.deepcopy(made[0]) == UUID(text)
    assert made[0].is_safe is UUID(text).is_safe


def test_one_function_on_two_hosts_is_one_operation() -> None:
    """Two functions are two, of which a document has no place for the second."""

    def get() -> dict[str, str]:
        return {}

    def other() -> dict[str, str]:
        return {}

    app = App("Hosts")
    app.get("/x", host="a.example.com")(get)
    app.get("/x", host="b.example.com")(get)
    assert app.operations()
    with pytest.raises(CollisionError, match="is another operation on another host"):
        app.get("/x", host="c.example.com")(other)
