"""What a class's declarations come to:
schema and model held against each other, entity tags, defaults.
"""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import Schema, fields, validate
from shelf import Book, BookSchema, collection, mounted, refused

from restkit.crud import MemoryStore
from restkit.testing import Client


def with_field(name: str, field: Any) -> type[Schema]:
    return BookSchema.from_dict({name: field}, name="OddSchema")


@pytest.mark.parametrize(
    ("name", "field", "says"),
    [
        (
            "pages",
            fields.Int(),
            (
                "accepts 'pages', which Book does not have. Name an attribute of the model with "
                "attribute=, declare the field with dump_only=True, or leave it out."
            ),
        ),
        (
            "id",
            fields.Int(),
            "accepts 'id', which Book generates. Declare the field with dump_only=True",
        ),
        (
            "title",
            fields.Str(),
            (
                "OddSchema.title accepts values that the attribute 'title' of the model "
                "cannot hold. Add validate=validate.Length(max=50)"
            ),
        ),
        (
            "title",
            fields.Str(validate=validate.Length(max=51)),
            "OddSchema.title accepts values that",
        ),
        (
            "title",
            fields.Str(validate=validate.Length(equal=60)),
            "OddSchema.title accepts values that",
        ),
        ("stars", fields.Int(), "Add validate=validate.Range(0, 5) to the field."),
        (
            "stars",
            fields.Int(validate=validate.Range(1, 6)),
            "Add validate=validate.Range(1, 5) to the field.",
        ),
        (
            "stars",
            fields.Int(validate=validate.Range(max=5)),
            "Add validate=validate.Range(0, 5) to the field.",
        ),
    ],
)
def test_a_schema_that_takes_what_the_model_cannot_hold_is_refused(
    name: str, field: Any, says: str
) -> None:
    """A field that the model does not have, gives itself,
    or has less room for is one clear sentence.
    """
    refused(says, schema=with_field(name, field))


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("pages", fields.Function(lambda book: len(book.title))),
        ("title", fields.Str(validate=validate.Length(equal=4))),
        ("title", fields.Str(validate=validate.OneOf(["Emma"]))),
        ("title", fields.Str(validate=[validate.Length(2), validate.Length(max=50)])),
        ("stars", fields.Int(validate=validate.Range(1, 5))),
        ("stars", fields.Int(validate=validate.OneOf([1, 2]))),
        ("sold", fields.Date(allow_none=True)),
    ],
)
def test_a_schema_that_is_as_narrow_as_the_model_is_taken(name: str, field: Any) -> None:
    """What a schema only answers, or takes less of than the model holds, is its own matter."""
    mounted(schema=with_field(name, field))


@pytest.mark.parametrize("schema", [BookSchema(), "BookSchema", Book])
def test_a_schema_is_a_class(schema: Any) -> None:
    """A CRUDResource makes views of its schema, and wants a marshmallow Schema class."""
    refused("schema must be a marshmallow Schema class, got ", schema=schema)


class Wanting(Schema):
    title = fields.Str(required=True, validate=validate.Length(max=50))

    def __init__(self, more: int, **options: Any) -> None:
        super().__init__(**options)


def test_a_schema_that_cannot_be_made_is_refused() -> None:
    """A schema class whose constructor wants more is one clear sentence."""
    refused("the schema Wanting cannot be instantiated", schema=Wanting)


def test_a_put_sets_what_is_absent_to_what_a_new_item_has() -> None:
    """Members that a PUT leaves out become the defaults of the model;
    what the schema does not take stays.
    """
    client = collection(Book("Emma", 1815, genre="essay", tags=["a"], stars=4), schema=BookSchema)
    replaced = client.put("/books/1", json={"title": "Persuasion"}).json
    assert {**replaced, "title": ""} == {
        "id": 1,
        "title": "",
        "year": None,
        "genre": "novel",
        "cover": {},
        "tags": [],
        "on": True,
    }
    rows = client.get("/books/1")
    assert rows.json == replaced


def test_a_get_of_what_has_not_changed_is_304() -> None:
    """Items have entity tags without a word;
    `conditional = False` takes them away, `"required"` demands them.
    """
    client = collection(Book("Emma"))
    tag = client.get("/books/1").headers["ETag"]
    assert client.get("/books/1", headers={"If-None-Match": tag}).status == 304
    assert "ETag" not in collection(Book("Emma"), conditional=False).get("/books/1").headers
    client = collection(Book("Emma"), conditional="required")
    assert [
        client.put("/books/1", json={"title": "x"}).status,
        client.delete("/books/1").status,
    ] == [428, 428]
    tag = client.get("/books/1").headers["ETag"]
    assert client.delete("/books/1", headers={"If-Match": tag}).status == 204


class Unversioned:
    """Wraps a store whose items have no version."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def configured(self, **options: Any) -> Unversioned:
        return Unversioned(self._store.configured(**options))

    def version(self, item: Any) -> None:
        return None


def test_without_a_version_the_tag_is_a_digest_of_what_is_answered() -> None:
    """An item without a version has an entity tag all the same, and preconditions hold by it."""
    client = Client(mounted(store=Unversioned(MemoryStore(Book, items=[Book("Emma")]))))
    first = client.get("/books/1").headers["ETag"]
    changed = client.patch("/books/1", json={"year": 1815}, headers={"If-Match": first})
    assert changed.headers["ETag"] not in (first, None)
    assert client.patch("/books/1", json={"year": 1}, headers={"If-Match": first}).status == 412
    back = client.patch(
        "/books/1", json={"year": None}, headers={"If-Match": changed.headers["ETag"]}
    )
    assert back.headers["ETag"] == first
