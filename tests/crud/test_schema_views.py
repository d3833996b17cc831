"""The views of a collection's schema: names, parts, relations, and what a patched whole must be."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema
from shelf import Book, BookSchema, collection, refused

from restkit import App
from restkit.crud import CRUDResource, MemoryStore
from restkit.crud.patching import JSON_PATCH
from restkit.errors import DeclarationError
from restkit.openapi import build
from restkit.testing import Client


@dataclass
class Part:
    name: str
    price: Decimal | None = None
    maker: Any = None
    count: int = 1
    id: int = 0


class MakerSchema(Schema):
    name = fields.Str()


class PartSchema(Schema):
    id = fields.Int(dump_only=True)
    name = fields.Str(required=True)
    price = fields.Decimal(allow_none=True)
    count = fields.Int()
    maker = fields.Nested(MakerSchema, dump_only=True, allow_none=True)


class Parts(CRUDResource[Part]):
    store = MemoryStore(Part)
    schema = PartSchema


def test_views_of_one_schema_have_names_of_their_own() -> None:
    """Collections of one schema may differ in what clients choose;
    the document has a component for each view.
    """

    class WholeParts(Parts):
        pass

    class ExpandedParts(Parts):
        expand = ("maker",)

    class SparseParts(Parts):
        expand = ("maker",)
        fields = True

    app = App("Parts")
    for name, resource in (
        ("/whole", WholeParts),
        ("/expanded", ExpandedParts),
        ("/sparse", SparseParts),
    ):
        app.add(name, resource)
    components = build(app)["components"]["schemas"]
    pages = {"PartPage", "PartWithMakerPage", "PartViewPage"}
    assert {"Part", "PartInput", "PartPatch", "PartWithMaker", "PartView", *pages} <= set(
        components
    )
    assert "maker" in components["Part"]["required"]
    assert "maker" not in components["PartWithMaker"]["required"]
    assert "required" not in components["PartView"]


def test_a_patch_is_applied_to_what_a_client_has_read() -> None:
    """Values that are texts only on the wire, such as decimals, are those for a patch,
    and stay as they are.
    """

    class Fresh(Parts):
        store = MemoryStore(Part)

    app = App("Parts")
    app.add("/parts", Fresh)
    client = Client(app)
    client.post("/parts", json={"name": "Wheel", "price": "12.50"})
    assert client.patch("/parts/1", json={"name": "Big wheel"}).json["price"] == "12.50"
    changes = [
        {"op": "test", "path": "/price", "value": "12.50"},
        {"op": "copy", "from": "/price", "path": "/name"},
    ]
    response = client.patch("/parts/1", json=changes, content_type="application/json-patch+json")
    assert response.status == 200
    assert response.json["name"] == "12.50"


@dataclass
class Author:
    name: str


@dataclass
class Novel:
    title: str
    id: int = 0

    @property
    def author(self) -> Author:
        return Author(f"who wrote {self.title}")


class AuthorSchema(Schema):
    name = fields.Str(dump_only=True)


class NovelSchema(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(required=True)
    author = fields.Nested(AuthorSchema, dump_only=True)


def novels(**members: Any) -> Any:
    return collection(
        store=MemoryStore(Novel, items=[Novel("Emma")]), schema=NovelSchema, **members
    )


def test_relations_are_answered_where_they_are_asked_for() -> None:
    """A relation that may be expanded is answered only then; any other one always."""
    plain, asked = {"id": 1, "title": "Emma"}, {"author": {"name": "who wrote Emma"}}
    client = novels(expand=("author",))
    assert client.get("/books").json["items"] == [plain]
    assert client.get("/books?expand=author").json["items"] == [{**plain, **asked}]
    assert client.get("/books/1").json == plain
    assert client.get("/books/1?expand=author").json == {**plain, **asked}
    assert (
        client.get("/books/1").headers["ETag"]
        != client.get("/books/1?expand=author").headers["ETag"]
    )
    assert novels().get("/books/1").json == {**plain, **asked}


def test_fields_and_relations_together() -> None:
    """`fields` chooses among fields, `expand` adds relations;
    each is refused where it names something else.
    """
    client = novels(expand=("author",), fields=True)
    assert client.get("/books/1?fields=title&expand=author").json == {
        "title": "Emma",
        "author": {"name": "who wrote Emma"},
    }
    assert client.get("/books/1?fields=title").json == {"title": "Emma"}
    assert [
        client.get(f"/books?{query}").status
        for query in ("fields=author", "expand=title", "fields=")
    ] == [422] * 3
    assert novels().get("/books?fields=title").status == 422


def test_what_may_be_left_out_is_optional_in_the_document() -> None:
    """The document of a collection with chosen fields requires none of them in answers."""
    components = novels(fields=True).get("/openapi.json").json["components"]["schemas"]
    assert "required" not in components["NovelView"]
    assert components["NovelViewPage"]["properties"]["items"]["items"] == {
        "$ref": "#/components/schemas/NovelView"
    }
    assert components["NovelInput"]["required"] == ["title"]


@pytest.mark.parametrize("name", ["title", "publisher", "id"])
def test_a_relation_that_is_none_is_refused(name: str) -> None:
    """Only nested fields that are answered can be expanded."""
    refused(
        f"Books.expand: {name!r} is not a nested dump-only field of NovelSchema. Write {name} = ",
        store=MemoryStore(Novel),
        schema=NovelSchema,
        expand=(name,),
    )


class Renamed(Schema):
    key = fields.Int(dump_only=True, attribute="id", data_key="number")
    title = fields.Str(required=True, data_key="the-title", validate=validate.Length(1, 50))
    born = fields.Int(attribute="year", data_key="year:born", allow_none=True)


def test_names_in_content_and_attributes() -> None:
    """A field has its own name in content, in patches and pointers,
    and another one in the model.
    """
    client = collection(Book("Emma"), schema=Renamed, fields=True)
    assert client.patch("/books/1", json={"year:born": 1815}).json == {
        "number": 1,
        "the-title": "Emma",
        "year:born": 1815,
    }
    response = client.patch("/books/1", json={"the-title": ""})
    assert response.problem["errors"][0]["pointer"] == "/the-title"
    patch = [{"op": "replace", "path": "/year:born", "value": "x"}]
    response = client.patch("/books/1", json=patch, content_type=JSON_PATCH)
    assert response.problem["errors"][0]["pointer"] == "/year:born"
    assert client.get("/books/1?fields=year:born").json == {"year:born": 1815}


class Secretive(BookSchema):
    code = fields.Str(load_only=True, attribute="genre", required=True)

    class Meta:
        exclude = ("genre",)


def test_a_patch_of_what_is_never_answered() -> None:
    """A member that is taken and never answered is patched without being shown,
    and need not be sent.
    """
    store = MemoryStore(Book, items=[Book("Emma", genre="novel")])
    client, whole = collection(store=store, schema=Secretive), collection(store=store)
    response = client.patch("/books/1", json={"year": 1815})
    assert (response.status, response.json["year"]) == (200, 1815)
    assert "code" not in response.json
    assert whole.get("/books/1").json["genre"] == "novel"
    assert client.patch("/books/1", json={"code": "x"}).status == 200
    assert whole.get("/books/1").json["genre"] == "x"
    for patched, code in (({"code": 1}, "invalid"), ({"code": None}, "required")):
        error = client.patch("/books/1", json=patched).problem["errors"][0]
        assert (error["pointer"], error["code"]) == ("/code", code)
    assert whole.get("/books/1").json["genre"] == "x"


@pytest.mark.parametrize(
    ("operation", "status"),
    [
        ({"op": "copy", "from": "/code", "path": "/title"}, 422),
        ({"op": "move", "from": "/code", "path": "/title"}, 422),
        ({"op": "test", "path": "/code", "value": "hunter2"}, 422),
        ({"op": "test", "path": "/code", "value": "hunter3"}, 422),
        ({"op": "copy", "from": "", "path": "/cover"}, 200),
        ({"op": "add", "path": "/code", "value": "new"}, 200),
        ({"op": "replace", "path": "/code", "value": "new"}, 200),
        ({"op": "replace", "path": "", "value": {"title": "Emma"}}, 200),
    ],
)
def test_no_patch_tells_what_is_never_answered(operation: dict[str, Any], status: int) -> None:
    """A JSON Patch sees what GET answers:
    it can set a member that is taken only, and not test, copy or move it.
    """
    store = MemoryStore(Book, items=[Book("Emma", genre="hunter2")])
    client = collection(store=store, schema=Secretive)
    response = client.patch("/books/1", json=[operation], content_type=JSON_PATCH)
    assert response.status == status
    assert "hunter2" not in response.text
    assert "hunter2" not in client.get("/books/1").text
    stored = "new" if operation.get("value") == "new" else "hunter2"
    assert (
        client.patch("/books/1", json={"code": stored}).headers["ETag"]
        == client.get("/books/1").headers["ETag"]
    )


@pytest.mark.parametrize(
    "body", [{"id": 2}, {"none": 1}, {"title": None}, {"title": ""}, {"tags": [1]}]
)
def test_a_patched_whole_is_validated(body: dict[str, Any]) -> None:
    """What a patch sets must be what content may have; nothing is written otherwise."""
    client = collection(Book("Emma"), schema=BookSchema)
    before = client.get("/books/1")
    assert client.patch("/books/1", json=body).status == 422
    assert client.get("/books/1").headers["ETag"] == before.headers["ETag"]


def test_a_member_that_is_removed_becomes_what_a_new_item_has() -> None:
    """Null in a merge patch takes a member away; the attribute then has its default."""
    client = collection(Book("Emma", genre="essay", tags=["a"]), schema=BookSchema)
    patched = client.patch("/books/1", json={"genre": None, "tags": None}).json
    assert patched["genre"] == "novel"
    assert patched["tags"] == []


class Loading(BookSchema):
    @post_load
    def make(self, data: Any, **_: Any) -> Book:
        return Book(**data)


def test_a_schema_that_makes_items_itself_is_told_so() -> None:
    """A post_load that makes something else than a mapping is one clear sentence at the first
    write.
    """
    client = collection(Book("Emma"), schema=Loading)
    for method, path in (("POST", "/books"), ("PUT", "/books/1"), ("PATCH", "/books/1")):
        with pytest.raises(
            DeclarationError, match="Loading loads Book, but a CRUDResource makes the items itself"
        ):
            client.request(method, path, json={"title": "x"})


def test_null_in_a_merge_patch_may_be_where_the_document_has_it() -> None:
    """Null removes what need not be there, and the document says so;
    what is unknown cannot be removed either.
    """

    class Fresh(Parts):
        store = MemoryStore(Part)

    app = App("Parts")
    app.add("/parts", Fresh)
    client = Client(app)
    client.post("/parts", json={"name": "Wheel", "price": "1", "count": 3})
    changed = client.patch("/parts/1", json={"price": None, "count": None}).json
    assert changed["price"] is None
    assert changed["count"] == 1
    for wrong, pointer, code in (
        ("name", "/name", "required"),
        ("id", "/id", "unknown"),
        ("more", "/more", "unknown"),
    ):
        refused = client.patch("/parts/1", json={wrong: None})
        assert refused.status == 422
        assert [(each["pointer"], each["code"]) for each in refused.problem["errors"]] == [
            (pointer, code)
        ]
    members = build(app)["components"]["schemas"]["PartPatch"]["properties"]
    assert [name for name in members if "null" in members[name]["type"]] == ["price", "count"]


def test_what_no_schema_can_promise_is_told_in_words() -> None:
    """The cursor of pages and JSON Patch are taken, and named in the document,
    but not as something to make up.
    """
    app = App("Parts")
    app.add("/parts", type("Fresh", (Parts,), {"store": MemoryStore(Part), "page_size": 1}))
    paths = build(app)["paths"]
    listing, patching = paths["/parts"]["get"], paths["/parts/{id}"]["patch"]
    assert "cursor" not in [each["name"] for each in listing["parameters"]]
    assert "`cursor`" in listing["responses"]["400"]["description"]
    assert set(patching["requestBody"]["content"]) == {
        "application/merge-patch+json",
        "application/json",
    }
    assert "application/json-patch+json" in patching["requestBody"]["description"]
    client = Client(app)
    for name in "ab":
        client.post("/parts", json={"name": name})
    assert [
        each["name"] for each in client.get(client.get("/parts").json["next"]).json["items"]
    ] == ["b"]
    assert "application/json-patch+json" in client.options("/parts/1").headers["Accept-Patch"]


class TokenSchema(Schema):
    name = fields.Str()
    secret = fields.Str(required=True, load_only=True)


def is_printed(year: int) -> None:
    if year < 1450:
        raise ValidationError("Before books were printed.")


class Spanned(BookSchema):
    year = fields.Int(validate=is_printed, allow_none=True)
    stars = fields.Int(validate=validate.Range(0, 5), allow_none=True)
    cover = fields.Nested(TokenSchema)

    @validates_schema
    def check_stars(self, data: Any, **_: Any) -> None:
        if data.get("stars") == 5 and data.get("genre") == "novel":
            raise ValidationError("No novel has five stars.", "genre")


def test_what_is_stored_is_not_held_against_who_patches_something_else() -> None:
    """What a row has that content cannot say, a secret inside or an older rule's value,
    blocks no other member.
    """
    book = Book("Emma", year=1066, cover={"name": "a", "secret": "b"})
    store = MemoryStore(Book, items=[book])
    client = collection(store=store, schema=Spanned)
    assert client.patch("/books/1", json={"title": "Emma 2"}).json["title"] == "Emma 2"
    operation = {"op": "replace", "path": "/on", "value": False}
    assert client.patch("/books/1", json=[operation], content_type=JSON_PATCH).json["on"] is False
    for body, pointer in (
        ({"year": 1067}, "/year"),
        ({"cover": {"name": "c"}}, "/cover/secret"),
        ({"title": ""}, "/title"),
        ({"stars": 5}, "/genre"),  # a rule over several members holds, whichever of them is sent
    ):
        assert [
            each["pointer"] for each in client.patch("/books/1", json=body).problem["errors"]
        ] == [pointer]
    response = client.patch("/books/1", json={"year": 1815, "cover": {"name": "c", "secret": "d"}})
    assert response.json["year"] == 1815
    assert response.json["cover"] == {"name": "c"}


class Bottomless(fields.Str):
    """Is nested deeper than Python's stack, as a field may be that nests itself."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if value == "deep":
            raise RecursionError
        return super()._deserialize(value, attr, data, **kwargs)


class Bottomed(BookSchema):
    genre = Bottomless(allow_none=True)


@pytest.mark.parametrize("media_type", [None, JSON_PATCH])
def test_content_that_is_nested_too_deeply_is_422(media_type: str | None) -> None:
    client = collection(Book("Emma"), schema=Bottomed)
    body: Any = {"genre": "deep"}
    options: dict[str, Any] = {}
    if media_type:
        options["content_type"] = media_type
        body = [{"op": "add", "path": "/genre", "value": "deep"}]
    for patched in (body, body if media_type else {**body, "year": 1815}):
        response = client.patch("/books/1", json=patched, **options)
        assert response.status == 422
        assert response.problem["errors"][0]["detail"] == "Nested too deeply."
    assert client.patch("/books/1", json={"genre": "novel"}).status == 200
