"""Cursors: opaque, signed strings that say where a page begins.

A cursor holds the sort key values and a signature (HMAC-SHA256, RFC 2104) over them, the collection
and the sort order. A cursor of another order or collection, or with a changed bit, is rejected.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import enum
import hashlib
import hmac
import json
import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

__all__ = ["CursorSigner"]

_SIGNATURE = 12
_MAX_LENGTH = 2000


def _period(microseconds: str) -> dt.timedelta:
    return dt.timedelta(microseconds=int(microseconds))


_TEXTUAL: dict[str, Any] = {
    "d": dt.date.fromisoformat,
    "m": dt.datetime.fromisoformat,
    "t": dt.time.fromisoformat,
    "n": Decimal,
    "u": uuid.UUID,
    "p": _period,
}


class CursorSigner:
    """The writer and reader of the cursors of one collection."""

    def __init__(self, secret: str, place: str) -> None:
        """Make a signer.

        Args:
            secret: The key, with which cursors could be forged.
            place: The name of the collection that the cursors belong to.
        """
        self._key = hashlib.sha256(f"{place}\0{secret}".encode()).digest()

    def write(self, order: str, backwards: bool, values: Sequence[Any]) -> str:
        """Return a cursor.

        Args:
            order: The order that the values belong to.
            backwards: Whether the window ends at the values instead of beginning there.
            values: The sort key values.
        """
        packed = [int(backwards), *map(_packed, values)]
        payload = json.dumps(packed, ensure_ascii=False, separators=(",", ":")).encode(
            "utf-8", "surrogatepass"
        )
        return (
            base64.urlsafe_b64encode(self._sign(order, payload) + payload)
            .rstrip(b"=")
            .decode("ascii")
        )

    def read(
        self, order: str, cursor: str, kinds: Sequence[type[enum.Enum] | None]
    ) -> tuple[bool, tuple[Any, ...]]:
        """Return whether the window ends at the cursor, and the sort key values.

        Args:
            order: The order of the query.
            cursor: The cursor.
            kinds: The enumeration of each sort key, None for keys of other types.

        Raises:
            ValueError: This signer did not write the cursor for this order.
        """
        if len(cursor) > _MAX_LENGTH or not cursor.isascii():
            raise ValueError("the cursor is too long or not ASCII")
        try:
            data = base64.b64decode(
                cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True
            )
        except binascii.Error:
            raise ValueError("the cursor is not Base64") from None
        signature, payload = data[:_SIGNATURE], data[_SIGNATURE:]
        again = base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
        # SECURITY: Base64 can encode a value in several ways; only the canonical one is accepted.
        if again != cursor or not hmac.compare_digest(signature, self._sign(order, payload)):
            raise ValueError("the signature does not match the order")
        backwards, *values = json.loads(payload)
        return bool(backwards), tuple(
            _unpacked(value, kind) for value, kind in zip(values, kinds, strict=True)
        )

    def _sign(self, order: str, payload: bytes) -> bytes:
        return hmac.digest(self._key, order.encode() + b"\0" + payload, "sha256")[:_SIGNATURE]


def _packed(value: Any) -> Any:
    """Return a value as JSON: itself or ``{kind: text}``."""
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, enum.Enum):
        return {"e": value.name}
    for kind, tag in ((dt.datetime, "m"), (dt.date, "d"), (dt.time, "t")):
        if isinstance(value, kind):
            return {tag: value.isoformat()}
    if isinstance(value, Decimal):
        return {"n": str(value)}
    if isinstance(value, uuid.UUID):
        return {"u": str(value)}
    if isinstance(value, dt.timedelta):
        return {"p": str(value // dt.timedelta(microseconds=1))}
    raise TypeError(
        f"A cursor cannot hold a {type(value).__name__}. Sort by another attribute instead."
    )


def _unpacked(value: Any, kind: type[enum.Enum] | None) -> Any:
    if not isinstance(value, dict):
        return value
    ((tag, text),) = value.items()
    if tag == "e":
        return kind[text] if kind is not None else text
    return _TEXTUAL[tag](text)
