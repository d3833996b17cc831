"""The guard of an Operation: its alternatives of security schemes, asked in order."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from ..contract import Operation
from ..environ_keys import CONTRACT_CHECK
from ..errors import ContractError, DeclarationError
from ..http.authorization import holds_several
from ..problems import BadRequest, Forbidden, Problem, Unauthorized
from ..request import Request
from ..security_scheme import Combination, SecurityScheme, uses_authorization

__all__ = ["make_guard"]

_log = logging.getLogger("restkit")
_Guard = Callable[[Request], None]


def make_guard(operation: Operation) -> _Guard:
    """Make the step that lets a request in if one alternative accepts it.

    If none does, a problem that is neither 401 nor 403, and any other exception, goes before a 403,
    and that before a 401 with the challenges of all schemes. An exception of one scheme does not
    end the alternatives: it is logged, and raised only if no other scheme lets the request in.
    """
    alternatives = [each for each in operation.security if each]
    schemes = [scheme for each in alternatives for scheme, _ in each]
    _check_operation(operation, schemes)
    readers = [_reader(scheme) for scheme in schemes]
    is_optional = () in operation.security

    def guard(request: Request) -> None:
        problem = _ask(alternatives, request)
        if problem is None or (is_optional and not _has_credentials(request, readers)):
            return
        raise problem

    if any(uses_authorization(scheme) for scheme in schemes):
        return _with_one_authorization(guard)
    return guard


def _check_operation(operation: Operation, schemes: Sequence[SecurityScheme]) -> None:
    """Let the schemes that have a method ``check_operation`` reject an operation at start-up."""
    for scheme in schemes:
        check: Callable[[Operation], None] | None = getattr(scheme, "check_operation", None)
        if check is not None:
            check(operation)


def _with_one_authorization(guard: _Guard) -> _Guard:
    """Reject several Authorization headers before a guard."""

    def check(request: Request) -> None:
        if holds_several(request.environ.get("HTTP_AUTHORIZATION", "")):
            raise BadRequest("Send one Authorization header with credentials of one kind.")
        guard(request)

    return check


def _has_credentials(request: Request, readers: Sequence[Callable[[Request], bool]]) -> bool:
    """Return whether a request has credentials for one of the schemes."""
    return any(is_sent(request) for is_sent in readers)


def _ask(alternatives: Sequence[Combination], request: Request) -> Exception | None:
    """Ask each alternative, and return what to raise; None if one of them knows the caller."""
    refused: list[Problem] = []
    failed: Exception | None = None
    for combination in alternatives:
        try:
            request.caller = _authenticate(combination, request)
        except (Unauthorized, Forbidden) as problem:
            refused.append(problem)
        except (ContractError, DeclarationError):
            raise
        except Exception as error:  # noqa: BLE001  # another alternative may let the request in
            failed = failed or error
            _log_failure(combination, error)
        else:
            return None
    return failed if failed is not None else _refusal(refused)


def _authenticate(combination: Combination, request: Request) -> object:
    """Return the caller as the first scheme of a combination says; every scheme must accept."""
    callers: list[object] = []
    for scheme, scopes in combination:
        try:
            caller = scheme.authenticate(request, scopes)
        except Unauthorized as problem:
            if not _challenges(problem):
                problem.headers = {**problem.headers, **_challenge(scheme)}
            raise
        if caller is False:
            _report_false(scheme, request)
        if caller is None or caller is False:
            raise Unauthorized("Send valid credentials.", headers=_challenge(scheme))
        callers.append(caller)
    return callers[0]


def _report_false(scheme: SecurityScheme, request: Request) -> None:
    """Log that a scheme returned False, or raise it where the contract is checked.

    Raises:
        ContractError: The test client or the development server checks the contract.
    """
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
    """Return the challenge of a scheme that states none (RFC 9110, section 11.6.1)."""
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


def _refusal(refused: Sequence[Problem]) -> Problem:
    """Return a 403, or else a 401 with the challenges of all schemes (RFC 9110, section 11.6.1)."""
    for problem in refused:
        if isinstance(problem, Forbidden):
            return problem
    challenges = [text for problem in refused for text in _challenges(problem)]
    first = refused[0]
    if len(challenges) > 1:
        others = {
            name: text for name, text in first.headers.items() if name.lower() != "www-authenticate"
        }
        distinct = dict.fromkeys(challenges)
        first.headers = {**others, "WWW-Authenticate": ", ".join(distinct)}
    return first


def _reader(scheme: SecurityScheme) -> Callable[[Request], bool]:
    """Return the predicate of requests that have credentials for a scheme, valid or not.

    A scheme that knows better has the predicate as its method ``has_credentials``.
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
