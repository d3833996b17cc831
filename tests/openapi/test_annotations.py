"""Annotations of Method fields as JSON Schema: bare, generic and unknown ones."""

from __future__ import annotations

import enum
import typing
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from marshmallow import Schema, fields
from openapi_spec_validator import validate

from restkit import App, Resource
from restkit.openapi import build

_T = typing.TypeVar("_T")
_Bound = typing.TypeVar("_Bound", bound=int)
_One = typing.TypeVar("_One", int, str)
_Id = typing.NewType("_Id", int)


class Kind(enum.Enum):
    one = "one"
    two = 2


class Point(typing.TypedDict):
    x: int
    y: typing.NotRequired[list[str]]


class Lost(typing.TypedDict):
    x: Nowhere  # type: ignore[name-defined]  # noqa: F821  # what is tested


class Partly(typing.TypedDict, total=False):
    a: typing.Required[int]
    b: str


class Level(enum.IntEnum):
    low = 1


class Name(str):
    pass


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
        (bool, {"type": "boolean"}),
        (float, {"type": "number"}),
        (bytes, {}),
        (object, {}),
        (set[int], {"type": "array", "items": {"type": "integer"}}),
        (Iterator[int], {}),
        (dict[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
        (Mapping[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
        (Counter[str], {"type": "object", "additionalProperties": {"type": "integer"}}),
        (OrderedDict, {"type": "object"}),
        (Name, {"type": "string"}),
        (Level, {"type": "integer", "enum": [1]}),
        (int | str, {"type": ["integer", "string"]}),
        (typing.Optional[int], {"type": ["integer", "null"]}),  # noqa: UP045
        (_Bound, {"type": "integer"}),
        (_One, {"type": ["integer", "string"]}),
        (tuple[int, ...], {"type": "array", "items": {"type": "integer"}}),
        (tuple[()], {"type": "array", "items": {}}),
        (
            tuple[int, str],
            {
                "type": "array",
                "prefixItems": [{"type": "integer"}, {"type": "string"}],
                "items": {"not": {}},
                "minItems": 2,
                "maxItems": 2,
            },
        ),
        (Lost, {"type": "object"}),
        (
            Partly,
            {
                "type": "object",
                "properties": {"a": {"type": "integer"}, "b": {"type": "string"}},
                "required": ["a"],
            },
        ),
        (
            typing.TypedDict("Free", {"a": int}, total=False),
            {"type": "object", "properties": {"a": {"type": "integer"}}},
        ),
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


class Pair(typing.NamedTuple):
    first: int
    second: str = ""


class LostPair(typing.NamedTuple):
    first: Nowhere  # type: ignore[name-defined]  # noqa: F821  # what is tested


class Alias:
    """An alias as ``type X = ...`` makes it from Python 3.12 on."""

    __value__ = list[int]


_PAIR = {
    "type": "array",
    "prefixItems": [{"type": "integer"}, {"type": "string"}],
    "items": {"not": {}},
    "minItems": 2,
    "maxItems": 2,
}
_INTEGERS = {"type": "array", "items": {"type": "integer"}}


def _shown(annotations: dict[str, Any]) -> Any:
    def get_x(self: Any, thing: Any) -> Any: ...

    get_x.__annotations__ = annotations
    schema = type("ThingSchema", (Schema,), {"x": fields.Method("get_x"), "get_x": get_x})

    def get(self: Any) -> Any: ...

    app = App("Annotations")
    app.add("/a", type("Things", (Resource,), {"schema": schema, "get": get}))
    found = build(app)["components"]["schemas"]["Thing"]["properties"]["x"]
    return {name: found[name] for name in found if name != "readOnly"}


@pytest.mark.parametrize(
    ("hint", "made"),
    [
        (Pair, _PAIR),
        (LostPair, {}),
        (Alias(), _INTEGERS),
        (enum.Enum("Nothing", {}), {}),
        (typing.Literal[object()], {}),  # type: ignore[valid-type]
        (typing.Union[int, typing.Any], {}),  # noqa: UP007
        (list[int] | set[int], _INTEGERS),
        (list[int] | str, {"anyOf": [_INTEGERS, {"type": "string"}]}),
        (
            list[int] | str | None,
            {"anyOf": [_INTEGERS, {"type": "string"}, {"type": "null"}]},
        ),
        (typing.Required[int], {"type": "integer"}),
        (5, {}),
    ],
)
def test_rarer_annotations(hint: Any, made: dict[str, Any]) -> None:
    """Named tuples and aliases are what they stand for; what says nothing is any value."""
    assert _shown({"return": hint}) == made


@pytest.mark.parametrize(
    ("text", "made"),
    [("list[int]", _INTEGERS), ("Nowhere", {}), ("int", {"type": "integer"})],
)
def test_a_lost_name_of_a_parameter_does_not_hide_what_is_returned(text: str, made: Any) -> None:
    """The return annotation is evaluated by itself."""
    assert _shown({"thing": "Nowhere", "return": text}) == made


def test_an_annotation_is_followed_six_levels_deep() -> None:
    """What is deeper says nothing; an alias may contain itself."""
    hint: Any = int
    for _ in range(9):
        hint = list[hint]

    def get_x(self: Any, thing: Any) -> Any: ...

    get_x.__annotations__["return"] = hint
    schema = type("ThingSchema", (Schema,), {"x": fields.Method("get_x"), "get_x": get_x})
    app = App("Annotations")
    app.add("/thing", type("Thing", (Resource,), {"schema": schema, "get": lambda self: {}}))
    found = build(app)["components"]["schemas"]["Thing"]["properties"]["x"]
    depth = 0
    while found:
        assert found["type"] == "array"
        found, depth = found["items"], depth + 1
    assert depth == 6
