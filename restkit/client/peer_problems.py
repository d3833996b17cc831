"""Failures of another service: its problems as exceptions, and those of reaching it."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import cast

from ..contract import Operation
from ..problems import (
    BadGateway,
    GatewayTimeout,
    InvalidItem,
    Problem,
    ServiceUnavailable,
    problem_class,
)
from ..request import Request
from .reply import Reply

__all__ = [
    "PeerFailed",
    "PeerTimeout",
    "PeerUnavailable",
    "as_own",
    "own_problems",
    "problem_of",
    "reply_of",
]

_STANDARD = frozenset({"type", "title", "status", "detail", "instance", "errors", "omitted_errors"})
_BUSY = (429, 503)
_UNTYPED = "about:blank"
_PEER = "_restkit_peer"  # the attribute of problems that came from another service
_REPLY = "_restkit_reply"  # that of the response of the other service


class PeerFailed(BadGateway):
    """Raised when another service responds with something that its document does not declare.

    For a caller of this service it is a 502.
    """


class PeerUnavailable(ServiceUnavailable):
    """Raised when another service cannot be reached, or has failed too often lately.

    For a caller of this service it is a 503.
    """


class PeerTimeout(GatewayTimeout):
    """Raised when another service does not respond before the deadline.

    For a caller of this service it is a 504.
    """


def problem_of(peer: str, reply: Reply, known: Iterable[type[Problem]]) -> Problem:
    """Return the problem of a response.

    A known class is meant if it has the status and the type of the problem. Otherwise the class is
    that of the status, or a subclass with the type.

    Args:
        peer: The name of the service, for messages.
        reply: The response, whose status is 400 or above.
        known: The problem classes that the caller knows.
    """
    is_object = isinstance(reply.data, Mapping)
    members = cast("Mapping[str, object]", reply.data) if is_object else {}
    uri, title = _text(members, "type") or _UNTYPED, _text(members, "title")
    found = _known_class(reply.status, uri, known)
    if found is None:
        found = _unknown_class(reply.status, uri[:2000], (title or "")[:200])
    detail = _text(members, "detail") or f"The service {peer} responded with {reply.status}."
    # The constructor of a class may take other arguments, and would serialize members that are
    # serialized already.
    made = found.__new__(found)
    made.args = (detail,)
    made.detail, made.instance = detail, _text(members, "instance")
    made.errors = _errors(members.get("errors"))
    # SECURITY: other headers are between this service and the other one, such as WWW-Authenticate.
    wait: str | None = reply.headers.get("Retry-After")
    made.headers = {} if wait is None else {"Retry-After": wait}
    made.extensions = {name: each for name, each in members.items() if name not in _STANDARD}
    vars(made).update({_PEER: peer, _REPLY: reply})
    return made


def reply_of(error: Problem) -> Reply | None:
    """Return the response of another service that was raised as a problem.

    Unlike the problem, it has the headers, and the content of a service whose errors have a format
    of their own.

    Args:
        error: A problem that a call of a client raised.

    Returns:
        The response; None for a problem that came from no response, such as `PeerTimeout`.
    """
    found: object = vars(error).get(_REPLY)
    return found if isinstance(found, Reply) else None


@contextmanager
def own_problems(request: Request) -> Generator[None]:
    """Turn the problems of another service into those of this one; see `as_own`.

    Args:
        request: The request whose method calls the other service.
    """
    try:
        yield
    except Problem as error:
        own = as_own(error, request.operation)
        if own is error:
            raise
        raise own from error


def as_own(error: Problem, operation: Operation | None) -> Problem:
    """Return the problem that a caller of this service gets for an exception of a method.

    It is the same one if it did not come from another service, or if the method declares it with
    `raises`. Of the others the caller knows nothing: a 404 of another service is no 404 of this
    one. They become a 502, and a 503 if the other service is busy.
    """
    peer: object = vars(error).get(_PEER)
    if peer is None or isinstance(error, (PeerFailed, PeerUnavailable, PeerTimeout)):
        return error
    failures = () if operation is None else operation.failures
    declared = tuple(each.problem for each in failures if each.stage == "method")
    if isinstance(error, declared):
        return error
    if error.status in _BUSY:
        return PeerUnavailable(f"The service {peer} is busy. Retry later.", headers=error.headers)
    if error.status == 504:
        return PeerTimeout(f"The service {peer} did not respond in time.")
    return PeerFailed(f"The service {peer} responded with {error.status}.")


def _known_class(status: int, uri: str, known: Iterable[type[Problem]]) -> type[Problem] | None:
    """Return the first class with the status and the type; many have no type of their own."""
    same = (each for each in known if each.status == status and each.type == uri)
    return None if uri == _UNTYPED else next(same, None)


@lru_cache(maxsize=256)  # SECURITY: another service may make up types
def _unknown_class(status: int, uri: str, title: str) -> type[Problem]:
    base = problem_class(status)
    if uri == _UNTYPED:
        return base
    words = {"type": uri, "title": title or base.title, "__module__": __name__}
    return type(base.__name__, (base,), words)


def _errors(given: object) -> Sequence[InvalidItem]:
    found: list[InvalidItem] = []
    for each in cast("list[object]", given) if isinstance(given, list) else []:
        if isinstance(each, Mapping):
            item = cast("Mapping[str, object]", each)
            texts = {name: text for name, text in item.items() if isinstance(text, str)}
            if "in" in texts:
                texts["location"] = texts.pop("in")
            found.append(cast("InvalidItem", texts))
    return found


def _text(members: Mapping[str, object], name: str) -> str | None:
    found = members.get(name)
    return found if isinstance(found, str) else None
