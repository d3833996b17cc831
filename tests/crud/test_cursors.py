"""Cursors: values of every type there and back, unreadable, and nothing that was forged."""

from __future__ import annotations

import base64
import datetime as dt
import enum
import json
import uuid
from decimal import Decimal
from typing import Any

import pytest
from marshmallow import fields, validate

from restkit.crud.cursors import LOST, CursorCipher
from restkit.crud.store import AnyField, Attribute


class Color(enum.Enum):
    RED = "red"


CIPHER = CursorCipher("secret", "books")


def attribute(field: AnyField, *, nullable: bool = True) -> Attribute:
    return Attribute("value", field, nullable, frozenset())


TEXT, NUMBER = attribute(fields.Str()), attribute(fields.Int())


VALUES: list[tuple[Any, AnyField]] = [
    (None, fields.Str()),
    (True, fields.Bool()),
    (7, fields.Int()),
    (0.5, fields.Float()),
    ("ä ☃", fields.Str()),
    (Color.RED, fields.Enum(Color)),
    (Decimal("1.50"), fields.Decimal()),
    (uuid.UUID(int=5), fields.UUID()),
    (dt.date(2024, 2, 29), fields.Date()),
    (dt.time(1, 2, 3), fields.Time()),
    (dt.datetime(2024, 2, 29, 1, 2, 3, 4, dt.UTC), fields.AwareDateTime()),
    (dt.timedelta(days=-1, seconds=7), fields.TimeDelta()),
]


@pytest.mark.parametrize(("value", "field"), VALUES)
@pytest.mark.parametrize("backwards", [True, False])
def test_values_come_back_as_they_were(value: Any, field: AnyField, backwards: bool) -> None:
    """A cursor keeps the type of each sort key value, and the direction."""
    cursor = CIPHER.write("a,-b", backwards, (value, 1))
    found_backwards, values = CIPHER.read("a,-b", cursor, (attribute(field), NUMBER))
    assert found_backwards == backwards
    assert values == (value, 1)
    assert type(values[0]) is type(value)


@pytest.mark.parametrize("value", ["confidential", 4021, Decimal("99.25"), Color.RED])
def test_a_client_cannot_read_the_values(value: Any) -> None:
    """No part of a value stands in the bytes of a cursor, and its length does not show."""
    cursor = CIPHER.write("a", False, (value, 1))
    data = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    text = value.name if isinstance(value, Color) else str(value)
    for part in (text[at : at + 3].encode() for at in range(len(text) - 2)):
        assert part not in data
    assert len(cursor) == len(CIPHER.write("a", False, (1, 1)))


@pytest.mark.parametrize(
    ("values", "attributes"),
    [
        (("x", 1), (NUMBER, NUMBER)),
        ((None, 1), (attribute(fields.Str(), nullable=False), NUMBER)),
        ((Color.RED, 1), (TEXT, NUMBER)),
        ((Color.RED, 1), (attribute(fields.Enum(enum.Enum("Other", ["BLUE"]))), NUMBER)),
        ((dt.date(2024, 1, 1), 1), (attribute(fields.UUID()), NUMBER)),
        ((float("inf"), 1), (attribute(fields.Float()), NUMBER)),
        (
            (2**70, 1),
            (
                Attribute(
                    "value", fields.Int(), True, frozenset(), (validate.Range(0, 2**63 - 1),)
                ),
                NUMBER,
            ),
        ),
    ],
)
def test_values_that_do_not_fit_are_lost(values: Any, attributes: Any) -> None:
    """A cursor with the right secret gives no value that the attribute of an order cannot have."""
    cursor = CIPHER.write("a", False, values)
    assert CIPHER.read("a", cursor, attributes) == (False, (LOST, 1))


@pytest.mark.parametrize("values", [(), ("x",), ("x", 1, 1)])
def test_too_few_and_too_many_values(values: Any) -> None:
    """A cursor has as many values as the order has sort keys."""
    cursor = CIPHER.write("a", False, values)
    with pytest.raises(ValueError, match="does not fit"):
        CIPHER.read("a", cursor, (TEXT, NUMBER))


@pytest.mark.parametrize(
    "payload",
    [b"", b"[", b"{}", b"7", b"null", b"[0]", b"\xff"],
)
def test_any_content_under_the_right_secret_is_a_value_error(payload: bytes) -> None:
    """Whatever was encrypted with the secret is read, or refused as a cursor."""
    tag = CIPHER._tag("a", payload)
    sealed = tag + CIPHER._crypt(tag, payload)
    cursor = base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()
    with pytest.raises(ValueError, match="does not fit"):
        CIPHER.read("a", cursor, (TEXT,))


@pytest.mark.parametrize("value", [{}, {"x": "y"}, {"n": []}, {"d": "x", "n": "1"}, []], ids=repr)
def test_any_value_under_the_right_secret_is_lost(value: object) -> None:
    """Members that are no values of a cursor are as good as none."""
    payload = json.dumps([0, value]).encode()
    tag = CIPHER._tag("a", payload)
    sealed = tag + CIPHER._crypt(tag, payload)
    cursor = base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()
    assert CIPHER.read("a", cursor, (TEXT,)) == (False, (LOST,))


def test_a_value_that_cannot_stand_in_a_cursor() -> None:
    """What has no text of its own is lost: the store has it."""
    cursor = CIPHER.write("a", False, ([],))
    assert CIPHER.read("a", cursor, (TEXT,)) == (False, (LOST,))


CURSOR = CIPHER.write("a", False, ("x", 1))


@pytest.mark.parametrize(
    ("signer", "order", "cursor"),
    [
        (CursorCipher("other", "books"), "a", CURSOR),
        (CursorCipher("secret", "authors"), "a", CURSOR),
        (CIPHER, "-a", CURSOR),
        (CIPHER, "a", CURSOR + "A"),
        (CIPHER, "a", CURSOR[:-1]),
        (CIPHER, "a", ""),
        (CIPHER, "a", "x" * 3000),
        (CIPHER, "a", "ä"),
        (CIPHER, "a", "?"),
        (CIPHER, "a", base64.urlsafe_b64encode(b"\0" * 16 + b'[0,"x",1]').decode()),
    ],
)
def test_what_was_not_written_here_for_this_order_is_refused(
    signer: CursorCipher, order: str, cursor: str
) -> None:
    """Another secret, collection or order, and any other text, is no cursor."""
    with pytest.raises(ValueError):
        signer.read(order, cursor, (TEXT, NUMBER))


def test_a_long_cursor_is_refused_though_it_is_signed() -> None:
    """A cursor over the limit is refused before it is decoded, whoever wrote it."""
    long = CIPHER.write("a", False, ("x" * 3000,))
    assert len(long) > 4000
    with pytest.raises(ValueError, match="too long"):
        CIPHER.read("a", long, (TEXT,))


@pytest.mark.parametrize("size", [1, 2, 4, 5])
def test_only_the_canonical_text_of_a_cursor_is_taken(size: int) -> None:
    """Base64 leaves bits over at its end: a cursor in which they are set is no cursor."""
    cursor = CIPHER.write("a", False, ("x" * (size + 11),))
    assert len(cursor) % 4, "a cursor without bits left over"
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    changed = cursor[:-1] + alphabet[alphabet.index(cursor[-1]) + 1]
    padding = "=" * (-len(cursor) % 4)
    assert base64.urlsafe_b64decode(changed + padding) == base64.urlsafe_b64decode(cursor + padding)
    assert CIPHER.read("a", cursor, (TEXT,)) == (False, ("x" * (size + 11),))
    with pytest.raises(ValueError, match="not written here"):
        CIPHER.read("a", changed, (TEXT,))
