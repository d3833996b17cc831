"""The guard of an Operation: authenticates requests with its security schemes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from operator import itemgetter

from ..contract import Operation
from ..environ_keys import CONTRACT_CHECK
from ..errors import ContractError, DeclarationError
from ..http.authorization import holds_several
from ..problems import BadRequest, Forbidden, Problem, Unauthorized
from ..records import Record
from ..request import Request
from ..security_scheme import Combination, Permission, SecurityScheme, uses_authorization

__all__ = ["make_guard"]

_log = logging.getLogger("restkit")
_Guard = Callable[[Request], None]
# Sets the caller of a request, or returns the exception to raise if no alternative accepts it.
_Attempt = Callable[[Request], "Exception | None"]


def make_guard(operation: Operation) -> _Guard:
    """Make the step that authenticates a request: one of the alternatives must accept it.

    The alternatives are tried in order. If none accepts the request, the first exception that is
    neither Unauthorized nor Forbidden is raised. Without one, a 403 takes precedence over a 401,
    which has the challenges of all schemes. Exceptions that are not problems are logged, even if
    another alternative accepts the request.
    """
    alternatives = [each for each in operation.security if each]
    schemes = [scheme for each in alternatives for scheme, _ in each]
    _check_operation(operation, schemes)
    count: _Guard | None = None
    if operation.limits:
        from ..limits.enforcement import after_authentication  # cold start

        count = after_authentication(operation)
    checks_header = any(uses_authorization(scheme) for scheme in schemes)
    is_anonymous = _anonymity(operation, schemes)
    permission = operation.permission
    return _guard(_attempt(alternatives), is_anonymous, permission, count, checks_header)


def _anonymity(
    operation: Operation, schemes: Sequence[SecurityScheme]
) -> Callable[[Request], bool]:
    """Return a predicate: whether a request may be anonymous, and has no credentials."""
    if () not in operation.security:
        return lambda request: False
    detectors = [_credentials_detector(scheme) for scheme in schemes]
    return lambda request: not _has_credentials(request, detectors)


def _guard(
    attempt: _Attempt,
    is_anonymous: Callable[[Request], bool],
    permission: Permission | None,
    count: _Guard | None,
    checks_header: bool,
) -> _Guard:
    allows = None if permission is None else permission.allows

    def guard(request: Request) -> None:
        if checks_header and "," in request.environ.get("HTTP_AUTHORIZATION", ""):
            _reject_several(request)
        problem = attempt(request)
        if problem is not None and not is_anonymous(request):
            raise problem
        if count is not None:
            count(request)
        if allows is not None and not allows(request.caller, request):
            # A client without credentials learns how to authenticate.
            raise problem or _forbidden(permission)

    return guard


def _forbidden(permission: Permission | None) -> Forbidden:
    assert permission is not None  # there was one to ask
    return Forbidden(f"This needs the permission: {permission.description}.")


def _check_operation(operation: Operation, schemes: Sequence[SecurityScheme]) -> None:
    """Call the schemes' method ``check_operation``, if any, which may reject the Operation."""
    for scheme in schemes:
        check: Callable[[Operation], None] | None = getattr(scheme, "check_operation", None)
        if check is not None:
            check(operation)


def _reject_several(request: Request) -> None:
    """Reject a request with several Authorization headers."""
    if holds_several(request.environ["HTTP_AUTHORIZATION"]):
        raise BadRequest("Send one Authorization header with credentials of one kind.")


def _has_credentials(request: Request, detectors: Sequence[Callable[[Request], bool]]) -> bool:
    """Return whether a request has credentials for one of the schemes."""
    return any(is_sent(request) for is_sent in detectors)


def _attempt(alternatives: Sequence[Combination]) -> _Attempt:
    if len(alternatives) > 1 or len(alternatives[0]) > 1:
        known = [_Alternative.of(each) for each in alternatives]
        return lambda request: _try_alternatives(known, request)
    # PERF: most operations have one scheme.
    combination = alternatives[0]
    scheme, scopes = next(iter(combination))
    authenticate = scheme.authenticate

    def attempt(request: Request) -> Exception | None:
        try:
            caller = request.caller = authenticate(request, scopes)
            if caller is None or caller is False:
                request.caller = None
                return _nobody(scheme, caller, request)
        except (Unauthorized, Forbidden) as problem:
            return _rejection([_with_challenge(problem, scheme)])
        except (ContractError, DeclarationError):
            raise
        except Exception as error:  # noqa: BLE001  # it becomes the response
            _log_failure(combination, error)
            return error
        return None

    return attempt


class _Alternative(Record):
    """One of several ways to authenticate a request.

    Attributes:
        combination: The schemes, all of which must accept the request.
        detectors: Predicates: whether a request has credentials for a scheme.
        reads_authorization: Whether all credentials are in the header Authorization.
    """

    combination: Combination
    detectors: tuple[Callable[[Request], bool], ...]
    reads_authorization: bool

    @classmethod
    def of(cls, combination: Combination) -> _Alternative:
        """Return the alternative of a combination of schemes."""
        schemes = [each for each, _ in combination]
        detectors = tuple(map(_credentials_detector, schemes))
        return cls(combination, detectors, all(map(_reads_authorization, schemes)))


def _try_alternatives(alternatives: Sequence[_Alternative], request: Request) -> Exception | None:
    """Try alternatives in order."""
    rejections: list[tuple[int, Problem]] = []
    failed: Exception | None = None
    for each in alternatives:
        try:
            request.caller = _authenticate(each.combination, request)
        except (Unauthorized, Forbidden) as problem:
            rejections.append((_distance(each, problem, request), problem))
        except (ContractError, DeclarationError):
            raise
        except Exception as error:  # noqa: BLE001  # another alternative may accept the request
            failed = failed or error
            _log_failure(each.combination, error)
        else:
            return None
    if failed is not None:
        return failed
    # A client that sent credentials learns what is wrong with them, whatever else it could send.
    rejections.sort(key=itemgetter(0))
    return _rejection([problem for _, problem in rejections])


def _distance(alternative: _Alternative, problem: Problem, request: Request) -> int:
    """Return how far the credentials of a request are from those of an alternative.

    Returns:
        0 if it has some, 1 if its Authorization is for another scheme, 2 if it has none.
    """
    if not _has_credentials(request, alternative.detectors):
        return 2
    if not alternative.reads_authorization:
        return 0
    word = _word_of(request.environ.get("HTTP_AUTHORIZATION", ""))
    return 0 if word in map(_word_of, _challenges(problem)) else 1


def _reads_authorization(scheme: SecurityScheme) -> bool:
    """Return whether a scheme reads Authorization; API keys with a prefix do."""
    is_key = str(scheme.document().get("name", "")).lower() == "authorization"
    return is_key or uses_authorization(scheme)


def _word_of(text: str) -> str:
    """Return the auth-scheme of credentials or a challenge (RFC 9110, section 11.1)."""
    return text.partition(" ")[0].lower()


def _authenticate(combination: Combination, request: Request) -> object:
    """Return the caller of the first scheme of a combination; every scheme must accept."""
    callers: list[object] = []
    for scheme, scopes in combination:
        try:
            caller = scheme.authenticate(request, scopes)
        except Unauthorized as problem:
            raise _with_challenge(problem, scheme) from None
        if caller is None or caller is False:
            raise _nobody(scheme, caller, request)
        callers.append(caller)
    return callers[0]


def _with_challenge(problem: Problem, scheme: SecurityScheme) -> Problem:
    """Return a problem; a 401 without a challenge gets the scheme's."""
    if isinstance(problem, Unauthorized) and not _challenges(problem):
        problem.headers = {**problem.headers, **_challenge(scheme)}
    return problem


def _nobody(scheme: SecurityScheme, found: object, request: Request) -> Unauthorized:
    """Return the 401 of a scheme that found nobody; log if it returned False for it.

    Raises:
        ContractError: It returned False for a request of the test client or the development server.
    """
    if found is False:
        _report_false(scheme, request)
    return Unauthorized("Send valid credentials.", headers=_challenge(scheme))


def _report_false(scheme: SecurityScheme, request: Request) -> None:
    text = (
        f"{type(scheme).__qualname__}.authenticate() returned False. Return the caller, or raise "
        "Unauthorized."
    )
    if CONTRACT_CHECK in request.environ:
        raise ContractError(text)
    _log.error(text)


def _challenges(problem: Problem) -> list[str]:
    """Return the challenges of a problem."""
    return [text for name, text in problem.headers.items() if name.lower() == "www-authenticate"]


def _challenge(scheme: SecurityScheme) -> dict[str, str]:
    """Return the default challenge of a scheme, as a header (RFC 9110, section 11.6.1)."""
    document = scheme.document()
    kind = document.get("type")
    if kind == "http":
        name = str(document.get("scheme", ""))
        return {"WWW-Authenticate": name[:1].upper() + name[1:]}
    return {"WWW-Authenticate": "Bearer"} if kind in ("oauth2", "openIdConnect") else {}


def _log_failure(combination: Combination, error: Exception) -> None:
    if isinstance(error, Problem):
        return
    names = " & ".join(scheme.name for scheme, _ in combination)
    _log.error("The security scheme %s failed", names, exc_info=error)


def _rejection(rejections: Sequence[Problem]) -> Problem:
    """Return a 403, or else a 401 with the challenges of all schemes (RFC 9110, section 11.6.1)."""
    for problem in rejections:
        if isinstance(problem, Forbidden):
            return problem
    challenges = [text for problem in rejections for text in _challenges(problem)]
    first = rejections[0]
    if len(challenges) > 1:
        others = {
            name: text for name, text in first.headers.items() if name.lower() != "www-authenticate"
        }
        distinct = dict.fromkeys(challenges)
        first.headers = {**others, "WWW-Authenticate": ", ".join(distinct)}
    return first


def _credentials_detector(scheme: SecurityScheme) -> Callable[[Request], bool]:
    """Return a predicate: whether a request has credentials for a scheme, valid or not.

    A scheme can replace it by a method ``has_credentials``.
    """
    own: Callable[[Request], bool] | None = getattr(scheme, "has_credentials", None)
    if own is not None:
        return own
    document = scheme.document()
    name = str(document.get("name", ""))
    kind, location = document.get("type"), document.get("in")
    if kind == "apiKey" and location == "query":
        return lambda request: name in request.args
    if kind == "apiKey" and location == "cookie":
        return lambda request: name in request.cookies
    key = "HTTP_AUTHORIZATION"
    if kind == "apiKey":
        key = "HTTP_" + name.upper().replace("-", "_")
    elif kind == "mutualTLS":
        return lambda request: request.environ.get("SSL_CLIENT_VERIFY", "NONE") not in ("", "NONE")
    return lambda request: key in request.environ
