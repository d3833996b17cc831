"""CSV of a collection: RFC 4180, formulas, nested values, and the same items as the list."""

from __future__ import annotations

import csv
import io
from collections.abc import Generator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields, validate
from shelf import Book, collection, refused
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit import App
from restkit.crud import Bare, CRUDResource, CSVExport, MemoryStore, PageNumbers
from restkit.errors import DeclarationError
from restkit.sqlalchemy import Database, Limits
from restkit.testing import Client

CSV = {"Accept": "text/csv"}
BOOKS = tuple(Book(f"t{number}", year=number) for number in range(7))


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def cells(client: Client, query: str = "") -> list[list[str]]:
    response = client.get(f"/books{query}", headers=CSV)
    assert response.status == 200
    return list(csv.reader(io.StringIO(response.text, newline="")))


def test_rows() -> None:
    """All items are rows below a row of names, with the types and headers of RFC 4180."""
    client = collection(*BOOKS, csv=True, page_size=2, fields=True, sorts=("title",))
    response = client.get("/books?fields=title,year&sort=-title", headers=CSV)
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert response.headers["Vary"] == "Accept"
    assert "Content-Disposition" not in response.headers
    assert response.text == "title,year\r\n" + "".join(f"t{n},{n}\r\n" for n in range(6, -1, -1))
    assert collection(csv=True, fields=True).get("/books?fields=id", headers=CSV).text == "id\r\n"


def test_values() -> None:
    """Quotes, commas and line breaks are quoted, null is empty, lists and objects are JSON."""
    book = Book('é "q", x\ny', None, tags=["a", "b"], cover={"x": [1, None]}, on=False)
    row = rows(collection(book, csv=True).get("/books", headers=CSV).text)[0]
    assert row["title"] == 'é "q", x\ny'
    assert row["year"] == ""
    assert row["tags"] == '["a","b"]'
    assert row["cover"] == '{"x":[1,null]}'
    assert row["on"] == "false"
    assert row["id"] == "1"


@dataclass
class Cell:
    text: str
    number: Decimal = Decimal("-1.50")
    ratio: float = -0.5
    id: int = 0


def cell(text: str, **options: Any) -> list[str]:
    members = {"store": MemoryStore(Cell, items=[Cell(text)]), "csv": CSVExport(**options)}
    return cells(collection(**members))[1][:3]


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+A1", "-2+cmd|x", "@SUM(A1)", "\t=1", "\r=1", " =1", "\uff0dA1", "- item"],
)
def test_formulas(text: str) -> None:
    """What a spreadsheet would run as a formula gets a quotation mark, unless declared."""
    assert cell(text)[0] == f"'{text}"
    assert cell(text, guard=False)[0] == text


@pytest.mark.parametrize("text", ["-1", "+4930123", "-1.5e-3", "a=b", "'=1", "", "1-2"])
def test_numbers_are_no_formulas(text: str) -> None:
    """Numbers keep their signs, and other texts stay as they are."""
    assert cell(text) == [text, "-1.50", "-0.5"]


def test_options() -> None:
    """A collection may declare the name of the file and a mark for Excel."""
    client = collection(csv=CSVExport(filename="books.csv", byte_order_mark=True))
    response = client.get("/books", headers=CSV)
    assert response.headers["Content-Disposition"] == 'attachment; filename="books.csv"'
    assert response.content.startswith(b"\xef\xbb\xbftitle,")
    described = client.get("/openapi.json").json["paths"]["/books"]["get"]["responses"]["200"]
    assert described["content"]["text/csv"] == {"schema": {"type": "string"}}
    assert "Content-Disposition" in described["headers"]
    named = collection(csv=CSVExport(filename="bücher.csv")).get("/books", headers=CSV)
    assert named.headers["Content-Disposition"] == "attachment; filename*=UTF-8''b%C3%BCcher.csv"
    with pytest.raises(DeclarationError, match="without a path"):
        CSVExport(filename="../x.csv")


def test_negotiation() -> None:
    """CSV is offered where it is declared, in every page format, and JSON is the default."""
    plain = collection(*BOOKS)
    assert plain.get("/books", headers=CSV).status == 406
    for paging in ("keyset", "offset", PageNumbers(), Bare()):
        client = collection(*BOOKS, csv=True, paging=paging, page_size=2)
        assert len(cells(client)) == 8
        for accept in ("*/*", "text/csv;q=0.5, application/json"):
            kind = client.get("/books", headers={"Accept": accept}).headers["Content-Type"]
            assert kind == "application/json"
    assert client.get("/books", headers={"Accept": "text/csv; header=present"}).status == 200
    assert client.get("/books", headers={"Accept": "text/csv; header=absent"}).status == 406
    assert client.get("/books", headers={"Accept": "text/html"}).status == 406
    assert client.get("/books?page=x", headers=CSV).status == 422


def test_head_and_totals() -> None:
    """HEAD has the headers of GET, and a total if the client asks for it."""
    client = collection(*BOOKS, csv=True)
    exact = {**CSV, "Prefer": "count=exact"}
    for response in (client.head("/books", headers=exact), client.get("/books", headers=exact)):
        assert response.headers["Content-Type"].startswith("text/csv")
        assert response.headers["Total-Count"] == "7"
        assert response.headers["Preference-Applied"] == "count=exact"
    assert client.head("/books", headers=CSV).headers["Content-Type"].startswith("text/csv")


@pytest.mark.parametrize("lines", ["snapshot", "pages"])
@pytest.mark.parametrize("paging", ["keyset", "offset", PageNumbers()])
def test_long_collections(lines: str, paging: Any) -> None:
    """Every item occurs once however it is read, below one row of names."""
    books = [Book(f"t{number}", genre="x" * 50) for number in range(1700)]
    client = collection(*books, csv=True, lines=lines, paging=paging, fields=True)
    found = cells(client, "?fields=id")
    assert found == [["id"], *([str(number)] for number in range(1, 1701))]
    text = client.get("/books", headers={"Accept": "application/x-ndjson"}).text
    assert len(text.splitlines()) == 1700


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "author"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(50))


class Novel(Base):
    __tablename__ = "novel"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(50))
    owner: Mapped[str] = mapped_column(sa.String(9))
    author_id: Mapped[int | None] = mapped_column(sa.ForeignKey("author.id"))
    author: Mapped[Author | None] = relationship()


class AuthorSchema(Schema):
    id = fields.Int()
    name = fields.Str(data_key="fullName")


class NovelSchema(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(required=True, validate=validate.Length(max=50))
    author = fields.Nested(AuthorSchema, dump_only=True)


class Novels(CRUDResource[Novel]):
    model = Novel
    schema = NovelSchema
    expand = ("author",)
    fields = True
    filters = ("title__contains",)
    csv = True
    methods = {"GET"}

    def scope(self) -> dict[str, object]:
        return {"owner": self.request.headers.get("Owner", "a")}


class AuthorNovels(CRUDResource[Novel]):
    model = Novel
    schema = NovelSchema
    csv = True
    methods = {"GET"}


@pytest.fixture(params=KINDS)
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Client]:
    """Yield a client of novels whose database has one connection."""
    limits = Limits(pool=0.3, connections=1, overflow=0)
    with database_url(request.param, tmp_path) as url:
        database = Database(url, create=Base.metadata, limits=limits)
        with database.engine.begin() as connection:
            connection.execute(sa.insert(Author), [{"id": 1, "name": "Austen"}])
            novels = [
                {"title": "Emma", "owner": "a", "author_id": 1},
                {"title": "=Evelina", "owner": "a", "author_id": None},
                {"title": "Sanditon", "owner": "b", "author_id": 1},
            ]
            connection.execute(sa.insert(Novel), novels)
        app = App("Novels")
        app.install(database)
        app.add("/authors", type("Authors", (CRUDResource,), {"model": Author}))
        app.add("/novels", Novels)
        app.add("/authors/<int:author_id>/novels", AuthorNovels)
        yield Client(app)
        database.close()


def test_relations(client: Client) -> None:
    """An expanded object has a column for each member, within the scope of the list."""
    text = client.get("/novels?expand=author", headers=CSV).text
    assert text == "id,title,author.id,author.fullName\r\n1,Emma,1,Austen\r\n2,'=Evelina,,\r\n"
    exact = {**CSV, "Owner": "b", "Prefer": "count=exact"}
    response = client.get("/novels?fields=title&title__contains=san", headers=exact)
    assert response.text == "title\r\nSanditon\r\n"
    assert response.headers["Total-Count"] == "1"
    assert client.get("/novels?title__contains=san", headers=CSV).text == "id,title\r\n"


def test_collections_below_a_missing_item(client: Client) -> None:
    """Below an item that does not exist there is no CSV and no stream, but a 404."""
    for accept in ("text/csv", "application/x-ndjson", "application/json"):
        headers = {"Accept": accept}
        assert client.get("/authors/1/novels", headers=headers).status == 200
        assert client.get("/authors/7/novels", headers=headers).status == 404


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"csv": "books.csv"}, "csv must be True, False or CSVExport(...)"),
        ({"csv": True, "methods": {"POST"}}, "csv has no effect without the method GET"),
    ],
)
def test_declarations_that_cannot_be(members: dict[str, Any], says: str) -> None:
    """What declares no CSV, or has no effect, is one clear sentence."""
    refused(says, **members)
