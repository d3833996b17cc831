"""Byte ranges: the Range header, and the parts of multipart/byteranges (RFC 9110, section 14)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..records import Record

__all__ = ["ByteRange", "Unsatisfiable", "content_range", "part_head", "requested_ranges"]

# SECURITY: a small request must not demand much work (RFC 9110, section 17.15).
_MAX_HEADER = 1000
_MAX_RANGES = 16
_RANGE = r"([0-9]+)-([0-9]*)|-([0-9]+)"


class ByteRange(Record):
    """Bytes of a representation: from ``start`` to ``stop``, which is the first one after it."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        """The number of bytes."""
        return self.stop - self.start


class Unsatisfiable(ValueError):  # the word of RFC 9110
    """Raised when no range overlaps the representation: 416."""


def requested_ranges(header: str, size: int) -> tuple[ByteRange, ...]:
    """Read the value of Range.

    Ranges that overlap or touch become one. A header that is malformed, has another unit, more
    than 16 ranges or more than 1000 characters is ignored, as one whose ranges have every byte.

    Args:
        header: The field's value.
        size: The size of the representation in bytes.

    Returns:
        The ranges in the order of the request, none if the whole representation is to be sent.

    Raises:
        Unsatisfiable: The header is good, and no range overlaps the representation.
    """
    specs = _specs(header)
    if size == 0 and any(each[3] and int(each[3]) for each in specs):
        return ()  # the last bytes of nothing: the whole representation, which is empty
    found = [one for each in specs if (one := _satisfied(each, size)) is not None]
    if specs and not found:
        raise Unsatisfiable
    merged = _merged(found)
    return () if merged == (ByteRange(0, size),) else merged


def _specs(header: str) -> list[re.Match[str]]:
    """Return the parsed ranges of a header, none if it is ignored."""
    unit, equals, text = header.partition("=")
    if len(header) > _MAX_HEADER or not equals or unit.strip().lower() != "bytes":
        return []
    members = [each.strip(" \t") for each in text.split(",") if each.strip(" \t")]
    found = [match for each in members if (match := re.fullmatch(_RANGE, each))]
    is_good = len(found) == len(members) <= _MAX_RANGES
    return found if is_good and not any(map(_is_backwards, found)) else []


def _is_backwards(match: re.Match[str]) -> bool:
    return bool(match[2]) and int(match[2]) < int(match[1])


def _satisfied(match: re.Match[str], size: int) -> ByteRange | None:
    """Return the bytes that a range has of the representation, None if it has none."""
    first, last, suffix = match.groups()
    if suffix is not None:
        start = max(0, size - int(suffix))
        return ByteRange(start, size) if start < size else None
    if int(first) >= size:
        return None
    return ByteRange(int(first), min(size, int(last) + 1) if last else size)


def _merged(ranges: Sequence[ByteRange]) -> tuple[ByteRange, ...]:
    """Join ranges that overlap or touch (RFC 9110, section 15.3.7.2)."""
    joined: list[tuple[int, ByteRange]] = []
    for index, each in sorted(enumerate(ranges), key=lambda pair: pair[1]):
        if joined and each.start <= joined[-1][1].stop:
            place, last = joined[-1]
            whole = ByteRange(last.start, max(last.stop, each.stop))
            joined[-1] = min(place, index), whole
        else:
            joined.append((index, each))
    return tuple(each for _, each in sorted(joined))


def content_range(part: ByteRange, size: int) -> str:
    """Return the value of Content-Range (RFC 9110, section 14.4)."""
    return f"bytes {part.start}-{part.stop - 1}/{size}"


def part_head(part: ByteRange, size: int, boundary: str, media_type: str) -> bytes:
    """Return the header of a part of multipart/byteranges (RFC 9110, section 14.6)."""
    return (
        f"\r\n--{boundary}\r\nContent-Type: {media_type}\r\n"
        f"Content-Range: {content_range(part, size)}\r\n\r\n"
    ).encode("latin-1")
