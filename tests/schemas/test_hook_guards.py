"""Hooks of schemas under PATCH, and hooks that unwrap content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from marshmallow import Schema, ValidationError, fields, post_load, pre_load

from restkit import App, Resource
from restkit.testing import Client


@dataclass
class User:
    name: str
    email: str = ""


class UserSchema(Schema):
    name = fields.Str(required=True)
    email = fields.Str()


class ByKeywordSchema(UserSchema):
    @post_load
    def make(self, data: Any, **options: Any) -> Any:
        return User(**data)


class ByNameSchema(UserSchema):
    @post_load
    def make(self, data: Any, **options: Any) -> Any:
        return User(data["name"], data.get("email", ""))


class ByCollectionSchema(UserSchema):
    @post_load(pass_collection=True)
    def make(self, data: Any, **options: Any) -> Any:
        return User(**data)


class PoppingSchema(UserSchema):
    @post_load
    def make(self, data: Any, **options: Any) -> Any:
        return User(data.pop("email"), data.pop("name"))


class NormalizingSchema(UserSchema):
    @post_load
    def lower(self, data: Any, **options: Any) -> Any:
        return {name: value.lower() for name, value in data.items()}


class RefusingSchema(UserSchema):
    @post_load
    def refuse(self, data: Any, **options: Any) -> Any:
        raise ValidationError("No.", "name")


def served(schema: Any) -> Client:
    app = App("T")

    class UserItem(Resource):
        def patch(self, body: Any) -> Any:
            return {"type": type(body).__name__, "body": body}

        def post(self, body: Any) -> Any:
            return {"type": type(body).__name__, "body": {}}

    UserItem.patch = _taking(schema, UserItem.patch)  # type: ignore[method-assign]
    UserItem.post = _taking(schema, UserItem.post)  # type: ignore[method-assign]
    app.add("/users", UserItem)
    return Client(app)


def _taking(schema: Any, function: Any) -> Any:
    from restkit import returns, takes

    return takes(body=schema)(returns(None)(function))


@pytest.mark.parametrize(
    "schema", [ByKeywordSchema, ByNameSchema, ByCollectionSchema, PoppingSchema]
)
@pytest.mark.parametrize("body", [{"name": "C"}, {"email": "d"}, {}, {"name": "C", "email": "d"}])
def test_a_patch_is_a_mapping(schema: type[Schema], body: dict[str, str]) -> None:
    """A post_load that makes an object does not break a PATCH, which hands over what was sent."""
    assert served(schema).patch("/users", json=body).json == {"type": "dict", "body": body}


@pytest.mark.parametrize("schema", [ByKeywordSchema, ByNameSchema, ByCollectionSchema])
def test_a_post_is_an_object(schema: type[Schema]) -> None:
    """The same schema makes its object of a POST."""
    assert served(schema).post("/users", json={"name": "C"}).json["type"] == "User"


def test_hooks_that_return_mappings_hold_for_a_patch() -> None:
    """A post_load that returns a mapping is used on PATCH as well."""
    found = served(NormalizingSchema).patch("/users", json={"name": "C"}).json["body"]
    assert found == {"name": "c"}
    assert served(RefusingSchema).patch("/users", json={"name": "C"}).status == 422


def test_nested_hooks_of_a_patch() -> None:
    """A nested object of a PATCH is a mapping of what was sent, too."""

    class TeamSchema(Schema):
        lead = fields.Nested(ByKeywordSchema)
        members = fields.List(fields.Nested(ByNameSchema))

    body = {"lead": {"email": "d"}, "members": [{"email": "e"}]}
    assert served(TeamSchema).patch("/users", json=body).json["body"] == body


def test_lists_of_a_patch() -> None:
    """A PATCH of many hands over mappings."""
    body = [{"email": "d"}, {"name": "C"}]
    assert served(ByKeywordSchema(many=True)).patch("/users", json=body).json["body"] == body


class SpacesSchema(UserSchema):
    @pre_load
    def strip(self, data: Any, **options: Any) -> Any:
        return {name: value.strip() for name, value in data.items()}


@pytest.mark.parametrize("body", [[], 5, None, "a", [{}]])
def test_hooks_see_objects_only(body: Any) -> None:
    """A pre_load hook for items is never called with anything but an object."""
    response = served(SpacesSchema).post("/users", json=body)
    assert response.status == 422
    assert response.json["errors"][0]["pointer"] == ""
    many = served(SpacesSchema(many=True)).post("/users", json=[{"name": " a"}, 5])
    assert [each["pointer"] for each in many.json["errors"]] == ["/1"]
