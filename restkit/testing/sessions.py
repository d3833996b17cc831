"""The session of a test client, outside of every request."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, cast

from ..html import Session, Sessions
from ..request import Request

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment
    from werkzeug.test import Client as WerkzeugClient

    from ..request import AppLike

__all__ = ["opened_session"]


class _Registry(Protocol):
    def walk_apps(self) -> Iterable[tuple[str, AppLike]]: ...


@contextmanager
def opened_session(
    app: WSGIApplication, environ: WSGIEnvironment, client: WerkzeugClient, host: str
) -> Generator[Session]:
    """Open the session of a client, and store it and its cookie afterwards.

    Args:
        app: The App.
        environ: A request to it.
        client: The client that has the cookies.
        host: The domain of the cookies.

    Raises:
        RuntimeError: The application is no App with Sessions.
    """
    owner, sessions = _sessions_of(app)
    for name in sessions.cookie.names:
        kept = client.get_cookie(name, domain=host)
        if kept is not None:
            environ["HTTP_COOKIE"] = f"{name}={kept.value}"
    request = Request(environ)
    request.app = owner
    session = sessions.open(request)
    yield session
    if session.is_settled():
        return
    session.close(is_shown=False)
    header = sessions.store(request, session)
    if header is None:
        return
    name, _, rest = header.partition("=")
    value = rest.partition(";")[0]
    if value:
        client.set_cookie(name, value, domain=host, path="/")
    else:
        client.delete_cookie(name, domain=host, path="/")


def _sessions_of(app: WSGIApplication) -> tuple[AppLike, Sessions]:
    """Return the first App with Sessions, from the outside in, and the Sessions."""
    registry = cast("_Registry | None", getattr(app, "_registry", None))
    for _, each in () if registry is None else registry.walk_apps():
        for extension in each.extensions:
            if isinstance(extension, Sessions):
                return each, extension
    raise RuntimeError(
        "The application has no Sessions. Write app.install(Sessions(keys=[...])), and give the "
        "App itself to the Client."
    )
