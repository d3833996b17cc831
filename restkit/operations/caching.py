"""The cache of each Operation, when all levels are known, and its additions to the record."""

from __future__ import annotations

import inspect
from collections.abc import Iterable

from ..cache_rule import CacheUse
from ..caching.cache import Cache
from ..caching.keys import separates, varying
from ..contract import Failure, Header, Input, Operation, Output
from ..declarations import plain_function
from ..errors import DeclarationError
from ..problems import GatewayTimeout
from .contributions import add_failures, joined_headers
from .entries import Entry

__all__ = ["add_caches"]

_STAGE = "cache"
_AGE = Header("Age", "The seconds since a stored response was made.", {"type": "integer"})
_ETAG = Header("ETag", "The entity tag of the representation.")
_NOT_STORED = "`Cache-Control: only-if-cached`, and no stored response satisfies the request."
_NOT_MODIFIED = "The client's representation is still good."


def add_caches(entries: Iterable[Entry]) -> list[Entry]:
    """Return entries whose cached operations have the headers and responses of the cache."""
    return [entry.with_operations(_with_cache) for entry in entries]


def _with_cache(operation: Operation) -> Operation:
    use = operation.cache
    if not use:
        return operation
    if not isinstance(use.rule, Cache):
        raise DeclarationError(
            f"{operation.declared_at} has the cache {use.rule!r:.80}. It must be a "
            "restkit.caching.Cache."
        )
    obstacle = _obstacle(operation)
    if use.rule.shared and _depends_on_caller(operation):
        obstacle = "a row rule, a scope(), masks or a permission on objects separate its callers"
    if obstacle and use.is_inherited:
        return operation._replace(cache=use._replace(obstacle=obstacle))
    if obstacle:
        raise DeclarationError(
            f"{operation.declared_at} has a cache, but {obstacle}. Remove cache, or write "
            "cache=False with @access."
        )
    return _documented(operation, use, use.rule)


def _obstacle(operation: Operation) -> str:
    """Return why responses of an operation cannot be stored, ``""`` if they can."""
    outputs = operation.outputs
    whole = [each for each in outputs if each.status == 200 and each.has_content]
    headers = [*operation.surrounding_headers]
    for each in whole:
        headers += each.headers
    is_generator = inspect.isgeneratorfunction(plain_function(operation.function))
    obstacles: dict[str, bool] = {
        "the content of its requests is not in the key": any(map(_content, operation.inputs)),
        "its response is an event stream": any(map(_events, outputs)),
        "it sends a file, which has validators of its own": 206 in operation.statuses,
        "it has no response with status 200 and content": not whole,
        "it has a session or sets cookies, for one browser": any(map(_is_cookie, headers)),
        "it streams its response": is_generator,
    }
    return next((reason for reason, holds in obstacles.items() if holds), "")


def _depends_on_caller(operation: Operation) -> bool:
    """Return whether a shared response would be one that another caller must not have."""
    by_object = getattr(operation.permission, "needs_object", False)
    return separates(operation) or operation.masks is not None or bool(by_object)


def _events(output: Output) -> bool:
    return output.events is not None


def _content(taken: Input) -> tuple[str, ...]:
    return taken.media_types


def _is_cookie(header: Header) -> bool:
    return header.name.lower() == "set-cookie"


def _documented(operation: Operation, use: CacheUse, cache: Cache) -> Operation:
    """Return an Operation with the additions of its cache."""
    names = varying(operation, cache)
    if len({kind for each in operation.outputs for kind in each.media_types}) > 1:
        names = ["Accept", *names]
    directives = cache.directives(private=bool(operation.security))
    headers = [Header("Cache-Control", f"``{directives}``, if the method sets no other."), _AGE]
    if names:
        headers.append(Header("Vary", f"{', '.join(names)}, and what else the method names."))
    outputs: list[Output] = []
    for each in operation.outputs:
        added = (*headers, _ETAG) if each.status in (200, 304) else ()
        outputs.append(each._replace(headers=joined_headers(each.headers, added)))
    if not any(each.status == 304 for each in outputs):
        around = joined_headers((_ETAG, *headers), operation.surrounding_headers)
        outputs.append(Output(304, None, (), around, _NOT_MODIFIED))
    failure = Failure(GatewayTimeout, _STAGE, _NOT_STORED, operation.surrounding_headers)
    document = {"x-cache": dict(cache.document)}
    changed = operation._replace(
        outputs=tuple(outputs),
        cache=use,
        extensions={**document, **operation.extensions},
    )
    return add_failures(changed, [failure], _STAGE)
