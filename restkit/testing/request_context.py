"""A current request without a client, for tests and the shell."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urljoin, urlsplit

from werkzeug.datastructures import Headers

from ..request import Request, current_request
from .environment import make_environ

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

__all__ = ["request_context"]


class _Routing(Protocol):
    def _route(self, environ: WSGIEnvironment) -> tuple[Request, object]: ...


class _App(Protocol):
    def _freeze(self) -> _Routing: ...


@contextmanager
def request_context(
    app: _App,
    path: str = "/",
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    base_url: str = "http://localhost",
    caller: object = None,
) -> Generator[Request]:
    """Make a request the current one while the context lasts; nothing responds to it.

    ::

        with request_context(app, "/books/3", caller=ann) as request:
            assert request.path_parameters == {"book_id": 3}
            assert app.url_for("book", book_id=3, _external=True) == "http://localhost/books/3"

    The request is routed, so that it has its Operation and App, but middleware and security do not
    run. Values of `provide` and `obtain` are closed at the end as after a request: a session of a
    database commits, or rolls back after an exception.

    Args:
        app: The App.
        path: The path, with or without a query.
        method: The HTTP method.
        headers: Headers of the request.
        base_url: Scheme, host and prefix.
        caller: The caller, as a security scheme would have returned it.
    """
    url = urljoin(f"{base_url.rstrip('/')}/", path.removeprefix("/"))
    root = urlsplit(base_url).path.rstrip("/")
    environ = make_environ(method, url, root, Headers(dict(headers or {})), None)
    request, _ = app._freeze()._route(environ)
    request.caller = caller
    token = current_request.set(request)
    try:
        try:
            yield request
        except BaseException as error:
            if request.provided is not None:
                request.provided.close(error)
            raise
        if request.provided is not None:
            request.provided.close()
    finally:
        current_request.reset(token)
        request.close()
