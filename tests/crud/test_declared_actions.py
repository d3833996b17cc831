"""Actions of a CRUDResource with `takes` and `returns`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from marshmallow import Schema, fields, validate
from shelf import Book, BookSchema, collection, mounted, refused

from restkit import Upload, returns, takes
from restkit.crud import CRUDResource, ListQuery, Page
from restkit.errors import DeclarationError
from restkit.openapi import build
from restkit.testing import Client


class Row(Schema):
    title = fields.Str(required=True)


class Job(Schema):
    job = fields.Int(required=True)


class Title(Schema):
    title = fields.Str(required=True, validate=validate.Length(1, 10))


class Trace(Schema):
    x_trace = fields.Str(required=True)


class Asked(CRUDResource[Book]):
    """Notes the inputs of its actions."""

    seen: list[object] = []

    @takes(query={"dry": fields.Bool(), "depth": fields.Int(load_default=1)})
    def list(self, query: ListQuery, dry: bool = False, depth: int = 0) -> Page[Book]:
        self.seen.append((query.limit, dry, depth))
        return super().list(query)

    @takes(query={"since": fields.Int(data_key="from")}, cookies={"theme": fields.Str()})
    def read(self, key: object, since: int | None = None, cookies: Any = None) -> Book:
        self.seen.append((since, cookies))
        return super().read(key)

    @takes(body=Title, headers=Trace)
    def create(self, item: Book, headers: dict[str, str]) -> Book:
        self.seen.append(headers)
        return super().create(item)

    @takes(query={"quiet": fields.Bool(required=True)}, body=Title)
    def replace(self, item: Book, values: Mapping[str, Any], *, quiet: bool) -> Book:
        self.seen.append((dict(values), quiet))
        return super().replace(item, values)

    @takes(body=Title)
    def update(self, item: Book, values: Mapping[str, Any]) -> Book:
        self.seen.append(dict(values))
        return super().update(item, values)

    @takes(query={"reason": fields.Str(required=True)})
    def delete(self, item: Book, reason: str) -> None:
        self.seen.append(reason)
        super().delete(item)


@pytest.fixture
def asked() -> Client:
    Asked.seen = []
    return collection(Book("Emma", id=1), Book("Persuasion", id=2), base=Asked, sorts=("title",))


def test_query_parameters_arrive_in_a_list_and_stay_in_its_links(asked: Client) -> None:
    """They are validated, documented, handed over by name, and part of the URL of the next page."""
    page = asked.get("/books?dry=true&limit=1&sort=-title").json
    assert [each["title"] for each in page["items"]] == ["Persuasion"]
    assert asked.get(page["next"]).json["items"][0]["title"] == "Emma"
    assert asked.get("/books").status == 200
    assert Asked.seen == [(1, True, 1), (1, True, 1), (20, False, 1)]
    assert asked.get("/books?dry=maybe").problem["errors"][0]["parameter"] == "dry"
    document = build(mounted(base=Asked))
    names = {each["name"] for each in document["paths"]["/books"]["get"]["parameters"]}
    assert {"dry", "depth", "limit"} <= names


def test_inputs_of_an_item_arrive_by_name_or_whole(asked: Client) -> None:
    """A parameter of the location's name gets all of it; only a GET hands them to `read`."""
    assert asked.get("/books/1?from=7", headers={"Cookie": "theme=dark"}).status == 200
    assert asked.get("/books/1").status == 200
    assert asked.delete("/books/1").problem["errors"][0]["parameter"] == "reason"
    assert asked.delete("/books/1?reason=lost").status == 204
    assert Asked.seen == [(7, {"theme": "dark"}), (None, {}), (None, None), "lost"]
    assert asked.delete("/books/2?from=7&reason=x").status == 422


def test_a_schema_of_headers_is_combined_with_that_of_preferences(asked: Client) -> None:
    """Own headers arrive without those of the collection, which still hold."""
    headers = {"X-Trace": "t", "Prefer": "return=minimal"}
    made = asked.post("/books", json={"title": "Evelina"}, headers=headers)
    assert (made.status, made.headers["Preference-Applied"]) == (204, "return=minimal")
    assert Asked.seen == [{"x_trace": "t"}]
    missing = asked.post("/books", json={"title": "Evelina"})
    assert missing.problem["errors"][0]["parameter"] == "X-Trace"


def test_a_body_of_its_own_replaces_that_of_the_verb(asked: Client) -> None:
    """POST, PUT and PATCH take the action's schema; what it leaves out is reset by a PUT."""
    long = "x" * 11
    headers = {"X-Trace": "t"}
    assert asked.post("/books", json={"title": long}, headers=headers).status == 422
    assert asked.post("/books", json={"title": "a", "year": 1}, headers=headers).status == 422
    assert asked.put("/books/1?quiet=true", json={"title": long}).status == 422
    assert asked.put("/books/1", json={"title": "b"}).status == 422
    assert asked.put("/books/1?quiet=true", json={"title": "b"}).json["title"] == "b"
    assert asked.patch("/books/1", json={"title": long}).status == 422
    assert asked.patch("/books/1", json={"title": "c"}).json["title"] == "c"
    operations = build(mounted(base=Asked))["paths"]["/books/{id}"]
    body = operations["put"]["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/Title"}


def test_a_put_that_makes_an_item_takes_the_body_of_replace() -> None:
    """Under upsert a missing item is made of the content that a PUT takes."""

    class Upserted(CRUDResource[Book]):
        @takes(body=Title)
        def replace(self, item: Book, values: Mapping[str, Any]) -> Book:
            return super().replace(item, values)

    client = collection(base=Upserted, upsert=True, schema=BookSchema)
    assert client.put("/books/7", json={"title": "Emma"}).status == 201
    assert client.put("/books/8", json={"title": "Emma", "year": 1}).status == 422
    assert client.post("/books", json={"title": "x" * 20, "year": 1}).status == 201


class Answering(CRUDResource[Book]):
    @returns(Row, headers={"X-Source": "Where it comes from."})
    def list(self, query: ListQuery) -> Page[Book]:
        return super().list(query)

    @returns(Row)
    def read(self, key: object) -> Book:
        return super().read(key)

    @returns(Job, status=202, headers={"X-Job": "Its number."})
    @returns(status=201)
    def create(self, item: Book) -> object:
        if item.year:
            return super().create(item), 201
        return {"job": 7}, 202, {"X-Job": "7"}

    @returns(status=202)
    def replace(self, item: Book, values: Mapping[str, Any]) -> Book:
        return super().replace(item, values)

    @returns(Row)
    def update(self, item: Book, values: Mapping[str, Any]) -> Book:
        return super().update(item, values)

    @returns(Job, status=200)
    def delete(self, item: Book) -> object:
        super().delete(item)
        return {"job": 8}


def test_responses_of_its_own() -> None:
    """The first declared status is that of a plain value; others are returned with it."""
    client = collection(Book("Emma", id=1), base=Answering)
    assert client.get("/books").json["items"] == [{"title": "Emma"}]
    read = client.get("/books/1")
    assert read.json == {"title": "Emma"}
    tag = {"If-Match": read.headers["ETag"]}
    put = client.put("/books/1", json={"title": "b"}, headers=tag)
    assert (put.status, put.json["title"]) == (202, "b")
    assert client.patch("/books/1", json={"title": "c"}, headers=tag).status == 412
    tag = {"If-Match": put.headers["ETag"]}
    patched = client.patch("/books/1", json={"title": "c"}, headers=tag)
    assert patched.json == {"title": "c"}
    assert patched.headers["ETag"] == client.get("/books/1").headers["ETag"]
    queued = client.post("/books", json={"title": "d"})
    assert (queued.status, queued.json, queued.headers["X-Job"]) == (202, {"job": 7}, "7")
    assert "ETag" not in queued.headers
    made = client.post("/books", json={"title": "e", "year": 1})
    assert (made.status, made.json["year"]) == (201, 1)
    assert client.get(made.headers["Location"]).headers["ETag"] == made.headers["ETag"]
    quiet = {"Prefer": "return=minimal"}
    assert client.post("/books", json={"title": "e", "year": 1}, headers=quiet).status == 204
    gone = client.delete("/books/1")
    assert (gone.status, gone.json) == (200, {"job": 8})


def test_a_declared_response_without_content() -> None:
    """What an action returns with a status that has no content is left out."""

    class Quiet(Answering):
        @returns(Job, status=202)
        @returns(status=204)
        def create(self, item: Book) -> object:
            return {"job": 1}, 204 if item.year else 202

    client = collection(base=Quiet)
    assert client.post("/books", json={"title": "d"}).json == {"job": 1}
    empty = client.post("/books", json={"title": "d", "year": 1})
    assert (empty.status, empty.data) == (204, b"")


def test_the_document_has_the_declared_responses() -> None:
    """What an action declares stands in place of the usual response."""
    paths = build(mounted(base=Answering))["paths"]
    post = paths["/books"]["post"]["responses"]
    assert post["202"]["content"]["application/json"]["schema"]["$ref"].endswith("/Job")
    assert "X-Job" in post["202"]["headers"]
    assert {"201", "202", "204"} <= post.keys()
    assert "X-Source" in paths["/books"]["get"]["responses"]["200"]["headers"]
    put = paths["/books/{id}"]["put"]["responses"]
    assert "202" in put
    assert "200" not in put


def _plain(self: Any, item: Any) -> Any:
    return item


@pytest.mark.parametrize("name", ["limit", "cursor", "sort", "fields", "expand", "genre"])
def test_names_of_the_list_s_own_parameters_are_refused(name: str) -> None:
    """A parameter of the collection cannot mean two things."""

    def listed(self: Any, query: Any, **more: Any) -> Any: ...

    refused("Rename it", list=takes(query={name: fields.Str()})(listed), filters=("genre",))


@pytest.mark.parametrize("names", [("genre", "kind"), ("kind", "genre")])
def test_a_parameter_with_the_name_of_a_filter_is_refused(names: tuple[str, str]) -> None:
    """Its name in the code or in the URL is the filter's, whichever the other one is."""

    def listed(self: Any, query: Any, **more: Any) -> Any: ...

    own = takes(query={names[0]: fields.Str(data_key=names[1])})(listed)
    refused(f"{names[1]!r} of @takes(query=...) is a parameter", list=own, filters=("genre",))


@pytest.mark.parametrize(
    ("says", "members"),
    [
        ("no parameter for 'dry'", {"create": takes(query={"dry": fields.Bool()})(_plain)}),
        (
            "Give the parameter a default: dry=None",
            {"create": takes(query={"dry": fields.Bool()})(lambda self, item, dry: item)},
        ),
        (
            "a bulk request calls it too",
            {
                "create": takes(query={"dry": fields.Bool(required=True)})(
                    lambda self, item, dry: item
                ),
                "bulk": True,
            },
        ),
        ("'more' has no source", {"create": takes(body=Title)(lambda self, item, more: item)}),
        ("a GET has no content", {"read": takes(body=Title)(lambda self, key: key)}),
        ("takes JSON", {"create": takes(form=Title)(_plain)}),
        ("takes JSON", {"create": takes(body=Title, media_types=["text/csv"])(_plain)}),
        ("must be a marshmallow Schema class", {"create": takes(body=bytes)(_plain)}),
        ("Declare, or raise", {"create": returns(Job, status=409)(_plain)}),
        ("bulk response", {"create": returns(Job)(_plain), "bulk": True}),
        ("status 200", {"list": returns(Row, status=206)(lambda self, query: query)}),
    ],
)
def test_declarations_that_cannot_be_meant_are_refused(says: str, members: dict[str, Any]) -> None:
    """Each is one sentence at start-up."""
    says = says.replace("Declare, or raise", "Raise a Problem")
    refused(says, **members)


def test_a_schema_that_loads_objects_is_told() -> None:
    """The collection reads its own parameters from the same mapping."""
    from marshmallow import post_load

    class Loaded(Schema):
        dry = fields.Bool()

        @post_load
        def make(self, data: Any, **_: Any) -> object:
            return object()

    @takes(query=Loaded)
    def listed(self: Any, query: Any, dry: bool = False) -> Any: ...

    call: Callable[[], object] = lambda: collection(list=listed).get("/books")  # noqa: E731
    with pytest.raises(DeclarationError, match="remove the post_load hook"):
        call()


class Cover(Schema):
    file = Upload(required=True, max_size=100)


def with_cover(self: Any, item: Book, files: Any = None) -> Book:
    """Store a book; its genre is the content of the file."""
    if files is not None:
        item.genre = files["file"].read().decode()
    made: Book = CRUDResource.create(self, item)
    return made


FILES = {"file": ("a.txt", b"poems", "text/plain")}


def test_create_takes_files_with_the_form_of_the_schema() -> None:
    client = collection(create=takes(files=Cover)(with_cover))

    made = client.post("/books", data={"title": "Emma"}, files=FILES)

    assert made.status == 201
    assert made.json["title"] == "Emma"
    assert made.json["genre"] == "poems"
    assert client.get(made.headers["Location"]).json["genre"] == "poems"


def test_files_and_fields_of_create_are_validated() -> None:
    client = collection(create=takes(files=Cover)(with_cover))
    large = {"file": ("a.txt", b"x" * 101, "text/plain")}

    refused = client.post("/books", data={}, files=large)

    assert refused.status == 422
    assert {each["pointer"] for each in refused.problem["errors"]} == {"/title", "/file"}
    assert client.post("/books", data={"title": "Emma", "files": "x"}, files=FILES).status == 422
    assert client.post("/books", data={"title": "Emma"}, files={}).status == 422
    assert client.post("/books", json={"title": "Emma"}).status == 415


def test_create_may_take_files_alone() -> None:
    class Shown(Schema):
        id = fields.Int(dump_only=True)
        genre = fields.Str(dump_only=True)

    def create(self: Any, item: Book, files: Any = None) -> Book:
        item.title = files["file"].filename
        return with_cover(self, item, files)

    client = collection(create=takes(files=Cover)(create), schema=Shown)

    assert client.post("/books", files=FILES).json["genre"] == "poems"


def test_a_put_that_creates_calls_create_without_files() -> None:
    client = collection(create=takes(files=Cover)(with_cover), upsert=True, methods={"PUT", "GET"})

    assert client.put("/books/7", json={"title": "Emma"}).status == 201


def test_the_document_says_that_create_takes_a_form() -> None:
    app = mounted(create=takes(files=Cover)(with_cover))

    post = build(app)["paths"]["/books"]["post"]

    assert list(post["requestBody"]["content"]) == ["multipart/form-data"]


@pytest.mark.parametrize(
    ("says", "members"),
    [
        ("which only create takes", {"update": takes(files=Cover)(_plain)}),
        ("no parameter 'files'", {"create": takes(files=Cover)(lambda self, item: item)}),
        ("Remove body", {"create": takes(files=Cover, body=Title)(with_cover)}),
        (
            "a bulk request calls it too",
            {
                "create": takes(files=Cover)(lambda self, item, files: item),
                "bulk": True,
            },
        ),
    ],
)
def test_files_that_cannot_be_meant_are_refused(says: str, members: dict[str, Any]) -> None:
    refused(says, **members)
