"""Columns as attributes: what they cannot keep is refused or answered as stored,
and what is asked is meant.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App
from restkit.crud import CRUDResource
from restkit.errors import DeclarationError
from restkit.sqlalchemy import Database
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Sample(Base):
    __tablename__ = "sample"

    id: Mapped[int] = mapped_column(primary_key=True)
    amount: Mapped[Decimal | None] = mapped_column(sa.Numeric)
    wide: Mapped[Decimal | None] = mapped_column(sa.Numeric(30, 10))
    price: Mapped[Decimal | None] = mapped_column(sa.Numeric(8, 2))
    single: Mapped[float | None] = mapped_column(sa.REAL)
    data: Mapped[Any | None] = mapped_column(sa.JSON)
    span: Mapped[dt.timedelta | None] = mapped_column(sa.Interval)
    blob: Mapped[bytes | None] = mapped_column(sa.LargeBinary)


class Samples(CRUDResource[Sample]):
    model = Sample
    filters = ("price__*", "data__null")
    sorts = ("span",)


class Zoned(Base):
    __tablename__ = "zoned"

    id: Mapped[int] = mapped_column(primary_key=True)
    moment: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))


@pytest.fixture(params=KINDS)
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    with (
        database_url(request.param, tmp_path) as url,
        closing(Database(url, create=Base.metadata)) as database,
    ):
        app = App("Samples")
        app.install(database)
        app.add("/samples", Samples)
        yield Client(app)


@pytest.mark.parametrize(
    "values",
    [
        {"amount": "99999999.994"},
        {"amount": "123456789012345678901234567890.5"},
        {"wide": "12345678901234567.0123456789"},
        {"single": 2147483647},
        {"single": 0.1},
    ],
)
def test_what_is_answered_is_what_is_stored(client: Client, values: dict[str, Any]) -> None:
    """Where a database has fewer digits than a number, the answer to a write says so,
    not only a later GET.
    """
    made = client.post("/samples", json=values)
    assert made.json == client.get("/samples/1").json
    changed = client.patch("/samples/1", json=dict.fromkeys(values) | {"price": "1.00"})
    assert changed.status == 200
    assert client.put("/samples/1", json=values).json == client.get("/samples/1").json


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("price__gt=12.495", 1),
        ("price__gt=12.504", 0),
        ("price__gte=12.5049", 0),
        ("price__lt=12.504", 1),
        ("price__lte=12.496", 0),
        ("price=12.496", 0),
        ("price=12.5", 1),
        ("price__in=12.496,12.504", 0),
        ("price__ne=12.496", 1),
    ],
)
def test_filters_do_not_round(client: Client, query: str, found: int) -> None:
    """A decimal that is asked for has all its places, also those that the column has not."""
    assert client.post("/samples", json={"price": "12.50"}).status == 201
    assert len(client.get(f"/samples?{query}").json["items"]) == found


def test_both_nulls_are_null(client: Client) -> None:
    """JSON's own null, which a column of JSON keeps for None, is null to a filter too."""
    for values in ({"data": None}, {}, {"data": "null"}, {"data": [None]}, {"data": 0}):
        assert client.post("/samples", json=values).status == 201
    assert [each["id"] for each in client.get("/samples?data__null=true").json["items"]] == [1, 2]
    assert [each["id"] for each in client.get("/samples?data__null=false").json["items"]] == [
        3,
        4,
        5,
    ]


@pytest.mark.parametrize("sort", ["span", "-span"])
def test_pages_by_a_period(client: Client, sort: str) -> None:
    """Periods have an order, there and back over pages."""
    spans = [3, None, -1.5, 0.000001, 10**6, None]
    for span in spans:
        assert client.post("/samples", json={"span": span}).status == 201
    url, found = f"/samples?limit=1&sort={sort}", []
    while url:
        page = client.get(url).json
        found += [each["span"] for each in page["items"]]
        url = page["next"]
    known = sorted(each for each in spans if each is not None)
    assert found == ([*known, None, None] if sort == "span" else [None, None, *reversed(known)])


@pytest.mark.parametrize("name", ["data", "blob"])
def test_what_has_no_order_is_no_sort(name: str) -> None:
    """JSON and bytes have no order that both databases and a cursor know:
    a sentence at start-up says so.
    """
    app = App("Samples")
    app.install(Database("sqlite://"))
    with pytest.raises(
        DeclarationError, match=f"Samples sorts by '{name}', whose values have no order"
    ):
        app.add("/samples", type("Samples", (CRUDResource,), {"model": Sample, "sorts": (name,)}))


def test_a_zone_that_sqlite_would_drop_is_refused() -> None:
    """A moment that would come back without its zone is one sentence at start-up,
    which names what keeps it.
    """
    app = App("Zoned")
    app.install(Database("sqlite://"))
    says = (
        r"Zoned.moment is a DateTime\(timezone=True\), whose time zone SQLite drops"
        r".*UTCDateTime"
    )
    with pytest.raises(DeclarationError, match=says):
        app.add("/zoned", type("Zoneds", (CRUDResource,), {"model": Zoned}))
    app.add("/marked", type("Marked", (CRUDResource,), {"model": Zoned, "soft_delete": "moment"}))
    other = App("Zoned")
    other.install(Database("postgresql://nobody@127.0.0.1/none"))
    other.add("/zoned", type("Zoneds", (CRUDResource,), {"model": Zoned}))
