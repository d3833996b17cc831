"""Cursors: values of every kind there and back, and nothing that was not written here."""

from __future__ import annotations

import base64
import datetime as dt
import enum
import uuid
from decimal import Decimal
from typing import Any

import pytest

from restkit.crud.cursors import CursorSigner


class Color(enum.Enum):
    RED = "red"


SIGNER = CursorSigner("secret", "books")


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        7,
        0.5,
        "ä ☃",
        Color.RED,
        Decimal("1.50"),
        uuid.UUID(int=5),
        dt.date(2024, 2, 29),
        dt.time(1, 2, 3),
        dt.datetime(2024, 2, 29, 1, 2, 3, 4, dt.UTC),
        dt.timedelta(days=-1, microseconds=7),
        dt.timedelta.max,
    ],
)
@pytest.mark.parametrize("backwards", [True, False])
def test_values_come_back_as_they_were(value: Any, backwards: bool) -> None:
    """A cursor holds the values of an order's keys with their types, and which way it goes."""
    cursor = SIGNER.write("a,-b", backwards, (value, 1))
    kind = Color if isinstance(value, Color) else None
    found_backwards, values = SIGNER.read("a,-b", cursor, (kind, None))
    assert found_backwards == backwards
    assert values == (value, 1)
    assert type(values[0]) is type(value)


def test_a_value_that_cannot_stand_in_a_cursor() -> None:
    """What has no text of its own is refused with a sentence."""
    with pytest.raises(TypeError, match="A cursor cannot hold a list"):
        SIGNER.write("a", False, ([],))


CURSOR = SIGNER.write("a", False, ("x", 1))


@pytest.mark.parametrize(
    ("signer", "order", "cursor"),
    [
        (CursorSigner("other", "books"), "a", CURSOR),
        (CursorSigner("secret", "authors"), "a", CURSOR),
        (SIGNER, "-a", CURSOR),
        (SIGNER, "a", CURSOR + "A"),
        (SIGNER, "a", CURSOR[:-1]),
        (SIGNER, "a", ""),
        (SIGNER, "a", "x" * 3000),
        (SIGNER, "a", "ä"),
        (SIGNER, "a", "?"),
        (SIGNER, "a", base64.urlsafe_b64encode(b"\0" * 12 + b'[0,"x",1]').decode()),
    ],
)
def test_what_was_not_written_here_for_this_order_is_refused(
    signer: CursorSigner, order: str, cursor: str
) -> None:
    """Another secret, collection or order, and any other text, is no cursor."""
    with pytest.raises(ValueError):
        signer.read(order, cursor, (None, None))


def test_a_long_cursor_is_refused_though_it_is_signed() -> None:
    """A cursor over the limit is refused before it is decoded, whoever wrote it."""
    long = SIGNER.write("a", False, ("x" * 3000,))
    assert len(long) > 4000
    with pytest.raises(ValueError, match="too long"):
        SIGNER.read("a", long, (None,))


@pytest.mark.parametrize("size", [1, 2, 4, 5])
def test_only_the_canonical_text_of_a_cursor_is_taken(size: int) -> None:
    """Base64 leaves bits over at its end: a cursor in which they are set is no cursor."""
    cursor = SIGNER.write("a", False, ("x" * size,))
    assert len(cursor) % 4, "a cursor without bits left over"
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    changed = cursor[:-1] + alphabet[alphabet.index(cursor[-1]) + 1]
    padding = "=" * (-len(cursor) % 4)
    assert base64.urlsafe_b64decode(changed + padding) == base64.urlsafe_b64decode(cursor + padding)
    assert SIGNER.read("a", cursor, (None,)) == (False, ("x" * size,))
    with pytest.raises(ValueError, match="signature does not match"):
        SIGNER.read("a", changed, (None,))
