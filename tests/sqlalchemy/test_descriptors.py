"""Filters, sort orders and groups over attributes that are not columns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    column_property,
    composite,
    mapped_column,
    relationship,
    synonym,
)

from restkit import App, DeclarationError
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Label(Base):
    __tablename__ = "label"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20))
    item_id: Mapped[int] = mapped_column(sa.ForeignKey("item.id"))


class Maker(Base):
    __tablename__ = "maker"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20))

    @hybrid_property
    def loud(self) -> str:
        return self.name + "!"


class Place(Base):
    __tablename__ = "place"

    country: Mapped[str] = mapped_column(sa.String(2), primary_key=True)
    code: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(sa.String(20))


@dataclass
class Point:
    x: int
    y: int


class Item(Base):
    __tablename__ = "item"
    __table_args__ = (
        sa.ForeignKeyConstraint(["country", "code"], ["place.country", "place.code"]),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20))
    width: Mapped[int]
    height: Mapped[int]
    px: Mapped[int]
    py: Mapped[int]
    maker_id: Mapped[int | None] = mapped_column(sa.ForeignKey("maker.id"))
    maker: Mapped[Maker | None] = relationship()
    country: Mapped[str | None] = mapped_column(sa.String(2))
    code: Mapped[int | None]
    place: Mapped[Place | None] = relationship()
    labels: Mapped[list[Label]] = relationship()
    point: Mapped[Point] = composite("px", "py")
    twice: Mapped[int] = column_property(sa.literal_column("width * 2", sa.Integer()))
    title = synonym("name")
    owner = synonym("maker")
    maker_name: AssociationProxy[str | None] = association_proxy("maker", "name")
    label_names: AssociationProxy[list[str]] = association_proxy("labels", "name")

    @hybrid_property
    def area(self) -> int:
        return self.width * self.height

    @hybrid_property
    def half(self) -> int:
        return self.width // 2

    @half.inplace.setter
    def _half_setter(self, value: int) -> None:
        self.width = value * 2

    @hybrid_property
    def shifted(self) -> int:
        # Python and SQL differ: the database decides.
        return 0

    @shifted.inplace.expression
    @classmethod
    def _shifted_expression(cls) -> Any:
        return 10 - cls.width

    @hybrid_property
    def is_flat(self) -> bool:
        return self.height == 0

    @hybrid_property
    def shout(self) -> str:
        return self.name.upper()

    @hybrid_property
    def untyped(self) -> object:
        return sa.literal_column("1")


NAMES = ("area", "half", "shifted", "is_flat", "title", "twice", "maker__loud", "place__name")


class Items(CRUDResource[Item]):
    model = Item
    filters = tuple(f"{name}__*" for name in (*NAMES, "place__code"))
    sorts = tuple(name for name in NAMES if name != "is_flat")
    groups = ("area", "half", "shifted", "is_flat", "title", "twice")
    aggregates = ("count", "area__sum", "shifted__max")


@pytest.fixture(scope="module", params=KINDS)
def client(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    with (
        database_url(request.param, tmp_path_factory.mktemp("descriptors")) as url,
        closing(Database(url, create=Base.metadata)) as database,
    ):
        app = App("Items", secret_key="s" * 32)
        app.install(database)
        app.add("/items", Items)
        client = Client(app)
        client.get("/items")
        with Session(database.engine) as work, work.begin():
            work.add_all([Maker(id=1, name="b"), Maker(id=2, name="a")])
            work.add_all([Place(country="de", code=1, name="Bonn")])
            work.add_all([Place(country="fr", code=1, name="Paris")])
            work.flush()
            one = {"point": Point(1, 2), "maker_id": 1, "country": "de", "code": 1}
            two = {"point": Point(3, 4), "maker_id": 2, "country": "fr", "code": 1}
            work.add(Item(id=1, name="x", width=4, height=1, **one))
            work.add(Item(id=2, name="y", width=2, height=5, **two))
            work.add(Item(id=3, name="z", width=8, height=0, point=Point(0, 0)))
        yield client


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("area=10", [2]),
        ("area__gte=4", [1, 2]),
        ("area__in=0,10", [2, 3]),
        ("area__not_in=0,10", [1]),
        ("half__lt=4", [1, 2]),
        ("shifted=8", [2]),
        ("shifted__null=true", []),
        ("is_flat=true", [3]),
        ("is_flat=false", [1, 2]),
        ("title=x", [1]),
        ("title__contains=Y", [2]),
        ("twice=8", [1]),
        ("maker__loud=a!", [2]),
        ("maker__loud__startswith=B", [1]),
        ("place__name=Bonn", [1]),
        ("place__code=1", [1, 2]),
        ("place__code=1&place__name=Paris", [2]),
        ("area__gte=4&title__ne=x", [2]),
    ],
)
def test_filters_compare_what_the_database_computes(
    client: Client, query: str, found: list[int]
) -> None:
    """Hybrids, synonyms, expressions and foreign keys of two columns, also of related rows."""
    response = client.get(f"/items?{query}")
    assert response.status == 200, response.text
    assert [each["id"] for each in response.json["items"]] == found


@pytest.mark.parametrize("name", ["area", "half", "twice"])
def test_numbers_that_the_database_cannot_compare_are_refused(client: Client, name: str) -> None:
    """The same 422 on both databases names the parameter."""
    response = client.get(f"/items?{name}=9007199254740993")
    assert response.status == 422
    assert response.json["errors"][0]["parameter"] == name


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("area", [3, 1, 2]),
        ("half", [2, 1, 3]),
        ("shifted", [3, 1, 2]),
        ("title", [1, 2, 3]),
        ("twice", [2, 1, 3]),
        ("maker__loud", [2, 1, 3]),
        ("place__name", [1, 2, 3]),
    ],
)
@pytest.mark.parametrize("sign", ["", "-"])
def test_pages_follow_the_order_of_the_database(
    client: Client, name: str, found: list[int], sign: str
) -> None:
    """No row is left out or repeated, forwards and backwards, also where Python computes another
    value than SQL.
    """
    url, seen, page = f"/items?sort={sign}{name}&limit=1", [], None
    while url is not None:
        page = client.get(url).json
        seen += [each["id"] for each in page["items"]]
        url = page["next"]
    assert seen == (found[::-1] if sign else found)
    lines = client.get(f"/items?sort={sign}{name}", headers={"Accept": "application/x-ndjson"})
    assert [line.count('"id"') for line in lines.text.splitlines()] == [1, 1, 1]


def test_totals_group_by_expressions(client: Client) -> None:
    """Groups and aggregates are computed by the database, on both alike."""
    found = client.get("/items/totals?group=half&aggregates=count").json["items"]
    assert [each["group"]["half"] for each in found] == [1, 2, 4]
    flat = client.get("/items/totals?group=is_flat").json["items"]
    assert [(each["group"]["is_flat"], each["area__sum"]) for each in flat] == [
        (False, 14),
        (True, 0),
    ]
    assert client.get("/items/totals?aggregates=shifted__max").json["items"][0] == {
        "group": {},
        "shifted__max": 8,
    }


REFUSED = {
    "shout": r"Item\.shout has no SQL expression. Declare one with @shout\.expression",
    "untyped": r"The SQL expression of Item\.untyped has no type. Wrap it in type_coerce",
    "maker_name": r"Item\.maker_name is an association proxy. Name 'maker__name' instead",
    "label_names": r"Item\.label_names is an association proxy. Name 'labels__name' instead",
    "point": r"Item\.point is a composite. Name 'px', 'py' instead",
    "owner": r"Item\.owner is a synonym of 'maker'. Name that instead",
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("member", ["filters", "sorts", "groups", "order"])
def test_what_sql_cannot_name_is_refused_at_start_up(name: str, member: str) -> None:
    """One sentence names the attribute, and what to declare instead."""
    app = App("Items")
    with closing(Database("sqlite://")) as database:
        app.install(database)
        members = {"model": Item, member: (name,), "__module__": __name__}
        with pytest.raises(DeclarationError, match=REFUSED[name]):
            app.add("/items", type("Refused", (CRUDResource,), members))


class PointSchema(Schema):
    id = fields.Int(dump_only=True)
    point = fields.Raw()


@pytest.mark.parametrize(
    ("pattern", "members", "sentence"),
    [
        ("/items", {"schema": PointSchema}, "accepts 'point'.*Name 'px', 'py' instead"),
        ("/items", {"soft_delete": "is_flat"}, "is_flat is not a column"),
        ("/areas/<int:area>/items", {}, "'area' of the URL pattern is not an attribute"),
        ("/twos/<int:twice>/items", {}, "'twice' of the URL pattern is not an attribute"),
    ],
)
def test_computed_attributes_are_not_written(
    pattern: str, members: dict[str, Any], sentence: str
) -> None:
    """A schema, a soft deletion or a URL that would write them is refused at start-up."""
    app = App("Items")
    with closing(Database("sqlite://")) as database:
        app.install(database)
        members = {"model": Item, "__module__": __name__, **members}
        with pytest.raises(DeclarationError, match=sentence):
            app.add(pattern, type("Refused", (CRUDResource,), members))
