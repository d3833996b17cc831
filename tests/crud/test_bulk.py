"""Many items at once: created, updated and deleted in one transaction, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from databases import KINDS, database_url
from library import Author, Base, Book, BookSchema, Shelf
from marshmallow import Schema, ValidationError, fields, validates_schema
from shelf import Book as Plain
from shelf import BookSchema as PlainSchema
from shelf import collection, mounted, refused

from restkit import App, Conflict, Forbidden, UnprocessableContent, raises
from restkit.crud import CRUDResource
from restkit.errors import DeclarationError
from restkit.sqlalchemy import Database
from restkit.testing import Client


class Authors(CRUDResource[Author]):
    model = Author
    bulk = True


class Books(CRUDResource[Book]):
    model = Book
    schema = BookSchema
    bulk = True
    max_bulk = 5
    soft_delete = "deleted_at"
    expand = ("author",)


class AuthorBooks(Books):
    pass


class Shelves(CRUDResource[Shelf]):
    model = Shelf
    bulk = True


@pytest.fixture(params=KINDS)
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    with database_url(request.param, tmp_path) as url:
        database = Database(url, create=Base.metadata)
        app = App("Library")
        app.install(database)
        app.add("/authors", Authors)
        app.add("/books", Books)
        app.add("/authors/<int:author_id>/books", AuthorBooks)
        app.add("/shelves", Shelves)
        yield Client(app)
        database.close()


def bulk(client: Client, path: str = "/books", **lists: Any) -> Any:
    return client.post(f"{path}/bulk", json=lists)


def faults(response: Any) -> list[tuple[str, str]]:
    return [(each["pointer"], each["code"]) for each in response.problem["errors"]]


def titles(client: Client, path: str = "/books") -> list[str]:
    return [each["title"] for each in client.get(path).json["items"]]


def test_all_is_done_in_one_request(client: Client) -> None:
    """Items are created, updated and deleted at once, and answered as they are afterwards."""
    made = bulk(
        client,
        create=[{"title": "a"}, {"title": "b", "chapters": [{"heading": "one"}]}, {"title": "c"}],
    )
    assert made.status == 200
    assert [each["title"] for each in made.json["created"]] == ["a", "b", "c"]
    one, two, three = (each["id"] for each in made.json["created"])
    response = bulk(
        client,
        create=[{"title": "d", "isbn": "1"}],
        update=[{"id": one, "title": "A", "year": 1815}, {"id": two, "chapters": []}],
        delete=[three],
    )
    assert response.status == 200
    assert [each["title"] for each in response.json["created"]] == ["d"]
    updated = [
        (each["id"], each["title"], each["year"], each["chapters"])
        for each in response.json["updated"]
    ]
    assert updated == [(one, "A", 1815, []), (two, "b", None, [])]
    assert response.json["deleted"] == [three]
    assert titles(client) == ["A", "b", "d"]
    assert client.post(f"/books/{three}/restore").status == 200


def test_what_is_deleted_frees_what_it_had(client: Client) -> None:
    """Deletes go first, then updates, then creates,
    so that a unique value passes on in one request.
    """
    response = bulk(client, "/authors", create=[{"name": "A"}, {"name": "B"}])
    one, two = (each["id"] for each in response.json["created"])
    response = bulk(
        client, "/authors", create=[{"name": "B"}], update=[{"id": two, "name": "A"}], delete=[one]
    )
    assert response.status == 200
    assert [each["name"] for each in client.get("/authors").json["items"]] == ["A", "B"]


def test_all_that_is_invalid_is_listed_and_nothing_is_done(client: Client) -> None:
    """Every fault of every item is told with its place, and no item is written."""
    (first,) = bulk(client, create=[{"title": "a"}]).json["created"]
    response = bulk(
        client,
        create=[{"title": "ok"}, {"title": ""}, {"year": "x", "more": 1}],
        update=[{"id": first["id"], "title": ""}, {"title": "y"}, {"id": 2**40}],
        delete=[first["id"], "x"],
    )
    assert response.status == 422
    assert sorted(faults(response)) == [
        ("/create/1/title", "length"),
        ("/create/2/more", "unknown"),
        ("/create/2/title", "required"),
        ("/create/2/year", "invalid"),
        ("/delete/1", "invalid"),
        ("/update/0/title", "length"),
        ("/update/1/id", "required"),
        ("/update/2/id", "range"),
    ]
    assert titles(client) == ["a"]


def test_a_patched_whole_is_validated(client: Client) -> None:
    """An update is a merge patch: what comes of it is held against the schema,
    and null takes a value away.
    """
    (first,) = bulk(client, create=[{"title": "a", "year": 1}]).json["created"]
    (after,) = bulk(client, update=[{"id": first["id"], "year": None}]).json["updated"]
    assert after["title"] == "a"
    assert after["year"] is None
    response = bulk(client, update=[{"id": first["id"], "title": None}])
    assert response.status == 422
    assert faults(response) == [("/update/0/title", "null")]


def test_items_that_are_not_there_or_named_twice(client: Client) -> None:
    """A key that nothing has is in conflict, one that is named twice invalid;
    each has its place.
    """
    (first,) = bulk(client, create=[{"title": "a"}]).json["created"]
    response = bulk(
        client, update=[{"id": 777, "title": "x"}, {"id": first["id"], "title": "x"}], delete=[888]
    )
    assert response.status == 409
    assert faults(response) == [("/update/0/id", "missing"), ("/delete/0", "missing")]
    response = bulk(
        client, update=[{"id": first["id"]}, {"id": first["id"]}], delete=[first["id"], 999]
    )
    assert response.status == 422
    assert set(faults(response)) == {
        ("/update/1/id", "duplicate"),
        ("/delete/0", "duplicate"),
        ("/delete/1", "missing"),
    }
    assert titles(client) == ["a"]


def test_all_that_the_store_forbids_is_listed_and_nothing_is_done(client: Client) -> None:
    """Violations of every item are told with their places, those behind the first one too."""
    bulk(client, create=[{"title": "a", "isbn": "1"}, {"title": "b"}])
    response = bulk(
        client,
        create=[
            {"title": "x", "isbn": "1"},
            {"title": "ok", "isbn": "2"},
            {"title": "y", "isbn": "2"},
        ],
        update=[{"id": 2, "isbn": "1"}],
    )
    assert response.status == 409
    assert faults(response) == [
        ("/update/0/isbn", "unique"),
        ("/create/0/isbn", "unique"),
        ("/create/2/isbn", "unique"),
    ]
    response = bulk(client, create=[{"title": "x", "author_id": 77}])
    assert response.status == 409
    assert faults(response) == [("/create/0/author_id", "reference")]
    assert titles(client) == ["a", "b"]
    assert client.get("/books/2").json["isbn"] is None


def test_entity_tags_of_single_items(client: Client) -> None:
    """An update may name the entity tag that its item must have;
    one that has another fails all of it.
    """
    bulk(client, create=[{"title": "a"}, {"title": "b"}])
    one, two = (client.get(f"/books/{key}").headers["ETag"] for key in (1, 2))
    response = bulk(
        client,
        update=[{"id": 1, "title": "A", "if_match": one}, {"id": 2, "title": "B", "if_match": one}],
    )
    assert response.status == 409
    assert faults(response) == [("/update/1/if_match", "stale")]
    assert titles(client) == ["a", "b"]
    weak = bulk(client, update=[{"id": 1, "title": "A", "if_match": f"W/{one}"}])
    assert "a weak one (W/)" in weak.problem["errors"][0]["detail"]
    response = bulk(client, update=[{"id": 1, "title": "A", "if_match": "x"}])
    assert response.status == 422
    assert faults(response) == [("/update/0/if_match", "entity_tag")]
    assert (
        bulk(
            client, update=[{"id": 1, "title": "A", "if_match": one}, {"id": 2, "if_match": two}]
        ).status
        == 200
    )
    assert titles(client) == ["A", "b"]


def test_nested_collections_scope_themselves(client: Client) -> None:
    """Below an author's URL only that author's books are found, and new ones are that author's."""
    bulk(client, "/authors", create=[{"name": "A"}, {"name": "B"}])
    foreign = bulk(client, "/authors/1/books", create=[{"title": "a", "author_id": 2}])
    assert faults(foreign) == [("/create/0/author_id", "scope")]
    (made,) = bulk(client, "/authors/1/books", create=[{"title": "a"}]).json["created"]
    assert made["author_id"] == 1
    response = bulk(
        client, "/authors/2/books", update=[{"id": made["id"], "title": "x"}], delete=[]
    )
    assert response.status == 409
    assert faults(response) == [("/update/0/id", "missing")]
    assert bulk(client, "/authors/9/books", create=[{"title": "a"}]).status == 404


def test_keys_that_the_client_gives(client: Client) -> None:
    """A text key is created with its item, and names it in updates and deletes."""
    made = bulk(
        client, "/shelves", create=[{"slug": "a", "label": "A"}, {"slug": "a", "label": "B"}]
    )
    assert made.status == 409
    assert faults(made) == [("/create/1/slug", "unique")]
    bulk(client, "/shelves", create=[{"slug": "a", "label": "A"}, {"slug": "b", "label": "B"}])
    response = bulk(client, "/shelves", update=[{"slug": "a", "label": "AA"}], delete=["b"])
    assert response.json == {
        "created": [],
        "updated": [{"slug": "a", "label": "AA", **_version(response)}],
        "deleted": ["b"],
    }


def _version(response: Any) -> dict[str, Any]:
    return {name: value for name, value in response.json["updated"][0].items() if name == "version"}


def test_how_many(client: Client) -> None:
    """Each list has an end, which the document says; nothing at all is nothing to do."""
    assert bulk(client, create=[{"title": "a"}] * 5).status == 200
    response = bulk(client, create=[{"title": "a"}] * 6)
    assert response.status == 422
    assert faults(response) == [("/create", "length")]
    assert bulk(client).json == {"created": [], "updated": [], "deleted": []}


def test_minimal(client: Client) -> None:
    """`Prefer: return=minimal` is answered without content."""
    response = client.post(
        "/books/bulk", json={"create": [{"title": "a"}]}, headers={"Prefer": "return=minimal"}
    )
    assert response.status == 204
    assert response.headers["Preference-Applied"] == "return=minimal"
    assert titles(client) == ["a"]


def test_the_document() -> None:
    """The operation has a name and a summary, its lists a largest size,
    and its members the schema's fields.
    """
    document = collection(bulk=True, max_bulk=7).get("/openapi.json").json
    operation = document["paths"]["/books/bulk"]["post"]
    assert operation["operationId"] == "bulkBooks"
    assert {"200", "204", "409", "422", "503"} <= operation["responses"].keys()
    schemas = document["components"]["schemas"]
    lists = schemas["BooksBulkInput"]["properties"]
    assert {name: each["maxItems"] for name, each in lists.items()} == {
        "create": 7,
        "update": 7,
        "delete": 7,
    }
    assert lists["delete"]["items"]["type"] == "integer"
    change = schemas["BooksBulkChangeInput"]
    assert change["required"] == ["id"]
    assert change["additionalProperties"] is False
    assert {"id", "title", "if_match"} <= change["properties"].keys()
    assert schemas["BooksBulkResult"]["required"] == ["created", "updated", "deleted"]


def test_only_what_the_methods_allow() -> None:
    """Who cannot POST, PATCH or DELETE one item cannot do so with many."""
    client = collection(Plain("a"), bulk=True, methods={"GET", "PATCH"})
    assert bulk(client, create=[{"title": "x"}]).status == 422
    assert bulk(client, update=[{"id": 1, "title": "b"}]).json["updated"][0]["title"] == "b"
    assert bulk(client, update=[]).json == {"updated": []}
    assert mounted(methods={"GET"}) is not None
    refused(
        "Books has bulk = True, but none of the methods POST, PATCH and DELETE.",
        bulk=True,
        methods={"GET"},
    )


class Conditioned(Schema):
    title = fields.Str(required=True)
    genre = fields.Str(data_key="if_match")


def test_what_cannot_be_is_refused() -> None:
    """Sizes, conditions and names that do not fit are one clear sentence."""
    refused("Books.max_bulk must be at least 1, got 0.", bulk=True, max_bulk=0)
    refused(
        "has bulk = True and conditional = 'required', but bulk deletions",
        bulk=True,
        conditional="required",
    )
    schema = Conditioned.from_dict({"title": fields.Str(dump_only=True)}, name="ConditionedSchema")
    refused(
        "the field name 'if_match' means the entity tag in bulk requests",
        bulk=True,
        schema=schema,
        methods={"GET", "PATCH"},
    )


class Careful(CRUDResource[Plain]):
    """Does more than the store does."""

    bulk = True

    @raises(Forbidden)
    def create(self, item: Plain) -> Plain:
        if item.title == "forbidden":
            raise Forbidden("Not this one.")
        item.title = item.title.title()
        return super().create(item)

    def delete(self, item: Plain) -> None:
        item.genre = "deleted"
        super().delete(item)


def test_each_item_goes_through_its_action() -> None:
    """Overridden actions work on each item; any problem of theirs undoes all of it."""
    client = collection(base=Careful)
    assert [each["title"] for each in bulk(client, create=[{"title": "emma"}]).json["created"]] == [
        "Emma"
    ]
    response = bulk(client, create=[{"title": "x"}, {"title": "forbidden"}])
    assert response.status == 403
    assert response.problem["detail"] == "Not this one."
    assert titles(client) == ["Emma"]
    assert bulk(client, delete=[1]).json["deleted"] == [1]


def test_a_schema_that_makes_items_itself_is_told_so() -> None:
    """A post_load that makes something else than a mapping is one clear sentence."""
    from .test_schema_views import Loading

    assert issubclass(Loading, PlainSchema)
    client = collection(bulk=True, schema=Loading)
    with pytest.raises(DeclarationError, match="CRUDResource makes the items itself"):
        bulk(client, create=[{"title": "x"}])


class Agreed(CRUDResource[Plain]):
    """A collection whose actions raise problems without a list of errors."""

    bulk = True

    @raises(Conflict, UnprocessableContent)
    def create(self, item: Plain) -> Plain:
        if item.title == "taken":
            raise Conflict("This title is taken.")
        if item.title == "odd":
            raise UnprocessableContent("This title is odd.")
        return super().create(item)


@pytest.mark.parametrize(
    ("title", "status", "detail", "code"),
    [
        ("taken", 409, "This title is taken.", "conflict"),
        ("odd", 422, "This title is odd.", "invalid"),
    ],
)
def test_problems_of_an_action_are_listed_by_item(
    title: str, status: int, detail: str, code: str
) -> None:
    """A problem without errors of its own becomes one: its detail, at the item."""
    client = collection(base=Agreed)
    response = bulk(client, create=[{"title": "x"}, {"title": title}])
    assert response.status == status
    assert response.problem["errors"] == [
        {"pointer": "/create/1", "detail": detail, "code": code},
    ]
    assert titles(client) == []


def test_an_update_with_an_invalid_field_names_the_item() -> None:
    """An update that breaks a field's rule is a 422 at that item and field."""
    client = collection(Plain("Emma"), Plain("Persuasion"), bulk=True)
    response = bulk(client, update=[{"id": 1, "title": "x"}, {"id": 2, "title": ""}])
    assert response.status == 422
    assert [each["pointer"] for each in response.problem["errors"]] == ["/update/1/title"]
    assert titles(client) == ["Emma", "Persuasion"]


class Differing(PlainSchema):
    """A schema with a rule over two fields, which a patch of one of them may break."""

    @validates_schema
    def differ(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("title") == data.get("genre"):
            raise ValidationError("Must differ from genre.", "title")


def test_an_update_that_breaks_a_rule_over_several_fields() -> None:
    """The patched whole is validated: the problem names the item and the field of the rule."""
    client = collection(Plain("Emma"), Plain("Persuasion"), bulk=True, schema=Differing)
    response = bulk(client, update=[{"id": 1, "title": "Sanditon"}, {"id": 2, "title": "novel"}])
    assert response.status == 422
    assert [each["pointer"] for each in response.problem["errors"]] == ["/update/1/title"]
    assert titles(client) == ["Emma", "Persuasion"]
