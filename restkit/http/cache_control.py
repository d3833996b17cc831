"""The header Cache-Control (RFC 9111, section 5.2), read without I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..records import Record

__all__ = ["RequestDirectives", "parse_cache_control", "request_directives", "seconds_in"]

_LONGEST = 1024
_MEMBER = r"[ \t]*+([!#$%&'*+\-.^_`|~0-9A-Za-z]++)[ \t]*+(?:=[ \t]*+(?:\"([^\"]*+)\"|([^,\"]*+)))?"
_MOST = 2**31
"""Seconds that stand for every larger number (RFC 9111, section 1.2.2)."""


class RequestDirectives(Record):
    """The directives of a request to caches (RFC 9111, section 5.2.1); times are in seconds."""

    no_cache: bool = False
    no_store: bool = False
    only_if_cached: bool = False
    max_age: int | None = None
    max_stale: int | None = None
    min_fresh: int = 0


_NOTHING = RequestDirectives()


def parse_cache_control(header: str) -> dict[str, str]:
    """Return the directives of a Cache-Control header, names in lower case; a malformed one is "".

    Args:
        header: The field's value; its first 1,024 characters are read.
    """
    found: dict[str, str] = {}
    pattern, at, text = re.compile(_MEMBER), 0, header[:_LONGEST]
    while at < len(text):
        match = pattern.match(text, at)
        if match is not None:
            value = match[2] if match[2] is not None else (match[3] or "")
            found.setdefault(match[1].lower(), value.strip(" \t"))
            at = match.end()
        following = text.find(",", at)
        at = len(text) if following < 0 else following + 1
    return found


def seconds_in(directives: Mapping[str, str], name: str) -> int | None:
    """Return the seconds of a directive; None without it, 0 if they are malformed."""
    text = directives.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal()):
        return 0  # RFC 9111, section 4.2.1: a response that may be stale is treated as stale
    return min(int(text[:11]), _MOST)


def request_directives(header: str | None, pragma: str | None) -> RequestDirectives:
    """Return the directives of a request to caches.

    Args:
        header: The value of Cache-Control, None without it.
        pragma: The value of Pragma, which counts without Cache-Control (RFC 9111, section 5.4).
    """
    if header is None:
        is_pragma = pragma is not None and "no-cache" in parse_cache_control(pragma)
        return RequestDirectives(no_cache=True) if is_pragma else _NOTHING
    given = parse_cache_control(header)
    max_stale = seconds_in(given, "max-stale")
    if given.get("max-stale") == "":
        max_stale = _MOST
    return RequestDirectives(
        "no-cache" in given,
        "no-store" in given,
        "only-if-cached" in given,
        seconds_in(given, "max-age"),
        max_stale,
        seconds_in(given, "min-fresh") or 0,
    )
