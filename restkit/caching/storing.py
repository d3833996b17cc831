"""Which responses are stored, for how long, and with which headers."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence

from ..http.cache_control import parse_cache_control, seconds_in
from ..records import Record
from ..response import Outgoing, PlainResponse, is_stream
from .cache import Cache

__all__ = ["Lifetime", "content_of", "distinct", "lifetime_of", "with_fields"]

Headers = list[tuple[str, str]]


class Lifetime(Record):
    """How long a response is stored.

    Attributes:
        fresh: The seconds for which it is fresh.
        stale: The seconds for which it is sent afterwards, while another one is made.
        stale_if_error: The seconds for which it is sent if another one cannot be made.
    """

    fresh: float
    stale: float
    stale_if_error: float


def content_of(response: Outgoing) -> tuple[Headers, bytes] | None:
    """Return the headers and the content of a response that can be stored, else None."""
    if isinstance(response, PlainResponse):
        if response.status == 200 and type(response.body) is bytes:
            return response.headers, response.body
        return None
    if response.status_code != 200 or is_stream(response) or response.direct_passthrough:
        return None
    return list(response.headers.items()), response.get_data()


def lifetime_of(headers: Headers, cache: Cache, keyed: Collection[str]) -> Lifetime | None:
    """Return how long a response is stored, None if it must not be (RFC 9111, section 3).

    Args:
        headers: The headers that the method has set.
        cache: The declared cache.
        keyed: The names of the request headers in the key, in lower case.
    """
    given = _directives(headers, keyed)
    if given is None:
        return None
    if not given:
        return Lifetime(cache.seconds, cache.stale, cache.stale_if_error)
    refused = _REFUSED | {"private"} if cache.shared else _REFUSED
    found = seconds_in(given, "s-maxage" if "s-maxage" in given else "max-age")
    fresh = cache.seconds if found is None else min(found, cache.seconds)
    if fresh <= 0 or not refused.isdisjoint(given):
        return None
    if not _STRICT.isdisjoint(given):
        return Lifetime(fresh, 0, 0)
    return Lifetime(fresh, cache.stale, cache.stale_if_error)


_REFUSED = frozenset({"no-store", "no-cache"})
_STRICT = frozenset({"must-revalidate", "proxy-revalidate"})


def _directives(headers: Headers, keyed: Collection[str]) -> dict[str, str] | None:
    """Return the directives of Cache-Control, None if another header forbids to store."""
    given: dict[str, str] = {}
    for name, value in headers:
        lowered = name.lower()
        # SECURITY: a cookie belongs to one browser.
        if lowered == "set-cookie" or (lowered == "vary" and not _is_keyed(value, keyed)):
            return None
        if lowered == "cache-control":
            given.update(parse_cache_control(value))
    return given


def _is_keyed(vary: str, keyed: Collection[str]) -> bool:
    """Return whether the key has all headers that a response varies by; ``*`` is never one."""
    return all(name.strip().lower() in keyed for name in vary.split(",") if name.strip())


def with_fields(
    headers: Headers, directives: str, vary: Sequence[str], body: bytes | None
) -> Headers:
    """Return headers with Cache-Control, Vary and an entity tag, where the method set none.

    Args:
        headers: The headers of the response.
        directives: The value of Cache-Control.
        vary: The request headers that the response varies by.
        body: The content, of which the entity tag is made; None for no tag.
    """
    known = {name.lower() for name, _ in headers}
    out = [item for item in headers if item[0].lower() != "vary"]
    varied = ", ".join(value for name, value in headers if name.lower() == "vary")
    names = distinct([*vary, *varied.split(",")])
    if names:
        out.append(("Vary", "*" if "*" in names else ", ".join(names)))
    if "cache-control" not in known:
        out.append(("Cache-Control", directives))
    if "etag" not in known and body is not None:
        out.append(("ETag", f'"{hashlib.sha256(body).hexdigest()[:32]}"'))
    return out


def distinct(names: Iterable[str]) -> list[str]:
    """Return names of headers once each; they have no case."""
    found: dict[str, str] = {}
    for each in names:
        if name := each.strip():
            found.setdefault(name.lower(), name)
    return list(found.values())
