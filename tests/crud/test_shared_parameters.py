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
from marshmallow import Schema, ValidationError, validate
from marshmallow import fields as ma
from shelf import refused
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App
from restkit.crud import CRUDResource, MemoryStore, PageNumbers
from restkit.crud.shared_parameters import filter_values, filters, own_value, shared_field
from restkit.openapi.shared_components import expanded
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
    document = expanded(client.get("/openapi.json").json)["paths"]

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
    document = expanded(Client(app_of({"store": MemoryStore(Item)})).get("/openapi.json").json)
    parameters = document["paths"][path][method]["parameters"]
    (found,) = (each for each in parameters if each.get("name") == name)
    more = "" if is_alone else f" `{name}__eq` does so for any value."
    assert found["description"] == f"{begins} whose `{name}` equals this value.{more}"


@pytest.mark.parametrize(("number", "status"), [(100, 200), (101, 422)])
def test_how_often_a_parameter_may_be_sent(number: int, status: int) -> None:
    client = filled(app_of({"store": MemoryStore(Item)}))
    query = "&".join(["sort=v"] * number)
    assert client.get(f"/rows?{query}").status == status


# the two meanings by themselves


def _cursor() -> ma.Str:
    return ma.Str(metadata={"documented": False})


def _sort(*names: str, **options: Any) -> ma.List[Any]:
    return ma.List(ma.Str(validate=validate.OneOf(names)), **options)


def _loaded(field: Any, *texts: str) -> Any:
    """Return what a parameter is loaded as, or ``"error"``."""
    assert field is not None
    holder = Schema.from_dict({"p": field})()
    try:
        sent: Any = [*texts] if isinstance(field, ma.List) else texts[0]
        return holder.load({"p": sent})["p"]
    except ValidationError:
        return "error"


@pytest.mark.parametrize(
    ("own", "equal", "text", "expected"),
    [
        (None, ma.Str(), "a", True),
        (ma.Int(), ma.Str(), "5", False),
        (ma.Int(), ma.Str(), "+5", False),
        (ma.Int(), ma.Str(), "5a", True),
        (ma.Int(), ma.Str(), "", True),
        (ma.Int(), ma.Int(), "a", False),
        (ma.Int(), ma.Bool(), "a", False),
        (ma.Bool(), ma.Str(), "TRUE", False),
        (ma.Bool(), ma.Str(), "off", False),
        (ma.Bool(), ma.Str(), "offer", True),
        (ma.Str(), ma.Str(), "a", False),
        (_cursor(), ma.Str(), "x" * 42, True),
        (_cursor(), ma.Str(), "x" * 43, False),
        (_sort("a", "b"), ma.Str(), "a,b", False),
        (_sort("a", "b"), ma.Str(), "a,c", True),
        (_sort("a", "b"), ma.Str(), "", True),
        (ma.List(ma.Str()), ma.Str(), "a", False),
    ],
)
def test_which_values_filter(own: Any, equal: Any, text: str, expected: bool) -> None:
    """Those that the parameter cannot have; none where the two kinds cannot be told apart."""
    assert filters(own, equal, text) is expected


@pytest.mark.parametrize(
    ("own", "listed", "texts", "own_values", "filtering"),
    [
        (None, None, ["a"], (), ["a"]),
        (ma.Int(load_default=20), None, ["5"], (5,), []),
        (ma.Int(load_default=20), None, ["a"], (20,), ["a"]),
        (ma.Int(), None, ["a"], (), ["a"]),
        (_cursor(), None, ["short"], (), ["short"]),
        (_cursor(), None, ["x" * 43], ("x" * 43,), []),
        (_sort("a", "b"), None, ["a,b", "c"], (["a", "b"],), ["c"]),
        (_sort("a", "b"), None, ["a", "b", "a"], (["a", "b"],), []),
        (_sort("a", "b"), None, ["c", "d"], (), ["c", "d"]),
        (None, ma.Int(), ["a"], (), ["a"]),
        (None, _sort("a", "b"), ["c"], (), ["c"]),
    ],
)
def test_a_parameter_has_its_own_value_or_filters(
    own: Any, listed: Any, texts: list[str], own_values: tuple[object, ...], filtering: list[str]
) -> None:
    found = _loaded(shared_field(own, listed, ma.Str(), "name"), *texts)
    assert (own_value(found), filter_values(found)) == (own_values, filtering)


@pytest.mark.parametrize(
    ("listed", "text"), [(ma.Int(), "5"), (_sort("a", "b"), "a"), (_cursor(), "x" * 43)]
)
def test_what_the_list_takes_for_something_else_never_filters(listed: Any, text: str) -> None:
    """A request must not change the items that a list would have sorted."""
    assert _loaded(shared_field(None, listed, ma.Str(), "name"), text) == "error"


@pytest.mark.parametrize("own", [ma.Int(), ma.Str(), ma.List(ma.Str()), ma.Bool()])
def test_values_that_cannot_be_told_apart_have_one_meaning(own: Any) -> None:
    equal = ma.Str() if isinstance(own, (ma.Str, ma.List)) else ma.Int()
    assert shared_field(own, None, equal, "name") is own
    assert shared_field(None, own, equal, "name") is None


@pytest.mark.parametrize(
    ("own", "listed", "begin"),
    [
        (None, None, "Only items whose `n` equals this value."),
        (_cursor(), None, "Only items whose `n` equals this value."),
        (ma.Int(metadata={"description": "How many."}), None, "How many. Any other value: only"),
        (ma.Int(), None, "Any other value: only items whose `n` equals"),
        (None, ma.Int(), "Only items whose `n` equals this value."),
        (_sort("a", metadata={"description": "Order."}), None, "Order. Any other value: only"),
    ],
)
def test_descriptions_of_both_meanings(own: Any, listed: Any, begin: str) -> None:
    found = shared_field(own, listed, ma.Str(), "n")
    assert found is not None
    assert found.metadata["description"].startswith(begin)


def test_names_are_sent_a_hundred_times_at_most() -> None:
    field = shared_field(_sort("a", "b"), None, ma.Str(), "n")
    assert _loaded(field, *["a"] * 100) != "error"
    assert _loaded(field, *["a"] * 101) == "error"
    assert _loaded(field) == "error"


def test_values_that_are_not_shared_are_ones_own() -> None:
    assert own_value(5) == (5,)
    assert own_value([1, 2]) == ([1, 2],)
    assert own_value([]) == ([],)
    assert filter_values(5) == filter_values(["a"]) == []
