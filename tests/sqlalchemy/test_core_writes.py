"""Statements that write rows: what they refuse to overwrite, and what they leave to other ways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import mapped_column, registry

from restkit.crud import StaleWrite, UniqueViolation
from restkit.crud.store import KeyTaken
from restkit.sqlalchemy import UTCDateTime
from restkit.sqlalchemy.core_upserts import CoreUpserting
from restkit.sqlalchemy.core_writes import CoreWriting, mark_of


class Table:
    """A table in memory with an id, a unique code and further columns, and its writers."""

    def __init__(self, connection: sa.Connection, **members: Any) -> None:
        base = registry().generate_base()
        own = {
            "__tablename__": "item",
            "id": mapped_column(sa.Integer, primary_key=True),
            "code": mapped_column(sa.String(9), unique=True, nullable=True),
            "n": mapped_column(sa.Integer, nullable=True),
        }
        model: Any = type("Item", (base,), {**own, **members})
        base.metadata.create_all(connection)
        self.connection = connection
        self.mapper: Any = sa.inspect(model)
        names = [each.key for each in self.mapper.column_attrs]
        self.writing = CoreWriting(self.mapper, frozenset({"id"}), names)
        self.upserting = CoreUpserting(self.mapper, None, names, self.writing)

    def insert(self, **values: Any) -> dict[str, Any]:
        row: dict[str, Any] = dict(values)
        self.writing.insert(self.connection, row, "id")
        return row

    def upsert(self, *rows: dict[str, Any], **options: Any) -> Any:
        written = [each.keys() - {"code"} for each in rows]
        return self.upserting.upsert(self.connection, rows, written, ["code"], options)

    def rows(self) -> list[dict[str, Any]]:
        found = self.connection.execute(sa.select(self.mapper.local_table).order_by("id"))
        return [dict(each) for each in found.mappings()]


@pytest.fixture
def connection() -> Iterator[sa.Connection]:
    engine = sa.create_engine("sqlite://")
    with engine.begin() as made:
        yield made
    engine.dispose()


def versioned(**options: Any) -> dict[str, Any]:
    column = mapped_column(options.pop("kind", sa.Integer), nullable=False)
    return {"v": column, "__mapper_args__": {"version_id_col": column, **options}}


def test_a_row_that_another_request_changed_is_not_overwritten(connection: sa.Connection) -> None:
    """Each way to write compares the version that was read, or the number of rows."""
    table = Table(connection, **versioned())
    item = table.insert(code="a", n=1)
    stale = dict(item)
    table.writing.update(connection, item, {"n": 2})
    assert (stale["v"], item["v"], item["n"]) == (1, 2, 2)
    with pytest.raises(StaleWrite):
        table.writing.update(connection, stale, {"n": 3})
    with pytest.raises(StaleWrite):
        table.writing.delete(connection, stale)
    table.writing.update(connection, stale, {"n": 1})  # no change of what it has read
    assert table.rows() == [item]
    table.writing.delete(connection, item)
    assert table.rows() == []


def test_an_attribute_that_was_not_read_is_written(connection: sa.Connection) -> None:
    """No response has the value of a load_only field, so the row comes without it."""
    table = Table(connection)
    item = table.insert(code="a", n=1)
    del item["n"]
    table.writing.update(connection, item, {"code": "a", "n": 2})
    assert (item["n"], [each["n"] for each in table.rows()]) == (2, [2])


def test_many_rows_are_written_all_or_none(connection: sa.Connection) -> None:
    """If one of the rows is gone, neither a change nor a removal counts as made."""
    table = Table(connection, **versioned())
    items = [table.insert(code=each) for each in "abc"]
    table.writing.update_many(connection, items, {"n": 5})
    assert [(each["n"], each["v"]) for each in table.rows()] == [(5, 2)] * 3
    with pytest.raises(StaleWrite):
        table.writing.update_many(connection, [*items, {"id": 9}], {"n": 6})
    with pytest.raises(StaleWrite):
        table.writing.delete_many(connection, [items[0], {"id": 9}])
    table.writing.delete_many(connection, items[1:])
    assert [each["id"] for each in table.rows()] == []


def test_a_row_without_a_version_may_be_gone_already(connection: sa.Connection) -> None:
    """To delete it again is no conflict; to change it is one."""
    table = Table(connection)
    item = table.insert(code="a")
    table.writing.delete(connection, item)
    table.writing.delete(connection, item)
    with pytest.raises(StaleWrite):
        table.writing.update(connection, item, {"n": 1})


def test_a_key_that_is_taken_is_told_from_other_values(connection: sa.Connection) -> None:
    """The transaction can go on after either."""
    table = Table(connection)
    table.insert(id=7, code="a")
    with pytest.raises(KeyTaken):
        table.insert(id=7, code="b")
    with pytest.raises(UniqueViolation) as raised:
        table.insert(id=8, code="a")
    assert not isinstance(raised.value, KeyTaken)
    assert [*raised.value.names] == ["code"]
    assert [each["id"] for each in table.rows()] == [7]


def test_expressions_of_sql_are_evaluated_by_the_database(connection: sa.Connection) -> None:
    """One row takes them; several rows at once need another way, and nothing is written."""
    table = Table(connection)
    absolute: Any = sa.func.abs
    item = table.insert(code="a", n=absolute(-3))
    assert item["n"] == 3
    table.writing.update(connection, item, {"n": sa.literal(3) + 4})
    assert item["n"] == 7
    assert table.writing.insert_many(connection, [{"code": "b"}, {"n": absolute(-1)}]) is None
    assert len(table.rows()) == 1
    made = table.writing.insert_many(connection, [{"code": "b", "n": None}, {"code": "c"}])
    assert made is not None
    assert [(each["id"], each["code"]) for each in made] == [(2, "b"), (3, "c")]
    table.writing.update_many(connection, [item], {"n": absolute(-9)})
    assert [each["n"] for each in table.rows()] == [9, None, None]


@pytest.mark.parametrize(
    ("options", "counts"),
    [
        ({}, True),
        ({"version_id_generator": lambda version: (version or 0) + 1}, True),
        ({"version_id_generator": lambda version: (version or 0) + 2}, False),
        ({"version_id_generator": lambda version: str(version), "kind": sa.String(9)}, False),
        ({"version_id_generator": False}, False),
        (None, False),
    ],
)
def test_which_versions_are_counted(
    connection: sa.Connection, options: dict[str, Any] | None, counts: bool
) -> None:
    """Only those that the database can count by itself."""
    table = Table(connection, **({} if options is None else versioned(**options)))
    assert table.writing.is_counted is counts


def test_versions_that_are_not_counted_are_made_for_each_row(connection: sa.Connection) -> None:
    """Several rows get what the model's function says."""
    table = Table(connection, **versioned(version_id_generator=lambda old: (old or 0) + 10))
    items = [table.insert(code=each) for each in "ab"]
    table.writing.update_many(connection, items, {"n": 1})
    assert [(each["v"], each["n"]) for each in table.rows()] == [(20, 1), (20, 1)]


def test_an_upsert_creates_and_replaces(connection: sa.Connection) -> None:
    """A row that comes to have the same values keeps its version."""
    table = Table(connection, **versioned())
    old = table.insert(code="a", n=1)
    (same,) = table.upsert({"code": "a", "n": 1})
    assert same == (old, False)
    changed, made = table.upsert({"code": "a", "n": 2}, {"code": "b", "n": None})
    assert changed == ({**old, "n": 2, "v": 2}, False)
    assert made == ({"id": made[0]["id"], "code": "b", "n": None, "v": 1}, True)
    assert table.upsert({"code": "b", "n": 5}, n=9) == [None]  # not in the scope
    assert [each["n"] for each in table.rows()] == [2, None]


def _of_row(context: Any) -> object:
    return context.get_current_parameters()["n"]


@pytest.mark.parametrize(
    ("members", "row"),
    [
        (versioned(version_id_generator=lambda old: (old or 0) + 2), {}),
        ({"more": mapped_column(sa.Integer, onupdate=_of_row, nullable=True)}, {}),
        ({"more": mapped_column(sa.JSON, nullable=True)}, {"more": [1]}),
        ({"more": mapped_column(sa.Integer, default=3)}, {"more": None}),
        ({"more": mapped_column(sa.Integer, server_default="3")}, {"more": None}),
        ({}, {"n": sa.func.abs(-1)}),
    ],
    ids=["version", "context", "json", "default", "server default", "expression"],
)
def test_upserts_that_need_other_ways(
    connection: sa.Connection, members: dict[str, Any], row: dict[str, Any]
) -> None:
    """What one statement could not do as the ORM does is not tried."""
    table = Table(connection, **members)
    assert table.upsert({"code": "a", "n": 1, **row}) is None
    assert table.rows() == []


def test_databases_without_such_a_statement_need_other_ways(connection: sa.Connection) -> None:
    table = Table(connection)

    class Other:
        dialect = mysql.dialect()

    rows = [{"code": "a"}]
    assert table.upserting.upsert(Other(), rows, [()], ["code"], {}) is None  # type: ignore[arg-type]  # nothing runs


@pytest.mark.parametrize(
    ("onupdate", "value"), [(5, 5), (lambda: 6, 6), (sa.func.abs(-7), 7)], ids=["a", "b", "c"]
)
def test_an_upsert_stamps_what_it_changes(
    connection: sa.Connection, onupdate: Any, value: int
) -> None:
    """A constant, a function or an expression, unless the row stays as it is."""
    table = Table(connection, more=mapped_column(sa.Integer, onupdate=onupdate, default=1))
    table.insert(code="a", n=1, more=1)
    (same,) = table.upsert({"code": "a", "n": 1})
    (changed,) = table.upsert({"code": "a", "n": 2})
    assert (same[0]["more"], changed[0]["more"]) == (1, value)


@pytest.mark.parametrize(
    ("kind", "aware"),
    [(sa.DateTime(), False), (sa.DateTime(timezone=True), True), (UTCDateTime(), True)],
    ids=repr,
)
def test_the_mark_of_a_removed_row(kind: Any, aware: bool) -> None:
    """The present time, with an offset where the column has one; True of a boolean."""
    found: Any = mark_of(kind)
    assert (found.tzinfo is not None) is aware
    flag: Any = sa.Boolean()
    assert mark_of(flag) is True
