"""Unions of schemas in collections whose items are of several kinds: what is refused at mount."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from marshmallow import Schema, fields, validate
from shelf import Book, mounted
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App, OneOf, Schemas
from restkit.crud import CRUDResource, MemoryStore
from restkit.errors import DeclarationError
from restkit.sqlalchemy import Database
from restkit.testing import Client

AnyField = fields.Field[Any]


class Base(DeclarativeBase):
    pass


class Vehicle(Base):
    __tablename__ = "vehicle"
    __mapper_args__ = {"polymorphic_on": "kind"}

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(20))
    plate: Mapped[str] = mapped_column(sa.String(20))


class Car(Vehicle):
    __mapper_args__ = {"polymorphic_identity": "car"}

    doors: Mapped[int | None] = mapped_column()


class Truck(Vehicle):
    __mapper_args__ = {"polymorphic_identity": "truck"}

    payload: Mapped[int | None] = mapped_column()


class Van(Vehicle):
    __mapper_args__ = {"polymorphic_identity": "van"}


_LENGTH = validate.Length(max=20)


def schema(name: str, kind: str = "", wire: str = "kind", **members: Any) -> type[Schema]:
    """Return a schema of a vehicle, of one kind."""
    own: dict[str, Any] = {"plate": fields.Str(required=True, validate=_LENGTH), **members}
    if kind:
        own[wire] = fields.Str(required=True, validate=validate.Equal(kind))
    return type(Schema)(name, (Schema,), own)


CAR, TRUCK = schema("CarSchema", "car"), schema("TruckSchema", "truck")
VAN, BOAT = schema("VanSchema", "van"), schema("BoatSchema", "boat")
ALL = OneOf(CAR, TRUCK, VAN)


def served(**members: Any) -> Client:
    """Serve vehicles on a database in memory."""
    database = Database("sqlite://", create=Base.metadata)
    app = App("Fleet", contract="raise")
    app.install(database)
    app.add("/vehicles", type("Vehicles", (CRUDResource,), {"model": Vehicle, **members}))
    return Client(app)


@pytest.mark.parametrize(
    ("members", "says"),
    [
        (
            {"schema": schema("CarSchema") | schema("TruckSchema")},
            "nothing tells the schemas of the union apart",
        ),
        ({"schema": CAR | TRUCK | BOAT}, r"BoatSchema is for kind = 'boat', which is no kind"),
        ({"schema": CAR | BOAT}, r"Its kinds are car, truck, van\."),
        (
            {"schema": OneOf(CAR, schema("LorrySchema", "lorry"), TRUCK)},
            r"LorrySchema is for kind = 'lorry'",
        ),
        (
            {"schema": Schemas(ALL, create=OneOf(CAR, BOAT))},
            r"BoatSchema is for kind = 'boat'",
        ),
        (
            {
                "schema": Schemas(
                    ALL,
                    create=schema("NewCarSchema", "car", "type")
                    | schema("NewTruckSchema", "truck", "type")
                    | schema("NewVanSchema", "van", "type"),
                )
            },
            "have the discriminators kind, type. Use one name in all of them",
        ),
        (
            {"schema": Schemas(ALL, create=schema("NewSchema"))},
            "does not say the schema of each kind|nothing tells",
        ),
        ({"bulk": True, "bulk_upsert": "plate"}, "items of several kinds|unique"),
        ({"expand": ("owner",)}, "owner"),
    ],
)
def test_what_the_kinds_of_the_model_contradict(members: dict[str, Any], says: str) -> None:
    """Each is one sentence that names the class."""
    with pytest.raises(DeclarationError, match=says) as raised:
        served(**members)
    assert "Vehicle" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_kind_without_a_schema() -> None:
    """Items that the collection may have all need a schema."""
    with pytest.raises(DeclarationError, match=r"no schema for the kind 'truck' \(Truck\)"):
        served(schema=OneOf(CAR, VAN))


def test_a_union_over_a_plain_model() -> None:
    """A model without subclasses has items of one kind."""
    with pytest.raises(DeclarationError, match="Book has no subclasses whose rows"):
        mounted(store=MemoryStore(Book), schema=CAR | TRUCK)


@pytest.mark.parametrize("content", [[], "car", 3, None])
def test_content_that_is_no_object(content: object) -> None:
    """It is refused before a kind is looked for."""
    answer = served(schema=ALL).post("/vehicles", json=content)
    assert answer.status == 422
    assert answer.problem["errors"][0]["pointer"] == ""


def typed(*kinds: str, **options: Any) -> OneOf:
    """Return a union whose discriminator is called `type`."""
    length = fields.Int(validate=validate.Range(0, 9))
    found = []
    for kind in kinds:
        own: AnyField = fields.Str(required=True, validate=validate.Equal(kind), **options)
        more = {"doors": length} if kind == "car" else {}
        found.append(schema(f"{kind.title()}Schema", type=own, **more))
    return OneOf(*found)


def test_the_discriminator_of_content_may_have_another_name() -> None:
    """The union says what it is called; the items' attribute stays what it is."""
    client = served(schema=typed("car", "truck", "van", attribute="kind"))
    made = client.post("/vehicles", json={"type": "car", "plate": "C1", "doors": 3})
    assert (made.status, made.json) == (201, {"type": "car", "plate": "C1", "doors": 3})
    changed = client.put("/vehicles/1", json={"type": "truck", "plate": "C1"})
    assert changed.status == 422
    assert changed.problem["errors"][0]["pointer"] == "/type"
    kept = client.put("/vehicles/1", json={"type": "car", "plate": "C2", "doors": 5})
    assert kept.json == {"type": "car", "plate": "C2", "doors": 5}


def test_a_discriminator_that_items_lack() -> None:
    """A field that reads nothing would be missing in every response."""
    says = r"CarSchema\.type reads the attribute 'type', which Car does not have"
    with pytest.raises(DeclarationError, match=says):
        served(schema=typed("car", "truck", "van"))


def test_alternatives_between_filters_of_all_kinds() -> None:
    """`or_filters` names filters of the collection, which the kinds need not declare again."""
    client = served(filters=("plate", "kind"), or_filters=("plate", "kind"))
    for kind, plate in (("car", "A"), ("van", "B"), ("truck", "C")):
        content = {"kind": kind, "plate": plate}
        content |= {"car": {"doors": 3}, "truck": {"payload": 1}}.get(kind, {})
        assert client.post("/vehicles", json=content).status == 201
    found = client.get("/vehicles?or=plate,kind&plate=A&kind=van").json["items"]
    assert [each["plate"] for each in found] == ["A", "B"]


def test_a_change_that_no_kind_takes_is_refused_without_an_item() -> None:
    """A change of what a filter finds is checked before an item is found; one kind suffices."""
    client = served(filters=("plate",), by_filter=("PATCH",))

    def change(**values: object) -> tuple[int, list[str]]:
        found = client.patch("/vehicles?plate=none", json=values)
        return found.status, [each["pointer"] for each in (found.json or {}).get("errors", [])]

    assert change(plate=5) == (422, ["/plate"])
    assert change(nothing=5) == (422, ["/nothing"])
    assert change(plate="x" * 99) == (422, ["/plate"])
    assert change(doors=3)[0] == change(plate="B")[0] == 200


@pytest.mark.parametrize("options", [{}, {"attribute": "type"}, {"attribute": "kind"}], ids=str)
def test_schemas_of_requests_need_not_name_the_attribute(options: dict[str, Any]) -> None:
    """The value of the discriminator is the kind of a new item, whatever the schema calls it."""
    kinds = ("car", "truck", "van")
    sent = typed(*kinds, **options)
    shown = typed(*kinds, attribute="kind")
    client = served(schema=Schemas(shown, create=sent, update=sent))
    content = {"type": "car", "plate": "C1", "doors": 3}
    made = client.post("/vehicles", json=content)
    assert (made.status, made.json) == (201, content)
    content = {"type": "car", "plate": "C2", "doors": 5}
    kept = client.put("/vehicles/1", json=content)
    assert (kept.status, kept.json) == (200, content)
    assert client.put("/vehicles/1", json={**content, "type": "van"}).status == 422


def test_a_list_may_show_fewer_members_of_its_kinds() -> None:
    """`Schemas(list=...)` is a union of its own, with a schema for each kind."""
    union = OneOf(
        schema("CarSchema", "car", doors=fields.Int(validate=validate.Range(0, 9))),
        schema("TruckSchema", "truck"),
        VAN,
    )
    client = served(schema=Schemas(union, list=ALL))
    made = client.post("/vehicles", json={"kind": "car", "plate": "C1", "doors": 3})
    assert (made.status, made.json) == (201, {"kind": "car", "plate": "C1", "doors": 3})
    assert client.get("/vehicles/1").json == made.json
    assert client.get("/vehicles").json["items"] == [{"kind": "car", "plate": "C1"}]
