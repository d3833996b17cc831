"""Unions of schemas: which alternative loads, writes and is named, also in lists."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest
from marshmallow import Schema, fields, validate

from restkit import App, OneOf, Resource, returns, takes
from restkit.schemas.unions import alternatives_of
from restkit.testing import Client


class CardSchema(Schema):
    kind = fields.Constant("card", required=True)
    number = fields.Str(required=True)


class CashSchema(Schema):
    sort = fields.Str(required=True, data_key="kind", validate=validate.OneOf(["cash"]))
    amount = fields.Int(required=True)


class CatSchema(Schema):
    meow = fields.Int(required=True)
    name = fields.Str()


class DogSchema(Schema):
    bark = fields.Str(required=True)
    shown = fields.Function(lambda dog: "dog")


class Cash:
    def __init__(self, amount: int) -> None:
        self.sort, self.amount = "cash", amount


class Card:
    kind, number = "card", "1"


PAYMENT = OneOf(CardSchema, CashSchema)
PET = OneOf(CatSchema, DogSchema)


def client_of(schema: Any, value: Any = None, *, many: bool = False) -> Client:
    app = App("T")

    @app.get("/x")
    @returns(schema, many=many)
    def read() -> Any:
        return value

    @app.post("/one")
    @takes(body=schema)
    @returns(None)
    def take_one(body: Any) -> Any:
        return {"loaded": body}

    @app.post("/many")
    @takes(body=schema)
    @returns(None)
    def take_many(body: list[Any]) -> Any:
        return {"loaded": body}

    return Client(app)


def test_each_item_of_a_list_has_its_alternative() -> None:
    """The first that fits loads an item."""
    client = client_of(PET)
    sent = [{"meow": 1}, {"bark": "x"}]
    assert client.post("/many", json=sent).json == {"loaded": sent}


def test_errors_of_all_items_are_told() -> None:
    """Each with the index of its item."""
    response = client_of(PAYMENT).post(
        "/many",
        json=[{"kind": "card"}, {"kind": "cash", "amount": 1}, {"kind": "gold"}, 5, {"amount": 2}],
    )
    assert response.status == 422
    found = {each["pointer"]: each["detail"] for each in response.json["errors"]}
    assert set(found) == {"/0/number", "/2/kind", "/3", "/4/kind"}
    assert found["/2/kind"] == "Must be one of: card, cash."
    assert found["/4/kind"] == "Missing data for required field."


@pytest.mark.parametrize("sent", [{"meow": 1}, 5, "text", None])
def test_a_list_is_needed_where_many_are_taken(sent: Any) -> None:
    """One item is no list."""
    response = client_of(PET).post("/many", json=sent)
    assert response.status == 422
    assert response.json["errors"][0]["pointer"] == ""


@pytest.mark.parametrize("sent", [[{"meow": 1}], 5, "text", None])
def test_an_object_is_needed_where_one_is_taken(sent: Any) -> None:
    """A list is no object."""
    response = client_of(PET).post("/one", json=sent)
    assert response.status == 422
    assert response.json["errors"][0]["pointer"] == ""


def test_the_alternative_that_fits_best_says_what_is_wrong() -> None:
    """That with the fewest errors."""
    response = client_of(PET).post("/one", json={"meow": "x"})
    assert [each["pointer"] for each in response.json["errors"]] == ["/meow"]


@pytest.mark.parametrize("tag", [None, 1, True, ["card"], {"card": 1}, "", "CARD"])
def test_a_tag_of_another_type_is_invalid(tag: Any) -> None:
    """Nothing but one of the texts names an alternative."""
    response = client_of(PAYMENT).post("/one", json={"kind": tag, "number": "1", "amount": 1})
    assert response.status == 422
    assert [each["pointer"] for each in response.json["errors"]] == ["/kind"]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Cash(2), {"kind": "cash", "amount": 2}),
        (Card(), {"kind": "card", "number": "1"}),
        ({"sort": "cash", "amount": 3}, {"kind": "cash", "amount": 3}),
    ],
)
def test_the_tag_of_a_value_is_read_from_the_attribute_of_its_field(
    value: Any, written: dict[str, Any]
) -> None:
    """``data_key`` names the member, the name of the field the attribute."""
    assert client_of(PAYMENT, value).get("/x").json == written


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ({"meow": 1}, {"meow": 1}),
        ({"meow": 1, "name": "a"}, {"meow": 1, "name": "a"}),
        ({"bark": "x"}, {"bark": "x", "shown": "dog"}),
        ({"bark": "x", "name": "a"}, {"bark": "x", "shown": "dog"}),
    ],
)
def test_attributes_choose_without_a_tag(value: Any, written: dict[str, Any]) -> None:
    """A required field that is missing rules an alternative out; a computed one says nothing."""
    assert client_of(PET, value).get("/x").json == written


def test_each_value_of_a_list_is_written_by_its_alternative() -> None:
    """Also objects, by their tag."""
    client = client_of(PAYMENT, [Card(), Cash(1)], many=True)
    assert client.get("/x").json == [{"kind": "card", "number": "1"}, {"kind": "cash", "amount": 1}]


def test_what_a_union_costs_does_not_grow_with_others() -> None:
    """A program with many schemas and unions does not ask each union about each schema."""

    def made(number: int) -> type[Schema]:
        members = {"kind": fields.Constant(f"{number}"), "count": fields.Int()}
        return type(f"Kind{number}", (Schema,), members)

    def counted(number: int) -> int:
        app, calls = App("Unions"), 0

        def count(frame: FrameType, event: str, argument: object) -> None:
            nonlocal calls
            calls += frame.f_code.co_name == "__subclasscheck__"

        pairs = [(made(2 * each), made(2 * each + 1)) for each in range(number)]
        sys.setprofile(count)
        try:
            for place, pair in enumerate(pairs):
                verbs = {"schema": OneOf(*pair), "post": lambda self, body: body}
                app.add(f"/{place}", type(f"Union{place}", (Resource,), verbs))
        finally:
            sys.setprofile(None)
        return calls

    few = counted(10)
    assert counted(20) <= 2 * few + 100


@pytest.mark.parametrize(
    "members",
    [
        {"type_field": "kind", "type_schemas": [CatSchema]},
        {"type_field": "kind", "type_schemas": {}},
        {"type_field": 5, "type_schemas": {"cat": CatSchema}},
        {"type_schemas": {"cat": CatSchema}},
        {"type_field": "kind"},
    ],
    ids=repr,
)
def test_attributes_that_only_look_like_those_of_a_union(members: dict[str, Any]) -> None:
    """A union has a name for its tag, and schemas by tag."""
    more = {"name": fields.Str(), "__module__": __name__}
    schema = type("AnimalSchema", (Schema,), {**members, **more})
    assert alternatives_of(schema()) == ("", ())
