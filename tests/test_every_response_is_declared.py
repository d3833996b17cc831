"""Programs drawn at random: every response is declared, or is a deserved ContractError.

Each example draws an App (middleware, contributed headers, problem handlers, a security scheme,
error formats, inputs, streams, mounts within mounts) and a request. Three judges must agree on the
response: a model of the program, which knows what was declared; the printed document, with
`jsonschema` as the judge of bodies; and the contract check.

``RESTKIT_TEST_COMBINATIONS=20000`` draws that many.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from marshmallow import Schema, fields
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from restkit import (
    HTML_ERRORS,
    PROBLEM_DETAILS,
    App,
    Conflict,
    ContractError,
    Contribution,
    ErrorFormat,
    Gone,
    Header,
    Problem,
    Request,
    Resource,
    Response,
    TooManyRequests,
    Unauthorized,
    raises,
    returns,
    takes,
)
from restkit.openapi import build
from restkit.openapi.shared_components import expanded
from restkit.testing import Client

EXAMPLES = int(os.environ.get("RESTKIT_TEST_COMBINATIONS") or 250)


class NumberSchema(Schema):
    number = fields.Int(required=True)


class QuerySchema(Schema):
    page = fields.Int()


class HeaderSchema(Schema):
    count = fields.Int(data_key="X-Count")


class CookieSchema(Schema):
    visits = fields.Int()


class FormSchema(Schema):
    count = fields.Int(required=True)


class MessageSchema(Schema):
    message = fields.Str(required=True)


class OutOfStock(Problem):
    """No copy is left."""

    status = 409
    type = "https://example.com/out-of-stock"
    members = {"waiting": fields.Int(required=True)}


class Token:
    """A scheme that accepts one token."""

    name = "token"

    def document(self) -> dict[str, object]:
        return {"type": "http", "scheme": "bearer"}

    def authenticate(self, request: Request, scopes: Sequence[str]) -> object:
        if request.headers.get("Authorization") != "Bearer right":
            raise Unauthorized("Send the token.", headers={"WWW-Authenticate": "Bearer"})
        return "ada"


MESSAGES = ErrorFormat(
    "application/json", MessageSchema, lambda problem: {"message": problem.detail or problem.title}
)
ENVELOPES = ErrorFormat(
    "application/vnd.errors+json",
    {
        "type": "object",
        "properties": {"errors": {"type": "array", "items": {"type": "string"}, "maxItems": 1}},
        "required": ["errors"],
    },
    lambda problem: {"errors": [problem.title]},
)
FORMATS: dict[str, Any] = {
    "default": None,
    "messages": MESSAGES,
    "envelopes": ENVELOPES,
    "pages": [PROBLEM_DETAILS, HTML_ERRORS],
    "messages and pages": [MESSAGES, HTML_ERRORS],
}
# A middleware: (its response, or None if it proceeds; whether every operation declares it).
MIDDLEWARE = {
    "pass": None,
    "contributed header": None,
    "header": None,
    "declared problem": 429,
    "undeclared problem": 410,
    "right content": 200,
    "wrong content": 200,
    "undeclared content": 202,
    "text": 200,
    "fails": 500,
}
CONTENT = {
    "json": "application/json",
    "lines": "application/x-ndjson",
    "events": "text/event-stream",
}
METHODS = ("right", "wrong", "declared", "own", "undeclared", "undeclared type", "fails")


@dataclass(frozen=True)
class Program:
    """One program and one request.

    Attributes:
        outer: The middleware of the App, the outermost first.
        inner: The middleware of the mounted App.
        method: What the method does.
        handlers: The problem handlers: of ValueError, and of Problem.
        depth: The number of mounts above the resource.
        guarded: Where security is declared: on the class, on the innermost mount, or nowhere.
        on_mount: Whether the error formats of the mounted App stand on its mount.
        content: The content of a GET, a stream unless it is JSON.
        inputs: The header, cookie and form of the request.
    """

    outer: tuple[str, ...]
    inner: tuple[str, ...]
    method: str
    handlers: tuple[str, str]
    errors: str
    inner_errors: str
    depth: int
    guarded: str
    verb: str
    url: str
    query: str
    token: str
    accept: str
    content: str = "json"
    inputs: tuple[str, str, str] = ("none", "none", "right")
    on_mount: bool = False

    @property
    def mounted(self) -> bool:
        """Whether the resource is mounted."""
        return self.depth > 0

    @property
    def guard(self) -> str:
        """Where security is declared; without a mount, a class says it."""
        return "class" if self.guarded and not self.mounted else self.guarded

    @property
    def prefix(self) -> str:
        """The prefix of the resource."""
        return "/inner" * self.depth

    @property
    def media_type(self) -> str:
        """The media type of the declared content."""
        return CONTENT[self.content if self.verb in ("GET", "HEAD") else "json"]


PROGRAMS = st.builds(
    Program,
    outer=st.lists(
        st.sampled_from([*["pass", "header", "contributed header"] * 2, *MIDDLEWARE]), max_size=3
    ).map(tuple),
    inner=st.lists(
        st.sampled_from([*["pass", "header", "contributed header"] * 2, *MIDDLEWARE]), max_size=2
    ).map(tuple),
    method=st.sampled_from(METHODS),
    handlers=st.tuples(
        st.sampled_from(["none", "declared", "undeclared", "fails", "nothing"]),
        st.sampled_from(["none", "same", "undeclared", "text"]),
    ),
    errors=st.sampled_from(sorted(FORMATS)),
    inner_errors=st.sampled_from(sorted(FORMATS)),
    depth=st.integers(0, 3),
    guarded=st.sampled_from(["", "class", "mount"]),
    on_mount=st.booleans(),
    verb=st.sampled_from(["GET", "GET", "POST", "POST", "HEAD", "PUT", "OPTIONS"]),
    url=st.sampled_from(["/things/1", "/things/1", "/things/1", "/things/x", "/nowhere"]),
    query=st.sampled_from(["", "", "?page=1", "?page=x", "?unknown=1"]),
    token=st.sampled_from(["Bearer right", "Bearer right", "Bearer wrong", ""]),
    accept=st.sampled_from(["", "*/*", "application/json", "text/html, */*;q=0.8"]),
    content=st.sampled_from(["json", "json", "lines", "events"]),
    inputs=st.tuples(
        st.sampled_from(["none", "right", "right", "wrong"]),
        st.sampled_from(["none", "right", "right", "wrong"]),
        st.sampled_from(["right", "right", "right", "wrong", "json"]),
    ),
)


# the program


class Limited:
    """A middleware that declares a header, and adds it to each response."""

    def contribute(self, operation: Any) -> Contribution:
        return Contribution(headers=(Header("X-Limit", "A limit.", {"type": "integer"}),))

    def __call__(self, request: Request, proceed: Callable[[Request], Response]) -> Response:
        response = proceed(request)
        response.headers["X-Limit"] = "5"
        return response


def middleware_of(kind: str) -> Callable[..., Response]:
    if kind == "contributed header":
        return Limited()

    def middleware(request: Request, proceed: Callable[[Request], Response]) -> Response:
        if kind == "declared problem":
            raise TooManyRequests("Slow down.")
        if kind == "undeclared problem":
            raise Gone("Closed.")
        if kind == "fails":
            raise RuntimeError("secret")
        if kind == "text":
            return Response("text", 200, content_type="text/plain")
        if MIDDLEWARE[kind] is not None:
            body = {"number": 1} if kind == "right content" else {"other": 1}
            status = MIDDLEWARE[kind]
            return Response(json.dumps(body), status, content_type="application/json")
        response = proceed(request)
        if kind == "header":
            response.headers["X-Seen"] = "yes"
        return response

    return raises(TooManyRequests)(middleware) if kind == "declared problem" else middleware


def answered(method: str) -> dict[str, int]:
    if method == "declared":
        raise Conflict("It is used.")
    if method == "own":
        raise OutOfStock("All are sold.", waiting=3)
    if method == "undeclared":
        raise Gone("It is sold.")
    if method == "undeclared type":
        raise type("Other", (Conflict,), {"type": "https://example.com/other"})("Other.")
    if method == "fails":
        raise ValueError("secret")
    return {"number": 1} if method == "right" else {"other": 1}


def resource_of(program: Program) -> type[Resource]:
    class Things(Resource):
        schema = NumberSchema
        if program.guard == "class":
            security = [Token()]

        @takes(query=QuerySchema, headers=HeaderSchema, cookies=CookieSchema)
        @raises(Conflict, OutOfStock)
        @returns(
            NumberSchema if program.content != "events" else None,
            media_types=[CONTENT[program.content]],
            many=program.content == "lines",
        )
        def get(self, thing_id: int, query: Any, headers: Any, cookies: Any) -> Any:
            return answer() if program.content == "json" else streamed()

        @takes(query=QuerySchema, headers=HeaderSchema, cookies=CookieSchema, form=FormSchema)
        @raises(Conflict, OutOfStock)
        def post(self, thing_id: int, query: Any, headers: Any, cookies: Any, form: Any) -> Any:
            return answer()

    def streamed() -> Any:
        return answer() if program.method == "wrong" else items()

    def items() -> Iterator[Any]:
        first = answered(program.method)
        for _ in range(3):
            yield "data: 1\n\n" if program.content == "events" else first

    def answer() -> Any:
        if program.method == "wrong":
            return Response('{"other": 1}', 200, content_type="application/json")
        return answered(program.method)

    return Things


def add_handlers(app: App, program: Program) -> None:
    of_value, of_problem = program.handlers

    def value(error: ValueError, request: Request) -> Any:
        if of_value == "fails":
            raise RuntimeError("secret")
        made = {"declared": Conflict, "undeclared": Gone}.get(of_value)
        return made("Handled.") if made is not None else None

    def problem(error: Problem, request: Request) -> Any:
        if of_problem == "same":
            return error
        if of_problem == "text":
            return Response("text", error.status, content_type="text/plain")
        return Gone("All are gone.")

    if of_value != "none":
        app.problem_handler(ValueError)(value)
    if of_problem != "none":
        app.problem_handler(Problem)(problem)


def app_of(program: Program) -> App:
    app = App("Outer", errors=FORMATS[program.errors])
    for each in program.outer:
        app.middleware(middleware_of(each))
    add_handlers(app, program)
    target = app
    if program.mounted:
        errors = FORMATS[program.inner_errors]
        target = App("Inner", errors=None if program.on_mount else errors)
        for each in program.inner:
            target.middleware(middleware_of(each))
    target.add("/things/<int:thing_id>", resource_of(program))
    options: dict[str, Any] = {"errors": FORMATS[program.inner_errors]} if program.on_mount else {}
    if program.guard == "mount":
        options["security"] = [Token()]
    for number in range(program.depth - 1):
        between = App(f"Between {number}")
        between.mount("/inner", target, **options)
        target, options = between, {}
    if program.mounted:
        app.mount("/inner", target, **options)
    return app


def ask(program: Program, client: Client) -> Any:
    header, cookie, form = program.inputs
    texts = {"none": "", "right": "1", "wrong": "x"}
    headers = {
        "Accept": program.accept,
        "Authorization": program.token,
        "X-Count": texts[header],
        "Cookie": f"visits={texts[cookie]}" if texts[cookie] else "",
    }
    content: dict[str, Any] = {}
    if program.verb == "POST":
        content = {"json": {}} if form == "json" else {"data": {"count": texts[form]}}
    return client.request(
        program.verb,
        program.prefix + program.url + program.query,
        headers={name: text for name, text in headers.items() if text},
        **content,
    )


# the judges


def predicted(program: Program) -> tuple[int, bool]:
    """Return the status, and whether the response is declared, by what the program declares."""
    layers = [*program.outer, *(program.inner if program.mounted else ())]
    declared = {409, 422, 404, 406} | ({401, 403} if program.guarded else set())
    declared |= {400, 413, 415} if program.verb == "POST" else set()
    declared |= {429} if "declared problem" in layers else set()
    stopping = next((each for each in layers if MIDDLEWARE[each] is not None), None)
    routed = program.url == "/things/1" and program.verb != "PUT"
    success = 201 if program.verb == "POST" else 200
    if stopping == "fails":
        return handled(program, 500, None, declared, routed)
    if stopping in ("declared problem", "undeclared problem"):
        return handled(program, MIDDLEWARE[stopping] or 0, "about:blank", declared, routed)
    if stopping is not None:
        status = MIDDLEWARE[stopping] or 0
        if not routed:
            return status, True
        if program.verb == "OPTIONS":
            return status, status == 200
        right = stopping == "right content" or (program.verb == "HEAD" and stopping != "text")
        right = right and program.media_type == "application/json"
        return status, status == success and right
    if program.url != "/things/1":
        return handled(program, 404, "about:blank", declared, routed)
    if program.verb == "PUT":
        return handled(program, 405, "about:blank", declared, routed)
    if program.verb == "OPTIONS":
        return 204, True
    return by_method(program, declared, success)


def by_method(program: Program, declared: set[int], success: int) -> tuple[int, bool]:
    if program.guarded and program.token != "Bearer right":
        return handled(program, 401, "about:blank", declared, True)
    if program.accept == "application/json" and program.media_type != program.accept:
        return handled(program, 406, "about:blank", declared, True)
    if program.verb == "POST" and program.inputs[2] == "json":
        return handled(program, 415, "about:blank", declared, True)
    read = program.inputs if program.verb == "POST" else program.inputs[:2]
    if program.query in ("?page=x", "?unknown=1") or "wrong" in read:
        return handled(program, 422, "about:blank", declared, True)
    if program.method == "right":
        return success, True
    if program.method == "wrong":
        is_json = program.media_type == "application/json"
        return 200, is_json and program.verb == "HEAD"
    of_value = program.handlers[0]
    if program.method == "fails":
        made = {"declared": 409, "undeclared": 410}.get(of_value, 500)
        return handled(program, made, "about:blank", declared, True)
    status, kind = {
        "declared": (409, "about:blank"),
        "own": (409, OutOfStock.type),
        "undeclared": (410, "about:blank"),
        "undeclared type": (409, "https://example.com/other"),
    }[program.method]
    return handled(program, status, kind, declared, True)


def handled(
    program: Program, status: int, kind: str | None, declared: set[int], routed: bool
) -> tuple[int, bool]:
    """Return the verdict on a problem, after the handler of Problem."""
    of_problem = program.handlers[1]
    if of_problem == "undeclared":
        status, kind = 410, "about:blank"
    if not routed:
        return status, True
    if program.verb == "OPTIONS":
        # The derived OPTIONS declares what surrounds it, and no more.
        declared = declared & {429}
    if of_problem == "text":
        return status, status == 500 and status not in declared
    if status == 500:
        return status, True
    formats = FORMATS[program.errors]
    if program.mounted and FORMATS[program.inner_errors] is not None:
        formats = FORMATS[program.inner_errors]
    is_details = formats is None or (isinstance(formats, list) and formats[0] is PROBLEM_DETAILS)
    if is_details and status == 409 and program.verb != "HEAD" and not is_page(program, formats):
        return status, status in declared and kind in ("about:blank", OutOfStock.type)
    return status, status in declared


def is_page(program: Program, formats: Any) -> bool:
    return isinstance(formats, list) and "text/html" in program.accept


def is_documented(program: Program, document: dict[str, Any], response: Any) -> bool:
    """Return whether the printed document has the response."""
    if program.url != "/things/1" or program.verb in ("PUT", "OPTIONS"):
        return True  # no operation of the document
    if response.status == 500:
        return True
    verb = "get" if program.verb == "HEAD" else program.verb.lower()
    path = f"{program.prefix}/things/{{thing_id}}"
    responses = document["paths"][path][verb]["responses"]
    found = responses.get(str(response.status))
    if found is None:
        return False
    if "X-Limit" in response.headers:
        limit = found["headers"]["X-Limit"]["schema"]
        assert Draft202012Validator(limit).is_valid(int(response.headers["X-Limit"]))
    media = found.get("content", {}).get(response.media_type)
    if media is None:
        return False
    if program.verb == "HEAD":
        return True
    if response.media_type == "application/x-ndjson":
        lines = [json.loads(line) for line in response.text.splitlines()]
        return all(validator(document, media["schema"]).is_valid(line) for line in lines)
    data = response.text if response.media_type.startswith("text/") else json.loads(response.body)
    return validator(document, media["schema"]).is_valid(data)


def validator(document: dict[str, Any], schema: dict[str, Any]) -> Draft202012Validator:
    registry: Registry[Any] = Registry().with_resource(
        "urn:document", DRAFT202012.create_resource(document)
    )
    text = json.dumps(schema).replace('"#/', '"urn:document#/')
    return Draft202012Validator(json.loads(text), registry=registry)


seen: Counter[str] = Counter()


def plain_get(content: str) -> Program:
    """Return a program that only responds to a GET, through a contributed header and two mounts."""
    return Program(
        ("contributed header",), (), "right", ("none", "none"), "default", "default",
        2, "", "GET", "/things/1", "", "", "", content,
    )  # fmt: skip


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(program=PROGRAMS)
@example(plain_get("json"))
@example(plain_get("lines"))
@example(plain_get("events"))
def check_a_program(program: Program) -> None:
    app = app_of(program)
    response = ask(program, Client(app, contract=False, raise_errors=False))
    status, is_declared = predicted(program)
    assert response.status == status
    document = expanded(build(app))
    routed = program.url == "/things/1" and program.verb not in ("PUT", "OPTIONS")
    if routed:
        assert is_documented(program, document, response) is is_declared
    try:
        checked = ask(program, Client(app, raise_errors=False))
    except ContractError:
        found = "a ContractError"
        assert not is_declared
    else:
        found = "declared"
        assert is_declared
        assert checked.status == status
        assert checked.body == response.body
    seen[f"{found}: {response.status // 100}xx"] += 1
    if found == "declared" and response.status == 200 and program.verb == "GET":
        seen[response.media_type] += 1


def test_every_response_is_declared_or_a_contract_error() -> None:
    """Model, document and contract check agree on the responses of random programs."""
    seen.clear()
    check_a_program()
    for each in (
        "declared: 2xx",
        "declared: 4xx",
        "declared: 5xx",
        "a ContractError: 4xx",
        *CONTENT.values(),
    ):
        assert seen[each] > 0, seen


@pytest.mark.parametrize("method", METHODS)
def test_the_model_knows_its_program(method: str) -> None:
    """Each method has a verdict, and both verdicts occur."""
    program = Program(
        (), (), method, ("none", "none"), "default", "default",
        0, "", "GET", "/things/1", "", "", "",
    )  # fmt: skip
    status, is_declared = predicted(program)
    assert 200 <= status <= 599
    assert is_declared is (method not in ("wrong", "undeclared", "undeclared type"))
