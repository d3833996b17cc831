"""The identity of a caller: a text that is the same for two requests of one caller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast
from uuid import UUID

__all__ = ["identity_of"]


def identity_of(caller: object) -> str | None:
    """Return the identity of a caller; None if it has none.

    Args:
        caller: What a security scheme returned: a text, a number, a UUID, a mapping with ``sub``
            such as the claims of a token, or an object with ``id``.
    """
    found = caller
    if isinstance(caller, Mapping):
        found = cast("Mapping[str, object]", caller).get("sub")
    elif not isinstance(caller, (str, int, UUID)):
        found = getattr(caller, "id", None)
    return f"{type(found).__name__} {found}" if isinstance(found, (str, int, UUID)) else None
