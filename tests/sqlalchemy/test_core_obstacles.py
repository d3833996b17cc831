"""Why rows of a model are read or written with the ORM: what a row as a dict would leave out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import column_property, deferred, mapped_column, registry, relationship
from sqlalchemy.orm import validates as checks

from restkit.sqlalchemy.core_checks import (
    creating_obstacle,
    deleting_obstacle,
    reading_obstacle,
    returns_rows,
    writing_obstacle,
)


def mapper_of(change: Callable[[Any], object] = lambda item: None, **members: Any) -> Any:
    """Return the mapper of a model with an id, a name and further members."""
    base = registry().generate_base()
    own = {
        "__tablename__": "item",
        "id": mapped_column(sa.Integer, primary_key=True),
        "name": mapped_column(sa.String(9)),
    }
    other = {
        "__tablename__": "other",
        "id": mapped_column(sa.Integer, primary_key=True),
        "item_id": mapped_column(sa.ForeignKey("item.id"), nullable=True),
    }
    base.metadata.info["held"] = type("Other", (base,), other)  # nothing else holds the class
    item: Any = type("Item", (base,), {**own, **members})
    sa.inspect(item).mapper.registry.configure()
    change(item)
    return sa.inspect(item).mapper


def _subclass(item: Any) -> None:
    item.metadata.info["sub"] = type("Sub", (item,), {})


def _replace(item: Any) -> None:
    assert sa.inspect(item).mapper.all_orm_descriptors
    type.__setattr__(item, "name", property(lambda self: "own"))


def _get(self: Any, name: str) -> object:
    return object.__getattribute__(self, name)


@pytest.mark.parametrize(
    ("says", "options"),
    [
        ("", {}),
        ("Item takes part in inheritance", {"change": _subclass}),
        ("Item has its own access to attributes", {"__getattribute__": _get}),
        ("Item has its own access to attributes", {"__getitem__": _get}),
        ("Item.name is overridden by the class", {"change": _replace}),
        ("Item.name is deferred", {"name": deferred(sa.Column("name", sa.String(9)))}),
        (
            "Item.name is not one column of the table",
            {"name": column_property(sa.literal("a"))},
        ),
        ("Item.name is not a column", {"name": hybrid_property(lambda self: "a")}),
        ("Item.name is not a column", {"name": None}),
    ],
)
def test_what_is_read_with_the_orm(says: str, options: dict[str, Any]) -> None:
    assert reading_obstacle(mapper_of(**options), {"id", "name"}) == says


def test_a_model_of_a_query_is_not_one_table() -> None:
    base = registry().generate_base()
    key = sa.Column("id", sa.Integer, primary_key=True)
    query = sa.select(sa.Table("t", base.metadata, key)).subquery()
    item: Any = type("Item", (base,), {"__table__": query, "__mapper_args__": {}})
    assert reading_obstacle(sa.inspect(item), {"id"}) == "Item is not mapped to one table"


def _set(self: Any, name: str, value: object) -> None:
    object.__setattr__(self, name, value)


def _listen(item: Any) -> None:
    event.listen(item.name, "set", lambda *_: None)


@pytest.mark.parametrize(
    ("says", "options"),
    [
        ("", {}),
        ("Item has validators", {"check": checks("name")(lambda self, name, value: value)}),
        ("Item has its own __setattr__", {"__setattr__": _set}),
        ("Item.name has listeners", {"change": _listen}),
        ("", {"others": relationship("Other")}),
        (
            "Item has a relation with passive_updates=False",
            {"others": relationship("Other", passive_updates=False)},
        ),
    ],
)
def test_what_is_written_with_the_orm(says: str, options: dict[str, Any]) -> None:
    assert writing_obstacle(mapper_of(**options), {"id"}) == says


def test_an_attribute_that_is_no_column_is_written_with_the_orm() -> None:
    assert writing_obstacle(mapper_of(), {"id", "size"}) == "Item.size is not a column"


@pytest.mark.parametrize(
    ("says", "options"),
    [
        ("", {}),
        ("Item has its own __init__ or __new__", {"__init__": lambda self: None}),
        ("Item has its own __init__ or __new__", {"__new__": lambda kind: object.__new__(kind)}),
        (
            "Item has listeners of init",
            {"change": lambda item: event.listen(item, "init", lambda *_: None)},
        ),
    ],
)
def test_what_makes_new_objects(says: str, options: dict[str, Any]) -> None:
    assert creating_obstacle(mapper_of(**options)) == says


@pytest.mark.parametrize(
    ("is_changed", "relation"),
    [
        (False, {}),
        (True, {"others": relationship("Other")}),
        (
            False,
            {
                "other_id": mapped_column(sa.ForeignKey("other.id")),
                "other": relationship("Other", foreign_keys="Item.other_id"),
            },
        ),
        (
            True,
            {
                "other_id": mapped_column(sa.ForeignKey("other.id")),
                "other": relationship("Other", foreign_keys="Item.other_id", cascade="delete"),
            },
        ),
    ],
)
def test_a_relation_may_change_other_rows(is_changed: bool, relation: dict[str, Any]) -> None:
    """A list does, whose rows refer to the item; a reference does if the removal cascades."""
    name = next(reversed(relation), "")
    says = f"the relation Item.{name} may change other rows" if is_changed else ""
    assert deleting_obstacle(mapper_of(**relation)) == says


@pytest.mark.parametrize("missing", ["", "insert", "update", "delete"])
def test_statements_return_rows_only_if_each_kind_does(missing: str) -> None:
    """SQLite learned it in one version, other databases one by one."""

    class Dialect:
        insert_returning = missing != "insert"
        update_returning = missing != "update"
        delete_returning = missing != "delete"

    dialect: Any = Dialect()
    assert returns_rows(dialect) is (not missing)
