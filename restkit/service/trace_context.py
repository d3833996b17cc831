"""W3C Trace Context, Level 2: the headers ``traceparent`` and ``tracestate``."""

from __future__ import annotations

import re

__all__ = ["RANDOM", "SAMPLED", "parse_traceparent", "parse_tracestate"]

SAMPLED, RANDOM = 1, 2
_KNOWN = SAMPLED | RANDOM
_MOST_MEMBERS = 32
# What follows the flags belongs to a later version. A comma is none of any version's characters:
# it joins several headers, of which none is the right one.
_PARENT = re.compile("([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-[^,]*)?")
_MEMBER = re.compile(
    r"[a-z0-9][a-z0-9_*/@-]{0,255}=[ -+\--<>-~]{0,255}[!-+\--<>-~]"  # section 3.3.1
)

# PERF: the shape of a header of version 00, whose digits have become zeros, costs 1,500
# instructions; the regular expression costs 5,000.
_DIGITS_TO_ZEROS = bytes.maketrans(b"0123456789abcdef", b"0" * 16)
_SHAPE = b"00-%032d-%016d-00" % (0, 0)
_NO_TRACE, _NO_PARENT = "0" * 32, "0" * 16
_FLAGS = {"00": 0, "01": SAMPLED, "02": RANDOM, "03": SAMPLED | RANDOM}


def parse_traceparent(value: str) -> tuple[str, str, int] | None:
    """Return a traceparent, None for an invalid one (section 3.2).

    A later version is read by its parts that this version knows. Flags of later versions are
    dropped.

    Returns:
        The id of the trace, 32 hexadecimal digits; that of the caller's span, 16 hexadecimal
        digits; and the known flags, `SAMPLED` and `RANDOM`.
    """
    rest: str | None = None
    if value.encode().translate(_DIGITS_TO_ZEROS) == _SHAPE:
        version, trace_id, parent_id, flags = value.split("-")
    else:
        found = _PARENT.fullmatch(value.strip(" \t"))
        if found is None:
            return None
        version, trace_id, parent_id, flags, rest = found.groups()
    if version == "ff" or (version == "00" and rest is not None):
        return None
    if trace_id == _NO_TRACE or parent_id == _NO_PARENT:
        return None
    # PERF: a tuple costs two thousand instructions less than a Record.
    return trace_id, parent_id, _FLAGS[flags] if flags in _FLAGS else int(flags, 16) & _KNOWN


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
