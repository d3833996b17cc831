"""Attributes called like the parameters of a collection: which of their values filter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from shelf import refused
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App
from restkit.crud import CRUDResource, MemoryStore, PageNumbers
from restkit.sqlalchemy import Database
from restkit.testing import Client

TEXTS = ("limit", "cursor", "sort", "fields", "dry_run", "group")
FILTERS = dict.fromkeys((*TEXTS, "offset", "page"), ("*",))


class Base(DeclarativeBase):
    pass


class Row(Base):
    __tablename__ = "row"

    id: Mapped[int] = mapped_column(primary_key=True)
    limit: Mapped[str | None] = mapped_column(sa.String(90))
    cursor: Mapped[str | None] = mapped_column(sa.String(90))
    sort: Mapped[str | None] = mapped_column(sa.String(90))
    fields: Mapped[str | None] = mapped_column(sa.String(90))
    dry_run: Mapped[str | None] = mapped_column(sa.String(90))
    group: Mapped[str | None] = mapped_column(sa.String(90))
    offset: Mapped[int | None]
    page: Mapped[dt.date | None]


@dataclass
class Item:
    limit: str | None = None
    cursor: str | None = None
    sort: str | None = None
    fields: str | None = None
    dry_run: str | None = None
    group: str | None = None
    offset: int | None = None
    page: dt.date | None = None
    id: int = 0


def app_of(members: dict[str, Any]) -> App:
    app = App("Rows", secret_key="s" * 32)
    shared = {"filters": FILTERS, "sorts": ("id", *TEXTS), "fields": True, **members}
    declared = {"groups": ("group",), "by_filter": ("PATCH", "DELETE")}
    app.add("/rows", type("Rows", (CRUDResource,), {**shared, **declared}))
    app.add("/offsets", type("Offsets", (CRUDResource,), {**shared, "paging": "offset"}))
    app.add("/pages", type("Pages", (CRUDResource,), {**shared, "paging": PageNumbers()}))
    return app


@pytest.fixture(params=("memory", *KINDS))
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Client]:
    if request.param == "memory":
        yield filled(app_of({"store": MemoryStore(Item)}))
        return
    with database_url(request.param, tmp_path) as url:
        database = Database(url, create=Base.metadata)
        app = App("Rows")
        app = app_of({"model": Row, "store": database.store(Row)})
        app.install(database)
        yield filled(app)
        database.close()


def filled(app: App) -> Client:
    client = Client(app)
    for value, number in (("v", 1), ("w", 2), ("v", 3)):
        body = dict.fromkeys(TEXTS, value)
        day = f"2020-01-0{number}"
        assert client.post("/rows", json={**body, "offset": number, "page": day}).status == 201
    return client


def ids(client: Client, url: str) -> list[int]:
    response = client.get(url)
    assert response.status == 200, response.text
    return [each["id"] for each in response.json["items"]]


@pytest.mark.parametrize("name", TEXTS)
def test_the_plain_name_filters(client: Client, name: str) -> None:
    """A value that the list's parameter cannot have filters, beside that of the list itself."""
    assert ids(client, f"/rows?{name}=v&sort=-{name},-id&fields=id,{name}") == [3, 1]
    assert ids(client, f"/rows?{name}=v&{name}__contains=V&{name}__null=false") == [1, 3]
    assert ids(client, f"/rows?{name}__eq=v&{name}=w") == []
    assert ids(client, f"/rows?{name}=x") == []


def test_the_values_of_the_list_keep_their_meaning(client: Client) -> None:
    assert ids(client, "/rows?limit=2") == [1, 2]
    assert client.get("/rows?limit=500").status == 422
    assert ids(client, "/rows?sort=v&sort=-id") == [3, 1]
    assert ids(client, "/rows?sort=-sort,-id") == [2, 3, 1]
    assert client.get("/rows?fields=v&fields=fields,id").json["items"][0] == {
        "id": 1,
        "fields": "v",
    }
    assert ids(client, "/rows?sort=v&sort=w") == []
    repeated = client.get("/rows?limit=v&limit=1")
    assert repeated.status == 422
    assert repeated.problem["errors"][0]["code"] == "repeated"


def test_a_damaged_cursor_is_no_filter(client: Client) -> None:
    """What may be a cursor, cut off or altered, is a 400; `cursor__eq` takes any value."""
    cursor = parse_qs(urlsplit(client.get("/rows?limit=1").json["next"]).query)["cursor"][0]
    for damaged in (cursor[:-1], cursor[:43], f"A{cursor[1:]}", f"{cursor}=", "x" * 43):
        assert client.get(f"/rows?cursor={damaged}").status == 400
    assert ids(client, f"/rows?cursor__eq={cursor}") == []


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("/rows?cursor=v&limit=1", [1, 3]),
        ("/rows?limit=v&sort=-id", [3, 1]),
        ("/offsets?offset__eq=3&limit=1", [3]),
        ("/pages?page__eq=2020-01-03&per_page=1", [3]),
        ("/pages?page=2020-01-03&per_page=1", [3]),
        ("/pages?page=2&per_page=1", [2, 3]),
        ("/offsets?offset=2&limit=1", [3]),
        ("/pages?cursor=v&per_page=1", [1, 3]),
        ("/offsets?page=2020-01-01", [1]),
        ("/pages?offset=2", [2]),
    ],
)
def test_links_keep_the_filter(client: Client, url: str, found: list[int]) -> None:
    """The links to other pages have the filter as well as their own parameter."""
    seen: list[int] = []
    at: str | None = url
    while at:
        page = client.get(at)
        assert page.status == 200, page.text
        seen += [each["id"] for each in page.json["items"]]
        link = next(
            (each for each in page.headers.get("Link", "").split(", ") if "next" in each), ""
        )
        at = link[1:].partition(">")[0] or None
    assert seen == found


def test_totals_and_changes_by_filter_follow(client: Client) -> None:
    """The same values filter there, and a parameter of the list never selects what changes."""
    assert client.get("/rows/totals?limit=v&sort=v").json["items"][0]["count"] == 2
    groups = client.get("/rows/totals?group=w&group=group").json["items"]
    assert [each["group"] for each in groups] == [{"group": "w"}]
    for query in ("sort=id", "limit=2", "fields=id", f"cursor={'a' * 90}"):
        response = client.delete(f"/rows?{query}")
        assert response.status == 422
        assert response.problem["errors"][0]["detail"].startswith("Send this value as ")
    assert client.delete("/rows?limit=v&dry_run=true").json == {"affected": 2, "dry_run": True}
    assert client.delete("/rows?dry_run=v&dry_run__ne=x").json == {"affected": 2, "dry_run": False}
    assert client.patch("/rows?sort=w", json={"sort": "u"}).json["affected"] == 1
    assert ids(client, "/rows?sort=u") == [2]


def test_the_document_says_which_values_filter(client: Client) -> None:
    document = client.get("/openapi.json").json["paths"]

    def schema(path: str, method: str, name: str) -> Any:
        found = document[path][method]["parameters"]
        return next((each["schema"] for each in found if each["name"] == name), None)

    own, other = schema("/rows", "get", "limit")["anyOf"]
    assert own == {"type": "integer", "format": "int64", "minimum": 1, "maximum": 100}
    assert other["not"] == {"pattern": "^[+-]?[0-9]+$"}
    assert schema("/rows", "get", "limit")["default"] == 20
    assert schema("/rows", "get", "cursor")["not"] == {"minLength": 43}
    assert len(schema("/rows", "get", "sort")["items"]["anyOf"]) == 2
    assert "anyOf" not in schema("/offsets", "get", "offset")
    assert schema("/offsets", "get", "offset__eq")["type"] == "integer"
    assert schema("/rows", "delete", "limit")["not"] == {"pattern": "^[+-]?[0-9]+$"}
    assert "id" in schema("/rows", "delete", "sort")["not"]["enum"]
    described = document["/rows"]["get"]["parameters"][0]["description"]
    assert described.endswith("`limit__eq` does so for any value.")


def test_a_page_parameter_of_another_name_is_refused() -> None:
    refused(
        "Rename it, as in PageNumbers(page='p')", paging=PageNumbers(page="sort"), sorts=("id",)
    )


@pytest.mark.parametrize(
    ("filters", "query", "expected"),
    [
        (("sort",), "sort=v", [1, 3]),
        (("sort",), "sort=-id", [3, 2, 1]),
        (("sort__eq",), "sort__eq=v", [1, 3]),
        (("sort__contains",), "sort=v", None),
        (("sort__contains",), "sort__contains=v", [1, 3]),
        (("sort__contains",), "sort__eq=v", None),
        (("cursor__ne",), "sort=v", None),
    ],
)
def test_the_plain_name_filters_by_equality_alone(
    filters: tuple[str, ...], query: str, expected: list[int] | None
) -> None:
    """Another operator on the attribute leaves the parameter of the list alone."""
    app = App("Rows")
    members = {"store": MemoryStore(Item), "filters": filters, "sorts": ("id",)}
    app.add("/rows", type("Rows", (CRUDResource,), members))
    client = filled(app)
    if expected is None:
        assert client.get(f"/rows?{query}").status == 422
    else:
        assert ids(client, f"/rows?{query}") == expected


ANY = "The maximum number of items on the page. Any other value: only items"
CHANGES = "Whether to change nothing, and to return how many items the filters select."


@pytest.mark.parametrize(
    ("operation", "name", "begins", "is_alone"),
    [
        ("/rows get", "limit", ANY, False),
        ("/rows get", "cursor", "Only items", False),
        ("/rows get", "group", "Only items", False),
        ("/rows get", "offset", "Only items", True),
        ("/rows get", "page", "Only items", True),
        ("/rows patch", "dry_run", f"{CHANGES} Any other value: only items", False),
        ("/rows patch", "sort", "Only items", False),
        ("/rows patch", "limit", "Only items", False),
        ("/rows patch", "cursor", "Only items", False),
        ("/offsets get", "cursor", "Only items", True),
        ("/offsets get", "limit", ANY, False),
        ("/pages get", "page", "The number of the page. Any other value: only items", False),
        ("/pages get", "limit", "Only items", True),
    ],
)
def test_the_document_describes_both_meanings(
    operation: str, name: str, begins: str, is_alone: bool
) -> None:
    """A parameter of the list that the document does not have is only a filter for clients."""
    path, method = operation.split()
    document = Client(app_of({"store": MemoryStore(Item)})).get("/openapi.json").json
    parameters = document["paths"][path][method]["parameters"]
    (found,) = (each for each in parameters if each.get("name") == name)
    more = "" if is_alone else f" `{name}__eq` does so for any value."
    assert found["description"] == f"{begins} whose `{name}` equals this value.{more}"


@pytest.mark.parametrize(("number", "status"), [(100, 200), (101, 422)])
def test_how_often_a_parameter_may_be_sent(number: int, status: int) -> None:
    client = filled(app_of({"store": MemoryStore(Item)}))
    query = "&".join(["sort=v"] * number)
    assert client.get(f"/rows?{query}").status == status
