"""Filters: which query parameters a declaration makes, and which declarations are refused."""

from __future__ import annotations

from dataclasses import dataclass, make_dataclass
from typing import Annotated, Any

import pytest
from marshmallow import Schema, fields, validate
from shelf import Book, collection, mounted, refused

from restkit.crud import MemoryStore
from restkit.testing import Client


def parameters(**members: Any) -> dict[str, Any]:
    operation = collection(**members).get("/openapi.json").json["paths"]["/books"]["get"]
    return {each["name"]: each for each in operation["parameters"] if each["in"] == "query"}


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        (("year",), {"year"}),
        (("year__gte", "year__lt"), {"year__gte", "year__lt"}),
        (("year__eq",), {"year"}),
        (
            ("year__*",),
            {
                "year",
                "year__ne",
                "year__gt",
                "year__gte",
                "year__lt",
                "year__lte",
                "year__in",
                "year__not_in",
                "year__null",
            },
        ),
        (
            {"title": ("contains",), "year": ("eq", "null")},
            {"title__contains", "year", "year__null"},
        ),
        (["on"], {"on"}),
        ((), set()),
    ],
)
def test_each_operator_is_a_parameter(filters: Any, names: set[str]) -> None:
    """A declaration names operators one by one, all of them by a star, or by a mapping."""
    assert parameters(filters=filters).keys() - {"limit", "cursor"} == names


def test_parameters_are_typed_and_described() -> None:
    """Each parameter has the type of its attribute, its bounds, and a sentence."""
    found = parameters(filters=("stars__*", "title__contains", "genre__in"))
    assert found["stars__gte"]["schema"] == {
        "type": "integer",
        "format": "int64",
        "minimum": 0,
        "maximum": 5,
    }
    assert found["stars__null"]["schema"] == {"type": "boolean"}
    assert (
        found["stars__gte"]["description"]
        == "Only items whose `stars` is greater than or equal to this value."
    )
    assert found["title__contains"]["schema"]["minLength"] == 1
    assert found["stars__in"]["schema"]["type"] == "array"
    assert found["stars__in"]["explode"] is False
    assert found["genre__in"]["explode"] is True  # a text may have a comma
    assert not any(each.get("required") for each in found.values())


def test_conditions_hold_together() -> None:
    """Several filters are one question: all of them hold."""
    client = collection(
        Book("Emma", 1815),
        Book("Silas", 1851),
        Book("Evelina"),
        filters=("title__startswith", "year__*"),
    )
    found = client.get("/books?title__startswith=E&year__null=false").json["items"]
    assert [each["title"] for each in found] == ["Emma"]


def test_at_most_a_hundred_values() -> None:
    """A list of values has an end."""
    client = collection(filters=("year__in",))
    assert client.get(f"/books?year__in={','.join(map(str, range(100)))}").status == 200
    assert client.get(f"/books?year__in={','.join(map(str, range(101)))}").status == 422


@pytest.mark.parametrize(
    ("filters", "says"),
    [
        (
            "year",
            "Books.filters must be a sequence of strings, not the string 'year'. Write ('year',).",
        ),
        (
            ("pages",),
            "Books.filters: the model has no attribute 'pages'. It has cover, genre, id, on, ",
        ),
        (("on__gt",), "Books.filters: 'on' does not support the operator 'gt'. It supports eq."),
        (("tags",), "Books.filters: 'tags' does not support the operator 'eq'. It supports has."),
        (
            ("title__null",),
            "Books.filters: 'title' does not support the operator 'null'. It supports eq, ne, ",
        ),
        (
            {"year": ("near",)},
            "Books.filters: 'year' does not support the operator 'near'. It supports eq, ne, ",
        ),
    ],
)
def test_a_filter_that_cannot_be_is_refused(filters: Any, says: str) -> None:
    """An attribute or an operator that there is not is one clear sentence,
    which names those that there are.
    """
    refused(says, filters=filters)


@pytest.mark.parametrize("name", ["limit", "cursor", "sort", "fields"])
def test_a_filter_with_the_name_of_another_parameter_names_its_operator(name: str) -> None:
    """An attribute that is called like a parameter of every list is filtered by ``limit__eq``;
    its other operators, the order and the fields have the name of the attribute.
    """
    model = make_dataclass("Rope", [(name, str), ("id", int, 0)])
    filters = {name: ("eq", "contains")}
    client = Client(mounted(store=MemoryStore(model), filters=filters, sorts=(name,), fields=True))
    for value in ("a", "b"):
        assert client.post("/books", json={name: value}).status == 201
    assert client.get(f"/books?{name}__eq=a&fields={name}").json["items"] == [{name: "a"}]
    assert len(client.get(f"/books?{name}__contains=B&limit=5").json["items"]) == 1
    assert [each[name] for each in client.get(f"/books?sort=-{name}").json["items"]] == ["b", "a"]


@dataclass
class Rated:
    stars: Annotated[int, validate.Range(0, 5)]
    code: str = ""
    id: int = 0


class RatedSchema(Schema):
    id = fields.Int(dump_only=True)
    stars = fields.Int(validate=validate.Range(0, 5))
    code = fields.Str(validate=validate.Length(min=3))


def test_filters_are_bound_by_the_store_and_not_by_the_content() -> None:
    """A filter beyond what the store holds is a 422; the least length of the content binds none."""
    client = collection(
        store=MemoryStore(Rated, items=[Rated(3, "abc")]),
        schema=RatedSchema,
        filters=("stars__gte", "code"),
    )
    assert client.get("/books?stars__gte=6").status == 422
    assert client.get("/books?stars__gte=3").status == 200
    assert client.get("/books?code=a").json["items"] == []


@dataclass
class Chosen:
    some: Annotated[str, validate.OneOf(["a,b", "c"])]
    none: Annotated[str, validate.OneOf(["a", "c"])]
    id: int = 0


class ChosenSchema(Schema):
    id = fields.Int(dump_only=True)
    some = fields.Str(validate=validate.OneOf(["a,b", "c"]))
    none = fields.Str(validate=validate.OneOf(["a", "c"]))


def test_values_with_commas_are_repeated_parameters() -> None:
    """Where one choice has a comma, values are repeated parameters; else commas separate them."""
    found = parameters(
        store=MemoryStore(Chosen), schema=ChosenSchema, filters=("some__in", "none__in")
    )
    assert found["some__in"].get("explode", True) is True
    assert found["none__in"]["explode"] is False


@dataclass
class Underlined:
    id_: int = 0
    id: int = 0


def test_a_name_that_ends_with_an_underscore() -> None:
    """The operator follows the last two of three underscores."""
    store = MemoryStore(Underlined, items=[Underlined(id_=1), Underlined(id_=2)])
    client = collection(store=store, filters={"id_": ["*"]})
    for query in ("id_=2", "id___gte=2", "id___in=2"):
        assert [each["id"] for each in client.get(f"/books?{query}").json["items"]] == [2]
