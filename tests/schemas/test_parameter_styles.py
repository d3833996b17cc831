"""Fields that no query, header, cookie or form can satisfy are rejected at mount."""

from __future__ import annotations

import enum
from typing import Any

import pytest
from marshmallow import Schema, fields

from restkit import App, DeclarationError, returns, takes
from restkit.testing import Client


class PointSchema(Schema):
    x = fields.Int()


class LineSchema(Schema):
    start = fields.Nested(PointSchema)


class ListsSchema(Schema):
    items = fields.List(fields.Int())


class Pair(enum.Enum):
    ONE = (1, 2)
    TWO = (3, 4)


def mounted(**declared: Any) -> None:
    app = App("T")

    @takes(**declared)
    @returns(None)
    def respond(**inputs: Any) -> Any:
        return {}

    app.post("/x")(respond)


IMPOSSIBLE: dict[str, fields.Field[Any]] = {
    "list of objects": fields.List(fields.Nested(PointSchema)),
    "list of lists": fields.List(fields.List(fields.Int())),
    "list of mappings": fields.List(fields.Dict()),
    "tuple of objects": fields.Tuple((fields.Nested(PointSchema),)),
    "a plucked list": fields.Pluck(ListsSchema, "items"),
    "a plucked object": fields.Pluck(LineSchema, "start"),
    "many plucked lists": fields.Pluck(ListsSchema, "items", many=True),
    "object with a plucked list": fields.Nested({"a": fields.Pluck(ListsSchema, "items")}),
    "many objects": fields.Nested(PointSchema, many=True),
    "object of objects": fields.Nested(LineSchema),
    "mapping of lists": fields.Dict(values=fields.List(fields.Int())),
    "booleans without texts": fields.Bool(truthy={1}, falsy={0}),
    "an enumeration of tuples": fields.Enum(Pair, by_value=True),
}


@pytest.mark.parametrize("location", ["query", "headers", "cookies"])
@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_parameters_that_never_pass(location: str, name: str) -> None:
    """A parameter that no text satisfies is rejected with its name and location."""
    with pytest.raises(DeclarationError, match=rf"{location} field '[aA]' is a"):
        mounted(**{location: {"a": IMPOSSIBLE[name]}})


@pytest.mark.parametrize("location", ["headers", "cookies"])
@pytest.mark.parametrize("field", [fields.Nested(PointSchema), fields.Dict()])
def test_objects_outside_a_query(location: str, field: fields.Field[Any]) -> None:
    """A header and a cookie have no style for objects."""
    with pytest.raises(DeclarationError, match="a single value or a list"):
        mounted(**{location: {"a": field}})


@pytest.mark.parametrize(
    "name",
    ["list of lists", "tuple of objects", "booleans without texts", "an enumeration of tuples"],
)
def test_form_fields_that_never_pass(name: str) -> None:
    """A form takes objects as JSON, but no list of lists and no value without a text."""
    with pytest.raises(DeclarationError, match=r"form field '[aA]' is a"):
        mounted(form={"a": IMPOSSIBLE[name]})


@pytest.mark.parametrize(
    "metadata",
    [
        {"style": "deepObject"},
        {"style": "simple"},
        {"style": "pipes"},
        {"style": "pipeDelimited", "explode": True},
    ],
)
def test_styles_that_a_list_does_not_have(metadata: dict[str, Any]) -> None:
    """A style that OpenAPI does not have for a list in a query is rejected."""
    with pytest.raises(DeclarationError, match="style"):
        mounted(query={"a": fields.List(fields.Int(), metadata=metadata)})


class OwnList(fields.List):
    def _deserialize(self, value: Any, *args: Any, **options: Any) -> Any:
        return super()._deserialize(value.split("-"), *args, **options)


def test_a_list_that_takes_one_text_is_recognized_by_what_it_refuses() -> None:
    """A field of the user's own that raises for a list takes a text, and splits it itself."""
    app = App("T")

    @app.get("/x")
    @takes(
        query={
            "a": OwnList(fields.Int()),
            "b": fields.Nested({"c": fields.Pluck(PointSchema, "x")}),
        }
    )
    @returns(None)
    def respond(query: dict[str, Any]) -> Any:
        return query

    client = Client(app)
    assert client.get("/x?a=1-2").json == {"a": [1, 2]}
    assert client.get("/x?b[c]=3").json == {"b": {"c": {"x": 3}}}
