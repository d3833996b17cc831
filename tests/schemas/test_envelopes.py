"""Envelopes: bodies and responses of one member, of which methods see the content alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from marshmallow import Schema, fields, validate

from restkit import App, DeclarationError, Resource, Schemas, envelope, returns, takes
from restkit.crud import CRUDResource, MemoryStore
from restkit.testing import Client


class ArticleSchema(Schema):
    id = fields.Int(dump_only=True, required=True)
    title = fields.Str(required=True, validate=validate.Length(1, 20))


@dataclass
class Draft:
    title: str


class Articles(Resource):
    schema = envelope("article", ArticleSchema)

    def get(self) -> dict[str, Any]:
        return {"id": 1, "title": "Emma"}

    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"id": 2, **body}

    def patch(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"id": 1, "title": "Emma", **body}


class Drafts(Resource):
    schema = envelope("draft", ArticleSchema(only=["title"]), "Draft")

    def post(self, body: Draft) -> Draft:
        return Draft(body.title.upper())


class Lists(Resource):
    @returns(envelope("articles", [ArticleSchema]))
    def get(self) -> list[dict[str, Any]]:
        return [{"id": 1, "title": "Emma"}]

    @takes(body=envelope("drafts", [ArticleSchema(only=["title"])], "Drafts"))
    @returns(envelope("titles", [str]), status=200)
    def post(self, body: list[Draft]) -> list[str]:
        return [each.title for each in body]


class Numbers(Resource):
    @takes(body=envelope("number", fields.Int(required=True, strict=True)))
    @returns(envelope("errors", envelope("numbers", [int])), status=200)
    def post(self, body: int) -> list[int]:
        return [body, body + 1]


@pytest.fixture
def client() -> Client:
    app = App("Articles")
    app.add("/articles", Articles)
    app.add("/drafts", Drafts)
    app.add("/lists", Lists)
    app.add("/numbers", Numbers)
    return Client(app)


def test_methods_get_and_return_the_content(client: Client) -> None:
    article = {"id": 1, "title": "Emma"}
    assert client.get("/articles").json == {"article": article}
    made = client.post("/articles", json={"article": {"title": "Persuasion"}})
    assert made.json == {"article": {"id": 2, "title": "Persuasion"}}
    changed = client.patch("/articles", json={"article": {"title": "Lady Susan"}})
    assert changed.json == {"article": {"id": 1, "title": "Lady Susan"}}


def patched(schema: Any) -> Client:
    """Return a client of a PATCH that returns its content below another member."""
    app = App("Patches")

    class Patches(Resource):
        @takes(body=schema)
        @returns({"got": fields.Raw(required=True, allow_none=True)})
        def patch(self, body: object) -> dict[str, object]:
            return {"got": body}

    app.add("/patches", Patches)
    return Client(app)


@pytest.mark.parametrize(
    ("schema", "content"),
    [
        (envelope("it", str), "Emma"),
        (envelope("it", [int]), [1, 2]),
        (envelope("it", [ArticleSchema]), [{"title": "Emma"}]),
        (envelope("it", fields.Str(required=True, allow_none=True)), None),
        (envelope("it", fields.Nested(ArticleSchema, allow_none=True)), None),
        (envelope("it", fields.Nested(ArticleSchema, allow_none=True)), {"title": "Emma"}),
    ],
    ids=["text", "numbers", "list", "null", "no_object", "object"],
)
def test_a_patch_gets_the_content_of_every_envelope(schema: Any, content: object) -> None:
    response = patched(schema).patch("/patches", json={"it": content})
    assert response.json == {"got": content}


@pytest.mark.parametrize("content", [str, [int], [ArticleSchema]], ids=["text", "list", "objects"])
def test_a_patch_of_a_value_has_the_value(content: Any) -> None:
    """There is no part of it that a patch could leave out."""
    client = patched(envelope("it", content))
    response = client.patch("/patches", json={})
    assert response.json["errors"][0]["pointer"] == "/it"
    document = client.get("/openapi.json").json
    (schema,) = [each for name, each in document["components"]["schemas"].items() if "It" in name]
    assert schema["required"] == ["it"]


@pytest.mark.parametrize("member", ["a.b", ".", "_member"])
def test_a_member_that_no_field_can_have_is_rejected(member: str) -> None:
    with pytest.raises(DeclarationError, match="without dots"):
        envelope(member, str)


@pytest.mark.parametrize("patch", [{}, {"article": {}}])
def test_a_patch_may_have_nothing(client: Client, patch: dict[str, object]) -> None:
    response = client.patch("/articles", json=patch)
    assert response.json == {"article": {"id": 1, "title": "Emma"}}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/article"),
        ({"article": None}, "/article"),
        ({"article": []}, "/article"),
        ({"article": {}}, "/article/title"),
        ({"article": {"title": ""}}, "/article/title"),
        ({"article": {"title": "x", "id": 1}}, "/article/id"),
        ({"article": {"title": "x"}, "id": 1}, "/id"),
    ],
)
def test_errors_point_into_the_whole(client: Client, body: object, pointer: str) -> None:
    response = client.post("/articles", json=body)
    assert response.status == 422
    assert [each["pointer"] for each in response.problem["errors"]] == [pointer]


def test_the_content_may_be_a_dataclass(client: Client) -> None:
    response = client.post("/drafts", json={"draft": {"title": "Emma"}})
    assert response.json == {"draft": {"title": "EMMA"}}


def test_the_content_may_be_a_list(client: Client) -> None:
    assert client.get("/lists").json == {"articles": [{"id": 1, "title": "Emma"}]}
    response = client.post("/lists", json={"drafts": [{"title": "Emma"}, {"title": "x"}]})
    assert response.json == {"titles": ["Emma", "x"]}
    wrong = client.post("/lists", json={"drafts": [{"title": "Emma"}, {"title": ""}]})
    assert wrong.problem["errors"][0]["pointer"] == "/drafts/1/title"


def test_the_content_may_be_a_field_or_another_envelope(client: Client) -> None:
    response = client.post("/numbers", json={"number": 1})
    assert response.json == {"errors": {"numbers": [1, 2]}}
    assert client.post("/numbers", json={"number": "1"}).status == 422


def test_the_document_has_the_envelopes(client: Client) -> None:
    schemas = client.get("/openapi.json").json["components"]["schemas"]
    names = {name for name in schemas if name not in {"Problem", "Article", "ArticleInput"}}
    assert names == {
        "ArticleEnvelope",
        "ArticleEnvelopeInput",
        "ArticleEnvelopePatch",
        "ArticlePatch",
        "ArticlesEnvelope",
        "Draft",
        "Drafts",
        "ErrorsEnvelope",
        "NumberEnvelope",
        "NumbersEnvelope",
        "TitlesEnvelope",
    }
    assert schemas["ArticleEnvelope"] == {
        "type": "object",
        "properties": {"article": {"$ref": "#/components/schemas/Article"}},
        "required": ["article"],
        "additionalProperties": False,
    }
    articles = schemas["ArticlesEnvelope"]["properties"]["articles"]
    assert articles == {"type": "array", "items": {"$ref": "#/components/schemas/Article"}}


def test_the_same_arguments_make_the_same_class() -> None:
    first = envelope("article", ArticleSchema)
    assert envelope("article", ArticleSchema) is first
    assert envelope("article", ArticleSchema, "Post") is not first
    assert envelope("article", [ArticleSchema]) is not first


def test_verbs_may_have_different_envelopes() -> None:
    class Posts(Resource):
        new = envelope("post", ArticleSchema(only=["title"]), "NewPost")
        schema = Schemas(envelope("post", ArticleSchema), create=new)

        def post(self, body: dict[str, Any]) -> dict[str, Any]:
            return {"id": 3, **body}

    app = App("Posts")
    app.add("/posts", Posts)
    response = Client(app).post("/posts", json={"post": {"title": "Emma"}})
    assert response.status == 201
    assert response.json == {"post": {"id": 3, "title": "Emma"}}


@pytest.mark.parametrize(
    ("member", "content", "says"),
    [
        ("", ArticleSchema, r"envelope\('', ...\): the member must be a string"),
        (5, ArticleSchema, r"envelope\(5, ...\): the member must be a string"),
        ("article", object, "the content must be a schema, a marshmallow field or a type"),
        ("article", "Article", "the content must be a schema"),
        ("article", [], "the content must be a schema"),
        ("article", [ArticleSchema, str], "the content must be a schema"),
        ("article", [["x"]], "the content must be a schema"),
    ],
)
def test_what_cannot_be_content_is_rejected(member: Any, content: Any, says: str) -> None:
    with pytest.raises(DeclarationError, match=says):
        envelope(member, content)


@pytest.mark.parametrize(
    "schema",
    [
        envelope("draft", ArticleSchema),
        Schemas(ArticleSchema, list=envelope("draft", ArticleSchema)),
    ],
    ids=["class", "list"],
)
def test_the_schema_of_a_collection_is_no_envelope(schema: Any) -> None:
    class Collection(CRUDResource[Draft]):
        store = MemoryStore(Draft, key="title")

    Collection.schema = schema
    with pytest.raises(DeclarationError, match="is the envelope ArticleEnvelope"):
        App("Drafts").add("/drafts", Collection)
