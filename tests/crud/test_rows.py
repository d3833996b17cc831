"""The rows of a store in memory: their constraints, copies, and the memory that stores share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from restkit.crud.memory_rows import Row, Rows
from restkit.crud.rows import Memory, Work, copied
from restkit.errors import DeclarationError
from restkit.problems import ServiceUnavailable


@dataclass
class Item:
    a: Any = None
    b: Any = None
    tags: list[str] = field(default_factory=list)


def rows_of(*items: Item) -> Rows:
    """Return rows whose ``a``, and ``a`` and ``b`` together with another one, are unique."""
    made = Rows([("a",), ("b", "tag")])
    for number, item in enumerate(items, 1):
        made.put(Row(number, item, 1))
    return made


def numbers(rows: Rows, name: str, value: object) -> list[int]:
    return [row.number for row in rows.having(name, value)]


def test_rows_are_found_by_unique_and_by_other_values() -> None:
    """None is never equal, neither of a unique attribute nor of another one."""
    rows = rows_of(Item(1, "x"), Item(2, "x"), Item(None, "y"), Item(None))
    assert numbers(rows, "a", 2) == [2]
    assert numbers(rows, "a", 3) == []
    assert numbers(rows, "b", "x") == [1, 2]
    assert numbers(rows, "a", None) == numbers(rows, "b", None) == []
    assert rows.find(("a",), (3,)) is None
    assert rows.last_number == 4


def test_what_violates_a_constraint() -> None:
    """A row does not contradict itself; an attribute that an item lacks has no value."""
    rows = rows_of(Item(1), Item(2))
    assert rows.taken(Item(1)) == ("a",)
    assert rows.taken(Item(1), 1) is None
    assert rows.taken(Item(1), 2) == ("a",)
    assert rows.taken(Item(3)) is None
    assert rows.taken(Item(None)) is None
    first, second = Item(5, "x"), Item(6, "x")
    for each in (first, second):
        vars(each)["tag"] = "t"
    rows.put(Row(9, first, 1))
    assert rows.taken(second) == ("b", "tag")
    assert rows.last_number == 9


def test_a_row_that_is_replaced_or_removed_gives_its_values_back() -> None:
    rows = rows_of(Item(1), Item(2))
    kept = rows.copied()
    rows.put(Row(1, Item(3), 2))
    assert (numbers(rows, "a", 1), numbers(rows, "a", 3)) == ([], [1])
    rows.drop(2)
    rows.drop(2)
    assert numbers(rows, "a", 2) == []
    rows.put(Row(3, Item(2), 1))
    assert numbers(kept, "a", 2) == [2]
    assert numbers(kept, "a", 1) == [1]
    assert (kept.last_number, rows.last_number) == (2, 3)


def test_copies_share_no_mutable_value() -> None:
    item = Item(1, {"x": [1]}, ["t"])
    made = copied(item)
    assert made == item
    made.tags.append("u")
    made.b["x"].append(2)
    assert (item.tags, item.b) == (["t"], {"x": [1]})


def test_memories_that_join_are_one() -> None:
    """Stores that refer to each other share their rows and the shorter time to wait."""
    one, two, three = Memory(3), Memory(2), Memory(5)
    one.kept, two.kept, three.kept = {"one": 1}, {"two": 2}, {"three": 3}  # type: ignore[dict-item]  # any rows
    one.join(two)
    one.join(two)
    three.join(one)
    assert one.root is two.root is three.root is two
    assert two.kept == {"one": 1, "two": 2, "three": 3}
    assert two.timeout == 2


def test_work_is_kept_at_once_or_not_at_all() -> None:
    """Other requests see it after it is kept; one that only reads writes nothing."""
    memory = Memory(0.01)
    memory.kept = {"t": rows_of(Item(1))}
    memory.models = {"t": Item}
    work, other = Work(memory), Work(memory)
    work.writable("t").put(Row(2, Item(2), 1))
    assert numbers(work.rows("t"), "a", 2) == [2]
    assert numbers(other.rows("t"), "a", 2) == []
    with pytest.raises(ServiceUnavailable):
        other.writable("t")
    assert work.writable("t") is work.rows("t")
    work.keep()
    work.close()
    assert numbers(Work(memory).rows("t"), "a", 2) == [2]
    dropped = Work(memory)
    dropped.writable("t").drop(1)
    dropped.close()
    assert numbers(Work(memory).rows("t"), "a", 1) == [1]
    with pytest.raises(DeclarationError, match="must not write to a MemoryStore"):
        Work(memory, reading=True).writable("t")
