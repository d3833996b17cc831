"""SQLAlchemyStore: the items of a model in a request's session, on SQLite and on PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from databases import KINDS, database_url
from library import library
from marshmallow import Schema, fields, validate
from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit import App
from restkit.crud import CRUDResource
from restkit.errors import DeclarationError
from restkit.sqlalchemy import Database
from restkit.testing import Client


@pytest.fixture(params=KINDS)
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    with database_url(request.param, tmp_path) as url, library(url) as app:
        yield Client(app)


def made(client: Client, path: str, **values: Any) -> dict[str, Any]:
    response = client.post(path, json=values)
    assert response.status == 201, response.json
    item: dict[str, Any] = response.json
    return item


def relation(link: str, name: str) -> str | None:
    found = re.search(rf'<([^>]*)>; rel="{name}"', link)
    return found[1] if found else None


def test_an_item_is_made_read_replaced_patched_and_deleted(client: Client) -> None:
    """The verbs of an item do what they say,
    and each answer has the entity tag of the new state.
    """
    response = client.post("/books", json={"title": "Emma", "year": 1815, "price": "12.50"})
    assert response.status == 201
    url, tag = response.headers["Location"], response.headers["ETag"]
    read = client.get(url)
    assert read.json == response.json
    assert read.headers["ETag"] == tag
    assert read.json["price"] == "12.50"
    replaced = client.put(url, json={"title": "Emma, again"})
    assert replaced.status == 200
    assert replaced.json["title"] == "Emma, again"
    assert replaced.json["year"] is None
    patched = client.patch(url, json={"year": 1816})
    assert patched.json["title"] == "Emma, again"
    assert patched.json["year"] == 1816
    assert len({tag, replaced.headers["ETag"], patched.headers["ETag"]}) == 3
    assert client.delete(url).status == 204
    assert client.get(url).status == 404


def test_a_patch_leaves_what_it_does_not_name(client: Client) -> None:
    """Whatever type an attribute has, a patch of another one leaves it as it is."""
    values = {
        "title": "Emma",
        "price": "12.50",
        "rating": 4.5,
        "code": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    }
    book = made(client, "/books", **values, genre="science", chapters=[{"heading": "one"}])
    url = f"/books/{book['id']}"
    patched = client.patch(url, json={"year": 1815})
    assert patched.status == 200
    assert patched.json == {**book, "year": 1815}
    author = client.post("/authors", json={"name": "Jane Austen", "born": "1775-12-16"})
    assert (
        client.patch(author.headers["Location"], json={"name": "J. A."}).json["born"]
        == "1775-12-16"
    )


def test_json_patch_is_applied_and_the_whole_validated_again(client: Client) -> None:
    """A JSON Patch changes what it says;
    what comes of it must be valid, and a failed test is a conflict.
    """
    chapters = [{"heading": "one"}]
    book = made(client, "/books", title="Emma", price="9.50", chapters=chapters)
    url = f"/books/{book['id']}"

    def patch(*operations: dict[str, Any]) -> Any:
        return client.patch(url, json=list(operations), content_type="application/json-patch+json")

    response = patch(
        {"op": "test", "path": "/title", "value": "Emma"},
        {"op": "add", "path": "/chapters/-", "value": {"heading": "two"}},
        {"op": "replace", "path": "/year", "value": 1815},
    )
    assert response.status == 200
    assert response.json["year"] == 1815
    assert [each["heading"] for each in response.json["chapters"]] == ["one", "two"]
    assert patch({"op": "test", "path": "/title", "value": "Persuasion"}).status == 409
    assert patch({"op": "remove", "path": "/title"}).problem["errors"][0]["pointer"] == "/title"
    assert patch({"op": "remove", "path": "/nothing"}).problem["errors"][0]["pointer"] == "/0"
    assert patch({"op": "replace", "path": "/id", "value": 7}).problem["errors"][0]["code"] in (
        "unknown",
        "patch",
    )
    assert client.get(url).json["year"] == 1815


def test_unique_and_foreign_keys_are_conflicts_that_point_to_the_field(client: Client) -> None:
    """A value that is taken, or refers to nothing, is a 409 with a pointer,
    and nothing is stored.
    """
    made(client, "/authors", name="Jane Austen")
    taken = client.post("/authors", json={"name": "Jane Austen"})
    assert taken.status == 409
    assert taken.problem["errors"][0]["pointer"] == "/name"
    lost = client.post("/books", json={"title": "Emma", "author_id": 77})
    assert lost.status == 409
    assert lost.problem["errors"][0]["pointer"] == "/author_id"
    assert client.get("/books").json["items"] == []


@pytest.mark.parametrize(
    "sort", ["title", "-title", "year", "-year", "title,-year", "-year,title", "price,-id"]
)
def test_keyset_pages_have_every_item_once_there_and_back(client: Client, sort: str) -> None:
    """Following next and then prev passes every item once, in one order,
    nulls at the end of the greatest.
    """
    for number in range(13):
        year = None if number % 4 == 0 else 1900 + number % 5
        made(
            client,
            "/books",
            title=f"t{number % 3}",
            year=year,
            price=None if number % 3 else f"{number}.00",
        )
    url: str | None = f"/books?sort={sort}&limit=4&fields=id,year"
    pages: list[list[int]] = []
    link = ""
    while url:
        response = client.get(url)
        pages.append([each["id"] for each in response.json["items"]])
        url, link = response.json["next"], response.headers["Link"]
    there = [each for page in pages for each in page]
    assert sorted(there) == sorted(set(there))
    assert [len(page) for page in pages] == [4, 4, 4, 1]
    back: list[list[int]] = []
    while previous := relation(link, "prev"):
        response = client.get(previous)
        back.insert(0, [each["id"] for each in response.json["items"]])
        link = response.headers["Link"]
    assert back == pages[:-1]
    if sort.lstrip("-").startswith("year"):
        years = [
            each["year"]
            for each in client.get(f"/books?sort={sort}&limit=50&fields=year").json["items"]
        ]
        nulls = [each for each in years if each is None]
        assert (
            years[: len(nulls)] == nulls if sort.startswith("-") else years[-len(nulls) :] == nulls
        )


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("year=1815", {"Emma"}),
        ("year__gte=1815&year__lt=1860", {"Emma", "Silas"}),
        ("year__in=1815,1974", {"Emma", "Dispossessed"}),
        ("year__null=true", {"50% off_ed"}),
        ("year__null=false", {"Emma", "Silas", "Dispossessed"}),
        ("year__ne=1815", {"Silas", "Dispossessed", "50% off_ed"}),
        ("title__contains=S", {"Silas", "Dispossessed"}),
        ("title__startswith=s", {"Silas"}),
        ("title__contains=%25", {"50% off_ed"}),
        ("title__contains=_", {"50% off_ed"}),
        ("genre=science", {"Dispossessed"}),
        ("genre__ne=science", {"Emma", "Silas", "50% off_ed"}),
        ("price__lte=5", {"Silas"}),
    ],
)
def test_filters(client: Client, query: str, titles: set[str]) -> None:
    """Each operator finds what it says, with the values' own types, on both databases alike."""
    made(client, "/books", title="Emma", year=1815)
    made(client, "/books", title="Silas", year=1851, price="4.99")
    made(client, "/books", title="Dispossessed", year=1974, genre="science")
    made(client, "/books", title="50% off_ed")
    response = client.get(f"/books?{query}", headers={"Prefer": "count=exact"})
    assert {each["title"] for each in response.json["items"]} == titles
    assert response.json["total"] == len(titles)
    assert response.headers["Preference-Applied"] == "count=exact"


@pytest.mark.parametrize(
    "query",
    [
        "year__gte=2147483648",
        "id__in=99999999999",
        "price__lt=1e400",
        "year=abc",
        "genre=cooking",
        "title__contains=%00",
        "unknown=1",
        "sort=isbn",
        "fields=secret",
        "expand=chapters",
        "limit=0",
        "limit=101",
        "code=1",
    ],
)
def test_what_is_no_value_or_beyond_the_column_is_422(client: Client, query: str) -> None:
    """A parameter that is unknown, of another type or beyond the column's range is refused on both
    databases.
    """
    assert client.get(f"/books?{query}").status == 422


@pytest.mark.parametrize(
    "path", ["/books/2147483648", "/books/99999999999999999999", "/books/x", "/books/-1"]
)
def test_ids_beyond_the_column_are_404(client: Client, path: str) -> None:
    """An id that the column cannot hold is one that nothing has."""
    assert client.get(path).status == 404


def test_cursors_are_refused_where_they_are_changed_or_of_another_order(client: Client) -> None:
    """A cursor of another order, or with a bit changed, is a 400."""
    for number in range(3):
        made(client, "/books", title=f"t{number}")
    cursor = client.get("/books?limit=1&sort=title").json["next"].partition("cursor=")[2]
    assert client.get(f"/books?limit=1&sort=title&cursor={cursor}").status == 200
    assert client.get(f"/books?limit=1&sort=-title&cursor={cursor}").status == 400
    assert client.get(f"/authors?limit=1&cursor={cursor}").status == 400
    for index in range(len(cursor)):
        changed = cursor[:index] + ("A" if cursor[index] != "A" else "B") + cursor[index + 1 :]
        assert client.get(f"/books?limit=1&sort=title&cursor={changed}").status == 400


def test_nested_collections_scope_themselves(client: Client) -> None:
    """Below an author's URL there are that author's books only; new ones are that author's."""
    one, two = (made(client, "/authors", name=name)["id"] for name in ("A", "B"))
    foreign = client.post(f"/authors/{one}/books", json={"title": "Emma", "author_id": two})
    assert foreign.status == 422
    assert foreign.problem["errors"][0]["pointer"] == "/author_id"
    book = made(client, f"/authors/{one}/books", title="Emma")
    assert book["author_id"] == one
    assert [each["id"] for each in client.get(f"/authors/{one}/books").json["items"]] == [
        book["id"]
    ]
    assert client.get(f"/authors/{two}/books").json["items"] == []
    assert client.get(f"/authors/{two}/books/{book['id']}").status == 404
    assert client.get("/authors/999/books").status == 404
    assert client.post("/authors/999/books", json={"title": "x"}).status == 404


@pytest.mark.parametrize("number", [2**31, 10**12, 2**63 - 1, 2**63, 10**40])
def test_parents_beyond_the_column_are_404(client: Client, number: int) -> None:
    """A collection below a key that no row can have is none,
    also where the URL pattern says nothing of its size.
    """
    books = f"/authors/{number}/books"
    answers = [client.get(books), client.post(books, json={"title": "x"}), client.get(f"{books}/1")]
    answers += [client.patch(f"{books}/1", json={"title": "x"}), client.delete(f"{books}/1")]
    assert [each.status for each in answers] == [404] * 5


def test_soft_deletion_and_restore(client: Client) -> None:
    """A removed item is gone for readers until it is restored."""
    url = f"/books/{made(client, '/books', title='Emma')['id']}"
    assert client.post(f"{url}/restore").status == 404
    assert client.delete(url).status == 204
    assert client.get(url).status == 404
    assert client.delete(url).status == 404
    assert client.get("/books").json["items"] == []
    assert client.post(f"{url}/restore").json["title"] == "Emma"
    assert client.get(url).status == 200


def test_put_makes_what_is_not_there_where_that_is_declared(client: Client) -> None:
    """With upsert a PUT makes the item (201) or replaces it (200); If-None-Match: * only makes."""
    body = {"slug": "top", "label": "Top"}
    first = client.put("/shelves/top", json=body, headers={"If-None-Match": "*"})
    assert first.status == 201
    assert client.put("/shelves/top", json=body, headers={"If-None-Match": "*"}).status == 412
    assert client.put("/shelves/top", json={**body, "label": "T"}).status == 200
    assert (
        client.put(
            "/shelves/none", json={**body, "slug": "none"}, headers={"If-Match": '"1"'}
        ).status
        == 412
    )
    assert client.put("/shelves/other", json=body).status == 409


def test_minimal_answers(client: Client) -> None:
    """`Prefer: return=minimal` is answered without content, and told."""
    prefer = {"Prefer": "return=minimal"}
    response = client.post("/books", json={"title": "Emma"}, headers=prefer)
    assert response.status == 204
    assert response.headers["Preference-Applied"] == "return=minimal"
    url = response.headers["Location"]
    patched = client.patch(
        url, json={"year": 1815}, headers={**prefer, "If-Match": response.headers["ETag"]}
    )
    assert patched.status == 204
    assert patched.headers["ETag"] == client.get(url).headers["ETag"]


class Base(DeclarativeBase):
    pass


class Owner(Base):
    __tablename__ = "owner"

    id: Mapped[int] = mapped_column(primary_key=True)
    pets: Mapped[list[Pet]] = relationship()


class Pet(Base):
    __tablename__ = "pet"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("owner.id"))
    toys: Mapped[list[str] | None] = mapped_column(JSON, default=list)


class PetSchema(Schema):
    id = fields.Int(dump_only=True)
    owner_id = fields.Int(required=True, validate=validate.Range(1, 2**31 - 1))
    toys = fields.List(fields.Str(validate=validate.Length(1, 20)))


class Owners(CRUDResource[Owner]):
    model = Owner


class Pets(CRUDResource[Pet]):
    model = Pet
    schema = PetSchema
    filters = ("toys__has",)


@pytest.fixture(params=KINDS)
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    with database_url(request.param, tmp_path) as url:
        database = Database(url, create=Base.metadata)
        app = App("Home")
        app.install(database)
        app.add("/owners", Owners)
        app.add("/pets", Pets)
        yield Client(app)
        database.close()


def test_what_must_be_referred_to_stays(home: Client) -> None:
    """An item that others cannot be without is not removed:
    409, also where the model would let go of it.
    """
    owner = made(home, "/owners")["id"]
    made(home, "/pets", owner_id=owner)
    assert home.delete(f"/owners/{owner}").status == 409
    assert home.get(f"/owners/{owner}").status == 200


def test_lists_are_found_by_what_they_have(home: Client) -> None:
    """`has` finds the items whose list has all that is asked for, whatever its letters are."""
    owner = made(home, "/owners")["id"]
    ball = made(home, "/pets", owner_id=owner, toys=["ball", 'a "b", %_', "Ünï"])["id"]
    none = made(home, "/pets", owner_id=owner)["id"]

    def found(*toys: str) -> list[int]:
        response = home.get("/pets", query={"toys__has": list(toys)})
        assert response.status == 200, response.text
        return [each["id"] for each in response.json["items"]]

    assert found("ball") == [ball]
    assert found('a "b", %_', "Ünï") == [ball]
    assert found("ball", "bone") == found("bal") == found("%") == found("BALL") == []
    assert [each["id"] for each in home.get("/pets").json["items"]] == [ball, none]
    assert home.get("/pets", query={"toys__has": [""]}).status == 422


def test_lists_say_what_they_have(tmp_path: Path) -> None:
    """`has` needs a schema that says what the list has,
    for the document and for what a client asks.
    """

    class Untyped(CRUDResource[Pet]):
        model = Pet
        filters = ("toys__has",)

    app = App("Home")
    app.install(Database(f"sqlite:///{tmp_path / 'home.db'}"))
    with pytest.raises(DeclarationError, match=r"toys = fields\.List"):
        app.add("/pets", Untyped)


class _Mixed(DeclarativeBase):
    pass


class _Line(_Mixed):
    __tablename__ = "Line Of Orders"  # PostgreSQL folds such a name where it is not quoted

    id: Mapped[int] = mapped_column(primary_key=True)


@pytest.mark.parametrize("kind", KINDS)
def test_an_estimate_is_of_the_statistics_where_the_database_has_some(
    kind: str, tmp_path: Path
) -> None:
    """`count=estimated` is what PostgreSQL last counted,
    and exact where nothing was counted or a filter holds.
    """

    class Lines(CRUDResource[_Line]):
        model = _Line
        filters = ("id__gte",)

    with database_url(kind, tmp_path) as url:
        database = Database(url, create=_Mixed.metadata)
        app = App("Lines")
        app.install(database)
        app.add("/lines", Lines)
        client = Client(app)

        def total(query: str = "") -> int:
            response = client.get(f"/lines?limit=1{query}", headers={"Prefer": "count=estimated"})
            assert response.headers["Preference-Applied"] == "count=estimated"
            found: int = response.json["total"]
            return found

        for _ in range(5):
            made(client, "/lines")
        assert total() == 5
        with database.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("ANALYZE")
        made(client, "/lines")
        assert total() == (5 if kind == "postgresql" else 6)
        assert total("&id__gte=1") == 6
        database.close()
