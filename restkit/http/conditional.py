"""Entity tags and preconditions (RFC 9110, sections 8.8 and 13): what a conditional request demands, without I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Literal, NamedTuple, Self

__all__ = [
    "EntityTag",
    "Outcome",
    "Preconditions",
    "evaluate",
    "format_http_date",
    "parse_etag_list",
    "parse_http_date",
]

_MAX_TAGS = 256
_ETAGC = r"[\x21\x23-\x7e\x80-\xff]*"
# Compiled by re with the first header that needs them, and kept there.
_VALUE = _ETAGC
_TAG = rf'(W/)?"({_ETAGC})"'
_MEMBER = rf'[ \t]*+(?:(W/)?"({_ETAGC})"[ \t]*+(?=,|\Z)|(?:[^,"]++|"[^"]*+"?)*+)'

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH = f"(?P<month>{'|'.join(_MONTHS)})"
_TIME = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_SHORT_DAY = f"(?:{'|'.join(_DAYS)})"
# Cold start: patterns that only some requests need are compiled, and kept, by `re` itself.
_DATES = (
    rf"{_SHORT_DAY}, (?P<day>[0-9]{{2}}) {_MONTH} (?P<year>[0-9]{{4}}) {_TIME} GMT",
    rf"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?P<day>[0-9]{{2}})-{_MONTH}-(?P<year>[0-9]{{2}}) {_TIME} GMT",
    rf"{_SHORT_DAY} {_MONTH} (?P<day>[0-9]{{2}}| [0-9]) {_TIME} (?P<year>[0-9]{{4}})",
)


class _Tag(NamedTuple):
    value: str
    weak: bool = False


class EntityTag(_Tag):
    """Is an entity tag (RFC 9110, section 8.8.3): an opaque value that changes when the representation does.

    ``str()`` of it is the ETag header's text.
    """

    __slots__ = ()

    def __new__(cls, value: str, weak: bool = False) -> Self:
        """Check the characters.

        Raises:
            ValueError: The value has a quote, white space, or what no header can hold.
        """
        if not re.fullmatch(_VALUE, value):
            raise ValueError("an entity tag has only visible characters of Latin-1, and no quotes")
        return super().__new__(cls, value, weak)

    def __str__(self) -> str:
        return f'W/"{self.value}"' if self.weak else f'"{self.value}"'

    @classmethod
    def parse(cls, text: str) -> EntityTag:
        """Read one entity tag as headers have it.

        Raises:
            ValueError: The text is not ``"..."`` or ``W/"..."``.
        """
        match = re.fullmatch(_TAG, text)
        if match is None:
            raise ValueError('an entity tag is written "value" or W/"value"')
        return cls(match[2], match[1] is not None)

    @classmethod
    def of(cls, value: str | int | EntityTag) -> EntityTag:
        """Make an entity tag of a version number, a plain value, or one already written as headers have it.

        Raises:
            ValueError: The value has characters that an entity tag cannot have.
        """
        if isinstance(value, EntityTag):
            return value
        text = str(value)
        return cls.parse(text) if '"' in text else cls(text)

    def strong_match(self, other: EntityTag) -> bool:
        """Return whether both are strong and equal (RFC 9110, section 8.8.3.2)."""
        return not self.weak and not other.weak and self.value == other.value

    def weak_match(self, other: EntityTag) -> bool:
        """Return whether the values are equal, weak or not (RFC 9110, section 8.8.3.2)."""
        return self.value == other.value


def parse_etag_list(header: str) -> Literal["*"] | tuple[EntityTag, ...]:
    """Read the value of If-Match or If-None-Match.

    Args:
        header: The field's value; commas inside quotes are part of a tag.

    Returns:
        ``"*"``, or the tags; malformed members are left out, and so is what follows the 256th member.
    """
    if header.strip(" \t") == "*":
        return "*"
    tags: list[EntityTag] = []
    member = re.compile(_MEMBER)
    at = 0
    for _ in range(_MAX_TAGS):
        match = member.match(header, at)
        if match is None:
            break
        if match[2] is not None:
            tags.append(EntityTag(match[2], match[1] is not None))
        at = match.end() + 1
        if at > len(header):
            break
    return tuple(tags)


def parse_http_date(text: str) -> datetime | None:
    """Read a date in any of the three formats that HTTP has known (RFC 9110, section 5.6.7).

    Returns:
        An aware datetime in UTC, None where the text is no such date.
    """
    for pattern in _DATES:
        if match := re.fullmatch(pattern, text):
            break
    else:
        return None
    year = int(match["year"])
    if len(match["year"]) == 2:
        # A year of two digits that seems more than 50 years ahead is the latest such year that is past.
        now = datetime.now(UTC).year
        year += now - now % 100
        year -= 100 if year > now + 50 else 0
    month = _MONTHS.index(match["month"]) + 1
    try:
        # A leap second is the second before it: datetime has none.
        second = min(int(match["second"]), 59) if match["second"] == "60" else int(match["second"])
        return datetime(
            year,
            month,
            int(match["day"]),
            int(match["hour"]),
            int(match["minute"]),
            second,
            tzinfo=UTC,
        )
    except ValueError:
        return None


def format_http_date(moment: datetime) -> str:
    """Write a date as HTTP has it, ``Sun, 06 Nov 1994 08:49:37 GMT`` (RFC 9110, section 5.6.7).

    Args:
        moment: An aware datetime; parts of a second are cut off.

    Raises:
        ValueError: The datetime is naive.
    """
    if moment.tzinfo is None:
        raise ValueError("an HTTP date is made of an aware datetime")
    utc = moment.astimezone(UTC)
    day, month = _DAYS[utc.weekday()], _MONTHS[utc.month - 1]
    return f"{day}, {utc.day:02} {month} {utc.year:04} {utc.hour:02}:{utc.minute:02}:{utc.second:02} GMT"


class Outcome(Enum):
    """Is what preconditions come to."""

    PROCEED = "proceed"
    NOT_MODIFIED = "not modified"
    """Answer 304."""
    FAILED = "failed"
    """Answer 412."""


class Preconditions(NamedTuple):
    """Is the precondition headers of a request, unread (RFC 9110, section 13.1)."""

    if_match: str | None = None
    if_none_match: str | None = None
    if_modified_since: str | None = None
    if_unmodified_since: str | None = None
    given: bool = False

    @classmethod
    def from_environ(cls, environ: Mapping[str, Any]) -> Preconditions:
        """Take the headers from a WSGI environment."""
        get = environ.get
        match, none_match = get("HTTP_IF_MATCH"), get("HTTP_IF_NONE_MATCH")
        modified, unmodified = get("HTTP_IF_MODIFIED_SINCE"), get("HTTP_IF_UNMODIFIED_SINCE")
        if match is None and none_match is None and modified is None and unmodified is None:
            return _NOTHING_GIVEN
        return cls(match, none_match, modified, unmodified, True)

    def guards(self, *, dated: bool = True) -> bool:
        """Return whether a change that they come with is conditional on what the client has seen.

        Args:
            dated: Whether the resource has a modification date; without one, and where its own date is
                not valid, If-Unmodified-Since is ignored (RFC 9110, section 13.1.4).
        """
        if self.if_match is not None:
            return True
        if self.if_none_match is not None and parse_etag_list(self.if_none_match) == "*":
            return True
        return (
            dated
            and self.if_unmodified_since is not None
            and parse_http_date(self.if_unmodified_since) is not None
        )


_NOTHING_GIVEN = Preconditions()


def evaluate(
    method: str,
    headers: Preconditions,
    tag: EntityTag | None,
    last_modified: datetime | None,
    *,
    exists: bool = True,
) -> Outcome:
    """Decide on a conditional request, in the order of RFC 9110, section 13.2.2.

    Args:
        method: The request's method.
        headers: Its preconditions.
        tag: The entity tag of what is there now.
        last_modified: When that was last changed, aware; compared in whole seconds.
        exists: Whether anything is there, which is what ``*`` asks.

    Returns:
        Whether to go on, to answer 304, or to answer 412.
    """
    if method in ("OPTIONS", "TRACE", "CONNECT"):
        return Outcome.PROCEED
    if headers.if_match is not None:
        if not _matches(headers.if_match, tag, exists, strong=True):
            return Outcome.FAILED
    elif (
        headers.if_unmodified_since is not None
        and _changed(headers.if_unmodified_since, last_modified) is True
    ):
        return Outcome.FAILED
    reads = method in ("GET", "HEAD", "QUERY")
    if headers.if_none_match is not None:
        if _matches(headers.if_none_match, tag, exists, strong=False):
            return Outcome.NOT_MODIFIED if reads else Outcome.FAILED
    elif (
        reads
        and headers.if_modified_since is not None
        and _changed(headers.if_modified_since, last_modified) is False
    ):
        return Outcome.NOT_MODIFIED
    return Outcome.PROCEED


def _matches(header: str, tag: EntityTag | None, exists: bool, *, strong: bool) -> bool:
    listed = parse_etag_list(header)
    if listed == "*":
        return exists
    if tag is None or not exists:
        return False
    return any(tag.strong_match(each) if strong else tag.weak_match(each) for each in listed)


def _changed(header: str, last_modified: datetime | None) -> bool | None:
    """Return whether it changed after the header's date; None where either date is missing or invalid."""
    since = parse_http_date(header)
    if since is None or last_modified is None:
        return None
    return last_modified.replace(microsecond=0) > since
