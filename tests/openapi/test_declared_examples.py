"""Examples that contradict their field are refused at mount."""

from __future__ import annotations

import datetime as dt
import enum
from decimal import Decimal
from typing import Any

import pytest
from marshmallow import Schema, fields, validate

from restkit import App, DeclarationError, Resource
from restkit.openapi import build


class Colour(enum.Enum):
    red = "r"


class InnerSchema(Schema):
    name = fields.Str(required=True)


def _app(field: fields.Field[Any]) -> App:
    def get(self: Any) -> dict[str, Any]:
        return {}

    def post(self: Any, body: dict[str, Any]) -> dict[str, Any]:
        return body

    members = {"schema": type("ThingSchema", (Schema,), {"x": field}), "get": get, "post": post}
    app = App("Examples")
    app.add("/a", type("Things", (Resource,), members))
    return app


@pytest.mark.parametrize("dump_only", [False, True])
@pytest.mark.parametrize(
    ("field", "example"),
    [
        (fields.Int, "many"),
        (fields.Int, "5"),
        (fields.Float, "1.5"),
        (fields.Boolean, "true"),
        (fields.Str, 5),
        (fields.Str, None),
        (fields.Date, "yesterday"),
        (fields.UUID, "1"),
        (fields.Email, "nobody"),
        (lambda **more: fields.Int(validate=validate.Range(max=3), **more), 5),
        (lambda **more: fields.Str(validate=validate.OneOf(["a"]), **more), "b"),
        (lambda **more: fields.Enum(Colour, **more), "r"),
        (lambda **more: fields.List(fields.Int(), **more), [["x"]]),
        (lambda **more: fields.Nested(InnerSchema, **more), {}),
    ],
)
def test_an_example_that_contradicts_its_field_is_refused(
    field: Any, example: object, dump_only: bool
) -> None:
    """One sentence names the schema, the field and the example."""
    made = field(metadata={"examples": [example]}, dump_only=dump_only)
    with pytest.raises(
        DeclarationError, match=r"ThingSchema\.x: the example .* contradicts the field"
    ):
        _app(made)


def test_an_example_in_a_nested_schema_is_checked() -> None:
    """The sentence names the nested schema."""
    nested = type("PartSchema", (Schema,), {"y": fields.Int(metadata={"example": "x"})})
    with pytest.raises(DeclarationError, match=r"PartSchema\.y: the example 'x' contradicts"):
        _app(fields.List(fields.Nested(nested)))


@pytest.mark.parametrize(
    ("field", "example", "written"),
    [
        (fields.Int(), 5, 5),
        (fields.Decimal(as_string=True), Decimal("1.5"), "1.5"),
        (fields.Date(), dt.date(2020, 1, 2), "2020-01-02"),
        (fields.Date(), "2020-01-02", "2020-01-02"),
        (fields.Enum(Colour), Colour.red, "red"),
        (fields.Str(allow_none=True), None, None),
        (fields.Nested(InnerSchema), {"name": "a"}, {"name": "a"}),
        (fields.Function(lambda thing: 1), "anything", "anything"),
    ],
)
def test_an_example_that_fits_is_written(
    field: fields.Field[Any], example: object, written: object
) -> None:
    """It stands in the document as JSON."""
    field.metadata = {"examples": [example]}
    properties = build(_app(field))["components"]["schemas"]["Thing"]["properties"]
    assert properties["x"]["examples"] == [written]


def test_an_example_that_cannot_be_checked_at_mount_is_written() -> None:
    """A field that needs a request says nothing of its example."""

    class NeedsRequest(fields.Int):
        def _deserialize(self, *args: Any, **options: Any) -> Any:
            raise RuntimeError("It needs a request.")

    document = build(_app(NeedsRequest(metadata={"example": 5})))
    assert document["components"]["schemas"]["Thing"]["properties"]["x"]["examples"] == [5]


@pytest.mark.parametrize("example", [frozenset({2, 1}), [1, 2]])
def test_a_set_is_an_example_in_one_order(example: object) -> None:
    """It is written as a sorted list."""
    document = build(_app(fields.List(fields.Int(), metadata={"example": example})))
    found = document["components"]["schemas"]["Thing"]["properties"]["x"]["examples"]
    assert found == [[1, 2]]
