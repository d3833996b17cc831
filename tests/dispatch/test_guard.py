"""Security by verb: where it stands, how schemes combine, and what the guard does."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from restkit import (
    App,
    CollisionError,
    ContractError,
    DeclarationError,
    Forbidden,
    Operation,
    Request,
    Requirement,
    Resource,
    Scheme,
    ServiceUnavailable,
    TooManyRequests,
    Unauthorized,
    access,
    anonymous,
    obtain,
    operation,
    provide,
    raises,
)
from restkit.crud import CRUDResource, MemoryStore
from restkit.security import APIKey, HTTPBearer
from restkit.testing import Client


class Keys(Scheme):
    """Keys in a header: "good" is a caller, "few" lacks every scope."""

    def __init__(self, name: str = "key", header: str = "X-Key") -> None:
        self.name = name
        self.header = header

    def document(self) -> Mapping[str, object]:
        return {"type": "apiKey", "in": "header", "name": self.header}

    def authenticate(self, request: Request, scopes: Sequence[str]) -> object:
        match request.headers.get(self.header):
            case "good":
                return f"{self.name}:{','.join(scopes)}"
            case "few":
                raise Forbidden
            case "none":
                return None
            case "broken":
                raise KeyError("broken")
            case "many":
                raise TooManyRequests
        raise Unauthorized(headers={"WWW-Authenticate": self.name})


@dataclass(frozen=True)
class Basic(Scheme):
    """Name and password."""

    name: str = "basic"

    def document(self) -> Mapping[str, object]:
        return {"type": "http", "scheme": "basic"}

    def authenticate(self, request: Request, scopes: Sequence[str]) -> object:
        given = request.authorization
        if given is None or given.type != "basic" or given.password != "secret":
            raise Unauthorized(headers={"WWW-Authenticate": "Basic"})
        return given.username


KEYS, OTHER, BASIC = Keys(), Keys("other", "X-Other"), Basic()
GOOD = {"X-Key": "good"}


class Whoami(Resource):
    def get(self) -> dict[str, object]:
        return {"caller": self.request.caller}


def guarded(security: Any) -> Client:
    """Return a client of an App with one guarded resource."""
    app = App("Guarded")
    app.add("/x", type("Whoami", (Whoami,), {"security": security}))
    return Client(app)


def basic(text: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


def security_of(app: App) -> dict[tuple[str, str], list[list[str]]]:
    """Return the names of the schemes of each Operation, by method and path."""
    return {
        (each.method, each.path): [[scheme.name for scheme, _ in one] for one in each.security]
        for each in app.operations()
    }


# where it stands


def test_an_app_with_security_guards_everything() -> None:
    """Functions, classes, mounted Apps, the document and its pages are guarded by default."""
    low = App("Low")
    low.add("/class", Whoami)
    app = App("Top", security=KEYS)
    app.mount("/low", low)
    app.get("/function")(lambda: {})
    app.add("/class", Whoami)
    client = Client(app)
    urls = ("/function", "/class", "/low/class", "/openapi.json", "/openapi.yaml", "/docs")
    for url in (*urls, "/low/openapi.json", "/low/docs"):
        assert client.get(url).status == 401, url
        assert client.head(url).status == 401, url
        assert client.get(url, headers=GOOD).status == 200, url
    assert client.options("/class").status == 204
    assert client.get("/nowhere").status == 404


def test_the_nearest_wins() -> None:
    """Verb, route, class, mounted App, mount, App: each overrides those around it."""

    class Classy(Whoami):
        security = OTHER

        @access(public=True)
        def post(self) -> None: ...

        @access(security=BASIC)
        def put(self) -> None: ...

    low = App("Low")
    low.add("/plain", Whoami)
    own = App("Own", security=BASIC)
    own.add("/plain", Whoami)
    app = App("Top", security=KEYS)
    app.mount("/mounted", low, security=OTHER)
    app.mount("/own", own, security=OTHER)
    app.add("/class", Classy)
    app.add("/route", Classy, name="Second", security=KEYS)
    app.add("/open", Classy, name="Third", public=True)
    app.get("/function", security=OTHER)(lambda: {})
    app.get("/health", public=True)(lambda: {})

    @app.get("/decorated", security=KEYS)
    @access(security=OTHER)
    def decorated() -> dict[str, str]:
        return {}

    assert security_of(app) == {
        ("GET", "/mounted/plain"): [["other"]],
        ("GET", "/own/plain"): [["basic"]],
        ("GET", "/class"): [["other"]],
        ("POST", "/class"): [],
        ("PUT", "/class"): [["basic"]],
        ("GET", "/route"): [["key"]],
        ("POST", "/route"): [],
        ("PUT", "/route"): [["basic"]],
        ("GET", "/open"): [],
        ("POST", "/open"): [],
        ("PUT", "/open"): [["basic"]],
        ("GET", "/function"): [["other"]],
        ("GET", "/health"): [],
        ("GET", "/decorated"): [["other"]],
    }


def test_a_mount_may_be_public() -> None:
    """`mount(public=True)` opens what does not say otherwise, the documents below too."""
    low = App("Low")
    low.add("/plain", Whoami)
    low.add("/guarded", type("Guarded", (Whoami,), {"security": KEYS}))
    app = App("Top", security=KEYS)
    app.mount("/low", low, public=True)
    client = Client(app)
    assert client.get("/low/plain").status == 200
    assert client.get("/low/openapi.json").status == 200
    assert client.get("/low/guarded").status == 401
    assert client.get("/openapi.json").status == 401


def test_inherited_security() -> None:
    """The nearest base decides; `public = False` takes a base's word back."""
    base = type("Base", (Whoami,), {"security": KEYS})
    opened = type("Opened", (base,), {"public": True})
    closed = type("Closed", (opened,), {"public": False})
    again = type("Again", (opened,), {"security": OTHER})
    app = App("Bases", security=BASIC)
    directly = type("Directly", (base,), {"public": False})
    unsaid = type("Unsaid", (type("Open", (Whoami,), {"public": True}),), {"public": False})
    for each in (base, opened, closed, again, directly, unsaid):
        app.add(f"/{each.__name__.lower()}", each)
    assert list(security_of(app).values()) == [
        [["key"]],
        [],
        [["key"]],
        [["other"]],
        [["key"]],
        [["basic"]],
    ]


def test_get_open_and_post_guarded_is_one_class() -> None:
    """Each verb has its own security and operationId."""

    class Books(Resource):
        security = KEYS

        @access(public=True)
        def get(self) -> dict[str, object]:
            return {"caller": self.request.caller}

        def post(self) -> dict[str, object]:
            return {"caller": self.request.caller}

    app = App("Books")
    app.add("/books", Books)
    client = Client(app)
    assert client.get("/books", headers={"X-Key": "broken"}).json == {"caller": None}
    assert client.post("/books").status == 401
    assert client.post("/books", headers=GOOD).json == {"caller": "key:"}
    item = client.get("/openapi.json").json["paths"]["/books"]
    assert "security" not in item["get"]
    assert "401" not in item["get"]["responses"]
    assert item["post"]["security"] == [{"key": []}]
    assert {"401", "403"} <= item["post"]["responses"].keys()
    assert [each.operation_id for each in app.operations()] == ["getBooks", "createBooks"]


def test_public_ignores_credentials() -> None:
    """A public operation never asks a scheme, whatever is sent."""
    app = App("Public", security=KEYS | BASIC)
    app.add("/x", Whoami, public=True)
    for headers in (GOOD, {"X-Key": "broken"}, {"Authorization": "Basic \xe9"}):
        assert Client(app).get("/x", headers=headers).json == {"caller": None}


# alternatives, combinations, anonymous


def test_alternatives_and_combinations() -> None:
    """`|` is either, `&` both; the document prints them as they are."""
    client = guarded(KEYS & OTHER | BASIC)
    assert client.get("/x").status == 401
    assert client.get("/x").headers["WWW-Authenticate"] == "key, Basic"
    assert client.get("/x", headers=GOOD).status == 401
    assert client.get("/x", headers={**GOOD, "X-Other": "good"}).json == {"caller": "key:"}
    assert client.get("/x", headers=basic("ada:secret")).json == {"caller": "ada"}
    assert client.get("/x", headers={"X-Key": "few"}).status == 403
    document = client.get("/openapi.json").json
    assert document["paths"]["/x"]["get"]["security"] == [{"key": [], "other": []}, {"basic": []}]
    assert document["components"]["securitySchemes"].keys() == {"key", "other", "basic"}


@pytest.mark.parametrize(
    "security",
    [
        (KEYS, ["a", "b"]),
        [(KEYS, ("a", "b"))],
        KEYS.scopes("a", "b"),
        [KEYS.scopes("a", "b")],
        Requirement.of(KEYS, "a", "b"),
        [(KEYS, ["a", "b"]), (KEYS, ["a", "b"])],
    ],
)
def test_scopes(security: Any) -> None:
    """Scopes reach the scheme and the document, however they are written."""
    client = guarded(security)
    assert client.get("/x", headers=GOOD).json == {"caller": "key:a,b"}
    get = client.get("/openapi.json").json["paths"]["/x"]["get"]
    assert get["security"] == [{"key": ["a", "b"]}]


@pytest.mark.parametrize("security", [[KEYS, OTHER], (KEYS, OTHER), KEYS | OTHER])
def test_a_sequence_is_alternatives(security: Any) -> None:
    """A list, a tuple and `|` mean the same."""
    client = guarded(security)
    assert client.get("/x", headers={"X-Other": "good"}).json == {"caller": "other:"}
    assert client.get("/x", headers=GOOD).json == {"caller": "key:"}


def test_and_distributes_over_or() -> None:
    """`(a | b) & c` is `a & c | b & c`."""
    both = (KEYS | BASIC) & OTHER
    names = [[scheme.name for scheme, _ in each] for each in both.alternatives]
    assert names == [["key", "other"], ["basic", "other"]]
    assert repr(both) == "<Requirement key & other | basic & other>"
    assert [len(each) for each in (KEYS | anonymous).alternatives] == [1, 0]


def test_a_scheme_without_the_base_combines() -> None:
    """A class that only has the three members combines with `anonymous` and with Requirements."""

    class Plain:
        name = "plain"

        def document(self) -> Mapping[str, object]:
            return {"type": "apiKey", "in": "cookie", "name": "session"}

        def authenticate(self, request: Request, scopes: Sequence[str]) -> object:
            if request.cookies.get("session") != "good":
                raise Unauthorized
            return "cookie"

    client = guarded(Plain() | anonymous)
    assert client.get("/x").json == {"caller": None}
    assert client.get("/x", headers={"Cookie": "session=good"}).json == {"caller": "cookie"}
    assert client.get("/x", headers={"Cookie": "session=bad"}).status == 401
    assert guarded(Requirement.of(Plain()) & KEYS).get("/x", headers=GOOD).status == 401


class Query(Keys):
    """A key in the query."""

    def document(self) -> Mapping[str, object]:
        return {"type": "apiKey", "in": "query", "name": "api_key"}

    def authenticate(self, request: Request, scopes: Sequence[str]) -> object:
        if request.args.get("api_key") != "good":
            raise Unauthorized
        return "query"


@pytest.mark.parametrize(
    ("scheme", "sent", "right"),
    [
        (KEYS, {"headers": {"X-Key": "bad"}}, {"headers": GOOD}),
        (BASIC, {"headers": basic("ada:no")}, {"headers": basic("ada:secret")}),
        (BASIC, {"headers": {"Authorization": "Bearer x"}}, {"headers": basic("a:secret")}),
        (Query("query"), {"query": {"api_key": "bad"}}, {"query": {"api_key": "good"}}),
    ],
)
def test_optional_credentials(scheme: Scheme, sent: dict[str, Any], right: dict[str, Any]) -> None:
    """Nothing sent is anonymous, broken credentials are a 401, right ones are the caller."""
    client = guarded(scheme | anonymous)
    assert client.get("/x").json == {"caller": None}
    assert client.get("/x", **sent).status == 401
    assert client.get("/x", **right).json["caller"] is not None
    get = client.get("/openapi.json").json["paths"]["/x"]["get"]
    assert get["security"] == [{scheme.name: []}, {}]


# what schemes do


def test_authenticate_that_returns_none_is_a_401() -> None:
    """It is no caller, also with another scheme behind it."""
    assert guarded(KEYS).get("/x", headers={"X-Key": "none"}).status == 401
    headers = {"X-Key": "none", "X-Other": "good"}
    assert guarded(KEYS | OTHER).get("/x", headers=headers).json == {"caller": "other:"}
    assert guarded(KEYS & OTHER).get("/x", headers=headers).status == 401
    assert guarded(KEYS | anonymous).get("/x", headers=headers).status == 401


@pytest.mark.parametrize("first", ["broken", "many"])
def test_another_exception_does_not_end_the_alternatives(
    first: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged unless it is a Problem,
    and raised only if no other scheme lets the request in.
    """

    @raises(TooManyRequests)
    class Limited(Keys):
        pass

    with caplog.at_level(logging.ERROR, "restkit"):
        app = App("Broken")
        app.add("/x", type("Whoami", (Whoami,), {"security": Limited() | OTHER}))
        client = Client(app, raise_errors=False)
        both = {"X-Key": first, "X-Other": "good"}
        assert client.get("/x", headers=both).json == {"caller": "other:"}
        logged = [record.getMessage() for record in caplog.records]
        assert logged == (["The security scheme key failed"] if first == "broken" else [])
        status = 500 if first == "broken" else 429
        assert client.get("/x", headers={"X-Key": first, "X-Other": "few"}).status == status


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("Basic \xe9", 401),
        ("Basic \xc3\xa9", 401),
        ("Basic", 401),
        ("Basic ", 401),
        ("Basic !!!", 401),
        ("Basic YQ", 401),
        ("Basic " + base64.b64encode(b"ada").decode(), 401),
        ("Basic " + base64.b64encode(b"ada:\xff").decode(), 401),
        ("Basic " + base64.b64encode(b"ada:secret\0").decode(), 401),
        ("Basic " + base64.b64encode(b"a\nda:secret").decode(), 401),
        ("bAsIc " + base64.b64encode(b"ada:secret").decode(), 200),
        ("Basic   " + base64.b64encode("adá:secret".encode()).decode(), 200),
        ("Basic " + base64.b64encode(b"ada:secret").decode() + ",Bearer x", 400),
        ("Basic " + base64.b64encode(b"ada:secret").decode() + ", Basic eDp5", 400),
        ("Bearer x,Basic " + base64.b64encode(b"ada:secret").decode(), 400),
        ("Digest a=b, c=d", 401),
        ('Digest a="b, Basic x", c=d', 401),
        ("Digest a=b, Basic eDp5", 400),
        ("Digest a=b, a=c", 401),
        ("=", 401),
        (",", 401),
        ("\x01", 401),
        ('Digest a="', 401),
    ],
)
def test_authorization_is_parsed_strictly(value: str, status: int) -> None:
    """Malformed credentials are a 401 and two headers are a 400, never a 500."""
    client = guarded(BASIC)
    assert client.get("/x", environ={"HTTP_AUTHORIZATION": value}).status == status


def test_a_scheme_has_the_requests_session() -> None:
    """`obtain` gives a scheme the value of the resource, closed with the request,
    also after a 401.
    """
    events: list[str] = []

    def users() -> Iterator[dict[str, str]]:
        events.append("open")
        try:
            yield {"good": "ada"}
        except Unauthorized:
            events.append("refused")
            raise
        finally:
            events.append("close")

    class Users(Keys):
        def authenticate(self, request: Request, scopes: Sequence[str]) -> object:
            known = obtain(users, request)
            if (key := request.headers.get("X-Key", "")) not in known:
                raise Unauthorized
            return known[key]

    class Me(Resource):
        security = Users()
        session = provide(users)

        def get(self) -> dict[str, object]:
            events.append("get")
            return {"caller": self.request.caller, "known": list(self.session)}

    app = App("Users")
    app.add("/me", Me)
    client = Client(app)
    assert client.get("/me", headers=GOOD).json == {"caller": "ada", "known": ["good"]}
    assert events == ["open", "get", "close"]
    assert client.get("/me").status == 401
    assert events[3:] == ["open", "refused", "close"]
    with app.override(users, lambda: {"good": "eve"}):
        assert client.get("/me", headers=GOOD).json["caller"] == "eve"


# what is refused


class Nameless(Keys):
    def __init__(self, name: Any) -> None:
        super().__init__()
        self.name = name


class Documented(Keys):
    def __init__(self, document: Any) -> None:
        super().__init__()
        self._document = document

    def document(self) -> Any:
        return self._document


@pytest.mark.parametrize(
    ("security", "message"),
    [
        ([(KEYS, "write")], "The scopes of 'key' .*sequence of"),
        ((KEYS, "write"), "sequence of"),
        ([(KEYS, [1])], "not a security scheme"),
        (Keys, r"has the class Keys, but needs an instance"),
        ([Keys], r"has the class Keys"),
        ([], r"is empty\. Write public = True"),
        ((), "is empty"),
        ("basic", "'basic', which is not a security scheme"),
        ([None], "None, which is not a security scheme"),
        (5, "5, which is not a security scheme"),
        ({"key": []}, "which is not a security scheme"),
        (Nameless("my key"), "Nameless.name is .my key., which an OpenAPI document does not allow"),
        (Nameless(""), "which an OpenAPI document does not allow"),
        (Nameless("schlüssel"), "which an OpenAPI document does not allow"),
        (Nameless("a\n"), "which an OpenAPI document does not allow"),
        (Nameless(None), "which an OpenAPI document does not allow"),
        (Documented({}), "Return a Security Scheme Object"),
        (Documented(None), "Return a Security Scheme Object"),
        (Documented({"type": "basic"}), "whose type is one of"),
        (Documented({"type": ["http"]}), "whose type is one of"),
        (Documented({"type": "http"}), "but no 'scheme'"),
        (Documented({"type": "apiKey", "name": "x"}), "but no 'in'"),
        (Documented({"type": "apiKey", "in": "body", "name": "x"}), "has in = 'body'"),
        (Documented({"type": "oauth2"}), "but no 'flows'"),
        (Documented({"type": "openIdConnect"}), "but no 'openIdConnectUrl'"),
    ],
)
def test_malformed_declarations(security: Any, message: str) -> None:
    """Each is rejected at start-up wherever it stands, with what to write."""
    low = App("Low")
    places: list[Any] = [
        lambda: App("X", security=security),
        lambda: App("X").mount("/low", low, security=security),
        lambda: App("X").add("/x", Whoami, security=security),
        lambda: App("X").get("/x", security=security)(lambda: {}),
        lambda: App("X").add("/x", type("Whoami", (Whoami,), {"security": security})),
        lambda: access(security=security),
    ]
    for declare in places:
        with pytest.raises(DeclarationError, match=message):
            declare()


def test_contradictions() -> None:
    """`public` together with `security`, and an `access` that says nothing, are rejected."""
    with pytest.raises(DeclarationError, match="has no arguments"):
        access()
    with pytest.raises(DeclarationError, match="Remove one of them"):
        access(security=KEYS, public=True)
    with pytest.raises(DeclarationError, match="Remove one of them"):
        App("X").add("/x", Whoami, security=KEYS, public=True)
    with pytest.raises(DeclarationError, match="Remove one of them"):
        App("X").add("/x", type("Whoami", (Whoami,), {"security": KEYS, "public": True}))
    with pytest.raises(DeclarationError, match="True or False"):
        App("X").add("/x", type("Whoami", (Whoami,), {"public": "yes"}))
    with pytest.raises(DeclarationError, match="is a class"):
        access(public=True)(Whoami)


def test_two_schemes_of_one_name() -> None:
    """Different documents under one name are rejected; equal ones are one scheme."""
    other = Keys("key", "X-Third")
    app = App("Names")
    app.add("/a", type("A", (Whoami,), {"security": KEYS}))
    app.add("/b", type("B", (Whoami,), {"security": Keys()}))
    with pytest.raises(CollisionError, match=r"A\.get and .*C\.get .*'key'"):
        app.add("/c", type("C", (Whoami,), {"security": other}))
    late = App("Late", security=other)
    with pytest.raises(CollisionError, match=r"App\('Late'\) and .*D\.get have different security"):
        late.add("/d", type("D", (Whoami,), {"security": KEYS}))
    late.add("/e", Whoami)
    late.freeze()


# collections


@dataclass
class Note:
    text: str
    id: int = 0


def test_actions_of_a_collection() -> None:
    """`access` stands on actions as on verbs; a bulk change needs what all its actions need."""

    class Notes(CRUDResource[Note]):
        store = MemoryStore(Note, key="id")
        security = KEYS
        bulk = True

        @access(public=True)
        def list(self, query: Any) -> Any:
            return super().list(query)

        @access(security=OTHER)
        def create(self, item: Note) -> Note:
            return super().create(item)

    app = App("Notes")
    app.add("/notes", Notes)
    assert security_of(app) == {
        ("GET", "/notes"): [],
        ("POST", "/notes"): [["other"]],
        ("GET", "/notes/{id}"): [["key"]],
        ("PUT", "/notes/{id}"): [["key"]],
        ("PATCH", "/notes/{id}"): [["key"]],
        ("DELETE", "/notes/{id}"): [["key"]],
        ("POST", "/notes/bulk"): [["other", "key"]],
    }
    client = Client(app)
    assert client.get("/notes").status == 200
    assert client.post("/notes", json={"text": "a"}, headers=GOOD).status == 401
    made = client.post("/notes", json={"text": "a"}, headers={"X-Other": "good"})
    assert made.status == 201

    class Half(CRUDResource[Note]):
        store = MemoryStore(Note, key="id")
        bulk = True

        @access(security=OTHER)
        def create(self, item: Note) -> Note:
            return super().create(item)

    with pytest.raises(DeclarationError, match="Declare security on the class"):
        App("Half").add("/notes", Half)


def test_operations_are_what_the_document_and_the_guard_read() -> None:
    """`Operation.security` has schemes and scopes; 401 and 403 are failures of the stage."""
    app = App("Record", security=KEYS.scopes("read") | anonymous)

    @app.get("/x")
    @operation(operation_id="x")
    def x() -> dict[str, str]:
        return {}

    found: Operation = app.operations()[0]
    assert found.security == (((KEYS, ("read",)),), ())
    stages = {each.problem: each.stage for each in found.failures}
    assert stages[Unauthorized] == "security"
    assert stages[Forbidden] == "security"
    assert ServiceUnavailable not in stages


def test_a_scheme_that_returns_none() -> None:
    """A scheme that returns None lets nobody in."""

    class Checks(Keys):
        def authenticate(self, request: Request, scopes: Sequence[str]) -> object:
            return None

    app = App("Shop", security=Checks())
    app.get("/")(lambda: {})
    assert Client(app).get("/").status == 401


@pytest.mark.parametrize("security", [anonymous, [anonymous], anonymous | anonymous])
def test_anonymous_alone_is_rejected(security: Any) -> None:
    """Only public opens: anonymous needs a scheme whose credentials are optional."""
    with pytest.raises(DeclarationError, match="anonymous alone"):
        access(security=security)
    with pytest.raises(DeclarationError, match="anonymous alone"):
        App("Shop", security=security)


def test_a_scheme_without_a_document() -> None:
    """A scheme must say its Security Scheme Object, at start-up."""

    class Mute(Scheme):
        name = "mute"

    with pytest.raises(DeclarationError, match=r"Mute has no document\(\)"):
        access(security=Mute())


# what authenticate returns and raises


class Answering(Scheme):
    """A bearer scheme that returns a value, or raises Unauthorized with headers."""

    name = "token"

    def __init__(self, value: object = None, headers: Mapping[str, str] | None = None) -> None:
        self.value = value
        self.headers = headers

    def document(self) -> Mapping[str, object]:
        return {"type": "http", "scheme": "bearer"}

    def authenticate(self, request: Request, scopes: Sequence[str]) -> object:
        if self.headers is not None:
            raise Unauthorized("Send a token.", headers=self.headers)
        return self.value


def test_false_is_no_caller(caplog: pytest.LogCaptureFixture) -> None:
    """A scheme that returns False fails a test, and is a logged 401 in production."""
    app = App("False", security=Answering(False))
    app.get("/x")(lambda: {})
    with pytest.raises(ContractError, match=r"Answering.authenticate\(\) returned False. Return"):
        Client(app).get("/x")
    with caplog.at_level(logging.ERROR, "restkit"):
        response = Client(app, contract=False).get("/x")
    assert response.status == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert "Answering.authenticate() returned False" in caplog.text


def test_a_raised_401_has_a_challenge() -> None:
    """The challenge comes from the scheme's document unless the problem has one."""
    for headers, sent in (
        ({}, "Bearer"),
        ({"X-A": "1"}, "Bearer"),
        ({"www-authenticate": "Bearer realm=x"}, "Bearer realm=x"),
    ):
        client = guarded(Answering(headers=headers))
        response = client.get("/x")
        assert response.status == 401
        assert response.headers["WWW-Authenticate"] == sent
        assert response.headers.get("X-A") == headers.get("X-A")


@pytest.mark.parametrize(
    ("sent", "detail"),
    [
        ({}, "Send one key in the header X-Key."),
        ({"Authorization": "Bearer wrong"}, "The token is not valid, or has expired."),
        ({"X-Key": "wrong"}, "The key is not valid."),
        ({"X-Key": "wrong", "Authorization": "Bearer wrong"}, "The key is not valid."),
    ],
)
def test_the_detail_is_of_the_credentials_that_were_sent(sent: dict[str, str], detail: str) -> None:
    """A client with a wrong token is not told to send something else; the challenges are of all."""
    key = APIKey({"good": "ann"}.get, header="X-Key")
    app = App("Notes", security=key | HTTPBearer({"good": "bob"}.get))
    app.get("/")(lambda: "home")
    response = Client(app).get("/", headers=sent)
    assert response.status == 401
    assert response.problem["detail"] == detail
    assert "Bearer" in response.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("sent", "detail"),
    [
        ("Bearer wrong", "The token is not valid, or has expired."),
        ("bearer wrong", "The token is not valid, or has expired."),
        ("Token wrong", "The key is not valid."),
        ("TOKEN wrong", "The key is not valid."),
        ("Basic wrong", "Send one key: Authorization: Token <key>."),
        ("", "Send one key: Authorization: Token <key>."),
    ],
)
def test_the_detail_is_of_the_word_in_authorization(sent: str, detail: str) -> None:
    """Two schemes read the same header."""
    key = APIKey({"good": "ann"}.get, prefix="Token")
    app = App("Notes", security=key | HTTPBearer({"good": "bob"}.get))
    app.get("/")(lambda: "home")
    response = Client(app).get("/", headers={"Authorization": sent})
    assert response.status == 401
    assert response.problem["detail"] == detail
    for each in ("Bearer", "Token"):
        assert each in response.headers["WWW-Authenticate"]
