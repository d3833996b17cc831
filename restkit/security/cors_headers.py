"""The names of headers that scripts of other origins need for an Operation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..contract import Operation
from ..http.methods import SAFE_METHODS

__all__ = ["allowed_headers", "exposed_headers"]

# The fetch standard, "CORS-safelisted response-header name": scripts see these in any case. They
# never see Set-Cookie, and those of CORS are for the browser.
_SEEN = frozenset(
    {
        "cache-control",
        "content-language",
        "content-length",
        "content-type",
        "expires",
        "last-modified",
        "pragma",
        "set-cookie",
        "vary",
    }
)
# Scripts cannot set these, so a preflight never asks for them.
_FORBIDDEN = frozenset({"cookie", "host", "origin"})
_CONDITIONS = ("If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since")


def exposed_headers(operation: Operation | None, more: Iterable[str]) -> str:
    """Return the response headers for scripts, as the value of Access-Control-Expose-Headers.

    Args:
        operation: The Operation; None at a URL or method without one.
        more: The headers that the policy adds.
    """
    names = [*more]
    if operation is not None:
        for output in operation.outputs:
            names += [header.name for header in output.headers]
        for failure in operation.failures:
            names += [header.name for header in failure.headers]
    return ", ".join(_distinct(names, _SEEN))


def allowed_headers(operation: Operation, more: Iterable[str]) -> str:
    """Return the request headers that an Operation reads, for Access-Control-Allow-Headers.

    Args:
        operation: The Operation.
        more: The headers that the policy adds.
    """
    names = ["Accept", "Accept-Language", *more, *_of_inputs(operation), *_of_security(operation)]
    if operation.conditional or operation.cache:
        names += _CONDITIONS
    if operation.idempotency is not None:
        names.append(operation.idempotency.header.name)
    if operation.method in SAFE_METHODS and any(each.status == 206 for each in operation.outputs):
        names += ["Range", "If-Range"]
    return ", ".join(_distinct(names, _FORBIDDEN))


def _of_inputs(operation: Operation) -> Iterator[str]:
    if any(each.media_types for each in operation.inputs):
        yield "Content-Type"
    for each in operation.inputs:
        if each.location == "headers":
            yield from each.bound.load_fields
    yield from (each.name for each in operation.parameters if each.location == "header")


def _of_security(operation: Operation) -> Iterator[str]:
    for combination in operation.security:
        for scheme, _ in combination:
            document = scheme.document()
            if document.get("type") != "apiKey":
                yield "Authorization"
            elif document.get("in") == "header":
                yield str(document["name"])


def _distinct(names: Iterable[str], without: frozenset[str]) -> list[str]:
    """Return names of headers once each; they have no case (RFC 9110, section 5.1)."""
    found: dict[str, str] = {}
    for each in names:
        if each.lower() not in without and not each.lower().startswith("access-control-"):
            found.setdefault(each.lower(), each)
    return list(found.values())
