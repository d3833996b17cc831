"""Cursors: encrypted, authenticated strings that say where a page begins.

A cursor holds the sort key values of an item. A client cannot read them: a hidden attribute may
decide the order. Only the collection and the sort order that a cursor was made for accept it.

The construction is deterministic authenticated encryption with a synthetic initialization vector,
as in RFC 5297, of the primitives in Python's standard library: HMAC-SHA256 (RFC 2104) and
SHAKE256 (FIPS 202) as the stream cipher.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import enum
import hashlib
import hmac
import json
import logging
import secrets
import uuid
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache

from .store import Attribute

__all__ = ["LOST", "MAX_LENGTH", "CursorCipher"]

_log = logging.getLogger("restkit")

MAX_LENGTH = 2000
"""The maximum length of a cursor: longer URLs are not accepted everywhere."""
LOST = object()
"""In place of a sort key value that a cursor cannot hold, or that no attribute of the type has."""
_LOST = {"x": ""}
# PERF: json.dumps with these options makes an encoder for each call.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_TAG = 16
_BLOCK = 64


def _period(microseconds: str) -> dt.timedelta:
    return dt.timedelta(microseconds=int(microseconds))


_TEXTUAL: dict[str, Callable[[str], object]] = {
    "d": dt.date.fromisoformat,
    "m": dt.datetime.fromisoformat,
    "t": dt.time.fromisoformat,
    "n": Decimal,
    "u": uuid.UUID,
    "p": _period,
}


@lru_cache(maxsize=1)
def _secret_of_process() -> str:
    """Return a random secret, the same for every App of the process."""
    _log.warning(
        "The setting secret_key is empty: cursors of pages are valid in this process only, and "
        "until it ends. Set the same secret_key for all workers."
    )
    return secrets.token_hex(32)


class CursorCipher:
    """The writer and reader of the cursors of one collection."""

    def __init__(self, secret: str, collection: str) -> None:
        """Make a cipher.

        Args:
            secret: The secret that all workers share; ``""`` for one of the process.
            collection: The name of the collection that the cursors belong to.
        """
        self._secret = secret
        self._collection = collection
        self._keys: tuple[bytes, bytes] | None = None

    def write(self, order: str, backwards: bool, values: Sequence[object]) -> str:
        """Return a cursor.

        Args:
            order: The order that the values belong to.
            backwards: Whether the window ends at the values instead of beginning there.
            values: The sort key values.
        """
        packed = [int(backwards), *map(_packed, values)]
        payload = _encode(packed).encode("utf-8", "surrogatepass")
        # SECURITY: the length of a hidden value must not show; JSON ignores the white space.
        payload += b" " * (-(len(payload) + _TAG) % _BLOCK)
        tag = self._tag(order, payload)
        sealed = tag + self._crypt(tag, payload)
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii")

    def read(
        self, order: str, cursor: str, attributes: Sequence[Attribute]
    ) -> tuple[bool, tuple[object, ...]]:
        """Return whether the window ends at the cursor, and the sort key values, each may be LOST.

        A stored value need not fit its column, which SQLite does not check.

        Args:
            order: The order of the query.
            cursor: The cursor.
            attributes: The attribute of each sort key.

        Raises:
            ValueError: This cipher did not write the cursor for this order.
        """
        payload = self._opened(order, cursor)
        try:
            backwards, *packed = json.loads(payload)
            values = [_found(value, each) for value, each in zip(packed, attributes, strict=True)]
        except Exception as error:
            # SECURITY: whoever has the secret, or an earlier version of the service, may have
            # written anything: no cursor is an error of the server.
            raise ValueError("the cursor does not fit the order") from error
        return bool(backwards), tuple(values)

    def _opened(self, order: str, cursor: str) -> bytes:
        """Return the decrypted and authenticated content of a cursor."""
        if len(cursor) > MAX_LENGTH or not cursor.isascii():
            raise ValueError("the cursor is too long or not ASCII")
        try:
            sealed = base64.b64decode(
                cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True
            )
        except binascii.Error:
            raise ValueError("the cursor is not Base64") from None
        tag, encrypted = sealed[:_TAG], sealed[_TAG:]
        payload = self._crypt(tag, encrypted)
        again = base64.urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii")
        # SECURITY: Base64 can encode a value in several ways; only the canonical one is accepted.
        if again != cursor or not hmac.compare_digest(tag, self._tag(order, payload)):
            raise ValueError("the cursor was not written here for this order")
        return payload

    def _derived(self) -> tuple[bytes, bytes]:
        """Return the keys of the collection: one authenticates, the other one encrypts."""
        if self._keys is None:
            secret = (self._secret or _secret_of_process()).encode()
            name = self._collection.encode()
            self._keys = (
                hmac.digest(secret, b"cursor authentication\0" + name, "sha256"),
                hmac.digest(secret, b"cursor encryption\0" + name, "sha256"),
            )
        return self._keys

    def _tag(self, order: str, payload: bytes) -> bytes:
        key, _ = self._derived()
        text = order.encode() + b"\0" + payload
        return hashlib.blake2b(text, digest_size=_TAG, key=key).digest()

    def _crypt(self, tag: bytes, data: bytes) -> bytes:
        """Encrypt or decrypt data: both are an exclusive or with the same stream."""
        # PERF: a keyed BLAKE2b costs a third of OpenSSL's HMAC, and needs no OpenSSL.
        _, key = self._derived()
        size = len(data)
        stream = b"".join(
            hashlib.blake2b(tag + at.to_bytes(4, "big"), key=key).digest()
            for at in range(-(-size // _BLOCK))
        )
        mixed = int.from_bytes(data, "big") ^ int.from_bytes(stream[:size], "big")
        return mixed.to_bytes(size, "big")


def _packed(value: object) -> object:
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
    return _LOST


def _found(packed: object, attribute: Attribute) -> object:
    """Return a value that an attribute can have, or LOST."""
    try:
        return _fitting(packed, attribute)
    except Exception:  # noqa: BLE001  # a field of the program may raise any
        return LOST


def _fitting(packed: object, attribute: Attribute) -> object:
    """Return a value that an attribute can have, or raise an error of any type."""
    value = packed
    if isinstance(packed, dict):
        ((tag, text),) = packed.items()
        if tag == "e":
            return attribute.field.enum[text]  # type: ignore[attr-defined]  # fails for others
        value = _TEXTUAL[tag](text)
    if value is None:
        if not attribute.nullable:
            raise ValueError(f"{attribute.name} is not nullable")
        return None
    field = attribute.field
    again = field.deserialize(field.serialize("value", {"value": value}))
    for bound in attribute.bounds:
        bound(again)
    if isinstance(value, type(again)):
        return value
    if again != value:
        raise ValueError(f"{attribute.name} has no such value")
    return again
