"""The response of a write is what a GET would return, with its entity tag."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit import App
from restkit.crud import CRUDResource, MemoryStore, item_action
from restkit.openapi.shared_components import expanded
from restkit.sqlalchemy import Database, Versioned
from restkit.testing import Client, TestResponse

STORES = ("memory", *KINDS)
JSON_PATCH = "application/json-patch+json"


class Base(DeclarativeBase):
    pass


marks = sa.Table(
    "mark",
    Base.metadata,
    sa.Column("ticket_id", sa.ForeignKey("ticket.id"), primary_key=True),
    sa.Column("tag_id", sa.ForeignKey("tag.id"), primary_key=True),
)


class Project(Base):
    __tablename__ = "project"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.Text)


class Tag(Base):
    __tablename__ = "tag"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.Text)


class Line(Base):
    __tablename__ = "line"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(sa.Text)
    position: Mapped[int] = mapped_column(default=7, server_default="7")
    ticket_id: Mapped[int] = mapped_column(sa.ForeignKey("ticket.id"))


class Ticket(Versioned, Base):
    __tablename__ = "ticket"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(9), unique=True)
    title: Mapped[str] = mapped_column(sa.Text)
    status: Mapped[str] = mapped_column(sa.Text, default="open")
    price: Mapped[float] = mapped_column(sa.Numeric(9, 2), server_default="1")
    project_id: Mapped[int | None] = mapped_column(sa.ForeignKey("project.id"))
    project: Mapped[Project | None] = relationship()
    lines: Mapped[list[Line]] = relationship(cascade="all, delete-orphan", order_by="Line.text")
    tags: Mapped[list[Tag]] = relationship(secondary=marks, order_by="Tag.name")


@dataclass
class MemoryProject:
    name: str
    id: int = 0


@dataclass
class MemoryTag:
    name: str
    id: int = 0


@dataclass
class MemoryTicket:
    code: str
    title: str
    status: str = "open"
    price: float = 1.0
    project_id: int | None = None
    tags: list[int] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    id: int = 0


class ProjectSchema(Schema):
    id = fields.Int(dump_only=True)
    name = fields.Str(required=True)


class LineSchema(Schema):
    id = fields.Int()
    text = fields.Str(required=True)
    position = fields.Int(validate=validate.Range(0, 99))


class TicketSchema(Schema):
    id = fields.Int(dump_only=True)
    code = fields.Str(required=True, validate=validate.Length(1, 9))
    title = fields.Str(required=True)
    status = fields.Str()
    price = fields.Decimal(places=2, as_string=True, validate=validate.Range(0, 999))
    project_id = fields.Int(allow_none=True, validate=validate.Range(1, 99))
    project = fields.Nested(ProjectSchema, dump_only=True, allow_none=True)
    lines = fields.List(fields.Nested(LineSchema))
    tags = fields.List(fields.Int(validate=validate.Range(1, 99)))


class MemorySchema(Schema):
    id = fields.Int(dump_only=True)
    code = fields.Str(required=True)
    title = fields.Str(required=True)
    status = fields.Str()
    project_id = fields.Int(allow_none=True)
    project = fields.Nested(ProjectSchema, dump_only=True, allow_none=True)
    lines = fields.List(fields.Dict())
    tags = fields.List(fields.Int(validate=validate.Range(1, 99)))


class Tickets(CRUDResource[Any]):
    schema: Any = TicketSchema
    relations = ("tags",)
    members = ("tags",)
    bulk = True
    bulk_upsert = "code"
    transitions = {"status": {"open": ("closed",), "closed": ("open",)}}

    @item_action()
    def rename(self, item: Any) -> Any:
        return self.update(item, {"title": "renamed"})

    @item_action()
    def touch(self, item: Any) -> Any:
        item.title = " set after all "
        return item


class MemoryTickets(Tickets):
    model = MemoryTicket
    schema = MemorySchema


class ByCode(Tickets):
    """Tickets by a key of the clients, which a PUT may create."""

    key = "code"
    upsert = True
    members = ()
    bulk_upsert = ""


class Chosen(Tickets):
    """Tickets of which clients choose what a response has."""

    expand = ("project",)
    fields = True
    by_filter = ("PATCH", "DELETE")
    filters = ("code",)


@pytest.fixture(scope="module", params=STORES)
def client(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    app = App("Tickets")
    if request.param == "memory":
        projects, tags = MemoryStore(MemoryProject), MemoryStore(MemoryTag)
        references = {"project_id": projects, "tags": tags}
        tickets = MemoryStore(MemoryTicket, references=references, unique=("code",))
        tickets.relate("project", "project_id")
        app.install(tickets)
        for store in (projects, tags):
            app.install(store)
        app.add("/tickets", MemoryTickets)
        app.add("/by-code", type("MemoryByCode", (ByCode, MemoryTickets), {"members": ()}))
        app.add("/chosen", type("MemoryChosen", (Chosen, MemoryTickets), {}))
        yield filled(app, MemoryProject, MemoryTag)
        return
    with database_url(request.param, tmp_path_factory.mktemp("responses")) as url:
        database = Database(url, create=Base.metadata)
        app.install(database)
        app.add("/tickets", type("Tickets", (Tickets,), {"model": Ticket}))
        app.add("/by-code", type("ByCode", (ByCode,), {"model": Ticket}))
        app.add("/chosen", type("Chosen", (Chosen,), {"model": Ticket}))
        yield filled(app, Project, Tag)
        database.close()


def filled(app: App, project: type, tag: type) -> Client:
    for name, model in {"projects": project, "tags": tag}.items():
        members = {"model": model, "related": "existing"}
        app.add(f"/{name}", type(name.title(), (CRUDResource,), members))
    client = Client(app)
    for name in ("b", "a"):
        assert client.post("/projects", json={"name": name}).status == 201
        assert client.post("/tags", json={"name": name}).status == 201
    return client


_codes = iter(range(10_000))


def body(**values: object) -> dict[str, object]:
    """Return content with nested lines in another order than the database has."""
    lines = [{"text": "z"}, {"text": "a", "position": 2}]
    found = {"code": f"c{next(_codes)}", "title": "new", "project_id": 1, "tags": [1, 2]}
    return {**found, "lines": lines, **values}


def made(client: Client) -> str:
    return client.post("/tickets", json=body()).headers["Location"]


def patched(client: Client, operations: list[dict[str, object]]) -> tuple[TestResponse, str]:
    url = made(client)
    return client.patch(url, json=operations, content_type=JSON_PATCH), url


def written(client: Client, verb: str) -> tuple[TestResponse, str]:
    """Send a write, and return its response and the URL of the item."""
    if verb == "POST":
        response = client.post("/tickets", json=body())
        return response, response.headers["Location"]
    if verb == "PUT that creates":
        content = body()
        url = f"/by-code/{content['code']}"
        return client.put(url, json=content), url
    if verb == "PUT of a key":
        content = body()
        url = f"/by-code/{content['code']}"
        client.put(url, json=content)
        return client.put(url, json={**content, "title": "x", "lines": [{"text": "b"}]}), url
    if verb.startswith("JSON Patch"):
        return patched(client, PATCHES[verb])
    url = made(client)
    if verb == "PUT":
        return client.put(url, json=body(project_id=2, tags=[2])), url
    if verb.startswith("PATCH"):
        return client.patch(url, json=MERGES[verb]), url
    return client.post(f"{url}/{verb}"), url


PATCHES: dict[str, list[dict[str, object]]] = {
    "JSON Patch of a column": [{"op": "replace", "path": "/title", "value": "x"}],
    "JSON Patch of a list": [{"op": "add", "path": "/lines/0", "value": {"text": "m"}}],
    "JSON Patch of members": [{"op": "remove", "path": "/tags/0"}],
}
MERGES: dict[str, dict[str, object]] = {
    "PATCH of a column": {"title": "x"},
    "PATCH of a reference": {"project_id": 2},
    "PATCH of nothing": {},
    "PATCH of a transition": {"status": "closed"},
    "PATCH of nested content": {"lines": [{"text": "q"}, {"text": "b", "position": 1}]},
    "PATCH of members": {"tags": [2, 1]},
}
VERBS = ("POST", "PUT that creates", "PUT of a key", *PATCHES, "PUT", *MERGES, "rename", "touch")


@pytest.mark.parametrize("verb", VERBS)
def test_a_write_returns_what_a_get_returns(client: Client, verb: str) -> None:
    """The content byte for byte, and the tag, which a next write may send."""
    response, url = written(client, verb)
    assert response.status in (200, 201), response.text
    read = client.get(url)
    assert response.json == read.json
    assert response.text == read.text
    assert response.headers["ETag"] == read.headers["ETag"]
    tag = {"If-Match": response.headers["ETag"]}
    assert client.patch(url, json={"title": "next"}, headers=tag).status == 200
    assert client.patch(url, json={"title": "late"}, headers=tag).status == 412


@pytest.mark.parametrize("name", ["create", "update", "upsert"])
def test_a_bulk_request_returns_what_gets_return(client: Client, name: str) -> None:
    """Each item as its own URL has it."""
    url = made(client)
    known = client.get(url).json
    sent: dict[str, list[dict[str, object]]] = {
        "create": [body(), body(project_id=2, tags=[])],
        "update": [{"id": known["id"], "title": "bulk", "lines": [{"text": "n"}]}],
        "upsert": [body(code=known["code"], tags=[2]), body()],
    }
    response = client.post("/tickets/bulk", json={name: sent[name]})
    assert response.status == 200, response.text
    key = {"create": "created", "update": "updated", "upsert": "upserted"}[name]
    found = [each.get("item", each) for each in response.json[key]]
    assert found == [client.get(f"/tickets/{each['id']}").json for each in found]


def test_a_member_changes_the_tag_of_its_item(client: Client) -> None:
    """PUT and DELETE of a member are seen by the next GET, and its tag is a new one."""
    url = made(client)
    tags = [client.get(url).headers["ETag"]]
    for method in ("DELETE", "PUT"):
        assert client.request(method, f"{url}/tags/1").status == 204
        read = client.get(url)
        assert (1 in read.json["tags"]) is (method == "PUT")
        assert read.headers["ETag"] not in tags
        tags.append(read.headers["ETag"])
        late = client.patch(url, json={"title": "x"}, headers={"If-Match": tags[-2]})
        assert late.status == 412


def test_a_bulk_request_nests_what_gets_nest(client: Client) -> None:
    """A related item is that of the new reference, not that of the former one."""
    url = made(client)
    number = int(url.rpartition("/")[2])
    assert client.get(url).json["project"]["name"] == "b"
    update = {"update": [{"id": number, "project_id": 2}]}
    updated = client.post("/tickets/bulk", json=update).json["updated"][0]
    assert updated["project"]["name"] == "a"
    emptied = client.patch(url, json={"project_id": None})
    assert emptied.json["project"] is None
    assert emptied.text == client.get(url).text


WRITES: dict[str, tuple[str, str, Any]] = {
    "POST": ("post", "/chosen", {}),
    "PUT": ("put", "/chosen/{id}", {}),
    "PATCH": ("patch", "/chosen/{id}", {"title": "x"}),
    "DELETE": ("delete", "/chosen/{id}", None),
    "bulk": ("post", "/chosen/bulk", {"delete": []}),
    "rename": ("post", "/chosen/{id}/rename", None),
    "member": ("put", "/chosen/{id}/tags/1", None),
    "by filter": ("patch", "/chosen?code=none", {"title": "x"}),
}


@pytest.mark.parametrize("parameter", ["expand=project", "fields=title"])
@pytest.mark.parametrize("name", WRITES)
def test_writes_take_no_choice_of_members(client: Client, name: str, parameter: str) -> None:
    """Their response is the whole item: the parameter is a 422 that writes nothing."""
    url = made(client).replace("/tickets", "/chosen")
    before = client.get(f"{url}?expand=project")
    method, path, content = WRITES[name]
    target = path.replace("/chosen/{id}", url)
    sent: dict[str, Any] = {} if content is None else {"json": {**body(), **content}}
    if name in ("PATCH", "bulk", "by filter"):
        sent = {"json": content}
    sign = "&" if "?" in target else "?"
    count = client.get("/chosen?limit=1", headers={"Prefer": "count=exact"}).json["total"]
    response = client.request(method.upper(), f"{target}{sign}{parameter}", **sent)
    assert response.status == 422, response.text
    assert response.problem["errors"][0]["parameter"] == parameter.partition("=")[0]
    after = client.get(f"{url}?expand=project")
    assert (after.text, after.headers["ETag"]) == (before.text, before.headers["ETag"])
    assert client.get("/chosen", headers={"Prefer": "count=exact"}).json["total"] == count
    assert client.request(method.upper(), target, **sent).status < 300
    operations = expanded(client.get("/openapi.json").json)["paths"]
    pattern = path.partition("?")[0].replace("tags/1", "tags/{tag_id}")
    documented = operations[pattern][method].get("parameters", [])
    assert not {each["name"] for each in documented} & {"expand", "fields"}


def test_what_reads_choose_is_documented(client: Client) -> None:
    """GET of the list and of an item have both parameters, and an action by GET has neither."""
    paths = expanded(client.get("/openapi.json").json)["paths"]
    for pattern in ("/chosen", "/chosen/{id}"):
        names = {each["name"] for each in paths[pattern]["get"]["parameters"]}
        assert {"expand", "fields"} <= names
    whole = made(client).replace("/tickets", "/chosen")
    plain = client.get(whole)
    assert "project" not in plain.json
    assert client.get(f"{whole}?expand=project").json["project"] == {"id": 1, "name": "b"}
    changed = client.patch(whole, json={"title": "y"}, headers={"If-Match": plain.headers["ETag"]})
    assert changed.status == 200
    assert changed.text == client.get(whole).text
