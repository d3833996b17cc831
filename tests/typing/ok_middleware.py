"""Middleware and problem handlers, as functions and as objects."""

from __future__ import annotations

from typing import assert_type

from restkit import (
    App,
    Extension,
    Middleware,
    NotFound,
    Problem,
    Proceed,
    Request,
    Resource,
    Response,
)

app = App("Shop")


@app.middleware
def timed(request: Request, proceed: Proceed) -> Response:
    response = proceed(request)
    assert_type(response, Response)
    response.headers["X-Path"] = request.path
    return response


class Counting:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self, request: Request, proceed: Proceed) -> Response:
        self.count += 1
        return proceed(request)


counting = app.middleware(Counting())
assert_type(counting, Counting)
listed: list[Middleware] = [timed, counting]


@app.problem_handler(KeyError)
def unknown(error: KeyError, request: Request) -> Problem:
    return NotFound(str(error))


@app.problem_handler(ValueError)
def invalid(error: ValueError, request: Request) -> Response:
    return Response(b"", 400)


class Books(Resource):
    middleware = [timed, counting]
    problem_handlers = {KeyError: unknown, ValueError: invalid}


class Health:
    def install(self, app: App, /) -> None:
        app.get("/health")(lambda: {"status": "up"})


extension: Extension = Health()
app.install(extension)
