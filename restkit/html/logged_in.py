"""`LoggedIn`: the security scheme of users who logged in by a session."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence

from ..contract import Header, Operation, Output
from ..contributor import Contribution
from ..declaration_checks import check_call
from ..errors import DeclarationError
from ..http.negotiation import Chooser
from ..http.uris import is_local_url, quote_path
from ..problems import Forbidden, Unauthorized
from ..request import Request
from ..requirements import Scheme
from .session import Session
from .sessions import LOGIN_URL, Sessions

__all__ = ["LoggedIn"]

_choose = Chooser(("application/json", "text/html"))
_USUAL_NAMES = ("__Host-session", "session")
_TO_LOGIN = Output(
    303,
    None,
    (),
    (Header("Location", "The login page.", {"type": "string", "format": "uri-reference"}, True),),
    "The client prefers HTML and is not logged in: it is sent to the login page.",
)


class LoggedIn(Scheme):
    """A security scheme that knows callers by their session; ``request.caller`` is the user.

    ::

        def load_user(user_id: str, request: Request) -> User | None:
            return users.get(int(user_id))

        user = LoggedIn(load_user, login_page="login")
        app = App("Blog", security=user)
        app.install(Sessions(keys=settings.session_keys, store=RedisStore(settings.redis_url)))

    The sessions are those of the App, or of the one that it is mounted on. A client that prefers
    HTML is redirected to the login page, if there is one, with the URL that it asked for as
    ``next``. Any other client gets a 401.
    """

    has_session = True

    def __init__(
        self,
        load: Callable[[str, Request], object],
        *,
        login_page: object = None,
        epoch: Callable[..., object] | None = None,
        scopes: Callable[..., Collection[str]] | None = None,
        name: str = "session",
    ) -> None:
        """Make the scheme.

        Args:
            load: A function of the id that `Session.login` was given, as text, and the request; it
                returns the user, or None if there is no such user any more.
            login_page: The Resource class, function or name of the login page, which must be
                public. None: every client gets a 401.
            epoch: A function of the user that returns a text, which `Session.login` got as well.
                If it has changed, the session ends: so end all sessions of a user, also those whose
                signed cookie somebody has copied.
            scopes: A function of the user that returns the scopes that the user has.
            name: The key under ``components.securitySchemes``.

        Raises:
            DeclarationError: One of the functions has other parameters.
        """
        if isinstance(load, Sessions):
            raise DeclarationError(
                "LoggedIn() takes no Sessions: it uses those of the App. Write "
                "LoggedIn(load_user, ...) and app.install(sessions)."
            )
        check_call(load, ("user_id", "request"), "The loader of LoggedIn")
        for each, what in ((epoch, "epoch"), (scopes, "scopes")):
            if each is not None:
                check_call(each, ("user",), f"{what} of LoggedIn")
        self.name = name
        self._cookie_names: tuple[str, ...] = _USUAL_NAMES
        self._load = load
        self._login_page = login_page
        self._epoch = epoch
        self._scopes = scopes

    def document(self) -> Mapping[str, object]:
        """Return the Security Scheme Object of the cookie."""
        usual, *others = self._cookie_names
        description = "The session of a user who has logged in."
        if others:
            description += f" Over plain HTTP the cookie is called {others[0]}."
        return {"type": "apiKey", "in": "cookie", "name": usual, "description": description}

    def authenticate(self, request: Request, scopes: Sequence[str]) -> object:
        """Return the user.

        Raises:
            Unauthorized: Nobody is logged in, or the user or the session has ended.
            Forbidden: The user lacks one of the scopes.
        """
        session = Session.from_request(request)
        user_id = session.user_id
        user = None if user_id is None else self._load(user_id, request)
        if user is None or not self._is_current(user, session):
            if self._login_page is not None and _prefers_html(request):
                request.environ[LOGIN_URL] = self.login_url(request)
            raise Unauthorized("Log in.")
        if scopes:
            self._check_scopes(user, scopes)
        return user

    def has_credentials(self, request: Request) -> bool:
        """Return False: a session that nobody has logged in with is no wrong credential."""
        return False

    def check_operation(self, operation: Operation, /) -> None:
        """Note the cookie of the sessions; reject an operation of an App without any.

        Raises:
            DeclarationError: There are none, or they have another cookie than those of another App.
        """
        owners = (getattr(each, "__self__", None) for each in operation.middleware)
        sessions = next((each for each in owners if isinstance(each, Sessions)), None)
        if sessions is None:
            raise DeclarationError(
                f"{operation.declared_at} is guarded by LoggedIn, but the App has no Sessions. "
                "Write app.install(Sessions(keys=settings.session_keys))."
            )
        names = tuple(sessions.cookie.names)
        if self._cookie_names not in (_USUAL_NAMES, names):
            raise DeclarationError(
                f"{operation.declared_at}: one LoggedIn is used with the cookies "
                f"{self._cookie_names[0]!r} and {names[0]!r}. Make one for each Sessions."
            )
        self._cookie_names = names

    def contribute(self, operation: Operation, /) -> Contribution:
        """Declare the redirect to the login page."""
        return Contribution(outputs=() if self._login_page is None else (_TO_LOGIN,))

    def _is_current(self, user: object, session: Session) -> bool:
        if self._epoch is None:
            return True
        now = str(self._epoch(user)).encode()
        return secrets.compare_digest(now, session.epoch.encode())

    def _check_scopes(self, user: object, scopes: Sequence[str]) -> None:
        if self._scopes is None:
            raise DeclarationError(
                "An operation demands scopes of LoggedIn, which knows none. Write "
                "LoggedIn(..., scopes=lambda user: user.scopes)."
            )
        if not set(scopes) <= set(self._scopes(user)):
            raise Forbidden("The user lacks a permission that this request needs.")

    def login_url(self, request: Request) -> str:
        """Return the URL of the login page, with the URL of a safe request as ``next``.

        "" if there is no login page.
        """
        if self._login_page is None:
            return ""
        query = request.query_string.decode("latin-1")
        asked = quote_path(request.root_path + request.path) + (f"?{query}" if query else "")
        if request.method not in ("GET", "HEAD") or not is_local_url(asked):
            return request.app.url_for(self._login_page)
        return request.app.url_for(self._login_page, _query={"next": asked})


def _prefers_html(request: Request) -> bool:
    """Return whether Accept names HTML before JSON, as that of browsers does."""
    return _choose(request.environ.get("HTTP_ACCEPT", "*/*")) == "text/html"
