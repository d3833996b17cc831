"""Totals of a collection: groups and aggregates as declared, typed, and for whoever may list."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from marshmallow import Schema, fields, validate

from restkit import App, Request, Scheme, Unauthorized, access
from restkit.crud import CRUDResource, ListQuery, MemoryStore, Page, Totals, TotalsQuery
from restkit.errors import DeclarationError
from restkit.openapi.shared_components import expanded
from restkit.testing import Client


class State(enum.Enum):
    OPEN = "open"
    CLOSED = "closed"


@dataclass
class Ticket:
    state: State
    price: Decimal | None = None
    made_at: dt.datetime | None = None
    limit: int = 0
    tags: list[str] | None = None
    id: int = 0


class TicketSchema(Schema):
    id = fields.Int(dump_only=True)
    state = fields.Enum(State, by_value=True, required=True)
    price = fields.Decimal(places=2, as_string=True, data_key="unitPrice", allow_none=True)
    made_at = fields.AwareDateTime(data_key="madeAt", allow_none=True)
    limit = fields.Int()


def mounted(path: str = "/tickets", **members: Any) -> Client:
    """Return a client of a collection of three tickets."""
    return Client(added(path, **members))


def added(path: str = "/tickets", **members: Any) -> App:
    moment = dt.datetime(2026, 11, 1, 0, 30, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    items = [
        Ticket(State.OPEN, Decimal("1.10"), moment, 1),
        Ticket(State.OPEN, Decimal("2.20"), moment + dt.timedelta(days=1), 2),
        Ticket(State.CLOSED, None, None, 2),
    ]
    common: dict[str, Any] = {
        "store": MemoryStore(Ticket, items=items),
        "schema": TicketSchema,
        "filters": ("state", "limit"),
        "groups": ("state", "made_at__month", "limit"),
        "aggregates": ("count", "price__sum", "made_at__max"),
        "__module__": __name__,
    }
    app = App("Tickets")
    app.add(path, type("Tickets", (CRUDResource,), {**common, **members}))
    return app


def refusal(**members: Any) -> str:
    with pytest.raises(DeclarationError) as caught:
        added(**members)
    return str(caught.value)


def test_members_have_the_names_and_forms_of_the_schema() -> None:
    """Groups and aggregates are named and written as items have them."""
    client = mounted()
    query = "group=state&aggregates=count,unitPrice__sum,madeAt__max"
    assert client.get(f"/tickets/totals?{query}").json["items"] == [
        {
            "group": {"state": "closed"},
            "count": 1,
            "unitPrice__sum": None,
            "madeAt__max": None,
        },
        {
            "group": {"state": "open"},
            "count": 2,
            "unitPrice__sum": "3.30",
            "madeAt__max": "2026-11-02T00:30:00+01:00",
        },
    ]
    months = client.get("/tickets/totals?group=madeAt__month&aggregates=count").json["items"]
    assert months == [
        {"group": {"madeAt__month": "2026-10"}, "count": 1},
        {"group": {"madeAt__month": "2026-11"}, "count": 1},
        {"group": {"madeAt__month": None}, "count": 1},
    ]


def test_the_document_says_what_totals_are() -> None:
    """Totals are an operation of their own, whose parameters and members are typed."""
    client = mounted()
    document = expanded(client.get("/openapi.json").json)
    operation = document["paths"]["/tickets/totals"]["get"]
    assert operation["operationId"] == "totalTickets"
    parameters = {each["name"]: each["schema"] for each in operation["parameters"]}
    assert list(parameters) == ["group", "aggregates", "sort", "limit", "state", "limit__eq"]
    assert parameters["group"]["items"]["enum"] == ["state", "madeAt__month", "limit"]
    assert parameters["limit"] == {
        **parameters["limit"],
        "minimum": 1,
        "maximum": 1000,
        "default": 1000,
    }
    schemas = document["components"]["schemas"]
    assert schemas["TicketsTotals"]["required"] == ["items", "truncated"]
    item = schemas["TicketsTotalsItem"]["properties"]
    assert item["unitPrice__sum"]["type"] == ["string", "null"]
    assert item["count"]["type"] == "integer"
    group = schemas["TicketsTotalsGroup"]["properties"]
    assert group["state"] == {"type": "string", "enum": ["open", "closed"]}
    assert group["madeAt__month"]["pattern"] == "^[0-9]{4}-[0-9]{2}$"


def test_a_filter_with_the_name_of_a_parameter() -> None:
    """A filter keeps one name in the list and in totals."""
    client = mounted()
    assert client.get("/tickets/totals?limit__eq=2&aggregates=count").json["items"][0]["count"] == 2
    assert len(client.get("/tickets?limit__eq=2").json["items"]) == 2


def test_aggregates_alone_are_one_group() -> None:
    """Without declared groups there is one group and no order; without aggregates, a count."""
    client = mounted(groups=())
    assert client.get("/tickets/totals?aggregates=count").json["items"] == [
        {"group": {}, "count": 3}
    ]
    assert client.get("/tickets/totals?limit=1").status == 422
    counted = mounted(aggregates=())
    found = counted.get("/tickets/totals?group=state&sort=-count").json["items"]
    assert found == [
        {"group": {"state": "open"}, "count": 2},
        {"group": {"state": "closed"}, "count": 1},
    ]


def test_head_and_other_verbs() -> None:
    """Totals are read alone."""
    client = mounted()
    assert client.head("/tickets/totals").status == 200
    response = client.post("/tickets/totals", json={})
    assert response.status == 405
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_a_class_without_groups_has_no_totals() -> None:
    client = mounted(groups=(), aggregates=())
    assert client.get("/tickets/totals").status == 404


def test_whoever_may_list_may_have_totals() -> None:
    """Security on list guards totals too, and a class that narrows list says so for totals."""

    @access(security=Token())
    def list_(self: Any, query: ListQuery) -> Page[Ticket]:
        return self.rows.list(query)  # type: ignore[no-any-return]  # a test's method

    def totals(self: Any, query: TotalsQuery) -> Totals:
        found = CRUDResource.totals(self, query)
        return Totals(found.rows[:1], is_truncated=True)

    assert "override totals" in refusal(list=list_)
    client = mounted(list=list_, totals=totals)
    assert client.get("/tickets/totals?group=state").status == 401
    allowed = client.get("/tickets/totals?group=state", headers={"Authorization": "Bearer ada"})
    assert allowed.status == 200
    assert (len(allowed.json["items"]), allowed.json["truncated"]) == (1, True)


def test_the_scope_holds() -> None:
    """Totals have the items of the collection alone."""

    def scope(self: Any) -> Mapping[str, object]:
        return {"state": State.OPEN}

    client = mounted(scope=scope, scoped=("state",))
    found = client.get("/tickets/totals?group=state&aggregates=count").json["items"]
    assert found == [{"group": {"state": "open"}, "count": 2}]


def test_mistakes_are_told_at_start_up() -> None:
    """A name that does not exist, what cannot be added, and what nothing would read."""
    assert refusal(groups=("stat",)) == (
        f"{__name__}.Tickets.groups: 'stat' needs an attribute 'stat', which the model does not "
        "have. It has id, limit, made_at, price, state, tags."
    )
    for members, part in {
        ("groups", ("tags",)): "cannot be grouped by 'tags'",
        ("groups", ("state__month",)): "names no part of 'state'",
        ("groups", ("made_at__week",)): "year, month, day",
        ("aggregates", ("state__sum",)): "one of count, distinct",
        ("aggregates", ("price",)): "write price__ and one of",
        ("aggregates", ("price__median",)): "count, distinct, sum, avg, min, max",
        ("aggregates", ("cost__sum",)): "needs an attribute 'cost'",
        ("aggregates", ("tags__count",)): "choose another attribute",
        ("groups", "state"): "groups",
        ("max_groups", 0): "at least 1",
        ("max_groups", "many"): "whole number",
        ("methods", ("POST",)): "no GET",
    }.items():
        name, value = members
        message = refusal(**{name: value})
        assert part in message, message
        assert message.startswith(f"{__name__}.Tickets"), message


def test_a_group_and_an_aggregate_of_one_name() -> None:
    """Two declarations that `sort` could not tell apart are refused."""

    @dataclass
    class Crate:
        count: int = 0
        id: int = 0

    members = {"schema": None, "filters": (), "groups": ("count",), "aggregates": ("count",)}
    message = refusal(store=MemoryStore(Crate), **members)
    assert "both 'the group count' and 'the aggregate count' as 'count'" in message


class Bare:
    """A store that hands on everything but `aggregations`."""

    def __init__(self, store: MemoryStore[Ticket]) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        if name == "aggregations":
            raise AttributeError(name)
        found = getattr(self._store, name)
        return (lambda **given: Bare(found(**given))) if name == "configured" else found


def test_a_store_without_totals() -> None:
    assert "cannot group items" in refusal(store=Bare(MemoryStore(Ticket)))


class Token(Scheme):
    name = "token"

    def document(self) -> dict[str, object]:
        return {"type": "http", "scheme": "bearer"}

    def authenticate(self, request: Request, scopes: Sequence[str]) -> object:
        if "Authorization" not in request.headers:
            raise Unauthorized
        return "ada"


@dataclass
class Word:
    name: str
    length: int = 0


def test_a_key_that_is_the_name_of_the_totals() -> None:
    """An item whose key is the word of the totals' URL would have no URL."""
    app = App("Words")
    members = {"store": MemoryStore(Word, key="name"), "aggregates": ("length__sum",)}
    app.add("/words", type("Words", (CRUDResource,), {**members, "__module__": __name__}))
    response = Client(app).post("/words", json={"name": "totals"})
    assert response.status == 422
    assert response.problem["errors"][0]["pointer"] == "/name"


def test_one_class_at_two_urls_has_one_schema() -> None:
    """A class that is mounted twice has one component, and the document is made."""

    class Words(CRUDResource[Word]):
        store = MemoryStore(Word, key="name")
        groups = ("length",)

    app = App("Words")
    app.add("/words", Words, name="Words")
    inner = App("Inner")
    inner.add("/words", Words, name="Words")
    app.mount("/inner", inner)
    client = Client(app)
    assert client.get("/inner/words/totals").status == 200
    assert client.get("/openapi.json").status == 200


class Counted(Schema):
    id = fields.Int(dump_only=True)
    state = fields.Enum(State, by_value=True, required=True)
    limit = fields.Int(validate=validate.Range(0, 9))


class Written(Counted):
    limit = fields.Str()  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("schema", "own"),
    [
        (Counted, {"type": ["integer", "null"], "minimum": 0, "maximum": 9}),
        (Written, {"type": ["string", "null"], "minimum": None, "maximum": None}),
    ],
)
def test_a_sum_has_not_the_bounds_of_its_values(
    schema: type[Schema], own: dict[str, object]
) -> None:
    """It is a number, also where items have a text; the least and the greatest are values."""
    names = ("limit__sum", "limit__min", "limit__max", "limit__avg", "limit__count")
    client = mounted(schema=schema, aggregates=names, groups=("state",), filters=())
    schemas = client.get("/openapi.json").json["components"]["schemas"]
    item = schemas["TicketsTotalsItem"]["properties"]
    assert item["limit__sum"]["type"] == ["integer", "null"]
    assert item["limit__sum"]["maximum"] == 2**63 - 1
    assert item["limit__sum"]["description"] == "The sum of `limit`; null without values."
    for name in ("limit__min", "limit__max"):
        assert {each: item[name].get(each) for each in own} == own
    assert item["limit__avg"]["type"] == ["number", "null"]
    assert item["limit__count"]["type"] == "integer"
    (row,) = client.get(f"/tickets/totals?aggregates={','.join(names)}").json["items"]
    assert row["limit__sum"] == 5


@dataclass
class Count:
    number: int | None
    id: int = 0


@pytest.mark.parametrize(
    ("numbers", "status"),
    [
        ([2**63 - 1], 200),
        ([2**63 - 2, 1], 200),
        ([2**63 - 1, 1], 422),
        ([-(2**63) + 1], 200),
        ([-(2**63) + 1, -1], 422),
        ([None], 200),
        ([None, 2**63 - 1], 200),
    ],
)
def test_a_sum_has_64_bits(numbers: list[int | None], status: int) -> None:
    """A larger one is no number that every client can read; a sum of nothing is null."""
    members = {
        "store": MemoryStore(Count, items=map(Count, numbers)),
        "aggregates": ("number__sum",),
    }
    app = App("Counts")
    app.add("/counts", type("Counts", (CRUDResource,), members))
    response = Client(app).get("/counts/totals")
    assert response.status == status
    if status == 422:
        (error,) = response.problem["errors"]
        assert (error["parameter"], error["code"]) == ("aggregates", "overflow")
    else:
        known = [each for each in numbers if each is not None]
        assert response.json["items"][0]["number__sum"] == (sum(known) if known else None)
