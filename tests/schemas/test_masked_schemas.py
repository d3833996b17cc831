"""Masked schema classes: nested content, unions, hooks, classes that nest themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_dump

from restkit.schemas.masked_schemas import mask_defaults, masked, masked_schema
from restkit.schemas.unions import UnionSchema


class Level:
    """Masks by name at every depth."""

    def __init__(self, read: set[str], write: set[str]) -> None:
        self.read, self.write = frozenset(read), frozenset(write)

    def hides(self, name: str, attribute: str, /) -> tuple[bool, bool]:
        names = {name, attribute}
        return bool(names & self.read), bool(names & self.write)

    def note(self, name: str, attribute: str, /) -> tuple[str, bool]:
        return "", False

    def below(self, name: str, attribute: str, /) -> Level:
        return self

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


BOTH = Level({"cost"}, {"cost"})


class TagSchema(Schema):
    name = fields.Str()
    cost = fields.Int()


class NodeSchema(Schema):
    name = fields.Str(required=True)
    cost = fields.Int(load_default=3)
    price = fields.Int(attribute="cost", dump_only=True)
    tags = fields.List(fields.Nested(TagSchema))
    by_name = fields.Dict(fields.Str(), fields.Nested(TagSchema))
    first = fields.Nested(TagSchema(only=("name", "cost")))
    costs = fields.Pluck(TagSchema, "cost", many=True)
    children = fields.List(fields.Nested(lambda: NodeSchema()))


DATA: Mapping[str, Any] = {
    "name": "a",
    "cost": 1,
    "tags": [{"name": "x", "cost": 2}],
    "by_name": {"x": {"name": "x", "cost": 2}},
    "first": {"name": "x", "cost": 2},
    "costs": [{"cost": 2}],
    "children": [{"name": "b", "cost": 4, "children": [{"name": "c", "cost": 5}]}],
}


def test_a_hidden_field_is_missing_at_every_depth() -> None:
    """Lists, mappings, instances, plucked fields, and a schema that nests itself."""
    made = masked_schema(NodeSchema, BOTH)
    assert made().dump(DATA) == {
        "name": "a",
        "tags": [{"name": "x"}],
        "by_name": {"x": {"name": "x"}},
        "first": {"name": "x"},
        "children": [{"name": "b", "children": [{"name": "c"}]}],
    }
    for wrong in ({"cost": 1}, {"price": 1}, {"tags": [{"cost": 1}]}, {"costs": [1]}):
        with pytest.raises(ValidationError):
            made().load({"name": "a", **wrong})
    assert mask_defaults(made) == {"cost": 3}


def test_a_plan_has_one_class() -> None:
    """The same masks make the same class, so that a document has one component."""
    assert masked_schema(NodeSchema, BOTH) is masked_schema(NodeSchema, Level({"cost"}, {"cost"}))
    assert masked_schema(TagSchema, Level({"other"}, set())) is TagSchema


def test_who_may_only_write() -> None:
    """A field that is hidden from readers alone is load_only."""
    made = masked_schema(TagSchema, Level({"cost"}, set()))
    assert made().dump({"name": "a", "cost": 1}) == {"name": "a"}
    assert made().load({"cost": 1}) == {"cost": 1}


def test_who_may_only_read() -> None:
    """A field that is hidden from writers alone is dump_only, and not required."""
    made = masked_schema(NodeSchema, Level(set(), {"name"}))
    assert made().dump({"name": "a"})["name"] == "a"
    assert "name" not in made().load({"cost": 1})


def test_a_hook_cannot_add_a_hidden_field() -> None:
    """What post_dump hooks add under the name of a hidden field is removed."""

    class LoudSchema(Schema):
        cost = fields.Int(data_key="theCost")

        @post_dump
        def add(self, data: dict[str, Any], **_: object) -> dict[str, Any]:
            return {**data, "theCost": 7, "other": 1}

    assert masked_schema(LoudSchema, BOTH)().dump({"cost": 7}) == {"other": 1}


def test_unions_and_instances() -> None:
    """Each alternative of a union is masked, and instances keep their options."""
    alternatives = masked(TagSchema | NodeSchema, BOTH)
    assert sorted(alternatives.alternatives[0]().fields) == ["name"]  # type: ignore[attr-defined]

    class EitherSchema(UnionSchema):
        alternatives = (TagSchema(),)

    made = masked_schema(EitherSchema, BOTH)
    assert [sorted(each.fields) for each in made.alternatives] == [["name"]]  # type: ignore[attr-defined]
    found = masked(TagSchema(only=("name", "cost"), unknown=EXCLUDE), BOTH)
    assert sorted(found.fields) == ["name"]
