"""Returned tuples: ``data, status``, ``data, status, headers`` and ``data, headers``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from ..contract import Operation
from ..errors import DeclarationError
from ..response import HeaderItems
from .returned_values import rejected_tuple

__all__ = ["unpacked"]

_NO_HEADERS = (str, bytes, set, frozenset)


def unpacked(
    value: tuple[object, ...], operation: Operation
) -> tuple[object, int | None, HeaderItems]:
    """Return data, status (None if there is none) and headers of a tuple."""
    if len(value) in (2, 3) and _is_status(value[0]) and not isinstance(value[1], int):
        raise DeclarationError(
            f"{operation.declared_at} returned a tuple that begins with the status {value[0]:d}. "
            "The order is data first: return data, status, or return data, status, headers."
        )
    match value:
        case (_, bool()) | (_, bool(), _):
            raise rejected_tuple(value, operation)
        case (data, int() as status) if 200 <= status <= 599:
            return data, status, ()
        case (data, int() as status, headers) if 200 <= status <= 599:
            return data, status, cast(HeaderItems, headers)
        case (data, headers) if _are_headers(headers):
            return data, None, cast(HeaderItems, headers)
        case _:
            raise rejected_tuple(value, operation)


def _are_headers(value: object) -> bool:
    """Return whether a value may be headers: a mapping, pairs or None."""
    return value is None or (isinstance(value, Iterable) and not isinstance(value, _NO_HEADERS))


def _is_status(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 100 <= value <= 599
