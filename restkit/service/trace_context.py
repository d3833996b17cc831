"""W3C Trace Context, Level 2: the headers ``traceparent`` and ``tracestate``."""

from __future__ import annotations

import re

from ..records import Record

__all__ = ["RANDOM", "SAMPLED", "TraceParent", "parse_traceparent", "parse_tracestate"]

SAMPLED, RANDOM = 1, 2
_KNOWN = SAMPLED | RANDOM
_MOST_MEMBERS = 32
# What follows the flags belongs to a later version. A comma is none of any version's characters:
# it joins several headers, of which none is the right one.
_PARENT = re.compile("([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-[^,]*)?")
_MEMBER = re.compile(
    r"[a-z0-9][a-z0-9_*/@-]{0,255}=[ -+\--<>-~]{0,255}[!-+\--<>-~]"  # section 3.3.1
)


class TraceParent(Record):
    """The header ``traceparent`` of a request.

    Attributes:
        trace_id: The id of the trace: 32 hexadecimal digits.
        parent_id: The id of the caller's span: 16 hexadecimal digits.
        flags: The known flags: `SAMPLED`, `RANDOM`.
    """

    trace_id: str
    parent_id: str
    flags: int


def parse_traceparent(value: str) -> TraceParent | None:
    """Return a traceparent, None for an invalid one (section 3.2).

    A later version is read by its parts that this version knows. Flags of later versions are
    dropped.
    """
    found = _PARENT.fullmatch(value.strip(" \t"))
    if found is None:
        return None
    version, trace_id, parent_id, flags, rest = found.groups()
    if version == "ff" or (version == "00" and rest is not None):
        return None
    if not trace_id.strip("0") or not parent_id.strip("0"):
        return None
    return TraceParent(trace_id, parent_id, int(flags, 16) & _KNOWN)


def parse_tracestate(value: str) -> str:
    """Return a tracestate as it is passed on, "" for an invalid one (section 3.3).

    Args:
        value: The value of the header, or of several, joined by commas.
    """
    stripped = [each.strip(" \t") for each in value.split(",")]
    members = [each for each in stripped if each]
    if len(members) > _MOST_MEMBERS or not all(map(_MEMBER.fullmatch, members)):
        return ""
    return ",".join(members)
