"""The functions that find a caller by credentials, and the scopes that a caller has."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Sequence

from ..declaration_checks import check_call
from ..errors import DeclarationError
from ..permissions import names_in
from ..problems import Forbidden
from ..request import Request

__all__ = ["CheckLike", "ScopesLike", "check_scopes", "forbidden", "lacks_scope", "make_check"]

CheckLike = Callable[..., object]
"""A function of credentials, and of the request if its last parameter is called ``request``. It
returns the caller, or None (or False) if the credentials are wrong."""

ScopesLike = Callable[..., Collection[str]]
"""A function of a caller that returns the scopes that the caller has."""

_Check = Callable[..., object]


def make_check(check: object, parameters: tuple[str, ...], declared_at: str) -> _Check:
    """Return a function of a request and the credentials that calls ``check``.

    Args:
        check: The function of the program.
        parameters: The names of its positional parameters, for messages.
        declared_at: The name of the scheme's class, for messages.

    Raises:
        DeclarationError: It is not a function, is a coroutine function, or has other parameters.
    """
    takes_request = _takes_request(check)
    wanted = (*parameters, "request") if takes_request else parameters
    check_call(check, wanted, f"The check of {declared_at}")
    assert callable(check)  # check_call has seen to it

    def with_request(request: Request, *credentials: object) -> object:
        return check(*credentials, request)

    def of_one(request: Request, credential: object) -> object:  # PERF: tokens and keys
        return check(credential)

    def of_several(request: Request, *credentials: object) -> object:
        return check(*credentials)

    if takes_request:
        return with_request
    return of_one if len(parameters) == 1 else of_several


def _takes_request(check: object) -> bool:
    if not callable(check):
        return False
    try:
        return "request" in inspect.signature(check).parameters
    except ValueError:  # a built-in function may have no signature
        return False


def check_scopes(scopes: ScopesLike | None, declared_at: str) -> ScopesLike | None:
    """Return a function of a caller that returns its scopes, None if there is none.

    Raises:
        DeclarationError: It is not a function of one argument.
    """
    if scopes is None:
        return None
    check_call(scopes, ("caller",), f"scopes of {declared_at}")
    assert callable(scopes)  # check_call has seen to it
    return scopes


def lacks_scope(
    caller: object, required: Sequence[str], scopes: ScopesLike | None, declared_at: str
) -> bool:
    """Return whether a caller lacks one of the required scopes.

    Raises:
        DeclarationError: The scheme does not know the scopes of its callers.
    """
    if not required:
        return False
    if scopes is None:
        raise DeclarationError(
            f"An operation demands scopes of {declared_at}, which knows none. Write "
            f"{declared_at}(..., scopes=lambda caller: caller.scopes)."
        )
    return not set(required) <= set(names_in(scopes(caller)))


def forbidden() -> Forbidden:
    """Return the rejection of a caller without one of the scopes."""
    return Forbidden("The caller lacks a permission that this request needs.")
