"""Schemas with a life of their own have true documents: hooks, overrides, own words, unions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from marshmallow import EXCLUDE, Schema, fields, post_dump, pre_load, validate
from marshmallow_oneofschema import OneOfSchema

from restkit import App, DeclarationError, OneOf, Resource, Settings, returns, takes
from restkit.testing import Client


def document_of(app: App, version: str = "3.1.1") -> dict[str, Any]:
    from restkit.openapi import build

    return build(app, version=version)


def served(schema: Any, value: Any = None, *, many: bool = False, **settings: Any) -> App:
    """Return an App whose /things responds with a value of the schema, and takes the schema."""
    app = App("T", settings=Settings(**settings))

    class Things(Resource):
        @returns(schema, many=many)
        def get(self) -> Any:
            return value

        @takes(body=schema)
        @returns(None)
        def post(self, body: Any) -> Any:
            return {"loaded": body}

        @takes(body=schema)
        @returns(None)
        def patch(self, body: Any) -> Any:
            return {"loaded": body}

    app.add("/things", Things)
    return app


def response_schema(app: App) -> dict[str, Any]:
    document = document_of(app)
    content = document["paths"]["/things"]["get"]["responses"]["200"]["content"]
    return resolved(document, content["application/json"]["schema"])


def request_schema(app: App, method: str = "post") -> dict[str, Any]:
    document = document_of(app)
    content = document["paths"]["/things"][method]["requestBody"]["content"]
    return resolved(document, content["application/json"]["schema"])


def resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return dict(document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    return schema


class CatSchema(Schema):
    meow = fields.Int(required=True)


class DogSchema(Schema):
    bark = fields.Str(required=True)


class AnimalSchema(OneOfSchema):
    """An animal."""

    type_schemas = {"cat": CatSchema, "dog": DogSchema}

    def get_obj_type(self, obj: Any) -> str:
        return "cat" if "meow" in obj else "dog"


CAT = {"meow": 1, "type": "cat"}
DOG = {"bark": "x", "type": "dog"}


def test_one_of_schema_is_documented() -> None:
    """A OneOfSchema is oneOf its schemas, each with the type, and a discriminator."""
    app = served(AnimalSchema, {"meow": 1})
    said = response_schema(app)
    assert said["description"] == "An animal."
    assert said["oneOf"] == [
        {"$ref": "#/components/schemas/AnimalCat"},
        {"$ref": "#/components/schemas/AnimalDog"},
    ]
    assert said["discriminator"] == {
        "propertyName": "type",
        "mapping": {
            "cat": "#/components/schemas/AnimalCat",
            "dog": "#/components/schemas/AnimalDog",
        },
    }
    cat = document_of(app)["components"]["schemas"]["AnimalCat"]
    assert cat["properties"]["type"]["const"] == "cat"
    assert cat["required"] == ["meow", "type"]
    assert cat["additionalProperties"] is False
    assert Client(app).get("/things").json == CAT


@pytest.mark.parametrize("many", [False, True])
def test_one_of_schema_passes_the_check(many: bool) -> None:
    """Values of a OneOfSchema pass the contract check, alone, in lists and nested."""
    values: Any = [{"meow": 1}, {"bark": "x"}] if many else {"bark": "x"}
    expected: Any = [CAT, DOG] if many else DOG
    assert Client(served(AnimalSchema, values, many=many)).get("/things").json == expected

    class ShelterSchema(Schema):
        animals = fields.List(fields.Nested(AnimalSchema), required=True)
        best = fields.Nested(AnimalSchema)

    shelter = {"animals": [{"meow": 1}, {"bark": "x"}], "best": {"meow": 1}}
    found = Client(served(ShelterSchema, shelter)).get("/things").json
    assert found == {"animals": [CAT, DOG], "best": CAT}


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"type": "cat", "meow": "1"}, {"/meow": "invalid"}),
        ({"type": "cow"}, {"/type": "invalid"}),
        ({"meow": 1}, {"/type": "required"}),
        ({"type": ["cat"]}, {"/type": "invalid"}),
        ({"type": "dog", "bark": "a", "more": 1}, {"/more": "unknown"}),
        ([], {"": "type"}),
    ],
)
def test_one_of_schema_is_strict(body: Any, errors: dict[str, str]) -> None:
    """The schemas of a OneOfSchema have restkit's wire formats, and errors repeat no input."""
    response = Client(served(AnimalSchema)).post("/things", json=body)
    assert response.status == 422
    assert {each["pointer"]: each["code"] for each in response.json["errors"]} == errors
    assert "cow" not in response.text


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"type": "cat"}, {"": "type"}),
        (5, {"": "type"}),
        (
            [5, {"type": "cow"}, {}, CAT],
            {"/0": "type", "/1/type": "invalid", "/2/type": "required"},
        ),
        ([{"type": "cat", "meow": "1"}, DOG], {"/0/meow": "invalid"}),
    ],
)
def test_a_list_of_one_of_schema_is_strict(body: Any, errors: dict[str, str]) -> None:
    """A list of alternatives must be one, and each wrong item has its pointer."""
    app = App("Shelter")

    @app.post("/animals")
    @takes(body=AnimalSchema(many=True))
    def post(body: list[Any]) -> dict[str, Any]:
        return {}

    response = Client(app).post("/animals", json=body)
    assert response.status == 422
    assert {each["pointer"]: each["code"] for each in response.json["errors"]} == errors
    assert Client(app).post("/animals", json=[CAT, DOG]).status == 200


def test_one_of_schema_is_patched() -> None:
    """A PATCH of a OneOfSchema needs the type only, as its document says."""
    app = served(AnimalSchema)
    document = document_of(app)
    assert document["components"]["schemas"]["AnimalCatPatch"]["required"] == ["type"]
    assert Client(app).patch("/things", json={"type": "cat"}).json == {"loaded": {}}


def test_one_of_schema_without_strictness() -> None:
    """With strict=False a OneOfSchema takes unknown members, and the document allows them."""
    app = served(AnimalSchema, strict=False)
    said = document_of(app)["components"]["schemas"]
    assert not any("additionalProperties" in said[name] for name in said if "Input" in name)
    body = {"type": "cat", "meow": 1, "more": 2}
    assert Client(app).post("/things", json=body).json == {"loaded": {"meow": 1}}


def test_one_of_schema_that_finds_the_type_itself() -> None:
    """If get_data_type is overridden, what is taken is documented as open."""

    class GuessingSchema(AnimalSchema):
        def get_data_type(self, data: Any) -> str:
            return "cat" if "meow" in data else "dog"

    app = served(GuessingSchema, {"meow": 1})
    assert "oneOf" not in request_schema(app)
    assert "properties" not in request_schema(app)
    assert Client(app).post("/things", json={"meow": 1}).json == {"loaded": {"meow": 1}}
    assert Client(app).get("/things").json == CAT


class UserSchema(Schema):
    name = fields.Str(required=True)
    nick = fields.Str(dump_only=True)


class EnvelopedSchema(UserSchema):
    """A user in an envelope."""

    @post_dump(pass_collection=True)
    def wrap(self, data: Any, many: bool, **options: Any) -> Any:
        return {"users" if many else "user": data}

    @pre_load(pass_collection=True)
    def unwrap(self, data: Any, many: bool, **options: Any) -> Any:
        return data["users"] if many else data["user"]


class RenamingSchema(UserSchema):
    @post_dump
    def rename(self, data: Any, **options: Any) -> Any:
        return {name.upper(): value for name, value in data.items()}


class WrappedSchema(UserSchema):
    @post_dump
    def wrap(self, data: Any, **options: Any) -> Any:
        return {"data": data}


class StrippedSchema(UserSchema):
    @post_dump
    def strip(self, data: Any, **options: Any) -> Any:
        return {name: value for name, value in data.items() if value is not None}


class DumpingSchema(UserSchema):
    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        return {"own": super().dump(obj, many=many)}


class ListedSchema(UserSchema):
    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        return [obj["name"]]


class LoadingSchema(UserSchema):
    def load(self, data: Any, **options: Any) -> Any:
        return super().load(data["own"], **options)


USER = {"name": "a", "nick": None}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (EnvelopedSchema, {"user": USER}),
        (RenamingSchema, {"NAME": "a", "NICK": None}),
        (WrappedSchema, {"data": USER}),
        (StrippedSchema, {"name": "a"}),
        (DumpingSchema, {"own": USER}),
        (ListedSchema, ["a"]),
    ],
)
def test_what_hooks_change_is_open(schema: type[Schema], expected: Any) -> None:
    """What hooks and overrides may change is documented as open, and passes the check."""
    app = served(schema, USER)
    assert Client(app).get("/things").json == expected
    said = response_schema(app)
    assert "required" not in said
    assert "additionalProperties" not in said


def test_hooks_without_envelopes_keep_properties() -> None:
    """Members that a hook may drop or add stay documented, as optional ones."""
    said = response_schema(served(StrippedSchema, USER))
    assert set(said["properties"]) == {"name", "nick"}


@pytest.mark.parametrize("stream", [False, True])
def test_envelopes_of_lists(stream: bool) -> None:
    """A list in an envelope is not documented as an array, and a stream gets it too."""
    app = served(EnvelopedSchema, iter([USER]) if stream else [USER], many=True)
    assert response_schema(app).get("type") != "array"
    assert Client(app).get("/things").json == {"users": [USER]}


def test_nested_envelopes() -> None:
    """A nested schema with an envelope is open where it is nested."""

    class TeamSchema(Schema):
        members = fields.Nested(EnvelopedSchema, many=True, required=True)
        lead = fields.Nested(EnvelopedSchema, required=True)

    app = served(TeamSchema, {"members": [USER], "lead": USER})
    found = Client(app).get("/things").json
    assert found == {"members": {"users": [USER]}, "lead": {"user": USER}}


@pytest.mark.parametrize(
    ("many", "body", "loaded"),
    [
        (False, {"user": {"name": "a"}}, {"name": "a"}),
        (True, {"users": [{"name": "a"}]}, [{"name": "a"}]),
    ],
)
def test_envelopes_are_taken_apart(many: bool, body: Any, loaded: Any) -> None:
    """A pre_load hook takes content out of an envelope, which the document leaves open."""
    app = served(EnvelopedSchema(many=many))
    said = request_schema(app)
    assert said.get("type") != "array"
    assert "required" not in said
    assert Client(app).post("/things", json=body).json == {"loaded": loaded}


@pytest.mark.parametrize("body", [{}, [], {"user": []}, {"user": None}, 5, None, {"name": "a"}])
def test_malformed_envelopes_are_invalid(body: Any) -> None:
    """Content that an envelope's hook cannot take apart is a 422, not a 500."""
    assert Client(served(EnvelopedSchema)).post("/things", json=body).status == 422
    assert Client(served(EnvelopedSchema(many=True))).post("/things", json=body).status == 422


def test_overridden_load_is_open() -> None:
    """What a load of one's own takes is documented as open."""
    app = served(LoadingSchema)
    assert "properties" not in request_schema(app)
    body = {"own": {"name": "a"}}
    assert Client(app).post("/things", json=body).json == {"loaded": {"name": "a"}}


class SpeakingSchema(EnvelopedSchema):
    class Meta:
        component_name = "UserEnvelope"

    @classmethod
    def json_schema(cls, derived: dict[str, Any], *, many: bool) -> dict[str, Any]:
        name = "users" if many else "user"
        inner = {"type": "array", "items": derived} if many else derived
        return {"type": "object", "properties": {name: inner}, "required": [name]}


def test_a_schema_says_its_own_json_schema() -> None:
    """A class method says the JSON Schema of one and of many, around what the fields say."""
    app = served(SpeakingSchema, USER | {"nick": "b"})
    assert response_schema(app)["required"] == ["user"]
    assert response_schema(app)["properties"]["user"]["required"] == ["name", "nick"]
    assert "UserEnvelope" in document_of(app)["components"]["schemas"]
    assert Client(app).get("/things").json["user"]["name"] == "a"
    many = served(SpeakingSchema, [USER | {"nick": "b"}], many=True)
    assert response_schema(many)["properties"]["users"]["type"] == "array"
    assert Client(many).get("/things").json["users"][0]["name"] == "a"


def test_own_words_are_checked() -> None:
    """A response outside the JSON Schema that its schema says is outside the contract."""
    app = served(SpeakingSchema, {"name": "a", "nick": None})
    with pytest.raises(Exception, match="is not SpeakingSchema"):
        Client(app).get("/things")


def test_own_words_by_view() -> None:
    """A mapping says the JSON Schema of each view, and the others keep that of the fields."""

    class PointSchema(Schema):
        x = fields.Int(required=True)
        json_schema = {"response": {"type": "object", "title": "A point"}}

    app = served(PointSchema, {"x": 1})
    assert response_schema(app) == {"type": "object", "title": "A point"}
    assert request_schema(app)["required"] == ["x"]


def test_own_words_for_all_views() -> None:
    """A mapping of keywords says the JSON Schema of every view."""

    class PointSchema(Schema):
        json_schema = {"type": "object", "maxProperties": 3}

    app = served(PointSchema, {})
    assert response_schema(app) == {"type": "object", "maxProperties": 3}
    assert request_schema(app, "patch") == {"type": "object", "maxProperties": 3}


def test_own_words_know_the_view_and_other_schemas() -> None:
    """A class method gets the view, and schemas in its result stand for their components."""

    class PageSchema(Schema):
        @classmethod
        def json_schema(cls, view: str) -> dict[str, Any]:
            return {"type": "object", "title": view, "properties": {"cat": CatSchema}}

    app = served(PageSchema, {})
    assert response_schema(app)["title"] == "response"
    assert request_schema(app)["title"] == "request"
    assert request_schema(app, "patch")["title"] == "patch"
    assert response_schema(app)["properties"]["cat"] == {"$ref": "#/components/schemas/Cat"}


def test_own_words_are_mappings() -> None:
    """A class method that returns something else is a mistake that names it."""

    class WrongSchema(Schema):
        @classmethod
        def json_schema(cls) -> Any:
            return "object"

    with pytest.raises(DeclarationError, match=r"WrongSchema\.json_schema is .* Give a mapping"):
        document_of(served(WrongSchema, {}))


class CardSchema(Schema):
    kind = fields.Constant("card", required=True)
    number = fields.Str(required=True)


class CashSchema(Schema):
    kind = fields.Str(required=True, validate=validate.Equal("cash"))
    amount = fields.Int(required=True)


def test_unions_with_a_discriminator() -> None:
    """A union of schemas with a constant each is oneOf them, told apart by that field."""
    app = served(CardSchema | CashSchema, {"kind": "cash", "amount": 5})
    said = response_schema(app)
    assert [each["$ref"].rpartition("/")[2] for each in said["oneOf"]] == ["Card", "Cash"]
    assert said["discriminator"]["propertyName"] == "kind"
    assert set(said["discriminator"]["mapping"]) == {"card", "cash"}
    client = Client(app)
    assert client.get("/things").json == {"kind": "cash", "amount": 5}
    loaded = client.post("/things", json={"kind": "card", "number": "1"}).json["loaded"]
    assert loaded == {"kind": "card", "number": "1"}
    errors = client.post("/things", json={"kind": "cash", "amount": "5"}).json["errors"]
    assert [each["pointer"] for each in errors] == ["/amount"]
    errors = client.post("/things", json={"kind": "cheque"}).json["errors"]
    assert errors == [
        {"pointer": "/kind", "detail": "Must be one of: card, cash.", "code": "invalid"}
    ]


def test_unions_without_a_discriminator() -> None:
    """Other unions are anyOf their schemas; the first that fits loads, and attributes choose."""
    app = served(OneOf(CatSchema, DogSchema()), {"bark": "x"})
    said = response_schema(app)
    assert said == {
        "anyOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}]
    }
    client = Client(app)
    assert client.get("/things").json == {"bark": "x"}
    assert client.post("/things", json={"meow": 1}).json == {"loaded": {"meow": 1}}
    assert client.post("/things", json={"bark": "a"}).json == {"loaded": {"bark": "a"}}
    assert client.post("/things", json={"meow": "1"}).status == 422
    assert client.post("/things", json=[]).status == 422


def test_lists_of_unions() -> None:
    """A list of a union has items of each schema."""
    app = served(CatSchema | DogSchema, [{"bark": "x"}, {"meow": 1}], many=True)
    assert response_schema(app)["items"]["anyOf"]
    assert Client(app).get("/things").json == [{"bark": "x"}, {"meow": 1}]


@pytest.mark.parametrize(
    "wrong", [OneOf(CatSchema), int | str, OneOf(CatSchema, CatSchema(many=True))]
)
def test_unions_that_are_none(wrong: Any) -> None:
    """A union has two schemas at least, and nothing else."""
    with pytest.raises(DeclarationError, match="union"):
        served(wrong)


def test_other_members_of_unions() -> None:
    """A schema of a union keeps its own treatment of unknown members."""

    class OpenSchema(CatSchema):
        class Meta:
            unknown = EXCLUDE

    client = Client(served(OpenSchema | DogSchema))
    assert client.post("/things", json={"meow": 1, "more": 2}).json == {"loaded": {"meow": 1}}
    assert client.post("/things", json={"bark": "a", "more": 2}).status == 422


@dataclass
class Cat:
    meow: int


@dataclass
class Dog:
    bark: str


@pytest.mark.parametrize("annotation", [Cat | Dog, Cat, list[Cat]])
def test_unions_arrive_as_mappings(annotation: Any) -> None:
    """A class as annotation of a union's body is rejected: it would not arrive."""

    def add(body: Any) -> Any:
        return body

    add.__annotations__["body"] = annotation
    with pytest.raises(DeclarationError, match="a union of schemas loads mappings"):
        App("T").post("/x")(takes(body=CatSchema | DogSchema)(add))


class InnerSchema(Schema):
    x = fields.Int(required=True)
    y = fields.Int(required=True)


class OuterSchema(Schema):
    a = fields.Int(required=True)
    n = fields.Nested(InnerSchema, required=True)
    many = fields.List(fields.Nested(InnerSchema))
    key = fields.Nested(InnerSchema, data_key="wire")


@pytest.mark.parametrize(
    ("partial", "member", "required"),
    [
        (("a", "n.x"), "n", ["y"]),
        (("many.y",), "many", ["x"]),
        (("key.x",), "wire", ["y"]),
        (("a",), "n", ["x", "y"]),
        (True, "n", None),
        (False, "n", ["x", "y"]),
    ],
)
def test_partial_of_nested_schemas(partial: Any, member: str, required: Any) -> None:
    """Members of a nested schema that partial names are not required."""
    app = served(OuterSchema(partial=partial))
    document = document_of(app)
    said = request_schema(app)["properties"][member]
    assert resolved(document, said.get("items", said)).get("required") == required
    inner = dict.fromkeys(required or (), 1)
    body = {"a": 1, "n": {"x": 1, "y": 1}} | {member: [inner] if member == "many" else inner}
    assert Client(app).post("/things", json=body).status == 200


def test_an_instance_may_forbid_a_partial_patch() -> None:
    """An explicit partial on PATCH means what it says."""
    app = served(InnerSchema(partial=False))
    assert request_schema(app, "patch")["required"] == ["x", "y"]
    assert Client(app).patch("/things", json={"x": 1}).status == 422
    some = served(InnerSchema(partial=("x",)))
    assert request_schema(some, "patch")["required"] == ["y"]
    assert Client(some).patch("/things", json={"y": 1}).status == 200
    usual = served(InnerSchema)
    assert "required" not in request_schema(usual, "patch")
    assert Client(usual).patch("/things", json={}).status == 200


class PartlyPlacedSchema(Schema):
    n = fields.Int()


class PlacedSchema(Schema):
    json_schema = {
        "type": "object",
        "properties": {
            "one": PartlyPlacedSchema,
            "other": PartlyPlacedSchema(only=("n",)),
            "more": {"type": "array", "items": PartlyPlacedSchema()},
        },
    }


def test_schemas_stand_in_declared_keywords() -> None:
    """Classes and instances become references; a partial instance stands in line."""
    document = document_of(served(PlacedSchema))
    properties = resolved(document, response_schema(served(PlacedSchema)))["properties"]
    assert properties["one"] == {"$ref": "#/components/schemas/PartlyPlaced"}
    assert properties["more"]["items"] == {"$ref": "#/components/schemas/PartlyPlaced"}
    assert list(resolved(document, properties["other"])["properties"]) == ["n"]


def test_keywords_that_contain_themselves_are_a_mistake() -> None:
    """They would have no end."""
    keywords: dict[str, Any] = {"type": "object"}
    keywords["properties"] = {"again": keywords}
    schema = type("LoopSchema", (Schema,), {"json_schema": keywords})
    with pytest.raises(DeclarationError, match="contains itself or is nested too deeply"):
        document_of(served(schema))


@pytest.mark.parametrize("raised", [ValueError, DeclarationError, KeyError])
def test_a_function_that_fails_is_named(raised: type[Exception]) -> None:
    """With the view for which it was called."""

    def fail(cls: type) -> Any:
        raise raised("why")

    schema = type("FailSchema", (Schema,), {"json_schema": classmethod(fail)})
    words = rf"FailSchema\.json_schema raised {raised.__name__} for the view 'response': .*why"
    with pytest.raises(DeclarationError, match=words):
        document_of(served(schema))


class BareSchema(Schema):
    n = fields.Int()


@pytest.mark.parametrize(
    "members",
    [
        {"type_field": "kind"},
        {"type_schemas": {"a": BareSchema}},
        {"type_field": "kind", "type_schemas": {}},
        {"type_field": "kind", "type_schemas": ["a"]},
        {"type_field": 5, "type_schemas": {"a": BareSchema}},
    ],
)
def test_half_of_a_union_is_a_plain_schema(members: dict[str, Any]) -> None:
    """Both attributes of marshmallow-oneofschema are needed, and an alternative."""
    schema = type("HalfSchema", (Schema,), {"m": fields.Int(), **members})
    assert list(response_schema(served(schema))["properties"]) == ["m"]
