"""Totals over a database: sums, moments and dates as columns have them, in one statement."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Generator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App
from restkit.crud import CRUDResource
from restkit.crud.totals import TotalsOverflow
from restkit.errors import DeclarationError
from restkit.sqlalchemy import Database, FullText, UTCDateTime
from restkit.sqlalchemy.totals import raise_overflow
from restkit.testing import Client


class Status(enum.Enum):
    OPEN = "open"
    CLOSED = "closed"


class Cents(sa.TypeDecorator[Decimal]):
    """Stores an amount as a number of cents."""

    impl = sa.Numeric(12, 0)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: object) -> Decimal | None:
        return None if value is None else value * 100

    def process_result_value(self, value: Decimal | None, dialect: object) -> Decimal | None:
        return None if value is None else value / 100


class Base(DeclarativeBase):
    pass


class Sale(Base):
    __tablename__ = "sale"

    id: Mapped[int] = mapped_column(primary_key=True)
    status: Mapped[Status] = mapped_column(sa.Enum(Status, name="sale_status"))
    price: Mapped[Decimal] = mapped_column(sa.Numeric(12, 2))
    weight: Mapped[float | None]
    views: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    day: Mapped[dt.date]
    at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    took: Mapped[dt.timedelta | None]
    note: Mapped[str] = mapped_column(sa.Text, default="")
    fee: Mapped[Decimal | None] = mapped_column(Cents)
    search = FullText("note")


class Sales(CRUDResource[Sale]):
    model = Sale
    filters = ("status", "at__gte", "search")
    groups = ("status", "day", "day__year", "at", "at__month", "at__day", "price")
    aggregates = (
        *("count", "price__sum", "price__avg", "price__min", "weight__sum", "views__sum"),
        *("day__min", "at__min", "at__max", "at__distinct", "took__max", "fee__max"),
    )


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Database]:
    with database_url(request.param, tmp_path) as url:
        made = Database(url, create=Base.metadata)
        yield made
        made.close()


@pytest.fixture
def client(database: Database) -> Client:
    app = App("Sales")
    app.install(database)
    app.add("/sales", Sales)
    return Client(app)


def sell(client: Client, **values: Any) -> None:
    sale = {"status": "OPEN", "price": "1.10", "day": "2026-02-28", "at": "2026-02-28T23:30:00Z"}
    response = client.post("/sales", json={**sale, **values})
    assert response.status == 201, response.text


def totals(client: Client, query: str) -> list[dict[str, Any]]:
    response = client.get(f"/sales/totals?{query}")
    assert response.status == 200, response.text
    found: list[dict[str, Any]] = response.json["items"]
    return found


def test_sums_of_decimals_are_exact(client: Client) -> None:
    """A sum of amounts is an amount in the form of its field; an average is a number."""
    for _ in range(10):
        sell(client, price="0.10")
    sell(client, price="9999999999.99", status="CLOSED")
    found = totals(client, "group=status&aggregates=price__sum,price__min&sort=price__sum")
    assert found == [
        {"group": {"status": "OPEN"}, "price__sum": "1.00", "price__min": "0.10"},
        {
            "group": {"status": "CLOSED"},
            "price__sum": "9999999999.99",
            "price__min": found[1]["price__min"],
        },
    ]
    (average,) = totals(client, "status=OPEN&aggregates=price__avg")
    assert average["price__avg"] == pytest.approx(0.1)


def test_dates_and_moments_have_the_form_of_their_fields(client: Client) -> None:
    """Bounds and groups of dates and moments are written as items have them."""
    sell(client)
    sell(client, day="2025-01-01", at="2026-03-01T01:30:00+02:00", took=3600, fee=2)
    names = "day__min,at__min,at__max,at__distinct,took__max,fee__max"
    assert totals(client, f"aggregates={names}") == [
        {
            "group": {},
            "day__min": "2025-01-01",
            "at__min": "2026-02-28T23:30:00+00:00",
            "at__max": "2026-02-28T23:30:00+00:00",
            "at__distinct": 1,
            "took__max": 3600,
            "fee__max": "2",
        }
    ]
    days = totals(client, "group=day&aggregates=count&sort=-day")
    assert [each["group"]["day"] for each in days] == ["2026-02-28", "2025-01-01"]


def test_parts_of_dates_and_moments(client: Client) -> None:
    """Items are grouped by year, month and day, moments in UTC."""
    sell(client)
    sell(client, day="2025-12-31", at="2026-03-01T01:30:00+02:00")
    sell(client, at="2026-03-01T00:00:00Z")
    for name, expected in {
        "at__month": {"2026-02": 2, "2026-03": 1},
        "at__day": {"2026-02-28": 2, "2026-03-01": 1},
        "day__year": {"2025": 1, "2026": 2},
    }.items():
        found = totals(client, f"group={name}&aggregates=count")
        assert {each["group"][name]: each["count"] for each in found} == expected
        assert [each["group"][name] for each in found] == sorted(expected)


def test_one_moment_is_one_group(client: Client, database: Database) -> None:
    """Moments that the database has written itself are equal to the same ones of a client."""
    sell(client, at="2026-02-28T23:30:00Z")
    with database.engine.begin() as connection:
        stored = "'2026-02-28 23:30:00'"
        if connection.dialect.name == "postgresql":
            stored = "timestamptz '2026-02-28 23:30:00+00'"
        connection.execute(
            sa.text(
                "INSERT INTO sale (status, price, views, day, at, note) "
                f"VALUES ('OPEN', 1, 0, '2026-02-28', {stored}, '')"
            )
        )
    (group,) = totals(client, "group=at&aggregates=count,at__distinct")
    assert group == {"group": {"at": "2026-02-28T23:30:00+00:00"}, "count": 2, "at__distinct": 1}


def test_groups_of_a_search(client: Client) -> None:
    """A full-text search selects the items of totals as it does those of the list."""
    sell(client, note="a blue moon")
    sell(client, note="a red moon", status="CLOSED")
    sell(client, note="the sun")
    found = totals(client, "search=moon&group=status&aggregates=count&sort=-status")
    assert {each["group"]["status"]: each["count"] for each in found} == {"OPEN": 1, "CLOSED": 1}


def test_a_sum_beyond_64_bits(client: Client) -> None:
    """A sum that JSON's integers cannot hold is a 422; without it the other totals are there."""
    for _ in range(2):
        sell(client, views=2**63 - 1)
    response = client.get("/sales/totals?aggregates=views__sum")
    assert response.status == 422
    assert response.problem["errors"][0]["parameter"] == "aggregates"
    assert totals(client, "aggregates=count") == [{"group": {}, "count": 2}]


def test_totals_are_one_statement(client: Client, database: Database) -> None:
    """Groups, filters, order and limit are one statement, whatever their number is."""
    for number in range(20):
        sell(client, price=f"{number}.00", status="OPEN" if number % 2 else "CLOSED")
    statements: list[str] = []
    sa.event.listen(
        database.engine,
        "before_cursor_execute",
        lambda *given: statements.append(given[2]),
    )
    for query in ("", "group=price", "group=status,at__month&at__gte=2026-01-01T00:00:00Z&limit=1"):
        statements.clear()
        totals(client, query)
        assert [each for each in statements if not each.startswith("PRAGMA")] == statements[-1:]


def refusal(database: Database, **members: object) -> str:
    """Return the message of a collection that cannot be mounted."""
    app = App("Sales")
    app.install(database)
    kind = type("Refused", (CRUDResource,), {"model": Sale, "__module__": __name__, **members})
    with pytest.raises(DeclarationError) as caught:
        app.add("/refused", kind)
    return str(caught.value)


def test_what_a_database_cannot_add(database: Database) -> None:
    """Aggregates and parts that the type of a column does not have are told at start-up."""
    assert refusal(database, aggregates=("fee__sum",)).endswith(
        ".aggregates: 'fee' has no 'sum' in its store: write fee__ and one of count, distinct, "
        "min, max."
    )
    for name in ("took__sum", "status__min", "note__avg", "search__count"):
        assert "write" in refusal(database, aggregates=(name,))
    for name in ("took__month", "note__year", "search"):
        assert ".groups: " in refusal(database, groups=(name,))


def test_only_an_overflow_is_an_overflow(tmp_path: Path) -> None:
    """SQLite has one code for a sum beyond its integers and for a table that is missing."""
    with sa.create_engine(f"sqlite:///{tmp_path / 'totals.db'}").connect() as connection:
        with pytest.raises(sa.exc.OperationalError) as missing:
            connection.execute(sa.text("SELECT sum(number) FROM absent"))
        raise_overflow(missing.value)
        values = "SELECT 9223372036854775807 AS number UNION ALL SELECT 1"
        with pytest.raises(sa.exc.OperationalError) as overflow:
            connection.execute(sa.text(f"SELECT sum(number) FROM ({values})"))
        with pytest.raises(TotalsOverflow):
            raise_overflow(overflow.value)


def test_naive_moments_are_refused(tmp_path: Path) -> None:
    """UTCDateTime takes no datetime of which the moment is unknown."""
    table = sa.Table("moments", sa.MetaData(), sa.Column("at", UTCDateTime))
    with sa.create_engine(f"sqlite:///{tmp_path / 'moments.db'}").connect() as connection:
        table.create(connection)
        connection.execute(sa.insert(table).values(at=None))
        with pytest.raises(sa.exc.StatementError, match="UTCDateTime takes aware datetimes only"):
            connection.execute(sa.insert(table).values(at=dt.datetime(2026, 1, 2)))
