"""The key of a stored response: all that the response may depend on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Protocol, cast, runtime_checkable

from ..caller_identity import identity_of
from ..contract import Operation
from ..environ_keys import TRANSLATOR
from ..errors import DeclarationError
from ..hidden_fields import OperationMasks
from ..request import Request
from .cache import Cache
from .storage import Key

__all__ = ["key_maker", "keyed_headers", "separates", "varying"]

_HELD = ("roles", "role", "scopes", "scope")
# Members of a token that differ from one token of a caller to the next (RFC 7519, OpenID Connect).
_OF_TOKENS = frozenset({"exp", "iat", "nbf", "jti", "auth_time", "nonce", "at_hash", "sid"})


@runtime_checkable
class Separating(Protocol):
    """A Resource class whose responses depend on more than the URL, as those of a scope do."""

    @classmethod
    def separates_requests(cls) -> bool:
        """Return whether responses depend on more."""
        ...

    @classmethod
    def response_identity(cls, request: Request, /) -> str:
        """Return a text that is the same for requests of one response."""
        ...


class _Translator(Protocol):
    def language(self) -> str: ...


def separates(operation: Operation) -> bool:
    """Return whether the responses of an operation depend on a scope or a row rule."""
    resource: object = operation.resource
    return isinstance(resource, Separating) and resource.separates_requests()


def key_maker(operation: Operation, cache: Cache, name: str) -> Callable[[Request, str], Key]:
    """Make the function from a request and the chosen media type to the key.

    Args:
        operation: The record.
        cache: Its cache.
        name: The App and its version.
    """
    fixed = f"{name} {operation.method} {operation.host}{operation.path} {operation.declared_at}"
    headers = [*keyed_headers(operation), *cache.vary]
    if operation.input("cookies") is not None:
        headers.append("Cookie")
    names = tuple(f"HTTP_{each.upper().replace('-', '_')}" for each in headers)
    parts = tuple(_parts(operation, cache))
    is_plain = not (names or parts)

    def make(request: Request, chosen: str) -> Key:
        environ = request.environ
        get = environ.get
        key: Key = (
            fixed,
            get("HTTP_HOST") or f"{get('SERVER_NAME')}:{get('SERVER_PORT')}",
            get("wsgi.url_scheme", ""),
            get("SCRIPT_NAME", ""),
            get("PATH_INFO", ""),
            get("QUERY_STRING", ""),
            chosen,
        )
        # PERF: most keys have nothing else.
        if is_plain and TRANSLATOR not in environ:
            return key
        return key + _further(request, names, parts)

    return make


def _further(
    request: Request, names: tuple[str, ...], parts: tuple[Callable[[Request], str], ...]
) -> Key:
    """Return the parts of a key that are headers, or made of the request."""
    environ = request.environ
    # An absent header is not an empty one.
    texts = ["=" * (each in environ) + environ.get(each, "") for each in names]
    texts += [part(request) for part in parts]
    if TRANSLATOR in environ:
        texts.append(cast("_Translator", environ[TRANSLATOR]).language())
    return tuple(texts)


def _parts(operation: Operation, cache: Cache) -> Iterator[Callable[[Request], str]]:
    """Yield the functions of a request that return further parts of its key."""
    if operation.security and not cache.shared:
        yield (lambda request: _caller(request, is_needed=cache.key is None))
    if isinstance(resource := operation.resource, Separating):
        yield resource.response_identity
    if operation.masks is not None:
        yield partial(_hidden, operation.masks)
    if cache.key is not None:
        yield cache.key


def _hidden(masks: OperationMasks, request: Request) -> str:
    """Return the fields that the caller may not read, as a text."""
    hidden = masks.hidden(request).read
    return " ".join(sorted(f"{of.__module__}.{of.__qualname__}.{name}" for of, name in hidden))


def _caller(request: Request, *, is_needed: bool) -> str:
    """Return the identity of the caller, with its roles, scopes or claims.

    Raises:
        DeclarationError: It has no identity, and the cache has no key of its own.
    """
    caller: object = request.caller
    if caller is None:
        return ""
    found = identity_of(caller)
    if found is None:
        if not is_needed:
            return "caller"
        # SECURITY: callers without an identity would get each other's responses.
        raise DeclarationError(
            f"{request.operation.declared_at} is cached, but its caller, of type "
            f"{type(caller).__name__}, has no identity. Pass Cache(..., key=lambda request: ...), "
            "a function that returns an identifying string."
        )
    if isinstance(caller, (str, int)):
        return found
    if isinstance(caller, Mapping):
        claims = cast("Mapping[str, object]", caller)
        more: list[object] = [(name, claims[name]) for name in claims if name not in _OF_TOKENS]
    else:
        more = [(name, getattr(caller, name, None)) for name in _HELD]
    return f"{type(caller).__qualname__} {found} {json.dumps(more, default=_text)}"


def _text(value: object) -> object:
    """Return a value as JSON has it; the order of a set is none."""
    return sorted(map(str, value)) if isinstance(value, (set, frozenset)) else str(value)


def keyed_headers(operation: Operation) -> Iterator[str]:
    """Yield the names of the headers that an operation declares as inputs."""
    for each in operation.inputs:
        if each.location == "headers":
            yield from each.bound.load_fields


def varying(operation: Operation, cache: Cache) -> list[str]:
    """Return the names of the request headers for Vary (RFC 9111, section 4.1)."""
    names = [each.title() for each in keyed_headers(operation)]
    for combination in operation.security:
        for scheme, _ in combination:
            document = scheme.document()
            if document.get("type") != "apiKey":
                names.append("Authorization")
            elif document.get("in") == "header":
                names.append(str(document["name"]))
            elif document.get("in") == "cookie":
                names.append("Cookie")
    if operation.input("cookies") is not None:
        names.append("Cookie")
    return list({each.lower(): each for each in (*names, *cache.vary)}.values())
