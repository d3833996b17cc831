"""What leaves an App is held against its Operation, wherever the response was made."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from marshmallow import Schema, fields

from restkit import (
    App,
    ContractError,
    Proceed,
    Request,
    Resource,
    Response,
    TooManyRequests,
    provide,
    raises,
    returns,
)
from restkit.testing import Client


class BookSchema(Schema):
    title = fields.Str(required=True)


BOOK = {"title": "Emma"}


class Books(Resource):
    schema = BookSchema

    def get(self) -> dict[str, str]:
        if self.request.headers.get("X-Fail"):
            raise KeyError("fail")
        return BOOK


def too_many(request: Request, proceed: Proceed) -> Response:
    return Response("{}", 429, mimetype="application/problem+json")


def raising(request: Request, proceed: Proceed) -> Response:
    raise TooManyRequests("Wait.")


def empty(request: Request, proceed: Proceed) -> Response:
    return Response("{}", 200, mimetype="application/json")


def text(request: Request, proceed: Proceed) -> Response:
    return Response("Emma", 200, mimetype="text/plain")


def changed_status(request: Request, proceed: Proceed) -> Response:
    response = proceed(request)
    response.status_code = 203
    return response


def changed_type(request: Request, proceed: Proceed) -> Response:
    response = proceed(request)
    response.headers["Content-Type"] = "text/plain"
    return response


def changed_data(request: Request, proceed: Proceed) -> Response:
    response = proceed(request)
    response.data = b'{"title": 5}'
    return response


def on_the_app(middleware: Any) -> App:
    app = App("Outer", contract="log")
    app.middleware(middleware)
    app.add("/books", Books)
    return app


def on_a_mount(middleware: Any) -> App:
    outer, inner = App("Outer"), App("Inner")
    inner.add("/books", Books)
    inner.middleware(middleware)
    outer.mount("/v1", inner)
    return outer


def on_a_class(middleware: Any) -> App:
    app = App("Outer")
    app.add("/books", type("Own", (Books,), {"middleware": [middleware]}))
    return app


PLACES: list[tuple[Callable[[Any], App], str]] = [
    (on_the_app, "/books"),
    (on_a_mount, "/v1/books"),
    (on_a_class, "/books"),
]


@pytest.mark.parametrize(("place", "url"), PLACES, ids=lambda each: getattr(each, "__name__", ""))
@pytest.mark.parametrize(
    ("middleware", "words"),
    [
        (too_many, "status 429"),
        (raising, "status 429"),
        (empty, "not BookSchema"),
        (text, "text/plain"),
        (changed_status, "status 203"),
        (changed_type, "text/plain"),
        (changed_data, "not BookSchema"),
    ],
)
def test_a_middleware_outside_the_contract_is_an_error_in_tests(
    place: Callable[[Any], App], url: str, middleware: Any, words: str
) -> None:
    """A middleware's own response, or what it made of another, is checked to its body."""
    with pytest.raises(ContractError, match=words):
        Client(place(middleware)).get(url)


@pytest.mark.parametrize(("place", "url"), PLACES, ids=lambda each: getattr(each, "__name__", ""))
@pytest.mark.parametrize(
    ("middleware", "words"),
    [
        (too_many, "status 429"),
        (raising, "status 429"),
        (text, "text/plain"),
        (changed_status, "status 203"),
        (changed_type, "text/plain"),
    ],
)
def test_a_middleware_outside_the_contract_is_one_line_of_the_log(
    place: Callable[[Any], App],
    url: str,
    middleware: Any,
    words: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """In production the response is sent, and the log says once what was not declared."""
    client = Client(place(middleware), contract=False)
    with caplog.at_level(logging.WARNING, "restkit"):
        response = client.get(url)
    assert response.status in (200, 203, 429)
    assert [words in record.getMessage() for record in caplog.records] == [True]
    assert "Books.get" in caplog.text or "Own.get" in caplog.text


def test_what_is_declared_passes_with_headers_of_its_own(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A declared response of a middleware is fine, whatever other headers it has."""

    def declared(request: Request, proceed: Proceed) -> Response:
        if request.headers.get("X-Many"):
            raise TooManyRequests("Wait.", headers={"Retry-After": "5"})
        response = proceed(request)
        response.headers["X-Rate-Limit"] = "5"
        return response

    class Limited(Books):
        @raises(TooManyRequests)
        def get(self) -> dict[str, str]:
            return BOOK

    app = App("Limited")
    app.middleware(declared)
    app.add("/books", Limited)
    for contract in (True, False):
        client = Client(app, contract=contract)
        assert client.get("/books").headers["X-Rate-Limit"] == "5"
        assert client.get("/books", headers={"X-Many": "1"}).status == 429
    assert not caplog.records


def test_a_problem_handler_outside_the_contract_is_an_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The response that a handler makes is checked like any other."""
    app = App("Handled")
    app.add("/books", Books)

    @app.problem_handler(KeyError)
    def handle(error: KeyError, request: Request) -> Response:
        return Response("{}", 418, mimetype="application/json")

    with pytest.raises(ContractError, match="status 418"):
        Client(app).get("/books", headers={"X-Fail": "1"})
    Client(app, contract=False).get("/books", headers={"X-Fail": "1"})
    assert [record.getMessage().count("status 418") for record in caplog.records] == [1]


def test_a_security_scheme_outside_the_contract_is_an_error() -> None:
    """A problem that a scheme raises must be one that the Operation declares."""

    class Scheme:
        name = "key"

        def document(self) -> dict[str, object]:
            return {"type": "http", "scheme": "bearer"}

        def authenticate(self, request: Request, scopes: Any) -> object:
            raise TooManyRequests("Wait.")

    app = App("Guarded")
    app.add("/books", type("Own", (Books,), {"security": [Scheme()]}))
    with pytest.raises(ContractError, match="status 429"):
        Client(app).get("/books")


def test_a_factory_outside_the_contract_is_an_error() -> None:
    """A problem that a factory of `provide` raises must be declared."""

    def limit(request: Request) -> object:
        raise TooManyRequests("Wait.")

    class Own(Books):
        limited = provide(limit)

        def get(self) -> dict[str, str]:
            return {"title": str(self.limited)}

    app = App("Provided")
    app.add("/books", Own)
    with pytest.raises(ContractError, match="status 429"):
        Client(app).get("/books")


def test_contract_raise_is_for_middleware_too() -> None:
    """With `contract="raise"` an undeclared response raises outside of tests as well."""
    app = App("Loud", contract="raise")
    app.middleware(too_many)
    app.add("/books", Books)
    with pytest.raises(ContractError, match="status 429"):
        Client(app, contract=False).get("/books")


def test_contract_off_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """With `contract="off"` nothing is logged."""
    app = App("Quiet", contract="off")
    app.middleware(too_many)
    app.add("/books", Books)
    assert Client(app, contract=False).get("/books").status == 429
    assert not caplog.records


def test_head_and_options_are_held_against_their_operations() -> None:
    """HEAD is checked as GET without content; OPTIONS may be answered with 200 or 204."""

    def preflight(request: Request, proceed: Proceed) -> Response:
        if request.method != "OPTIONS":
            return proceed(request)
        return Response(status=int(request.headers["X-Status"]))

    app = App("Preflight")
    app.middleware(preflight)
    app.add("/books", Books)
    client = Client(app)
    assert client.head("/books").status == 200
    assert client.options("/books", headers={"X-Status": "200"}).status == 200
    with pytest.raises(ContractError, match="status 202"):
        client.options("/books", headers={"X-Status": "202"})


def test_unknown_urls_and_methods_have_no_contract() -> None:
    """Where no Operation matched nothing is held against one."""
    app = App("Open")
    app.middleware(too_many)
    app.add("/books", Books)
    assert Client(app).get("/nowhere").status == 429
    assert Client(app).delete("/books").status == 429


class Teapot:
    """A middleware that is an object."""

    def __call__(self, request: Request, proceed: Proceed) -> Response:
        return Response("", 418)


@pytest.mark.parametrize(("place", "url"), PLACES, ids=lambda each: getattr(each, "__name__", ""))
@pytest.mark.parametrize(
    ("middleware", "name", "decorator"),
    [
        (too_many, "the middleware too_many made the response", "@raises(TooManyRequests)"),
        (changed_status, "the middleware changed_status made", "@returns(..., status=203)"),
        (Teapot(), "the middleware Teapot made the response", "@raises(a Problem of 418)"),
        (raising, "raising raised the problem", "@raises(TooManyRequests)"),
    ],
)
def test_the_log_names_the_middleware(
    caplog: Any, place: Any, url: str, middleware: Any, name: str, decorator: str
) -> None:
    """A line of the log names the part that made an undeclared response, and what to put on it."""
    with caplog.at_level(logging.WARNING, "restkit"):
        status = Client(place(middleware), contract=False).get(url).status
    assert f"responded with status {status}, which it does not declare: {name}" in caplog.text
    assert f"Put {decorator} on it" in caplog.text


def test_the_innermost_part_that_made_the_response_is_named(caplog: Any) -> None:
    """Middleware that hands a response on, touched or not, is not blamed for its status."""

    def outer(request: Request, proceed: Proceed) -> Response:
        response: Any = proceed(request)
        response.response = list(response.response)
        returned: Response = response
        return returned

    app = App("Outer")
    app.middleware(outer)
    app.middleware(too_many)
    app.middleware(outer)
    app.add("/books", Books)
    with caplog.at_level(logging.WARNING, "restkit"):
        Client(app, contract=False).get("/books")
    assert "the middleware too_many made the response" in caplog.text


def test_the_verb_is_named_behind_middleware(caplog: Any) -> None:
    """A verb that responds with an undeclared status is named, whatever hands the response on."""

    def outer(request: Request, proceed: Proceed) -> Response:
        response: Any = proceed(request)
        response.response = list(response.response)
        returned: Response = response
        return returned

    app = App("Outer")
    app.middleware(outer)
    app.get("/x")(returning)
    with caplog.at_level(logging.WARNING, "restkit"):
        assert Client(app, contract=False).get("/x").status == 202
    assert "returning responded with status 202, which it does not declare: add" in caplog.text


def returning() -> Any:
    """Respond with a status that is not declared."""
    return Response("{}", 202, mimetype="application/json")


def test_the_check_of_tests_names_the_middleware() -> None:
    """The contract check in tests blames the middleware as well, not the verb."""
    for place, url in PLACES:
        with pytest.raises(
            ContractError, match=r"put @raises\(TooManyRequests\) on the middleware"
        ):
            Client(place(too_many)).get(url)


NDJSON = "application/x-ndjson"


def _streaming(chunks: list[bytes], media_type: str, *, is_method: bool) -> App:
    """Return an App that declares JSON Lines of books, and streams other chunks."""
    app = App("Streams")

    def stream() -> Response:
        return Response((chunk for chunk in chunks), mimetype=media_type)

    @app.get("/books")
    @returns(BookSchema(many=True), media_types=[NDJSON])
    def books() -> Any:
        return stream() if is_method else iter([BOOK])

    @app.middleware
    def replace(request: Request, proceed: Proceed) -> Response:
        return proceed(request) if is_method else stream()

    return app


@pytest.mark.parametrize("is_method", [False, True])
@pytest.mark.parametrize(
    ("chunks", "fault"),
    [
        ([b'{"title": 1}\n'], "/title, 1 is not of type 'string'"),
        ([b'{"title": "a"}\n{"ti', b'tle": ', b'1}\n{"title": "b"}\n'], "/title, 1 is not"),
        ([b'{"title": "a"}\n', b'{"name": "a"}'], "record that is not BookSchema"),
        ([b'{"title": "a"\n'], "record that is not JSON"),
        ([b'[{"title": "a"}]\n'], "is not of type 'object'"),
    ],
)
def test_records_of_a_stream_are_checked(chunks: list[bytes], fault: str, is_method: bool) -> None:
    """A record outside its schema is a ContractError, wherever the stream was made."""
    client = Client(_streaming(chunks, NDJSON, is_method=is_method))
    with pytest.raises(ContractError, match=fault):
        client.get("/books")


@pytest.mark.parametrize("is_method", [False, True])
def test_records_of_a_stream_that_fit_are_sent_unchanged(is_method: bool) -> None:
    """Records within their schema, blank lines and chunks of any size are sent as they are."""
    chunks = [b'{"title": "a"}\n\n{"ti', b"", b'tle": "b"}', b"\n", b'{"title": "c"}']
    client = Client(_streaming(chunks, NDJSON, is_method=is_method))
    assert client.get("/books").body == b"".join(chunks)
    with client.get("/books", stream=True) as response:
        assert list(response.iter_chunks()) == chunks


def test_a_stream_that_has_begun_ends_at_a_record_outside_its_schema(caplog: Any) -> None:
    """The records before it are sent; the log has the error, since the status is sent already."""
    chunks = [b'{"title": "a"}\n', b'{"title": 1}\n']
    app = _streaming(chunks, NDJSON, is_method=False)
    with Client(app).get("/books", stream=True) as response:
        sent = response.iter_chunks()
        assert next(sent) == chunks[0]
        with pytest.raises(ContractError, match="record that is not BookSchema"):
            next(sent)
    assert "GET /books failed while its response was sent" in caplog.text


def test_lines_that_are_not_streamed_are_checked() -> None:
    """JSON Lines that are sent at once are checked record by record, too."""
    app = App("Lines")

    @app.get("/books")
    @returns(BookSchema(many=True), media_types=[NDJSON])
    def books() -> Any:
        return Response(b'{"title": "a"}\n{"title": 1}\n', mimetype=NDJSON)

    with pytest.raises(ContractError, match="record that is not BookSchema: at /title"):
        Client(app).get("/books")


def test_compressed_lines_are_not_read() -> None:
    """Content with a Content-Encoding is not JSON Lines before a client has decoded it."""
    app = App("Lines")

    @app.get("/books")
    @returns(BookSchema(many=True), media_types=[NDJSON])
    def books() -> Any:
        return Response([b"\x1f\x8b"], mimetype=NDJSON, headers={"Content-Encoding": "gzip"})

    assert Client(app).get("/books").body == b"\x1f\x8b"


@pytest.mark.parametrize("is_method", [False, True])
def test_a_stream_of_an_undeclared_media_type(is_method: bool, caplog: Any) -> None:
    """An undeclared media type of a stream is a ContractError in tests, else a line of the log."""
    app = _streaming([b"data: a\n\n"], "text/event-stream", is_method=is_method)
    with pytest.raises(ContractError, match=f"as text/event-stream; it declares {NDJSON}"):
        Client(app).get("/books")
    with caplog.at_level(logging.WARNING, "restkit"):
        assert Client(app, contract=False).get("/books").body == b"data: a\n\n"
    assert "responded with text/event-stream, which it does not declare" in caplog.text
