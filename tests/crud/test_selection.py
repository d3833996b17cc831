"""Conditions, orders and windows over objects in memory, each operator with and without null."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass
from typing import Any

import pytest
from marshmallow import fields, validate

from restkit.crud.cursors import LOST, CursorCipher
from restkit.crud.query import Condition, ListQuery, Order, Page
from restkit.crud.selection import condition_test, holds, rank, select
from restkit.crud.store import Attribute
from restkit.errors import DeclarationError


@dataclass
class Item:
    value: Any
    key: int = 0


class Level(enum.Enum):
    """Members whose names have another order than their values."""

    LOW = "z"
    HIGH = "a"


@pytest.mark.parametrize(
    ("operator", "wanted", "found"),
    [
        ("eq", 2, [2]),
        ("ne", 2, [1, 3, None]),
        ("gt", 2, [3]),
        ("gte", 2, [2, 3]),
        ("lt", 2, [1]),
        ("lte", 2, [1, 2]),
        ("in", [1, 3], [1, 3]),
        ("not_in", [1, 3], [2, None]),
        ("null", True, [None]),
        ("null", False, [1, 2, 3]),
        ("or", (Condition("value", "eq", 1), Condition("value", "null", True)), [1, None]),
        ("or", (), []),
    ],
)
def test_operators(operator: Any, wanted: Any, found: list[Any]) -> None:
    """A comparison is false for null; `ne` and `not_in` are true for it."""
    test = condition_test(Condition("value", operator, wanted))
    assert [value for value in (1, 2, 3, None) if test(Item(value))] == found


@pytest.mark.parametrize(
    ("operator", "wanted", "found"),
    [
        ("contains", "NN", ["Anna", "anna"]),
        ("contains", "", ["Anna", "anna", "bob"]),
        ("startswith", "AN", ["Anna", "anna"]),
        ("startswith", "nn", []),
    ],
)
def test_operators_of_texts(operator: Any, wanted: str, found: list[str]) -> None:
    """They ignore case."""
    test = condition_test(Condition("value", operator, wanted))
    assert [value for value in ("Anna", "anna", "bob", None) if test(Item(value))] == found


@pytest.mark.parametrize(
    ("wanted", "found"), [([1], [[1], [1, 2]]), ([1, 2], [[1, 2]]), ([], [[1], [1, 2], [], [3]])]
)
def test_all_values_are_among_the_items_of_a_list(wanted: Any, found: Any) -> None:
    test = condition_test(Condition("value", "has", wanted))
    assert [value for value in ([1], [1, 2], [], [3], None) if test(Item(value))] == found


AWARE = dt.time(1, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "values",
    [
        [1, 2, None],
        [Level.HIGH, Level.LOW, None],
        [dt.time(5), dt.time(6), AWARE, None],
        ["a", "b", None],
    ],
)
def test_the_order_of_values(values: list[Any]) -> None:
    """Null is last, members are in the order of their names, times with a zone after others."""
    backwards = values[::-1]
    assert sorted(backwards, key=rank) == values
    items = [Item(value, at) for at, value in enumerate(values)]
    for descending in (False, True):
        query = ListQuery(order=(Order("value", descending), Order("key")))
        found = [each.value for each in select(items[::-1], query).items]
        assert found == (values[::-1] if descending else values)


def window(items: list[Item], **options: Any) -> tuple[list[int], bool, bool, int | None]:
    order = options.pop("order", (Order("value"), Order("key")))
    page: Page[Item] = select(items, ListQuery(order=order, **options))
    return [each.key for each in page.items], page.has_next, page.has_previous, page.total


ITEMS = [Item(value, key) for key, value in enumerate([1, 1, 2, 3, None])]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ([0, 1, 2, 3, 4], False, False, None)),
        ({"limit": 5}, ([0, 1, 2, 3, 4], False, False, None)),
        ({"limit": 4}, ([0, 1, 2, 3], True, False, None)),
        ({"limit": 4, "count": "exact"}, ([0, 1, 2, 3], True, False, 5)),
        ({"limit": 0, "count": "exact"}, ([], True, False, 5)),
        ({"after": (1, 0)}, ([1, 2, 3, 4], False, True, None)),
        ({"after": (1, 0), "limit": 2}, ([1, 2], True, True, None)),
        ({"after": (3, 3)}, ([4], False, True, None)),
        ({"after": (None, 4)}, ([], False, True, None)),
        ({"before": (2, 2)}, ([0, 1], True, False, None)),
        ({"before": (2, 2), "limit": 1}, ([1], True, True, None)),
        ({"before": (None, 4), "limit": 2}, ([2, 3], True, True, None)),
        ({"before": (1, 0)}, ([], True, False, None)),
        ({"offset": 3}, ([3, 4], False, False, None)),
        ({"offset": 3, "limit": 1}, ([3], True, False, None)),
        ({"offset": 9}, ([], False, False, None)),
        ({"scope": {"value": 1}}, ([0, 1], False, False, None)),
        ({"conditions": (Condition("value", "gt", 1),)}, ([2, 3], False, False, None)),
        (
            {"order": (Order("value", True), Order("key")), "after": (1, 0)},
            ([1], False, True, None),
        ),
        (
            {"order": (Order("value", True), Order("key")), "before": (2, 2)},
            ([4, 3], True, False, None),
        ),
    ],
)
def test_windows(options: dict[str, Any], expected: Any) -> None:
    """What comes after or before an edge, and whether there is more on either side."""
    assert window(ITEMS, **options) == expected


def test_what_memory_cannot_evaluate_is_told() -> None:
    says = "A MemoryStore cannot evaluate int as a scope or row rule. Use a mapping of attributes"
    with pytest.raises(DeclarationError, match=says):
        holds(Item(1), 5)
    assert holds(Item(1), [{"value": 1}, True, ({"key": 0},)])
    assert not holds(Item(1), [{"value": 1}, False])
    assert not holds(Item(1), {"value": 1, "key": 1})


NUMBER = Attribute("n", fields.Int(), False, frozenset(), (validate.Range(0, 9),))
NAME = Attribute("t", fields.Str(), True, frozenset())


def test_cursors_hold_what_they_are_given() -> None:
    """For their order, their collection and their secret; a text of any length is 64 bytes more."""
    cipher = CursorCipher("secret", "books")
    cursor = cipher.write("n,t", True, [5, None])
    assert cipher.read("n,t", cursor, [NUMBER, NAME]) == (True, (5, None))
    assert cipher.read("n", cipher.write("n", False, [9]), [NUMBER]) == (False, (9,))
    others = (CursorCipher("other", "books"), CursorCipher("secret", "shelves"))
    for each, order in ((cipher, "t,n"), (others[0], "n,t"), (others[1], "n,t")):
        with pytest.raises(ValueError, match="not written here for this order"):
            each.read(order, cursor, [NUMBER, NAME])
    sizes = {len(cipher.write("t", False, ["x" * length])) for length in range(1, 30)}
    assert sizes == {86}


@pytest.mark.parametrize("value", [10, -1, None, "x", 1.5, b"x", Level.LOW], ids=repr)
def test_values_that_an_attribute_cannot_have(value: object) -> None:
    """Whoever has the secret cannot put them into a query either."""
    cipher = CursorCipher("secret", "books")
    cursor = cipher.write("n", False, [value])
    assert cipher.read("n", cursor, [NUMBER]) == (False, (LOST,))


@pytest.mark.parametrize("values", [[], [1, 2]], ids=repr)
def test_too_few_and_too_many_values(values: list[object]) -> None:
    """A cursor has a value for each sort key."""
    cipher = CursorCipher("secret", "books")
    cursor = cipher.write("n", False, values)
    with pytest.raises(ValueError, match="the cursor does not fit the order"):
        cipher.read("n", cursor, [NUMBER])


@pytest.mark.parametrize(
    ("cursor", "says"),
    [
        ("A" * 2001, "too long or not ASCII"),
        ("A" * 2000, "not written here"),
        ("é" * 86, "too long or not ASCII"),
        ("A" * 85, "not Base64|not written here"),
        ("*" * 86, "not Base64"),
    ],
)
def test_cursors_that_nobody_wrote(cursor: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        CursorCipher("secret", "books").read("n", cursor, [NUMBER])
