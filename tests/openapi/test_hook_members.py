"""A hook opens the members that it can change, and no others."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from marshmallow import Schema, fields, post_dump, pre_load

from restkit import App, Resource
from restkit.openapi import build
from restkit.testing import Client


class BaseSchema(Schema):
    name = fields.Str(required=True)
    size = fields.Int(required=True)


class FillsSchema(BaseSchema):
    @pre_load
    def fill(self, data: Any, **options: Any) -> Any:
        data = dict(data)
        if "size" not in data:
            data["size"] = len(data.get("name", ""))
        return data


class RenamesSchema(BaseSchema):
    @pre_load
    def rename(self, data: Any, **options: Any) -> Any:
        if "length" in data:
            size = data.pop("length")
            return {**data, "size": size}
        data.setdefault("size", 1)
        return data


class ReadsSchema(BaseSchema):
    @pre_load
    def read(self, data: Any, **options: Any) -> Any:
        if data.get("name") == "none":
            self.context_seen = True
        return data


class LowersSchema(BaseSchema):
    @pre_load
    def lower(self, data: Any, **options: Any) -> Any:
        return {name.lower(): value for name, value in data.items()}


class HandsOnSchema(BaseSchema):
    @pre_load
    def hand_on(self, data: Any, **options: Any) -> Any:
        _fill(data)
        return data


class VariableSchema(BaseSchema):
    @pre_load
    def set_all(self, data: Any, **options: Any) -> Any:
        for name in ("name", "size"):
            data[name] = data.get(name)
        return data


class AliasSchema(BaseSchema):
    @pre_load
    def alias(self, data: Any, **options: Any) -> Any:
        other = data
        other["size"] = 1
        return data


def _wrapped(hook: Any) -> Any:
    @functools.wraps(hook)
    def call(*args: Any, **options: Any) -> Any:
        return hook(*args, **options)

    return call


class WrappedSchema(BaseSchema):
    @pre_load
    @_wrapped
    def fill(self, data: Any, **options: Any) -> Any:
        return {**data, "size": 1}


class LambdaSchema(BaseSchema):
    fill = pre_load(lambda self, data, **options: {**data, "size": 1})


class AnyParametersSchema(BaseSchema):
    @pre_load
    def fill(self, *data: Any, **options: Any) -> Any:
        return {**data[0], "size": 1}


class InnerFunctionSchema(BaseSchema):
    @pre_load
    def fill(self, data: Any, **options: Any) -> Any:
        def put(name: str) -> None:
            data[name] = 1

        put("size")
        return data


class InPlaceSchema(BaseSchema):
    @pre_load
    def fill(self, data: Any, **options: Any) -> Any:
        if "size" in data:
            return data
        data["size"] = 1
        if data["size"] == 2:
            return None
        return data


class CopyOfAnotherSchema(BaseSchema):
    @pre_load
    def fill(self, data: Any, **options: Any) -> Any:
        return dict(data, size=1)


class VariableMemberSchema(BaseSchema):
    @pre_load
    def fill(self, data: Any, **options: Any) -> Any:
        name = "size"
        return {**data, name: 1}


class TwoSpreadsSchema(BaseSchema):
    @pre_load
    def fill(self, data: Any, **options: Any) -> Any:
        return {"size": 1, **data}


class EmptiesSchema(BaseSchema):
    @pre_load
    def empty(self, data: Any, **options: Any) -> Any:
        data.clear()
        return data


def _fill(data: dict[str, Any]) -> None:
    data.setdefault("size", 1)


class DropsSchema(BaseSchema):
    @post_dump
    def drop(self, data: Any, **options: Any) -> Any:
        if data["size"] is None:
            del data["size"]
        data["shown"] = True
        return data


def _schema(schema: type[Schema], status: str = "") -> dict[str, Any]:
    app = _app(schema)
    operation = build(app)["paths"]["/a"]["post"]
    holder = operation["responses"]["201"] if status else operation["requestBody"]
    reference = holder["content"]["application/json"]["schema"]["$ref"]
    found: dict[str, Any] = build(app)["components"]["schemas"][reference.rpartition("/")[2]]
    return found


def _app(schema: type[Schema]) -> App:
    def post(self: Any, body: dict[str, Any]) -> Any:
        return body

    app = App("Hooks")
    app.add("/a", type("Things", (Resource,), {"schema": schema, "post": post}))
    return app


@pytest.mark.parametrize(
    ("schema", "required", "more"),
    [
        (FillsSchema, ["name"], set()),
        (RenamesSchema, ["name"], {"length"}),
        (ReadsSchema, ["name", "size"], set()),
    ],
)
def test_a_hook_opens_what_it_changes(
    schema: type[Schema], required: list[str], more: set[str]
) -> None:
    """Other members stay required, and unknown ones stay forbidden."""
    found = _schema(schema)
    assert found["required"] == required
    assert set(found["properties"]) == {"name", "size"} | more
    assert found["additionalProperties"] is False


@pytest.mark.parametrize(
    "schema",
    [
        LowersSchema,
        HandsOnSchema,
        VariableSchema,
        AliasSchema,
        WrappedSchema,
        LambdaSchema,
        AnyParametersSchema,
        InnerFunctionSchema,
        InPlaceSchema,
        CopyOfAnotherSchema,
        VariableMemberSchema,
        TwoSpreadsSchema,
        EmptiesSchema,
    ],
)
def test_a_hook_whose_changes_are_unknown_opens_all(schema: type[Schema]) -> None:
    """Names that the source does not show may be any."""
    found = _schema(schema)
    assert "required" not in found
    assert "additionalProperties" not in found


def test_the_document_of_a_hook_is_what_is_taken() -> None:
    """What the document allows is loaded, and what it forbids is invalid."""
    client = Client(_app(RenamesSchema))
    assert client.post("/a", json={"name": "a", "length": 2}).json == {"name": "a", "size": 2}
    assert client.post("/a", json={"name": "a"}).json == {"name": "a", "size": 1}
    assert client.post("/a", json={"size": 2}).status == 422
    assert client.post("/a", json={"name": "a", "more": 2}).status == 422


def test_a_hook_of_responses_opens_what_it_changes() -> None:
    """A member that it drops is optional, and one that it adds is known."""
    found = _schema(DropsSchema, "201")
    assert "size" not in found.get("required", [])
    assert found["properties"]["shown"] == {}
    assert found["additionalProperties"] is False
    response = Client(_app(DropsSchema)).post("/a", json={"name": "a", "size": 1})
    assert response.json == {"name": "a", "size": 1, "shown": True}
