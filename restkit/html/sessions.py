"""`Sessions`: the extension that keeps sessions between requests."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from ..contract import Failure, Header, Operation, Parameter
from ..contributor import Contribution
from ..dependencies import factories_of
from ..environ_keys import FAILED
from ..errors import DeclarationError
from ..http.methods import SAFE_METHODS
from ..http.uris import quote_path
from ..middleware import RESPOND_TO, Proceed
from ..problems import Forbidden
from ..request import Request
from ..response import DeferredResponse, Response, is_stream
from .csrf import CSRF_HEADER, OriginCheck
from .environment import TemplateOwner
from .session import Session, has_sessions
from .session_ages import Ages
from .session_cookie import MOST_CHARACTERS, SessionCookie
from .session_fields import CREATED, REFRESHED, REMEMBERED, SESSION, Fields
from .session_globals import SESSION_GLOBALS
from .template_names import uses_names

if TYPE_CHECKING:
    from .session_storage import SessionStore, Storage

__all__ = ["FOREIGN", "LOGIN_URL", "Sessions"]

_HEADERS = (
    Header("Cache-Control", "``no-store``: the response belongs to one session."),
    Header("Vary", "Cookie, and what else the response depends on."),
    Header("Set-Cookie", "The cookie of the session, if it has changed."),
)
FOREIGN = Failure(
    Forbidden,
    "csrf",
    "The request may come from a page of another site: Sec-Fetch-Site, Origin or the token of the "
    "session do not show that it comes from this one.",
)
_TOKEN = Parameter(
    CSRF_HEADER,
    "header",
    "The token of the session. Only clients that send neither Sec-Fetch-Site nor Origin need it.",
)
LOGIN_URL = "restkit.login_url"
"""The URL of the login page, in the environ of a request by a browser that nobody has logged in
with. `LoggedIn` sets it."""

_NAMES = frozenset(SESSION_GLOBALS)
_PRIVATE = (("Cache-Control", "no-store"), ("Vary", "Cookie"))
_TIMES = {CREATED, REFRESHED}
_Fresh = dict[str, tuple[float, Fields]]
"""Fields of signed cookies by the Cookie header, and the time until which nothing is to check."""
_MOST_FRESH = 1000
_LONGEST_HEADER = 4096


class Sessions:
    """The sessions of an App; an extension.

    ::

        app.install(Sessions(keys=settings.session_keys))

        @app.get("/visits")
        def visits(session: Session) -> dict[str, int]:
            session["visits"] = session.get("visits", 0) + 1
            return {"visits": session["visits"]}

    Only operations that use the session have one: those with a parameter ``session: Session``,
    those guarded by `LoggedIn`, and pages whose templates use ``session``, ``flashes`` or ``csrf``.
    Their responses are not cached, and their unsafe requests must come from a page of the App.
    """

    template_globals: Mapping[str, object] = SESSION_GLOBALS
    has_session = True

    def __init__(
        self,
        keys: Sequence[str | bytes],
        *,
        store: SessionStore | None = None,
        name: str = "session",
        idle: timedelta = timedelta(hours=12),
        absolute: timedelta = timedelta(days=7),
        remember: timedelta = timedelta(days=30),
        same_site: str = "Lax",
        secure: bool | None = None,
        trusted_origins: Sequence[str] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Configure the sessions.

        Args:
            keys: The secret keys, the newest first: it signs, and the others still verify.
            store: The store of the content, such as `RedisStore`. Without one the content is in the
                cookie, signed but readable for its owner, and more than 3,800 characters are a
                413.
            name: The name of the cookie; under TLS it gets the prefix ``__Host-``.
            idle: How long a session is valid after the last request.
            absolute: How long it is valid after its beginning, or the login.
            remember: How long one is valid that a user asked to be remembered in.
            same_site: ``"Lax"`` or ``"Strict"``.
            secure: Whether clients connect by TLS; None if the scheme of the request says so.
                Behind a proxy that ends TLS write True, or `App(proxies=1)`.
            trusted_origins: Other origins whose pages may send unsafe requests.
            clock: A function that returns the time in seconds.

        Raises:
            DeclarationError: The keys or another argument cannot be meant.
            MissingExtraError: itsdangerous is not installed.
        """
        # itsdangerous is an extra, which programs without sessions need not have
        from .session_signing import checked_keys
        from .session_storage import CookieStorage, ServerStorage

        checked = checked_keys(keys)
        for each, age in (("idle", idle), ("absolute", absolute), ("remember", remember)):
            if not isinstance(age, timedelta) or age < timedelta(seconds=1):
                raise DeclarationError(
                    f"{each} of Sessions must be a timedelta of at least a second, not {age!r}."
                )
        self.cookie = SessionCookie(name, same_site=same_site, is_secure=secure)
        self._ages = Ages(
            idle=idle.total_seconds(),
            absolute=absolute.total_seconds(),
            remembered=remember.total_seconds(),
            now=clock,
        )
        self._storage: Storage = CookieStorage(checked)
        if store is not None:
            self._storage = ServerStorage(checked, store)
        self._now = clock
        self._session_class = self._storage.session_class
        self._is_in_cookie = store is None
        self._fresh: tuple[_Fresh, _Fresh] = {}, {}  # without and with TLS
        self.check_origin = OriginCheck(trusted_origins, self.cookie.is_secure)
        self._app: TemplateOwner | None = None

    def install(self, app: TemplateOwner) -> None:
        """Note the App.

        Raises:
            DeclarationError: It has sessions already, or another App has these.
        """
        if self._app is not None or any(isinstance(each, Sessions) for each in app.extensions):
            raise DeclarationError(
                f"The App {app.name!r} has Sessions already, or they are installed in another App. "
                "Install Sessions once, in the outermost App that needs them."
            )
        self._app = app

    def contribute(self, operation: Operation, /) -> Contribution:
        """Surround the operations that use the session."""
        if not self._is_used(operation):
            return Contribution()
        headers, failures = _HEADERS, tuple(self._storage.failures)
        if operation.method in SAFE_METHODS:
            return Contribution(headers=headers, failures=failures, middleware=(self._keep,))
        return Contribution(
            headers=headers,
            failures=(*failures, FOREIGN),
            parameters=(_TOKEN,),
            middleware=(self._keep_checked,),
        )

    def _is_used(self, operation: Operation) -> bool:
        if has_sessions(operation):
            return False  # those of an App further in
        if any(issubclass(each, Session) for each in operation.injected.values()):
            return True
        schemes = (scheme for each in operation.security for scheme, _ in each)
        if any(hasattr(scheme, "has_session") for scheme in schemes):
            return True
        return _provides_session(operation.resource) or self._is_shown(operation)

    def _is_shown(self, operation: Operation) -> bool:
        """Return whether a template of the operation uses the session."""
        if self._app is None:
            return False
        pages = [each.page for each in operation.outputs if each.page is not None]
        registry = self._app._registry
        return any(uses_names(registry, each.template, _NAMES) for each in pages)

    # a request

    def _keep_checked(self, request: Request, proceed: Proceed) -> Response:
        """Check where an unsafe request comes from, and keep its session."""
        return self._keep(request, proceed, True)

    def _keep(self, request: Request, proceed: Proceed, is_unsafe: bool = False) -> Response:
        """Keep the session of a request, after the response is made."""
        environ = request.environ
        session = environ[SESSION] = self._session_class(request, self._load)
        if is_unsafe:
            try:
                self.check_origin(request, session, has_cookie=self.cookie.is_sent(environ))
            except Exception as error:  # noqa: BLE001  # the boundary decides which leave
                return _marked(vars(proceed)[RESPOND_TO](request, error))
        response = proceed(request)
        if LOGIN_URL in environ or not session.is_settled():
            try:
                response = self._finish(request, session, response)
            except Exception as error:  # noqa: BLE001  # as above
                response = vars(proceed)[RESPOND_TO](request, error)
        # PERF: the session knows the request. A cycle of the two would wait for the collector.
        del environ[SESSION]
        return _marked(response)

    def _load(self, request: Request, session: Session) -> Fields:
        """Return the content of a request's session, ``{}`` if its cookie is not valid."""
        environ = request.environ
        header: str = environ.get("HTTP_COOKIE", "")
        # PERF: to find the cookie and to check the ages costs 8 thousand instructions.
        fresh = self._fresh[environ.get("wsgi.url_scheme") == "https"]
        known = fresh.get(header)
        if known is not None and self._now() < known[0]:
            return known[1].copy()
        value = self.cookie.read(environ)
        if value is None or len(value) > MOST_CHARACTERS:
            return {}
        fields = self._storage.read(request, value, session)
        if not self._ages.is_valid(fields, session):
            session.identifier = None
            return {}
        if self._is_in_cookie and len(header) <= _LONGEST_HEADER:
            if len(fresh) >= _MOST_FRESH:
                fresh.clear()  # SECURITY: clients have as many valid cookies as they like
            fresh[header] = self._ages.fresh_until(fields), fields.copy()
        return fields

    def _finish(self, request: Request, session: Session, response: Response) -> Response:
        """End the changes of a session, and store them."""
        if LOGIN_URL in request.environ and response.status_code == 401:
            response = _to_login(request, response)
        if request.provided is not None and not is_stream(response):
            request.provided.close()  # what middleware asked for after the method
        if FAILED in request.environ:
            session.revert()
        is_shown = request.method != "HEAD" and not 300 <= response.status_code < 400
        session.close(is_shown=is_shown)
        header = self.store(request, session)
        if header is not None:
            response.headers.add("Set-Cookie", header)
        return response

    def open(self, request: Request) -> Session:
        """Return the session of a request outside of every operation, for tests."""
        return self._session_class(request, self._load)

    def store(self, request: Request, session: Session) -> str | None:
        """Store the changes of a session that is closed.

        Args:
            request: Its request.
            session: The session.

        Returns:
            The value of Set-Cookie, None if the browser has the right cookie already.
        """
        if not (session.is_changed or session.is_stale):
            return None
        fields = session.fields
        if not fields.keys() - _TIMES:
            self._storage.remove(request, session)
            is_sent = self.cookie.is_sent(request.environ)
            return self.cookie.removal(request.environ) if is_sent else None
        session.stamp(int(self._ages.now()))
        left = self._ages.seconds_left(fields)
        value = self._storage.write(request, session, left)
        lasting = left if REMEMBERED in fields else None
        return self.cookie.header(request.environ, value, lasting)


def _marked(response: Response) -> Response:
    """Keep caches from storing a response."""
    # PERF: to look for a header and to set one in a Response costs 10 thousand instructions.
    headers = response.headers
    if type(response) is DeferredResponse and getattr(headers, "only_appended", False):
        sent = response._plain.headers
        for name, _ in sent:
            if name == "Vary" or name == "Cache-Control":
                break
        else:
            sent += _PRIVATE
            return response
    if "no-store" not in headers.get("Cache-Control", ""):
        headers["Cache-Control"] = "no-store"
    vary = headers.get("Vary", "")
    if "cookie" not in vary.lower() and vary.strip() != "*":
        headers["Vary"] = f"{vary}, Cookie" if vary else "Cookie"
    return response


def _to_login(request: Request, response: Response) -> Response:
    """Return the redirect to the login page.

    The login page itself may respond with 401 to a wrong password, but must not demand a login.
    """
    url: str = request.environ[LOGIN_URL]
    path = url.partition("?")[0]
    if path == quote_path(request.root_path + request.path):
        if () in request.operation.security:
            return response
        raise DeclarationError(
            f"The login page {path} is not public, so that nobody can log in. Write public = True, "
            "or security = user | anonymous."
        )
    return Response(status=303, headers={"Location": url})


def _provides_session(resource: type) -> bool:
    """Return whether a class has ``session = provide(Session.from_request)``."""
    of_session = getattr(Session.from_request, "__func__", None)
    return any(getattr(each, "__func__", None) is of_session for each in factories_of(resource))
