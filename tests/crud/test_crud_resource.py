"""CRUDResource: actions that are overridden, scopes, handlers and preferences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from marshmallow import Schema, fields, validate
from shelf import Book, collection, mounted
from sqlalchemy import BigInteger, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App, Conflict, Forbidden, Schemas, raises
from restkit.crud import CRUDResource, ListQuery, MemoryStore, Page, UniqueViolation, Violation
from restkit.errors import DeclarationError
from restkit.openapi import build
from restkit.sqlalchemy import Database
from restkit.testing import Client


class Noting(CRUDResource[Book]):
    """Notes what its actions get."""

    seen: list[Any] = []

    def list(self, query: ListQuery) -> Page[Book]:
        self.seen.append(("list", query.limit))
        return super().list(query)

    def read(self, key: Any) -> Book:
        self.seen.append(("read", key))
        return super().read(key)

    def create(self, item: Book) -> Book:
        item.title = item.title.title()
        self.seen.append(("create", item.title, item.id))
        made = super().create(item)
        self.seen.append(("created", made.id))
        return made

    def replace(self, item: Book, values: Mapping[str, Any]) -> Book:
        self.seen.append(("replace", item.id, values["title"]))
        return super().replace(item, {**values, "year": 1})

    def update(self, item: Book, values: Mapping[str, Any]) -> Book:
        self.seen.append(("update", item.year, dict(values)))
        return super().update(item, values)

    def delete(self, item: Book) -> None:
        self.seen.append(("delete", item.title))
        super().delete(item)


def test_actions_are_overridden_one_by_one() -> None:
    """Each verb calls its action with typed objects, and answers what it returns."""
    Noting.seen = []
    client = collection(base=Noting)
    assert client.post("/books", json={"title": "emma"}).json["title"] == "Emma"
    assert client.put("/books/1", json={"title": "x"}).json["year"] == 1
    assert client.patch("/books/1", json={"year": 2}).json["year"] == 2
    assert client.get("/books").json["items"][0]["title"] == "x"
    assert client.delete("/books/1").status == 204
    assert Noting.seen == [
        ("create", "Emma", 0),
        ("created", 1),
        ("read", 1),
        ("replace", 1, "x"),
        ("read", 1),
        ("update", 1, {"year": 2}),
        ("list", 20),
        ("read", 1),
        ("delete", "x"),
    ]


class Tenants(CRUDResource[Book]):
    """Keeps tenants apart by a header."""

    def scope(self) -> Mapping[str, Any]:
        return {**super().scope(), "genre": self.request.headers.get("X-Tenant", "none")}


def test_scopes_keep_tenants_apart() -> None:
    """The scope holds for every item that is read, and for every new one."""
    client = collection(base=Tenants, filters=("genre",), upsert=True)
    one, two = {"X-Tenant": "one"}, {"X-Tenant": "two"}
    url = client.post("/books", json={"title": "a"}, headers=one).headers["Location"]
    assert client.get(url, headers=one).json["genre"] == "one"
    assert client.get("/books?genre=one", headers=two).json["items"] == []
    for response in (
        client.get(url, headers=two),
        client.patch(url, json={"title": "b"}, headers=two),
        client.put(url, json={"title": "b"}, headers=two),
        client.delete(url, headers=two),
        client.get(url),
    ):
        assert response.status == 404
    assert len(client.get("/books", headers=one).json["items"]) == 1


def test_content_that_contradicts_the_scope_is_refused() -> None:
    """A new item, a PUT, a PATCH and a bulk change cannot set another value than the scope's."""
    client = collection(base=Tenants, bulk=True)
    one, two = {"X-Tenant": "one"}, {"X-Tenant": "two"}
    url = client.post("/books", json={"title": "a", "genre": "one"}, headers=one).headers[
        "Location"
    ]
    other = {"title": "c", "genre": "two"}
    bulk = "/books/bulk"
    refused = [
        client.post("/books", json=other, headers=one),
        client.put(url, json=other, headers=one),
        client.patch(url, json=other, headers=one),
        client.patch(url, json={"genre": None}, headers=one),
        client.post(bulk, json={"create": [other]}, headers=one),
        client.post(bulk, json={"update": [{"id": 1, "genre": "two"}]}, headers=one),
    ]
    assert [(each.status, each.problem["errors"][0]["code"]) for each in refused] == [
        (422, "scope")
    ] * 6
    pointers = [each.problem["errors"][0]["pointer"] for each in refused]
    assert pointers == ["/genre"] * 4 + ["/create/0/genre", "/update/0/genre"]
    assert client.put(url, json={"title": "b"}, headers=one).json["genre"] == "one"
    assert client.patch(url, json={"genre": "one"}, headers=one).status == 200
    assert client.get(url, headers=two).status == 404


def test_tags_that_a_proxy_made_weak() -> None:
    """A weak tag still saves a download; as a condition of a change the 412 says why it fails."""
    client = collection(Book("Emma"))
    tag = "W/" + client.get("/books/1").headers["ETag"]
    assert client.get("/books/1", headers={"If-None-Match": tag}).status == 304
    for send in (
        lambda given: client.patch("/books/1", json={"title": "b"}, headers={"If-Match": given}),
        lambda given: client.put("/books/1", json={"title": "b"}, headers={"If-Match": given}),
        lambda given: client.delete("/books/1", headers={"If-Match": given}),
        lambda given: client.get("/books/1", headers={"If-Match": given}),
    ):
        refused = send(f'{tag}, W/"other"')
        assert refused.status == 412
        assert "a weak one (W/)" in refused.problem["detail"]


@dataclass
class Review:
    stars: int
    book_id: int
    id: int = 0


def test_what_a_url_says_is_not_asked_for_again() -> None:
    """The derived schema of a collection below an item has the variables of its URL in answers
    only.
    """

    class Reviews(CRUDResource[Review]):
        store = MemoryStore(Review)

    class BookReviews(Reviews):
        pass

    class Ratings(Reviews):
        pass

    app = App("Reviews")
    app.add("/reviews", Reviews)
    app.add("/books/<int:book_id>/reviews", BookReviews)
    app.add("/books/<int:book_id>/ratings", Ratings)
    client = Client(app)
    made = client.post("/books/7/reviews", json={"stars": 5})
    assert made.status == 201
    assert made.json == {"stars": 5, "book_id": 7, "id": 1}
    assert client.put("/books/7/reviews/1", json={"stars": 4}).json["book_id"] == 7
    assert client.post("/books/7/reviews", json={"stars": 5, "book_id": 7}).status == 422
    assert client.post("/reviews", json={"stars": 5}).status == 422
    document = client.get("/openapi.json").json
    assert {"Review", "BookReview", "RatingsReview"} <= document["components"]["schemas"].keys()
    assert (
        document["paths"]["/books/{book_id}/reviews/{id}"]["get"]["operationId"] == "getBookReview"
    )


@dataclass
class Shelf:
    code: str
    room: str = "hall"


class ShelfSchema(Schema):
    code = fields.Str()
    room = fields.Str()


@pytest.mark.parametrize("upsert", [True, False])
def test_content_has_the_key_of_its_url(upsert: bool) -> None:
    """A PUT whose content has another key is a 409 (RFC 9110, section 9.3.4);
    one that has none means the URL's.
    """
    client = collection(
        store=MemoryStore(Shelf, key="code", items=[Shelf("a")]), schema=ShelfSchema, upsert=upsert
    )
    assert client.put("/books/a", json={"room": "attic"}).json == {"code": "a", "room": "attic"}
    for _ in range(2):
        response = client.put("/books/a", json={"code": "b"})
        assert response.status == 409
        assert (
            response.problem["detail"]
            == "The key in the body differs from the key in the URL. Send the URL's key, or none."
        )
    made = client.put("/books/c", json={"room": "cellar"})
    assert (made.status, made.status == 404 or made.json) == (
        (201, {"code": "c", "room": "cellar"}) if upsert else (404, True)
    )
    assert client.patch("/books/a", json={"code": "b"}).json["code"] == "b"


class Guarded(CRUDResource[Book]):
    """Refuses in an action, and answers errors of its own."""

    problem_handlers = {
        LookupError: lambda error, request: Conflict(f"{request.method}: nothing of the kind")
    }

    @raises(Conflict)
    def create(self, item: Book) -> Book:
        if item.title == "lookup":
            raise LookupError
        return super().create(item)

    @raises(Forbidden)
    def delete(self, item: Book) -> None:
        if item.genre == "kept":
            raise Forbidden("This one stays.")
        super().delete(item)


def test_handlers_and_problems_of_ones_own() -> None:
    """A class's problem handlers answer its errors, beside those for violations;
    a refused write writes nothing.
    """
    client = collection(Book("a", genre="kept"), base=Guarded)
    response = client.post("/books", json={"title": "lookup"})
    assert response.status == 409
    assert response.problem["detail"] == "POST: nothing of the kind"
    assert client.delete("/books/1").status == 403
    store = MemoryStore(Book, unique=("title",), items=[Book("a")])
    taken = collection(base=Guarded, store=store).post("/books", json={"title": "a"})
    assert taken.status == 409
    assert taken.problem["errors"][0]["code"] == "unique"


def test_a_handler_for_violations_wins_over_the_own_one() -> None:
    """A handler that the class declares for a violation is asked instead."""
    handlers = {Violation: lambda error, request: Conflict(f"taken: {', '.join(error.names)}")}
    store = MemoryStore(Book, unique=("title",), items=[Book("a")])
    response = collection(store=store, problem_handlers=handlers).post(
        "/books", json={"title": "a"}
    )
    assert response.problem["detail"] == "taken: title"


def test_a_violation_that_an_action_raises_points_to_the_field() -> None:
    """Actions may raise violations themselves."""

    class Unique(CRUDResource[Book]):
        def update(self, item: Book, values: Mapping[str, Any]) -> Book:
            raise UniqueViolation(["title", "sold", "unknown"])

    response = collection(Book("a"), base=Unique).patch("/books/1", json={"year": 1})
    assert response.status == 409
    assert [each["pointer"] for each in response.problem["errors"]] == ["/title", "/sold"]


@pytest.mark.parametrize(
    ("prefer", "status"),
    [
        ("return=minimal", 204),
        ("return=representation", 201),
        ('return="minimal"', 204),
        ("respond-async, return=minimal", 204),
        ("RETURN=minimal", 204),
        ("return=nothing", 201),
        ("=,;", 201),
    ],
)
def test_prefer(prefer: str, status: int) -> None:
    """`Prefer: return` is followed where it is understood, and no error where it is not (RFC 7240,
    section 2).
    """
    response = collection().post("/books", json={"title": "a"}, headers={"Prefer": prefer})
    assert response.status == status
    assert ("Preference-Applied" in response.headers) is (status == 204)
    assert response.headers["Location"] == "/books/1"


@pytest.mark.parametrize("methods", [{"POST"}, {"POST", "PUT"}, {"POST", "PATCH", "DELETE"}])
def test_a_minimal_response_names_no_url_without_a_get(methods: set[str]) -> None:
    """If items have no GET, a 204 has no Location, and the document declares none."""
    client = collection(methods=methods)
    prefer = {"Prefer": "return=minimal"}
    response = client.post("/books", json={"title": "a"}, headers=prefer)
    assert response.status == 204
    assert "Location" not in response.headers
    document = client.get("/openapi.json").json
    returned = document["paths"]["/books"]["post"]["responses"]["204"]
    assert "Location" not in returned["headers"]


def test_a_minimal_response_names_the_url_of_its_own_mount() -> None:
    """A class on two URLs, one of them below a prefix, gives the URL that the GET answers."""

    class Books(CRUDResource[Book]):
        store = MemoryStore(Book)

    inner, app = App("Inner"), App("Outer")
    inner.add("/old", Books)
    inner.add("/new", Books, name="NewBooks")
    app.mount("/v 1", inner)
    client = Client(app)
    for number, url in enumerate(["/v%201/old", "/v%201/new"], 1):
        headers = {"Prefer": "return=minimal"}
        location = client.post(url, json={"title": "a"}, headers=headers).headers["Location"]
        assert location == f"{url}/{number}"
        assert client.get(location).json["id"] == number


def test_what_a_put_has_made_need_not_be_sent_back() -> None:
    """`return=minimal` holds for the item that a PUT makes, as for the one that it changes;
    both have their tags.
    """
    client = collection(store=MemoryStore(Shelf, key="code"), schema=ShelfSchema, upsert=True)
    for room in ("cellar", "attic"):
        response = client.put("/books/a", json={"room": room}, headers={"Prefer": "return=minimal"})
        assert response.status == 204
        assert response.headers["Preference-Applied"] == "return=minimal"
        assert response.headers["ETag"] == client.get("/books/a").headers["ETag"]
        assert client.get("/books/a").json == {"code": "a", "room": room}


def test_an_answer_says_the_total_where_it_is_asked_for() -> None:
    """`Prefer: count` adds the total, and says so."""
    client = collection(Book("a"), Book("b"))
    response = client.get("/books?limit=1", headers={"Prefer": "count=exact"})
    assert response.json["total"] == 2
    assert response.headers["Preference-Applied"] == "count=exact"
    response = client.get("/books?limit=1", headers={"Prefer": "count=roughly"})
    assert "total" not in response.json
    assert "Preference-Applied" not in response.headers


def test_work_beside_the_actions_is_the_same_transaction() -> None:
    """`rows` is the request's transaction: what an action does besides is kept or lost with it."""

    class Doubling(CRUDResource[Book]):
        def create(self, item: Book) -> Book:
            self.rows.add(self.rows.build({"title": f"{item.title} II"}))
            made = super().create(item)
            if made.title == "fail":
                raise Conflict("no")
            return made

    client = collection(base=Doubling)
    assert client.post("/books", json={"title": "a"}).status == 201
    assert client.post("/books", json={"title": "fail"}).status == 409
    assert [each["title"] for each in client.get("/books").json["items"]] == ["a II", "a"]


@dataclass
class Article:
    slug: str
    text: str = ""
    gone: bool = False


class Pages(CRUDResource[Article]):
    bulk = True
    upsert = True
    soft_delete = "gone"
    key = "slug"


def pages(*found: Article) -> Client:
    app = App("Wiki")
    app.add(
        "/pages", type("Pages", (Pages,), {"store": MemoryStore(Article, key="slug", items=found)})
    )
    return Client(app)


@pytest.mark.parametrize("slug", ["", ".", "..", "a/b", "/", "bulk"])
def test_a_key_that_no_url_can_have_is_refused(slug: str) -> None:
    """An item that could never be read again is not made, and none is renamed to it."""
    client = pages(Article("a"))
    tries = [
        client.post("/pages", json={"slug": slug}),
        client.patch("/pages/a", json={"slug": slug}),
        client.put("/pages/a", json={"slug": slug}),
        client.post("/pages/bulk", json={"create": [{"slug": slug}]}),
    ]
    pointers = [(each.status, each.problem["errors"][0]["pointer"]) for each in tries]
    assert pointers == [*[(422, "/slug")] * 3, (422, "/create/0/slug")]
    assert [each["slug"] for each in client.get("/pages").json["items"]] == ["a"]


@pytest.mark.parametrize("slug", ["...", "a.b", "%2F", "a b", "ä", "?", "#", ";", "a\\b", "\u202e"])
def test_a_key_of_odd_characters_is_found_at_its_location(slug: str) -> None:
    """Whatever else a key has in it, Location leads to the item."""
    client = pages()
    made = client.post("/pages", json={"slug": slug})
    assert client.get(made.headers["Location"]).json["slug"] == slug


def test_a_put_of_what_was_removed_is_a_conflict() -> None:
    """A key that a removed item has is taken: a PUT that would make an item says so."""
    client = pages(Article("a"))
    assert client.delete("/pages/a").status == 204
    assert client.get("/pages/a").status == 404
    assert client.put("/pages/a", json={"slug": "a"}).status == 409
    assert client.post("/pages/a/restore").status == 200
    assert client.put("/pages/a", json={"slug": "a"}).status == 200


def test_two_schemas_of_one_model_are_two_components() -> None:
    """Two collections whose derived schemas differ have a component each."""

    class Hidden(CRUDResource[Book]):
        store = MemoryStore(Book)
        soft_delete = "on"

    app = mounted()
    app.add("/hidden", Hidden)
    schemas = build(app)["components"]["schemas"]
    assert schemas["BookPage"] != schemas["BookPage2"]


class _RowSchema(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(validate=validate.Length(max=50))


class _WholeSchema(_RowSchema):
    year = fields.Int(allow_none=True)


class _NewSchema(Schema):
    title = fields.Str(required=True, data_key="name", validate=validate.Length(1, 50))
    year = fields.Int(load_default=None, allow_none=True)


class _ChangeSchema(Schema):
    year = fields.Int(allow_none=True)


class _StrangeSchema(Schema):
    weight = fields.Int()


class _Base(DeclarativeBase):
    pass


class _StoredBook(_Base):
    __tablename__ = "book"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(50), unique=True)
    year: Mapped[int | None] = mapped_column(BigInteger)


_STORES = ("memory", "sqlite")


def _with_schemas(kind: str = "memory", **members: Any) -> Client:
    """Return a client of a collection whose schemas differ, in memory or in SQLite."""
    chosen = Schemas(_WholeSchema, list=_RowSchema, create=_NewSchema, update=_ChangeSchema)
    app = App("Schemas")
    own: dict[str, Any] = {"schema": chosen}
    if kind == "sqlite":
        app.install(Database("sqlite://", create=_Base.metadata))
        own["model"] = _StoredBook
    else:
        own["store"] = MemoryStore(Book, unique=("title",))
    app.add("/books", type("Books", (CRUDResource,), {**own, **members}))
    return Client(app)


@pytest.mark.parametrize("kind", _STORES)
def test_schemas_differ_for_list_item_create_and_update(kind: str) -> None:
    """Each kind of content has its own schema, in requests and responses."""
    client = _with_schemas(kind)
    created = client.post("/books", json={"name": "Emma", "year": 1815})
    assert created.status == 201
    assert created.json == {"id": 1, "title": "Emma", "year": 1815}
    assert client.post("/books", json={"title": "Emma"}).status == 422
    assert client.get("/books").json["items"] == [{"id": 1, "title": "Emma"}]
    lines = client.get("/books", headers={"Accept": "application/x-ndjson"})
    assert lines.text == '{"id":1,"title":"Emma"}\n'
    assert client.get("/books/1").json == created.json
    assert client.put("/books/1", json={"name": "Persuasion"}).json["year"] is None
    assert client.patch("/books/1", json={"year": 1817}).json["title"] == "Persuasion"
    refused = client.patch("/books/1", json={"name": "Emma"})
    assert refused.status == 422
    assert refused.json["errors"][0]["pointer"] == "/name"


@pytest.mark.parametrize("kind", _STORES)
def test_schemas_of_a_collection_are_documented_apart(kind: str) -> None:
    """The document has a component for each schema, and the page is one of rows."""
    schemas = _with_schemas(kind).get("/openapi.json").json["components"]["schemas"]
    assert {"_Row", "_Whole", "_New", "_ChangePatch", "_RowPage"} <= schemas.keys()
    assert schemas["_RowPage"]["properties"]["items"]["items"] == {
        "$ref": "#/components/schemas/_Row"
    }


@pytest.mark.parametrize("kind", _STORES)
def test_conflicts_point_to_the_member_of_the_body_that_was_sent(kind: str) -> None:
    """A violated constraint names the member as the schema of the body spells it."""
    client = _with_schemas(kind)
    client.post("/books", json={"name": "Emma"})
    conflict = client.post("/books", json={"name": "Emma"})
    assert conflict.status == 409
    assert conflict.json["errors"][0]["pointer"] == "/name"


@pytest.mark.parametrize("kind", _STORES)
def test_schemas_hold_for_fields_and_bulk_requests(kind: str) -> None:
    """Lists offer the fields of rows, items theirs; bulk requests create and update by schema."""
    client = _with_schemas(kind, fields=True, bulk=True)
    made = client.post("/books/bulk", json={"create": [{"name": "Emma"}]})
    assert made.json["created"] == [{"id": 1, "title": "Emma", "year": None}]
    changed = client.post("/books/bulk", json={"update": [{"id": 1, "year": 1815}]})
    assert changed.json["updated"][0]["year"] == 1815
    named = client.post("/books/bulk", json={"update": [{"id": 1, "name": "X"}]})
    assert named.json["errors"][0]["pointer"] == "/update/0/name"
    taken = client.post("/books/bulk", json={"create": [{"name": "Emma"}]})
    assert taken.json["errors"][0]["pointer"] == "/create/0/name"
    assert client.get("/books/1?fields=year").json == {"year": 1815}
    assert client.get("/books?fields=year").status == 422
    assert client.get("/books?fields=title").json["items"] == [{"title": "Emma"}]


def test_schemas_that_are_left_out_follow_from_the_item() -> None:
    """With a list schema alone, bodies have the schema of the item."""
    store = MemoryStore(Book)

    class ItemSchema(_RowSchema):
        year = fields.Int(allow_none=True, load_default=None)

    class Books(CRUDResource[Book]):
        schema = Schemas(ItemSchema, list=_RowSchema)

    Books.store = store
    app = App("Schemas")
    app.add("/books", Books)
    client = Client(app)
    client.post("/books", json={"title": "Emma", "year": 1815})
    assert client.patch("/books/1", json={"title": "Emma!"}).json["title"] == "Emma!"
    assert client.get("/books").json["items"] == [{"id": 1, "title": "Emma!"}]


@pytest.mark.parametrize(
    ("schemas", "words"),
    [
        (
            Schemas(_WholeSchema, list={"id": fields.Int()}),
            r"schema: list of Schemas.*Schema class",
        ),
        (Schemas(_WholeSchema(), create=_NewSchema), r"schema: item of Schemas.*Schema class"),
        (Schemas(_WholeSchema, update=_StrangeSchema), "_StrangeSchema accepts 'weight'"),
    ],
)
def test_schemas_that_a_collection_cannot_use_are_refused(schemas: Schemas, words: str) -> None:
    """A member of Schemas must be a schema class, and a body must fit the store."""
    with pytest.raises(DeclarationError, match=words):
        _with_schemas(schema=schemas)
