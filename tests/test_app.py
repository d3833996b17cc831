"""App: the first screen's program, functions, mounting, names, overriding,
and what it refuses at start-up.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from marshmallow import Schema, fields, validate
from werkzeug.routing import BaseConverter, ValidationError

from restkit import (
    App,
    CollisionError,
    Conflict,
    DeclarationError,
    Forbidden,
    NotFound,
    Proceed,
    Request,
    Resource,
    Response,
    Settings,
    raises,
    returns,
    takes,
)
from restkit.crud import CRUDResource, MemoryStore
from restkit.testing import Client


@dataclass
class Book:
    title: str
    year: int | None = None
    id: int = 0


class BookSchema(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(required=True, validate=validate.Length(1, 200))
    year = fields.Int(allow_none=True, validate=validate.Range(1450, 2100))


def bookstore() -> App:
    app = App("Bookstore", version="1.0")
    shelf: dict[int, Book] = {}

    @app.route("/books")
    class Books(Resource):
        """The shelf."""

        schema = BookSchema

        def get(self) -> list[Book]:
            """List the books."""
            return list(shelf.values())

        def post(self, body: Book) -> Book:
            """Put a book on the shelf."""
            body.id = len(shelf) + 1
            shelf[body.id] = body
            return body

    @app.route("/books/<int:book_id>")
    class BookItem(Resource):
        schema = BookSchema

        @raises(NotFound)
        def get(self, book_id: int) -> Book:
            """Read one book."""
            if book_id not in shelf:
                raise NotFound(f"no book {book_id}")
            return shelf[book_id]

    return app


def test_first_screen_lists_and_creates() -> None:
    """A POST answers 201 with Location and the book; the list has it."""
    client = Client(bookstore())
    made = client.post("/books", json={"title": "Emma", "year": 1815})
    assert made.status == 201
    assert made.headers["Location"] == "/books/1"
    assert made.json == {"id": 1, "title": "Emma", "year": 1815}
    assert client.get("/books").json == [made.json]
    assert client.get(made.headers["Location"]).json == made.json


def test_first_screen_refuses() -> None:
    """Invalid input is a 422 with pointers, an absent book a 404 with the detail that was given."""
    client = Client(bookstore())
    refused = client.post("/books", json={"title": "", "year": "1815", "titel": "x"})
    assert refused.status == 422
    assert refused.headers["Content-Type"] == "application/problem+json"
    found = {error["pointer"]: error["code"] for error in refused.json["errors"]}
    assert found == {"/title": "length", "/year": "invalid", "/titel": "unknown"}
    assert client.get("/books").json == []
    absent = client.get("/books/7")
    assert absent.status == 404
    assert absent.json["detail"] == "no book 7"


def test_location_is_documented_as_it_is_sent() -> None:
    """The Operation of the POST declares the Location header that it sends."""
    post = next(each for each in bookstore().operations() if each.method == "POST")
    assert [header.name for header in post.outputs[0].headers] == ["Location"]


def test_smallest_program() -> None:
    """A function route answers JSON of what it returns."""
    app = App("Hello")

    @app.route("/")
    def hello() -> dict[str, str]:
        return {"hello": "world"}

    response = Client(app).get("/")
    assert response.status == 200
    assert response.json == {"hello": "world"}
    assert response.headers["Content-Type"] == "application/json"


def test_function_verbs_share_a_pattern() -> None:
    """Functions of several verbs on one pattern make one resource, whose 405 knows them all."""
    app = App("Verbs")
    for verb in ("get", "post", "put", "patch"):
        getattr(app, verb)("/x")(lambda verb=verb: {"verb": verb})
    app.delete("/x")(lambda: None)
    client = Client(app)
    assert client.put("/x").json == {"verb": "put"}
    assert client.delete("/x").status == 204
    refused = client.request("TRACE", "/x")
    assert refused.status == 405
    assert refused.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"


def test_same_verb_twice_is_refused() -> None:
    """Two declarations of one verb on one URL fail, and name both places."""
    app = App("Twice")
    app.get("/x")(lambda: {})

    def other() -> dict[str, Any]:
        return {}

    with pytest.raises(CollisionError, match=r"GET /x is declared twice.*lambda.*other"):
        app.get("/x")(other)
    assert Client(app).get("/x").status == 200


def test_unknown_url_is_a_problem() -> None:
    """An unknown URL is a 404 problem that does not echo it."""
    response = Client(App("Empty")).get("/%3Cscript%3E")
    assert response.status == 404
    assert response.headers["Content-Type"] == "application/problem+json"
    assert b"script" not in response.body


def test_mounted_app_keeps_its_own() -> None:
    """A mounted App has its own middleware and problem handlers, inside of the outer ones."""
    seen: list[str] = []
    inner, outer = App("Inner"), App("Outer")

    @inner.middleware
    def around_inner(request: Request, proceed: Any) -> Response:
        seen.append("inner")
        return proceed(request)

    @outer.middleware
    def around_outer(request: Request, proceed: Any) -> Response:
        seen.append("outer")
        response = proceed(request)
        response.headers["X-Outer"] = str(response.status_code)
        return response

    @inner.problem_handler(KeyError)
    def missing(error: KeyError, request: Request) -> Conflict:
        return Conflict("inner")

    @outer.problem_handler(LookupError)
    def lookup(error: LookupError, request: Request) -> Conflict:
        return Conflict("outer")

    @inner.get("/key")
    @raises(Conflict)
    def key() -> None:
        raise KeyError("x")

    @inner.get("/index")
    @raises(Conflict)
    def index() -> None:
        raise IndexError("x")

    outer.mount("/v1", inner)
    client = Client(outer)
    answer = client.get("/v1/key")
    assert answer.status == 409
    assert answer.json["detail"] == "inner"
    assert answer.headers["X-Outer"] == "409"
    assert client.get("/v1/index").json["detail"] == "outer"
    assert seen == ["outer", "inner"] * 2
    assert client.get("/nowhere").headers["X-Outer"] == "404"


def test_mounts_nest_and_url_for_finds_them() -> None:
    """Apps nest; url_for gives the whole path, and prefers what the asking App has itself."""
    top, middle, low = App("Top"), App("Middle"), App("Low")
    urls: list[str] = []

    @low.route("/leaf/<int:leaf_id>")
    class Leaf(Resource):
        def get(self, leaf_id: int) -> dict[str, str]:
            urls.append(self.app.url_for(Leaf, leaf_id=leaf_id + 1, _query={"q": "a b"}))
            urls.append(self.app.url_for("Leaf", _external=True, leaf_id=1))
            return {}

    middle.mount("/low", low)
    top.mount("/middle", middle)
    assert Client(top).get("/middle/low/leaf/1").status == 200
    assert urls == ["/middle/low/leaf/2?q=a+b", "http://localhost/middle/low/leaf/1"]
    assert top.url_for(Leaf, leaf_id=5) == "/middle/low/leaf/5"
    with pytest.raises(LookupError, match="no URL"):
        top.url_for("Nothing")


def test_url_for_knows_where_the_app_is_served() -> None:
    """Behind a SCRIPT_NAME, URLs and Location begin with it."""
    client = Client(bookstore())
    response = client.post("/books", json={"title": "Emma"}, environ={"SCRIPT_NAME": "/shop"})
    assert response.headers["Location"] == "/shop/books/1"


def test_an_app_is_mounted_once() -> None:
    """Mounting an App twice or on itself is refused in one sentence."""
    top, low = App("Top"), App("Low")
    top.mount("/low", low)
    with pytest.raises(DeclarationError, match="mounted already"):
        top.mount("/again", low)
    with pytest.raises(DeclarationError, match="mounted already"):
        low.mount("/up", top)


def test_declaring_after_the_first_request_is_refused() -> None:
    """An App that answers already takes no new resources, and says so."""
    app = App("Late")
    app.get("/")(lambda: {})
    Client(app).get("/")
    with pytest.raises(DeclarationError, match="already responds"):
        app.get("/late")(lambda: {})


def test_a_mounted_app_is_closed_with_its_root() -> None:
    """What is added to a mounted App after the outer one's first request would be lost,
    so it is refused.
    """
    outer, inner = App("Outer"), App("Inner")
    inner.get("/x")(lambda: {})
    outer.mount("/v1", inner)
    outer.freeze()
    for late in (
        lambda: inner.get("/late")(lambda: {}),
        lambda: inner.middleware(lambda request, proceed: proceed(request)),
        lambda: inner.problem_handler(KeyError)(lambda error, request: Conflict()),
        lambda: inner.mount("/more", App("More")),
    ):
        with pytest.raises(DeclarationError, match="The App 'Outer' already responds"):
            late()


def test_inputs_that_cannot_be_read_are_refused_when_added() -> None:
    """A query field that is no single value, and a media type without a handler, fail at `add`."""

    class NestedSchema(Schema):
        inner = fields.List(fields.Nested(BookSchema))

    class Nested(Resource):
        @takes(query=NestedSchema)
        def get(self, query: dict[str, Any]) -> dict[str, Any]:
            return {}

    class CSV(Resource):
        @takes(body=BookSchema, media_types=["text/csv"])
        def post(self, body: dict[str, Any]) -> None: ...

    app = App("Readers")
    with pytest.raises(DeclarationError, match=r"the query field 'inner'"):
        app.add("/nested", Nested)
    with pytest.raises(DeclarationError, match="takes text/csv, which no handler reads"):
        app.add("/csv", CSV)
    assert app.operations() == ()


def test_two_schemas_of_one_name_are_two_components() -> None:
    """Two schema classes of one name are both in the document, the second with a number."""

    def schema_of(field: fields.Field[Any]) -> type[Schema]:
        return type("ThingSchema", (Schema,), {"value": field})

    class Things(Resource):
        schema = schema_of(fields.Int())

        def get(self) -> list[dict[str, int]]:
            return []

    class Others(Resource):
        schema = schema_of(fields.Str())

        def get(self) -> list[dict[str, int]]:
            return []

    app = App("Collision")
    app.add("/things", Things)
    app.add("/others", Others)
    schemas = Client(app).get("/openapi.json").json["components"]["schemas"]
    assert {"Thing", "Thing2"} <= schemas.keys()


def test_paths_that_a_document_cannot_tell_apart_are_refused() -> None:
    """Two patterns that differ in their variables' names or converters only are a start-up
    error.
    """
    app = App("Paths")
    app.get("/x/<int:a>")(lambda a: {})

    def other(b: str) -> dict[str, str]:
        return {}

    with pytest.raises(CollisionError, match="are one operation in the document"):
        app.get("/x/<b>")(other)


def test_settings_reach_the_app() -> None:
    """Settings come ready or as single values, not both."""
    assert App("A", strict=False).settings.strict is False
    assert App("A", settings=Settings(debug=True)).settings.debug is True
    with pytest.raises(DeclarationError, match="not both"):
        App("A", settings=Settings(), debug=True)


def test_install_hands_over_the_app() -> None:
    """An extension adds its parts to the App."""

    class Ping:
        def install(self, app: App) -> None:
            app.get("/ping")(lambda: {"pong": True})

    app = App("Extended")
    app.install(Ping())
    assert Client(app).get("/ping").json == {"pong": True}


def test_relaxed_app_lets_unknown_input_pass() -> None:
    """One setting relaxes unknown body fields, nested ones too, and unknown query parameters."""

    class InnerSchema(Schema):
        a = fields.Int()

    class OuterSchema(Schema):
        inner = fields.Nested(InnerSchema)

    app = App("Relaxed", strict=False)

    @app.route("/x")
    class X(Resource):
        schema = OuterSchema

        @returns(None, media_types=["application/json"])
        def post(self, body: dict[str, Any]) -> Any:
            return body

    response = Client(app).post("/x?no=1", json={"inner": {"a": 1, "b": 2}, "c": 3})
    assert response.status == 200
    assert response.json == {"inner": {"a": 1}}


def test_the_documents_of_a_mounted_app_stand_behind_its_middleware() -> None:
    """What guards a mounted App guards its document and pages too;
    the outer App's are not touched by it.
    """
    outer, inner = App("Outer"), App("Inner")

    @inner.middleware
    def refuse(request: Request, proceed: Proceed) -> Response:
        raise Forbidden("Not for you.")

    @inner.get("/hidden")
    @raises(Forbidden)
    def hidden() -> dict[str, int]:
        return {}

    outer.mount("/v1", inner)
    client = Client(outer, contract=False)
    for url in ("/v1/hidden", "/v1/openapi.json", "/v1/openapi.yaml", "/v1/docs", "/v1/scalar"):
        assert client.get(url).status == 403, url
    for url in ("/openapi.json", "/docs"):
        assert client.get(url).status == 200, url


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        (lambda app: App("X", settings=Settings), "must be a Settings instance"),
        (lambda app: app.mount("/old", lambda environ, start: []), "another restkit App"),
        (
            lambda app: app.mount("/old", lambda environ, start: []),
            "beside this one, by Dispatcher",
        ),
        (lambda app: app.mount("/old", "shop"), r"another restkit App, got 'shop'\.$"),
        (
            lambda app: app.middleware("http"),
            "must be a function of .request, proceed., got .http.",
        ),
        (lambda app: app.get(lambda: {}), "needs its URL pattern first"),
        (lambda app: app.get("/x/{x_id}")(lambda x_id: {}), "a variable is written <name>"),
        (
            lambda app: app.add(
                "/x", type("R", (Resource,), {"get": lambda self: {}, "middleware": print})
            ),
            "sequence",
        ),
    ],
)
def test_wrong_arguments_are_told(mistake: Any, words: str) -> None:
    """What is of another kind than a method takes is a sentence of ours,
    not an error from inside.
    """
    with pytest.raises(DeclarationError, match=words):
        mistake(App("Mistakes"))


@pytest.mark.parametrize(
    "extension", [5, None, object(), type("Extension", (), {"install": lambda self, app: None})]
)
def test_what_is_no_extension_is_refused(extension: Any) -> None:
    """`install` wants an object with an install method, not a class, and says so."""
    with pytest.raises(DeclarationError, match="expects an object with a method install"):
        App("Shop").install(extension)


def test_url_for_wants_the_variables_of_the_pattern() -> None:
    """A value that is no variable, or a missing one, is a LookupError and not a query."""
    app = App("URLs")

    @app.get("/things/<int:thing_id>", name="Thing")
    def thing(thing_id: int) -> dict[str, Any]:
        return {}

    for values in ({}, {"thing_id": 1, "page": 2}, {"id": 1}):
        with pytest.raises(LookupError, match=r"_query=\{...\}"):
            app.url_for(thing, **values)
    query = {"tag": ["a", "b"], "q": "x y"}
    assert app.url_for(thing, thing_id=1, _query=query) == "/things/1?tag=a&tag=b&q=x+y"
    assert app.url_for("Thing", thing_id=1) == "/things/1"
    assert app.url_for("thing", thing_id=1) == "/things/1"


URLS: list[tuple[str, list[object], list[object]]] = [
    (
        "<int:x>",
        [0, 1, 2**63 - 1, "7"],
        [
            "01",
            "+1",
            " 1",
            "1_0",
            "\u0661",
            -1,
            True,
            False,
            2**63,
            10**30,
            1.5,
            "x",
            "",
            float("nan"),
            Decimal("1.5"),
            object(),
        ],
    ),
    ("<int(signed=True):x>", [-5, 5, 0, "-5"], [True, -(10**30), "x", "-05", "-0"]),
    ("<int(fixed_digits=4):x>", [7, "7", "0007"], ["07", 12345]),
    ("<int(min=3):x>", [3], [2]),
    (
        "<float:x>",
        [1.5, 2, "1.5"],
        [-1.5, float("nan"), float("inf"), 1e300, True, "x", "1.50", "01.5", "1e0"],
    ),
    ("<string:x>", ["a", "a b", 5, "é", "100%"], ["", "a/b", "a\0b", True]),
    ("<string(maxlength=2):x>", ["ab"], ["abc"]),
    ("<path:x>", ["a/b", "a"], ["", "/a", True]),
    ("<uuid:x>", [UUID(int=1), str(UUID(int=1))], ["x", 5]),
    ("<any(a, b):x>", ["a"], ["c", True]),
]


@pytest.mark.parametrize("rule", [rule for rule, _, _ in URLS])
def test_url_for_builds_only_urls_that_its_pattern_matches(rule: str) -> None:
    """A value that the converter would not read back is an error with the pattern and the value."""
    taken, rejected = next((taken, rejected) for each, taken, rejected in URLS if each == rule)
    app = App("URLs")

    @app.get(f"/{rule}/end", name="x")
    def get(x: Any) -> dict[str, Any]:
        return {}

    assert taken
    assert rejected
    for value in taken:
        assert Client(app).get(app.url_for("x", x=value)).status == 200
    for value in rejected:
        with pytest.raises(LookupError) as raised:
            app.url_for("x", x=value)
        assert f"/{rule}/end" in str(raised.value)
        assert repr(value)[:80] in str(raised.value)


def test_url_for_asks_converters_of_a_program() -> None:
    """A converter of your own may take an object and read another one, but must read its URL."""

    class Even(BaseConverter):
        regex = "[0-9]+"

        def to_python(self, value: str) -> int:
            if int(value) % 2:
                raise ValidationError
            return int(value)

        def to_url(self, value: Any) -> str:
            return str(value[0])

    app = App("URLs")
    app.converters["even"] = Even
    app.get("/<even:x>", name="x")(lambda x: {})
    assert app.url_for("x", x=[4]) == "/4"
    for value in ([3], ["x"], 5, []):
        with pytest.raises(LookupError, match=r"'/<even:x>' with x="):
            app.url_for("x", x=value)


def test_url_for_prefers_a_pattern_that_takes_the_value() -> None:
    """A name with several patterns has the URL of the first that matches."""
    app = App("URLs")
    app.get("/n/<int:x>", name="x")(lambda x: {})
    app.get("/s/<string:x>", name="x")(lambda x: {})
    assert app.url_for("x", x="a") == "/s/a"
    assert app.url_for("x", x=1) == "/n/1"


@pytest.mark.parametrize(
    ("query", "end"),
    [
        (None, ""),
        ({}, ""),
        ({"b": None}, ""),
        ({"a": 1, "b": None}, "?a=1"),
        ({"a": [1, None, 2], "b": []}, "?a=1&a=2"),
        ({"a": ""}, "?a="),
        ({"a": b"x"}, "?a=x"),
    ],
)
def test_url_for_leaves_out_query_parameters_of_none(query: Any, end: str) -> None:
    """None in `_query`, alone or in a sequence, is no parameter."""
    app = App("URLs")
    app.get("/x", name="x")(lambda: {})
    assert app.url_for("x", _query=query) == f"/x{end}"


@pytest.mark.parametrize("query", ["a=b", [("a", "b")], 5, b"a=b"])
def test_url_for_wants_a_mapping_of_query_parameters(query: Any) -> None:
    """A text as `_query` is an error that says what to write."""
    app = App("URLs")
    app.get("/x", name="x")(lambda: {})
    with pytest.raises(TypeError, match=r"_query must be a mapping, such as \{'page': 2\}, got"):
        app.url_for("x", _query=query)


def test_url_for_takes_a_collection_and_its_item() -> None:
    """A collection's class has two URLs; operationIds and the class name both find the item."""

    @dataclass
    class Note:
        id: int = 0

    class Notes(CRUDResource[Note]):
        store = MemoryStore(Note)

    app = App("URLs")
    app.add("/notes", Notes)
    assert app.url_for(Notes) == "/notes"
    assert app.url_for(Notes, id=1) == "/notes/1"
    assert app.url_for("listNotes") == "/notes"
    assert app.url_for("getNote", id=1) == "/notes/1"


def test_an_app_is_shown_by_its_name() -> None:
    """The representation has the name and the number of resources."""
    app = App("Shop")
    app.get("/a")(lambda: {})
    app.get("/b")(lambda: {})
    assert repr(app) == "<App 'Shop', 2 resources>"


@pytest.mark.parametrize("error", [5, BaseException, KeyboardInterrupt, str, ValueError("x")])
def test_a_handler_is_for_a_class_of_exceptions(error: Any) -> None:
    """What is no exception class, or would end the process, has no handler."""
    with pytest.raises(DeclarationError, match=r"problem_handler\(\) expects an exception class"):
        App("Shop").problem_handler(error)


@pytest.mark.parametrize("target", [5, None, "books"])
def test_what_is_no_function_is_not_mounted(target: Any) -> None:
    """A route stands on a class or a function."""
    for add in (App("Shop").route, App("Shop").get):
        with pytest.raises(
            DeclarationError, match="The route '/x' expects a Resource class or a fun"
        ):
            add("/x")(target)


class Announced:
    """An extension that says what it was installed on."""

    def __init__(self, name: str, log: list[str]) -> None:
        self.name, self.log = name, log

    def install(self, app: App) -> None:
        self.log.append(f"{self.name} on {app.name} of {app.version}")


def test_extensions_of_the_constructor() -> None:
    """They are installed in order, when the App knows everything else that it was given."""
    log: list[str] = []
    first, second = Announced("first", log), Announced("second", log)
    app = App("Shop", version="2.0", extensions=[first, second])
    assert log == ["first on Shop of 2.0", "second on Shop of 2.0"]
    assert app.extensions == [first, second]
    assert app.extension(Announced) is first


@pytest.mark.parametrize(
    ("extensions", "says"),
    [
        (
            Announced("x", []),
            r"App\('Shop'\): extensions must be a list, such as \[Database\(url\)",
        ),
        ("x", "extensions must be a list"),
        ([object()], r"install\(\) expects an object with a method install\(app\), got <object"),
        ([Announced], r"got the class Announced. Pass Announced\(\)"),
    ],
)
def test_what_are_no_extensions(extensions: Any, says: str) -> None:
    with pytest.raises(DeclarationError, match=says):
        App("Shop", extensions=extensions)
