"""Entity tags and preconditions (RFC 9110, sections 8.8 and 13), without I/O."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Literal, Self

from ..records import Record

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

__all__ = [
    "NOTHING_GIVEN",
    "EntityTag",
    "Outcome",
    "Preconditions",
    "evaluate",
    "failure_detail",
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
_LONG_DAY = "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
# Cold start: patterns that only some requests need are compiled, and kept, by `re` itself.
_DATES = (
    rf"{_SHORT_DAY}, (?P<day>[0-9]{{2}}) {_MONTH} (?P<year>[0-9]{{4}}) {_TIME} GMT",
    rf"{_LONG_DAY}, (?P<day>[0-9]{{2}})-{_MONTH}-(?P<year>[0-9]{{2}}) {_TIME} GMT",
    rf"{_SHORT_DAY} {_MONTH} (?P<day>[0-9]{{2}}| [0-9]) {_TIME} (?P<year>[0-9]{{4}})",
)


_new_tag = tuple.__new__


class _Tag(Record):
    value: str
    weak: bool = False


class EntityTag(_Tag):
    """An opaque value that changes with the representation (RFC 9110, section 8.8.3).

    ``str()`` returns the text of the ETag header.
    """

    __slots__ = ()

    def __new__(cls, value: str, weak: bool = False) -> Self:
        """Check the characters.

        Raises:
            ValueError: The value has a quote, white space, or a character that no header can hold.
        """
        # PERF: a sufficient test; most values are of letters and digits.
        plain = value.isascii() and value.isprintable() and '"' not in value and " " not in value
        if not plain and not re.fullmatch(_VALUE, value):
            raise ValueError("an entity tag has only visible characters of Latin-1, and no quotes")
        return tuple.__new__(cls, (value, weak))

    def __str__(self) -> str:
        return f'W/"{self.value}"' if self.weak else f'"{self.value}"'

    @classmethod
    def parse(cls, text: str) -> EntityTag:
        """Read one entity tag in the form of headers.

        Raises:
            ValueError: The text is not ``"..."`` or ``W/"..."``.
        """
        match = re.fullmatch(_TAG, text)
        if match is None:
            raise ValueError('an entity tag is written "value" or W/"value"')
        return cls(match[2], match[1] is not None)

    @classmethod
    def of(cls, value: str | int | EntityTag) -> EntityTag:
        """Make an entity tag of a version number, a plain value, or a text in the form of headers.

        Raises:
            ValueError: The value has characters that an entity tag cannot have.
        """
        if type(value) is str and value.isalnum() and value.isascii():
            return _new_tag(cls, (value, False))  # PERF: nothing is left to check
        if isinstance(value, EntityTag):
            return value
        text = value if type(value) is str else str(value)
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
        ``"*"``, or the tags. Malformed members and members after the 256th are left out.
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
        An aware datetime in UTC, None if the text is no such date.
    """
    for pattern in _DATES:
        if match := re.fullmatch(pattern, text):
            break
    else:
        return None
    try:
        return datetime(
            _year(match["year"]),
            _MONTHS.index(match["month"]) + 1,
            int(match["day"]),
            int(match["hour"]),
            int(match["minute"]),
            # A leap second is the second before it: datetime has none.
            59 if match["second"] == "60" else int(match["second"]),
            tzinfo=UTC,
        )
    except ValueError:
        return None


def _year(digits: str) -> int:
    year = int(digits)
    if len(digits) == 2:
        # A year of two digits more than 50 years ahead means the latest such year in the past.
        now = datetime.now(UTC).year
        year += now - now % 100
        year -= 100 if year > now + 50 else 0
    return year


def format_http_date(moment: datetime) -> str:
    """Write a date in HTTP's format, ``Sun, 06 Nov 1994 08:49:37 GMT`` (RFC 9110, section 5.6.7).

    Args:
        moment: An aware datetime; parts of a second are cut off.

    Raises:
        ValueError: The datetime is naive.
    """
    if moment.tzinfo is None:
        raise ValueError("an HTTP date is made of an aware datetime")
    utc = moment.astimezone(UTC)
    day, month = _DAYS[utc.weekday()], _MONTHS[utc.month - 1]
    time = f"{utc.hour:02}:{utc.minute:02}:{utc.second:02}"
    return f"{day}, {utc.day:02} {month} {utc.year:04} {time} GMT"


class Outcome(Enum):
    """The result of evaluating a request's preconditions."""

    PROCEED = "proceed"
    NOT_MODIFIED = "not modified"
    """Respond with 304."""
    FAILED = "failed"
    """Respond with 412."""


class Preconditions(Record):
    """The precondition headers of a request, unparsed (RFC 9110, section 13.1)."""

    if_match: str | None = None
    if_none_match: str | None = None
    if_modified_since: str | None = None
    if_unmodified_since: str | None = None
    given: bool = False

    @classmethod
    def from_environ(cls, environ: WSGIEnvironment) -> Preconditions:
        """Take the headers from a WSGI environment."""
        get = environ.get
        match, none_match = get("HTTP_IF_MATCH"), get("HTTP_IF_NONE_MATCH")
        modified, unmodified = get("HTTP_IF_MODIFIED_SINCE"), get("HTTP_IF_UNMODIFIED_SINCE")
        if match is None and none_match is None and modified is None and unmodified is None:
            return NOTHING_GIVEN
        return tuple.__new__(cls, (match, none_match, modified, unmodified, True))

    def guards(self, *, dated: bool = True) -> bool:
        """Return whether they make a change conditional on the state that the client has seen.

        Args:
            dated: Whether the resource has a modification date. Without one, If-Unmodified-Since is
                ignored, as it is if its own date is invalid (RFC 9110, section 13.1.4).
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


NOTHING_GIVEN = Preconditions()
"""Those of a request without precondition headers."""
_FAILED = "The resource's current state does not satisfy the request's preconditions."
_WEAK = (
    "If-Match compares ETags strongly, and the request sent a weak one (W/). A proxy that changes "
    "responses, for example by compression, makes ETags weak. Send the ETag without W/."
)


def failure_detail(headers: Preconditions) -> str:
    """Return the detail of a 412: weak entity tags never match If-Match (RFC 9110, 13.1.1)."""
    tags = "" if headers.if_match is None else parse_etag_list(headers.if_match)
    is_weak = not isinstance(tags, str) and any(tag.weak for tag in tags)
    return _WEAK if is_weak else _FAILED


def evaluate(
    method: str,
    headers: Preconditions,
    tag: EntityTag | None,
    last_modified: datetime | None,
    *,
    exists: bool = True,
) -> Outcome:
    """Evaluate a request's preconditions, in the order of RFC 9110, section 13.2.2.

    Args:
        method: The request's method.
        headers: The preconditions.
        tag: The entity tag of the current representation.
        last_modified: The date of its last change, aware; compared in whole seconds.
        exists: Whether there is a current representation, which ``*`` asks for.

    Returns:
        Whether to proceed, to respond with 304, or to respond with 412.
    """
    if method in ("OPTIONS", "TRACE", "CONNECT"):
        return Outcome.PROCEED
    if headers.if_match is not None:
        if not _matches(headers.if_match, tag, exists, strong=True):
            return Outcome.FAILED
    elif _changed(headers.if_unmodified_since, last_modified) is True:
        return Outcome.FAILED
    reads = method in ("GET", "HEAD", "QUERY")
    if headers.if_none_match is not None:
        if _matches(headers.if_none_match, tag, exists, strong=False):
            return Outcome.NOT_MODIFIED if reads else Outcome.FAILED
    elif reads and _changed(headers.if_modified_since, last_modified) is False:
        return Outcome.NOT_MODIFIED
    return Outcome.PROCEED


def _matches(header: str, tag: EntityTag | None, exists: bool, *, strong: bool) -> bool:
    if tag is not None and exists and _is_single(header):
        return header[1:-1] == tag.value and not (strong and tag.weak)
    listed = parse_etag_list(header)
    if listed == "*":
        return exists
    if tag is None or not exists:
        return False
    match = tag.strong_match if strong else tag.weak_match
    return any(match(each) for each in listed)


def _is_single(header: str) -> bool:
    """Return whether a header has one tag that is not weak, as clients mostly send it."""
    # PERF: it is compared as it is, which costs a tenth of reading it.
    return header[:1] == '"' == header[-1:] and header.count('"') == 2


def _changed(header: str | None, last_modified: datetime | None) -> bool | None:
    """Return whether the resource changed after the header's date; None without two valid dates."""
    since = None if header is None else parse_http_date(header)
    if since is None or last_modified is None:
        return None
    return last_modified.replace(microsecond=0) > since
