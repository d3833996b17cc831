"""Actions of one's own: methods with URLs below a collection and its items."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from marshmallow import Schema, fields
from shelf import Book, collection, mounted, refused
from tickets import STORES, desk, tickets, user

from restkit import App, Conflict, Scheme, SeeOther, access, raises, returns, takes
from restkit.crud import (
    AnyOf,
    CRUDResource,
    ListQuery,
    MemoryStore,
    Order,
    collection_action,
    item_action,
)
from restkit.html import FileResponse
from restkit.limits import Idempotency, MemoryStorage
from restkit.openapi import build
from restkit.openapi.shared_components import expanded
from restkit.testing import Client


class Closing(Schema):
    reason = fields.Str(required=True)


class Stats(Schema):
    open = fields.Int(required=True)


@dataclass
class Reason:
    reason: str


class Desk(CRUDResource[Any]):
    """Tickets with actions."""

    soft_delete = "removed_at"

    def scope(self) -> object:
        return [] if user(self.request) else AnyOf({"owner": ""})

    @item_action("POST")
    @takes(body=Closing, query={"dry": fields.Bool()})
    @raises(Conflict, description="The ticket is closed already.")
    def close(self, item: Any, body: Reason, dry: bool = False) -> Any:
        """Close a ticket.

        It may be opened again.
        """
        if item.status == "closed":
            raise Conflict("The ticket is closed already.")
        if not dry:
            item.status = "closed"
            item.title = body.reason
        return item

    @item_action()
    def reopen_now(self, item: Any) -> object:
        return self.update(item, {"status": "open"})

    @item_action("POST", path="discard")
    def throw_away(self, item: Any) -> None:
        self.delete(item)

    @item_action("PUT")
    def title(self, item: Any) -> None:
        item.title = "changed"

    @item_action("GET")
    @returns(Stats)
    def peek(self, item: Any) -> dict[str, int]:
        return {"open": int(item.status == "open")}

    @collection_action("GET")
    @returns(Stats)
    def stats(self) -> dict[str, int]:
        page = self.rows.list(ListQuery(order=(Order("id"),), scope=self.scope()))
        return {"open": sum(each.status == "open" for each in page.items)}

    @collection_action("POST", path="import")
    @takes(body=Closing)
    @returns(status=201)
    def take_in(self, body: dict[str, str]) -> list[object]:
        return [self.create(self.rows.build({"title": body["reason"]}))]


@pytest.fixture(params=STORES)
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    with desk(request.param, tmp_path) as (app, model):
        once = Idempotency(MemoryStorage())
        app.add("/tickets", tickets(model, Desk, idempotency=once))
        yield Client(app)


def test_an_action_reads_its_item_and_stores_what_it_sets(client: Client) -> None:
    """Attributes that are set, `update` and `delete` are stored; the answer is that of a GET."""
    url = client.post("/tickets", json={"title": "a"}).headers["Location"]
    dry = client.post(f"{url}/close?dry=true", json={"reason": "done"})
    assert dry.json["status"] == "open"
    closed = client.post(f"{url}/close", json={"reason": "done"})
    assert (closed.json["status"], closed.json["title"]) == ("closed", "done")
    again = client.get(url)
    assert again.json == closed.json
    assert again.headers["ETag"] == closed.headers["ETag"]
    assert client.post(f"{url}/close", json={"reason": "done"}).status == 409
    assert client.post(f"{url}/close", json={}).status == 422
    assert client.get(f"{url}/peek").json == {"open": 0}
    assert client.post(f"{url}/reopen-now").json["status"] == "open"
    assert client.put(f"{url}/title").status == 204
    assert client.get(url).json["title"] == "changed"
    assert client.post(f"{url}/discard").status == 204
    assert client.get(url).status == 404
    assert client.post(f"{url}/discard").status == 404
    assert client.get(f"{url}/close").status == 405


def test_preconditions_preferences_and_keys_hold_as_for_a_patch(client: Client) -> None:
    """If-Match, `return=minimal` and Idempotency-Key mean what they mean elsewhere."""
    made = client.post("/tickets", json={"title": "a"})
    url, old = made.headers["Location"], {"If-Match": made.headers["ETag"]}
    body = {"reason": "done"}
    minimal = client.post(f"{url}/close", json=body, headers={**old, "Prefer": "return=minimal"})
    assert (minimal.status, minimal.headers["Preference-Applied"]) == (204, "return=minimal")
    assert minimal.headers["ETag"] == client.get(url).headers["ETag"]
    assert client.post(f"{url}/reopen-now", headers=old).status == 412
    assert client.get(url).json["status"] == "closed"
    key = {"Idempotency-Key": "k1"}
    first = client.post("/tickets/import", json=body, headers=key)
    second = client.post("/tickets/import", json=body, headers=key)
    assert (first.status, second.status) == (201, 201)
    assert first.json[0]["id"] == second.json[0]["id"]
    assert client.get("/tickets/stats").json == {"open": 1}


def test_hidden_items_are_missing_for_actions(client: Client) -> None:
    """The scope and soft deletion hold, and an action cannot move an item out of the scope."""
    ann = {"X-User": "ann"}
    url = client.post("/tickets", json={"title": "a", "owner": "ann"}, headers=ann).headers[
        "Location"
    ]
    assert client.post(f"{url}/reopen-now").status == 404
    assert client.get(f"{url}/peek").status == 404
    assert client.post(f"{url}/reopen-now", headers=ann).status == 200
    client.delete(url, headers=ann)
    assert client.post(f"{url}/reopen-now", headers=ann).status == 404


def test_the_document_tells_all_of_it() -> None:
    """Operation ids, tags, texts, inputs, statuses and headers follow from the method."""
    with desk("memory", Path()) as (app, model):
        app.add("/tickets", tickets(model, Desk))
        paths = expanded(build(app))["paths"]
    close = paths["/tickets/{id}/close"]["post"]
    assert close["operationId"] == "closeTicket"
    assert close["summary"] == "Close a ticket."
    assert close["description"].startswith("It may be opened again.")
    assert close["tags"] == paths["/tickets"]["get"]["tags"]
    assert {"dry", "Prefer"} <= {each["name"] for each in close["parameters"]}
    assert {"200", "204", "404", "409", "412", "422"} <= close["responses"].keys()
    body = close["requestBody"]["content"]["application/json"]["schema"]
    assert body["$ref"].endswith("/Closing")
    answer = close["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer["$ref"].endswith("/Ticket")
    assert paths["/tickets/stats"]["get"]["operationId"] == "statsTickets"
    assert paths["/tickets/import"]["post"]["operationId"] == "takeInTickets"
    made = paths["/tickets/import"]["post"]["responses"]["201"]["content"]["application/json"]
    assert made["schema"]["items"]["$ref"].endswith("/Ticket")
    assert "204" in paths["/tickets/{id}/title"]["put"]["responses"]


def test_security_of_an_action() -> None:
    """`access` on the method guards it, also where the rest of the class is public."""
    from restkit.problems import Unauthorized

    class Guarded(CRUDResource[Book]):
        @item_action()
        @access(security=_Nobody())
        def burn(self, item: Book) -> Book:
            return item

    client = collection(Book("Emma", id=1), base=Guarded)
    assert client.get("/books/1").status == 200
    assert client.post("/books/1/burn").status == Unauthorized.status


class _Nobody(Scheme):
    name = "nobody"

    def document(self) -> dict[str, object]:
        return {"type": "http", "scheme": "bearer"}

    def authenticate(self, request: Any, scopes: Any) -> Any:
        return None


def test_a_required_precondition_is_required_of_actions_and_of_restore() -> None:
    """`conditional = "required"` demands If-Match of every write to an item."""

    class Strict(CRUDResource[Any]):
        conditional = "required"
        soft_delete = "removed_at"

        @item_action()
        def close(self, item: Any) -> object:
            return self.update(item, {"status": "closed"})

    with desk("memory", Path()) as (app, model):
        app.add("/tickets", tickets(model, Strict))
        client = Client(app)
        made = client.post("/tickets", json={"title": "a"})
        url, tag = made.headers["Location"], {"If-Match": made.headers["ETag"]}
        assert client.post(f"{url}/close").status == 428
        closed = client.post(f"{url}/close", headers=tag)
        assert closed.status == 200
        assert client.delete(url, headers={"If-Match": closed.headers["ETag"]}).status == 204
        assert client.post(f"{url}/restore").status == 428
        assert "428" in build(app)["paths"]["/tickets/{id}/close"]["post"]["responses"]


@dataclass
class Word:
    text: str
    language: str = "en"


def test_no_item_can_have_the_key_of_an_action() -> None:
    """A text key that is the path of a collection's action is refused, as it could not be read."""

    class Words(CRUDResource[Word]):
        store = MemoryStore(Word, key="text")
        upsert = True

        @collection_action("GET")
        @returns(Stats)
        def stats(self) -> object:
            return {"open": 1}

    app = App("Words")
    app.add("/words", Words)
    client = Client(app)
    refused = client.post("/words", json={"text": "stats"})
    assert (refused.status, refused.problem["errors"][0]["code"]) == (422, "key")
    assert client.get("/words/stats").json == {"open": 1}


def _close(self: Any, item: Any) -> Any:
    return item


@pytest.mark.parametrize(
    ("says", "members"),
    [
        (
            "'restore', which the collection has already",
            {"undo": item_action(path="restore")(_close), "soft_delete": "on"},
        ),
        (
            "'bulk', which the collection has already",
            {
                "many": collection_action(path="bulk")(returns(Stats)(lambda self: None)),
                "bulk": True,
            },
        ),
        ("is a part of every CRUDResource", {"update": item_action()(_close)}),
        (
            "are both the POST of 'end'",
            {"a": item_action(path="end")(_close), "b": item_action(path="end")(_close)},
        ),
        ("write def burn(self, item)", {"burn": item_action()(lambda self: None)}),
        ("does not say what it returns", {"stats": collection_action("GET")(lambda self: {})}),
        ("no parameter 'body'", {"burn": item_action()(takes(body=Closing)(_close))}),
        ("@takes(body=...)", {"burn": item_action()(lambda self, item, body: item)}),
    ],
)
def test_actions_that_cannot_be_meant_are_refused(says: str, members: dict[str, Any]) -> None:
    """Each is one sentence at start-up."""
    refused(says, **members)


def test_arguments_of_the_decorators_are_checked() -> None:
    """A forgotten pair of parentheses, another method and two segments are told."""
    from restkit.errors import DeclarationError

    for make in (
        lambda: item_action(_close),  # type: ignore[arg-type]  # the mistake
        lambda: item_action("OPTIONS"),
        lambda: collection_action("GET", path="a/b"),
        lambda: item_action()(Closing),
    ):
        with pytest.raises(DeclarationError):
            make()


def test_an_override_repeats_the_decorator_or_removes_the_action() -> None:
    """A subclass says whether its method is still an action."""

    class Base(CRUDResource[Book]):
        @item_action()
        def burn(self, item: Book) -> Book:
            return item

    refused("repeat its @item_action", base=Base, burn=_close)
    assert "/books/{id}/burn" not in build(mounted(base=Base, burn=None))["paths"]


def test_an_action_that_forgets_its_value_is_told() -> None:
    """The sentence names the method."""
    from restkit.errors import DeclarationError

    client = collection(Book("Emma", id=1), burn=item_action()(lambda self, item: None))
    with pytest.raises(DeclarationError, match="returned None"):
        client.post("/books/1/burn")


def test_an_action_sends_a_file() -> None:
    class Books(CRUDResource[Book]):
        store = MemoryStore(Book, items=[Book("Emma")])

        @item_action("GET")
        @returns(media_types=["image/png"])
        def cover(self, item: Book) -> FileResponse:
            return FileResponse(item.title.encode(), media_type="image/png")

        @item_action("GET")
        def text(self, item: Book) -> FileResponse:
            return FileResponse(item.title.encode(), download_name="a.txt")

        @collection_action("GET")
        def newest(self) -> SeeOther:
            return SeeOther("/books/1")

    app = App("Shelf")
    app.add("/books", Books)
    client = Client(app)

    cover = client.get("/books/1/cover", headers={"Range": "bytes=0-1"})

    assert cover.status == 206
    assert cover.content == b"Em"
    assert cover.headers["Content-Type"] == "image/png"
    assert client.get("/books/1/text").headers["Content-Type"] == "text/plain; charset=utf-8"
    assert client.get("/books/2/cover").status == 404
    assert client.get("/books/newest").headers["Location"] == "/books/1"
    paths = build(app)["paths"]
    assert "image/png" in paths["/books/{id}/cover"]["get"]["responses"]["200"]["content"]
    assert "303" in paths["/books/newest"]["get"]["responses"]
