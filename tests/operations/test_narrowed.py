"""Classes that are mounted with some of their methods: ``app.add(url, Class, methods={"GET"})``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from restkit import App, DeclarationError, NotFound, Resource, raises
from restkit.crud import CRUDResource, MemoryStore, collection_action, item_action
from restkit.security import HTTPBearer, Mask, role
from restkit.testing import Client


def routes(app: App) -> set[str]:
    return {f"{each.method} {each.path}" for each in app.operations()}


@raises(NotFound)
class Page(Resource):
    """A page."""

    def get(self) -> dict[str, str]:
        """Read the page."""
        return {"page": "home"}

    def put(self) -> None:
        """Write the page."""

    def delete(self) -> None:
        """Delete the page."""


@dataclass
class Tag:
    name: str = ""
    id: int = 0


@dataclass
class Note:
    text: str = ""
    removed: bool = False
    tags: list[Tag] = field(default_factory=list)
    id: int = 0


class Notes(CRUDResource[Note]):
    """Notes."""

    model = Note
    store = MemoryStore(Note, items=[Note("a")])
    filters = ("text",)
    groups = ("text",)
    aggregates = ("count",)
    csv = bulk = True
    by_filter = ("PATCH", "DELETE")
    soft_delete = "removed"
    upsert = True

    @item_action("POST")
    def close(self, item: Note) -> Note:
        """Close a note."""
        return item

    @collection_action("GET")
    def newest(self) -> list[Note]:
        """Return the newest notes."""
        return []


def test_a_resource() -> None:
    app = App("Pages")
    assert app.add("/page", Page, methods={"GET"}) is Page
    app.add("/admin/page", Page, name="AdminPage")
    assert routes(app) == {
        "GET /page",
        "GET /admin/page",
        "PUT /admin/page",
        "DELETE /admin/page",
    }
    client = Client(app)
    assert client.get("/page").json == {"page": "home"}
    refused = client.put("/page")
    assert refused.status == 405
    assert refused.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert client.put("/admin/page").status == 204
    assert Page.methods is None


def test_the_operation_is_that_of_the_class() -> None:
    """Only the URL differs from the operation of the class with all its methods."""
    narrow, whole = App("Pages"), App("Pages")
    narrow.add("/page", Page, methods=["get"])
    whole.add("/page", Page)
    paths = narrow.operations(), whole.operations()
    read, expected = (next(each for each in every if each.method == "GET") for every in paths)
    assert read.declared_at == expected.declared_at
    assert read.operation_id == expected.operation_id
    assert read.summary == expected.summary
    assert read.tags == expected.tags
    assert read.statuses == expected.statuses
    assert 404 in read.statuses


def test_urls_of_a_narrowed_class() -> None:
    app = App("Pages")
    app.add("/page", Page, methods={"GET"})
    assert app.url_for(Page) == "/page"


READS = {"GET /notes", "GET /notes/{id}", "GET /notes/totals", "GET /notes/newest"}


@pytest.mark.parametrize(
    ("methods", "expected"),
    [
        ({"GET"}, READS),
        (
            {"GET", "POST"},
            READS
            | {
                "POST /notes",
                "POST /notes/bulk",
                "POST /notes/{id}/close",
            },
        ),
        ({"PUT"}, {"PUT /notes/{id}"}),
        ({"DELETE"}, {"DELETE /notes", "DELETE /notes/{id}"}),
        (("PATCH",), {"PATCH /notes", "PATCH /notes/{id}"}),
    ],
)
def test_a_collection(methods: Any, expected: set[str]) -> None:
    """Actions, bulk requests and restored items are mounted only with their method."""
    app = App("Notes")
    app.add("/notes", Notes, methods=methods)
    assert routes(app) == expected


def test_what_a_narrowed_collection_responds() -> None:
    app = App("Notes")
    app.add("/shown", Notes, methods={"GET"}, name="Shown")
    app.add("/notes", Notes)
    client = Client(app)
    assert client.get("/shown").json["items"][0]["text"] == "a"
    assert client.post("/shown", json={"text": "b"}).status == 405
    assert client.post("/shown/bulk", json={"delete": [1]}).status in (404, 405)
    assert client.post("/shown/1/close").status in (404, 405)
    assert client.post("/shown/1/restore").status in (404, 405)
    created = client.post("/notes", json={"text": "b"})
    assert created.status == 201
    assert created.headers["Location"].startswith("/notes/")


def test_bulk_requests_of_a_narrowed_collection() -> None:
    """A bulk request does what the mounted methods do, and nothing else."""

    class Own(Notes):
        store = MemoryStore(Note, items=[Note("a")])

    app = App("Notes")
    app.add("/notes", Own, methods={"GET", "POST"})
    client = Client(app)
    assert client.post("/notes/bulk", json={"create": [{"text": "b"}]}).status == 200
    assert client.post("/notes/bulk", json={"delete": [1]}).status == 422
    assert client.get("/notes/1").status == 200


def test_a_collection_with_hidden_fields() -> None:
    class Own(Notes):
        store = MemoryStore(Note, items=[Note("a")])
        masks = {"removed": role("staff"), "text": Mask(write=role("staff"))}

    app = App("Notes", security=HTTPBearer({"x": {"roles": []}}.get))
    app.add("/notes", Own, methods={"GET"})
    client = Client(app)
    known = {"Authorization": "Bearer x"}
    assert "removed" not in client.get("/notes/1", headers=known).json
    assert client.delete("/notes/1", headers=known).status == 405


def test_the_methods_of_the_class_hold_as_well() -> None:
    class Shown(Notes):
        store = MemoryStore(Note)
        methods = {"GET"}

    with pytest.raises(DeclarationError, match=r"methods contains PUT, which .*Shown does not"):
        App("Notes").add("/notes", Shown, methods={"GET", "PUT"})


@pytest.mark.parametrize(
    ("resource", "methods", "says"),
    [
        (Page, {"POST"}, r"add\('/x'\): methods contains POST, which .*Page does not have"),
        (Page, {"GET", "FETCH"}, "methods contains FETCH, which .*Page does not have. Remove it"),
        (Page, "GET", r"methods must be a sequence of strings, not the string 'GET'"),
        (Page, [5], "methods must be a sequence of strings"),
        (Page, [], r"methods is empty. Write methods={'GET'}"),
        (Page, {"HEAD"}, "methods is empty"),
        (lambda: {}, {"GET"}, "methods needs a Resource class, got <function"),
    ],
)
def test_mistakes(resource: Any, methods: Any, says: str) -> None:
    with pytest.raises(DeclarationError, match=says):
        App("Pages").add("/x", resource, methods=methods)


def test_functions_have_one_method_by_their_decorator() -> None:
    app: Any = App("Pages")
    with pytest.raises(DeclarationError, match=r"has no argument methods=. Write @app.get, @app.p"):
        app.route("/x", methods={"GET"})
