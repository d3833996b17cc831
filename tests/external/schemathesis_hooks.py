"""What Schemathesis is told of our documents that they cannot say: imported, or as ``SCHEMATHESIS_HOOKS``."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

import schemathesis

__all__ = ["filter_case", "first_line", "make_keys_unique"]

# As restkit.limits.idempotency takes them: a bare word, or a String of RFC 9651.
_KEY = re.compile(r"[!#-'*+.0-9:=@A-Z^-z|~/_-]{1,255}|\"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\"\\]){1,255}\"")


@schemathesis.deserializer("application/x-ndjson")
def first_line(context: object, response: Any) -> Any:
    """Read the first line of JSON Lines; the document says what a line is, and Schemathesis has no reader of them."""
    return json.loads(response.content.splitlines()[0])


@schemathesis.hook
def filter_case(context: object, case: Any) -> bool:
    """Leave out parts that have no form on the wire.

    An empty list is no part of a multipart body. A body that is invalid for nothing else is sent as a valid one, and
    the check that it be refused cannot see that where a file is among the parts.
    """
    if case.media_type != "multipart/form-data" or not isinstance(case.body, dict):
        return True
    return all(value not in ([], {}) for value in case.body.values())


@schemathesis.hook("before_call")
def make_keys_unique(context: object, case: Any, kwargs: object) -> None:
    """Let each well-formed Idempotency-Key be a new one: no schema says that it must not come with another request."""
    if case.headers and _KEY.fullmatch(case.headers.get("Idempotency-Key", "")):
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
