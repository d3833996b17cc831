"""The error boundary: whatever is raised becomes one problem, by the nearest handler."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import (
    HTTPException,
    NotFound,
    ServiceUnavailable,
    TooManyRequests,
    Unauthorized,
    abort,
)

from restkit import App, Conflict, ContractError, Gone, Problem, Request, Resource, Response, raises
from restkit.problems import problem_class
from restkit.testing import Client


def client_of(error: BaseException, *, status: int, handlers: Any = (), **settings: Any) -> Client:
    app = App("Boundary", **settings)
    for kind, handler in handlers:
        app.problem_handler(kind)(handler)

    @app.get("/x")
    @raises(problem_class(status))
    def get() -> None:
        raise error

    return Client(app, raise_errors=False)


def test_unexpected_exceptions_tell_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """An unexpected exception is a 500 that tells a stranger nothing,
    and a log record with the traceback.
    """
    with caplog.at_level(logging.ERROR, "restkit"):
        response = client_of(RuntimeError("secret"), status=409).get("/x")
    assert response.status == 500
    assert response.headers["Content-Type"] == "application/problem+json"
    assert b"secret" not in response.body
    assert "RuntimeError: secret" in caplog.text


def test_debug_tells_the_exception() -> None:
    """With the debug setting the problem has the exception and its traceback."""
    response = client_of(RuntimeError("what"), status=409, debug=True).get("/x")
    assert response.json["detail"] == "RuntimeError: what"
    assert "Traceback" in response.json["traceback"]


def test_the_test_client_raises_what_was_unexpected() -> None:
    """Under the test client an unexpected exception comes through as itself."""
    app = App("Raises")
    app.get("/x")(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        Client(app).get("/x")


@pytest.mark.parametrize(
    ("error", "status", "header"),
    [
        (NotFound("gone"), 404, None),
        (TooManyRequests("slow", retry_after=30), 429, ("Retry-After", "30")),
        (ServiceUnavailable(retry_after=5), 503, ("Retry-After", "5")),
    ],
)
def test_werkzeugs_exceptions_become_problems(
    error: HTTPException, status: int, header: Any
) -> None:
    """Werkzeug's HTTP exceptions become the problem of their status; their headers are kept."""
    response = client_of(error, status=status).get("/x")
    assert response.status == status
    assert response.json["status"] == status
    assert response.headers["Content-Type"] == "application/problem+json"
    if header:
        assert response.headers[header[0]] == header[1]


def test_abort_with_a_response_is_that_response() -> None:
    """`abort(response)` sends the response."""
    app = App("Abort")

    @app.get("/x")
    def get() -> Response:
        abort(Response("own", 200, mimetype="text/plain"))

    assert Client(app).get("/x").text == "own"


def test_handlers_go_by_method_resolution_order() -> None:
    """The handler of the nearest base class answers; a resource's own goes before the App's."""
    app = App("Handlers")
    app.problem_handler(LookupError)(lambda error, request: Conflict("lookup"))
    app.problem_handler(KeyError)(lambda error, request: Conflict("key"))

    class Own(Resource):
        problem_handlers = {LookupError: lambda error, request: Gone("resource")}

        @raises(Gone, Conflict)
        def get(self) -> None:
            raise KeyError

    @app.get("/key")
    @raises(Conflict)
    def key() -> None:
        raise KeyError

    @app.get("/index")
    @raises(Conflict)
    def index() -> None:
        raise IndexError

    app.add("/own", Own)
    client = Client(app)
    assert client.get("/key").json["detail"] == "key"
    assert client.get("/index").json["detail"] == "lookup"
    assert client.get("/own").json["detail"] == "resource"


def test_handlers_see_problems_of_every_stage() -> None:
    """A handler of a Problem class may change what restkit itself raises."""
    from restkit import NotFound as NotFoundProblem

    app = App("Stages")

    @app.problem_handler(NotFoundProblem)
    def missing(error: NotFoundProblem, request: Request) -> Response:
        return Response("nothing", 404, mimetype="text/plain")

    assert Client(app).get("/nowhere").text == "nothing"


def test_a_handler_that_fails_or_returns_nonsense_is_a_500() -> None:
    """A broken handler is an unexpected exception itself."""
    for handler in (lambda error, request: 1 / 0, lambda error, request: "text"):
        response = client_of(KeyError("x"), status=409, handlers=[(KeyError, handler)]).get("/x")
        assert response.status == 500


def test_a_handler_may_raise_the_problem() -> None:
    """A handler may raise the problem that it means."""

    def handler(error: Exception, request: Request) -> Problem:
        raise Conflict("raised")

    response = client_of(KeyError("x"), status=409, handlers=[(KeyError, handler)]).get("/x")
    assert response.json["detail"] == "raised"


def test_a_problem_with_an_impossible_header_is_a_500() -> None:
    """A header that cannot be sent does not break the answer."""
    assert client_of(Conflict("x", headers={"X-A": "a\nb"}), status=409).get("/x").status == 500


def test_every_challenge_of_an_exception_is_kept() -> None:
    """Headers that an HTTP exception has several times arrive all (RFC 9110, section 11.6.1)."""
    challenges = [WWWAuthenticate("basic", {"realm": "a"}), WWWAuthenticate("bearer")]
    response = client_of(Unauthorized("who?", www_authenticate=challenges), status=401).get("/x")
    assert "Basic" in response.headers["WWW-Authenticate"]
    assert "Bearer" in response.headers["WWW-Authenticate"]


def test_a_url_cannot_write_log_lines(caplog: pytest.LogCaptureFixture) -> None:
    """A line break in the URL of a request that fails stays on its line in the log."""
    app = App("Log")
    app.get("/<name>")(lambda name: 1 / 0)
    with caplog.at_level(logging.ERROR, "restkit"):
        assert Client(app, raise_errors=False).get("/a%0AERROR%20forged").status == 500
    assert "GET /a\\nERROR forged failed" in caplog.messages


def test_a_handler_of_every_exception_leaves_answers_that_are_meant() -> None:
    """A handler of Exception is for what was not expected:
    no redirect, no problem, no HTTP exception.
    """
    asked: list[str] = []

    def handler(error: Exception, request: Request) -> Conflict:
        asked.append(type(error).__name__)
        return Conflict("handled")

    handlers = [(Exception, handler)]
    assert client_of(Gone("meant"), status=410, handlers=handlers).get("/x").status == 410
    assert client_of(NotFound("meant"), status=404, handlers=handlers).get("/x").status == 404
    assert client_of(KeyError("x"), status=409, handlers=handlers).get("/x").status == 409
    assert client_of(KeyError("x"), status=409, handlers=handlers).get("/nowhere").status == 404
    app = App("Redirect")
    app.problem_handler(Exception)(handler)
    app.problem_handler(HTTPException)(handler)
    app.get("/x/")(lambda: {})
    assert Client(app).get("/x").headers["Location"] == "/x/"
    assert asked == ["KeyError"]


def test_a_handler_of_all_problems_is_asked() -> None:
    """Whoever names Problem or HTTPException, or another base of one, means it."""

    class Missing(Gone, LookupError): ...

    for kind, error in (
        (Problem, Gone("x")),
        (HTTPException, NotFound("x")),
        (LookupError, Missing("x")),
    ):
        client = client_of(
            error, status=409, handlers=[(kind, lambda error, request: Conflict("handled"))]
        )
        assert client.get("/x").json["detail"] == "handled"


@pytest.mark.parametrize(
    ("code", "status"), [(399, 500), (400, 400), (499, 499), (599, 599), (600, 500), (None, 500)]
)
def test_a_code_that_is_no_error_is_a_500(code: int | None, status: int) -> None:
    """Werkzeug's exceptions may have any code."""

    class Odd(HTTPException):
        pass

    error = Odd("x")
    error.code = code
    response = client_of(error, status=status).get("/x")
    assert (response.status, response.json["status"]) == (status, status)


def test_a_contract_error_is_never_a_response() -> None:
    """It reaches the server although handlers of every exception are there."""
    app = App("Contract")

    @app.problem_handler(Exception)
    def anything(error: Exception, request: Request) -> Response:
        return Response("handled", 409)

    @app.get("/x")
    def get() -> None:
        raise ContractError("told")

    with pytest.raises(ContractError, match="told"):
        Client(app, raise_errors=False, contract=False).get("/x")
