"""Error formats: every error response of an App is in its format, and the document says so."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from marshmallow import Schema, fields
from sqlalchemy import String
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from werkzeug.exceptions import HTTPException, TooManyRequests, abort
from werkzeug.test import Client as WerkzeugClient

from restkit import (
    HTML_ERRORS,
    PROBLEM_DETAILS,
    App,
    Conflict,
    ContractError,
    DeclarationError,
    ErrorFormat,
    Gone,
    NotFound,
    Problem,
    Request,
    Resource,
    Response,
    ServiceUnavailable,
    Unauthorized,
    raises,
    returns,
    takes,
)
from restkit.crud import CRUDResource
from restkit.openapi import build
from restkit.sqlalchemy import Database
from restkit.testing import Client

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"

# For arguments that a type checker rejects.
ANY_FORMAT: Any = ErrorFormat
ANY_APP: Any = App


class Message(Schema):
    message = fields.Str(required=True)


OLD = ErrorFormat("application/json", Message, lambda p: {"message": p.detail or p.title})
ENVELOPE = ErrorFormat(
    "application/json",
    {
        "title": "GenericError",
        "type": "object",
        "properties": {
            "errors": {
                "type": "object",
                "properties": {"body": {"type": "array", "items": {"type": "string"}}},
                "required": ["body"],
            }
        },
        "required": ["errors"],
    },
    lambda problem: {"errors": {"body": [problem.detail or problem.title]}},
)


class Token:
    """A scheme that rejects every caller."""

    name = "token"

    def document(self) -> dict[str, object]:
        return {"type": "http", "scheme": "bearer"}

    def authenticate(self, request: Request, scopes: Any) -> object:
        raise Unauthorized("Send a token.", headers={"WWW-Authenticate": "Bearer"})


class Query(Schema):
    page = fields.Int()


class Things(Resource):
    @takes(query=Query)
    @raises(Conflict, Gone)
    def get(self, query: dict[str, Any]) -> dict[str, int]:
        if query.get("page") == 1:
            raise Conflict("It is used.")
        if query.get("page") == 2:
            abort(410)
        if query.get("page") == 3:
            raise ValueError("secret")
        return {}


class Guarded(Resource):
    security = [Token()]

    def get(self) -> dict[str, int]:
        return {}


def app_of(*errors: ErrorFormat) -> App:
    app = App("Shop", errors=errors or None)
    app.add("/things", Things)
    app.add("/guarded", Guarded)
    return app


ERRORS = {
    "/things?page=1": 409,
    "/things?page=2": 410,
    "/things?page=3": 500,
    "/things?page=x": 422,
    "/guarded": 401,
    "/nowhere": 404,
}


@pytest.mark.parametrize("url", ERRORS)
@pytest.mark.parametrize("error_format", [OLD, ENVELOPE])
def test_every_error_is_in_the_format(error_format: ErrorFormat, url: str) -> None:
    """Validation, routing, security, own, foreign and unexpected errors all have the format."""
    response = Client(app_of(error_format), raise_errors=False).get(url)
    assert response.status == ERRORS[url]
    assert response.headers["Content-Type"] == "application/json"
    assert set(response.problem) == {"message" if error_format is OLD else "errors"}
    assert "Vary" not in response.headers


def test_a_405_has_the_format_and_allow() -> None:
    """The headers of a problem stay."""
    response = Client(app_of(OLD)).put("/things")
    assert response.status == 405
    assert response.problem == {"message": "This resource allows GET, HEAD, OPTIONS."}
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_errors_of_middleware_have_the_format() -> None:
    """A problem that a middleware raises is a problem like the others."""
    app = app_of(OLD)

    @app.middleware
    def closed(request: Request, proceed: Any) -> Response:
        raise TooManyRequests("Slow down.")

    response = Client(app, contract=False).get("/nowhere")
    assert response.status == 429
    assert response.problem == {"message": "Slow down."}


@pytest.mark.parametrize("version", ["3.0.4", "3.1.1", "3.2.0"])
@pytest.mark.parametrize("error_format", [OLD, ENVELOPE])
def test_the_document_has_the_format(error_format: ErrorFormat, version: str) -> None:
    """Every error response of the document has the media type and the schema of the format."""
    document = build(app_of(error_format), version=version)
    name = "Message" if error_format is OLD else "GenericError"
    assert "Problem" not in document["components"]["schemas"]
    responses = document["paths"]["/things"]["get"]["responses"]
    for status in ("409", "410", "422"):
        response = responses[status]
        if "$ref" in response:
            response = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
        assert response["content"] == {
            "application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}
        }


def test_the_contract_check_reads_the_schema_of_the_format() -> None:
    """A response outside the schema of the format is a ContractError."""
    wrong = ErrorFormat("application/json", {"type": "object", "required": ["x"]}, lambda p: {})
    with pytest.raises(ContractError, match="'x' is a required property"):
        Client(app_of(wrong)).get("/things?page=1")


def test_a_problem_of_another_format_is_outside_the_contract() -> None:
    """Problem details by hand are no response of an App with another format."""
    app = App("Shop", errors=OLD)

    @app.get("/")
    @raises(Conflict)
    def conflict() -> Response:
        return Response("{}", 409, content_type="application/problem+json")

    with pytest.raises(ContractError, match="a problem is application/json"):
        Client(app).get("/")


def test_a_format_that_fails_is_a_500() -> None:
    """A function that raises, or whose data is not JSON, ends in RFC 9457 at the latest."""

    def fail(problem: Problem) -> object:
        raise ValueError("no data")

    app = app_of(ErrorFormat("application/json", Message, fail))
    response = Client(app, raise_errors=False).get("/things?page=1")
    assert response.status == 500
    assert response.problem["status"] == 500
    with pytest.raises(ValueError, match="no data"):
        Client(app).get("/things?page=1")


# browsers


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, "application/problem+json"),
        ("*/*", "application/problem+json"),
        ("application/json", "application/problem+json"),
        ("application/problem+json", "application/problem+json"),
        ("text/html;q=0.5, application/json", "application/problem+json"),
        ("text/html;q=0", "application/problem+json"),
        ("image/png", "application/problem+json"),
        (BROWSER, "text/html"),
        ("text/html", "text/html"),
        ("application/json;q=0.2, text/*", "text/html"),
    ],
)
@pytest.mark.parametrize("url", ERRORS)
def test_browsers_get_a_page(url: str, accept: str | None, media_type: str) -> None:
    """Accept chooses between problem details and the page, and Vary says so."""
    app = app_of(PROBLEM_DETAILS, HTML_ERRORS)
    headers = {} if accept is None else {"Accept": accept}
    response = Client(app, raise_errors=False).get(url, headers=headers)
    # An operation without a page is a 406 for a client that accepts nothing else.
    accepts_json = accept is None or "application/json" in accept or "*/*" in accept
    is_matched = url.startswith("/things")
    assert response.status == (ERRORS[url] if accepts_json or not is_matched else 406)
    assert response.media_type == media_type
    assert response.headers["Vary"] == "Accept"
    assert "secret" not in response.text


def test_the_page_escapes_and_runs_nothing() -> None:
    """Every value is escaped, and the policy allows the style of the page alone."""

    class Hostile(Problem):
        """Hostile."""

        status = 400
        type = "https://x.example/<i>"
        title = "<b>title"

    app = App("Shop", errors=[PROBLEM_DETAILS, HTML_ERRORS])

    @app.get("/")
    @raises(Hostile)
    def hostile() -> dict[str, int]:
        raise Hostile(
            "<script>alert(1)</script>",
            errors=[{"pointer": "/<u>", "detail": "<img>", "code": "x"}],
            more={"<a>": '"<em>"'},
        )

    response = Client(app).get("/", headers={"Accept": "text/html, */*;q=0.1"})
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    for tag in ("<script", "<i>", "<b>", "<u>", "<img", "<a>", "<em>"):
        assert tag not in response.text
    policy = response.headers["Content-Security-Policy"]
    style = re.search("<style>(.*?)</style>", response.text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_the_document_has_both_formats() -> None:
    """An error response has the content of every format."""
    document = build(app_of(PROBLEM_DETAILS, HTML_ERRORS))
    content = document["paths"]["/things"]["get"]["responses"]["409"]["content"]
    assert set(content) == {"application/problem+json", "text/html"}
    assert content["text/html"] == {"schema": {"type": "string"}}


# mounts


def test_a_mounted_app_keeps_its_format() -> None:
    """The App's own format wins, then that of the mount, then that of the App around it."""
    outer, own, given, plain = (
        App("Outer", errors=OLD), App("Own", errors=PROBLEM_DETAILS), App("Given"), App("Plain"),
    )  # fmt: skip
    for app in (own, given, plain):
        app.add("/things", type("Things" + app.name, (Things,), {}))
    outer.mount("/own", own)
    outer.mount("/given", given, errors=ENVELOPE)
    outer.mount("/plain", plain)
    client = Client(outer)
    for url, member in {"/own": "title", "/given": "errors", "/plain": "message"}.items():
        for path in ("/things?page=1", "/things?page=x", "/nowhere"):
            assert member in client.get(url + path).problem
    assert "message" in client.get("/nowhere").problem
    paths = build(outer)["paths"]
    assert "application/json" in paths["/plain/things"]["get"]["responses"]["409"]["content"]
    inner = client.get("/plain/openapi.json").json["paths"]["/things"]["get"]["responses"]
    assert set(inner["409"]["content"]) == {"application/json"}


def test_two_places_for_one_format_are_rejected() -> None:
    """A mount cannot replace the format that the mounted App declares itself."""
    with pytest.raises(DeclarationError, match=r"mount\('/x'\).*errors of its own"):
        App("Outer").mount("/x", App("Inner", errors=OLD), errors=ENVELOPE)


# handlers


def test_a_handler_of_problem_sees_every_problem() -> None:
    """A handler of Problem is called for own, foreign, unexpected and handlers' problems."""
    app = app_of()
    seen: list[int] = []

    @app.problem_handler(Problem)
    def everything(error: Problem, request: Request) -> Problem:
        seen.append(error.status)
        return error

    @app.problem_handler(ValueError)
    def value(error: ValueError, request: Request) -> Problem:
        return Gone("Handled.")

    client = Client(app, raise_errors=False)
    statuses = [client.get(url).status for url in ERRORS]
    statuses.append(client.put("/things").status)
    assert seen == statuses == [409, 410, 410, 422, 401, 404, 405]


def test_a_handler_of_problem_sees_the_database(tmp_path: Path) -> None:
    """The 409 and the 503 of a database pass the handler of Problem, and have the format."""

    class Base(DeclarativeBase):
        """The models."""

    class Item(Base):
        """An item with a unique name."""

        __tablename__ = "items"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(String(20), unique=True)

    class Items(CRUDResource[Item]):
        model = Item

    app = App("Shop", errors=OLD)
    database = Database(f"sqlite:///{tmp_path / 'shop.db'}", create=Base.metadata)
    app.install(database)
    app.add("/items", Items)

    @app.get("/late")
    @raises(ServiceUnavailable)
    def late() -> dict[str, int]:
        raise PoolTimeout("secret")

    seen: list[int] = []

    @app.problem_handler(Problem)
    def everything(error: Problem, request: Request) -> Problem:
        seen.append(error.status)
        return error

    client = Client(app)
    try:
        assert client.post("/items", json={"name": "a"}).status == 201
        assert set(client.post("/items", json={"name": "a"}).problem) == {"message"}
        assert set(client.get("/late").problem) == {"message"}
        assert seen == [409, 503]
    finally:
        database.close()


def test_a_class_is_handled_once() -> None:
    """A handler that returns its own class, or raises again, is not called again."""
    app = App("Shop")
    calls: list[str] = []

    @app.problem_handler(NotFound)
    def missing(error: NotFound, request: Request) -> Problem:
        calls.append("NotFound")
        return NotFound("Mine.")

    @app.problem_handler(HTTPException)
    def foreign(error: HTTPException, request: Request) -> Problem:
        calls.append("HTTPException")
        raise error

    response = Client(app).get("/nowhere")
    assert response.problem["detail"] == "Mine."
    assert calls == ["NotFound"]


# declared error content


def test_an_error_may_have_content_of_its_own() -> None:
    """@returns(schema, status=409) stands with raises: both contents are documented and checked."""
    app = App("Shop")

    @app.get("/<int:number>")
    @returns(Message, status=409)
    @raises(Conflict)
    def conflict(number: int) -> Any:
        if number == 1:
            return {"message": "mine"}, 409
        if number == 2:
            return {"other": 1}, 409
        if number == 3:
            raise Conflict
        return {"fine": number}

    client = Client(app)
    assert client.get("/1").json == {"message": "mine"}
    assert client.get("/3").problem["status"] == 409
    assert client.get("/4").status == 200
    with pytest.raises(ContractError, match="message"):
        client.get("/2")
    content = build(app)["paths"]["/{number}"]["get"]["responses"]["409"]["content"]
    assert set(content) == {"application/json", "application/problem+json"}


def test_both_contents_may_have_one_media_type() -> None:
    """If the format has the media type of the declared content, either schema may match."""
    app = App("Shop", errors=ENVELOPE)

    @app.get("/<int:number>")
    @returns(Message, status=409)
    @raises(Conflict)
    def conflict(number: int) -> Any:
        if number == 1:
            return {"message": "mine"}, 409
        raise Conflict

    client = Client(app)
    assert client.get("/1").json == {"message": "mine"}
    assert client.get("/2").json == {"errors": {"body": ["Conflict"]}}
    document = build(app)
    schema = document["paths"]["/{number}"]["get"]["responses"]["409"]["content"]
    assert len(schema["application/json"]["schema"]["anyOf"]) == 2


# declarations


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ANY_FORMAT("json", Message, str), "expected a media type"),
        (lambda: ANY_FORMAT("text/*", None, str), "expected a media type"),
        (lambda: ANY_FORMAT("application/json", None, str), "JSON needs a schema"),
        (lambda: ANY_FORMAT("application/json", 5, str), "must be a marshmallow schema"),
        (lambda: ANY_FORMAT("application/json", {}, "x"), "function"),
        (lambda: ANY_FORMAT("application/json", {}, lambda a, b, c: 1), "cannot be called"),
        (lambda: ANY_APP("x", errors="problem"), "errors must be an ErrorFormat"),
        (lambda: ANY_APP("x", errors=[]), "errors must be an ErrorFormat"),
        (lambda: ANY_APP("x", errors=[OLD, ENVELOPE]), "two formats have the same media type"),
        (lambda: ANY_APP("x").mount("/x", App("y"), errors=ErrorFormat), "errors must be"),
    ],
)
def test_malformed_formats_are_rejected(make: Any, message: str) -> None:
    """A mistake in a format is one sentence at start-up."""
    with pytest.raises(DeclarationError, match=message):
        make()


WRONG = ErrorFormat("application/json", Message, lambda problem: {"massage": problem.title})


@pytest.mark.parametrize("url", ["/nowhere", "/wrong/nowhere"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_an_unknown_url_is_checked_against_the_schema_of_its_format(url: str, method: str) -> None:
    """A format whose data misses its own schema is a ContractError in tests, also for a 404."""
    app = App("Wrong", errors=WRONG)
    below = App("Below", errors=WRONG)
    app.mount("/wrong", below)
    with pytest.raises(ContractError, match=r"error response 404 .* outside its schema"):
        Client(app).request(method, url)
    assert Client(app, contract=False).request(method, url).status == 404


def test_a_405_is_checked_against_the_schema_of_its_format() -> None:
    """A method without an operation has no record, but its response has a format."""
    app = App("Wrong", errors=WRONG)
    app.get("/x")(lambda: {})
    with pytest.raises(ContractError, match=r"error response 405 .* outside its schema"):
        Client(app).delete("/x")


@pytest.mark.parametrize("text", ["Gone.", b"Gone."])
def test_text_formats_return_str_or_bytes(text: Any) -> None:
    """Both are sent as they are, at unknown URLs and for operations."""
    app = app_of(ErrorFormat("text/plain", None, lambda problem: text))
    assert Client(app).get("/nowhere").data == b"Gone."


@pytest.mark.parametrize("value", [5, {"a": 1}, ["a"], bytearray(b"a"), object()])
def test_text_formats_return_nothing_else(value: object) -> None:
    """Any other value is named by its type, with the format."""
    app = app_of(ErrorFormat("text/plain", None, lambda problem: value))
    words = f"ErrorFormat text/plain returned {type(value).__name__}. Return str or bytes"
    with pytest.raises(TypeError, match=words):
        Client(app).get("/nowhere")


def test_text_formats_return_text() -> None:
    """A format that is not JSON returns str or bytes; anything else is a 500."""
    text = ErrorFormat("text/plain", None, lambda p, request: f"{p.status} {request.path}")
    response = Client(app_of(text)).get("/nowhere")
    assert response.text == "404 /nowhere"
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    with pytest.raises(TypeError, match="Return str or bytes"):
        Client(app_of(ErrorFormat("text/plain", None, lambda p: 5))).get("/nowhere")


def test_the_schema_of_the_document_accepts_the_responses() -> None:
    """The responses are valid against the schema that the document prints."""
    app = app_of(ENVELOPE)
    schema = build(app)["components"]["schemas"]["GenericError"]
    for url in ERRORS:
        data = Client(app, raise_errors=False).get(url).json
        assert Draft202012Validator(schema).is_valid(data)


@pytest.mark.parametrize("debug", [True, False])
def test_the_page_shows_the_traceback_only_in_debug(debug: bool) -> None:
    """With the setting debug the page of a 500 has the traceback, escaped; without it none."""
    app = App("Shop", errors=[HTML_ERRORS], debug=debug)

    @app.get("/broken")
    def broken() -> dict[str, Any]:
        raise ValueError("<b>broken</b>")

    client = Client(app, raise_errors=False)
    response = client.get("/broken", headers={"Accept": "text/html, */*;q=0.1"})
    assert response.status == 500
    assert ("<pre>Traceback" in response.text) is debug
    assert ("&lt;b&gt;broken" in response.text) is debug
    assert "<b>broken" not in response.text


def test_the_page_names_the_place_of_each_error() -> None:
    """An error of the content is named by its pointer, one of the query by its parameter."""
    app = App("Shop", errors=[PROBLEM_DETAILS, HTML_ERRORS])

    @app.post("/")
    @takes(body={"year": fields.Int()}, query={"limit": fields.Int()})
    def create(body: dict[str, int], query: dict[str, int]) -> dict[str, int]:
        return body

    client, accepted = Client(app), {"Accept": "text/html, */*;q=0.1"}
    page = client.post("/", json={"year": "new"}, headers=accepted).text
    assert "<li><code>/year</code> Not a valid integer.</li>" in page
    page = client.post("/?limit=all", json={}, headers=accepted).text
    assert "<li><code>limit</code> Not a valid integer.</li>" in page


def test_the_component_of_a_format_keeps_the_names_of_schemas_apart() -> None:
    """A JSON Schema whose title is also the name of a marshmallow schema is no second Book."""

    class BookSchema(Schema):
        title = fields.Str(required=True)

    members = {"title": "Book", "type": "object", "properties": {"message": {"type": "string"}}}
    book = ErrorFormat("application/json", members, lambda problem: {"message": problem.title})
    app = App("Shop", errors=book)

    @app.get("/book")
    @returns(BookSchema)
    def read() -> dict[str, str]:
        return {"title": "Emma"}

    document = build(app)
    schemas = document["components"]["schemas"]
    content = document["paths"]["/book"]["get"]["responses"]["200"]["content"]
    name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
    assert list(schemas[name]["properties"]) == ["title"]
    assert list(schemas["Book"]["properties"]) == ["message"]
    assert name != "Book"


class Limits(Conflict):
    """A limit is reached."""

    type = "https://example.org/limits"
    title = "Limit reached"


RAISED: dict[str, Problem] = {
    "plain": Conflict(),
    "a detail": Conflict("It is taken \u2014 \U0001f600."),
    "headers": Conflict("No.", headers={"Retry-After": "7"}),
    "an instance": Conflict("No.", instance="/orders/7"),
    "members": Conflict("No.", left=3, names=["a"]),
    "errors": Conflict("No.", errors=[{"pointer": "/a", "detail": "d", "code": "c"}]),
    "a type": Limits("No."),
    "undeclared": NotFound("No."),
}


@pytest.mark.parametrize("errors", [PROBLEM_DETAILS, OLD, (PROBLEM_DETAILS, OLD)], ids=str)
@pytest.mark.parametrize("name", RAISED)
def test_a_server_sends_what_tests_see(name: str, errors: Any) -> None:
    """Without the checks of the test client, a problem takes a shorter way to the same response."""
    app = App("Formats", errors=errors)

    @app.get("/x")
    @raises(Conflict, Limits)
    def fail() -> None:
        raise RAISED[name]

    seen = Client(app, contract=False).get("/x")
    served = WerkzeugClient(app).get("/x", buffered=True)
    assert served.status_code == seen.status
    assert served.data == seen.body
    assert sorted(served.headers.items()) == sorted(seen.headers.items())
