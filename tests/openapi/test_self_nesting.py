"""Schemas that nest themselves, in part or with other rules than their class has."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from marshmallow import EXCLUDE, Schema, class_registry, fields, validate

from restkit import App, returns, takes
from restkit.openapi import build
from restkit.testing import Client


class NodeSchema(Schema):
    name = fields.Str(required=True)
    child = fields.Nested(lambda: NodeSchema())


class BoughSchema(Schema):
    name = fields.Str(required=True)
    size = fields.Int(required=True)
    child = fields.Nested(lambda: BoughSchema(exclude=("size",)))
    others = fields.List(fields.Nested(lambda: BoughSchema(), unknown=EXCLUDE))


class ShelfSchema(Schema):
    label = fields.Str(required=True)
    node = fields.Nested(NodeSchema, required=True)
    nodes = fields.List(fields.Nested(NodeSchema, required=True))


def tree(*names: str, **members: object) -> dict[str, Any]:
    """Return objects in each other, the members in the innermost one."""
    if not names:
        return members
    return {"name": names[0], "child": tree(*names[1:], **members)}


ODD = [
    {},
    {"odd": 1},
    {"name": "a"},
    {"child": {}},
    {"child": {"child": {}}},
    {"child": {"child": {"child": {"odd": 1}}}},
    tree("a"),
    tree("a", name="b"),
    tree("a", "b", "c"),
    tree("a", "b", name="c"),
    tree("a", "b", name="c", odd=1),
    tree("a", "b", name="c", size=1),
    {"name": "a", "others": [{"name": "b", "size": 1, "odd": 1}]},
    {"name": "a", "size": 1, "others": [{"name": "b", "size": 1, "others": [{"odd": 1}]}]},
    {"name": "a", "others": [{"name": "b", "size": 1, "others": [{"name": "c", "size": 1}]}]},
    {"others": [{"others": [{"odd": 1}]}]},
    {"name": "a", "size": 1, "child": tree("b", name="c")},
    {"label": "a", "node": {}},
    {"label": "a", "node": tree("a", name="b")},
    {"node": {"child": {}}},
    {"nodes": [{"child": {}}, {"odd": 1}]},
    {"nodes": [{"child": {}}]},
]


@pytest.mark.parametrize(
    "schema",
    [
        NodeSchema(),
        NodeSchema(partial=True),
        NodeSchema(partial=("name",)),
        NodeSchema(partial=("child.name",)),
        NodeSchema(unknown=EXCLUDE),
        BoughSchema(),
        BoughSchema(exclude=("size",)),
        BoughSchema(exclude=("size",), partial=True),
        BoughSchema(only=("name", "child.name", "others.size")),
        ShelfSchema(),
        ShelfSchema(partial=True),
        ShelfSchema(partial=("node.name", "node.child.name")),
    ],
    ids=lambda schema: f"{type(schema).__name__}-{schema.partial}-{schema.only or schema.exclude}",
)
def test_each_level_is_documented_as_it_is_taken(schema: Schema) -> None:
    app = App("T")

    @app.post("/s")
    @takes(body=schema)
    def post(body: dict[str, Any]) -> None: ...

    document = build(app)
    content = document["paths"]["/s"]["post"]["requestBody"]["content"]["application/json"]
    checker = Draft202012Validator({**content["schema"], "components": document["components"]})
    client = Client(app)
    taken = [each for each in ODD if client.post("/s", json=each).status == 204]
    assert [each for each in ODD if checker.is_valid(each)] == taken
    assert 0 < len(taken) < len(ODD)


def test_a_part_of_itself_has_a_component_in_responses() -> None:
    """As a whole, too; marshmallow's registry of names does not see the class that is made."""
    app = App("T")

    @app.get("/s")
    @returns(BoughSchema(exclude=("size",)))
    def get() -> dict[str, Any]:
        return {"name": "a", "child": {"name": "b", "child": {"name": "c"}}}

    @app.get("/whole")
    @returns(BoughSchema)
    def whole() -> dict[str, Any]:
        return {"name": "a", "size": 1}

    components = build(app)["components"]["schemas"]
    part, complete = components["BoughVariant"], components["Bough"]
    assert part["properties"].keys() == {"name", "child", "others"}
    assert part["properties"]["child"] == {"$ref": "#/components/schemas/BoughVariant"}
    assert complete["properties"]["child"] == {"$ref": "#/components/schemas/BoughVariant"}
    assert class_registry.get_class("BoughSchema") is BoughSchema
    client = Client(app)
    assert client.get("/s").json["child"]["child"] == {"name": "c"}
    assert client.get("/whole").json == {"name": "a", "size": 1}


def test_instances_that_differ_at_each_level_are_open() -> None:
    """There is no schema for all of them; the document may take more, and never less."""

    class LevelSchema(Schema):
        def __init__(self, level: int, **options: Any) -> None:
            self.level = level
            super().__init__(**options)

        def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
            if field_name == "size":
                field_obj.validators = [validate.Range(max=self.level)]
            elif isinstance(field_obj, fields.Nested):
                field_obj.nested = lambda: LevelSchema(self.level - 1)

        size = fields.Int(required=True)
        inner = fields.Nested(lambda: LevelSchema(0))

    app = App("T")

    @app.post("/s")
    @takes(body=LevelSchema(9, exclude=()))
    def post(body: dict[str, Any]) -> None: ...

    document = build(app)
    content = document["paths"]["/s"]["post"]["requestBody"]["content"]["application/json"]
    checker = Draft202012Validator({**content["schema"], "components": document["components"]})
    client = Client(app)
    for data in ({"size": 9}, {"size": 9, "inner": {"size": 8, "inner": {"size": 7}}}):
        assert client.post("/s", json=data).status == 204
        assert checker.is_valid(data)
    assert client.post("/s", json={"size": 10}).status == 422
    assert not checker.is_valid({"size": 10})
