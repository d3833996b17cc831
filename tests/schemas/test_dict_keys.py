"""A dict in a response has the values of its keys alone: its methods are no values."""

from __future__ import annotations

from collections import OrderedDict, UserDict
from types import SimpleNamespace

import pytest
from marshmallow import Schema, fields

from restkit import App, Resource
from restkit.testing import Client

NAMES = [name for name in dir(dict) if not name.startswith("__")]


Named = Schema.from_dict({name: fields.Raw() for name in NAMES}, name="Named")


class Whole(Schema):
    title = fields.Str()
    one = fields.Nested(Named)
    many = fields.Nested(Named, many=True)
    listed = fields.List(fields.Nested(Named))
    pair = fields.Tuple((fields.Nested(Named), fields.Str()))
    table = fields.Dict(fields.Str(), fields.Nested(Named))
    plucked = fields.Pluck(Named, "items")
    below = fields.Raw(attribute="one.items")
    deeper = fields.Raw(attribute="one.copy.pop")
    child = fields.Nested(lambda: Whole())


def answered(schema: type[Schema], value: object) -> object:
    """Return the content of a response with a value."""

    class Things(Resource):
        def get(self) -> dict[str, object]:
            return value  # type: ignore[return-value]  # any value that a schema dumps

    Things.schema = schema
    app = App("Things")
    app.add("/things", Things)
    response = Client(app).get("/things")
    assert response.status == 200, response.text
    return response.json


@pytest.mark.parametrize("kind", [dict, OrderedDict, UserDict])
def test_absent_keys_are_left_out(kind: type) -> None:
    """A field with the name of a method of dicts is left out where the dict has no such key."""
    assert answered(Named, kind()) == {}
    assert answered(Named, kind(title="a title", other=1)) == {}


@pytest.mark.parametrize("name", NAMES)
def test_keys_with_the_names_of_methods(name: str) -> None:
    """A key with the name of a method is a value as any other."""
    assert answered(Named, {name: [1, 2]}) == {name: [1, 2]}


def test_nested_dicts() -> None:
    """Nested dicts, lists and tables of them, and sources with dots are read by keys as well."""
    empty: dict[str, object] = {
        "title": "a title",
        "one": {},
        "many": [{}],
        "listed": [{}, {}],
        "pair": ({}, "b"),
        "table": {"a": {}},
        "plucked": {"items": 1},
        "child": {"child": {"one": {}}},
    }
    expected = {**empty, "pair": [{}, "b"], "plucked": 1}
    assert answered(Whole, empty) == expected
    filled = {**empty, "one": {"items": 1, "copy": {"pop": 2}}}
    assert answered(Whole, filled) == {**expected, "one": filled["one"], "below": 1, "deeper": 2}


def test_attributes_of_other_objects() -> None:
    """Objects have their attributes, also those with the names of methods of dicts."""
    assert answered(Named, SimpleNamespace(items=[1], copy=2)) == {"items": [1], "copy": 2}


def test_own_accessors_are_kept() -> None:
    """A schema that overrides get_attribute reads as it says."""

    class Own(Schema):
        items = fields.Raw()

        def get_attribute(self, obj: object, attr: str, default: object) -> object:
            return [attr]

    assert answered(Own, {}) == {"items": ["items"]}
