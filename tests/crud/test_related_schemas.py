"""Expanded items: they never show more than the collection of their model does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from restkit import App, Schemas
from restkit.crud import CRUDResource, Expand, MemoryStore
from restkit.errors import DeclarationError
from restkit.openapi.shared_components import expanded
from restkit.security import NOBODY, Mask
from restkit.sqlalchemy import Database
from restkit.testing import Client

SECRET = "a-digest-of-a-password"


class Base(DeclarativeBase):
    pass


class Company(Base):
    __tablename__ = "company"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.Text, unique=True)
    tax_id: Mapped[str] = mapped_column(sa.Text, default=SECRET)


class Customer(Base):
    __tablename__ = "customer"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.Text)
    email: Mapped[str] = mapped_column(sa.Text)
    password_hash: Mapped[str] = mapped_column(sa.Text, default=SECRET)
    company_id: Mapped[int | None] = mapped_column(sa.ForeignKey("company.id"))
    company: Mapped[Company | None] = relationship()
    tickets: Mapped[list[Ticket]] = relationship(back_populates="customer")


class Ticket(Base):
    __tablename__ = "ticket"

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(sa.Text, unique=True)
    customer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("customer.id"))
    customer: Mapped[Customer | None] = relationship(back_populates="tickets")
    comments: Mapped[list[Comment]] = relationship(back_populates="ticket")


class Comment(Base):
    __tablename__ = "comment"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(sa.Text)
    ticket_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ticket.id"))
    ticket: Mapped[Ticket | None] = relationship(back_populates="comments")


class CompanySchema(Schema):
    name = fields.Str(required=True)


class TicketNameSchema(Schema):
    subject = fields.Str()


class CustomerSchema(Schema):
    id = fields.Int(dump_only=True)
    name = fields.Str(required=True, data_key="fullName")
    initial = fields.Function(lambda item: item.name[0])
    email = fields.Str(required=True)
    password = fields.Str(attribute="password_hash", load_only=True)
    tickets = fields.List(fields.Nested(TicketNameSchema), dump_only=True)


class BriefSchema(Schema):
    name = fields.Str(required=True)


class SignupSchema(BriefSchema):
    email = fields.Str(required=True)


class Customers(CRUDResource[Any]):
    model = Customer
    schema = CustomerSchema
    expand = ("tickets",)


class Companies(CRUDResource[Any]):
    model = Company
    schema = CompanySchema


class Tickets(CRUDResource[Any]):
    model = Ticket
    csv = True
    expand = ("customer", "comments")


class Comments(CRUDResource[Any]):
    model = Comment
    expand = ("ticket.customer",)


ANN = {"id": 1, "fullName": "Ann", "initial": "A", "email": "ann@example.org"}


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with (
        database_url(request.param, tmp_path) as url,
        closing(Database(url, create=Base.metadata)) as opened,
    ):
        with Session(opened.engine) as session, session.begin():
            acme = Company(name="Acme")
            ann = Customer(name="Ann", email="ann@example.org", company=acme)
            session.add(Ticket(subject="a", customer=ann, comments=[Comment(text="b")]))
        yield opened


def served(database: Database | None, *declared: type[CRUDResource[Any]], **options: Any) -> App:
    """Return an App with collections at the names of their classes."""
    app = App("Desk", contract="raise", **options)
    if database is not None:
        app.install(database)
    for each in declared:
        app.add(f"/{each.__name__.lower()}", each)
    return app


def in_memory() -> Database:
    return Database("sqlite://", create=Base.metadata)


def test_an_expanded_item_is_as_its_collection_shows_it(database: Database) -> None:
    """JSON, JSON Lines, CSV and the document have the members of the declared schema."""
    app = served(database, Customers, Tickets)
    client = Client(app)
    assert client.get("/customers/1").json == ANN
    assert client.get("/tickets/1?expand=customer").json["customer"] == ANN
    assert client.get("/tickets?expand=customer").json["items"][0]["customer"] == ANN
    for kind in ("application/x-ndjson", "text/csv"):
        text = client.get("/tickets?expand=customer,comments", headers={"Accept": kind}).text
        assert "ann@example.org" in text
        assert SECRET not in text
    document = client.get("/openapi.json").json
    paths = expanded(document)["paths"]
    found = paths["/tickets/{id}"]["get"]["responses"]["200"]
    schemas = document["components"]["schemas"]
    name = found["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    member = str(schemas[name]["properties"]["customer"])
    reference = re.search(r"schemas/(\w+)", member)
    assert reference is not None
    assert set(schemas[reference[1]]["properties"]) == set(ANN)
    patch = client.patch("/customers/1", json={"password": "new"})
    assert patch.json == ANN


def test_two_levels(database: Database) -> None:
    """The schema of the second relation is that of its own collection."""
    app = served(database, Companies, Customers, Tickets, Comments)
    client = Client(app)
    found = client.get("/comments/1?expand=ticket.customer").json["ticket"]
    assert found == {"id": 1, "subject": "a", "customer_id": 1, "customer": ANN}


class Deep(CRUDResource[Any]):
    model = Ticket
    expand = ("customer.company", "customer.tickets")


def test_relations_below_a_declared_schema(database: Database) -> None:
    """The schema has them, or the collection of the second model, or the columns."""
    client = Client(served(database, Customers, Deep))
    found = client.get("/deep/1?expand=customer.company,customer.tickets").json["customer"]
    assert found["company"] == {"id": 1, "name": "Acme", "tax_id": SECRET}
    assert found["tickets"] == [{"subject": "a"}]
    client = Client(served(database, Companies, Customers, Deep))
    found = client.get("/deep/1?expand=customer.company").json["customer"]
    assert found == {**ANN, "company": {"name": "Acme"}}


def test_the_schema_of_one_item_and_not_of_lists(database: Database) -> None:
    """`Schemas` has one for each role."""
    schema = Schemas(CustomerSchema, list=BriefSchema)
    declared = type("Customers", (Customers,), {"schema": schema, "expand": ()})
    client = Client(served(database, declared, Tickets))
    found = client.get("/tickets?expand=customer").json["items"][0]["customer"]
    assert found == {**ANN, "tickets": [{"subject": "a"}]}


class Keyed(CRUDResource[Any]):
    model = Customer
    schema = type(
        "KeyedSchema",
        (Schema,),
        {"name": fields.Str(), "company": fields.Str(), "tickets": fields.List(fields.Str())},
    )
    relations = {"company": "name", "tickets": "subject"}
    methods = {"GET"}


def test_relations_by_key_below(database: Database) -> None:
    """A member that names related rows does so in an expanded item too."""
    client = Client(served(database, Keyed, Tickets))
    expected = {"name": "Ann", "company": "Acme", "tickets": ["a"]}
    assert client.get("/keyed/1").json == expected
    assert client.get("/tickets/1?expand=customer").json["customer"] == expected


def test_masks_of_the_collection_hold_too(database: Database) -> None:
    """Both the schema and the masks of the other collection decide."""
    masked = type(
        "Customers", (Customers,), {"masks": {"email": Mask(read=NOBODY)}, "methods": {"GET"}}
    )
    client = Client(served(database, masked, Tickets))
    expected = {name: value for name, value in ANN.items() if name != "email"}
    assert client.get("/customers/1").json == expected
    assert client.get("/tickets/1?expand=customer").json["customer"] == expected


def test_pages_show_no_more(database: Database) -> None:
    """A browsable page has the members of the declared schema."""
    app = served(database, Customers, Tickets, browsable="always")
    text = Client(app).get("/tickets/1?expand=customer", headers={"Accept": "text/html"}).text
    assert "ann@example.org" in text
    assert SECRET not in text


class Firms(CRUDResource[Any]):
    model = Ticket
    members = ("comments",)


class CommentSchema(Schema):
    id = fields.Int(dump_only=True)
    body = fields.Str(attribute="text")


class Written(CRUDResource[Any]):
    model = Comment
    schema = CommentSchema
    methods = {"GET"}


def test_lists_of_members(database: Database) -> None:
    """A list of members without a class of its own follows the collection."""
    client = Client(served(database, Written, Firms))
    assert client.get("/firms/1/comments").json["items"] == [{"id": 1, "body": "b"}]
    with pytest.raises(DeclarationError, match=r"Written declares their schema. Add .*Written"):
        served(database, Firms, Written)


def test_a_collection_that_comes_later_is_an_error() -> None:
    """The message says which of the two to add first."""
    message = r"Tickets.expand\['customer'\] shows items of Customer, and \S+Customers declares"
    with pytest.raises(DeclarationError, match=message):
        served(in_memory(), Tickets, Customers)
    chosen = type("Tickets", (Tickets,), {"expand": {"customer": Expand(schema=BriefSchema)}})
    assert served(in_memory(), chosen, Customers)


class Others(CRUDResource[Any]):
    model = Customer
    schema = BriefSchema
    methods = {"GET"}


@pytest.mark.parametrize("classes", [(Customers, Others, Tickets), (Customers, Tickets, Others)])
def test_several_schemas_are_ambiguous(classes: Any) -> None:
    """The class has to choose one."""
    with pytest.raises(DeclarationError, match=r"Customers, \S+Others. Write expand = {.*Expand\("):
        served(in_memory(), *classes)


def test_a_chosen_schema(database: Database) -> None:
    """`Expand(schema=...)` decides among several collections, and against the columns."""
    expand = {"customer": Expand(schema=BriefSchema), "comments": Expand(schema=CommentSchema)}
    chosen = type("Tickets", (Tickets,), {"expand": expand})
    client = Client(served(database, Customers, Others, chosen))
    found = client.get("/tickets/1?expand=customer,comments").json
    assert found["customer"] == {"name": "Ann"}
    assert found["comments"] == [{"id": 1, "body": "b"}]


@pytest.mark.parametrize("classes", [("Customers", "Tickets"), ("Tickets", "Customers")])
def test_all_columns_are_chosen(database: Database, classes: Any) -> None:
    """`Expand(schema="derived")` says that each column may be seen, in any order of collections."""
    expand = {"customer": Expand(schema="derived"), "customer.company": Expand()}
    known = {"Customers": Customers, "Tickets": type("Tickets", (Tickets,), {"expand": expand})}
    client = Client(served(database, Companies, *map(known.__getitem__, classes)))
    found = client.get("/tickets/1?expand=customer.company").json["customer"]
    assert found["password_hash"] == SECRET
    assert "fullName" not in found
    assert found["company"] == {"name": "Acme"}


def test_collections_that_only_take_content_do_not_count(database: Database) -> None:
    """A collection without GET shows no items."""
    signup = type("Signup", (Others,), {"methods": {"POST"}, "schema": SignupSchema})
    client = Client(served(database, signup, Customers, Tickets))
    assert client.get("/tickets/1?expand=customer").json["customer"] == ANN


def test_several_collections_with_one_schema(database: Database) -> None:
    """They agree."""
    again = type("Again", (Customers,), {})
    client = Client(served(database, Customers, again, Tickets))
    assert client.get("/tickets/1?expand=customer").json["customer"] == ANN


def test_a_relation_that_one_of_several_collections_hides(database: Database) -> None:
    """What one collection has only if a client asks for it, related items do not have."""
    open_to_all = type("Again", (Customers,), {"expand": ()})
    client = Client(served(database, open_to_all, Customers, Tickets))
    assert "tickets" in client.get("/again/1").json
    assert client.get("/tickets/1?expand=customer").json["customer"] == ANN
    with pytest.raises(DeclarationError, match=r"Add .*Customers to the App before"):
        served(in_memory(), open_to_all, Tickets, Customers)


def test_columns_without_a_declared_schema(database: Database) -> None:
    """A derived schema shows each column, wherever the item is."""
    derived = type("Customers", (CRUDResource,), {"model": Customer})
    client = Client(served(database, Tickets, derived))
    assert client.get("/customers/1").json["password_hash"] == SECRET
    found = client.get("/tickets/1?expand=customer").json["customer"]
    assert found == client.get("/customers/1").json


@pytest.mark.parametrize("is_mounted_first", [True, False])
def test_other_apps(*, is_mounted_first: bool) -> None:
    """An App cannot show columns of a model for which a mounted App declares a schema."""
    database = in_memory()
    root, below = served(database, Tickets), App("Accounts")
    below.install(database)
    if is_mounted_first:
        root.mount("/accounts", below)
    below.add("/customers", Customers)
    if not is_mounted_first:
        root.mount("/accounts", below)
    with pytest.raises(DeclarationError, match=r"all columns of Customer, and .* App 'Accounts'"):
        Client(root).get("/tickets")


def test_versions_of_an_app_follow_their_own_collections(database: Database) -> None:
    """The nearest collection is that of the App itself."""
    old = served(database, Others, Tickets)
    root = served(database, Customers, Tickets)
    root.mount("/v1", old)
    client = Client(root)
    assert client.get("/tickets/1?expand=customer").json["customer"] == ANN
    assert client.get("/v1/tickets/1?expand=customer").json["customer"] == {"name": "Ann"}


def test_schema_class_has_the_same_members() -> None:
    """It is known when the collection is mounted, and not before."""
    declared: Any = type("Tickets", (Tickets,), {})
    with pytest.raises(DeclarationError, match=r"after app.add"):
        _ = declared.schema_class
    served(in_memory(), Customers, declared)
    nested: Any = declared.schema_class().fields["customer"]
    assert "password_hash" not in nested.schema.dump_fields


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no class": ({"expand": {"customer": Expand(schema=5)}}, "must be a marshmallow Schema class"),  # type: ignore[arg-type]
    "beside a schema": (
        {"expand": {"customer": Expand(schema=BriefSchema)}, "schema": TicketNameSchema},
        "schema has no effect",
    ),
    "no relation": ({"expand": {"likes": Expand(schema=BriefSchema)}}, "needs a relation that"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_declarations_that_cannot_be_meant(name: str) -> None:
    """Each is one sentence at start-up."""
    members, message = REFUSED[name]
    with pytest.raises(DeclarationError, match=message):
        served(in_memory(), type("Tickets", (Tickets,), members))


# in memory


@dataclass
class Team:
    name: str
    token: str = SECRET
    id: int = 0


@dataclass
class Player:
    name: str
    team_id: int | None = None
    id: int = 0


def test_a_store_in_memory_follows_the_collection() -> None:
    """It cannot derive a relation, but another collection declares the schema."""
    teams = MemoryStore(Team, items=[Team("Reds")])
    players = MemoryStore(Player, references={"team_id": teams}, items=[Player("Ann", 1)])
    players.relate("team", "team_id", back="players")
    of_players = type("Players", (CRUDResource,), {"store": players, "expand": ("team",)})
    members = {"store": teams, "schema": BriefSchema, "methods": {"GET"}}
    of_teams = type("Teams", (CRUDResource,), members)
    client = Client(served(None, of_teams, of_players))
    assert client.get("/players/1?expand=team").json["team"] == {"name": "Reds"}
    derived = type("Teams", (CRUDResource,), {"store": teams})
    with pytest.raises(DeclarationError, match="cannot derive the relations team"):
        served(None, derived, of_players)
