"""The members of sessions as they are stored."""

from __future__ import annotations

import json

from ..records import Record

__all__ = [
    "CATEGORY",
    "CREATED",
    "EPOCH",
    "FLASHES",
    "REFRESHED",
    "REMEMBERED",
    "SESSION",
    "TOKEN",
    "USER",
    "Fields",
    "Flash",
    "dumped",
]

SESSION = "restkit.session"
"""The session of a request, in its environ. `Sessions` sets it."""

Fields = dict[str, object]
"""The members of a session as they are stored: those of the program have a colon before them."""

CREATED, REFRESHED, USER, EPOCH, REMEMBERED, TOKEN, FLASHES = "c", "t", "u", "e", "r", "k", "f"

CATEGORY = "info"


class Flash(Record):
    """A message that the next page shows once.

    Attributes:
        message: The text, which templates escape.
        category: The kind, such as ``"success"`` or ``"error"``.
    """

    message: str
    category: str = CATEGORY


def dumped(name: str, value: object) -> str:
    """Return a value as JSON.

    Raises:
        TypeError: JSON cannot hold it.
    """
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(
            f"session[{name[1:]!r}] cannot be stored as JSON: {error}. Store texts, numbers, "
            "truth values, and lists and dicts of them."
        ) from None
