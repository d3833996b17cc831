"""The members of a problem: the length of each, and the schema of those that a class declares."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from marshmallow import Schema, fields, validate

from restkit import Conflict, DeclarationError, NotFound, Problem, UnprocessableContent
from restkit.problems import InvalidItem


def item_of(**members: str) -> dict[str, str]:
    """Return an entry of errors as the response has it."""
    error: Any = {"detail": "no", **members}
    errors: Any = UnprocessableContent(errors=[error]).to_dict()["errors"]
    found: dict[str, str] = errors[0]
    return found


@pytest.mark.parametrize(
    ("text", "shown"),
    [("x" * 1000, "x" * 1000), ("x" * 1001, "x" * 999 + "\u2026"), ("", "")],
    ids=["as long as can be", "longer", "empty"],
)
def test_details_are_clipped_with_an_ellipsis(text: str, shown: str) -> None:
    """A detail of 1000 characters is whole, a longer one ends in an ellipsis."""
    assert NotFound(text).to_dict()["detail"] == shown
    assert item_of(detail=text)["detail"] == shown


@pytest.mark.parametrize(
    ("pointer", "shown"),
    [
        ("/" + "a" * 4999, "/" + "a" * 4999),
        ("/a" * 2500 + "/", "/a" * 2499),
        ("/a/" + "b" * 5000, "/a"),
    ],
    ids=["as long as can be", "one more", "a long last segment"],
)
def test_pointers_are_cut_to_a_place_above(pointer: str, shown: str) -> None:
    """A pointer that is too long points to the nearest place above that it can name."""
    assert item_of(pointer=pointer)["pointer"] == shown


def test_parameters_and_codes_are_cut() -> None:
    """The name of a parameter has at most 1000 characters, a code at most 100."""
    found = item_of(parameter="p" * 1001, code="c" * 101)
    assert found == {"parameter": "p" * 1000, "in": "query", "detail": "no", "code": "c" * 100}
    assert "in" not in item_of(pointer="/a")


@pytest.mark.parametrize(("given", "omitted"), [(99, None), (100, None), (101, 1)])
def test_a_hundred_errors_are_shown(given: int, omitted: int | None) -> None:
    """Only what is beyond the hundredth error is counted."""
    errors: list[InvalidItem] = [{"pointer": "/a", "detail": "no"}] * given
    body = UnprocessableContent(errors=errors, omitted_errors=7).to_dict()
    shown: Any = body["errors"]
    assert len(shown) == min(given, 100)
    assert body["omitted_errors"] == (omitted or 7)


@pytest.mark.parametrize(("length", "is_shown"), [(2000, True), (2001, False)])
def test_instances_are_whole_or_left_out(length: int, is_shown: bool) -> None:
    """Half of a URI identifies something else, so one that is too long is left out."""
    assert ("instance" in NotFound(instance="x" * length).to_dict()) is is_shown


@pytest.mark.parametrize(("name", "limit"), [("type", 2000), ("title", 200)])
def test_types_and_titles_have_a_length(name: str, limit: int) -> None:
    """A class with a longer type or title is refused where it is made."""
    made = type("Long", (Conflict,), {name: "x" * limit})
    assert made("x").to_dict()[name] == "x" * limit
    with pytest.raises(DeclarationError, match=f"{name} must be a string of at most {limit} char"):
        type("Longer", (Conflict,), {name: "x" * (limit + 1)})


def test_headers_are_copied() -> None:
    """A problem's headers are its own."""
    given = {"X-A": "b"}
    problem = NotFound(headers=given)
    problem.headers["X-B"] = "c"
    assert given == {"X-A": "b"}


class Stock(Schema):
    """Members with names of their own, of the program and of the response."""

    place = fields.Str(attribute="shelf", required=True)
    left = fields.Int(required=True, data_key="inStock")
    counted = fields.Date(dump_only=True)
    note = fields.Str(load_only=True, required=True)


class SoldOut(Problem):
    """No copy is left."""

    status = 409
    members = Stock


def test_members_go_by_the_names_of_the_program() -> None:
    """A member is given as its attribute, and written under its key."""
    problem = SoldOut("x", shelf="A", left=0, counted=date(2027, 1, 2))
    assert problem.extensions == {"place": "A", "inStock": 0, "counted": "2027-01-02"}


@pytest.mark.parametrize(
    ("members", "found"),
    [
        ({}, "left= is missing"),
        ({"left": 1}, "shelf= is missing"),
        ({"shelf": "A", "left": 1, "z": 1, "b": 1}, "b= is not declared"),
        ({"place": "A", "left": 1}, "place= is not declared"),
    ],
)
def test_missing_and_unknown_members_are_named(members: dict[str, Any], found: str) -> None:
    """The message names the first of them, and all that the class declares."""
    with pytest.raises(DeclarationError) as refused:
        SoldOut("x", **members)
    assert str(refused.value) == (
        f"SoldOut: the member {found}. Its members are counted, left, shelf."
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (fields.Int(), "many"),
        (fields.Float(), []),
        (fields.Date(), "soon"),
        (fields.Str(validate=validate.Length(max=2)), "long"),
    ],
    ids=["ValueError", "TypeError", "AttributeError", "ValidationError"],
)
def test_values_that_a_field_cannot_write(field: fields.Field[Any], value: object) -> None:
    """Whatever a field raises for a value is one DeclarationError."""
    made = type("Odd", (Conflict,), {"members": {"count": field}})
    with pytest.raises(DeclarationError, match="Odd: the members violate their schema: "):
        made("x", count=value)


def test_a_schema_of_many_is_no_schema_of_members() -> None:
    """The members are those of one object; an instance for one is as good as the class."""
    with pytest.raises(DeclarationError, match=r"Odd\.members must be a marshmallow schema"):
        type("Odd", (Conflict,), {"members": Stock(many=True)})
    even = type("Even", (Conflict,), {"members": Stock(only=["left"])})
    assert even("x", left=2).to_dict()["inStock"] == 2


def test_the_first_member_that_every_problem_has_is_named() -> None:
    """A message about two of them is the same each time."""
    members = {"title": fields.Str(), "detail": fields.Str(), "x": fields.Str()}
    with pytest.raises(DeclarationError, match=r"Odd\.members declares 'detail', which"):
        type("Odd", (Conflict,), {"members": members})


def test_members_are_inherited_and_replaced() -> None:
    """A subclass has the members of its base, or others, or none."""
    assert type("Below", (SoldOut,), {})("x", shelf="A", left=1).extensions["inStock"] == 1
    other = type("Other", (SoldOut,), {"members": {"only": fields.Int()}})
    assert other("x", only=1).extensions == {"only": 1}
    free = type("Free", (SoldOut,), {"members": None})
    assert free("x", anything=[1]).extensions == {"anything": [1]}
