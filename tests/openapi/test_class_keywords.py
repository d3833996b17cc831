"""Fields of users' own classes have the type, format and values of the class that they extend."""

from __future__ import annotations

import enum
from typing import Any

import pytest
from marshmallow import Schema, fields, validate

from restkit import App, returns, takes
from restkit.openapi import build


class OwnDecimal(fields.Decimal):
    def _deserialize(self, *args: Any, **options: Any) -> Any:
        return super()._deserialize(*args, **options)


class OwnBoolean(fields.Boolean):
    def _deserialize(self, *args: Any, **options: Any) -> Any:
        return super()._deserialize(*args, **options)


class OwnDateTime(fields.DateTime):
    def _deserialize(self, *args: Any, **options: Any) -> Any:
        return super()._deserialize(*args, **options)


class Nothing(enum.Enum):
    pass


class Written(enum.Enum):
    FIRST = "a"
    LAST = object()


class Mixed(enum.Enum):
    ONE = 1
    TWO = "two"


def shown(field: fields.Field[Any], place: str) -> Any:
    """Return the JSON Schema of a field in a body, a query or a response."""
    app = App("T")
    schema: Any = {"x": field}
    if place == "response":

        @app.get("/x")
        @returns(schema)
        def read() -> Any:
            return {}

        content = build(app)["paths"]["/x"]["get"]["responses"]["200"]["content"]
        return content["application/json"]["schema"]["properties"]["x"]

    @app.post("/x")
    @takes(**{place: schema})
    @returns(None)
    def write(**inputs: Any) -> Any:
        return {}

    operation = build(app)["paths"]["/x"]["post"]
    if place == "query":
        return operation["parameters"][0]["schema"]
    return operation["requestBody"]["content"]["application/json"]["schema"]["properties"]["x"]


@pytest.mark.parametrize(
    ("field", "place", "keywords"),
    [
        (OwnDecimal(), "response", {"type": "string"}),
        (OwnDecimal(), "body", {"type": ["string", "number"]}),
        (
            OwnBoolean(truthy={True, "on"}, falsy={False}),
            "body",
            {"enum": [True, 1, False, 0, "on"]},
        ),
        (OwnBoolean(truthy={"on"}, falsy={"off"}), "body", {"enum": ["off", "on"]}),
        (OwnBoolean(truthy={1, 2}, falsy={"off"}), "body", {"enum": [True, 1, "off", 2]}),
        (
            OwnBoolean(truthy={1, "yes"}, falsy={0, "no"}),
            "query",
            {"enum": ["no", "yes"]},
        ),
        (OwnBoolean(truthy=set()), "body", {}),
        (
            OwnDateTime(format="rfc"),
            "body",
            {
                "type": "string",
                "description": "A date and time as in e-mail (RFC 5322, section 3.3).",
            },
        ),
        (
            OwnDateTime(format="%Y/%m"),
            "response",
            {"type": "string", "description": "In the format %Y/%m (strftime)."},
        ),
        (fields.Enum(Nothing), "body", {"not": {}}),
        (fields.Enum(Nothing), "response", {}),
        (
            fields.Enum(Mixed, by_value=True),
            "body",
            {"type": ["integer", "string"], "enum": [1, "two"]},
        ),
        (fields.Enum(Mixed, by_value=True), "query", {"type": "string", "enum": ["1", "two"]}),
    ],
)
def test_keywords(field: fields.Field[Any], place: str, keywords: dict[str, Any]) -> None:
    """A response has what is written, an input what is taken, a query texts only."""
    assert shown(field, place) == keywords


def test_members_of_an_enumeration_that_cannot_be_written_are_left_out() -> None:
    """The others are the choices of a request."""
    found = shown(fields.Enum(Written, by_value=True, load_only=True), "body")
    assert found["enum"] == ["a"]


@pytest.mark.parametrize(
    ("names", "schema"),
    [
        (
            fields.Int(validate=validate.Range(0, 12)),
            {
                "type": "string",
                "pattern": "^(?:0{0,18}[0-9]{1,1}|0{0,17}1[0-2]|-?0{1,19})$",
            },
        ),
        (fields.Boolean(), {"type": "string", "enum": ["true", "false"]}),
    ],
)
def test_names_of_a_mapping_are_texts(names: fields.Field[Any], schema: dict[str, Any]) -> None:
    """JSON has only strings as the names of members: ``propertyNames`` says which."""
    found = shown(fields.Dict(keys=names, values=fields.Int()), "body")
    assert found["propertyNames"] == schema


def test_the_title_of_a_schema_is_in_the_document() -> None:
    """``Meta.title`` is the title of the component."""

    class BookSchema(Schema):
        title = fields.Str()

        class Meta:
            title = "A book"

    app = App("T")

    @app.get("/x")
    @returns(BookSchema)
    def read() -> Any:
        return {}

    assert build(app)["components"]["schemas"]["Book"]["title"] == "A book"


def test_an_own_schema_of_an_array_without_items_has_any_items() -> None:
    """OpenAPI 3.0.4, section 4.7.24, requires ``items``."""

    class Own(fields.Field[Any]):
        json_schema = {"type": "array"}

    class OwnOrNull(fields.Field[Any]):
        json_schema = {"type": ["array", "null"]}

    assert shown(Own(), "body") == {"type": "array", "items": {}}
    assert shown(OwnOrNull(), "body") == {"type": ["array", "null"], "items": {}}


@pytest.mark.parametrize(
    ("declared", "taken"),
    [
        ({"type": ["string", "null"]}, {"type": "string"}),
        ({"type": ["string", "integer", "null"]}, {"type": ["string", "integer"]}),
        ({"enum": ["a", None]}, {"enum": ["a"]}),
        ({"type": "string", "default": None}, {"type": "string"}),
    ],
)
def test_a_query_has_no_null(declared: dict[str, Any], taken: dict[str, Any]) -> None:
    """Null among the declared types, choices and defaults is left out."""
    own = type("Own", (fields.Field,), {"json_schema": declared})
    assert shown(own(), "query") == taken
