"""What Schemathesis is told of our documents that they cannot say:
imported, or as ``SCHEMATHESIS_HOOKS``.
"""

from __future__ import annotations

import json
from typing import Any

import schemathesis

__all__ = ["filter_case", "first_line"]


@schemathesis.deserializer("application/x-ndjson")
def first_line(context: object, response: Any) -> Any:
    """Read the first line of JSON Lines;
    the document says what a line is, and Schemathesis has no reader of them.
    """
    return json.loads(response.content.splitlines()[0])


@schemathesis.hook
def filter_case(context: object, case: Any) -> bool:
    """Leave out parts that have no form on the wire.

    An empty list is no part of a multipart body. A body that is invalid for nothing else is sent as
    a valid one, and
    the check that it be refused cannot see that where a file is among the parts.
    """
    if case.media_type != "multipart/form-data" or not isinstance(case.body, dict):
        return True
    return all(value not in ([], {}) for value in case.body.values())
