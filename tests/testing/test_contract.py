"""The contract check: each way in which an answer can be outside its Operation,
and that it says so.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

import pytest
from marshmallow import Schema, fields, post_dump, validate
from werkzeug.wrappers import Response as WerkzeugResponse

from restkit import (
    App,
    Conflict,
    ContractError,
    Header,
    NotFound,
    Resource,
    Response,
    ServiceUnavailable,
    raises,
    returns,
)
from restkit.contract import Failure
from restkit.limits import Idempotency, MemoryStorage
from restkit.testing import Client, ContractCheck

JSON = "application/json"


class TagSchema(Schema):
    """Is nested."""

    label = fields.Str(required=True)


class BookSchema(Schema):
    """Is what is answered."""

    id = fields.Int(dump_only=True)
    title = fields.Str(required=True, validate=validate.Length(1, 5))
    born = fields.Date()
    tags = fields.List(fields.Nested(TagSchema))


class OpenSchema(Schema):
    """Is not closed: a hook may add members."""

    title = fields.Str()

    @post_dump
    def add(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Add a member."""
        return {**data, "more": 1}


def get(
    method: Any, *, verb: str = "GET", contract: bool | ContractCheck = True, **members: Any
) -> Any:
    """Return the answer of a Resource whose GET is ``method``."""
    app = App("Shop")
    app.add("/books", type("Books", (Resource,), {"get": method, **members}))
    return Client(app, contract=contract).request(verb, "/books")


def raw(
    body: Any = b"", status: int = 200, content_type: str | None = JSON, **headers: str
) -> Response:
    """Return a Response that passes through."""
    response = Response(body, status, headers)
    response.headers.pop("Content-Type", None)
    if content_type is not None:
        response.headers["Content-Type"] = content_type
    return response


def says(method: Any, **options: Any) -> str:
    """Return what the contract check says of an answer."""
    with pytest.raises(ContractError) as caught:
        get(method, **options)
    return str(caught.value)


def test_declared_answers_pass() -> None:
    """An answer that is declared passes: one, many, none, a declared problem, HEAD."""

    @raises(Conflict)
    def failing(self: Any) -> Any:
        raise Conflict("no", errors=[{"pointer": "/a", "detail": "x", "code": "y"}])

    def one(self: Any) -> Any:
        return {"id": 1, "title": "Emma", "tags": [{"label": "x"}]}

    def many(self: Any) -> list[Any]:
        return [{"id": 1, "title": "Emma"}]

    def none(self: Any) -> None:
        return None

    assert get(one, schema=BookSchema).json["title"] == "Emma"
    assert get(one, schema=BookSchema, verb="HEAD").status == 200
    assert get(many, schema=BookSchema).json == [{"id": 1, "title": "Emma"}]
    assert get(none).status == 204
    assert get(failing, schema=BookSchema).problem["status"] == 409


def test_undeclared_status() -> None:
    """A status that is not declared names the method and the declaration to add."""

    def odd(self: Any) -> Any:
        return {"id": 1, "title": "x"}, 202

    message = says(odd, schema=BookSchema)
    assert message.endswith(
        "responded with status 202, which it does not declare: add @returns(..., status=202)."
    )
    assert message.startswith(f"{__name__}.")


def test_undeclared_problem() -> None:
    """A problem that is not declared says which @raises to add."""

    def method(self: Any) -> Any:
        raise NotFound("no book")

    assert "status 404, which it does not declare: add @raises(" in says(method)
    assert says_of(method, 404, b"", JSON).endswith(
        "which it does not declare: add @raises(NotFound)."
    )
    assert says_of(method, 418, b"", JSON).endswith(
        "which it does not declare: add @raises(a Problem of 418)."
    )


def test_unexpected_exceptions_need_no_declaration() -> None:
    """A 500 for an exception that nobody expected is no matter of the contract."""

    def method(self: Any) -> Any:
        raise RuntimeError("inside")

    app = App("Shop")
    app.add("/books", type("Books", (Resource,), {"get": method}))
    assert Client(app, raise_errors=False).get("/books").problem["status"] == 500
    with pytest.raises(RuntimeError, match="inside"):
        Client(app).get("/books")


def test_media_type() -> None:
    """The media type is one of those declared, and there is one."""

    @returns(BookSchema)
    @returns(media_types=["image/*"])
    def method(self: Any) -> Response:
        return raw(b'{"id": 1, "title": "x"}')

    book = b'{"id": 1, "title": "x"}'
    check_of(method, 200, book, "image/png")
    check_of(method, 200, book, "Application/JSON; charset=utf-8")
    assert get(method).status == 200
    declared = "it declares application/json"
    assert f"status 200 as text/html; {declared}: add @returns(..." in says_of(
        method, 200, book, "text/html"
    )
    assert f"status 200 without a Content-Type; {declared}." in says_of(method, 200, book, "")

    @returns(media_types=["text/plain"])
    def text(self: Any) -> Response:
        return raw(b"a", content_type="text/plain")

    check_of(text, 200, b"a", "text/plain")
    assert "as text/html; it declares text/plain" in says_of(text, 200, b"a", "text/html")
    assert "without a Content-Type; it declares text/plain" in says_of(text, 200, b"a", "")


def test_problems_are_problems() -> None:
    """A declared problem is answered as application/problem+json, in the shape of RFC 9457."""

    def answering(body: bytes, content_type: str = "application/problem+json") -> Any:
        def method(self: Any) -> Response:
            return raw(body, status=404, content_type=content_type)

        return raises(NotFound)(method)

    whole = b'{"type": "about:blank", "title": "Not Found", "status": 404}'
    assert get(answering(whole)).status == 404
    assert (
        "status 404 as text/html; a problem is application/problem+json: raise NotFound."
        in says(answering(b"<p>", "text/html"))
    )
    assert "outside its schema: at the top, [] is not of type 'object'" in says(answering(b"[]"))
    assert "'type' is a required property" in says(answering(b'{"status": 404}'))
    assert "with a body that is not JSON" in says(answering(b"{"))
    assert "at /title, 1 is not of type 'string'" in says(
        answering(whole.replace(b'"Not Found"', b"1"))
    )
    assert "at /status, 404 was expected" in says(answering(whole.replace(b"404", b"400")))
    assert get(answering(b""), verb="HEAD").status == 404


def test_no_content_means_none() -> None:
    """A 204 has no content and no Content-Type."""

    def content(self: Any) -> None:
        return raw(b"x", 204)  # type: ignore[return-value]  # what the test is about

    def content_type(self: Any) -> None:
        return raw(b"", 204)  # type: ignore[return-value]  # what the test is about

    assert "status 204 with 1 bytes of content" in says_of(content, 204, b"x", JSON)
    assert "status 204 with the Content-Type application/json" in says_of(
        content_type, 204, b"", JSON
    )


def check_of(method: Any, status: int, body: bytes, content_type: str) -> None:
    """Check an answer that the App itself would not give."""
    app = App("Shop")
    app.add("/books", type("Books", (Resource,), {"get": method}))
    operation = next(each for each in app.operations() if each.method == "GET")
    headers = [("Content-Type", content_type)] if content_type else []
    ContractCheck()(operation, Request(), status, headers, body)


def says_of(method: Any, status: int, body: bytes, content_type: str) -> str:
    """Return the message of the check about such a response."""
    with pytest.raises(ContractError) as caught:
        check_of(method, status, body, content_type)
    return str(caught.value)


class Request:
    """Is all that the check asks of a request."""

    environ: ClassVar[dict[str, Any]] = {}
    method = "GET"


def test_headers() -> None:
    """Headers that are declared as required are there, and of their type."""
    declared = returns(
        BookSchema,
        headers={
            "X-Total": Header("X-Total", schema={"type": "integer"}, required=True),
            "X-Ok": Header("X-Ok", schema={"type": "boolean"}),
        },
    )

    def answering(**headers: str) -> Any:
        def method(self: Any) -> Response:
            return raw(
                b'{"id": 1, "title": "x"}',
                **{name.replace("_", "-"): text for name, text in headers.items()},
            )  # type: ignore[arg-type]  # all are headers

        return declared(method)

    assert get(answering(X_Total="3")).status == 200
    assert get(answering(X_Total="3", X_Ok="true")).status == 200
    assert "without the header X-Total, which it declares as required" in says(answering())
    assert "with the header X-Total: many; its declared type is integer" in says(
        answering(X_Total="many")
    )
    assert "with the header X-Ok: 1; its declared type is boolean" in says(
        answering(X_Total="1", X_Ok="1")
    )


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"{", "with a body that is not JSON"),
        (b"[]", "is not BookSchema: at the top, [] is not of type 'object'"),
        (b'{"id": 1}', "at the top, 'title' is a required property"),
        (b'{"id": "1", "title": "x"}', "at /id, '1' is not of type 'integer'"),
        (b'{"id": 1, "title": "x", "born": "never"}', "at /born, 'never' is not a 'date'"),
        (
            b'{"id": 1, "title": "x", "tags": [{"label": "x"}, {}]}',
            "at /tags/1, 'label' is a required property",
        ),
        (
            b'{"id": 1, "title": "x", "secret": 1}',
            "at the top, Additional properties are not allowed ('secret' was",
        ),
    ],
)
def test_bodies(body: bytes, fault: str) -> None:
    """A JSON body is what its schema says; the message says where it is not, and what to do."""

    @returns(BookSchema)
    def method(self: Any) -> Response:
        return raw(body)

    message = says(method)
    assert fault in message
    assert "JSON" in fault or message.endswith(
        "Correct the value, or declare its schema with @returns(...)."
    )


def test_bodies_of_many() -> None:
    """A list is checked item by item."""

    def method(self: Any) -> list[Any]:
        # what the test is about
        return raw(b'[{"id": 1, "title": "x"}, {"id": 2}]')  # type: ignore[return-value]

    assert "is not a list of BookSchema: at /1, 'title' is a required" in says(
        method, schema=BookSchema
    )


def test_long_values_are_cut() -> None:
    """A message shows the beginning of a long value."""

    @returns(BookSchema)
    def method(self: Any) -> Response:
        return raw(b'{"id": "' + b"x" * 5000 + b'", "title": "x"}')

    assert len(says(method)) < 700


def test_open_schemas() -> None:
    """A schema with a hook that adds members may answer others than it names."""

    @returns(OpenSchema)
    def method(self: Any) -> Any:
        return {"title": "x"}

    assert get(method).json == {"title": "x", "more": 1}


def test_streams_are_not_looked_into() -> None:
    """Of a stream the status, media type and headers are checked."""

    @returns(BookSchema)
    def method(self: Any) -> WerkzeugResponse:
        return raw(iter([b"["]))

    assert get(method).body == b"["


def test_check_of_ones_own() -> None:
    """The client takes any callable as its check, and none at all."""
    seen: list[int] = []

    class Own(ContractCheck):
        def __call__(
            self, operation: Any, request: Any, status: int, headers: Any, body: bytes | None
        ) -> None:
            seen.append(status)

    @returns(BookSchema)
    def method(self: Any) -> Response:
        return raw(b"[]")

    assert get(method, contract=Own()).status == 200
    assert get(method, contract=False).status == 200
    assert seen == [200]


def test_without_jsonschema() -> None:
    """Without jsonschema the members are checked still, and one warning says what is missing."""
    code = f"""
import sys, warnings
sys.modules["jsonschema"] = None
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_contract import BookSchema, get, raw, returns, ContractError
def answer(body):
    try:
        get(returns(BookSchema)(lambda self: raw(body)))
    except ContractError as error:
        print(str(error).split(": ", 1)[1].split(". ")[0])
    else:
        print("fine")
answer(b'{{"id": "1", "title": "x", "tags": [{{"label": "x"}}]}}')
answer(b'{{"id": 1}}')
answer(b'{{"id": 1, "title": "x", "secret": 1}}')
answer(b'{{"id": 1, "title": "x", "tags": [{{}}]}}')
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd()
    )
    assert done.stdout.splitlines() == [
        "fine",
        "at the top, 'title' is a required property",
        "at the top, 'secret' is not declared",
        "at /tags/0, 'label' is a required property",
    ]
    assert done.stderr.count("pip install 'restkit[verify]'") == 1


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("integer", "-5", "1.5"),
        ("number", "1.5e3", "abc"),
        ("boolean", "true", "yes"),
        ("boolean", "false", "1"),
        ("string", "abc", None),
    ],
)
def test_headers_are_of_the_declared_type(kind: str, good: str, bad: str | None) -> None:
    """A header's text is checked where its schema names a simple type."""

    def returning(value: str) -> Any:
        declared = {"X-Rate": Header("X-Rate", schema={"type": kind})}
        respond = returns(BookSchema, headers=declared)
        return respond(lambda self: ({"id": 1, "title": "a"}, {"X-Rate": value}))

    assert get(returning(good)).status == 200
    if bad is not None:
        assert f"X-Rate: {bad}; its declared type is {kind}" in says(returning(bad))


@pytest.mark.parametrize(
    ("status", "hint"),
    [(400, "@raises(BadRequest)"), (418, "@raises(a Problem of 418)"), (399, "@returns(")],
)
def test_an_undeclared_status_names_its_decorator(status: int, hint: str) -> None:
    """From 400 on a status is declared by @raises, below by @returns."""
    assert hint in says(lambda self: raw(status=status))


def test_a_malformed_problem_with_status_500_is_caught() -> None:
    """A 500 that says it is a problem has to be one."""
    body = b'{"status": "500", "title": 5}'
    assert says(lambda self: raw(body, 500, "application/problem+json"))


def test_headers_of_a_problem() -> None:
    """A header that a failure declares is of its type in a problem too."""

    class Busy(MemoryStorage):
        failures = (
            Failure(
                ServiceUnavailable,
                "idempotency",
                "Busy.",
                (Header("Retry-After", "", {"type": "integer"}),),
            ),
        )

        def claim(self, request: Any, key: str, mark: bytes, seconds: float, /) -> bytes | None:
            raise ServiceUnavailable("Busy.", headers={"Retry-After": key_of(request)})

    def key_of(request: Any) -> str:
        return str(request.headers["Idempotency-Key"])

    app = App("Shop")

    class Books(Resource):
        schema = BookSchema
        idempotency = Idempotency(Busy())

        def post(self, body: Any) -> Any:
            return body

    app.add("/books", Books)
    client = Client(app)
    good = client.post("/books", json={"title": "a"}, headers={"Idempotency-Key": "5"})
    assert good.status == 503
    with pytest.raises(ContractError, match="Retry-After: soon; its declared type is integer"):
        client.post("/books", json={"title": "a"}, headers={"Idempotency-Key": "soon"})
