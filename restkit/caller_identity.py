"""The identity of a caller: a value that is the same for two requests of one caller."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import lru_cache
from typing import cast
from uuid import UUID

__all__ = ["caller_id", "identity_of"]

_IDENTITIES = (str, int, UUID)


def caller_id(caller: object) -> object:
    """Return the id of a caller as its program knows it; None if it has none.

    Args:
        caller: The caller that a security scheme returned: a text, a number, a UUID, a mapping with
            ``sub`` such as the claims of a token, or an object with ``id``.
    """
    found = caller
    kind: Hashable = type(caller)  # type: ignore[assignment]  # mypy takes its instances' hash
    if _is_mapping(kind):
        found = cast("Mapping[str, object]", caller).get("sub")
    elif not isinstance(caller, _IDENTITIES):
        found = getattr(caller, "id", None)
    return found


def identity_of(caller: object) -> str | None:
    """Return the identity of a caller as a text; None if it has none.

    Args:
        caller: See `caller_id`.
    """
    found = caller_id(caller)
    if type(found) is str:  # PERF: nearly always
        return f"str {found}"
    return f"{type(found).__name__} {found}" if isinstance(found, _IDENTITIES) else None


@lru_cache(maxsize=128)  # PERF: `isinstance` of Mapping costs four times as much
def _is_mapping(kind: type) -> bool:
    return issubclass(kind, Mapping)
