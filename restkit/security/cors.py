"""`CORS`: pages of other origins that may use an App, by the WHATWG's fetch protocol."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from ..contract import Header, Operation, Output, Parameter
from ..contributor import Contribution
from ..declaration_checks import check_flag, check_header, texts_of
from ..dispatch.edge import CORS as ORDER
from ..errors import DeclarationError
from .cors_headers import allowed_headers, exposed_headers
from .cors_responses import finisher
from .installation import Owner, check_single
from .origins import check_origin

if TYPE_CHECKING:
    from ..dispatch.response_headers import Finish
    from ..routing.handlers import Handler

__all__ = ["CORS"]

_EVERY = "*"
_METHOD = "HTTP_ACCESS_CONTROL_REQUEST_METHOD"
_PRIVATE = "HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK"
_VARY_OF_PREFLIGHT = (
    "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, "
    "Access-Control-Request-Private-Network"
)
_ORIGIN = Parameter(
    "Origin", "header", "The origin of the page that sends the request. Browsers set it."
)
_ALLOW_ORIGIN = Header(
    "Access-Control-Allow-Origin", "The origin of the page, if its scripts may read the response."
)
_ALLOW_CREDENTIALS = Header(
    "Access-Control-Allow-Credentials",
    "`true` with the origin: requests may have cookies and other credentials.",
)
_EXPOSE = Header(
    "Access-Control-Expose-Headers", "With the origin: the response headers for its scripts."
)
_VARY = Header("Vary", "Origin, and what else the response depends on.")
_REQUESTED = (
    _ORIGIN,
    Parameter("Access-Control-Request-Method", "header", "The method that a script wants to use."),
    Parameter("Access-Control-Request-Headers", "header", "The headers that it wants to send."),
    Parameter("Access-Control-Request-Private-Network", "header", "Whether the App is private."),
)
_OF_PREFLIGHTS = (
    _ALLOW_ORIGIN,
    _ALLOW_CREDENTIALS,
    _EXPOSE,
    Header("Access-Control-Allow-Methods", "The methods of the URL that scripts may use."),
    Header("Access-Control-Allow-Headers", "The headers that scripts may send."),
    Header("Access-Control-Max-Age", "The seconds for which this response may be kept."),
    Header("Access-Control-Allow-Private-Network", "`true` if the App may be private."),
    _VARY,
)
_PREFLIGHT = (Output(204, None, (), (), "The response to a preflight of CORS."),)
_OPTIONS_ONLY = frozenset({"OPTIONS"})


class CORS:
    """The pages of other origins whose scripts may use an App: ``App("Books", cors=CORS([...]))``.

    Without it, browsers keep scripts of other origins from reading responses. CORS is no guard:
    other clients do not ask. Preflights get a 204 before any credentials are asked for; it has the
    methods of the URL and the headers that the operation declares. Every response has the headers
    of CORS, error responses included.

    Attributes:
        origins: The origins; empty if every origin may.
        credentials: Whether requests may have cookies, client certificates and Authorization.
    """

    edge_order = ORDER

    def __init__(
        self,
        origins: Collection[str] | str,
        *,
        credentials: bool = False,
        headers: Collection[str] = (),
        expose: Collection[str] = (),
        methods: Collection[str] | None = None,
        max_age: int = 600,
        private_network: bool = False,
    ) -> None:
        """Check and keep the policy.

        Args:
            origins: The origins exactly as browsers send them: ``["https://app.example"]``. Write
                ``"*"`` for every origin, without credentials.
            credentials: Whether requests may have cookies, client certificates and Authorization
                that the browser adds by itself.
            headers: Request headers beyond those that the operations declare.
            expose: Response headers for scripts, beyond those that the operations declare.
            methods: The methods that scripts may use, among those of each URL; all by default.
            max_age: The seconds for which a browser may keep the response to a preflight.
            private_network: Whether pages of the public network may use an App in a private one.

        Raises:
            DeclarationError: An origin is malformed, ``"*"`` is combined with credentials, or
                another argument cannot be meant.
        """
        check_flag(credentials, "CORS(credentials=...)")
        check_flag(private_network, "CORS(private_network=...)")
        self.origins = _checked_origins(origins)
        self.credentials = credentials
        if credentials and not self.origins:
            raise DeclarationError(
                "CORS has origins='*' together with credentials=True, which browsers reject. Name "
                "the origins: CORS(['https://app.example'], credentials=True)."
            )
        self._headers = _names(headers, "CORS(headers=...)")
        self._expose = _names(expose, "CORS(expose=...)")
        self._methods = None if methods is None else _checked_methods(methods)
        if type(max_age) is not int or max_age < 0:
            raise DeclarationError(
                f"CORS(max_age=...) must be a number of seconds, got {max_age!r}."
            )
        self._max_age = max_age
        self._private_network = private_network

    def install(self, app: Owner) -> None:
        """Check that the App has no other CORS; it finds this one when it is frozen.

        Raises:
            DeclarationError: The App has another one.
        """
        check_single(app, CORS, "Declare all origins in one CORS([...]).")

    def contribute(self, operation: Operation, /) -> Contribution:
        """Document the headers of responses, and who may use the operation."""
        policy: dict[str, object] = {
            "origins": sorted(self.origins) or [_EVERY],
            "credentials": self.credentials,
            "maxAge": self._max_age,
        }
        if operation.method == "OPTIONS":
            return Contribution(headers=_OF_PREFLIGHTS, parameters=_REQUESTED, outputs=_PREFLIGHT)
        if not self._allows(operation.method):
            return Contribution(headers=(_VARY,))
        credentials = (_ALLOW_CREDENTIALS,) if self.credentials else ()
        varies = (_VARY,) if self.origins else ()
        return Contribution(
            headers=(_ALLOW_ORIGIN, *credentials, _EXPOSE, *varies),
            parameters=(_ORIGIN,),
            extensions={"x-cors": policy},
        )

    def _allows(self, method: str) -> bool:
        return self._methods is None or method in self._methods

    # requests

    def response_finisher(self, operation: Operation | None, /) -> Finish:
        """Return the function that puts the headers of CORS on responses of an operation."""
        return finisher(self, operation)

    def response_headers(
        self, origin: str, operation: Operation | None, /
    ) -> list[tuple[str, str]]:
        """Return the headers of responses of an operation to an allowed origin.

        Args:
            origin: The origin.
            operation: The Operation; None at a URL or method without one.
        """
        found = [("Access-Control-Allow-Origin", origin if self.origins else _EVERY)]
        if self.credentials:
            found.append(("Access-Control-Allow-Credentials", "true"))
        names = exposed_headers(operation, self._expose)
        return [*found, ("Access-Control-Expose-Headers", names)] if names else found

    def preflight(
        self, environ: Mapping[str, str], handlers: Mapping[str, Handler], /
    ) -> list[tuple[str, str]] | None:
        """Return the headers of the response to a preflight, None if a request is none.

        Args:
            environ: The WSGI environ of the request.
            handlers: The handlers of its URL by method.
        """
        if _METHOD not in environ or not environ.get("HTTP_ORIGIN"):
            return None
        origin = environ["HTTP_ORIGIN"]
        out = [("Vary", _VARY_OF_PREFLIGHT)]
        if self.origins and origin not in self.origins:
            return out
        handler = handlers.get(environ[_METHOD])
        out.append(("Access-Control-Allow-Origin", origin if self.origins else _EVERY))
        if self.credentials:
            out.append(("Access-Control-Allow-Credentials", "true"))
        out += self._allowed(handlers, None if handler is None else handler.operation)
        if self._private_network and environ.get(_PRIVATE) == "true":
            out.append(("Access-Control-Allow-Private-Network", "true"))
        return out

    def _allowed(
        self, methods: Collection[str], operation: Operation | None
    ) -> list[tuple[str, str]]:
        """Return the headers of a preflight that depend on the URL and the Operation alone."""
        out = [("Access-Control-Max-Age", str(self._max_age))]
        if allowed := sorted(filter(self._allows, {*methods} - _OPTIONS_ONLY)):
            out.append(("Access-Control-Allow-Methods", ", ".join(allowed)))
        if operation is not None:
            names = allowed_headers(operation, self._headers)
            out.append(("Access-Control-Allow-Headers", names))
        return out


def _checked_origins(origins: Collection[str] | str) -> frozenset[str]:
    """Return the origins, an empty set for every origin."""
    if origins == _EVERY or (not isinstance(origins, str) and list(origins) == [_EVERY]):
        return frozenset()
    found = texts_of(origins, "The origins of CORS")
    if not found:
        raise DeclarationError(
            "CORS([]) allows no origin. Name one, or leave out cors: nothing is allowed by default."
        )
    if _EVERY in found:
        raise DeclarationError("CORS has '*' besides other origins. Write CORS('*') for all.")
    for each in found:
        check_origin(each, "CORS")
    return frozenset(found)


def _names(names: Collection[str], where: str) -> tuple[str, ...]:
    found = texts_of(names, where)
    for each in found:
        if each == _EVERY:
            raise DeclarationError(
                f"{where} has '*'. Name the headers; those that operations declare are included."
            )
        check_header(each, "", {}, False, where)
    return found


def _checked_methods(methods: Collection[str]) -> frozenset[str]:
    found = texts_of(methods, "CORS(methods=...)")
    wrong = [each for each in found if not (each.isalpha() and each.isupper())]
    if wrong or not found:
        raise DeclarationError(
            f"CORS(methods=...) must have methods in capital letters, got {list(found)!r}. Write "
            "['GET', 'POST']; all methods of a URL are the default."
        )
    return frozenset(found)
