"""Keys of stores in memory, the marks of removed items, and the neighbors of a table."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest
from marshmallow import fields

from restkit import DeclarationError
from restkit.crud.memory_keys import check_mark, check_ruled, identity_of, mark, neighbors


class Note:
    """A model."""


class Other:
    """Another model."""


def attribute(name: str, field: fields.Field[Any], *, nullable: bool = False) -> Any:
    return SimpleNamespace(name=name, field=field, nullable=nullable)


def store_of(*unique: tuple[str, ...], nullable: str = "") -> Any:
    attributes = {
        name: attribute(name, fields.Str(), nullable=name in nullable.split())
        for name in ("id", "slug", "tenant", "part")
    }
    return SimpleNamespace(attributes=attributes, unique=unique, model=Note)


@pytest.mark.parametrize(
    ("unique", "names", "scope", "identity"),
    [
        ([("id",)], ["id"], [], ("id",)),
        ([("id",), ("slug",)], ["slug"], [], ("slug",)),
        ([("tenant", "slug")], ["slug"], ["tenant"], ("tenant", "slug")),
        ([("tenant", "slug"), ("slug",)], ["slug"], ["tenant"], ("slug",)),
        ([("id", "part")], ["id", "part"], [], ("id", "part")),
        ([("part",)], ["id", "part"], [], ("part",)),
    ],
)
def test_what_identifies_an_item(
    unique: list[tuple[str, ...]], names: list[str], scope: list[str], identity: tuple[str, ...]
) -> None:
    """The fewest unique attributes among those of the URL and the scope."""
    assert identity_of(store_of(*unique), names, scope) == identity


@pytest.mark.parametrize(
    ("unique", "names", "scope", "nullable", "key"),
    [
        ([("id",)], ["slug"], [], "", "'slug'"),
        ([("tenant", "slug")], ["slug"], [], "", "'slug'"),
        ([("tenant",)], ["slug"], ["tenant"], "", "'slug'"),
        ([("id",)], ["id"], [], "id", "'id'"),
        ([("id", "part")], ["id", "part"], [], "part", r"\('id', 'part'\)"),
        ([("id",)], ["id", "part"], [], "", r"\('id', 'part'\)"),
        ([], ["id"], [], "", "'id'"),
    ],
)
def test_a_key_that_identifies_no_item_is_refused(
    unique: list[tuple[str, ...]], names: list[str], scope: list[str], nullable: str, key: str
) -> None:
    with pytest.raises(DeclarationError, match=f"The key {key} of Note is not unique"):
        identity_of(store_of(*unique, nullable=nullable), names, scope)


def _may_mark(field: fields.Field[Any], *, nullable: bool) -> bool:
    try:
        check_mark(Note, attribute("gone", field, nullable=nullable))
    except DeclarationError as error:
        assert "Note.gone must mark removed items" in str(error)  # noqa: PT017  # both results count
        return False
    return True


@pytest.mark.parametrize(
    ("field", "nullable", "is_mark"),
    [
        (fields.Bool(), False, True),
        (fields.Bool(), True, True),
        (fields.DateTime(), True, True),
        (fields.AwareDateTime(), True, True),
        (fields.DateTime(), False, False),
        (fields.Str(), True, False),
        (fields.Date(), True, False),
    ],
)
def test_what_marks_removed_items(field: fields.Field[Any], nullable: bool, is_mark: bool) -> None:
    assert _may_mark(field, nullable=nullable) is is_mark


def test_the_marks_of_removed_items() -> None:
    flag, moment = attribute("gone", fields.Bool()), attribute("gone", fields.DateTime())
    assert [mark(flag, removed=each) for each in (True, False)] == [{"gone": True}, {"gone": False}]
    assert mark(moment, removed=False) == {"gone": None}
    ((name, value),) = mark(moment, removed=True).items()
    assert name == "gone"
    assert isinstance(value, dt.datetime)
    assert value.tzinfo is dt.UTC


def test_the_neighbors_of_a_table() -> None:
    pairs = [("a", "b"), ("c", "a"), ("c", "d"), ("a", "a")]
    references = [SimpleNamespace(table=table, target=target) for table, target in pairs]
    memory: Any = SimpleNamespace(references=references)
    found = {table: neighbors(memory, table) for table in "abcde"}
    assert found == {"a": ["b", "c"], "b": ["a"], "c": ["a", "d"], "d": ["c"], "e": []}


@pytest.mark.parametrize(
    ("is_part", "model", "is_served", "says"),
    [
        (True, Note, False, "holds for all kinds"),
        (False, Other, False, "This MemoryStore holds Note, not"),
        (False, Note, True, "before the first collection"),
    ],
)
def test_row_rules_that_a_store_cannot_have(
    is_part: bool, model: type, is_served: bool, says: str
) -> None:
    store: Any = SimpleNamespace(model=Note, shape=SimpleNamespace(is_part=is_part))
    with pytest.raises(DeclarationError, match=says):
        check_ruled(store, model, is_served=is_served)
    check_ruled(
        SimpleNamespace(model=Note, shape=SimpleNamespace(is_part=False)),  # type: ignore[arg-type]
        Note,
        is_served=False,
    )
