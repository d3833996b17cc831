"""The headers Accept, Content-Type and Prefer, read without I/O."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

from ..problems import NotAcceptable
from ..records import Record

__all__ = [
    "Chooser",
    "ContentType",
    "MediaRange",
    "choose",
    "chooser_of",
    "not_acceptable",
    "parse_accept",
    "parse_content_type",
    "parse_prefer",
]

_MAX_HEADER = 4096
_MAX_MEMBERS = 128
_CACHED_LENGTH = 256
_CACHED_ENTRIES = 256

_WORD = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
_QUOTED = r'"(?:[^"\\]++|\\.)*+"'
# Cold start: `re` compiles these, and keeps them, with the first header that needs them.
_MEMBER = r'(?s:(?:[^,"]++|"(?:[^"\\]++|\\.)*+"?)++)'
_TYPE = rf"[ \t]*+({_WORD})/({_WORD})[ \t]*+"
_PARAMETER = rf"(?s:;[ \t]*+(?:({_WORD})=({_WORD}|{_QUOTED})[ \t]*+)?)"
_PREFERENCE = rf"(?s:[ \t]*+({_WORD})[ \t]*+(?:=[ \t]*+({_WORD}|{_QUOTED})?[ \t]*+)?(?:;.*)?)"
_QUALITY = r"0(?:\.[0-9]{0,3})?|\.[0-9]{1,3}|1(?:\.0{0,3})?"
_ESCAPED = r"(?s:\\(.))"


class MediaRange(Record):
    """One member of Accept (RFC 9110, section 12.5.1), in lower case."""

    type: str
    subtype: str
    parameters: frozenset[tuple[str, str]]
    quality: float


class ContentType(Record):
    """A parsed Content-Type; ``media_type`` is in lower case, and "" if the header is malformed."""

    media_type: str
    charset: str | None
    boundary: str | None
    parameters: Mapping[str, str]


_NO_CONTENT_TYPE = ContentType("", None, None, MappingProxyType({}))


def parse_accept(header: str) -> tuple[MediaRange, ...]:
    """Read an Accept header (RFC 9110, section 12.5.1).

    Args:
        header: The field's value; only its first 4,096 characters and 128 members are read.

    Returns:
        The media ranges in the header's order, without malformed members.
    """
    return tuple(
        found for member in _members(header) if (found := _media_range(member)) is not None
    )


def choose(header: str | None, offered: tuple[str, ...]) -> str | None:
    """Return the available media type that the client prefers (RFC 9110, section 12.5.1).

    Args:
        header: The Accept header, None without one.
        offered: The media types that the server can send, the preferred one first.

    Returns:
        One of ``offered``, the first of equally good ones; None if the client accepts none.
    """
    if not header or header == "*/*" or not offered:
        return offered[0] if offered else None
    return (_choose_cached if len(header) <= _CACHED_LENGTH else _choose)(header, offered)


class Chooser:
    """`choose` for one tuple of media types, made once at mount, with a cache of headers."""

    __slots__ = ("_first", "_offered", "_seen")

    def __init__(self, offered: tuple[str, ...]) -> None:
        """Make a chooser among media types, the preferred one first."""
        self._offered = offered
        self._first = offered[0] if offered else None
        self._seen: dict[str, str | None] = {}

    def __call__(self, header: str | None) -> str | None:
        """Return one of the media types, None if the client accepts none."""
        if not header or header == "*/*":
            return self._first
        try:
            return self._seen[header]
        except KeyError:
            chosen = choose(header, self._offered)
        if len(header) <= _CACHED_LENGTH:
            if len(self._seen) >= _CACHED_ENTRIES:
                self._seen = {}  # SECURITY: clients choose the keys; starting anew bounds them
            self._seen[header] = chosen
        return chosen


def chooser_of(types: tuple[str, ...]) -> Callable[[str], str]:
    """Make the function from an Accept header to one of some media types.

    It raises NotAcceptable if the client accepts none of them.
    """
    if not types:
        return lambda header: "application/json"
    chooser = Chooser(types)

    def choose_one(header: str) -> str:
        chosen = chooser(header)
        if chosen is None:
            raise not_acceptable(types)
        return chosen

    return choose_one


def not_acceptable(offered: Sequence[str]) -> NotAcceptable:
    """Return the 406 problem that lists the available media types (RFC 9110, section 15.5.7)."""
    return NotAcceptable(
        f"No available media type matches Accept. Available: {', '.join(offered)}."
    )


def parse_content_type(header: str | None) -> ContentType:
    """Read a Content-Type header (RFC 9110, section 8.3).

    Args:
        header: The field's value, None without one.

    Returns:
        The media type and its parameters, names in lower case. A repeated parameter is malformed.
    """
    if not header or len(header) > _MAX_HEADER:
        return _NO_CONTENT_TYPE
    return (_content_type_cached if len(header) <= _CACHED_LENGTH else _content_type)(header)


def parse_prefer(header: str | None) -> dict[str, str]:
    """Read a Prefer header (RFC 7240, section 2).

    Args:
        header: The field's value, None without one; several fields are joined by commas.

    Returns:
        The preferences by lower-case name, "" without a value; the first of a name wins.
    """
    out: dict[str, str] = {}
    for member in _members(header or ""):
        if match := re.fullmatch(_PREFERENCE, member):
            out.setdefault(match[1].lower(), _unquote(match[2] or ""))
    return out


def _members(header: str) -> Iterator[str]:
    if len(header) > _MAX_HEADER:
        header = header[:_MAX_HEADER].rpartition(",")[0]
    for number, match in enumerate(re.finditer(_MEMBER, header)):
        if number == _MAX_MEMBERS:
            return
        yield match[0]


def _unquote(value: str) -> str:
    return re.sub(_ESCAPED, r"\1", value[1:-1]) if value[:1] == '"' else value


def _typed(text: str) -> tuple[str, str, list[tuple[str, str]]] | None:
    """Split ``type/subtype; name=value`` into its parts; return None if it is malformed."""
    match = re.match(_TYPE, text)
    if match is None:
        return None
    at, parameters = match.end(), []
    while at < len(text):
        parameter = re.compile(_PARAMETER).match(text, at)
        if parameter is None:
            return None
        if parameter[1] is not None:
            parameters.append((parameter[1].lower(), _unquote(parameter[2])))
        at = parameter.end()
    return match[1].lower(), match[2].lower(), parameters


def _media_range(member: str) -> MediaRange | None:
    parts = _typed(member)
    if parts is None or (parts[0] == "*" and parts[1] != "*"):
        return None
    quality, parameters = 1.0, set()
    for name, value in parts[2]:
        if name == "q":
            if not re.fullmatch(_QUALITY, value):
                return None
            quality = float(value)
            break  # parameters after the weight were an extension that RFC 9110 has dropped
        parameters.add((name, value.lower()))
    return MediaRange(parts[0], parts[1], frozenset(parameters), quality)


def _choose(header: str, offered: tuple[str, ...]) -> str | None:
    ranges = parse_accept(header)
    if not ranges:  # a header without a readable member counts as absent
        return offered[0]
    best, best_quality = None, 0.0
    for media_type in offered:
        quality = _quality(media_type, ranges)
        if quality > best_quality:
            best, best_quality = media_type, quality
    return best


def _quality(media_type: str, ranges: Sequence[MediaRange]) -> float:
    """Return the weight of a media type: that of the most specific matching range."""
    kind, subtype, listed = _typed(media_type) or ("", "", [])
    if subtype == "*":  # a range is offered: the method says which of its types it sends
        return max((each.quality for each in ranges if each.type in ("*", kind)), default=0.0)
    parameters = {(name, value.lower()) for name, value in listed}
    # NOTE: all text is sent as UTF-8 (JSON has no other form), so a charset decides nothing.
    matching = [
        (each.type != "*", each.subtype != "*", len(each.parameters), each.quality)
        for each in ranges
        if each.type in ("*", kind)
        and each.subtype in ("*", subtype)
        and _asked(each) <= parameters
    ]
    return max(matching)[-1] if matching else 0.0


def _asked(each: MediaRange) -> set[tuple[str, str]]:
    decisive = each.parameters - {("header", "present")}  # RFC 4180: all CSV has a header row
    return {named for named in decisive if named[0] != "charset"}


def _content_type(header: str) -> ContentType:
    parts = _typed(header)
    if parts is None or "*" in (parts[0], parts[1]):
        return _NO_CONTENT_TYPE
    parameters = dict(parts[2])
    if len(parameters) != len(parts[2]):
        return _NO_CONTENT_TYPE
    charset = parameters.get("charset")
    return ContentType(
        f"{parts[0]}/{parts[1]}",
        None if charset is None else charset.lower(),
        parameters.get("boundary"),
        MappingProxyType(parameters),
    )


_choose_cached = lru_cache(maxsize=_CACHED_ENTRIES)(_choose)
_content_type_cached = lru_cache(maxsize=_CACHED_ENTRIES)(_content_type)
