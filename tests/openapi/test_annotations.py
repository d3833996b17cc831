"""Annotations of Method fields as JSON Schema: bare, generic and unknown ones."""

from __future__ import annotations

import enum
import typing
from typing import Any

import pytest
from marshmallow import Schema, fields
from openapi_spec_validator import validate

from restkit import App, Resource
from restkit.openapi import build

_T = typing.TypeVar("_T")
_Id = typing.NewType("_Id", int)


class Kind(enum.Enum):
    one = "one"
    two = 2


class Point(typing.TypedDict):
    x: int
    y: typing.NotRequired[list[str]]


@pytest.mark.parametrize("version", ["3.0.4", "3.1.1"])
@pytest.mark.parametrize(
    ("hint", "made"),
    [
        (typing.List, {"type": "array", "items": {}}),  # noqa: UP006
        (typing.Dict, {"type": "object"}),  # noqa: UP006
        (typing.Tuple, {"type": "array", "items": {}}),  # noqa: UP006
        (list[_T], {"type": "array", "items": {}}),  # type: ignore[valid-type]  # a bare variable
        (_Id, {"type": "integer"}),
        (typing.Annotated[int, [1]], {"type": "integer"}),
        (Kind, {"type": ["string", "integer"], "enum": ["one", 2]}),
        (typing.Literal[1, "a"], {"type": ["integer", "string"], "enum": [1, "a"]}),
        (list[int] | None, {"type": ["array", "null"], "items": {"type": "integer"}}),
        (typing.ForwardRef("Nowhere"), {}),
        (typing.Any, {}),
        (
            Point,
            {
                "type": "object",
                "properties": {
                    "x": {"type": "integer"},
                    "y": {"type": "array", "items": {"type": "string"}},
                },
                "required": ["x"],
            },
        ),
    ],
)
def test_what_a_method_field_returns(hint: Any, made: dict[str, Any], version: str) -> None:
    """The document is made and valid whatever the annotation is."""

    def get_x(self: Any, thing: Any) -> Any: ...

    get_x.__annotations__["return"] = hint
    schema = type("ThingSchema", (Schema,), {"x": fields.Method("get_x"), "get_x": get_x})

    def get(self: Any) -> Any: ...

    app = App("Annotations")
    app.add("/a", type("Things", (Resource,), {"schema": schema, "get": get}))
    document = build(app, version=version)
    validate(document)
    assert "/a" in document["paths"]
    if version != "3.0.4":
        found = document["components"]["schemas"]["Thing"]["properties"]["x"]
        assert {name: found[name] for name in found if name != "readOnly"} == made
