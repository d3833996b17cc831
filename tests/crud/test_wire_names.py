"""Names in parameters, links and errors: those that content has, whatever attributes are called."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import Schema, fields, validate
from shelf import Book, collection, mounted, refused

from restkit.openapi.shared_components import expanded
from restkit.testing import Client


class RenamedSchema(Schema):
    id = fields.Int(dump_only=True, data_key="bookId")
    title = fields.Str(required=True, data_key="bookTitle", validate=validate.Length(1, 50))
    born = fields.Int(allow_none=True, attribute="year")
    genre = fields.Str(data_key="kindOfBook")


class CamelSchema(Schema):
    """A base class that renames every field, as marshmallow's documentation shows."""

    def on_bind_field(self, field_name: str, field_obj: Any) -> None:
        first, *rest = (field_obj.data_key or field_name).split("_")
        field_obj.data_key = first + "".join(each.title() for each in rest)


class CamelBookSchema(CamelSchema):
    id = fields.Int(dump_only=True)
    the_title = fields.Str(required=True, attribute="title", validate=validate.Length(1, 50))
    the_year = fields.Int(allow_none=True, attribute="year")
    the_genre = fields.Str(attribute="genre")


BOOKS = (Book("Emma", 1815, "novel"), Book("Silas", 1861, "tale"), Book("Ulysses", 1922, "novel"))
DECLARED = {
    "filters": ("year__gte", "genre", "title__contains"),
    "sorts": ("title", "year"),
    "fields": True,
}


def renamed(**members: Any) -> Client:
    return collection(*BOOKS, **{"schema": RenamedSchema, **DECLARED, **members})


def camel(**members: Any) -> Client:
    return collection(*BOOKS, **{"schema": CamelBookSchema, **DECLARED, **members})


def titles(client: Client, query: str, name: str = "bookTitle") -> list[str]:
    response = client.get(f"/books?{query}")
    assert response.status == 200, response.text
    return [each[name] for each in response.json["items"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("born__gte=1860", ["Silas", "Ulysses"]),
        ("kindOfBook=novel", ["Emma", "Ulysses"]),
        ("bookTitle__contains=S", ["Silas", "Ulysses"]),
        ("sort=-born", ["Ulysses", "Silas", "Emma"]),
        ("sort=bookTitle,-born&fields=bookTitle", ["Emma", "Silas", "Ulysses"]),
    ],
)
def test_clients_name_attributes_as_content_does(query: str, expected: list[str]) -> None:
    """A filter, a sort key and a selected field have the data_key or the name of the field."""
    assert titles(renamed(), query) == expected


@pytest.mark.parametrize(
    "query", ["year__gte=1860", "genre=novel", "sort=title", "sort=-year", "fields=title"]
)
def test_names_of_attributes_are_unknown_to_clients(query: str) -> None:
    """One thing has one name."""
    assert renamed().get(f"/books?{query}").status == 422


def test_selected_fields_and_pages_keep_the_names() -> None:
    """The next page is found under the same names; a page has just the selected fields."""
    client = renamed(page_size=2)
    page = client.get("/books?sort=-born&fields=bookId,born").json
    assert page["items"] == [{"bookId": 3, "born": 1922}, {"bookId": 2, "born": 1861}]
    assert client.get(page["next"]).json["items"] == [{"bookId": 1, "born": 1815}]
    assert client.get("/books/1?fields=kindOfBook").json == {"kindOfBook": "novel"}


def test_the_document_has_the_names_of_clients() -> None:
    """Parameters, their choices and their descriptions."""
    operation = expanded(renamed().get("/openapi.json").json)["paths"]["/books"]["get"]
    found = {each["name"]: each for each in operation["parameters"]}
    assert {"born__gte", "kindOfBook", "bookTitle__contains"} <= found.keys()
    assert found["sort"]["schema"]["items"]["enum"] == ["bookTitle", "-bookTitle", "born", "-born"]
    assert found["fields"]["schema"]["items"]["enum"] == [
        "bookId",
        "bookTitle",
        "born",
        "kindOfBook",
    ]
    assert "`born`" in found["born__gte"]["description"]


def test_errors_have_the_names_of_clients() -> None:
    """Parameters and pointers name what the client sent."""
    client = renamed()
    wrong = client.get("/books?born__gte=old").problem["errors"]
    assert [each["parameter"] for each in wrong] == ["born__gte"]
    wrong = client.post("/books", json={"born": "old"}).problem["errors"]
    assert {each["pointer"] for each in wrong} == {"/born", "/bookTitle"}


def test_a_base_class_may_rename_every_field() -> None:
    """Schemas whose on_bind_field makes camelCase serve a whole collection."""
    client = camel(bulk=True, upsert=True)
    created = client.post("/books", json={"theTitle": "Middlemarch", "theYear": 1871})
    assert created.status == 201
    assert created.json == {
        "id": 4,
        "theTitle": "Middlemarch",
        "theYear": 1871,
        "theGenre": "novel",
    }
    assert titles(client, "theYear__gte=1871&sort=-theTitle", "theTitle") == [
        "Ulysses",
        "Middlemarch",
    ]
    assert client.patch("/books/4", json={"theYear": 1872}).json["theYear"] == 1872
    patch = [{"op": "replace", "path": "/theTitle", "value": "M."}]
    headers = {"Content-Type": "application/json-patch+json"}
    assert client.patch("/books/4", json=patch, headers=headers).json["theTitle"] == "M."
    assert client.put("/books/4", json={"theTitle": "Felix Holt"}).json["theYear"] is None
    assert client.post("/books", json={"the_title": "x"}).status == 422
    changes = {"update": [{"id": 4, "theYear": 1866}]}
    assert client.post("/books/bulk", json=changes).json["updated"][0]["theYear"] == 1866
    lines = client.get("/books?fields=theTitle", headers={"Accept": "application/x-ndjson"})
    assert lines.text.splitlines()[0] == '{"theTitle":"Emma"}'
    document = client.get("/openapi.json").json
    assert {"theTitle", "theYear"} <= document["components"]["schemas"]["CamelBookView"][
        "properties"
    ].keys()


def test_a_renamed_attribute_of_the_url_is_decided_by_it() -> None:
    """The copy of the schema in which the URL decides an attribute keeps the names."""
    app = mounted("/genres/<genre>/books", schema=CamelBookSchema, **DECLARED)
    client = Client(app)
    created = client.post("/genres/tale/books", json={"theTitle": "Silas"})
    assert (created.status, created.json["theGenre"]) == (201, "tale")
    wrong = client.post("/genres/tale/books", json={"theTitle": "Emma", "theGenre": "novel"})
    assert [each["pointer"] for each in wrong.problem["errors"]] == ["/theGenre"]


class TwiceSchema(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(required=True, data_key="genre", validate=validate.Length(1, 50))


@pytest.mark.parametrize(
    ("says", "members"),
    [
        ("both 'title' and 'genre' as 'genre'", {"sorts": ("title", "genre")}),
        ("both 'title__eq' and 'genre__eq' as 'genre'", {"filters": ("title", "genre")}),
    ],
)
def test_two_attributes_of_one_name_are_refused(says: str, members: Any) -> None:
    """An attribute outside the schema keeps its own name, which a data_key may have taken."""
    refused(says, schema=TwiceSchema, **members)


class MinusSchema(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(required=True, data_key="-title", validate=validate.Length(1, 50))


@pytest.mark.parametrize(
    ("says", "members"),
    [
        ("Declare the attribute: 'genre'", {"filters": ("kindOfBook",)}),
        ("Declare the attribute: 'year'", {"sorts": ("born",)}),
        ("'-title' cannot stand in a list", {"schema": MinusSchema, "sorts": ("title",)}),
    ],
)
def test_names_that_cannot_be_declared_are_told(says: str, members: Any) -> None:
    """The class names attributes; a name must be one that a list of sort keys can hold."""
    refused(says, **{"schema": RenamedSchema, **members})
