"""What is known of a column before any row is read: who gives its value, and in which form."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.dialects import sqlite as own
from sqlalchemy.orm import column_property, mapped_column, registry

from restkit.errors import DeclarationError
from restkit.sqlalchemy import FullText, UTCDateTime
from restkit.sqlalchemy.column_values import (
    default_of,
    forms_of,
    is_generated,
    is_rewritten,
    is_stamped,
    of_other_forms,
)
from restkit.sqlalchemy.columns import bounds_of
from restkit.sqlalchemy.comparing import is_moment
from restkit.sqlalchemy.decorated_types import changes_null, json_form, obstacle_of
from restkit.sqlalchemy.keys import identity_of
from restkit.sqlalchemy.unknown_kinds import UnknownKinds

LITE: Any = own  # its types have no annotations


def model(*arguments: Any, **members: Any) -> Any:
    """Return a model with an id and further members."""
    base = registry().generate_base()
    own = {"__tablename__": "item", "id": mapped_column(sa.Integer, primary_key=True)}
    return type("Item", (base,), {**own, "__table_args__": arguments, **members})


class Decorated(sa.TypeDecorator[Any]):
    """A type that writes and reads what its functions say."""

    impl = sa.String(20)
    cache_ok = False
    write: ClassVar[Any] = staticmethod(lambda value: value)
    read: ClassVar[Any] = staticmethod(lambda value: value)

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return self.write(value)

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return self.read(value)


def decorated(write: Any = None, read: Any = None) -> Any:
    members = {"write": write, "read": read, "cache_ok": False}
    own = {name: staticmethod(each) for name, each in members.items() if callable(each)}
    return type("Own", (Decorated,), own)()


def _fails(error: type[Exception]) -> Any:
    def fail(value: object) -> object:
        raise error("no")

    return fail


def _fails_for_null(value: Any) -> Any:
    return value + ""


@pytest.mark.parametrize(
    ("kind", "on_sqlite", "on_postgresql"),
    [
        (sa.Integer(), False, False),
        (sa.String(5), False, False),
        (sa.CHAR(5), False, True),
        (sa.Float(), False, False),
        (sa.REAL(), True, True),
        (sa.Numeric(15, 2), False, False),
        (sa.Numeric(16, 2), True, False),
        (sa.Numeric(), True, False),
        (sa.Uuid(), False, False),
        (sa.Uuid(as_uuid=False), True, True),
        (sa.JSON(), False, False),
        (postgresql.JSONB(), False, True),
        (postgresql.ARRAY(sa.Integer), True, True),
        (postgresql.INET(), True, True),
        (sa.DateTime(), False, False),
        (sa.DateTime(timezone=True), False, True),
        (postgresql.TIMESTAMP(precision=0), False, True),
        (postgresql.INTERVAL(precision=3), True, True),
        (sa.Interval(second_precision=0), True, True),
        (decorated(), True, True),
    ],
    ids=repr,
)
def test_which_columns_a_database_stores_in_another_form(
    kind: Any, on_sqlite: bool, on_postgresql: bool
) -> None:
    """Such a value is read again after a write."""
    column: Any = sa.Column("value", kind)
    assert is_rewritten(column, "sqlite") is on_sqlite
    assert is_rewritten(column, "postgresql") is on_postgresql


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        (sa.Integer(), (int, False)),
        (sa.Float(), (float, False)),
        (sa.DateTime(), (dt.datetime, False)),
        (sa.DateTime(timezone=True), (dt.datetime, True)),
        (sa.Numeric(), (Decimal, False)),
        (sa.Uuid(), (uuid.UUID, False)),
        (sa.Enum("a", "b"), (str, False)),
        (sa.JSON(), None),
        (postgresql.ARRAY(sa.Integer), None),
        (postgresql.INET(), None),
        (decorated(), None),
        (type("Odd", (sa.Integer,), {"python_type": list})(), None),
    ],
    ids=repr,
)
def test_the_form_of_the_values_of_a_type(kind: Any, form: Any) -> None:
    """A type without one class of values has none."""
    mapper = sa.inspect(model(value=mapped_column(kind))).mapper
    expected = {"id": (int, False)} | ({} if form is None else {"value": form})
    assert forms_of(mapper) == expected


def test_values_in_another_form_are_found() -> None:
    """A text for a number and an offset where the column has none are read again; null is not."""
    at = dt.datetime(2026, 1, 1)
    forms: Any = {"n": (int, False), "at": (dt.datetime, False), "zoned": (dt.datetime, True)}
    assert of_other_forms({"n": 1, "at": at, "zoned": at.replace(tzinfo=dt.UTC)}, forms) == []
    assert of_other_forms({"n": None, "at": None}, forms) == []
    assert of_other_forms({"n": "1", "at": at.replace(tzinfo=dt.UTC)}, forms) == ["n", "at"]
    assert of_other_forms({"n": True}, forms) == ["n"]


def test_what_is_no_column_is_generated() -> None:
    """An expression that the model maps is not written; a plain column is."""
    number: Any = mapped_column(sa.Integer)
    counted = mapped_column(sa.Integer, sa.Identity(always=True))
    given = mapped_column(sa.Integer, sa.Identity())
    item = model(
        number=number,
        twice=column_property(number + 1),
        computed=mapped_column(sa.Integer, sa.Computed("1 + 1")),
        noted=mapped_column(sa.Integer, info={"generated": True}),
        counted=counted,
        given=given,
    )
    mapper = sa.inspect(item).mapper
    found = {each.key for each in mapper.column_attrs if is_generated(each, mapper)}
    assert found == {"id", "twice", "computed", "noted", "counted"}


def _of_row(context: Any) -> object:
    return context.get_current_parameters()["id"]


@pytest.mark.parametrize(
    ("options", "stamped"),
    [
        ({}, False),
        ({"default": 1}, False),
        ({"default": sa.func.now()}, True),
        ({"default": uuid.uuid4}, True),
        ({"default": _of_row}, False),
        ({"default": list, "type_": sa.JSON()}, False),
        ({"default": list, "type_": sa.PickleType()}, False),
        ({"onupdate": 1}, True),
        ({"server_onupdate": sa.FetchedValue()}, True),
        ({"server_default": "a"}, False),
        ({"server_default": sa.text("'it''s'")}, False),
        ({"server_default": sa.text("-1.5")}, False),
        ({"server_default": sa.text("TRUE")}, False),
        ({"server_default": sa.text("random()")}, True),
        ({"server_default": sa.func.now()}, True),
        ({"server_default": sa.text("random()"), "default": "a"}, False),
    ],
)
def test_which_defaults_are_stamps(options: dict[str, Any], stamped: bool) -> None:
    """A PUT resets constants, and leaves what each row or change gets anew."""
    column: Any = sa.Column("value", **{"type_": sa.String(20), **options})
    assert is_stamped(column) is stamped


def test_a_computed_column_has_neither_a_stamp_nor_a_default() -> None:
    """The database computes it with each change; an identity is a stamp."""
    computed: Any = sa.Column("value", sa.Integer, sa.Computed("1 + 1"))
    assert not is_stamped(computed)
    assert default_of(computed) is None
    assert is_stamped(sa.Column("value", sa.Integer, sa.Identity()))


def test_defaults_of_the_database_are_texts_or_expressions() -> None:
    """A text column has the text itself, another one a cast of it."""
    text: Any = sa.Column("value", sa.String(5), server_default="a")
    number: Any = sa.Column("value", sa.Integer, server_default="7")
    word: Any = sa.Column("value", sa.Enum("a", "b"), server_default="a")
    literal: Any = sa.Column("value", sa.Integer, server_default=sa.text("7"))
    assert default_of(text) == "a"
    assert str(default_of(number)()) == "CAST(:param_1 AS INTEGER)"
    assert "CAST" in str(default_of(word)())
    assert str(default_of(literal)()) == "7"


@pytest.mark.parametrize(
    ("kind", "is_one"),
    [
        (sa.DateTime(), True),
        (sa.Time(), True),
        (sa.Interval(), True),
        (UTCDateTime(), True),
        (LITE.DATETIME(), False),
        (LITE.TIME(), False),
        (sa.Date(), False),
        (sa.Integer(), False),
    ],
    ids=repr,
)
def test_which_types_are_texts_with_a_fraction_on_sqlite(kind: Any, is_one: bool) -> None:
    """SQLite's own types have a format that the model says."""
    assert is_moment(kind) is is_one


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (sa.String(), ""),
        (decorated(), ""),
        (decorated(write=_fails(ValueError)), ""),
        (decorated(write=_fails(KeyError)), ""),
        (decorated(write=_fails(OSError)), "does not store a value of str: OSError"),
        (
            decorated(read=_fails(OSError)),
            "does not read back a value of str that it has stored: OSError",
        ),
        (decorated(read=lambda value: None), "does not store a value of str"),
        (decorated(read=lambda value: 1), "returns a value of int in place of a value of str"),
        (
            decorated(read=lambda value: 0 if value is None else value),
            "returns a value of int in place of a value of str",
        ),
    ],
)
def test_what_a_type_does_to_a_text(kind: Any, says: str) -> None:
    """A type is tried with a value of its Python type and with null."""
    assert obstacle_of(kind, str) == says


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        (sa.String(), False),
        (decorated(), False),
        (decorated(write=lambda value: value or ""), True),
        (decorated(read=lambda value: value or ""), True),
        (decorated(write=_fails_for_null), False),
    ],
)
def test_types_that_change_null(kind: Any, changes: bool) -> None:
    """A type that does not expect null changes none."""
    assert changes_null(kind) is changes
    assert json_form(kind) is None


def _shelf(*, unique: bool) -> Any:
    index = sa.Index("by_code", "code", "shelf", unique=unique)
    columns = {name: mapped_column(sa.String(5)) for name in ("code", "shelf", "other")}
    return sa.inspect(model(index, sa.UniqueConstraint("other", "shelf"), **columns)).mapper


def test_a_unique_index_makes_a_key() -> None:
    """As a unique constraint does; an index that only finds rows does not."""
    mapper = _shelf(unique=True)
    for name in ("code", "other"):
        column = mapper.columns[name]
        column.nullable = mapper.columns["shelf"].nullable = False
        assert identity_of(mapper, name, ("shelf",)) == {name, "shelf"}
    mapper = _shelf(unique=False)
    mapper.columns["code"].nullable = mapper.columns["shelf"].nullable = False
    with pytest.raises(DeclarationError, match=r"The key 'code' of Item does not name one row\."):
        identity_of(mapper, "code", ("shelf",))


def test_full_text_search_names_the_databases_that_have_it() -> None:
    """A migration for another one fails with the names."""
    item = model(text=mapped_column(sa.String(50)), search=FullText("text"))
    says = "FullText works on SQLite and PostgreSQL, not on mysql."
    with pytest.raises(DeclarationError, match=says):
        vars(item)["search"].statements(item, mysql.dialect())


@pytest.mark.parametrize(
    ("kind", "least", "most"),
    [
        (sa.SmallInteger(), -(2**15), 2**15 - 1),
        (sa.Integer(), -(2**31), 2**31 - 1),
        (sa.BigInteger(), -(2**63), 2**63 - 1),
        (sa.Numeric(5, 2), Decimal("-999.99"), Decimal("999.99")),
        (sa.Numeric(3), -999, 999),
        (sa.Numeric(2, 2), Decimal("-0.99"), Decimal("0.99")),
        (sa.String(7), None, 7),
    ],
    ids=repr,
)
def test_the_bounds_of_a_column(kind: Any, least: Any, most: Any) -> None:
    """The numbers that fit, and the length of a text."""
    (bound,) = bounds_of(sa.Column("value", kind))
    found: Any = bound
    assert (found.min, found.max) == (least, most)


@pytest.mark.parametrize("kind", [sa.Numeric(), sa.Float(5), sa.Text(), sa.Enum("a")], ids=repr)
def test_columns_without_bounds(kind: Any) -> None:
    assert list(bounds_of(sa.Column("value", kind))) == []


def test_kinds_that_nobody_knows_are_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """A hundred of them, so that a broken program does not fill the log."""
    item = model(kind=mapped_column(sa.String(9)))
    logged = UnknownKinds(sa.inspect(item), item.kind)
    logged._report(["a", "b", "a"])
    logged._report(["b"])
    assert [each.args[2] for each in caplog.records if each.args] == ["a", "b"]
    logged._report(range(200))
    assert len(caplog.records) == 100
