"""The identity of a request with an Idempotency-Key: its caller, and the compared parts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from ..caller_identity import identity_of
from ..errors import DeclarationError
from ..request import Request

__all__ = ["caller_of", "credentials", "digest_of", "fingerprint", "replay_identity"]

_CHUNK = 64 * 1024
_CONDITIONS = ("HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH", "HTTP_IF_UNMODIFIED_SINCE")


def caller_of(request: Request) -> str:
    """Return the identity of the caller from the security scheme."""
    found = identity_of(request.caller)
    if found is not None:
        return found
    if request.caller is None:  # a public operation, or the anonymous caller of an optional scheme
        return ""
    # SECURITY: callers without an identity would get each other's responses.
    raise DeclarationError(
        f"{request.operation.declared_at} accepts an Idempotency-Key, but its caller, of type "
        f"{type(request.caller).__name__}, has no identity. Pass Idempotency(..., caller=lambda "
        "request: ...), a function that returns an identifying string."
    )


@runtime_checkable
class _Identified(Protocol):
    """A Resource class that separates callers in a way that no security scheme knows."""

    @classmethod
    def replay_identity(cls, request: Request, /) -> str:
        """Return a text that is the same for the callers of one response."""
        ...


def replay_identity(request: Request) -> str:
    """Return the values by which a collection separates callers, as the tenant of its scope."""
    resource: object = request.operation.resource
    return resource.replay_identity(request) if isinstance(resource, _Identified) else ""


def digest_of(parts: object) -> str:
    """Return a digest of JSON values."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def credentials(request: Request) -> str:
    """Return the credentials of a request whose caller is unknown."""
    # SECURITY: a method may read the header itself; callers must not get each other's responses.
    given = request.environ.get("HTTP_AUTHORIZATION")
    return "" if given is None else f"Authorization {given}"


def _declared(request: Request) -> Iterator[object]:
    """Yield the declared headers and cookies, preconditions, and unknown callers' cookies."""
    environ = request.environ
    for each in request.operation.inputs:
        for name in () if each.schema is None else each.bound.load_fields:
            if each.location == "headers":
                yield name, environ.get(f"HTTP_{name.upper().replace('-', '_')}")
            elif each.location == "cookies":
                yield name, request.cookies.get(name)
    yield from map(environ.get, _CONDITIONS)
    if request.caller is None:
        yield environ.get("HTTP_COOKIE")


def fingerprint(request: Request) -> str:
    """Return a digest of method, URL, declared inputs, media type and content."""
    environ = request.environ
    names = ("REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING")
    parts = [*(environ.get(name, "") for name in names), *_declared(request)]
    digest = hashlib.sha256(json.dumps(parts).encode())
    if request.form_read:  # the boundary of a form may differ in a retry
        digest.update(json.dumps(list(request.form.items(multi=True))).encode())
        for name, each in request.files.items(multi=True):
            digest.update(json.dumps([name, each.filename]).encode())
            while chunk := each.stream.read(_CHUNK):
                digest.update(chunk)
            each.stream.seek(0)
    elif any(each.media_types for each in request.operation.inputs):
        digest.update(environ.get("CONTENT_TYPE", "").encode() + b"\n")
        digest.update(request.get_data())
    return digest.hexdigest()
